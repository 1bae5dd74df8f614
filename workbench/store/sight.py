"""How far a viewer sees: kept with what was made for them, compared with what they see now."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from workbench.store import access

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Engine

    from workbench.store.access import Viewer

Plain = dict[str, "list[int] | list[str] | None"]


@dataclass(frozen=True)
class Sight:
    """How far a viewer sees on a day.

    Attributes:
        reps: those whose accounts are seen; None means all of them.
        shared: accounts seen besides.
        rights: what the viewer is named for.
        leads: those whose accounts' confidential notes are seen.
    """

    reps: frozenset[int] | None
    shared: frozenset[int]
    rights: frozenset[str]
    leads: frozenset[int]

    def covers(self, other: Sight) -> bool:
        """Whether whoever sees this far sees all that the other does.

        >>> none = frozenset()
        >>> team, one = (Sight(frozenset(reps), none, none, none) for reps in ({1, 2}, {1}))
        >>> team.covers(one), one.covers(team), Sight(None, none, none, none).covers(team)
        (True, False, True)
        """
        within = self.reps is None or (
            other.reps is not None and other.reps <= self.reps and other.shared <= self.shared
        )
        return within and other.rights <= self.rights and other.leads <= self.leads

    def plain(self) -> Plain:
        """As JSON has it."""
        return {name: None if ids is None else sorted(ids) for name, ids in asdict(self).items()}

    @classmethod
    def read(cls, said: Mapping[str, Sequence[int] | Sequence[str] | None]) -> Sight:
        """What `plain` made.

        >>> one = Sight(None, frozenset({4}), frozenset({"bank_details"}), frozenset())
        >>> Sight.read(one.plain()) == one
        True
        """
        return cls(**{name: None if ids is None else frozenset(ids) for name, ids in said.items()})  # type: ignore[arg-type]


def sight(engine: Engine, who: Viewer, today: dt.date) -> Sight:
    """How far the viewer sees on a day."""
    with engine.connect() as connection:
        return Sight(
            access.visible_reps(connection, who, today),
            access.shared(connection, who, today),
            who.rights,
            access.leads(connection, who, today),
        )
