"""A batch: the one transaction in which records are created, set and deleted.

Writes the journal first, then what is derived from it: the records' current values and versions,
and the periods. Who may change what, and by which rules, is asked before, in `journal`.
"""

from __future__ import annotations

import datetime as dt
import math
import secrets
from collections import Counter, defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import pandas as pd
from sqlalchemy import Boolean, Date, Float, Integer, delete, func, select, update
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from workbench.locale import missing
from workbench.store import outbox, schema
from workbench.store.engine import writing
from workbench.store.promotion import Written, promotions
from workbench.store.replay import (
    BEGINNING,
    SUBJECTS,
    Event,
    Subject,
    by_record,
    decode,
    periods,
    state,
)
from workbench.store.rules import Rules
from workbench.store.schema import ENTITIES, Change, Money
from workbench.vocabulary import Surface

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import Column, Connection, Engine, Table

NOT_BUSINESS = ("id", "version")  # columns that the journal doesn't carry
AT_ONCE = 5_000  # ids listed in one statement


@dataclass(frozen=True)
class Author:
    """Who changes, from where, and why."""

    user: str
    surface: Surface
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a setting stands among the others of its field: what it replaces, what holds then."""

    was: Any
    now: Any


@dataclass(frozen=True, slots=True)
class Setting:
    """A field's new value, waiting to be written; JSON-plain.

    `placed` where that is known already; else the record's journal is read for it.
    """

    record_id: int
    field: str
    value: Any
    effective: dt.date
    reason: str | None = None
    undoes: int | None = None
    placed: Placed | None = None


@dataclass(frozen=True, slots=True)
class Undo:
    """A row of the journal that undoes another: what it did, the other way round."""

    entity: str
    record_id: int
    op: str
    field: str | None
    old: str | None
    new: str | None
    effective: dt.date
    undoes: int


def table_of(entity: str) -> Table:
    """The SQL table of an entity."""
    found: Table = schema.Base.metadata.tables[entity]
    return found


@cache
def columns_of(entity: str) -> dict[str, Column[Any]]:
    """The columns that the journal carries for an entity, by name."""
    return {c.name: c for c in table_of(entity).columns if c.name not in NOT_BUSINESS}


def plain(values: pd.Series[Any], column: Column[Any]) -> list[Any]:
    """A column as JSON-plain values: dates in ISO form, money to the cent, None for missing."""
    missing = values.isna().to_numpy()
    if isinstance(column.type, Date):
        days = pd.to_datetime(values).to_numpy().astype("datetime64[D]")
        out: Any = np.datetime_as_string(days, unit="D").astype(object)
    elif isinstance(column.type, Money):
        cents = pd.to_numeric(values.astype(object).where(~missing, 0)).astype(float)
        out = cents.round(2).to_numpy().astype(object)
    elif isinstance(column.type, Boolean):
        out = (
            values.astype(object)
            .where(~missing, other=False)
            .astype(bool)
            .to_numpy()
            .astype(object)
        )
    elif isinstance(column.type, Integer):
        out = values.astype(object).where(~missing, 0).astype("int64").to_numpy().astype(object)
    elif isinstance(column.type, Float):
        out = values.astype(object).where(~missing, 0).astype(float).to_numpy().astype(object)
    else:
        out = values.astype(object).to_numpy(copy=True)
    out[missing] = None
    return list(out.tolist())


def _day(value: Any) -> str:
    if not isinstance(value, str):
        value = pd.Timestamp(value).isoformat()
    return str(dt.datetime.fromisoformat(value).date().isoformat())


def _cents(value: Any) -> float:
    cents = float(Decimal(str(value)).quantize(schema.CENT))
    if not abs(cents) < MOST:
        raise ValueError(value)
    return cents


def _flag(value: Any) -> bool:
    """True or false, as people write them too.

    >>> _flag("oui"), _flag("FALSE"), _flag(0)
    (True, False, False)
    """
    return FLAGS[str(value).strip().lower()]


def _whole(value: Any) -> int:
    whole = int(value)
    if not abs(whole) < LARGEST or (not isinstance(value, str) and whole != value):
        raise ValueError(value)
    return whole


def _number(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(value)
    return number


MOST = 10**12  # of money, in euros: what the column holds
LARGEST = 2**63
FLAGS = dict.fromkeys(("true", "oui", "yes", "vrai", "1", "1.0"), True) | dict.fromkeys(
    ("false", "non", "no", "faux", "0", "0.0"), False
)
PLAIN: tuple[tuple[type[Any], Callable[[Any], Any]], ...] = (
    (Date, _day),
    (Money, _cents),
    (Boolean, _flag),
    (Integer, _whole),
    (Float, _number),
)


@cache
def _plainly(column: Column[Any]) -> Callable[[Any], Any]:
    for kind, plainly in PLAIN:
        if isinstance(column.type, kind):
            return plainly
    return str


def plain_value(value: Any, column: Column[Any]) -> Any:
    """One value as the journal writes it.

    Raises:
        ValueError, TypeError, LookupError, ArithmeticError: the value isn't of the column's kind.
    """
    return None if missing(value) else _plainly(column)(value)


def insert(connection: Connection, table: Table, names: Sequence[str], rows: Iterable[Any]) -> None:
    """Insert plain rows: COPY on PostgreSQL, executemany on SQLite."""
    quoted = ", ".join(f'"{name}"' for name in names)
    cursor: Any = connection.connection.cursor()
    if connection.dialect.name == "postgresql":
        with cursor.copy(f'COPY "{table.name}" ({quoted}) FROM STDIN') as copy:
            for row in rows:
                copy.write_row(row)
        return
    marks = ", ".join("?" for _ in names)
    listed = list(rows)
    if listed:
        cursor.executemany(
            f'INSERT INTO "{table.name}" ({quoted}) VALUES ({marks})',  # noqa: S608 - our names
            listed,
        )


def chunks(ids: Iterable[int]) -> Iterator[list[int]]:
    """Ids in order, as many at a time as one statement lists."""
    listed = sorted(set(ids))
    for start in range(0, len(listed), AT_ONCE):
        yield listed[start : start + AT_ONCE]


def rows_of(
    connection: Connection, statement: str, ids: Iterable[int], *more: Any
) -> Iterator[Any]:
    """Rows of a statement that ends before its list of ids; `more` are its own values, before them.

    Asked of the driver itself: what each edit asks is to cost what the database takes for it.
    """
    for some in chunks(ids):
        marks = ", ".join([mark(connection)] * len(some))
        yield from _fetched(connection, f"{statement} ({marks})", (*more, *some))


def _fetched(connection: Connection, statement: str, values: Sequence[Any] = ()) -> list[Any]:
    if not connection.in_transaction():
        connection.begin()
    cursor: Any = connection.connection.cursor()
    cursor.execute(statement, values)
    rows: list[Any] = cursor.fetchall()
    cursor.close()
    return rows


def mark(connection: Connection) -> str:
    """Where a value goes in a statement."""
    return "?" if connection.dialect.name == "sqlite" else "%s"


def records_of(
    connection: Connection, entity: str, ids: Iterable[int], fields: Iterable[str] | None = None
) -> dict[int, dict[str, Any]]:
    """Records by id, with their `id` and `version`, their values as the journal writes them.

    Args:
        connection: of the store.
        entity: the records' table.
        ids: theirs.
        fields: those that are read; all of them where None.
    """
    columns = columns_of(entity)
    names = ("id", "version", *(columns if fields is None else fields))
    quoted = ", ".join(f'"{name}"' for name in names)
    sqlite = connection.dialect.name == "sqlite"
    flags = [name for name in names[2:] if sqlite and isinstance(columns[name].type, Boolean)]
    found = {}
    statement = f'SELECT {quoted} FROM "{entity}" WHERE id IN'  # noqa: S608 - our names
    for row in rows_of(connection, statement, ids):
        record = dict(zip(names, row if sqlite else _plain_row(row), strict=True))
        for name in flags:
            record[name] = None if record[name] is None else bool(record[name])
        found[int(record["id"])] = record
    return found


def events_of(
    connection: Connection,
    entity: str,
    ids: Iterable[int] | None = None,
    upto: int | None = None,
    fields: Iterable[str] = (),
) -> list[Event]:
    """The journal's rows of some records, as events.

    Args:
        connection: of the store.
        entity: the records' table.
        ids: theirs; all of them where None.
        upto: rows with a higher number are left out.
        fields: settings of other fields are left out; none are where none is named.
    """
    here, wanted = mark(connection), list(fields)
    sqlite = connection.dialect.name == "sqlite"
    asked = "SELECT id, record_id, effective, op, field, new, undoes FROM change"
    statement = f"{asked} WHERE entity = {here}"
    values: list[Any] = [entity]
    if upto is not None:
        statement += f" AND id <= {here}"
        values.append(upto)
    if wanted:
        marks = ", ".join([here] * len(wanted))
        statement += f" AND (op <> 'set' OR field IN ({marks}))"
        values += wanted
    rows = (
        _fetched(connection, statement, values)
        if ids is None
        else rows_of(connection, f"{statement} AND record_id IN", ids, *values)
    )
    day = dt.date.fromisoformat if sqlite else _same
    return [
        Event(id_, record, day(effective), op, name, decode(new), undoes)
        for id_, record, effective, op, name, new, undoes in rows
    ]


def _same(value: Any) -> Any:
    return value


@dataclass
class Batch:
    """Changes of one transaction; `journal.batch` opens it.

    Attributes:
        today: the day after which no rule dates what it does; the calendar's where None.
        recorded_at: when it began, or the last one ended where the clock was put back since.
        raised: by entity and id, how many versions the rules have added to a record.
    """

    connection: Connection
    author: Author
    rules: Rules = field(default_factory=Rules)
    today: dt.date | None = None
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    recorded_at: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC))
    _first: int = 0
    _next: int = 0
    _created: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    _settings: dict[str, list[Setting]] = field(default_factory=lambda: defaultdict(list))
    _written: Written = field(default_factory=lambda: Written(defaultdict(set), defaultdict(set)))
    raised: dict[tuple[str, int], int] = field(default_factory=lambda: defaultdict(int))

    def __post_init__(self) -> None:
        newest = "SELECT id, recorded_at FROM change ORDER BY id DESC LIMIT 1"
        for id_, moment in _fetched(self.connection, newest):
            self._next = id_
            self.recorded_at = max(self.recorded_at, _moment(moment))
        self._next = self._first = self._next + 1

    @property
    def day(self) -> dt.date:
        """Today."""
        return self.today or self.recorded_at.date()

    def create(self, entity: str, frame: pd.DataFrame) -> pd.Series[int]:
        """Create records from a frame: fields of the entity, and `effective`, a date.

        Returns:
            Their ids, on the frame's index.
        """
        table = table_of(entity)
        columns = columns_of(entity)
        frame = frame.assign(**{k: v for k, v in defaults_of(entity).items() if k not in frame})
        names = [name for name in frame.columns if name in columns]
        # By the journal: a number that a deleted record had is never another's.
        newest = select(func.max(Change.record_id)).where(Change.entity == entity)
        first = (self.connection.scalar(newest) or 0) + 1
        ids = list(range(first, first + len(frame)))
        values = [plain(frame[name], columns[name]) for name in names]
        rows = list(zip(*values, strict=True)) if values else []
        insert(
            self.connection,
            table,
            ["id", "version", *names],
            ((id_, 1, *row) for id_, row in zip(ids, rows, strict=True)),
        )
        effective = plain(frame["effective"], table_of("change").columns["effective"])
        self._write(
            (id_, day, entity, "create", None, None, snapshot(names, row), None, None)
            for id_, day, row in zip(ids, effective, rows, strict=True)
        )
        self._created[entity] += ids
        self._written.created[entity].update(ids)
        return pd.Series(ids, index=frame.index, dtype="int64")

    def set(self, entity: str, frame: pd.DataFrame) -> None:
        """Set fields: a frame of `record_id`, `field`, `value`, `effective`."""
        columns = columns_of(entity)
        days = pd.to_datetime(frame["effective"]).dt.date
        self._settings[entity] += [
            Setting(int(record), name, plain_value(value, columns[name]), day)
            for record, name, value, day in zip(
                frame["record_id"], frame["field"], frame["value"].astype(object), days, strict=True
            )
        ]

    def add(self, entity: str, setting: Setting) -> None:
        """Set one field."""
        self._settings[entity].append(setting)

    def delete(self, entity: str, ids: Iterable[int], effective: dt.date | None = None) -> None:
        """Delete records that a source no longer has; the journal keeps what they held."""
        table = table_of(entity)
        names = list(columns_of(entity))
        day = (effective or self.recorded_at.date()).isoformat()
        for some in chunks(ids):
            held = self.connection.execute(
                select(table.c.id, *(table.c[name] for name in names)).where(table.c.id.in_(some))
            ).all()
            self._write(
                (
                    row[0],
                    day,
                    entity,
                    "delete",
                    None,
                    snapshot(names, _plain_row(row[1:])),
                    None,
                    None,
                    None,
                )
                for row in held
            )
            self.connection.execute(delete(table).where(table.c.id.in_(some)))

    def forget(self) -> None:
        """Drop what waits; nothing of it was written."""
        self._settings.clear()

    def settle(self) -> None:
        """Write what waits, then what follows from it: current values, versions, periods, rules."""
        if not (self._settings or self._created or self._written.created or self._written.changed):
            return
        self._settle_all()
        author = self.author
        self.author = Author(BY_RULE, Surface.RULE)
        rules = self.rules.promotions
        while found := promotions(self.connection, self._taken(), rules, self.day):
            for one in found:
                if one.name:
                    self.raised[one.entity, one.record_id] += 1
                    column = columns_of(one.entity)[one.name]
                    value = plain_value(one.value, column)
                    setting = Setting(one.record_id, one.name, value, one.effective, one.reason)
                    self.add(one.entity, setting)
                else:
                    self.author = Author(BY_RULE, Surface.RULE, one.reason)
                    self.create(
                        one.entity, pd.DataFrame([one.fields | {"effective": one.effective}])
                    )
            self.author = Author(BY_RULE, Surface.RULE)
            self._settle_all()
        self.author = author

    def _taken(self) -> Written:
        """What was written since rules were last asked."""
        taken, self._written = self._written, Written(defaultdict(set), defaultdict(set))
        return taken

    def _settle_all(self) -> None:
        for entity in ENTITIES:
            settings, created = self._settings.pop(entity, []), self._created.pop(entity, [])
            for setting in settings:
                if setting.undoes is None:
                    self._written.changed[entity, setting.field].add(setting.record_id)
            if settings or created:
                self._settle(entity, settings, created)

    def _settle(self, entity: str, settings: list[Setting], created: list[int]) -> None:
        moved = _moved(entity, settings, created)
        touched = {setting.record_id for setting in settings}.union(*(ids for _, ids in moved))
        if not touched:
            return
        waiting = dict(enumerate(settings, start=self._next))
        old: dict[int, Any] = {}
        now: dict[int, dict[str, Any]] = defaultdict(dict)
        rows: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
        if moved or any(setting.placed is None for setting in settings):
            for record_id, held in self._held(entity, touched, waiting, moved, old):
                now[record_id] = _walk(held, waiting, old)
                for subject, ids in moved:
                    if record_id in ids:
                        rows[subject.table] += period_rows(subject, record_id, held)
        else:
            for id_, setting in waiting.items():
                if setting.placed is not None:
                    old[id_] = setting.placed.was
                    now[setting.record_id][setting.field] = setting.placed.now
        first = self._next
        self._write(
            (
                s.record_id,
                s.effective.isoformat(),
                entity,
                "set",
                s.field,
                None if old.get(id_) is None else orjson.dumps(old[id_]).decode(),
                orjson.dumps(s.value).decode(),
                s.reason,
                s.undoes,
            )
            for id_, s in waiting.items()
        )
        self._update(entity, settings, now)
        self._queue(entity, first)
        for subject, ids in moved:
            self._replace_periods(subject, ids, rows[subject.table])

    def _held(
        self,
        entity: str,
        ids: Collection[int],
        waiting: Mapping[int, Setting],
        moved: Iterable[tuple[Subject, Collection[int]]],
        old: dict[int, Any],
    ) -> Iterator[tuple[int, list[Event]]]:
        """What is held of these records in the fields that matter, with what waits."""
        fields = {s.field for s in waiting.values()}.union(*(one.fields for one, _ in moved))
        events = events_of(self.connection, entity, ids, fields=sorted(fields))
        # An undoing has no place in the order of effect: what it replaces is what it undoes.
        values = {event.id: event.value for event in events if event.op == "set"}
        old |= {id_: values.get(s.undoes) for id_, s in waiting.items() if s.undoes is not None}
        events += [
            Event(id_, s.record_id, s.effective, "set", s.field, s.value, s.undoes)
            for id_, s in waiting.items()
        ]
        return by_record(events)

    def _update(
        self, entity: str, settings: Iterable[Setting], now: Mapping[int, Mapping[str, Any]]
    ) -> None:
        """Give records their values in the fields that were set, and a version for each setting."""
        times: dict[int, dict[str, int]] = defaultdict(dict)
        for setting in settings:
            of = times[setting.record_id]
            of[setting.field] = of.get(setting.field, 0) + 1
        alike: dict[tuple[str, ...], list[tuple[Any, ...]]] = defaultdict(list)
        for id_, of in times.items():
            alike[tuple(of)].append((*map(now[id_].get, of), sum(of.values()), id_))
        here = mark(self.connection)
        for names, rows in alike.items():
            sets = ", ".join(f'"{name}" = {here}' for name in names)
            cursor: Any = self.connection.connection.cursor()
            cursor.executemany(
                f'UPDATE "{entity}" SET {sets}, version = version + {here} WHERE id = {here}',  # noqa: S608 - our names
                rows,
            )

    def _queue(self, entity: str, first: int) -> None:
        """Put what was written from that number on into the outbox, but for what a source said."""
        if self.author.surface is not Surface.LOAD:
            outbox.queue(self.connection, entity, first, self._next - 1)

    def undo(self, undos: Sequence[Undo]) -> None:
        """Write these rows, then bring the records to what the journal now says of them."""
        first = self._next
        self._write(
            (
                u.record_id,
                u.effective.isoformat(),
                u.entity,
                u.op,
                u.field,
                u.old,
                u.new,
                None,
                u.undoes,
            )
            for u in undos
        )
        touched: dict[str, set[int]] = defaultdict(set)
        for one in undos:
            touched[one.entity].add(one.record_id)
        gone: dict[str, list[int]] = {}
        for entity in ENTITIES:
            if entity in touched:
                gone[entity] = self.rebuild(entity, touched[entity])
                self._queue(entity, first)
        for entity in reversed(list(gone)):
            table = table_of(entity)
            for up in (c.name for c in table.columns if c.references(table.c.id)):
                for some in chunks(gone[entity]):
                    self.connection.execute(
                        update(table).where(table.c.id.in_(some)).values({up: None})
                    )
            for some in chunks(gone[entity]):
                self.connection.execute(delete(table).where(table.c.id.in_(some)))

    def rebuild(self, entity: str, ids: Collection[int]) -> list[int]:
        """Bring records and their periods to what the journal says, missing ones put back.

        Returns:
            Those that are there no more: their rows still stand, for what refers to them.
        """
        table, names = table_of(entity), list(columns_of(entity))
        events = events_of(self.connection, entity, ids)
        versions = Counter(event.record_id for event in events)
        held = dict(by_record(events))
        there = {
            id_
            for some in chunks(ids)
            for (id_,) in self.connection.execute(select(table.c.id).where(table.c.id.in_(some)))
        }
        usual = defaults_of(entity)
        up = next((c.name for c in table.columns if c.references(table.c.id)), None)
        gone, rows, periods_ = [], [], {s.table: [] for s in SUBJECTS}  # type: ignore[var-annotated]
        for id_ in sorted(ids):
            fields = state(held.get(id_, []))
            if fields is None:
                gone.append(id_)
                continue
            rows.append((id_, versions[id_], *map({**usual, **fields}.get, names)))
            for subject in SUBJECTS:
                if subject.entity == entity:
                    periods_[subject.table] += period_rows(subject, id_, held[id_])
        self._put(entity, ["version", *names], [row for row in rows if row[0] in there])
        fresh = [row for row in rows if row[0] not in there]
        place = names.index(up) + 2 if up else None
        insert(
            self.connection,
            table,
            ["id", "version", *names],
            [
                tuple(None if at == place else value for at, value in enumerate(row))
                for row in fresh
            ],
        )
        if up and place:
            self._put(entity, [up], [(row[0], row[place]) for row in fresh if row[place]])
        for subject in SUBJECTS:
            if subject.entity == entity:
                self._replace_periods(subject, ids, periods_[subject.table])
        return gone

    def _put(self, entity: str, names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
        """Give known rows `(id, …)` these values."""
        if not rows:
            return
        here = mark(self.connection)
        sets = ", ".join(f'"{name}" = {here}' for name in names)
        self.connection.exec_driver_sql(
            f'UPDATE "{entity}" SET {sets} WHERE id = {here}',  # noqa: S608 - our names
            [(*row[1:], row[0]) for row in rows],
        )

    def _replace_periods(
        self, subject: Subject, touched: Collection[int], rows: list[tuple[Any, ...]]
    ) -> None:
        table = table_of(subject.table)
        for some in chunks(touched):
            self.connection.execute(delete(table).where(table.c[subject.key].in_(some)))
        insert(self.connection, table, period_columns(subject), rows)

    def _write(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """Append to the journal, numbering as it goes."""
        author, moment = self.author, self._stored(self.recorded_at)
        first = self._next
        numbered = [
            (
                id_,
                self.id,
                moment,
                effective,
                entity,
                record_id,
                op,
                name,
                old,
                new,
                author.user,
                str(author.surface),
                reason or author.reason,
                undoes,
            )
            for id_, (
                record_id,
                effective,
                entity,
                op,
                name,
                old,
                new,
                reason,
                undoes,
            ) in enumerate(rows, start=first)
        ]
        self._next = first + len(numbered)
        insert(self.connection, table_of("change"), JOURNAL_COLUMNS, numbered)

    def stamp(self) -> None:
        """Give its last change the moment of its end: it is known from then on, not before."""
        if self._next > self._first:
            here = mark(self.connection)
            self.connection.exec_driver_sql(
                f"UPDATE change SET recorded_at = {here} WHERE id = {here}",  # noqa: S608 - a mark
                (
                    self._stored(max(self.recorded_at, dt.datetime.now(dt.UTC))),
                    self._next - 1,
                ),
            )

    def _stored(self, moment: dt.datetime) -> str:
        sqlite = self.connection.dialect.name == "sqlite"
        return stored(moment) if sqlite else moment.isoformat()


USUAL = Rules()
BY_RULE = "workbench"  # who the journal names where a rule acted

JOURNAL_COLUMNS = (
    "id", "batch", "recorded_at", "effective", "entity", "record_id", "op",
    "field", "old", "new", "user", "surface", "reason", "undoes",
)  # fmt: skip


@cache
def defaults_of(entity: str) -> dict[str, Any]:
    """What a column that can't be empty holds where nothing is said."""
    return {
        name: column.default.arg
        for name, column in columns_of(entity).items()
        if not column.nullable and isinstance(column.default, ScalarElementColumnDefault)
    }


