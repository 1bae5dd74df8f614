"""The tables of the store, typed; the one schema for SQLite and PostgreSQL.

Business records carry where they came from (`source`, `code`) and a version that each accepted
change raises. Periods are derived from the journal (`change`) and can be rebuilt from it.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Numeric,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect
    from sqlalchemy.types import TypeEngine

CENT = Decimal("0.01")


class Money(TypeDecorator[Decimal]):
    """Numeric(14, 2), exact to the cent; for SQLite, without decimals, rounded on the way."""

    impl = Numeric(14, 2)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """SQLite's driver takes floats."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(Numeric(14, 2, asdecimal=False))
        return dialect.type_descriptor(Numeric(14, 2))

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Round to the cent."""
        if value is None:
            return None
        cents = Decimal(str(value)).quantize(CENT)
        return float(cents) if dialect.name == "sqlite" else cents

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:  # noqa: ARG002
        """Always a Decimal of two places."""
        return None if value is None else Decimal(str(value)).quantize(CENT)


class Moment(TypeDecorator[dt.datetime]):
    """A UTC timestamp, aware in Python; SQLite stores it without its zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        """Store UTC."""
        if value is None:
            return None
        utc = value.astimezone(dt.UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(
        self,
        value: dt.datetime | None,
        dialect: Dialect,  # noqa: ARG002
    ) -> dt.datetime | None:
        """Give UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


class Base(DeclarativeBase):
    """Names constraints, so that migrations can speak of them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - as SQLAlchemy documents it
        Decimal: Money,
        dt.datetime: Moment,
        int: BigInteger().with_variant(Integer, "sqlite"),
    }


class Record(MappedAsDataclass, kw_only=True):
    """What every business record carries."""

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    source: Mapped[str] = mapped_column(default="")
    code: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column(default=1)


def _source_code(*more: Any) -> tuple[Any, ...]:
    return (UniqueConstraint("source", "code"), *more)


class Rep(Record, Base, kw_only=True):
    """A rep, manager or director."""

    __tablename__ = "rep"
    __table_args__ = _source_code()
    name: Mapped[str]
    kind: Mapped[str | None] = mapped_column(default=None)
    manager_id: Mapped[int | None] = mapped_column(ForeignKey("rep.id"), index=True, default=None)
    email: Mapped[str | None] = mapped_column(default=None)
    entered_on: Mapped[dt.date | None] = mapped_column(default=None)
    left_on: Mapped[dt.date | None] = mapped_column(default=None)


class Account(Record, Base, kw_only=True):
    """A company."""

    __tablename__ = "account"
    __table_args__ = _source_code()
    name: Mapped[str]
    siren: Mapped[str | None] = mapped_column(index=True, default=None)
    siret: Mapped[str | None] = mapped_column(default=None)
    customer_code: Mapped[str | None] = mapped_column(index=True, default=None)
    status: Mapped[str] = mapped_column(default="suspect")
    entered_on: Mapped[dt.date | None] = mapped_column(default=None)
    segment: Mapped[str | None] = mapped_column(default=None)
    sector: Mapped[str | None] = mapped_column(default=None)
    street: Mapped[str | None] = mapped_column(default=None)
    postcode: Mapped[str | None] = mapped_column(default=None)
    city: Mapped[str | None] = mapped_column(default=None)
    country: Mapped[str | None] = mapped_column(default=None)
    phone: Mapped[str | None] = mapped_column(default=None)
    website: Mapped[str | None] = mapped_column(default=None)
    iban: Mapped[str | None] = mapped_column(default=None)
    employees: Mapped[int | None] = mapped_column(default=None)
    parent_id: Mapped[int | None] = mapped_column(
        ForeignKey("account.id"), index=True, default=None
    )
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("rep.id"), index=True, default=None)
    need: Mapped[str | None] = mapped_column(default=None)
    budget: Mapped[Decimal | None] = mapped_column(default=None)
    timeline: Mapped[str | None] = mapped_column(default=None)
    supplier: Mapped[str | None] = mapped_column(default=None)
    decider_known: Mapped[bool | None] = mapped_column(default=None)
    next_step: Mapped[str | None] = mapped_column(default=None)
    next_step_on: Mapped[dt.date | None] = mapped_column(default=None)
    qualified_on: Mapped[dt.date | None] = mapped_column(default=None)
    notes: Mapped[str | None] = mapped_column(default=None)
    anonymised_on: Mapped[dt.date | None] = mapped_column(default=None)
    confidential_note: Mapped[str | None] = mapped_column(default=None)


