"""What follows by rule from what has just been written: promotions, and the projects they open.

Each is an entry of the journal of its own, by the surface "rule", whose reason names the rule and
its cause, as in "first_contact: activity 12". A rule acts once on a record for a cause: undone, it
stays so, unless the cause was undone as well and comes again.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pandas as pd
from sqlalchemy import exists, select

from workbench.store.replay import Event, active, undone
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
CAUSES: dict[str, tuple[str, tuple[str, ...]]] = {
    "first_contact": ("activity", ("two_way", "account_id")),
    "qualified": ("account", QUALIFICATION),
    "quote_accepted": ("document", ("state", "kind")),
    "first_invoice": ("document", ("kind", "account_id")),
    "signed": ("opportunity", ("stage_id", "duration_months")),
}
"""What a rule acts upon: records of an entity, created or with one of these fields set."""


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

    def by(self, rule: str) -> set[int]:
        """The records that may be a rule's cause: created, or with a field set that it looks at."""
        entity, fields = CAUSES[rule]
        found = set(self.created.get(entity, ()))
        for name in fields:
            found |= self.changed.get((entity, name), set())
        return found


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
    more = exists().where(
        StatusPeriod.account_id == Account.id, StatusPeriod.status != Status.SUSPECT.value
    )
    answered = (
        select(Activity.account_id, Activity.date, Activity.id)
        .join(Account, Account.id == Activity.account_id)
        .where(Account.status == Status.SUSPECT.value, Activity.two_way, ~more)
    )
    rows = _rows(connection, answered, Activity.id, written.by("first_contact"))
    for account, day, cause in sorted(rows, key=lambda row: (row.date, row.id)):
        yield _status("first_contact", f"activity {cause}", account, Status.PROSPECT, day)


def qualified(connection: Connection, written: Written) -> Iterator[Promotion]:
    """A suspect whose qualification is complete is a prospect."""
    complete = select(Account.id, Account.qualified_on).where(
        Account.status == Status.SUSPECT.value,
        *(Account.__table__.c[name].is_not(None) for name in QUALIFICATION),
    )
    for account, day in _rows(connection, complete, Account.id, written.by("qualified")):
        since = day or _effective(connection, "account", account, QUALIFICATION)
        yield _status("qualified", f"account {account}", account, Status.PROSPECT, since)


def quote_accepted(connection: Connection, written: Written) -> Iterator[Promotion]:
    """An accepted quote makes the account a client, and wins its opportunity."""
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
    for row in _rows(connection, accepted, Document.id, written.by("quote_accepted")):
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
    invoiced = (
        select(Document.id, Document.date, Document.account_id)
        .join(Account, Account.id == Document.account_id)
        .where(Document.kind == DocumentKind.INVOICE.value, Account.status != Status.CLIENT.value)
        .order_by(Document.date, Document.id)
    )
    papers = written.by("first_invoice")
    for id_, day, account in _rows(connection, invoiced, Document.id, papers):
        yield _status("first_invoice", f"document {id_}", account, Status.CLIENT, day)


def signed(connection: Connection, written: Written) -> Iterator[Promotion]:
    """A won opportunity that lasts for months opens a project."""
    deals = written.by("signed")
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


def promotions(
    connection: Connection, written: Written, rules: Collection[str], today: dt.date
) -> list[Promotion]:
    """What the rules in force make of what was written, but for those that acted upon it before.

    A promotion holds from its cause's day, or from the field's last change where that is later:
    dated before, it would have no effect. None is dated after today.
    """
    wanted = [one for name in rules if written.by(name) for one in RULES[name](connection, written)]
    by_entity: dict[str, list[Promotion]] = defaultdict(list)
    for one in wanted:
        by_entity[one.entity].append(one)
    done = {
        (entity, *acted)
        for entity, some in by_entity.items()
        for acted in _done(connection, entity, {one.record_id for one in some})
    }
    found: dict[tuple[str, int, str], Promotion] = {}
    for one in wanted:
        if (one.entity, one.rule, one.record_id, one.cause) not in done:
            found.setdefault((one.entity, one.record_id, one.name), one)
    since = _since(connection, [one for one in found.values() if one.name])
    return [
        replace(one, effective=min(max(one.effective, since.get(key, one.effective)), today))
        for key, one in found.items()
    ]


def _done(connection: Connection, entity: str, ids: Ids) -> set[tuple[str, int, str]]:
    """The rules that have acted on these records, each with its cause that still stands.

    On a project, the record is the deal that it is of.
    """
    acted = select(Change.reason, Change.record_id, Change.batch).where(
        Change.entity == entity, Change.surface == Surface.RULE.value, Change.undoes.is_(None)
    )
    if entity == "project":
        rows = iter(connection.execute(acted.where(Change.op == "create")).all())
    else:
        rows = _rows(connection, acted.where(Change.op == "set"), Change.record_id, ids)
    found = set()
    for reason, record, batch in rows:
        rule, _, cause = (reason or "").partition(": ")
        if rule not in CAUSES:
            continue
        about = int(cause.rpartition(" ")[2])
        key = (rule, about if entity == "project" else record, cause)
        if key[1] in ids and _stands(connection, rule, about, batch):
            found.add(key)
    return found


def _stands(connection: Connection, rule: str, record_id: int, batch: str) -> bool:
    """Whether nothing of what a rule acted upon in a batch has been undone since."""
    entity, fields = CAUSES[rule]
    rows = connection.execute(
        select(Change.id, Change.batch, Change.effective, Change.op, Change.field, Change.undoes)
        .where(Change.entity == entity, Change.record_id == record_id)
    ).all()  # fmt: skip
    gone = undone(
        Event(row.id, record_id, row.effective, row.op, row.field, None, row.undoes) for row in rows
    )
    return not any(
        row.id in gone
        for row in rows
        if row.batch == batch and (row.op == "create" or row.field in fields)
    )


def _since(
    connection: Connection, found: Collection[Promotion]
) -> dict[tuple[str, int, str], dt.date]:
    """Since when the fields that are to be set are as they are: their last change's day."""
    by_field: dict[tuple[str, str], set[int]] = defaultdict(set)
    for one in found:
        by_field[one.entity, one.name].add(one.record_id)
    last: dict[tuple[str, int, str], dt.date] = {}
    for (entity, name), ids in by_field.items():
        sets = select(Change.id, Change.record_id, Change.effective, Change.undoes).where(
            Change.entity == entity, Change.op == "set", Change.field == name
        )
        events = [
            Event(id_, record, effective, "set", name, None, undoes)
            for id_, record, effective, undoes in _rows(connection, sets, Change.record_id, ids)
        ]
        last |= {(entity, event.record_id, name): event.effective for event in active(events)}
    return last


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
