"""The one door for a change to business data, whatever surface it comes from.

Loads write through `batch`. People's edits come in through `save`: each is judged (`judging`) by
the right to write, the version that its editor saw, and the rules, all in the transaction that
writes. What was written is undone (`undoing`) by the same door.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from workbench.errors import NotAllowed, Reason, UnknownName
from workbench.locale import msg
from workbench.store import access, access_log, conflicts, undoing
from workbench.store.batch import Author, Batch, Setting, Undo, batch
from workbench.store.desk import Desk, account_of, owners
from workbench.store.judging import Edit, Outcome, State, judge
from workbench.store.replay import BEGINNING
from workbench.store.rows import table_of
from workbench.store.rules import EDITABLE, Rules
from workbench.store.schema import Change, Load, SourceConflict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Engine

    from workbench.store.access import Viewer
    from workbench.vocabulary import Surface

__all__ = [
    "BEGINNING",
    "Author",
    "Batch",
    "Edit",
    "Outcome",
    "Setting",
    "State",
    "account_of",
    "batch",
    "check",
    "judged",
    "owners",
    "put",
    "save",
    "undo",
    "version",
]

OTHERS = Reason(msg("Une autre modification du lot n’a pas été acceptée."))


def save(
    engine: Engine,
    edits: Sequence[Edit],
    *,
    viewer: Viewer,
    surface: Surface,
    each: bool = False,
    today: dt.date | None = None,
    rules: Rules | None = None,
    reason: str | None = None,
) -> list[Outcome]:
    """Write edits in one transaction: all or none, or with `each` those that are sound.

    Returns:
        An outcome per edit, in their order.

    Raises:
        UnknownName: an entity or a field that doesn't exist.
    """
    with batch(engine, Author(viewer.username, surface, reason), rules, today) as opened:
        return put(opened, edits, viewer=viewer, each=each)


def put(
    opened: Batch, edits: Sequence[Edit], *, viewer: Viewer, each: bool = False
) -> list[Outcome]:
    """Write edits in a batch that is open, by its rules and its day: what `save` does in its own.

    An edit to the value that stands is saved, and nothing is written.

    Raises:
        UnknownName: an entity or a field that doesn't exist.
    """
    verdict = judge(Desk(opened.connection, viewer, opened.day, opened.rules), edits)
    if not each and not verdict.sound:
        return _held(_logged(opened, viewer, verdict.told()))
    raised = Counter((wish.edit.entity, wish.edit.id) for wish in verdict.wishes.values())
    for _, wish in sorted(verdict.wishes.items()):
        opened.add(wish.edit.entity, wish.setting)
    opened.settle()
    raised.update(opened.raised)
    return _logged(opened, viewer, verdict.told(raised))


def judged(opened: Batch, edits: Sequence[Edit], *, viewer: Viewer) -> list[Outcome]:
    """What `put` would answer in a batch that is open; nothing of it is written."""
    return _logged(
        opened,
        viewer,
        judge(Desk(opened.connection, viewer, opened.day, opened.rules), edits).told(),
    )


def _logged(opened: Batch, viewer: Viewer, outcomes: list[Outcome]) -> list[Outcome]:
    forbidden = [one.edit for one in outcomes if one.state is State.FORBIDDEN]
    access_log.tried(
        opened.connection,
        viewer.username,
        [f"{edit.entity} {edit.id} {edit.field}" for edit in forbidden],
    )
    return outcomes


def _held(outcomes: Sequence[Outcome]) -> list[Outcome]:
    return [
        replace(o, state=State.HELD, message=OTHERS) if o.state is State.SAVED else o
        for o in outcomes
    ]


def check(
    engine: Engine,
    edits: Sequence[Edit],
    *,
    viewer: Viewer,
    today: dt.date | None = None,
    rules: Rules | None = None,
) -> list[Outcome]:
    """What `save` would answer now, without writing; what is sound is called saved."""
    day = today or dt.datetime.now(dt.UTC).date()
    with engine.connect() as connection, connection.begin():
        return judge(Desk(connection, viewer, day, rules or Rules()), edits).told()


def version(engine: Engine, entity: str, id_: int) -> int:
    """A record's version now; 0 where there is no such record.

    Raises:
        UnknownName: nobody may edit such an entity.
    """
    if entity not in EDITABLE:
        raise UnknownName("editable entity", entity, EDITABLE)
    table = table_of(entity)
    with engine.connect() as connection:
        return connection.scalar(select(table.c.version).where(table.c.id == id_)) or 0


def undo(
    engine: Engine,
    changed: str | int,
    *,
    viewer: Viewer,
    surface: Surface,
    today: dt.date | None = None,
    reason: str | None = None,
    rules: Rules | None = None,
) -> list[Outcome]:
    """Undo a batch (by its id) or one change (by its number): each is another change.

    All or none. What was set again since is a conflict, and nothing is overwritten; what was undone
    by itself already is left out of its batch. Undoing an undo redoes. Records that a load created
    go, those that it deleted come back.

    Raises:
        UnknownName: no change or batch is called so, or nothing in it is the viewer's.
        NotAllowed: what a load brought, by somebody who may not undo one.
    """
    try:
        with batch(engine, Author(viewer.username, surface, reason), rules, today) as opened:
            undos, outcomes = _asked(opened, changed, viewer)
            if any(outcome.state is not State.SAVED for outcome in outcomes):
                return _held(outcomes)
            opened.undo(undos)
            together = str(changed)
            of_load = update(Load).where(Load.batch == together).values(undone_by=opened.id)
            again = update(Load).where(Load.undone_by == together).values(undone_by=None)
            opened.connection.execute(of_load)
            opened.connection.execute(again)
            met = SourceConflict.load_batch == together
            conflicts.end(opened.connection, opened.recorded_at, met)
    except (IntegrityError, engine.dialect.loaded_dbapi.IntegrityError):
        needed = Reason(msg("D’autres fiches s’y rapportent, créées depuis ; annulez-les d’abord."))
        return [replace(one, state=State.REFUSED, message=needed) for one in outcomes]
    except NotAllowed:
        access_log.forbidden(engine, viewer.username, f"undo {changed}")
        raise
    except UnknownName:
        if viewer.limited:  # it may be somebody else's
            access_log.forbidden(engine, viewer.username, f"undo {changed}")
        raise
    return outcomes


def _asked(opened: Batch, changed: str | int, viewer: Viewer) -> tuple[list[Undo], list[Outcome]]:
    """What undoing would come to; which records and fields aren't the viewer's isn't told."""
    column = Change.batch if isinstance(changed, str) else Change.id
    changes = opened.connection.execute(
        select(table_of("change")).where(column == changed).order_by(Change.id)
    ).all()
    desk = Desk(opened.connection, viewer, opened.day, opened.rules)
    undos, outcomes = undoing.judge(desk, changes, whole=isinstance(changed, str))
    if all(outcome.message is access.NOT_THEIRS for outcome in outcomes):
        raise UnknownName("change or batch", str(changed), [])
    return undos, [
        replace(one, edit=replace(one.edit, id=0, field=""))
        if one.message is access.NOT_THEIRS
        else one
        for one in _logged(opened, viewer, outcomes)
    ]
