"""What would become of edits: judged together, before any is written.

All that judging needs is read once for the batch, by one query per entity. Whatever isn't sound is
taken out and what was judged beside it is judged again, so that what is left holds without it.
"""

from __future__ import annotations

import re
from collections import ChainMap, defaultdict
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from workbench.errors import Reason, UnknownName
from workbench.locale import msg
from workbench.store.batch import Placed, Setting
from workbench.store.replay import by_record
from workbench.store.rows import (
    chunks,
    columns_of,
    events_of,
    mark,
    plain_value,
    records_of,
    rows_of,
)
from workbench.store.rules import BESIDE, EDITABLE, Case, refusal
from workbench.store.schema import Change
from workbench.vocabulary import field_name

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from sqlalchemy import Connection

    from workbench.store.desk import Desk, Key, Record
    from workbench.store.replay import Event

NO_SUCH = msg("Aucun enregistrement n’a le numéro {id}.")
CYCLE = Reason(msg("Un compte ne peut pas dépendre de lui-même, à aucun niveau."))
UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
"""What no text holds: control characters, tabs and line ends aside; PostgreSQL takes no NUL."""


class State(StrEnum):
    """What became of an edit."""

    SAVED = "saved"
    REFUSED = "refused"
    CONFLICT = "conflict"
    FORBIDDEN = "forbidden"
    HELD = "held"  # sound, but not written because another of its batch wasn't


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
    """What became of an edit.

    `current` is the value that holds, in an edit that is saved too: a later one may be there when
    it was dated back. In a conflict it was set by `by` at `at`.
    """

    edit: Edit
    state: State
    message: str = ""
    current: Any = None
    version: int | None = None
    by: str | None = None
    at: dt.datetime | None = None


@dataclass
class Wish:
    """An edit that may yet be sound: its plain value, and the field's values around its day."""

    edit: Edit
    new: Any
    effective: dt.date
    was: Any = None
    overtaken: bool = False  # a later value is there, and holds
    next: Any = None
    now: Any = None  # what holds once it is saved

    @property
    def setting(self) -> Setting:
        """What is to be written."""
        edit, placed = self.edit, Placed(self.was, self.now)
        return Setting(edit.id, edit.field, self.new, self.effective, edit.reason, placed=placed)


@dataclass
class Verdict:
    """What became of each edit, by its place in the batch, and what is to be written."""

    outcomes: dict[int, Outcome] = field(default_factory=dict)
    wishes: dict[int, Wish] = field(default_factory=dict)
    idle: dict[int, Wish] = field(default_factory=dict)  # sound, with nothing to write
    versions: dict[Key, int] = field(default_factory=dict)

    @property
    def sound(self) -> bool:
        """Whether every edit may be saved."""
        return not self.outcomes

    def told(self, raised: Mapping[Key, int] | None = None) -> list[Outcome]:
        """The outcomes, in the order of the edits; records are by so many versions further."""
        found = dict(self.outcomes)
        for place, wish in (*self.wishes.items(), *self.idle.items()):
            key = (wish.edit.entity, wish.edit.id)
            version = self.versions[key] + (raised.get(key, 0) if raised else 0)
            found[place] = Outcome(wish.edit, State.SAVED, "", wish.now, version)
        return [found[place] for place in range(len(found))]


def judge(desk: Desk, edits: Sequence[Edit]) -> Verdict:
    """What would become of edits that are saved together.

    Raises:
        UnknownName: an entity or a field that doesn't exist.
    """
    found = Verdict()
    places: dict[str, dict[int, list[int]]] = {}
    for place, edit in enumerate(edits):
        if edit.entity not in EDITABLE:
            raise UnknownName("editable entity", edit.entity, EDITABLE)
        if edit.field not in columns_of(edit.entity):
            raise UnknownName(f"field of {edit.entity}", edit.field, columns_of(edit.entity))
        places.setdefault(edit.entity, {}).setdefault(edit.id, []).append(place)
    records: dict[Key, Record] = {}
    for entity, by_id in places.items():
        names = {edits[place].field for some in by_id.values() for place in some}
        held = records_of(desk.connection, entity, by_id, names.union(BESIDE[entity]))
        desk.belonging(entity, held, names)
        records |= {(entity, id_): record for id_, record in held.items()}
        for id_, some in by_id.items():
            last = {edits[place].field: place for place in some}
            for place in some:
                twice = last[edits[place].field] != place
                _admit(desk, found, place, edits[place], held.get(id_), twice=twice)
        _meet(desk, found, entity, held)
        _place(desk, found, entity, held)
    _sift(desk, found, records)
    found.versions = {key: record["version"] for key, record in records.items()}
    return found


