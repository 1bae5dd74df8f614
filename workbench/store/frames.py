"""The SQL of every table that a metric may read, as of a date and within a viewer's scope.

One SELECT per table of `workbench.tables`; its WHERE clause leaves out what the viewer may not
see, so that it never reaches a frame.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Double,
    String,
    and_,
    case,
    cast,
    exists,
    false,
    func,
    literal,
    null,
    or_,
    select,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import aliased
from sqlalchemy.sql.functions import FunctionElement

from workbench.store import schema as s
from workbench.store.scope import Scope, during
from workbench.tables import Kind, table
from workbench.vocabulary import Right, StageKind

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

    from sqlalchemy import ColumnElement, Select


def _columns(name: str, model: Any, **sources: Any) -> list[Any]:
    """The contract's columns: from `sources` where named there, else the model's own."""
    columns = []
    for column in table(name).columns:
        source = sources[column.name] if column.name in sources else getattr(model, column.name)
        if column.kind in {Kind.MONEY, Kind.RATIO, Kind.NUMBER}:
            source = cast(source, Double)
        columns.append(source.label(column.name))
    return columns


def _led(query: Select[Any], rep_id: Any, rep: Any, manager: Any, day: dt.date) -> Select[Any]:
    """Join the rep of that id, and who led them on the day."""
    return (
        query.outerjoin(rep, rep.id == rep_id)
        .outerjoin(s.TeamPeriod, and_(s.TeamPeriod.rep_id == rep_id, during(s.TeamPeriod, day)))
        .outerjoin(manager, manager.id == s.TeamPeriod.manager_id)
    )


def accounts(day: dt.date, scope: Scope) -> Select[Any]:
    """Accounts that had entered by the day, with status, parent, owner and team on it."""
    a, owner, manager = s.Account, aliased(s.Rep), aliased(s.Rep)
    columns = _columns(
        "accounts",
        a,
        status=s.StatusPeriod.status,
        parent_id=s.ParentPeriod.parent_id,
        owner_id=s.OwnerPeriod.rep_id,
        owner=owner.name,
        team_id=s.TeamPeriod.manager_id,
        team=manager.name,
    )
    query = (
        select(*columns)
        .select_from(a)
        .join(s.StatusPeriod, and_(s.StatusPeriod.account_id == a.id, during(s.StatusPeriod, day)))
        .outerjoin(
            s.ParentPeriod, and_(s.ParentPeriod.account_id == a.id, during(s.ParentPeriod, day))
        )
        .outerjoin(
            s.OwnerPeriod, and_(s.OwnerPeriod.account_id == a.id, during(s.OwnerPeriod, day))
        )
    )
    return _led(query, s.OwnerPeriod.rep_id, owner, manager, day).where(scope.sees(a.id))


def opportunities(day: dt.date, scope: Scope) -> Select[Any]:
    """Deals that existed by the day, with stage, amount, owner and team on it."""
    o, p, owner, manager = s.Opportunity, s.DealPeriod, aliased(s.Rep), aliased(s.Rep)
    before = aliased(s.DealPeriod)
    came = exists().where(  # one that was won or lost as it was entered came nobody knows when
        before.opportunity_id == p.opportunity_id,
        before.sequence < p.sequence,
        before.stage_id != p.stage_id,
    )
    columns = _columns(
        "opportunities",
        o,
        pipeline=s.Pipeline.code,
        stage_id=p.stage_id,
        stage_since=case((or_(s.Stage.kind == StageKind.OPEN, came), p.stage_since)),
        amount=p.amount,
        probability=p.probability,
        close_date=p.close_date,
        owner_id=p.owner_id,
        owner=owner.name,
        team_id=s.TeamPeriod.manager_id,
        team=manager.name,
        segment=s.Account.segment,
    )
    query = (
        select(*columns)
        .select_from(o)
        .join(p, and_(p.opportunity_id == o.id, during(p, day)))
        .join(s.Stage, s.Stage.id == p.stage_id)
        .join(s.Pipeline, s.Pipeline.id == o.pipeline_id)
        .outerjoin(s.Account, s.Account.id == o.account_id)
    )
    return _led(query, p.owner_id, owner, manager, day).where(scope.sees_deal())


def reps(day: dt.date, scope: Scope) -> Select[Any]:
    """The visible reps, and whoever leads them on the day."""
    r = s.Rep
    query = (
        select(*_columns("reps", r, manager_id=s.TeamPeriod.manager_id))
        .select_from(r)
        .outerjoin(s.TeamPeriod, and_(s.TeamPeriod.rep_id == r.id, during(s.TeamPeriod, day)))
    )
    if scope.reps is None:
        return query
    leaders = select(s.TeamPeriod.manager_id).where(
        s.TeamPeriod.rep_id.in_(sorted(scope.reps)), during(s.TeamPeriod, day)
    )
    return query.where(or_(r.id.in_(sorted(scope.reps)), r.id.in_(leaders)))


def stages(day: dt.date, scope: Scope) -> Select[Any]:  # noqa: ARG001 - the same for all
    """Stages of every pipeline; the code without its pipeline's."""
    short = func.substr(s.Stage.code, func.length(s.Pipeline.code) + 2)
    columns = _columns("stages", s.Stage, pipeline=s.Pipeline.code, code=short)
    return select(*columns).select_from(s.Stage).join(s.Pipeline)


