"""What a viewer may see, as conditions on rows: by whose the account is, and by rights."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, false, or_, select, true

from workbench.store import schema as s
from workbench.store.fields import hidden

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from sqlalchemy import ColumnElement, Connection, Select
    from sqlalchemy.orm import InstrumentedAttribute

PERSONAL = frozenset({"confidential_notes"})
BY_RIGHT = frozenset({"bank_details", "changes", "rejected_rows"})


@dataclass(frozen=True)
class Person:
    """A viewer by name, the rep that they are, and everyone whose manager they are."""

    username: str
    rep_id: int | None
    leads: frozenset[int]


@dataclass(frozen=True)
class Held:
    """What is visible today, for reading the store of another day, where others owned it.

    Attributes:
        accounts: those that visible reps own.
        deals: the visible ones.
        led: the accounts of everyone whose manager the viewer is.
    """

    accounts: frozenset[int]
    deals: frozenset[int]
    led: frozenset[int]


@dataclass(frozen=True)
class Scope:
    """What a viewer may see.

    Attributes:
        reps: those whose accounts, owned today, are seen (None: everybody's).
        today: the day that rights are of.
        shared: accounts seen besides.
        rights: what the viewer is named for (None: nothing is kept from them).
        person: the viewer, for what is seen by its author or their managers.
        held: what is owned today, where the store that is read doesn't say it.
    """

    reps: frozenset[int] | None
    today: dt.date
    shared: frozenset[int] = frozenset()
    rights: frozenset[str] | None = None
    person: Person | None = None
    held: Held | None = None

    def of_table(self, name: str) -> Scope:
        """As much of it as the rows of a table depend on, so that they are shared beyond that."""
        if name in PERSONAL:
            return self
        kept = self.rights if name in BY_RIGHT else None
        return replace(self, rights=kept, person=None)

    def hidden(self) -> dict[str, tuple[str, ...]]:
        """By entity, the fields whose values aren't shown."""
        return hidden(self.rights, limited=self.reps is not None)

    def as_held(self, connection: Connection) -> Scope:
        """The same, resolved in the store of today: a past one has the owners of then."""
        leads = self.person.leads if self.person else frozenset()
        if self.reps is None and not leads:
            return self
        deals = select(s.Opportunity.id).where(self.sees_deal())
        held = Held(
            frozenset(connection.scalars(self._owned(self.reps or ()))),
            frozenset(connection.scalars(deals) if self.reps is not None else ()),
            frozenset(connection.scalars(self._owned(leads))),
        )
        return replace(self, held=held)

    def leads(
        self, account: ColumnElement[int] | InstrumentedAttribute[int]
    ) -> ColumnElement[bool]:
        """Whether the viewer is a manager of who owns that account today."""
        if self.held is not None:
            return _among(account, self.held.led)
        return account.in_(self._owned(self.person.leads if self.person else ()))

    def _owned(self, reps: Iterable[int]) -> Select[Any]:
        """The ids of the accounts that these reps own today."""
        return select(s.OwnerPeriod.account_id).where(
            s.OwnerPeriod.rep_id.in_(sorted(reps)), during(s.OwnerPeriod, self.today)
        )

    def sees(self, account: Any, *owners: Any) -> ColumnElement[bool]:
        """Whether a row of that account, or of one of these reps, is in scope."""
        if self.reps is None:
            return true()
        others = [owner.in_(sorted(self.reps)) for owner in owners]
        if self.shared:
            others.append(_among(account, self.shared))
        if self.held is not None:
            return or_(_among(account, self.held.accounts), *others)
        return or_(account.in_(self._owned(self.reps)), *others)

    def sees_deal(self) -> ColumnElement[bool]:
        """Whether an opportunity is in scope, by its account or its own owner."""
        if self.reps is None or self.held is None:
            return self.sees(s.Opportunity.account_id, s.Opportunity.owner_id)
        return _among(s.Opportunity.id, self.held.deals)

    def sees_all(self) -> ColumnElement[bool]:
        """Whether rows of nobody in particular are in scope."""
        return true() if self.reps is None else false()


def _among(column: Any, ids: Iterable[int]) -> ColumnElement[bool]:
    """Whether it is one of these, however many: written out, for a statement's values are few."""
    listed: Any = bindparam(None, sorted(ids), expanding=True, literal_execute=True)
    among: ColumnElement[bool] = column.in_(listed)
    return among


def during(periods: Any, day: dt.date) -> ColumnElement[bool]:
    """Whether a period holds on the day."""
    return and_(periods.valid_from <= day, or_(periods.valid_to.is_(None), periods.valid_to > day))
