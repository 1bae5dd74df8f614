"""What every number is computed from: the tables as frames, as of a date, for a viewer.

A table is read when it is first touched, by ADBC into Arrow, and shared by all sessions of the
process that may see the same, until a change moves it.
"""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import narwhals as nw
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import func, select

from workbench.errors import NotAllowed, SettingsError
from workbench.store import access, access_log, masking
from workbench.store.arrow import contracted, of_query, to_pandas, until
from workbench.store.engine import arrow_cursor, connect
from workbench.store.frames import BY_DATE, QUERIES
from workbench.store.origin import Origin, own
from workbench.store.past import forget as forget_pasts
from workbench.store.past import newest_known, past
from workbench.store.proposal import Proposal, propose
from workbench.store.replay import SUBJECTS, by_record, state
from workbench.store.rows import columns_of, events_of
from workbench.store.schema import ENTITIES, Change, KeptOut, Load, RetentionWarning
from workbench.store.scope import PERSONAL, Person, Scope
from workbench.store.shelf import SHELF, size
from workbench.tables import TABLES, table

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable

    from sqlalchemy import Engine

    from workbench.store.access import Viewer

Backend = Literal["pandas", "polars", "duckdb", "pyarrow"]

# Entities whose fields may be corrected with a date of effect, and the table where they show.
DATED = {
    "accounts": "account",
    "opportunities": "opportunity",
    "contacts": "contact",
    "consents": "consent",
}

# What a filter looks at in the tables that it narrows by themselves.
BY_COLUMN = {
    "accounts": {"reps": "owner_id", "segments": "segment", "accounts": "id"},
    "opportunities": {
        "reps": "owner_id",
        "segments": "segment",
        "pipelines": "pipeline",
        "accounts": "account_id",
    },
    "stages": {"pipelines": "pipeline"},
}

# Tables whose rows stay with those of another when that one is filtered: by key, in it.
FOLLOWS = {
    "ledger_entries": ("customer_id", "ledger_customers"),
    "document_lines": ("document_id", "documents"),
    "retention_warnings": ("contact_id", "contacts"),
    "contact_entries": ("contact_id", "contacts"),
    **dict.fromkeys(
        (
            "contacts",
            "consents",
            "projects",
            "documents",
            "ledger_customers",
            "contracts",
            "activities",
            "status_periods",
            "owner_periods",
            "parent_periods",
            "bank_details",
            "confidential_notes",
        ),
        ("account_id", "accounts"),
    ),
}


NEWS = "news"  # among versions: grows whenever the store moves
FORGOTTEN = "forgotten"  # among versions: the newest row of what is kept out of the store
_FORGOT: dict[str, int] = {}


def versions(engine: Engine) -> dict[str, int]:
    """The number of the newest change per entity; "" is the newest of all.

    Whoever asks after people were taken out of the store no longer finds what was read before.
    """
    with engine.connect() as connection:
        told = connection.execute(_NEWEST).mappings().one()
    found = {name: told[name] or 0 for name in (*ENTITIES, "load", FORGOTTEN)}
    found[NEWS] = (told["change"] or 0) + found["load"] + found[FORGOTTEN]
    found[""] = max(found[entity] for entity in ENTITIES)
    found["retention"] = ((told["newest"] or 0) << 32) + told["warned"]
    _forget(engine, found[FORGOTTEN])
    return found


# One question for all, as most of what a short one costs is the asking.
_NEWEST = select(
    *(
        select(func.max(Change.id)).where(Change.entity == entity).scalar_subquery().label(entity)
        for entity in ENTITIES
    ),
    select(func.max(Change.id)).scalar_subquery().label("change"),
    select(func.max(Load.id)).scalar_subquery().label("load"),
    select(func.max(KeptOut.id)).scalar_subquery().label(FORGOTTEN),
    select(func.max(RetentionWarning.id)).scalar_subquery().label("newest"),
    select(func.count(RetentionWarning.id)).scalar_subquery().label("warned"),
)


def news(engine: Engine) -> int:
    """A number that grows whenever the store moves: a cheap look at whether anything has."""
    moving = (Change, Load, KeptOut)
    with engine.connect() as connection:
        return sum(connection.scalar(select(func.max(table.id))) or 0 for table in moving)


def _forget(engine: Engine, forgotten: int) -> None:
    """Keep nothing that was read before people were last taken out of the store."""
    url = str(engine.url)
    if _FORGOT.setdefault(url, forgotten) != forgotten:
        _FORGOT[url] = forgotten
        SHELF.forget(url)
        forget_pasts(engine)


