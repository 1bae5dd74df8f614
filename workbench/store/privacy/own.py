"""Which records are about a person, and which stand near: of their company."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from workbench.store.privacy.fields import instead
from workbench.store.privacy.mentions import Reach
from workbench.store.schema import (
    Activity,
    Consent,
    Contact,
    Contract,
    LedgerCustomer,
    LedgerEntry,
    Opportunity,
    Project,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sqlalchemy import Connection

    from workbench.store.privacy.people import Person

WHOLE = ("contact", "account", "consent", "activity", "ledger_customer", "ledger_entry")
AT_ONCE = 5_000


@dataclass
class Own:
    """Records by how near they are to each of some people.

    Attributes:
        whole: records whose texts go altogether, by entity.
        close: by person, records that are about them.
        near: by person, records of their company.
    """

    whole: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    close: list[dict[str, set[int]]] = field(default_factory=list)
    near: list[dict[str, set[int]]] = field(default_factory=list)

    @classmethod
    def of(cls, connection: Connection, people: Sequence[Person]) -> Own:
        """Those of some people."""
        made = cls()
        for person in people:
            close: dict[str, set[int]] = defaultdict(set)
            close["contact"].update(person.contacts)
            close["account"].update(person.accounts)
            for model, columns in (
                (Consent, (Consent.contact_id,)),
                (Activity, (Activity.contact_id, Activity.account_id)),
                (Opportunity, (Opportunity.contact_id, Opportunity.account_id)),
            ):
                for column, ids in zip(columns, (person.contacts, person.accounts), strict=False):
                    close[model.__tablename__] |= _ids(connection, model, column, ids)
            customers = _ids(connection, LedgerCustomer, LedgerCustomer.account_id, person.accounts)
            close["ledger_customer"] |= customers
            close["ledger_entry"] |= _entries(connection, customers)
            for entity in WHOLE:
                made.whole[entity] |= close[entity]
            made.close.append(close)
            firms = _ids(connection, Contact, Contact.id, person.contacts, Contact.account_id)
            near: dict[str, set[int]] = defaultdict(set)
            near["account"] = firms
            for other in (Activity, Opportunity, Contract, Project):
                near[other.__tablename__] = _ids(connection, other, other.account_id, firms)
            made.near.append(near)
        return made

    def instead(self, entity: str, id_: int) -> Mapping[str, str | None] | None:
        """What stands in a record that is theirs afterwards; None where it isn't."""
        if id_ not in self.whole.get(entity, ()):
            return None
        return instead(entity, id_)

    def reach(self, who: int, entity: str, id_: int) -> Reach:
        """How near a record is to a person."""
        if id_ in self.close[who].get(entity, ()):
            return Reach.CLOSE
        return Reach.NEAR if id_ in self.near[who].get(entity, ()) else Reach.FAR


def _ids(
    connection: Connection, model: Any, column: Any, values: Collection[int], give: Any = None
) -> set[int]:
    """The ids (or another column) of a table's rows with those values in a column."""
    found: set[int] = set()
    listed = sorted(values)
    for start in range(0, len(listed), AT_ONCE):
        some = listed[start : start + AT_ONCE]
        wanted = model.id if give is None else give
        found.update(connection.scalars(select(wanted).where(column.in_(some))))
    return found - {None}


def _entries(connection: Connection, customers: Collection[int]) -> set[int]:
    """The ledger's lines of entries in which these customers are: their labels tell of them."""
    if not customers:
        return set()
    place = (LedgerEntry.source, LedgerEntry.journal, LedgerEntry.entry, LedgerEntry.date)
    theirs = select(*place).where(LedgerEntry.customer_id.in_(sorted(customers))).distinct()
    wanted = {tuple(row) for row in connection.execute(theirs)}
    days = {row[-1] for row in wanted}
    lines = connection.execute(
        select(LedgerEntry.id, *place).where(LedgerEntry.date.in_(sorted(days)))
    )
    return {row[0] for row in lines if tuple(row[1:]) in wanted}
