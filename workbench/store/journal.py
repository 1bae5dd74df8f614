"""The one door for a change to business data, whatever surface it comes from.

Loads write through `batch`. People's edits come in through `save`: each is checked against the
right to write, the version that its editor saw, and the rules, all in the transaction that writes.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from workbench.errors import NotAllowed, Reason, UnknownName
from workbench.locale import msg
from workbench.store import access, access_log
from workbench.store.batch import (
    Author,
    Batch,
    Setting,
    Undo,
    batch,
    columns_of,
    events_of,
    plain_value,
    table_of,
)
from workbench.store.fields import RESTRICTED
from workbench.store.privacy.fields import ANONYMISED
from workbench.store.replay import BEGINNING, Event, active, decode, undone
from workbench.store.rules import EDITABLE, Case, Rules, StageFacts, refusal
from workbench.store.schema import Account, Change, Contact, Load, Pipeline, Stage
from workbench.vocabulary import Right, StageKind, Surface, field_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection, Engine, Row

    from workbench.store.access import Viewer

__all__ = [
    "BEGINNING",
    "Author",
    "Batch",
    "Edit",
    "Outcome",
    "State",
    "batch",
    "check",
    "owners",
    "save",
    "undo",
    "version",
]


class State(StrEnum):
    """What became of an edit."""

    SAVED = "saved"
    REFUSED = "refused"
    CONFLICT = "conflict"
    FORBIDDEN = "forbidden"
    HELD = "held"  # sound, but not written because another of its batch wasn't


OTHERS = Reason(msg("Une autre modification du lot n’a pas été acceptée."))


@dataclass(frozen=True)
class Edit:
    """A field's new value, for the record and version that the editor saw."""

    entity: str
    id: int
    version: int
    field: str
    value: Any
    effective: dt.date | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of an edit; in a conflict `current` was set by `by` at `at`."""

    edit: Edit
    state: State
    message: str = ""
    current: Any = None
    version: int | None = None
    by: str | None = None
    at: dt.datetime | None = None


@dataclass(frozen=True)
class _Desk:
    """What judging edits needs, read once per batch."""

    connection: Connection
    viewer: Viewer
    today: dt.date
    rules: Rules
    stages: dict[int, StageFacts]


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
    with batch(engine, Author(viewer.username, surface, reason), rules) as opened:
        outcomes = _judge(opened.connection, edits, viewer, today, rules)
        forbidden = [one.edit for one in outcomes if one.state is State.FORBIDDEN]
        access_log.tried(
            opened.connection,
            viewer.username,
            [f"{edit.entity} {edit.id} {edit.field}" for edit in forbidden],
        )
        sound = all(outcome.state is State.SAVED for outcome in outcomes)
        if not sound and not each:
            return [
                replace(o, state=State.HELD, message=OTHERS) if o.state is State.SAVED else o
                for o in outcomes
            ]
        raised: dict[tuple[str, int], int] = {}
        saved = []
        for outcome in outcomes:
            edit = outcome.edit
            if outcome.state is State.SAVED and outcome.version is not None:
                key = (edit.entity, edit.id)
                raised[key] = raised.get(key, 0) + 1
                value = plain_value(edit.value, columns_of(edit.entity)[edit.field])
                effective = edit.effective or today or dt.datetime.now(dt.UTC).date()
                opened.add(edit.entity, Setting(edit.id, edit.field, value, effective, edit.reason))
            saved.append(outcome)
    for key, more in opened.raised.items():
        raised[key] = raised.get(key, 0) + more
    return [
        replace(o, version=o.version + raised.get((o.edit.entity, o.edit.id), 0))
        if o.state is State.SAVED and o.version is not None
        else o
        for o in saved
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
    with engine.connect() as connection, connection.begin():
        return _judge(connection, edits, viewer, today, rules)


def _judge(
    connection: Connection,
    edits: Sequence[Edit],
    viewer: Viewer,
    today: dt.date | None,
    rules: Rules | None,
) -> list[Outcome]:
    ordered = select(
        Stage.id, Stage.kind, Stage.pipeline_id, Stage.label, Pipeline.code, Stage.position
    ).join(Pipeline, Pipeline.id == Stage.pipeline_id)
    stages = {
        id_: StageFacts(StageKind(kind), pipeline_id, label, pipeline, position)
        for id_, kind, pipeline_id, label, pipeline, position in connection.execute(ordered)
    }
    desk = _Desk(
        connection, viewer, today or dt.datetime.now(dt.UTC).date(), rules or Rules(), stages
    )
    together: dict[tuple[str, int], list[Edit]] = {}
    for edit in edits:
        if edit.entity not in EDITABLE:
            raise UnknownName("editable entity", edit.entity, EDITABLE)
        if edit.field not in columns_of(edit.entity):
            raise UnknownName(f"field of {edit.entity}", edit.field, columns_of(edit.entity))
        together.setdefault((edit.entity, edit.id), []).append(edit)
    found: dict[int, Outcome] = {}
    for (entity, id_), group in together.items():
        for outcome in _judge_record(desk, entity, id_, group):
            found[id(outcome.edit)] = outcome
    return [found[id(edit)] for edit in edits]


def _judge_record(desk: _Desk, entity: str, id_: int, edits: list[Edit]) -> list[Outcome]:
    table = table_of(entity)
    columns = columns_of(entity)
    row = desk.connection.execute(select(table).where(table.c.id == id_)).mappings().one_or_none()
    if row is None:
        return [
            Outcome(
                e, State.REFUSED, Reason(msg("Aucun enregistrement n’a le numéro {id}."), id=id_)
            )
            for e in edits
        ]
    before = {name: plain_value(row[name], column) for name, column in columns.items()}
    before["id"] = id_
    after = dict(before)
    outcomes: dict[int, Outcome] = {}
    for edit in edits:
        try:
            after[edit.field] = plain_value(edit.value, columns[edit.field])
        except (ValueError, TypeError, ArithmeticError):
            outcomes[id(edit)] = Outcome(
                edit,
                State.REFUSED,
                Reason(
                    msg("« {value} » ne convient pas au champ « {field} »."),
                    value=edit.value,
                    field=field_name(edit.field),
                ),
            )
    of = owners(desk.connection, entity, before, desk.today)
    for edit in edits:
        if id(edit) in outcomes:
            continue
        why = _closed(desk, entity, edit.field, {**row}, of)
        if why:
            outcomes[id(edit)] = Outcome(edit, State.FORBIDDEN, why)
            continue
        conflict = _conflict(desk, edit, row["version"], before[edit.field], after[edit.field])
        if conflict:
            outcomes[id(edit)] = conflict
            continue
        case = Case(edit.field, before, after, desk.rules, desk.stages, desk.today)
        broken = refusal(entity, case) or _dangling(desk, entity, edit.field, after)
        outcomes[id(edit)] = (
            Outcome(edit, State.REFUSED, broken, before[edit.field], row["version"])
            if broken
            else Outcome(edit, State.SAVED, "", after[edit.field], row["version"])
        )
    return [outcomes[id(edit)] for edit in edits]


def account_of(connection: Connection, entity: str, row: Mapping[str, Any]) -> int | None:
    """The account that a record is, or is of."""
    if entity == "consent":
        return connection.scalar(select(Contact.account_id).where(Contact.id == row["contact_id"]))
    return row["id"] if entity == "account" else row.get("account_id")


def _closed(
    desk: _Desk,
    entity: str,
    field: str,
    row: Mapping[str, Any],
    of: set[int | None],
    *,
    undoing: bool = False,
) -> Reason | None:
    """Why the viewer may not write a field of a record: theirs it isn't, or what is in it.

    Where there is no confidential note anybody may write one, but not bring one back unseen.
    """
    who, today = desk.viewer, desk.today
    why = access.may_write(
        desk.connection, who, entity, field, of, today, account_of(desk.connection, entity, row)
    )
    if why or (entity, field) not in RESTRICTED:
        return why
    fresh = RESTRICTED[entity, field] is Right.CONFIDENTIAL and row[field] is None and not undoing
    if fresh or access.may_see(desk.connection, who, entity, field, row["id"], of, today):
        return None
    return Reason(
        msg("Le champ « {field} » est réservé à qui en a le droit."), field=field_name(field)
    )


def owners(
    connection: Connection, entity: str, row: dict[str, Any], today: dt.date
) -> set[int | None]:
    """The reps to whom the record belongs today: the account's, and the deal's own."""
    account = account_of(connection, entity, row)
    found: set[int | None] = set()
    if account is not None:
        current = access.account_owners(today)
        found.add(
            connection.scalar(select(current.c.rep_id).where(current.c.account_id == account))
        )
    if entity == "opportunity":
        found.add(row["owner_id"])
    return found


def _conflict(desk: _Desk, edit: Edit, version: int, current: Any, new: Any) -> Outcome | None:
    """Whether somebody set the same field since the version that the editor saw."""
    if edit.version == version or current == new:
        return None
    newer = desk.connection.execute(
        select(Change.field, Change.user, Change.recorded_at)
        .where(Change.entity == edit.entity, Change.record_id == edit.id, Change.op == "set")
        .order_by(Change.id.desc())
        .limit(max(version - edit.version, 0))
    ).all()
    for change in newer:
        if change.field == edit.field:
            message = Reason(
                msg("{by} a mis « {field} » à « {current} » entre-temps ; vous : « {new} »."),
                by=change.user,
                field=field_name(edit.field),
                current=current,
                new=new,
            )
            return Outcome(
                edit,
                State.CONFLICT,
                message,
                current,
                version,
                change.user,
                change.recorded_at,
            )
    return None


def _dangling(desk: _Desk, entity: str, field: str, after: dict[str, Any]) -> Reason | None:
    """Whether a reference points nowhere, or an account becomes its own ancestor."""
    value = after[field]
    for key in columns_of(entity)[field].foreign_keys:
        target = key.column.table
        if value is not None and not desk.connection.scalar(
            select(target.c.id).where(target.c.id == value)
        ):
            return Reason(msg("Aucun enregistrement n’a le numéro {id}."), id=value)
    if (entity, field) == ("account", "parent_id"):
        seen, up = {after["id"]}, value
        while up is not None:
            if up in seen:
                return Reason(msg("Un compte ne peut pas dépendre de lui-même, à aucun niveau."))
            seen.add(up)
            up = desk.connection.scalar(select(Account.parent_id).where(Account.id == up))
    return None


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
) -> list[Outcome]:
    """Undo a batch (by its id) or one change (by its number): each is another change.

    All or none. What was set again since is a conflict, and nothing is overwritten. Undoing an
    undo redoes. Records that a load created go, those that it deleted come back.

    Raises:
        UnknownName: no change or batch is called so.
        NotAllowed: a load, by somebody who may not undo one.
    """
    today = today or dt.datetime.now(dt.UTC).date()
    column = Change.batch if isinstance(changed, str) else Change.id
    try:
        with batch(engine, Author(viewer.username, surface, reason)) as opened:
            changes = opened.connection.execute(
                select(table_of("change")).where(column == changed).order_by(Change.id)
            ).all()
            if not changes:
                raise UnknownName("change or batch", str(changed), [])
            outcomes = _undone(opened, changes, viewer, today)
            if any(outcome.state is not State.SAVED for outcome in outcomes):
                return [
                    replace(o, state=State.HELD, message=OTHERS) if o.state is State.SAVED else o
                    for o in outcomes
                ]
            opened.undo([_opposite(change) for change in changes])
            together = str(changed)
            of_load = update(Load).where(Load.batch == together).values(undone_by=opened.id)
            again = update(Load).where(Load.undone_by == together).values(undone_by=None)
            opened.connection.execute(of_load)
            opened.connection.execute(again)
    except IntegrityError:
        needed = Reason(msg("D’autres fiches s’y rapportent, créées depuis ; annulez-les d’abord."))
        return [Outcome(_edit_of(change), State.REFUSED, needed) for change in changes]
    return outcomes


OPPOSITE = {"create": "delete", "delete": "create", "set": "set"}


def _opposite(change: Row[Any]) -> Undo:
    return Undo(
        change.entity, change.record_id, OPPOSITE[change.op], change.field,
        change.new, change.old, change.effective, change.id,
    )  # fmt: skip


def _edit_of(change: Row[Any]) -> Edit:
    value = decode(change.old) if change.op == "set" else None
    return Edit(change.entity, change.record_id, 0, change.field or "", value, change.effective)


def _told(change: Row[Any], viewer: Viewer) -> Edit:
    """The edit that undoing comes to, as the viewer is told of it."""
    edit = _edit_of(change)
    right = RESTRICTED.get((change.entity, edit.field))
    return edit if right is None or right in viewer.rights else replace(edit, value=None)


def _undone(
    opened: Batch, changes: Sequence[Row[Any]], viewer: Viewer, today: dt.date
) -> list[Outcome]:
    """What undoing each would come to."""
    whole = {change.id for change in changes}
    by_entity: dict[str, set[int]] = {}
    for change in changes:
        by_entity.setdefault(change.entity, set()).add(change.record_id)
    events: dict[tuple[str, int], list[Event]] = {}
    for entity, ids in by_entity.items():
        for event in events_of(opened.connection, entity, ids):
            events.setdefault((entity, event.record_id), []).append(event)
    is_load = any(change.op != "set" and change.surface != Surface.RULE for change in changes)
    if is_load and viewer.role not in access.LOADERS:
        raise NotAllowed(
            f"A load is undone by {', '.join(sorted(access.LOADERS))}; "
            f"{viewer.username} is {viewer.role}."
        )
    desk = _Desk(opened.connection, viewer, today, Rules(), {})
    gone = {key: undone(some) for key, some in events.items()}
    held = {key: active(some) for key, some in events.items()}
    found = []
    for change in changes:
        edit, key = _told(change, viewer), (change.entity, change.record_id)
        why = None if is_load else _may_undo(desk, change)
        later = [
            event
            for event in held[key]
            if event.id > change.id
            and event.id not in whole
            and (change.op == "create" or event.op != "set" or event.field == change.field)
        ]
        if why:
            found.append(Outcome(replace(edit, value=None), State.FORBIDDEN, why))
        elif change.field == ANONYMISED:
            found.append(
                Outcome(edit, State.REFUSED, Reason(msg("Une anonymisation ne s’annule pas.")))
            )
        elif change.id in gone[key]:
            found.append(Outcome(edit, State.REFUSED, Reason(msg("C’est déjà annulé."))))
        elif later:
            found.append(_changed_since(opened.connection, edit, later[-1]))
        else:
            found.append(Outcome(edit, State.SAVED, "", edit.value))
    return found


def _may_undo(desk: _Desk, change: Row[Any]) -> Reason | None:
    entity, id_ = change.entity, change.record_id
    table = table_of(entity)
    row = desk.connection.execute(select(table).where(table.c.id == id_)).mappings().one_or_none()
    of = owners(desk.connection, entity, {**row}, desk.today) if row else set()
    if row is None:
        return access.may_write(desk.connection, desk.viewer, entity, "", of, desk.today)
    return _closed(desk, entity, change.field or "", {**row}, of, undoing=True)


def _changed_since(connection: Connection, edit: Edit, later: Event) -> Outcome:
    by = connection.execute(
        select(Change.user, Change.recorded_at).where(Change.id == later.id)
    ).one()
    name = later.field or edit.field
    closed = (edit.entity, name) in RESTRICTED
    current = later.value if later.op == "set" and not closed else None
    message = Reason(
        msg("{by} a mis « {field} » à « {current} » depuis."),
        by=by.user,
        field=field_name(name),
        current=current,
    )
    return Outcome(edit, State.CONFLICT, message, current, None, by.user, by.recorded_at)