@dataclass(frozen=True)
class Dataset:
    """Tables as of a date, within a viewer's scope; made by `workbench.open`."""

    engine: Engine
    as_of: dt.date
    today: dt.date
    known_at: dt.datetime | None = None
    viewer: Viewer | None = None
    backend: Backend = "pandas"
    scope: Scope = field(default_factory=lambda: Scope(None, dt.date.max))
    filters: tuple[tuple[str, tuple[Any, ...]], ...] = ()
    _versions: dict[str, int] = field(default_factory=dict, repr=False, compare=False)
    _frames: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def version(self) -> int:
        """The store's version that this dataset reads: its newest change."""
        return self._versions[""]

    @property
    def news(self) -> int:
        """What `news` said of the store when this dataset was opened."""
        return self._versions[NEWS]

    @cached_property
    def _origin(self) -> Origin:
        return Origin.of(self)

    def table(self, name: str) -> Any:
        """The frame of that name, with the columns of `workbench.tables`.

        Raises:
            UnknownName: no table is called so.
        """
        table(name)
        if name not in self._frames:
            self._frames[name] = self._filtered(name) if self.filters else self._whole(name)
        return own(self._frames[name], self._origin)

    def computed(self, what: Hashable, tables: Iterable[str], compute: Callable[[], Any]) -> Any:
        """The frame computed from these tables, kept for all datasets of the same rows."""
        if self.backend == "duckdb":  # a relation is a query, not yet a result
            return compute()
        # Filters look into other tables than those read.
        rows = (self.filters, self._versions[""] if self.filters else None)
        key = ("computed", what, self.backend, rows, *map(self._key, tables))
        return own(SHELF.get(key, compute, size), self._origin)

    def where(
        self,
        *,
        reps: Iterable[int] | None = None,
        segments: Iterable[str] | None = None,
        pipelines: Iterable[str] | None = None,
        accounts: Iterable[int] | None = None,
    ) -> Dataset:
        """The same dataset, less the rows of other reps, segments, pipelines or accounts.

        Reps are those who own the account or the deal at the dataset's date, and for activities
        those who owned the account on the activity's day.
        """
        given: dict[str, Iterable[Any] | None] = {
            "reps": reps,
            "segments": segments,
            "pipelines": pipelines,
            "accounts": accounts,
        }
        filters = tuple(
            (name, tuple(sorted(set(values))))
            for name, values in given.items()
            if values is not None
        )
        return replace(self, filters=filters, _frames={})

    def at(self, as_of: dt.date) -> Dataset:
        """The same dataset as of another date."""
        return replace(self, as_of=as_of, _frames={})

    def propose(
        self,
        frame: Any,
        *,
        entity: str | None = None,
        effective: dt.date | None = None,
        reason: str | None = None,
    ) -> Proposal:
        """The changes that an edited frame of this dataset asks for: look at them, `save()` them.

        Args:
            frame: rows with `id` and `version`, and the fields as they are to be.
            entity: account, opportunity or contact; told by the columns where None.
            effective: from when the changes hold; today where None.
            reason: why, for the journal.

        Raises:
            MissingColumns: the frame has no `id`.
            SettingsError: the dataset is of another day than today, or the entity can't be told.
        """
        return propose(self, frame, entity=entity, effective=effective, reason=reason)

    def _key(self, name: str) -> tuple[Hashable, ...]:
        entities = QUERIES[name][1]
        moved = tuple(self._versions[e] for e in entities) or (
            self._versions[""],
            self._versions["load"],
        )
        # Taking a person out alters what the journal says without adding to each table's part.
        moved += (self._versions[FORGOTTEN],)
        scope = self.scope.of_table(name)
        return (str(self.engine.url), name, self.as_of, self.known_at, scope, moved)

    def _whole(self, name: str) -> Any:
        arrow = self.arrow(name)
        if self.backend == "pyarrow":
            return arrow
        return SHELF.get(
            (self._key(name), self.backend), lambda: self._converted(arrow), lambda _: arrow.nbytes
        )

    def arrow(self, name: str) -> pa.Table:
        """The table as it was read, filters aside."""
        return SHELF.get(self._key(name), lambda: self._read(name), lambda made: made.nbytes)

    def _read(self, name: str) -> pa.Table:
        if name in BY_DATE and self.as_of < self.today:  # read once, whatever the day
            return until(self.at(self.today).arrow(name), self.as_of)
        engine, scope = self.engine, self.scope
        if self.known_at:
            engine = past(self.engine, self.known_at)
            with self.engine.connect() as connection:
                scope = scope.as_held(connection)
        query = QUERIES[name][0](self.as_of, scope)
        if name in PERSONAL:
            return of_query(name, engine, query)
        sql = str(query.compile(dialect=engine.dialect, compile_kwargs={"literal_binds": True}))
        with arrow_cursor(engine) as cursor:
            cursor.execute(sql)
            read = cursor.fetch_arrow_table()
        arrow = contracted(name, read)
        if name == "rejected_rows":
            arrow = masking.without(arrow, self.scope.rights)
        if name in DATED:
            arrow = self._back_in_effect(name, arrow)
        return arrow

    def _back_in_effect(self, name: str, arrow: pa.Table) -> pa.Table:
        """Put back fields that were changed with effect after the dataset's date.

        Only those without periods: these stand in the periods already.
        """
        entity = DATED[name]
        periodic = {f for subject in SUBJECTS if subject.entity == entity for f in subject.fields}
        columns = [c for c in columns_of(entity) if c in arrow.column_names and c not in periodic]
        query = (
            select(Change.record_id)
            .where(Change.entity == entity, Change.op == "set", Change.effective > self.as_of)
            .where(Change.field.in_(columns))
            .distinct()
        )
        with self.engine.connect() as connection:
            later = connection.scalars(query).all()
            if not later:
                return arrow
            upto = newest_known(connection, self.known_at) if self.known_at else None
            events = events_of(connection, entity, later, upto)
        then = {record: state(held, self.as_of) for record, held in by_record(events)}
        ids = arrow["id"].to_pylist()
        for name_ in columns:
            values = arrow[name_].to_pylist()
            patched = [
                (then[id_] or {}).get(name_) if id_ in then else value
                for id_, value in zip(ids, values, strict=True)
            ]
            if patched != values:
                kind = arrow.schema.field(name_).type
                loose = pa.array(
                    [
                        str(v)[:10] if pa.types.is_timestamp(kind) and v is not None else v
                        for v in patched
                    ]
                )
                position = arrow.column_names.index(name_)
                arrow = arrow.set_column(position, name_, pc.cast(loose, kind))
        return arrow

    def _converted(self, arrow: pa.Table) -> Any:
        if self.backend == "pandas":
            return to_pandas(arrow)
        if self.backend == "polars":
            import polars as pl  # noqa: PLC0415 - an extra

            return pl.from_arrow(arrow)
        import duckdb  # noqa: PLC0415 - an extra

        return duckdb.from_arrow(arrow)

    def _filtered(self, name: str) -> Any:
        """The whole table, less what the filters leave out."""
        frame = nw.from_native(self._whole(name)).lazy()
        kept = self._kept(name, frame, dict(self.filters))
        eager = isinstance(nw.from_native(self._whole(name)), nw.DataFrame)
        return (kept.collect() if eager else kept).to_native()

    def _kept(
        self, name: str, frame: nw.LazyFrame[Any], filters: dict[str, tuple[Any, ...]]
    ) -> nw.LazyFrame[Any]:
        if name in BY_COLUMN:
            for option, column in BY_COLUMN[name].items():
                if option in filters:
                    frame = frame.filter(nw.col(column).is_in(filters[option]))
            return frame
        if name == "deal_periods":
            return self._of(frame, "opportunity_id", "opportunities")
        if name == "activities" and "reps" in filters:
            done = self._done_for(frame, filters["reps"])
            if "accounts" in filters:
                done = done.filter(nw.col("account_id").is_in(filters["accounts"]))
            return self._in_segments(done, filters)
        follows = FOLLOWS.get(name)
        if follows and filters.keys() & {"reps", "segments", "accounts"}:
            return self._of(frame, *follows)
        return frame

    def _in_segments(
        self, frame: nw.LazyFrame[Any], filters: dict[str, tuple[Any, ...]]
    ) -> nw.LazyFrame[Any]:
        if "segments" not in filters:
            return frame
        accounts = nw.from_native(self._whole("accounts")).lazy()
        there = accounts.filter(nw.col("segment").is_in(filters["segments"]))
        ids = there.select(nw.col("id").alias("account_id"))
        return frame.join(ids, on="account_id", how="semi")

    def _of(self, frame: nw.LazyFrame[Any], key: str, other: str) -> nw.LazyFrame[Any]:
        there = nw.from_native(self.table(other))
        if isinstance(there, nw.DataFrame):  # looking ids up is a third of a join's work
            return frame.filter(nw.col(key).is_in(there["id"].to_native()))
        return frame.join(there.select(nw.col("id").alias(key)), on=key, how="semi")

    def _done_for(self, frame: nw.LazyFrame[Any], reps: tuple[Any, ...]) -> nw.LazyFrame[Any]:
        """Activities on accounts that these reps owned on the day, or theirs where nobody did."""
        credit = nw.from_native(self._credit())
        if isinstance(credit, nw.LazyFrame):
            mine = credit.filter(nw.col("credited").is_in(reps))
            return frame.join(mine.select("id"), on="id", how="semi")
        mine = credit.filter(nw.col("credited").is_in(reps))
        return frame.filter(nw.col("id").is_in(mine["id"].to_native()))

    def _credit(self) -> Any:
        """Whose each activity is, whatever the filters: worked out once."""
        activities = nw.from_native(self._whole("activities"))
        owners = nw.from_native(self._whole("owner_periods")).lazy()
        eager = isinstance(activities, nw.DataFrame)

        def made() -> Any:
            in_force = (
                activities.lazy()
                .select("id", "account_id", "date")
                .join(owners.rename({"rep_id": "credited"}), on="account_id", how="inner")
                .filter(
                    (nw.col("valid_from") <= nw.col("date"))
                    & (nw.col("valid_to").is_null() | (nw.col("valid_to") > nw.col("date")))
                )
                .select("id", "credited")
            )
            credit = (
                activities.lazy()
                .select("id", "rep_id")
                .join(in_force, on="id", how="left")
                .select("id", credited=nw.coalesce("credited", "rep_id"))
            )
            return (credit.collect() if eager else credit).to_native()

        if not eager:
            return made()
        key = ("credit", self.backend, self._key("activities"), self._key("owner_periods"))
        return SHELF.get(key, made, size)


