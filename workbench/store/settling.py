"""Values that a source and somebody here both changed: ours holds until somebody settles it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import func, select, update

from workbench.errors import NotAllowed, UnknownName
from workbench.store import access, journal, outbox
from workbench.store.journal import Edit, Outcome, State
from workbench.store.replay import decode
from workbench.store.rows import columns_of, plain_value, table_of
from workbench.store.schema import SourceConflict

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from workbench.store.access import Viewer
    from workbench.store.rules import Rules
    from workbench.vocabulary import Surface

REASON = "source conflict"


@dataclass(frozen=True)
class Waiting:
    """A conflict not settled: what the source said before and says now, and what stands here."""

    id: int
    entity: str
    record_id: int
    name: str
    field: str
    before: Any
    theirs: Any
    ours: Any
    met_at: dt.datetime


def waiting(engine: Engine, viewer: Viewer, today: dt.date) -> list[Waiting]:
    """The conflicts in records that the viewer may see, the newest first.

    Where the source has moved a field again before anybody chose, what it says last waits.
    """
    newest = select(func.max(SourceConflict.id)).group_by(
        SourceConflict.entity, SourceConflict.record_id, SourceConflict.field
    )
    with engine.connect() as connection:
        found = connection.execute(
            select(SourceConflict.__table__)
            .where(SourceConflict.settled_at.is_(None), SourceConflict.id.in_(newest))
            .order_by(SourceConflict.id.desc())
        ).all()
        reps = access.visible_reps(connection, viewer, today)
        seen: frozenset[int | None] = access.shared(connection, viewer, today)
        told = []
        for one in found:
            table = table_of(one.entity)
            query = select(table).where(table.c.id == one.record_id)
            row = connection.execute(query).mappings().one_or_none()
            if row is None:
                continue
            owners = journal.owners(connection, one.entity, {**row}, today)
            yours = reps is None or owners & reps
            if not yours and journal.account_of(connection, one.entity, {**row}) not in seen:
                continue
            if access.may_see(
                connection, viewer, one.entity, one.field, one.record_id, owners, today
            ):
                name = row.get("name") or row["code"]
                now = plain_value(row[one.field], columns_of(one.entity)[one.field])
                told.append(
                    Waiting(
                        one.id, one.entity, one.record_id, name, one.field,
                        decode(one.before), decode(one.theirs), now, one.met_at,
                    )
                )  # fmt: skip
    return told


def settle(
    engine: Engine,
    conflict: int,
    keep: Literal["ours", "theirs"],
    *,
    viewer: Viewer,
    surface: Surface,
    today: dt.date,
    rules: Rules | None = None,
) -> Outcome | None:
    """Keep ours, or take what the source says: that is an edit like any other.

    Returns:
        What became of the edit; None where ours was kept.

    Raises:
        UnknownName: no conflict has that number, it is settled, or in a record that isn't theirs.
        NotAllowed: the viewer may not write there.
    """
    with journal.batch(
        engine, journal.Author(viewer.username, surface, REASON), rules, today
    ) as opened:
        connection = opened.connection
        one = connection.execute(
            select(SourceConflict.__table__).where(
                SourceConflict.id == conflict, SourceConflict.settled_at.is_(None)
            )
        ).one_or_none()
        if one is None:
            raise _unknown(conflict)
        table = table_of(one.entity)
        seen = connection.scalar(select(table.c.version).where(table.c.id == one.record_id)) or 0
        edit = Edit(one.entity, one.record_id, seen, one.field, decode(one.theirs), today)
        if keep == "theirs":
            (outcome,) = journal.put(opened, [edit], viewer=viewer)
        else:
            (outcome,) = journal.judged(opened, [edit], viewer=viewer)
        if outcome.state is State.SAVED or (
            keep == "ours" and outcome.state is not State.FORBIDDEN
        ):
            connection.execute(
                update(SourceConflict)
                .where(
                    SourceConflict.entity == one.entity,
                    SourceConflict.record_id == one.record_id,
                    SourceConflict.field == one.field,
                    SourceConflict.id <= conflict,
                    SourceConflict.settled_at.is_(None),
                )
                .values(settled_at=dt.datetime.now(dt.UTC), settled_by=viewer.username, kept=keep)
            )
            if keep == "ours":
                outbox.again(connection, (one.entity, one.record_id, one.field))
    if outcome.message is access.NOT_THEIRS:
        raise _unknown(conflict)
    if outcome.state is State.FORBIDDEN:
        raise NotAllowed(outcome.message)
    return outcome if keep == "theirs" else None


def _unknown(conflict: int) -> UnknownName:
    return UnknownName("conflict to settle", str(conflict), [])