class Contact(Record, Base, kw_only=True):
    """A person, at an account or alone."""

    __tablename__ = "contact"
    __table_args__ = _source_code()
    account_id: Mapped[int | None] = mapped_column(
        ForeignKey("account.id"), index=True, default=None
    )
    first_name: Mapped[str | None] = mapped_column(default=None)
    last_name: Mapped[str | None] = mapped_column(default=None)
    job: Mapped[str | None] = mapped_column(default=None)
    decision_role: Mapped[str | None] = mapped_column(default=None)
    email: Mapped[str | None] = mapped_column(default=None)
    phone: Mapped[str | None] = mapped_column(default=None)
    anonymised_on: Mapped[dt.date | None] = mapped_column(default=None)


class Consent(Record, Base, kw_only=True):
    """What a contact agreed to on a channel, or took back: since when, by what proof."""

    __tablename__ = "consent"
    __table_args__ = _source_code()
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id"), index=True)
    channel: Mapped[str]
    state: Mapped[str]
    date: Mapped[dt.date]
    proof: Mapped[str | None] = mapped_column(default=None)
    noted_by: Mapped[str | None] = mapped_column(default=None)


class Pipeline(Record, Base, kw_only=True):
    """An ordered set of stages."""

    __tablename__ = "pipeline"
    __table_args__ = _source_code()
    label: Mapped[str]


class Stage(Record, Base, kw_only=True):
    """A stage of a pipeline; `code` is unique within it as `pipeline/stage`."""

    __tablename__ = "stage"
    __table_args__ = _source_code()
    pipeline_id: Mapped[int] = mapped_column(ForeignKey("pipeline.id"), index=True)
    label: Mapped[str]
    label_en: Mapped[str | None] = mapped_column(default=None)
    position: Mapped[int]
    kind: Mapped[str]
    grain: Mapped[str] = mapped_column(default="deal")
    probability: Mapped[float]
    stalled_days: Mapped[int | None] = mapped_column(default=None)


class Opportunity(Record, Base, kw_only=True):
    """A possible sale; `currency` is set where its source has its money in another than ours."""

    __tablename__ = "opportunity"
    __table_args__ = _source_code()
    name: Mapped[str]
    account_id: Mapped[int | None] = mapped_column(
        ForeignKey("account.id"), index=True, default=None
    )
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contact.id"), default=None)
    pipeline_id: Mapped[int] = mapped_column(ForeignKey("pipeline.id"))
    stage_id: Mapped[int] = mapped_column(ForeignKey("stage.id"))
    amount: Mapped[Decimal | None] = mapped_column(default=None)
    probability: Mapped[float | None] = mapped_column(default=None)
    close_date: Mapped[dt.date | None] = mapped_column(default=None)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("rep.id"), index=True, default=None)
    created_on: Mapped[dt.date | None] = mapped_column(default=None)
    loss_reason: Mapped[str | None] = mapped_column(default=None)
    product: Mapped[str | None] = mapped_column(default=None)
    competitor: Mapped[str | None] = mapped_column(default=None)
    next_step: Mapped[str | None] = mapped_column(default=None)
    duration_months: Mapped[int | None] = mapped_column(default=None)
    currency: Mapped[str | None] = mapped_column(default=None)
    currency_rate: Mapped[float | None] = mapped_column(default=None)


