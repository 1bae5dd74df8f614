"""Changes not yet saved: by record and field, never by row, so that sorting can't misplace them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from workbench.errors import MissingColumns
from workbench.locale import missing
from workbench.store.journal import Edit, Outcome, State
from workbench.store.proposal import compare

if TYPE_CHECKING:
    import pandas as pd


@dataclass
class Pending:
    """The records of a frame as they were read, and what somebody wants to change in them.

    Args:
        entity: the store's table that they are of.
        frame: pandas, with `id` and `version` of each record.
    """

    entity: str
    frame: pd.DataFrame
    reason: str | None = None
    effective: dt.date | None = None
    changes: dict[tuple[int, str], Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        absent = {"id", "version"} - set(self.frame.columns)
        if absent:
            raise MissingColumns("Qualify", absent, self.frame.columns)
        self._records: dict[int, dict[str, Any]] = {
            int(row["id"]): {str(name): _plain(said) for name, said in row.items()}
            for row in self.frame.to_dict("records")
        }

    @property
    def ids(self) -> list[int]:
        """The records, in the frame's order."""
        return list(self._records)

    def stored(self, record: int, name: str) -> Any:
        """The value that was read."""
        return self._records[record].get(name)

    def value(self, record: int, name: str) -> Any:
        """The value as it would be."""
        return self.changes.get((record, name), self.stored(record, name))

    def set(self, record: int, name: str, value: Any) -> None:
        """Want a value; wanting the stored one is no change."""
        if value == self.stored(record, name):
            self.changes.pop((record, name), None)
        else:
            self.changes[record, name] = value

    def edits(self) -> list[Edit]:
        """What is to be saved, with the version that was read."""
        return [
            edit
            for (record, name), value in self.changes.items()
            for edit in compare(
                self.entity,
                self._records[record],
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
                self.changes.pop((one.edit.id, one.edit.field), None)

    def keep_theirs(self, conflict: Outcome) -> None:
        """Give up one's own value for the one that was met."""
        self._store(conflict, conflict.current)
        self.changes.pop((conflict.edit.id, conflict.edit.field), None)

    def keep_mine(self, conflict: Outcome) -> None:
        """Want one's own value still, having seen the one that was met."""
        self._store(conflict, conflict.current)
        self.set(conflict.edit.id, conflict.edit.field, conflict.edit.value)

    def _store(self, outcome: Outcome, value: Any) -> None:
        record = self._records[outcome.edit.id]
        record[outcome.edit.field] = value
        if outcome.version is not None:
            record["version"] = outcome.version


def _plain(said: Any) -> Any:
    """A value as editors hold it: None for what isn't there, days without a time."""
    if missing(said):
        return None
    return said.date() if isinstance(said, dt.datetime) else said