def stored(moment: dt.datetime) -> str:
    """A UTC moment as SQLite keeps it.

    >>> stored(dt.datetime(2026, 9, 30, 18, tzinfo=dt.UTC))
    '2026-09-30 18:00:00.000000'
    """
    return moment.replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")


def _moment(held: str | dt.datetime) -> dt.datetime:
    """A moment as the database's driver gives it."""
    if isinstance(held, str):
        return dt.datetime.fromisoformat(held).replace(tzinfo=dt.UTC)
    return held


def snapshot(names: Sequence[str], row: Sequence[Any]) -> str:
    """A record as JSON; what is empty is left out."""
    return orjson.dumps(
        {name: value for name, value in zip(names, row, strict=True) if value is not None}
    ).decode()


def _plain_row(row: Sequence[Any]) -> list[Any]:
    return [
        value.isoformat() if isinstance(value, dt.date)
        else float(value) if isinstance(value, Decimal)
        else value
        for value in row
    ]  # fmt: skip


def period_columns(subject: Subject) -> list[str]:
    """The columns of a subject's period rows, as `period_rows` gives them."""
    deal = ["sequence", "stage_since"] if subject.lead == "stage_id" else []
    return [subject.key, *deal, *subject.fields.values(), "valid_from", "valid_to"]