def _admit(
    desk: Desk, found: Verdict, place: int, edit: Edit, record: Record | None, *, twice: bool
) -> None:
    """Judge what has to do with nothing but the edit and its record; what passes is wished."""
    state, why = State.REFUSED, None
    new = None
    effective = edit.effective or desk.today
    if record is None:
        closed = desk.absent(edit.entity, edit.field)
        state, why = (State.FORBIDDEN, closed) if closed else (state, Reason(NO_SUCH, id=edit.id))
    else:
        try:
            new = plain_value(edit.value, columns_of(edit.entity)[edit.field])
        except (ValueError, TypeError, LookupError, ArithmeticError):
            why = Reason(
                msg("« {value} » ne convient pas au champ « {field} »."),
                value=edit.value,
                field=field_name(edit.field),
            )
        closed = desk.closed(edit.entity, edit.field, record)
        if closed:
            state, why = State.FORBIDDEN, closed
    if why is None and record is not None:
        why = _unfit(desk, edit, new, effective, record, twice=twice)
    if why is None:
        found.wishes[place] = Wish(edit, new, effective)
    else:
        version = record["version"] if record and state is State.REFUSED else None
        current = record[edit.field] if record and state is State.REFUSED else None
        found.outcomes[place] = Outcome(edit, state, why, current, version)


def _unfit(
    desk: Desk, edit: Edit, new: Any, effective: dt.date, record: Record, *, twice: bool
) -> Reason | None:
    if isinstance(new, str) and UNPRINTABLE.search(new):
        return Reason(
            msg("Le champ « {field} » n’admet pas de caractères de contrôle."),
            field=field_name(edit.field),
        )
    if edit.version > record["version"]:
        return Reason(
            msg("La fiche {id} n’a pas encore la version {version}."),
            id=edit.id,
            version=edit.version,
        )
    if effective > desk.today:
        return Reason(
            msg("Une modification prend effet au plus tard aujourd’hui, le {today}."),
            today=f"{desk.today:%d/%m/%Y}",
        )
    if twice:
        return Reason(
            msg("Le champ « {field} » figure deux fois dans ce lot : une seule valeur s’y met."),
            field=field_name(edit.field),
        )
    return None


def _meet(desk: Desk, found: Verdict, entity: str, records: Mapping[int, Record]) -> None:
    """Find the wishes whose field somebody set since the version that the editor saw."""
    stale: dict[int, list[int]] = defaultdict(list)
    for place, wish in found.wishes.items():
        edit = wish.edit
        if edit.entity == entity and edit.version != records[edit.id]["version"]:
            stale[edit.id].append(place)
    if not stale:
        return
    newer: dict[int, list[Any]] = defaultdict(list)
    for ids in chunks(stale):
        for row in desk.connection.execute(
            select(Change.record_id, Change.op, Change.field, Change.user, Change.recorded_at)
            .where(Change.entity == entity, Change.record_id.in_(ids))
            .order_by(Change.id.desc())
        ):
            newer[row.record_id].append(row)
    for id_, some in stale.items():
        version = records[id_]["version"]
        for place in some:
            wish = found.wishes[place]
            current = records[id_][wish.edit.field]
            since = [
                row
                for row in newer[id_][: version - wish.edit.version]
                if row.op == "set" and row.field == wish.edit.field
            ]
            if since and current != wish.new:
                del found.wishes[place]
                found.outcomes[place] = _conflict(wish, since[0], current, version)


def _conflict(wish: Wish, change: Any, current: Any, version: int) -> Outcome:
    message = Reason(
        msg("{by} a mis « {field} » à « {current} » entre-temps ; vous : « {new} »."),
        by=change.user,
        field=field_name(wish.edit.field),
        current=current,
        new=wish.new,
    )
    return Outcome(
        wish.edit, State.CONFLICT, message, current, version, change.user, change.recorded_at
    )


def _place(desk: Desk, found: Verdict, entity: str, records: Mapping[int, Record]) -> None:
    """Put the wishes between the values that their fields had and have; what says nothing new ends.

    A value that stands already on that day is saved, and nothing is written.
    """
    mine = {place: wish for place, wish in found.wishes.items() if wish.edit.entity == entity}
    held = _dated_back(desk, entity, mine.values()) if mine else {}
    for place, wish in mine.items():
        edit = wish.edit
        current = records[edit.id][edit.field]
        wish.was, wish.now = current, wish.new
        of = [event for event in held.get(edit.id, ()) if event.field in {None, edit.field}]
        before = [
            event for event in of if event.op == "create" or event.effective <= wish.effective
        ]
        if len(before) < len(of):
            first, last = before[0], before[-1]
            wish.was = first.value.get(edit.field) if last is first else last.value
            wish.overtaken, wish.next, wish.now = True, of[len(before)].value, current
        if wish.was == wish.new and edit.field in EDITABLE[entity]:
            wish.now = current
            found.idle[place] = found.wishes.pop(place)


