"""What follows by rule from what has just been written: promotions, and the projects they open.

Each is an entry of the journal of its own, by the surface "rule", whose reason names the rule and
its cause, as in "first_contact: activity 12". A rule acts once on a record: undone, it stays so.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd
from sqlalchemy import exists, func, select

from workbench.store.schema import (
    Account,
    Activity,
    Change,
    Document,
    Opportunity,
    Project,
    Stage,
    StatusPeriod,
)
from workbench.vocabulary import DocumentKind, QuoteState, StageKind, Status, Surface

if TYPE_CHECKING:
    from sqlalchemy import Connection

QUALIFICATION = ("need", "budget", "timeline", "decider_known")
"""An account's qualification is complete once these are known."""


@dataclass(frozen=True)
class Promotion:
    """A field that a rule sets, or a record that it opens (then `name` is empty)."""

    rule: str
    cause: str
    entity: str
    record_id: int
    effective: dt.date
    name: str = ""
    value: Any = None
    fields: dict[str, Any] = field(default_factory=dict)

    @property
    def reason(self) -> str:
        """What the journal says of it."""
        return f"{self.rule}: {self.cause}"


@dataclass(frozen=True)
class Written:
    """What a batch has written: ids by entity, of records created and of those with a field set."""

    created: dict[str, set[int]]
    changed: dict[tuple[str, str], set[int]]

    def ids(self, entity: str, *fields: str) -> set[int]:
        """Records created, and those in which one of the fields was set."""
        found = set(self.created.get(entity, ()))
        return found.union(*(self.changed.get((entity, name), ()) for name in fields))


Ids = Collection[int]
AT_ONCE = 5_000


def _rows(connection: Connection, query: Any, column: Any, ids: Ids) -> Iterator[Any]:
    """The query's rows for these ids in the column, some thousands at a time."""
    listed = sorted(ids)
    for start in range(0, len(listed), AT_ONCE):
        some = column.in_(listed[start : start + AT_ONCE])
        yield from connection.execute(query.where(some))


def first_contact(connection: Connection, written: Written) -> Iterator[Promotion]:
    """A suspect's first activity in which they took part makes them a prospect, from that day.

    Who has been more than a suspect before isn't made a prospect by an exchange of back then.
    """
    activities = written.ids("activity", "two_way", "account_id")
    answered = select(Activity.account_id).where(Activity.two_way, Activity.account_id.is_not(None))
    accounts = {row[0] for row in _rows(connection, answered, Activity.id, activities)}
    more = exists().where(
        StatusPeriod.account_id == Account.id, StatusPeriod.status != Status.SUSPECT.value
    )
    first = (
        select(Account.id, func.min(Activity.date).label("day"))
        .join(Activity, Activity.account_id == Account.id)
        .where(Account.status == Status.SUSPECT.value, Activity.two_way, ~more)
        .group_by(Account.id)
    )
    for account, day in _rows(connection, first, Account.id, accounts):
        cause = connection.scalar(
            select(func.min(Activity.id)).where(
                Activity.account_id == account, Activity.two_way, Activity.date == day
            )
        )
        yield _status("first_contact", f"activity {cause}", account, Status.PROSPECT, day)


def qualified(connection: Connection, written: Written) -> Iterator[Promotion]:
    """A suspect whose qualification is complete is a prospect."""
    touched = written.ids("account", *QUALIFICATION)
    complete = select(Account.id, Account.qualified_on).where(
        Account.status == Status.SUSPECT.value,
        *(Account.__table__.c[name].is_not(None) for name in QUALIFICATION),
    )
    for account, day in _rows(connection, complete, Account.id, touched):
        since = day or _effective(connection, "account", account, QUALIFICATION)
        yield _status("qualified", f"account {account}", account, Status.PROSPECT, since)


def quote_accepted(connection: Connection, written: Written) -> Iterator[Promotion]:
    """An accepted quote makes the account a client, and wins its opportunity."""
    papers = written.ids("document", "state", "kind")
    accepted = (
        select(
            Document.id, Document.date, Document.account_id, Account.status,
            Document.opportunity_id, Stage.kind, Stage.pipeline_id,
        )
        .join(Account, Account.id == Document.account_id)
        .outerjoin(Opportunity, Opportunity.id == Document.opportunity_id)
        .outerjoin(Stage, Stage.id == Opportunity.stage_id)
        .where(
            Document.kind == DocumentKind.QUOTE.value, Document.state == QuoteState.ACCEPTED.value
        )
        .order_by(Document.date, Document.id)
    )  # fmt: skip
    for row in _rows(connection, accepted, Document.id, papers):
        day = _effective(connection, "document", row.id, ("state",), row.date)
        cause = f"document {row.id}"
        if row.status != Status.CLIENT:
            yield _status("quote_accepted", cause, row.account_id, Status.CLIENT, day)
        if row.kind == StageKind.OPEN:
            won = connection.scalar(
                select(Stage.id)
                .where(Stage.pipeline_id == row.pipeline_id, Stage.kind == StageKind.WON.value)
                .order_by(Stage.position)
                .limit(1)
            )
            if won is not None:
                yield Promotion(
                    "quote_accepted", cause, "opportunity", row.opportunity_id, day, "stage_id", won
                )


