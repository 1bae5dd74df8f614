"""The one door for a change to business data, whatever surface it comes from.

Loads write through `batch`. People's edits come in through `save`: each is checked against the
right to write, the version that its editor saw, and the rules, all in the transaction that writes.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from workbench.errors import Reason, UnknownName
from workbench.locale import msg
from workbench.store import access
from workbench.store.batch import (
    Author,
    Batch,
    Setting,
    batch,
    columns_of,
    events_of,
    plain_value,
    table_of,
)
from workbench.store.replay import BEGINNING, active, decode, undone
from workbench.store.rules import EDITABLE, Case, Rules, StageFacts, refusal
from workbench.store.schema import Account, Change, Stage
from workbench.vocabulary import StageKind, field_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Engine, Row

    from workbench.store.access import Viewer
    from workbench.vocabulary import Surface

__all__ = [
    "BEGINNING",
    "Author",
    "Batch",
    "Edit",
    "Outcome",
    "State",
    "batch",
    "check",
    "save",
    "undo",
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
    with batch(engine, Author(viewer.username, surface, reason)) as opened:
        outcomes = _judge(opened.connection, edits, viewer, today, rules)
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
    stages = {
        row.id: StageFacts(StageKind(row.kind), row.pipeline_id, row.label)
        for row in connection.execute(select(Stage.id, Stage.kind, Stage.pipeline_id, Stage.label))
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
    owners = _owners(desk, entity, before)
    for edit in edits:
        if id(edit) in outcomes:
            continue
        why = access.may_write(desk.connection, desk.viewer, entity, edit.field, owners, desk.today)
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


def _owners(desk: _Desk, entity: str, row: dict[str, Any]) -> set[int | None]:
    """The reps to whom the record belongs today: the account's, and the deal's own."""
    account = row["id"] if entity == "account" else row.get("account_id")
    owners: set[int | None] = set()
    if account is not None:
        current = access.account_owners(desk.today)
        owners.add(
            desk.connection.scalar(select(current.c.rep_id).where(current.c.account_id == account))
        )
    if entity == "opportunity":
        owners.add(row["owner_id"])
    return owners


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

    All or none. What was set again since is a conflict, and nothing is overwritten.
    """
    today = today or dt.datetime.now(dt.UTC).date()
    column = Change.batch if isinstance(changed, str) else Change.id
    with batch(engine, Author(viewer.username, surface, reason)) as opened:
        changes = opened.connection.execute(
            select(table_of("change")).where(column == changed).order_by(Change.id)
        ).all()
        if not changes:
            raise UnknownName("change or batch", str(changed), [])
        outcomes = [
            _undo_one(opened, change, {c.id for c in changes}, viewer, today) for change in changes
        ]
        if any(outcome.state is not State.SAVED for outcome in outcomes):
            opened.forget()
            return [
                replace(o, state=State.HELD, message=OTHERS) if o.state is State.SAVED else o
                for o in outcomes
            ]
    return outcomes


def _undo_one(
    opened: Batch, change: Row[Any], together: set[int], viewer: Viewer, today: dt.date
) -> Outcome:
    entity, id_, name = change.entity, change.record_id, change.field or ""
    edit = Edit(entity, id_, 0, name, decode(change.old), change.effective)
    if change.op != "set":
        return Outcome(
            edit, State.REFUSED, Reason(msg("Un chargement ne s’annule pas ligne à ligne."))
        )
    table = table_of(entity)
    row = opened.connection.execute(select(table).where(table.c.id == id_)).mappings().one()
    desk = _Desk(opened.connection, viewer, today, Rules(), {})
    owners = _owners(desk, entity, {**row})
    why = access.may_write(opened.connection, viewer, entity, name, owners, today)
    if why:
        return Outcome(edit, State.FORBIDDEN, why)
    events = [e for e in events_of(opened.connection, entity, [id_]) if e.field == name]
    if change.id in undone(events):
        return Outcome(edit, State.REFUSED, Reason(msg("C’est déjà annulé.")))
    later = [e for e in active(events) if e.id > change.id and e.id not in together]
    if later:
        by = opened.connection.execute(
            select(Change.user, Change.recorded_at).where(Change.id == later[-1].id)
        ).one()
        current = plain_value(row[name], columns_of(entity)[name])
        message = Reason(
            msg("{by} a mis « {field} » à « {current} » depuis."),
            by=by.user,
            field=field_name(name),
            current=current,
        )
        return Outcome(
            edit, State.CONFLICT, message, current, row["version"], by.user, by.recorded_at
        )
    opened.add(entity, Setting(id_, name, decode(change.old), change.effective, undoes=change.id))
    return Outcome(edit, State.SAVED, "", decode(change.old), row["version"] + 1)