class Project(Record, Base, kw_only=True):
    """A signed opportunity run over months on a client account."""

    __tablename__ = "project"
    __table_args__ = _source_code()
    name: Mapped[str]
    account_id: Mapped[int | None] = mapped_column(
        ForeignKey("account.id"), index=True, default=None
    )
    opportunity_id: Mapped[int | None] = mapped_column(
        ForeignKey("opportunity.id"), index=True, default=None
    )
    starts_on: Mapped[dt.date | None] = mapped_column(default=None)
    ends_on: Mapped[dt.date | None] = mapped_column(default=None)
    amount: Mapped[Decimal | None] = mapped_column(default=None)


class Document(Record, Base, kw_only=True):
    """A quote, order, delivery, invoice or credit note."""

    __tablename__ = "document"
    __table_args__ = _source_code()
    kind: Mapped[str]
    state: Mapped[str | None] = mapped_column(default=None)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    opportunity_id: Mapped[int | None] = mapped_column(ForeignKey("opportunity.id"), default=None)
    date: Mapped[dt.date] = mapped_column(index=True)
    due_date: Mapped[dt.date | None] = mapped_column(default=None)
    amount: Mapped[Decimal]
    amount_with_tax: Mapped[Decimal | None] = mapped_column(default=None)
    currency: Mapped[str | None] = mapped_column(default=None)
    currency_rate: Mapped[float | None] = mapped_column(default=None)


class DocumentLine(Record, Base, kw_only=True):
    """A line of a document."""

    __tablename__ = "document_line"
    __table_args__ = _source_code()
    document_id: Mapped[int] = mapped_column(ForeignKey("document.id"), index=True)
    position: Mapped[int]
    product: Mapped[str | None] = mapped_column(default=None)
    family: Mapped[str | None] = mapped_column(default=None)
    quantity: Mapped[float | None] = mapped_column(default=None)
    unit_price: Mapped[Decimal | None] = mapped_column(default=None)
    amount: Mapped[Decimal]


class LedgerCustomer(Record, Base, kw_only=True):
    """A customer of the ledger (CompAuxNum), tied to an account where one has its code."""

    __tablename__ = "ledger_customer"
    __table_args__ = _source_code()
    name: Mapped[str | None] = mapped_column(default=None)
    account_id: Mapped[int | None] = mapped_column(
        ForeignKey("account.id"), index=True, default=None
    )


class LedgerEntry(Record, Base, kw_only=True):
    """A line of the FEC; `code` is fiscal year, journal, entry and line."""

    __tablename__ = "ledger_entry"
    __table_args__ = _source_code()
    journal: Mapped[str]
    entry: Mapped[str]
    date: Mapped[dt.date] = mapped_column(index=True)
    opening: Mapped[bool] = mapped_column(default=False)
    account_number: Mapped[str]
    account_label: Mapped[str | None] = mapped_column(default=None)
    label: Mapped[str | None] = mapped_column(default=None)
    piece: Mapped[str | None] = mapped_column(default=None)
    piece_date: Mapped[dt.date | None] = mapped_column(default=None)
    debit: Mapped[Decimal]
    credit: Mapped[Decimal]
    letter: Mapped[str | None] = mapped_column(default=None)
    letter_date: Mapped[dt.date | None] = mapped_column(default=None)
    customer_id: Mapped[int | None] = mapped_column(
        ForeignKey("ledger_customer.id"), index=True, default=None
    )


class Contract(Record, Base, kw_only=True):
    """A contract, ours or a competitor's."""

    __tablename__ = "contract"
    __table_args__ = _source_code()
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    kind: Mapped[str]
    competitor: Mapped[str | None] = mapped_column(default=None)
    subject: Mapped[str | None] = mapped_column(default=None)
    begins_on: Mapped[dt.date | None] = mapped_column(default=None)
    ends_on: Mapped[dt.date | None] = mapped_column(default=None)
    yearly_amount: Mapped[Decimal | None] = mapped_column(default=None)
    currency: Mapped[str | None] = mapped_column(default=None)
    currency_rate: Mapped[float | None] = mapped_column(default=None)