def contacts(day: dt.date, scope: Scope) -> Select[Any]:  # noqa: ARG001 - undated
    """Contacts of visible accounts."""
    return select(*_columns("contacts", s.Contact)).where(scope.sees(s.Contact.account_id))


def consents(day: dt.date, scope: Scope) -> Select[Any]:
    """Consents of visible accounts' contacts, given or taken back by the day."""
    c = s.Consent
    return (
        select(*_columns("consents", c, account_id=s.Contact.account_id))
        .join(s.Contact, s.Contact.id == c.contact_id)
        .where(c.date <= day, scope.sees(s.Contact.account_id))
    )


def retention_warnings(day: dt.date, scope: Scope) -> Select[Any]:
    """Warnings given by the day, of visible accounts' contacts."""
    w = s.RetentionWarning
    return (
        select(*_columns("retention_warnings", w))
        .join(s.Contact, s.Contact.id == w.contact_id)
        .where(w.warned_on <= day, scope.sees(s.Contact.account_id))
    )


def contact_entries(day: dt.date, scope: Scope) -> Select[Any]:  # noqa: ARG001 - undated
    """When the journal first had the contacts of visible accounts."""
    c = s.Change
    given = {"contact_id": c.record_id, "recorded_at": func.min(c.recorded_at)}
    return (
        select(*_columns("contact_entries", c, **given))
        .join(s.Contact, s.Contact.id == c.record_id)
        .where(c.entity == "contact", c.op == "create", scope.sees(s.Contact.account_id))
        .group_by(c.record_id)
    )


def bank_details(day: dt.date, scope: Scope) -> Any:  # noqa: ARG001 - undated
    """Bank details of visible accounts; not even read for those who aren't named for them."""
    if scope.rights is not None and Right.BANK_DETAILS not in scope.rights:
        return select(null().label("account_id"), null().label("iban")).where(false())
    a = s.Account
    query = select(a.id.label("account_id"), a.iban.label("iban"))
    return query.where(a.iban.is_not(None), scope.sees(a.id))


def confidential_notes(day: dt.date, scope: Scope) -> Any:  # noqa: ARG001 - undated
    """Confidential notes on visible accounts and activities, to those who may see them."""
    a, done = s.Account, s.Activity
    on_accounts = _notes("account", a, a.id, scope, scope.leads(a.id), own=None)
    leads = sorted(scope.person.leads) if scope.person else []
    on_activities = _notes(
        "activity", done, done.account_id, scope, done.rep_id.in_(leads), own=done.rep_id
    )
    return on_accounts.where(scope.sees(a.id)).union_all(
        on_activities.where(scope.sees(done.account_id, done.rep_id))
    )


