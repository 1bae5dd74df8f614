"""Changes not yet saved: by record and field, never by row, so that sorting can't misplace them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from workbench.store.journal import Edit, Outcome, State
from workbench.store.proposal import Record, compare, same

if TYPE_CHECKING:
    import datetime as dt


@dataclass
class Pending:
    """Records as they were read, and what somebody wants to change in them.

    Each field keeps the version at which its value was seen: that of its record, until it is saved
    or a conflict over it is settled. What others have set in a field meanwhile stays unseen, and
    is met when it is saved, whatever became of the record's other fields.

    Args:
        entity: the store's table that they are of.
        records: by id, each with its `id` and `version`.
    """

    entity: str
    records: dict[int, Record]
    reason: str | None = None
    effective: dt.date | None = None
    changes: dict[tuple[int, str], Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._seen: dict[tuple[int, str], int] = {}

    @property
    def ids(self) -> list[int]:
        """The records, in their order."""
        return list(self.records)

    def stored(self, record: int, name: str) -> Any:
        """The value that was read."""
        return self.records[record].get(name)

    def value(self, record: int, name: str) -> Any:
        """The value as it would be."""
        return self.changes.get((record, name), self.stored(record, name))

    def set(self, record: int, name: str, value: Any) -> None:
        """Want a value; wanting the stored one is no change."""
        if same(self.entity, name, value, self.stored(record, name)):
            self.drop(record, name)
        else:
            self.changes[record, name] = value

    def drop(self, record: int, name: str) -> None:
        """Want no other value any more."""
        self.changes.pop((record, name), None)

    def edits(self) -> list[Edit]:
        """What is to be saved, with the version at which each field was seen."""
        return [
            edit
            for (record, name), value in self.changes.items()
            for edit in compare(
                self.entity,
                self._as_seen(record, name),
                {name: value},
                effective=self.effective,
                reason=self.reason,
            )
        ]

    def take(self, outcomes: list[Outcome]) -> None:
        """What was saved is stored from now on; all else stays wanted."""
        for one in outcomes:
            if one.state is State.SAVED:
                self._store(one, one.edit.value)
                self.drop(one.edit.id, one.edit.field)

    def keep_theirs(self, conflict: Outcome) -> None:
        """Give up one's own value for the one that was met."""
        self._store(conflict, conflict.current)
        self.drop(conflict.edit.id, conflict.edit.field)

    def keep_mine(self, conflict: Outcome) -> None:
        """Want one's own value still, having seen the one that was met."""
        record, name = conflict.edit.id, conflict.edit.field
        mine = self.changes.get((record, name), conflict.edit.value)
        self._store(conflict, conflict.current)
        self.set(record, name, mine)

    def _as_seen(self, record: int, name: str) -> dict[str, Any]:
        held = self.records[record]
        return {**held, "version": self._seen.get((record, name), held["version"])}

    def _store(self, outcome: Outcome, value: Any) -> None:
        record, name = outcome.edit.id, outcome.edit.field
        self.records[record][name] = value
        if outcome.version is not None:
            self._seen[record, name] = outcome.version