class Activity(Record, Base, kw_only=True):
    """Something that a rep did."""

    __tablename__ = "activity"
    __table_args__ = _source_code()
    account_id: Mapped[int | None] = mapped_column(
        ForeignKey("account.id"), index=True, default=None
    )
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contact.id"), default=None)
    opportunity_id: Mapped[int | None] = mapped_column(ForeignKey("opportunity.id"), default=None)
    rep_id: Mapped[int | None] = mapped_column(ForeignKey("rep.id"), index=True, default=None)
    kind: Mapped[str]
    date: Mapped[dt.date] = mapped_column(index=True)
    two_way: Mapped[bool] = mapped_column(default=False)
    minutes: Mapped[int | None] = mapped_column(default=None)
    subject: Mapped[str | None] = mapped_column(default=None)
    confidential_note: Mapped[str | None] = mapped_column(default=None)


class StatusPeriod(MappedAsDataclass, Base, kw_only=True):
    """An account's status over `[valid_from, valid_to)`."""

    __tablename__ = "status_period"
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    status: Mapped[str]
    valid_from: Mapped[dt.date]
    valid_to: Mapped[dt.date | None]


class DealPeriod(MappedAsDataclass, Base, kw_only=True):
    """A deal's state over `[valid_from, valid_to)`."""

    __tablename__ = "deal_period"
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    opportunity_id: Mapped[int] = mapped_column(ForeignKey("opportunity.id"), index=True)
    sequence: Mapped[int]
    stage_id: Mapped[int] = mapped_column(ForeignKey("stage.id"))
    amount: Mapped[Decimal | None]
    close_date: Mapped[dt.date | None]
    probability: Mapped[float | None]
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("rep.id"))
    stage_since: Mapped[dt.date | None] = mapped_column(default=None)
    valid_from: Mapped[dt.date]
    valid_to: Mapped[dt.date | None]


class OwnerPeriod(MappedAsDataclass, Base, kw_only=True):
    """An account's rep over `[valid_from, valid_to)`."""

    __tablename__ = "owner_period"
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    rep_id: Mapped[int | None] = mapped_column(ForeignKey("rep.id"), index=True)
    valid_from: Mapped[dt.date]
    valid_to: Mapped[dt.date | None]


class TeamPeriod(MappedAsDataclass, Base, kw_only=True):
    """A rep's manager over `[valid_from, valid_to)`."""

    __tablename__ = "team_period"
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    rep_id: Mapped[int] = mapped_column(ForeignKey("rep.id"), index=True)
    manager_id: Mapped[int | None] = mapped_column(ForeignKey("rep.id"))
    valid_from: Mapped[dt.date]
    valid_to: Mapped[dt.date | None]


class ParentPeriod(MappedAsDataclass, Base, kw_only=True):
    """An account's parent company over `[valid_from, valid_to)`."""

    __tablename__ = "parent_period"
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    valid_from: Mapped[dt.date]
    valid_to: Mapped[dt.date | None]


class User(MappedAsDataclass, Base, kw_only=True):
    """Someone who signs in."""

    __tablename__ = "user"
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    username: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    password_hash: Mapped[str]
    role: Mapped[str]
    rep_id: Mapped[int | None] = mapped_column(ForeignKey("rep.id"), default=None)
    language: Mapped[str] = mapped_column(default="fr")
    active: Mapped[bool] = mapped_column(default=True)


class UserSession(MappedAsDataclass, Base, kw_only=True):
    """Someone signed in from one browser; there is no row once they no longer are.

    The browser holds a token, this its SHA-256: who reads the store can't pass for anybody.
    """

    __tablename__ = "user_session"
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    token_hash: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    started_at: Mapped[dt.datetime]
    seen_at: Mapped[dt.datetime]
    address: Mapped[str] = mapped_column(default="")


