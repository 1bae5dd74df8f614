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

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import select

from workbench.errors import NotAllowed, SettingsError
from workbench.store import access, access_log, masking
from workbench.store.arrow import contracted, of_query, to_pandas, until
from workbench.store.engine import arrow_cursor, connect
from workbench.store.filters import filtered
from workbench.store.frames import BY_DATE, QUERIES
from workbench.store.origin import Origin, own
from workbench.store.past import newest_known, past
from workbench.store.proposal import Proposal, propose
from workbench.store.replay import SUBJECTS, by_record, state
from workbench.store.rows import columns_of, events_of
from workbench.store.schema import Change
from workbench.store.scope import PERSONAL, Person, Scope
from workbench.store.shelf import SHELF, size
from workbench.store.versions import FORGOTTEN, NEWS, versions
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
            self._frames[name] = filtered(self, name) if self.filters else self.whole(name)
        return own(self._frames[name], self._origin)

    def computed(self, what: Hashable, tables: Iterable[str], compute: Callable[[], Any]) -> Any:
        """The frame computed from these tables, kept for all datasets of the same rows."""
        if self.backend == "duckdb":  # a relation is a query, not yet a result
            return compute()
        # Filters look into other tables than those read.
        rows = (self.filters, self._versions[""] if self.filters else None)
        key = ("computed", what, self.backend, rows, *map(self.key, tables))
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

    def key(self, name: str) -> tuple[Hashable, ...]:
        """What the table is kept under: the same for all who may see the same of it."""
        entities = QUERIES[name][1]
        moved = tuple(self._versions[e] for e in entities) or (
            self._versions[""],
            self._versions["load"],
        )
        # Taking a person out alters what the journal says without adding to each table's part.
        moved += (self._versions[FORGOTTEN],)
        scope = self.scope.of_table(name)
        return (str(self.engine.url), name, self.as_of, self.known_at, scope, moved)

    def whole(self, name: str) -> Any:
        """The table as a frame, filters aside."""
        arrow = self.arrow(name)
        if self.backend == "pyarrow":
            return arrow
        return SHELF.get(
            (self.key(name), self.backend), lambda: self._converted(arrow), lambda _: arrow.nbytes
        )

    def arrow(self, name: str) -> pa.Table:
        """The table as it was read, filters aside."""
        return SHELF.get(self.key(name), lambda: self._read(name), lambda made: made.nbytes)

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