def _dated_back(desk: Desk, entity: str, wishes: Collection[Wish]) -> dict[int, list[Event]]:
    """What is held, in the fields wished for, of records in which one was set for a later day."""
    names = sorted({wish.edit.field for wish in wishes})
    here = mark(desk.connection)
    statement = (
        f"SELECT record_id FROM change WHERE entity = {here} AND op = 'set' AND effective > {here} "  # noqa: S608 - our names
        f"AND field IN ({', '.join([here] * len(names))}) AND record_id IN"
    )
    earliest = min(wish.effective for wish in wishes)
    day = earliest.isoformat() if desk.connection.dialect.name == "sqlite" else earliest
    ids = {wish.edit.id for wish in wishes}
    later = {row[0] for row in rows_of(desk.connection, statement, ids, entity, day, *names)}
    return dict(by_record(events_of(desk.connection, entity, later, fields=names)))


def _sift(desk: Desk, found: Verdict, records: Mapping[Key, Record]) -> None:
    """Take out what breaks a rule until what is left holds together without it."""
    together: dict[Key, list[int]] = defaultdict(list)
    for place, wish in found.wishes.items():
        together[wish.edit.entity, wish.edit.id].append(place)
    there = _targets(desk, found.wishes.values())
    parents = {
        wish.edit.id: wish.now
        for wish in found.wishes.values()
        if (wish.edit.entity, wish.edit.field) == ("account", "parent_id")
    }
    above = ChainMap(parents, ancestors(desk.connection, parents.values()) if parents else {})
    again = list(together)
    while again:
        dropped = False
        for key in again:
            before = records[key]
            live = [place for place in together[key] if place in found.wishes]
            while live:
                after = before | {found.wishes[p].edit.field: found.wishes[p].now for p in live}
                broken = {}
                for place in live:
                    wish = found.wishes[place]
                    why = _broken(desk, wish, before, after) or _dangling(wish, there)
                    if not why and wish.edit.field == "parent_id":
                        why = CYCLE if in_circle(wish.edit.id, above) else None
                    if why:
                        broken[place] = why
                for place, why in broken.items():
                    edit = found.wishes.pop(place).edit
                    found.outcomes[place] = Outcome(
                        edit, State.REFUSED, why, before[edit.field], before["version"]
                    )
                    if edit.field == "parent_id":
                        del parents[edit.id]
                live = [place for place in live if place not in broken] if broken else []
                dropped = dropped or bool(broken)
        again = [("account", id_) for id_ in parents] if dropped else []


def _broken(desk: Desk, wish: Wish, before: Record, after: Record) -> Reason | None:
    """Whether it breaks a rule: by what the record becomes, or between the values around its day.

    What is overtaken is asked of its own day, and the next value has to follow upon it.
    """
    entity, name = wish.edit.entity, wish.edit.field
    stages = desk.stages if entity == "opportunity" else {}
    if not wish.overtaken:
        return refusal(entity, Case(name, before, after, desk.rules, stages, desk.today))
    then = after | {name: wish.new}
    return refusal(
        entity,
        Case(name, before | {name: wish.was}, then, desk.rules, stages, wish.effective),
    ) or (
        refusal(
            entity,
            Case(name, then, after | {name: wish.next}, desk.rules, stages, wish.effective),
        )
        if name in FOLLOWING
        else None
    )


FOLLOWING = ("status", "stage_id")  # fields in which a value has to follow upon the one before


def _targets(desk: Desk, wishes: Iterable[Wish]) -> dict[str, set[int]]:
    """By table, which of the records that wishes refer to are there, of accounts those in sight."""
    wanted: dict[str, set[int]] = defaultdict(set)
    for wish in wishes:
        for key in columns_of(wish.edit.entity)[wish.edit.field].foreign_keys:
            if wish.new is not None:
                wanted[key.column.table.name].add(wish.new)
    there = {
        name: {
            row[0]
            for row in rows_of(desk.connection, f'SELECT id FROM "{name}" WHERE id IN', ids)  # noqa: S608 - our names
        }
        for name, ids in wanted.items()
    }
    if "account" in there:
        there["account"] = desk.seen(there["account"])
    return there


def _dangling(wish: Wish, there: Mapping[str, set[int]]) -> Reason | None:
    """Whether a reference points nowhere."""
    for key in columns_of(wish.edit.entity)[wish.edit.field].foreign_keys:
        if wish.new is not None and wish.new not in there[key.column.table.name]:
            return Reason(NO_SUCH, id=wish.new)
    return None


def ancestors(connection: Connection, ids: Iterable[int | None]) -> dict[int, int | None]:
    """The parents of these accounts and of all above them."""
    found: dict[int, int | None] = {}
    asked: Collection[int] = {id_ for id_ in ids if id_ is not None}
    while asked:
        rows = rows_of(connection, "SELECT id, parent_id FROM account WHERE id IN", asked)
        found |= dict(map(tuple, rows))
        asked = {up for id_ in asked if (up := found.get(id_)) is not None and up not in found}
    return found


def in_circle(account: int, parents: Mapping[int, int | None]) -> bool:
    """Whether an account is its own ancestor."""
    seen, up = {account}, parents.get(account)
    while up is not None:
        if up in seen:
            return True
        seen.add(up)
        up = parents.get(up)
    return False