class AccessEvent(MappedAsDataclass, Base, kw_only=True):
    """Something about who comes in: a sign-in, a refusal, a change of a user; never a password.

    `username` is whom it is about, as it was given; `by` who did it, where that is somebody else.
    """

    __tablename__ = "access_event"
    __table_args__ = (
        Index("ix_access_event_username", "username", "id"),
        Index("ix_access_event_address", "address", "at"),
    )
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    at: Mapped[dt.datetime] = mapped_column(index=True)
    event: Mapped[str]
    username: Mapped[str]
    by: Mapped[str | None] = mapped_column(default=None)
    address: Mapped[str] = mapped_column(default="")
    detail: Mapped[str | None] = mapped_column(default=None)


class UserRight(MappedAsDataclass, Base, kw_only=True):
    """A right that a user has by name, beside their role: `vocabulary.Right`."""

    __tablename__ = "user_right"
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), primary_key=True)
    right: Mapped[str] = mapped_column(primary_key=True)


class UserIdentity(MappedAsDataclass, Base, kw_only=True):
    """Who a user is at an OpenID provider, as it said when they first came through it.

    Names there may be changed or given anew, this not.
    """

    __tablename__ = "user_identity"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), primary_key=True)
    issuer: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str]


class AccountGroup(MappedAsDataclass, Base, kw_only=True):
    """A kept list of accounts, shared with users or teams; `owner_id` is who made it."""

    __tablename__ = "account_group"
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    name: Mapped[str] = mapped_column(unique=True)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), default=None)


class AccountGroupMember(MappedAsDataclass, Base, kw_only=True):
    """An account of a group."""

    __tablename__ = "account_group_member"
    group_id: Mapped[int] = mapped_column(ForeignKey("account_group.id"), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)


class AccountGroupShare(MappedAsDataclass, Base, kw_only=True):
    """With whom a group is shared: a user, or a rep and everyone under them."""

    __tablename__ = "account_group_share"
    __table_args__ = (UniqueConstraint("group_id", "user_id", "rep_id"),)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    group_id: Mapped[int] = mapped_column(ForeignKey("account_group.id"), index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), default=None)
    rep_id: Mapped[int | None] = mapped_column(ForeignKey("rep.id"), default=None)
    writes: Mapped[bool] = mapped_column(default=False)


class Load(MappedAsDataclass, Base, kw_only=True):
    """A load of source files: what was read, and what became of it."""

    __tablename__ = "load"
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    source: Mapped[str]
    started_at: Mapped[dt.datetime]
    user: Mapped[str]
    batch: Mapped[str]
    files: Mapped[str]
    report: Mapped[str]
    data_date: Mapped[dt.date | None] = mapped_column(default=None)
    undone_by: Mapped[str | None] = mapped_column(default=None)


class SourceConflict(MappedAsDataclass, Base, kw_only=True):
    """A field that a source and somebody here both changed: to be settled, until then ours holds.

    Values are JSON, as in the journal: what the source said before, what it says now, and ours.
    """

    __tablename__ = "source_conflict"
    __table_args__ = (Index("ix_source_conflict_record", "entity", "record_id", "field"),)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    load_batch: Mapped[str]
    met_at: Mapped[dt.datetime]
    entity: Mapped[str]
    record_id: Mapped[int]
    field: Mapped[str]
    before: Mapped[str | None] = mapped_column(default=None)
    theirs: Mapped[str | None] = mapped_column(default=None)
    ours: Mapped[str | None] = mapped_column(default=None)
    settled_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    settled_by: Mapped[str | None] = mapped_column(default=None)
    kept: Mapped[str | None] = mapped_column(default=None)


class Outbox(MappedAsDataclass, Base, kw_only=True):
    """A change on its way back to the source of its record; `state` is `outbox.Standing`."""

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_state", "state"),)
    change_id: Mapped[int] = mapped_column(
        ForeignKey("change.id"), primary_key=True, autoincrement=False
    )
    source: Mapped[str]
    state: Mapped[str]
    at: Mapped[dt.datetime | None] = mapped_column(default=None)
    reason: Mapped[str | None] = mapped_column(default=None)


