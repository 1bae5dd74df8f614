"""What was changed here and the source of the record has yet to learn.

Each accepted change to a record that a source brought puts one row in the outbox, in its own
transaction. What waits is worked out from there: a field whose value differs from what the source
holds, as far as its loads, its conflicts and what was delivered to it tell. Several edits of one
field are one value to send, an edit that was undone none.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby
from typing import TYPE_CHECKING, Any

from sqlalchemy import Table, select, update

from workbench.errors import UnknownName
from workbench.store.conflicts import BY_ITSELF
from workbench.store.engine import writing
from workbench.store.privacy.fields import ANONYMISED
from workbench.store.replay import Event, active, by_record, decode, state
from workbench.store.rows import mark as sql_mark
from workbench.store.rows import run
from workbench.store.schema import ENTITIES, Base, Change, Outbox
from workbench.vocabulary import Surface

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import Connection, Engine, Row

SENT = ("rep", "account", "contact", "opportunity")
"""What a CRM keeps and people change here; a ledger is never corrected from outside."""
AT_ONCE = 5_000
CHANGE: Table = Base.metadata.tables["change"]
CONFLICT: Table = Base.metadata.tables["source_conflict"]
Key = tuple[str, int, str]  # entity, record, field


class Standing(StrEnum):
    """How far a change has come on its way back to its source."""

    WAITING = "waiting"
    FAILED = "failed"  # refused there: stays, and is written out again
    DELIVERED = "delivered"
    ARRIVED = "arrived"  # a load has shown our value
    PASSED = "passed"  # followed by another before it was sent, or come to nothing


OPEN = (Standing.WAITING, Standing.FAILED)
TOLD = (Standing.DELIVERED, Standing.ARRIVED)


@dataclass(frozen=True)
class Entry:
    """A field of a record whose source has yet to learn our value, or was told it.

    Attributes:
        change: the change that made the value; `upto` the field's newest one.
        value: ours, JSON-plain; `known` what the source holds, as far as it told.
        disputed: the source has moved, too: nothing is sent until somebody settles it.
    """

    change: int
    upto: int
    source: str
    entity: str
    record_id: int
    code: str
    field: str
    value: Any
    known: Any
    standing: Standing
    user: str
    recorded_at: dt.datetime
    at: dt.datetime | None = None
    reason: str | None = None
    disputed: bool = False

    @property
    def key(self) -> Key:
        """Which field of which record."""
        return (self.entity, self.record_id, self.field)


@dataclass
class Records:
    """What stands here and what sources hold of some records, JSON-plain."""

    ours: dict[Key, Any] = field(default_factory=dict)
    theirs: dict[Key, Any] = field(default_factory=dict)
    disputed: set[Key] = field(default_factory=set)


def queue(connection: Connection, entity: str, first: int, last: int) -> None:
    """Put the settings among these changes of an entity in, of records that a source brought.

    Undoing what a load said, or redoing it, is nothing that the source should learn, nor are
    confidential notes, nor what is said of a record that is nobody's any more: the source knows it
    by another name.
    """
    if entity not in SENT or last < first:
        return
    gone = ANONYMISED in Base.metadata.tables[entity].columns
    somebody = f"AND r.{ANONYMISED} IS NULL AND c.field <> '{ANONYMISED}' " if gone else ""
    here = sql_mark(connection)
    run(
        connection,
        "INSERT INTO outbox (change_id, source, state) "  # noqa: S608 - our own names
        f"SELECT c.id, r.source, 'waiting' FROM change c JOIN \"{entity}\" r ON r.id = c.record_id "
        f"WHERE c.id BETWEEN {here} AND {here} AND c.entity = {here} AND c.op = 'set' "
        f"{somebody}AND c.field <> 'confidential_note' AND r.source <> '' "
        "AND (c.undoes IS NULL OR 'load' <> (WITH RECURSIVE up AS ("
        "SELECT id, undoes, surface FROM change WHERE id = c.undoes UNION ALL "
        "SELECT p.id, p.undoes, p.surface FROM change p JOIN up ON p.id = up.undoes) "
        "SELECT surface FROM up WHERE undoes IS NULL))",
        [(first, last, entity)],
    )


def waiting(engine: Engine, source: str | None = None) -> list[Entry]:
    """What sources have yet to learn, failed and disputed values too, by entity and record."""
    with engine.connect() as connection, connection.begin():
        rows = _rows(connection, OPEN, source)
        about = records(connection, {(row.entity, row.record_id) for row in rows})
        codes = _codes(connection, rows)
    found = []
    for key, group in _fields(rows):
        ours, theirs = about.ours.get(key), about.theirs.get(key)
        if ours == theirs or (key[0], key[1]) not in codes:
            continue
        last = group[-1]
        made = next((row for row in reversed(group) if decode(row.new) == ours), last)
        found.append(
            Entry(
                made.id, last.id, last.source, *key[:2], codes[key[0], key[1]], key[2], ours,
                theirs, Standing(last.state), made.user, made.recorded_at, last.at, last.reason,
                disputed=key in about.disputed,
            )
        )  # fmt: skip
    return found


def told(engine: Engine, source: str | None = None) -> list[Entry]:
    """What was delivered or has arrived."""
    with engine.connect() as connection, connection.begin():
        rows = _rows(connection, TOLD, source)
        codes = _codes(connection, rows)
    return [_as_told(row, codes) for row in rows]


def sent(connection: Connection, source: str, entity: str) -> list[Entry]:
    """Each change that waits or was delivered, the newest of a field last."""
    rows = _rows(connection, (*OPEN, Standing.DELIVERED), source, entity)
    codes = _codes(connection, rows)
    return [_as_told(row, codes) for row in rows]


def _as_told(row: Row[Any], codes: Mapping[tuple[str, int], str]) -> Entry:
    return Entry(
        row.id, row.id, row.source, row.entity, row.record_id,
        codes.get((row.entity, row.record_id), ""), row.field, decode(row.new), None,
        Standing(row.state), row.user, row.recorded_at, row.at, row.reason,
    )  # fmt: skip


def records(connection: Connection, keys: Iterable[tuple[str, int]]) -> Records:
    """What stands in these records, and what their sources hold as far as they told."""
    by_entity: dict[str, list[int]] = defaultdict(list)
    for entity, id_ in keys:
        by_entity[entity].append(id_)
    found = Records()
    for entity, ids in by_entity.items():
        rows = list(_of(connection, CHANGE, entity, ids))
        told = _by_loads(entity, rows)
        for row in _of(connection, CONFLICT, entity, ids):
            if row.settled_by == BY_ITSELF:  # the source says something else since
                continue
            key = (entity, row.record_id, row.field)
            told.append((row.met_at, key, decode(row.theirs)))
            if row.settled_at is None:
                found.disputed.add(key)
        sent: dict[int, Any] = {
            id_: at
            for some in _chunks(ids)
            for id_, at in connection.execute(
                select(Outbox.change_id, Outbox.at)
                .join(Change, Change.id == Outbox.change_id)
                .where(Change.entity == entity, Change.record_id.in_(some), Outbox.state.in_(TOLD))
            )
        }
        for row in rows:
            if row.id in sent:
                told.append((sent[row.id], (entity, row.record_id, row.field), decode(row.new)))
        found.theirs |= {key: value for _, key, value in sorted(told, key=lambda one: one[0])}
        for id_, held in by_record(map(_event, rows)):
            fields = state(held) or {}
            found.ours |= {(entity, id_, name): value for name, value in fields.items()}
    return found


def _by_loads(entity: str, rows: list[Row[Any]]) -> list[tuple[dt.datetime, Key, Any]]:
    """The last value in order of effect that loads told of each field, and when they did."""
    moments = {row.id: row.recorded_at for row in rows if row.surface == Surface.LOAD}
    events = [_event(row) for row in rows if row.id in moments or row.undoes is not None]
    last: dict[Key, tuple[dt.datetime, Key, Any]] = {}
    for event in active(events):
        fields = event.value if event.op == "create" else {str(event.field): event.value}
        for name, value in fields.items() if event.op != "delete" else ():
            key = (entity, event.record_id, name)
            last[key] = (moments[event.id], key, value)
    return list(last.values())


def _event(row: Row[Any]) -> Event:
    return Event(
        row.id, row.record_id, row.effective, row.op, row.field, decode(row.new), row.undoes
    )


def mark(
    engine: Engine, entries: Iterable[Entry], standing: Standing, reason: str | None = None
) -> int:
    """Mark values as delivered or failed; what was changed since they were read stays waiting.

    Returns:
        How many were marked.
    """
    count = 0
    with writing(engine) as connection:
        now = dt.datetime.now(dt.UTC)
        for one in entries:
            _pass(connection, one.key, one.upto)
            _stand(connection, [one.change], standing, now, reason)
            count += 1
    return count


def arrive(
    connection: Connection,
    entity: str,
    source: str,
    said: Callable[[int, str], tuple[Any, Any] | None],
    moment: dt.datetime,
) -> None:
    """Mark what a load shows as ours as arrived there, before the load is compared with the store.

    Args:
        connection: of the load's batch.
        entity: which the load tells of.
        source: whose load it is.
        said: for a record and a field, the source's value and ours; None where it says nothing.
        moment: of the load.
    """
    rows = _rows(connection, (*OPEN, Standing.DELIVERED), source, entity)
    about: Records | None = None
    for key, group in _fields(rows):
        values = said(key[1], key[2])
        if values is None:
            continue
        theirs, ours = values
        # What the source wasn't told of is its own word where it doesn't stand here, or did before.
        known = [row for row in group if row.state == Standing.DELIVERED]
        if theirs == ours:
            about = about or records(connection, {(row.entity, row.record_id) for row in rows})
            if about.theirs.get(key) != theirs:
                known = group
        shown = next((row for row in reversed(known) if decode(row.new) == theirs), None)
        if shown is not None:
            upto = group[-1] if theirs == ours else shown
            _pass(connection, key, upto.id, (*OPEN, Standing.DELIVERED))
            _stand(connection, [shown.id], Standing.ARRIVED, moment, None)


def again(connection: Connection, key: Key) -> None:
    """Send ours once more: the source has another value, and ours was kept."""
    entity, record_id, name = key
    newest = connection.scalar(
        select(Outbox.change_id)
        .join(Change, Change.id == Outbox.change_id)
        .where(Change.entity == entity, Change.record_id == record_id, Change.field == name)
        .order_by(Outbox.change_id.desc())
        .limit(1)
    )
    if newest is not None:
        _stand(connection, [newest], Standing.WAITING, None, None)


def one(engine: Engine, change: int) -> Entry:
    """The entry of that number, waiting or delivered.

    Raises:
        UnknownName: none has it.
    """
    entries = [*waiting(engine), *told(engine)]
    for entry in entries:
        if entry.change == change and entry.standing is not Standing.ARRIVED:
            return entry
    numbers = [str(entry.change) for entry in entries if entry.standing is not Standing.ARRIVED]
    raise UnknownName("change in the outbox", str(change), numbers)


def _rows(
    connection: Connection,
    standings: Sequence[Standing],
    source: str | None = None,
    entity: str | None = None,
) -> Sequence[Any]:
    query: Any = (
        select(
            Change.id, Change.entity, Change.record_id, Change.field, Change.new, Change.user,
            Change.recorded_at, Outbox.source, Outbox.state, Outbox.at, Outbox.reason,
        )
        .join(Outbox, Outbox.change_id == Change.id)
        .where(Outbox.state.in_(standings))
        .order_by(Change.entity, Change.record_id, Change.field, Change.id)
    )  # fmt: skip
    if source is not None:
        query = query.where(Outbox.source == source)
    if entity is not None:
        query = query.where(Change.entity == entity)
    return connection.execute(query).all()


def _fields(rows: Iterable[Row[Any]]) -> Iterator[tuple[Key, list[Row[Any]]]]:
    """Rows by field of a record, the newest change last."""
    for key, group in groupby(rows, key=lambda row: (row.entity, row.record_id, row.field)):
        yield key, list(group)


def _codes(connection: Connection, rows: Iterable[Row[Any]]) -> Mapping[tuple[str, int], str]:
    ids: dict[str, set[int]] = defaultdict(set)
    for row in rows:
        ids[row.entity].add(row.record_id)
    return {
        (entity, id_): code
        for entity, some in ids.items()
        for chunk in _chunks(some)
        for id_, code in connection.execute(
            select(ENTITIES[entity].id, ENTITIES[entity].code).where(ENTITIES[entity].id.in_(chunk))
        )
    }


def _of(
    connection: Connection, table: Table, entity: str, ids: Iterable[int]
) -> Iterator[Row[Any]]:
    """An entity's rows about these records."""
    for some in _chunks(ids):
        yield from connection.execute(
            select(table)
            .where(table.c.entity == entity, table.c.record_id.in_(some))
            .order_by(table.c.id)
        )


def _chunks(ids: Iterable[int]) -> Iterator[list[int]]:
    listed = sorted(set(ids))
    for start in range(0, len(listed), AT_ONCE):
        yield listed[start : start + AT_ONCE]


def _pass(
    connection: Connection, key: Key, upto: int, standings: Sequence[Standing] = OPEN
) -> None:
    entity, record_id, name = key
    of_field = select(Change.id).where(
        Change.entity == entity,
        Change.record_id == record_id,
        Change.field == name,
        Change.id <= upto,
    )
    connection.execute(
        update(Outbox)
        .where(Outbox.change_id.in_(of_field), Outbox.state.in_(standings))
        .values(state=Standing.PASSED)
    )


def _stand(
    connection: Connection,
    changes: Sequence[int],
    standing: Standing,
    at: dt.datetime | None,
    reason: str | None,
) -> None:
    connection.execute(
        update(Outbox)
        .where(Outbox.change_id.in_(changes))
        .values(state=str(standing), at=at, reason=reason)
    )
