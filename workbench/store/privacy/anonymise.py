"""Takes people out of the store for good, while every total stays: ids, dates, amounts, statuses.

`plan` says what would go; `anonymise` does it in one batch, and leaves one entry per record in the
journal, which names nobody. It is the one thing that alters what the journal has written: the same
values go from there and from the tables, and unless the one still is what the other says, nothing
is written.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import TYPE_CHECKING

from sqlalchemy import and_, bindparam, insert, select, update

from workbench.errors import NotAllowed, StoreError
from workbench.store import access, access_log, conflicts
from workbench.store.batch import Author, Setting, batch
from workbench.store.check import differing
from workbench.store.outbox import OPEN, Standing
from workbench.store.privacy import key as keys
from workbench.store.privacy.fields import ANONYMISED
from workbench.store.privacy.mentions import Mentions, Reach
from workbench.store.privacy.plan import plan
from workbench.store.rows import table_of
from workbench.store.schema import Change, KeptField, KeptOut, Outbox, SourceConflict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Engine

    from workbench.store.access import Viewer
    from workbench.store.privacy.key import Key
    from workbench.store.privacy.people import Person
    from workbench.store.privacy.plan import Plan, Rewrite
    from workbench.vocabulary import Surface


def allowed(engine: Engine, viewer: Viewer) -> None:
    """Insist that the viewer may anonymise.

    Raises:
        NotAllowed: they may not; that they tried is in the log.
    """
    if viewer.role not in access.ANONYMISERS:
        access_log.forbidden(engine, viewer.username, "anonymise")
        raise NotAllowed(
            f"People are anonymised by {', '.join(sorted(access.ANONYMISERS))}; "
            f"{viewer.username} is {viewer.role}."
        )


def anonymise(
    engine: Engine,
    people: Sequence[Person],
    *,
    viewer: Viewer,
    surface: Surface,
    key: Key,
    reason: str | None = None,
    also: Sequence[str] = (),
    today: dt.date | None = None,
) -> Plan:
    """Take people out of the store; `clean` then takes them out of its files.

    Returns:
        What went.

    Raises:
        NotAllowed: the viewer may not.
        StoreError: the store was done with another key; or the journal would no longer tell what
            the tables hold.
    """
    allowed(engine, viewer)
    day = today or dt.datetime.now(dt.UTC).date()
    with batch(engine, Author(viewer.username, surface)) as opened:
        connection = opened.connection
        keys.sign(connection, key)
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA secure_delete=ON")
        found = plan(connection, people, key, also)
        why = Mentions([p.known for p in found.people], lambda *_: Reach.CLOSE).masked(reason or "")
        _write(connection, found, key)
        _replayed(connection, found)
        for person in found.people:
            for entity, ids in (("contact", person.contacts), ("account", person.accounts)):
                for id_ in ids:
                    opened.add(entity, Setting(id_, ANONYMISED, day.isoformat(), day, why or None))
        done = key.hash("batch", opened.id)
        connection.execute(insert(KeptOut).values(kind="batch", hash=done, whole=False))
    return found


def _write(connection: Connection, found: Plan, key: Key) -> None:
    """Write what was planned."""
    together: dict[tuple[str, tuple[str, ...]], list[Rewrite]] = defaultdict(list)
    for one in found.rewrites:
        together[one.table, tuple(one.values)].append(one)
    for (name, columns), rows in together.items():
        table = table_of(name)
        keyed = list(table.primary_key.columns)
        marks = [f"k{at}" for at in range(len(keyed))]
        # The journal's rows are written past SQLAlchemy's types: their values are JSON already.
        statement = (
            update(table)
            .where(
                and_(
                    *(column == bindparam(mark) for column, mark in zip(keyed, marks, strict=True))
                )
            )
            .values({column: bindparam(f"v_{column}") for column in columns})
        )
        connection.execute(
            statement,
            [
                dict(zip(marks, one.key, strict=True))
                | {f"v_{column}": value for column, value in one.values.items()}
                for one in rows
            ],
        )
    _keep(connection, found, key)
    _settle(connection, found)


def _replayed(connection: Connection, found: Plan) -> None:
    """Insist that the journal of all that was touched still gives what the tables hold."""
    records: dict[str, set[int]] = defaultdict(set)
    for entity, id_ in found.records:
        records[entity].add(id_)
    odd = differing(connection, records)
    if odd:
        listed = ", ".join(sorted({f"{one.entity} {one.record_id} {one.what}" for one in odd})[:5])
        raise StoreError(
            f"The journal doesn't tell what the tables hold: {listed}. Nothing was written, nobody "
            "is anonymised; see what `workbench check` says."
        )


def _keep(connection: Connection, found: Plan, key: Key) -> None:
    """Note what loads are to leave out or alone."""
    held = {tuple(row) for row in connection.execute(select(KeptOut.kind, KeptOut.hash))}
    rows = [
        {
            "kind": kind,
            "hash": key.hash(*_parts(kind, source, code)),
            "code": key.code(*_parts(kind, source, code)),
            "record_id": id_,
            "whole": whole,
        }
        for kind, source, code, id_, whole in sorted(found.codes)
    ]
    rows += [
        {"kind": "raw", "hash": key.hash("raw", table, raw), "code": None, "record_id": None,
         "whole": True}
        for table, raw in sorted(found.raws)
    ]  # fmt: skip
    fresh = {(row["kind"], row["hash"]): row for row in rows}
    new = [row for one, row in fresh.items() if one not in held]
    if new:
        connection.execute(insert(KeptOut), new)
    columns = (KeptField.entity, KeptField.record_id, KeptField.field)
    there = {tuple(row) for row in connection.execute(select(*columns))}
    fields = [
        {"entity": entity, "record_id": id_, "field": name}
        for entity, id_, name in sorted(found.fields - there)
    ]
    if fields:
        connection.execute(insert(KeptField), fields)


def _parts(kind: str, source: str, code: str) -> tuple[str, ...]:
    return (kind, code) if kind == "customer" else (kind, source, code)


def _settle(connection: Connection, found: Plan) -> None:
    """Nothing that a source said of them is to be settled any more, nothing to be sent to it."""
    now = dt.datetime.now(dt.UTC)
    for entity, id_, name in found.fields:
        conflicts.end(
            connection, now, SourceConflict.entity == entity, SourceConflict.record_id == id_,
            SourceConflict.field == name,
        )  # fmt: skip
        theirs = select(Change.id).where(
            Change.entity == entity, Change.record_id == id_, Change.field == name
        )
        connection.execute(
            update(Outbox)
            .where(Outbox.change_id.in_(theirs), Outbox.state.in_(OPEN))
            .values(state=Standing.PASSED.value)
        )
