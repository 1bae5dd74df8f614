"""Changes that an editor has made and not yet saved, each with the version that they saw.

A change is known by record and field, never by a row's place; its version is the one that the row
had in the browser when the cell was edited.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from workbench.store.journal import Edit, Outcome, State

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

Key = tuple[str, int, str]


@dataclass(frozen=True)
class Change:
    """A field's new value, waiting; `outcome` is what the journal last said of it."""

    entity: str
    id: int
    version: int
    field: str
    name: str
    old: Any
    new: Any
    outcome: Outcome | None = None

    @property
    def key(self) -> Key:
        """What it is known by."""
        return self.entity, self.id, self.field

    def edit(self, effective: dt.date | None = None) -> Edit:
        """As the journal takes it; it holds from that day, today where None."""
        return Edit(self.entity, self.id, self.version, self.field, self.new, effective)


@dataclass
class Draft:
    """The changes that wait, in the order in which they were made."""

    changes: dict[Key, Change] = field(default_factory=dict)

    def __len__(self) -> int:
        """How many wait."""
        return len(self.changes)

    def put(self, change: Change) -> None:
        """Add a change; one back to the value that was read is none.

        >>> draft = Draft()
        >>> draft.put(Change("account", 7, 1, "need", "Durand", None, "latent"))
        >>> draft.put(Change("account", 7, 1, "need", "Durand", "latent", None))
        >>> len(draft)
        0
        """
        held = self.changes.pop(change.key, None)
        if held is not None:
            change = replace(change, old=held.old, version=held.version)
        if change.old != change.new:
            self.changes[change.key] = change

    def drop(self, key: Key) -> None:
        """Give a change up."""
        self.changes.pop(key, None)

    def edits(self, effective: dt.date | None = None) -> list[Edit]:
        """All of them, as the journal takes them."""
        return [change.edit(effective) for change in self.changes.values()]

    def hear(self, outcomes: Iterable[Outcome], *, saved: bool) -> int:
        """Note what the journal said of each; what it saved waits no longer.

        What was edited again meanwhile goes on waiting, upon what was saved.

        Returns:
            How many were saved.
        """
        count = 0
        for outcome in outcomes:
            edit = outcome.edit
            key = (edit.entity, edit.id, edit.field)
            change = self.changes.get(key)
            written = saved and outcome.state is State.SAVED
            count += written
            if change is None:
                continue
            if change.new == edit.value:
                if written:
                    self.drop(key)
                else:
                    self.changes[key] = replace(change, outcome=outcome)
            elif written:
                version = outcome.version or change.version
                self.changes[key] = replace(change, old=edit.value, version=version, outcome=None)
        return count

    def insist(self, key: Key) -> None:
        """Keep one's own value after a conflict: the newer version has now been seen."""
        change = self.changes[key]
        met = change.outcome
        if met is not None and met.state is State.CONFLICT and met.version is not None:
            self.changes[key] = replace(change, version=met.version, old=met.current, outcome=None)