class LoadedTable(MappedAsDataclass, Base, kw_only=True):
    """A table that a load read: its file, its name, and the form in which the file is written."""

    __tablename__ = "loaded_table"
    load_id: Mapped[int] = mapped_column(
        ForeignKey("load.id"), primary_key=True, autoincrement=False
    )
    file: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    form: Mapped[str]


class RejectedRow(MappedAsDataclass, Base, kw_only=True):
    """A row of a source that didn't fit, with its reason."""

    __tablename__ = "rejected_row"
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    load_id: Mapped[int] = mapped_column(ForeignKey("load.id"), index=True)
    file: Mapped[str]
    line: Mapped[int]
    table: Mapped[str]
    reason: Mapped[str]
    raw: Mapped[str]


class KeptOut(MappedAsDataclass, Base, kw_only=True):
    """A source's key of something anonymised, as a keyed hash: how the next load knows it again.

    `code` is what the record has for a code now; `whole` says that the source is no longer
    followed in it at all. Of kind "raw" is a rejected row, of kind "check" the key itself.
    """

    __tablename__ = "kept_out"
    __table_args__ = (UniqueConstraint("kind", "hash"),)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    kind: Mapped[str]
    hash: Mapped[str]
    code: Mapped[str | None] = mapped_column(default=None)
    record_id: Mapped[int | None] = mapped_column(default=None)
    whole: Mapped[bool] = mapped_column(default=False)


class KeptField(MappedAsDataclass, Base, kw_only=True):
    """A field out of which a person was taken: loads leave it alone."""

    __tablename__ = "kept_field"
    __table_args__ = (UniqueConstraint("entity", "record_id", "field"),)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    entity: Mapped[str]
    record_id: Mapped[int]
    field: Mapped[str]


class RetentionWarning(MappedAsDataclass, Base, kw_only=True):
    """A contact who is to be anonymised for having been silent too long: told when, and until when.

    `last_contact` is what the warning was given upon: a later contact lifts it.
    """

    __tablename__ = "retention_warning"
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id"), unique=True)
    warned_on: Mapped[dt.date]
    last_contact: Mapped[dt.date]
    until: Mapped[dt.date]
    warned_by: Mapped[str]


class Look(MappedAsDataclass, Base, kw_only=True):
    """That somebody opened a sheet, or took a person's data out; once per session and sheet."""

    __tablename__ = "look"
    __table_args__ = (
        UniqueConstraint("session", "kind", "entity", "record_id"),
        Index("ix_look_record", "entity", "record_id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    at: Mapped[dt.datetime] = mapped_column(index=True)
    user: Mapped[str]
    kind: Mapped[str]
    entity: Mapped[str]
    record_id: Mapped[int]
    session: Mapped[str]


class Change(MappedAsDataclass, Base, kw_only=True):
    """One row of the journal; never removed, altered only where a person is taken out of it.

    `recorded_at` is when its batch began; of a batch's last change, when it ended.
    """

    __tablename__ = "change"
    __table_args__ = (
        Index("ix_change_record", "entity", "record_id"),
        Index("ix_change_entity", "entity", "id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    batch: Mapped[str] = mapped_column(index=True)
    recorded_at: Mapped[dt.datetime]
    effective: Mapped[dt.date]
    entity: Mapped[str]
    record_id: Mapped[int]
    op: Mapped[str]
    field: Mapped[str | None] = mapped_column(default=None)
    old: Mapped[str | None] = mapped_column(default=None)
    new: Mapped[str | None] = mapped_column(default=None)
    user: Mapped[str]
    surface: Mapped[str]
    reason: Mapped[str | None] = mapped_column(default=None)
    undoes: Mapped[int | None] = mapped_column(ForeignKey("change.id"), default=None)


ENTITIES: dict[str, type[Record]] = {
    model.__tablename__: model
    for model in (
        Rep,
        Account,
        Contact,
        Consent,
        Pipeline,
        Stage,
        Opportunity,
        Project,
        Document,
        DocumentLine,
        LedgerCustomer,
        LedgerEntry,
        Contract,
        Activity,
    )
}