def first_invoice(connection: Connection, written: Written) -> Iterator[Promotion]:
    """An invoice makes the account a client."""
    papers = written.ids("document", "kind", "account_id")
    invoiced = (
        select(Document.id, Document.date, Document.account_id)
        .join(Account, Account.id == Document.account_id)
        .where(Document.kind == DocumentKind.INVOICE.value, Account.status != Status.CLIENT.value)
        .order_by(Document.date, Document.id)
    )
    for id_, day, account in _rows(connection, invoiced, Document.id, papers):
        yield _status("first_invoice", f"document {id_}", account, Status.CLIENT, day)


def signed(connection: Connection, written: Written) -> Iterator[Promotion]:
    """A won opportunity that lasts for months opens a project."""
    deals = written.ids("opportunity", "stage_id", "duration_months")
    lasting = (
        select(Opportunity)
        .join(Stage, Stage.id == Opportunity.stage_id)
        .where(
            Stage.kind == StageKind.WON.value,
            Opportunity.duration_months > 0,
            ~exists().where(Project.opportunity_id == Opportunity.id),
        )
    )
    for deal in _rows(connection, lasting, Opportunity.__table__.c.id, deals):
        begins = _effective(connection, "opportunity", deal.id, ("stage_id",), deal.close_date)
        yield Promotion(
            "signed",
            f"opportunity {deal.id}",
            "project",
            deal.id,
            begins,
            fields={
                "source": "rule",
                "code": f"{deal.source}/{deal.code}",
                "name": deal.name,
                "account_id": deal.account_id,
                "opportunity_id": deal.id,
                "starts_on": begins,
                "ends_on": _months_on(begins, deal.duration_months),
                "amount": deal.amount,
            },
        )


RULES: dict[str, Callable[[Connection, Written], Iterator[Promotion]]] = {
    "first_contact": first_contact,
    "qualified": qualified,
    "quote_accepted": quote_accepted,
    "first_invoice": first_invoice,
    "signed": signed,
}


def promotions(connection: Connection, written: Written, rules: Collection[str]) -> list[Promotion]:
    """What the rules in force make of what was written, but for those that acted there before."""
    found: dict[tuple[str, int, str], Promotion] = {}
    for name in rules:
        for one in RULES[name](connection, written):
            found.setdefault((one.entity, one.record_id, one.name), one)
    by_entity: dict[str, list[Promotion]] = defaultdict(list)
    for one in found.values():
        by_entity[one.entity].append(one)
    fresh = []
    for entity, some in by_entity.items():
        done = _done(connection, entity, {one.record_id for one in some})
        fresh += [one for one in some if (one.rule, one.record_id) not in done]
    return fresh


def _done(connection: Connection, entity: str, ids: Ids) -> set[tuple[str, int]]:
    """The rules that have acted on these records; on a project, by the deal that it is of."""
    acted = select(Change.reason, Change.record_id, Change.new).where(
        Change.entity == entity, Change.surface == Surface.RULE.value, Change.undoes.is_(None)
    )
    if entity == "project":
        causes = connection.execute(acted.where(Change.op == "create")).all()
        return {("signed", int(reason.rpartition(" ")[2])) for reason, _, _ in causes if reason}
    rows = _rows(connection, acted.where(Change.op == "set"), Change.record_id, ids)
    return {((reason or "").partition(":")[0], record) for reason, record, _ in rows}


def _months_on(day: dt.date, months: int) -> dt.date:
    """The same day so many months on.

    >>> _months_on(dt.date(2026, 8, 31), 6)
    datetime.date(2027, 2, 28)
    """
    return (pd.Timestamp(day) + pd.DateOffset(months=months)).date()


def _status(rule: str, cause: str, account: int, status: Status, day: dt.date) -> Promotion:
    return Promotion(rule, cause, "account", account, day, "status", status.value)


def _effective(
    connection: Connection,
    entity: str,
    record_id: int,
    fields: tuple[str, ...],
    usual: dt.date | None = None,
) -> dt.date:
    """Since when the record is as it is in these fields; as the journal has it."""
    newest = connection.scalar(
        select(Change.effective)
        .where(Change.entity == entity, Change.record_id == record_id, Change.field.in_(fields))
        .order_by(Change.id.desc())
        .limit(1)
    )
    born = select(Change.effective).where(
        Change.entity == entity, Change.record_id == record_id, Change.op == "create"
    )
    return newest or usual or connection.scalar(born) or dt.datetime.now(dt.UTC).date()