def _notes(
    entity: str, model: Any, account: Any, scope: Scope, led: ColumnElement[bool], own: Any
) -> Select[Any]:
    author = (
        select(s.Change.user)
        .where(s.Change.entity == entity, s.Change.record_id == model.id)
        .where(s.Change.field == "confidential_note")
        .order_by(s.Change.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    query = select(
        literal(entity).label("entity"),
        model.id.label("record_id"),
        account.label("account_id"),
        model.confidential_note.label("note"),
        author.label("author"),
    ).where(model.confidential_note.is_not(None))
    if scope.rights is None or Right.CONFIDENTIAL in scope.rights:
        return query
    who = scope.person
    if who is None:
        return query.where(false())
    may = [author == who.username, led]
    if own is not None and who.rep_id is not None:
        may.append(own == who.rep_id)
    return query.where(or_(*may))


class _Without(FunctionElement[str]):
    """A JSON text less some of its keys."""

    inherit_cache = True
    type = String()


@compiles(_Without, "sqlite")
def _without_on_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    text, *names = element.clauses
    keys = ", ".join(f"'$.{name.value}'" for name in names)
    return f"json_remove({compiler.process(text, **options)}, {keys})"


@compiles(_Without, "postgresql")
def _without_on_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    text, *names = element.clauses
    keys = "".join(f" - '{name.value}'" for name in names)
    return f"(CAST({compiler.process(text, **options)} AS JSONB){keys})::TEXT"


def _kept(value: Any, unseen: dict[str, tuple[str, ...]]) -> Any:
    """A journal's value, as far as the viewer may see it: a field's, or a record less some."""
    c = s.Change
    whens = []
    for entity, names in unseen.items():
        whens += [
            (and_(c.entity == entity, c.op == "set", c.field.in_(names)), null()),
            (
                and_(c.entity == entity, c.op != "set"),
                _Without(value, *(literal(name) for name in names)),
            ),
        ]
    return case(*whens, else_=value) if whens else value


def projects(day: dt.date, scope: Scope) -> Select[Any]:
    """Projects of visible accounts, begun by the day."""
    p = s.Project
    begun = or_(p.starts_on.is_(None), p.starts_on <= day)
    return select(*_columns("projects", p)).where(begun, scope.sees(p.account_id))


def documents(day: dt.date, scope: Scope) -> Select[Any]:
    """Documents dated up to the day."""
    d = s.Document
    return select(*_columns("documents", d)).where(d.date <= day, scope.sees(d.account_id))


def document_lines(day: dt.date, scope: Scope) -> Select[Any]:
    """Lines of those documents."""
    return (
        select(*_columns("document_lines", s.DocumentLine))
        .join(s.Document, s.Document.id == s.DocumentLine.document_id)
        .where(s.Document.date <= day, scope.sees(s.Document.account_id))
    )


def ledger_entries(day: dt.date, scope: Scope) -> Select[Any]:
    """Ledger lines dated up to the day; for a part of the company, those of its customers."""
    entry = s.LedgerEntry
    columns = _columns("ledger_entries", entry, book=_book(entry.code))
    query = select(*columns).where(entry.date <= day)
    if scope.reps is None:
        return query
    mine = select(s.LedgerCustomer.id).where(scope.sees(s.LedgerCustomer.account_id))
    return query.where(entry.customer_id.in_(mine))


def _book(code: Any) -> ColumnElement[str]:
    """What a line's code begins with: `2025-01` or, with its company, `210000006-2025-01`."""
    month = len("2025-01")
    dashes = {5: month, 10: 10 + month}  # where the first dash stands, and how long that is
    whens = [(func.substr(code, at, 1) == "-", length) for at, length in dashes.items()]
    return func.substr(code, 1, case(*whens, else_=11 + month))


def ledger_customers(day: dt.date, scope: Scope) -> Select[Any]:  # noqa: ARG001 - undated
    """Customers of the ledger; unmatched ones for those who see all."""
    c = s.LedgerCustomer
    return select(*_columns("ledger_customers", c)).where(scope.sees(c.account_id))


def contracts(day: dt.date, scope: Scope) -> Select[Any]:  # noqa: ARG001 - known whatever the day
    """Contracts of visible accounts."""
    return select(*_columns("contracts", s.Contract)).where(scope.sees(s.Contract.account_id))


def activities(day: dt.date, scope: Scope) -> Select[Any]:
    """Activities up to the day: on visible accounts, or done by visible reps."""
    a = s.Activity
    return select(*_columns("activities", a)).where(
        a.date <= day, scope.sees(a.account_id, a.rep_id)
    )


def _up_to(periods: Any, day: dt.date) -> dict[str, Any]:
    """A period table's end as it was known on the day: one that ends later lasts."""
    return {"valid_to": case((periods.valid_to <= day, periods.valid_to))}


def _account_periods(name: str, model: Any) -> Callable[[dt.date, Scope], Select[Any]]:
    def query(day: dt.date, scope: Scope) -> Select[Any]:
        return select(*_columns(name, model, **_up_to(model, day))).where(
            model.valid_from <= day, scope.sees(model.account_id)
        )

    return query


def deal_periods(day: dt.date, scope: Scope) -> Select[Any]:
    """What visible deals went through up to the day."""
    p = s.DealPeriod
    query = select(*_columns("deal_periods", p, **_up_to(p, day))).where(p.valid_from <= day)
    if scope.reps is None:
        return query
    mine = select(s.Opportunity.id).where(scope.sees_deal())
    return query.where(p.opportunity_id.in_(mine))


def team_periods(day: dt.date, scope: Scope) -> Select[Any]:
    """Who led the visible reps, up to the day."""
    p = s.TeamPeriod
    query = select(*_columns("team_periods", p, **_up_to(p, day))).where(p.valid_from <= day)
    return query if scope.reps is None else query.where(p.rep_id.in_(sorted(scope.reps)))


def changes(day: dt.date, scope: Scope) -> Select[Any]:  # noqa: ARG001 - by when recorded, not effective
    """The journal's rows; for a part of the company, those of its accounts, contacts and deals."""
    c = s.Change
    unseen = scope.hidden()
    query = select(*_columns("changes", c, old=_kept(c.old, unseen), new=_kept(c.new, unseen)))
    if scope.reps is None:
        return query
    of = {
        "account": select(s.Account.id).where(scope.sees(s.Account.id)),
        "contact": select(s.Contact.id).where(scope.sees(s.Contact.account_id)),
        "consent": select(s.Consent.id)
        .join(s.Contact, s.Contact.id == s.Consent.contact_id)
        .where(scope.sees(s.Contact.account_id)),
        "opportunity": select(s.Opportunity.id).where(scope.sees_deal()),
    }
    return query.where(
        or_(*(and_(c.entity == entity, c.record_id.in_(ids)) for entity, ids in of.items()))
    )


def loads(day: dt.date, scope: Scope) -> Select[Any]:  # noqa: ARG001 - everybody may know them
    """Loads, with their reports."""
    return select(*_columns("loads", s.Load))


def rejected_rows(day: dt.date, scope: Scope) -> Select[Any]:  # noqa: ARG001 - undated
    """Rows that don't fit, of the newest load of each table; they are of nobody in particular."""
    row, load, read = s.RejectedRow, s.Load, s.LoadedTable
    since, again = aliased(s.Load), aliased(s.LoadedTable)
    newer = (
        exists()
        .where(again.load_id == since.id, again.name == read.name)
        .where(since.source == load.source, since.id > load.id, since.undone_by.is_(None))
    )
    return (
        select(*_columns("rejected_rows", row, form=read.form))
        .join(load, load.id == row.load_id)
        .join(read, and_(read.load_id == row.load_id, read.file == row.file))
        .where(scope.sees_all(), load.undone_by.is_(None), ~newer)
    )


BY_DATE = frozenset(
    {
        "activities",
        "documents",
        "ledger_entries",
        *("status_periods", "owner_periods", "parent_periods", "team_periods", "deal_periods"),
    }
)
"""Tables whose rows are the same whatever the day but for those that it has not yet."""

# Per table: its query, and the entities whose changes move it.
QUERIES: dict[str, tuple[Callable[[dt.date, Scope], Select[Any]], tuple[str, ...]]] = {
    "accounts": (accounts, ("account", "rep")),
    "contacts": (contacts, ("contact", "account")),
    "consents": (consents, ("consent", "contact", "account")),
    "retention_warnings": (retention_warnings, ("retention", "contact", "account")),
    "contact_entries": (contact_entries, ("contact", "account")),
    "bank_details": (bank_details, ("account",)),
    "confidential_notes": (confidential_notes, ("account", "activity")),
    "reps": (reps, ("rep",)),
    "stages": (stages, ("stage", "pipeline")),
    "opportunities": (opportunities, ("opportunity", "account", "rep")),
    "projects": (projects, ("project", "account")),
    "documents": (documents, ("document", "account")),
    "document_lines": (document_lines, ("document_line", "document", "account")),
    "ledger_entries": (ledger_entries, ("ledger_entry", "ledger_customer", "account")),
    "ledger_customers": (ledger_customers, ("ledger_customer", "account")),
    "contracts": (contracts, ("contract", "account")),
    "activities": (activities, ("activity", "account")),
    "status_periods": (_account_periods("status_periods", s.StatusPeriod), ("account",)),
    "deal_periods": (deal_periods, ("opportunity", "account")),
    "owner_periods": (_account_periods("owner_periods", s.OwnerPeriod), ("account",)),
    "team_periods": (team_periods, ("rep",)),
    "parent_periods": (_account_periods("parent_periods", s.ParentPeriod), ("account",)),
    "changes": (changes, ()),  # moves with any change
    "loads": (loads, ()),
    "rejected_rows": (rejected_rows, ()),
}
