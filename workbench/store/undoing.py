"""What undoing changes would come to: who may, what was changed since, what would be left.

Undoing goes back to what was, so it is held to fewer rules than an edit: a won deal is unwon by it.
But it leaves no record that no rule lets stand.
"""

from __future__ import annotations

from collections import ChainMap
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from workbench.errors import NotAllowed, Reason
from workbench.locale import msg
from workbench.store import access
from workbench.store.batch import Undo
from workbench.store.fields import RESTRICTED
from workbench.store.judging import CYCLE, Edit, Outcome, State, ancestors, in_circle
from workbench.store.privacy.fields import ANONYMISED
from workbench.store.replay import Event, active, by_record, decode, state, undone
from workbench.store.rows import chunks, events_of, records_of
from workbench.store.rules import EDITABLE, Case, standing
from workbench.store.schema import Change
from workbench.vocabulary import Role, Surface, field_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection, Row

    from workbench.store.access import Viewer
    from workbench.store.desk import Desk, Key, Record

OPPOSITE = {"create": "delete", "delete": "create", "set": "set"}
LAST = 2**62  # numbers of changes not yet written: after all others
LEADERS = frozenset({Role.DIRECTOR, Role.ADMIN})  # who may undo what moved the rep tree


@dataclass(frozen=True)
class _Held:
    """The records that changes are of: as they stand, and what the journal says of each."""

    records: dict[Key, Record]
    events: dict[Key, list[Event]]


def judge(
    desk: Desk, changes: Sequence[Row[Any]], *, whole: bool
) -> tuple[list[Undo], list[Outcome]]:
    """What undoing each would come to, and the rows that do it.

    Args:
        desk: what judging needs.
        changes: rows of the journal, in order.
        whole: they are a batch: those undone before are left out, unless all of them are.

    Raises:
        NotAllowed: what a load brought, by somebody who may not undo one.
    """
    from_load = _from_load(desk.connection, changes)
    if from_load and desk.viewer.role not in access.LOADERS:
        raise NotAllowed(
            f"A load is undone by {', '.join(sorted(access.LOADERS))}; "
            f"{desk.viewer.username} is {desk.viewer.role}."
        )
    held = _read(desk, changes)
    gone = {key: undone(some) for key, some in held.events.items()}
    fresh = [one for one in changes if one.id not in gone[one.entity, one.record_id]]
    if whole and fresh:
        changes = fresh
    together = {change.id for change in changes}
    stand = {key: active(some) for key, some in held.events.items()}
    left = _left(desk, changes, held, from_load)
    outcomes = []
    for change in changes:
        edit, key = _told(change, desk.viewer), (change.entity, change.record_id)
        why = _may_not(desk, change, held, loaded=change.id in from_load, whole=whole)
        later = [
            event
            for event in stand[key]
            if event.id > change.id
            and event.id not in together
            and (change.op == "create" or event.op != "set" or event.field == change.field)
        ]
        if why:
            outcomes.append(Outcome(replace(edit, value=None), State.FORBIDDEN, why))
        elif change.field == ANONYMISED:
            refused = Reason(msg("Une anonymisation ne s’annule pas."))
            outcomes.append(Outcome(edit, State.REFUSED, refused))
        elif change.id in gone[key]:
            outcomes.append(Outcome(edit, State.REFUSED, Reason(msg("C’est déjà annulé."))))
        elif later:
            outcomes.append(_changed_since(desk.connection, edit, later[-1]))
        elif change.id in left:
            outcomes.append(Outcome(edit, State.REFUSED, left[change.id]))
        else:
            outcomes.append(Outcome(edit, State.SAVED, "", edit.value))
    return [_opposite(change) for change in changes], outcomes


def _opposite(change: Row[Any]) -> Undo:
    return Undo(
        change.entity, change.record_id, OPPOSITE[change.op], change.field,
        change.new, change.old, change.effective, change.id,
    )  # fmt: skip


def _told(change: Row[Any], viewer: Viewer) -> Edit:
    """The edit that undoing comes to, as the viewer is told of it."""
    value = decode(change.old) if change.op == "set" else None
    right = RESTRICTED.get((change.entity, change.field))
    if right is not None and right not in viewer.rights:
        value = None
    return Edit(change.entity, change.record_id, 0, change.field or "", value, change.effective)