def period_rows(subject: Subject, record_id: int, held: list[Event]) -> list[tuple[Any, ...]]:
    """A record's period rows of a subject, plain; a deal's carry since when it is in its stage."""
    rows = []
    since_stage: tuple[Any, dt.date] | None = None
    for position, (values, since, until) in enumerate(periods(subject, held)):
        deal: list[Any] = []
        if subject.lead == "stage_id":
            if since_stage is None or since_stage[0] != values[0]:
                since_stage = (values[0], since)
            known = since_stage[1] > BEGINNING
            deal = [position, since_stage[1].isoformat() if known else None]
        ends = None if until is None else until.isoformat()
        rows.append((record_id, *deal, *values, since.isoformat(), ends))
    return rows


def _walk(held: list[Event], waiting: Collection[int], old: dict[int, Any]) -> dict[str, Any]:
    """A record's fields after what is held; into `old` goes what each that waits replaces."""
    current = dict(held[0].value)
    for event in held[1:]:
        if event.id in waiting:
            old[event.id] = current.get(str(event.field))
        current[str(event.field)] = event.value
    return current


def _moved(
    entity: str, settings: Iterable[Setting], created: Collection[int]
) -> list[tuple[Subject, set[int]]]:
    """The subjects that have periods to be written, each with its records."""
    subjects = [subject for subject in SUBJECTS if subject.entity == entity]
    found = [
        (subject, {one.record_id for one in settings if one.field in subject.fields}.union(created))
        for subject in subjects
    ]
    return [(subject, ids) for subject, ids in found if ids]


@contextmanager
def batch(
    engine: Engine, author: Author, rules: Rules | None = None, today: dt.date | None = None
) -> Iterator[Batch]:
    """One write transaction on the journal; settles and commits at its end, or leaves no trace.

    Args:
        engine: the store.
        author: who changes.
        rules: those that act by themselves on what is written; the usual ones if left out.
        today: the day after which no rule dates what it does; the calendar's if left out.
    """
    with writing(engine) as connection:
        opened = Batch(connection, author, rules or USUAL, today)
        yield opened
        opened.settle()
        opened.stamp()
