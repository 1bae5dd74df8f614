"""Whether the tables say what the journal says: every record, version and period, replayed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from workbench.store.batch import period_columns, period_rows
from workbench.store.replay import SUBJECTS, Event, Subject, by_record, state
from workbench.store.rows import AT_ONCE, columns_of, defaults_of, events_of, plain_value, table_of
from workbench.store.schema import ENTITIES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import Connection, Engine


@dataclass(frozen=True)
class Difference:
    """Where a table and the journal disagree; `what` is a field, "version", "record" or periods."""

    entity: str
    record_id: int
    what: str
    stored: Any
    journal: Any


def check(engine: Engine) -> list[Difference]:
    """Replay the whole journal beside the tables, in one read transaction.

    Returns:
        What differs; nothing, where all is well.
    """
    with engine.connect() as connection, connection.begin():
        return [found for entity in ENTITIES for found in _entity(connection, entity)]


def differing(connection: Connection, records: Mapping[str, Iterable[int]]) -> list[Difference]:
    """Replay the journal of some records alone, by entity and id; their periods aside."""
    found: list[Difference] = []
    for entity, ids in sorted(records.items()):
        listed = sorted(ids)
        for start in range(0, len(listed), AT_ONCE):
            some = listed[start : start + AT_ONCE]
            found += _records(connection, entity, events_of(connection, entity, some), some)
    return found


def _entity(connection: Connection, entity: str) -> Iterator[Difference]:
    events = events_of(connection, entity)
    yield from _records(connection, entity, events)
    held = dict(by_record(events))
    for subject in SUBJECTS:
        if subject.entity == entity:
            yield from _periods(connection, subject, held)


def _records(
    connection: Connection, entity: str, events: list[Event], ids: list[int] | None = None
) -> Iterator[Difference]:
    table, columns = table_of(entity), columns_of(entity)
    versions = Counter(event.record_id for event in events)
    held = dict(by_record(events))
    said = {id_: fields for id_, some in held.items() if (fields := state(some)) is not None}
    usual = defaults_of(entity)
    rows = select(table).order_by(table.c.id)
    if ids is not None:
        rows = rows.where(table.c.id.in_(ids))
    for row in connection.execute(rows).mappings():
        id_ = row["id"]
        fields = said.pop(id_, None)
        if fields is None:
            yield Difference(entity, id_, "record", "there", "not there")
            continue
        if row["version"] != versions[id_]:
            yield Difference(entity, id_, "version", row["version"], versions[id_])
        for name, column in columns.items():
            stored = plain_value(row[name], column)
            wanted = fields.get(name, usual.get(name))
            if stored != wanted:
                yield Difference(entity, id_, name, stored, wanted)
    for id_ in said:
        yield Difference(entity, id_, "record", "not there", "there")


def _periods(
    connection: Connection, subject: Subject, held: dict[int, list[Event]]
) -> Iterator[Difference]:
    names, table = period_columns(subject), table_of(subject.table)
    wanted = Counter(
        line for id_, some in held.items() for line in _texts(period_rows(subject, id_, some))
    )
    found = connection.execute(select(*(table.c[name] for name in names)))
    there = Counter(
        _texts(
            [[plain_value(v, table.c[n]) for n, v in zip(names, row, strict=True)] for row in found]
        )
    )
    for line in there - wanted:
        yield Difference(subject.entity, int(line[0]), subject.table, line[1:], None)
    for line in wanted - there:
        yield Difference(subject.entity, int(line[0]), subject.table, None, line[1:])


def _texts(rows: Iterable[Sequence[Any]]) -> list[tuple[str, ...]]:
    """Period rows that compare: 1 and 1.0 are the same amount."""
    return [
        tuple(f"{value:.12g}" if isinstance(value, int | float) else str(value) for value in row)
        for row in rows
    ]