def open(  # noqa: A001 - workbench.open is the front door
    url: str,
    *,
    as_of: dt.date | str | None = None,
    known_at: dt.date | str | None = None,
    viewer: str | Viewer | None = None,
    today: dt.date | None = None,
    backend: Backend = "pandas",
) -> Dataset:
    """Open a store's data as of a date, as a viewer may see it.

    Args:
        url: the store, `sqlite:///path` or `postgresql://…`; empty takes WORKBENCH_DATABASE.
        as_of: the date that figures stand at; today where it isn't given.
        known_at: leave out what was recorded later than this moment (UTC where it has no zone),
            or after this day.
        viewer: a user name; None sees all. In a report run for somebody (WORKBENCH_VIEWER),
            it is always them.
        today: what is taken for today: the settings' `today`, else the calendar's.
        backend: what frames are made of.

    Raises:
        StoreError: no store there.
        NotAllowed: no such user, or another one than the report is run for.
    """
    url = url or os.environ.get("WORKBENCH_DATABASE", "")
    engine = connect(url)
    today = today or _today(os.environ.get("WORKBENCH_TODAY"))
    who = access.viewer(engine, viewer) if isinstance(viewer, str) else viewer
    bound = os.environ.get("WORKBENCH_VIEWER")
    if bound:
        if who is not None and who.username != bound:
            access_log.forbidden(engine, bound, f"look as {who.username}")
            raise NotAllowed(f"This report runs as {bound!r} and can't look as {who.username!r}.")
        who = access.viewer(engine, bound)
    scope = Scope(None, today)
    if who is not None:
        with engine.connect() as connection:
            scope = Scope(
                access.visible_reps(connection, who, today),
                today,
                access.shared(connection, who, today),
                who.rights,
                Person(who.username, who.rep_id, access.leads(connection, who, today)),
            )
    return Dataset(
        engine,
        as_of=_day(as_of) or today,
        today=today,
        known_at=_moment(known_at),
        viewer=who,
        backend=backend,
        scope=scope,
        _versions=versions(engine),
    )


def _today(text: str | None) -> dt.date:
    return _day(text) or dt.datetime.now(dt.UTC).date()


def _day(value: dt.date | str | None) -> dt.date | None:
    if isinstance(value, dt.datetime):
        return value.date()
    if value is None or isinstance(value, dt.date):
        return value
    if not value:
        return None
    try:
        return dt.date.fromisoformat(value)
    except ValueError as error:
        raise SettingsError(f"{value!r} is no date; write 2026-09-30.") from error


def _moment(value: dt.date | str | None) -> dt.datetime | None:
    """A moment, of a day its end."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        read = dt.date if len(value) == len("2026-09-30") else dt.datetime
        try:
            value = read.fromisoformat(value)
        except ValueError as error:
            raise SettingsError(f"{value!r} is no moment; write 2026-09-30T18:00.") from error
    moment = value if isinstance(value, dt.datetime) else dt.datetime.combine(value, dt.time.max)
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


assert set(QUERIES) == set(TABLES), "every table of the contract has its query"  # noqa: S101