def _from_load(connection: Connection, changes: Iterable[Row[Any]]) -> set[int]:
    """The changes by which a load spoke, be it that they undo or redo what it said."""
    roots: dict[int, Any] = {change.id: change for change in changes}
    while True:
        up = {row.undoes for row in roots.values() if row.undoes is not None}
        if not up:
            break
        query = select(Change.id, Change.surface, Change.undoes)
        found: dict[int, Any] = {
            row.id: row
            for ids in chunks(up)
            for row in connection.execute(query.where(Change.id.in_(ids)))
        }
        roots = {id_: found.get(row.undoes or 0, row) for id_, row in roots.items()}
    return {id_ for id_, row in roots.items() if row.surface == Surface.LOAD}


def _read(desk: Desk, changes: Sequence[Row[Any]]) -> _Held:
    held = _Held({}, {})
    snapshots: dict[Key, Record] = {}
    by_entity: dict[str, dict[int, set[str]]] = {}
    for change in changes:
        of = by_entity.setdefault(change.entity, {}).setdefault(change.record_id, set())
        of.add(change.field or "")
        if change.op != "set":
            values = decode(change.old if change.new is None else change.new) or {}
            snapshots[change.entity, change.record_id] = values | {"id": change.record_id}
    for entity, fields in by_entity.items():
        there = records_of(desk.connection, entity, fields)
        # Of a record that is gone, what it held when it went says whose it is.
        known = {id_: snapshots.get((entity, id_), {"id": id_}) for id_ in fields} | there
        desk.belonging(entity, known, set().union(*fields.values()))
        held.records.update({(entity, id_): record for id_, record in known.items()})
        for event in events_of(desk.connection, entity, fields):
            held.events.setdefault((entity, event.record_id), []).append(event)
    return held


def _may_not(
    desk: Desk, change: Row[Any], held: _Held, *, loaded: bool, whole: bool
) -> Reason | None:
    """Why the viewer may not undo a change.

    What no surface offers for editing was written by a load or by rule, or by an administrator:
    a rule's is undone by whoever may write the record, the rest by those who undo loads.
    """
    entity, name = change.entity, change.field or ""
    if entity == "rep" and desk.viewer.role not in LEADERS:
        return access.reserved(name or "rep_id", LEADERS)
    offered = entity in EDITABLE and (not name or name in EDITABLE[entity])
    if not offered and change.surface != Surface.RULE and desk.viewer.role not in access.LOADERS:
        return access.reserved(name, access.LOADERS)
    if loaded and whole:
        return None
    return desk.closed(entity, name, held.records[entity, change.record_id], undoing=True)


def _left(
    desk: Desk, changes: Sequence[Row[Any]], held: _Held, from_load: set[int]
) -> dict[int, Reason]:
    """By change, why its record may not be left as it would be; a load's word stands as it is."""
    by_key: dict[Key, list[Row[Any]]] = {}
    for change in changes:
        if change.id not in from_load:
            by_key.setdefault((change.entity, change.record_id), []).append(change)
    after: dict[Key, Record] = {}
    for key, some in by_key.items():
        undoing = [
            Event(LAST + n, key[1], row.effective, OPPOSITE[row.op], row.field, None, row.id)
            for n, row in enumerate(some)
        ]
        for _, stand in by_record([*held.events[key], *undoing]):
            fields = state(stand)
            if fields is not None:
                names = [row.field for row in some if row.op == "set"]
                after[key] = held.records[key] | {name: fields.get(name) for name in names}
    moved = {
        id_: record["parent_id"]
        for (entity, id_), record in after.items()
        if entity == "account" and any(row.field == "parent_id" for row in by_key[entity, id_])
    }
    above = ChainMap(moved, ancestors(desk.connection, moved.values()) if moved else {})
    found: dict[int, Reason] = {}
    for key, record in after.items():
        stages = desk.stages if key[0] == "opportunity" else {}
        for row in by_key[key]:
            case = Case(row.field or "", held.records[key], record, desk.rules, stages, desk.today)
            why = standing(key[0], case) if row.op == "set" else None
            if row.field == "parent_id" and in_circle(key[1], above):
                why = CYCLE
            if why:
                found[row.id] = why
    return found


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
