"""A batch: the one transaction in which records are created, set and deleted.

Writes the journal first, then what is derived from it: the records' current values and versions,
and the periods. Who may change what, and by which rules, is asked before, in `journal`.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections import Counter, defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson
import pandas as pd
from sqlalchemy import delete, func, select, update

from workbench.store import outbox
from workbench.store.engine import writing
from workbench.store.promotion import Written, promotions
from workbench.store.replay import (
    BEGINNING,
    SUBJECTS,
    Event,
    Subject,
    by_record,
    periods,
    state,
)
from workbench.store.rows import (
    chunks,
    columns_of,
    defaults_of,
    events_of,
    fetched,
    insert,
    mark,
    moment_of,
    plain,
    plain_row,
    plain_value,
    run,
    snapshot,
    stored,
    table_of,
)
from workbench.store.rules import Rules
from workbench.store.schema import ENTITIES, Change
from workbench.vocabulary import Surface

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import Connection, Engine


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
        for id_, moment in fetched(self.connection, newest):
            self._next = id_
            self.recorded_at = max(self.recorded_at, moment_of(moment))
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
                    snapshot(names, plain_row(row[1:])),
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
            run(
                self.connection,
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
        run(
            self.connection,
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
            ended = self._stored(max(self.recorded_at, dt.datetime.now(dt.UTC)))
            run(
                self.connection,
                f"UPDATE change SET recorded_at = {here} WHERE id = {here}",  # noqa: S608 - a mark
                [(ended, self._next - 1)],
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
