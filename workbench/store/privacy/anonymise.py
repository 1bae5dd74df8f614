"""Takes people out of the store for good, while every total stays: ids, dates, amounts, statuses.

`plan` says what would go, without writing; `anonymise` does it in one batch, and leaves one entry
per record in the journal, which names nobody. It is the one thing that alters what the journal
has written: the same values go from there and from the tables, so that the one still is what the
other says.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import String, and_, bindparam, insert, select, update

from workbench.errors import NotAllowed
from workbench.store import access
from workbench.store.batch import Author, Setting, batch, table_of
from workbench.store.outbox import OPEN, Standing
from workbench.store.privacy import key as keys
from workbench.store.privacy.fields import ANONYMISED, MASK
from workbench.store.privacy.mentions import Mentions, Reach, parsed
from workbench.store.privacy.own import Own
from workbench.store.privacy.people import Others
from workbench.store.schema import (
    ENTITIES,
    Base,
    Change,
    KeptField,
    KeptOut,
    Outbox,
    RejectedRow,
    SourceConflict,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Engine, RowMapping

    from workbench.store.access import Viewer
    from workbench.store.privacy.key import Key
    from workbench.store.privacy.people import Person
    from workbench.vocabulary import Surface

LEFT_ALONE = frozenset(
    {
        "rep",
        "user",
        "user_session",
        "access_event",
        "pipeline",
        "stage",
        "kept_out",
        "kept_field",
        "retention_warning",
        "look",
    }
)
"""Tables that hold no text about contacts: colleagues, stages, what privacy itself keeps."""
TECHNICAL = frozenset({"source", "batch", "load_batch", "surface", "op", "user", "entity"})
KINDS = ("kind", "state", "status", "channel", "decision_role")
AT_ONCE = 5_000
SHOWN = 20


@dataclass(frozen=True)
class Rewrite:
    """New values of a row of the store."""

    table: str
    key: tuple[Any, ...]
    values: dict[str, str | None]


@dataclass
class Plan:
    """What anonymising comes to.

    Attributes:
        people: who.
        rewrites: rows that change, and to what.
        fields: business fields out of which they are taken, in the past too.
        codes: source keys that go: entity, source, code, record, whether the record is theirs.
        raws: rejected rows that name them, as they were read.
        unclear: texts with a last name of theirs that others bear too, left as they are: table,
            row, text.
    """

    people: list[Person]
    rewrites: list[Rewrite] = field(default_factory=list)
    fields: set[tuple[str, int, str]] = field(default_factory=set)
    codes: set[tuple[str, str, str, int, bool]] = field(default_factory=set)
    raws: set[tuple[str, str]] = field(default_factory=set)
    unclear: list[tuple[str, int, str]] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        """How many values change, by table and column."""
        found = Counter(f"{one.table}.{name}" for one in self.rewrites for name in one.values)
        return dict(sorted(found.items()))


def plan(
    connection: Connection,
    people: Sequence[Person],
    key: Key,
    also: Sequence[str] = (),
    *,
    journal: bool = True,
) -> Plan:
    """What would go, read and not written.

    Args:
        connection: within a transaction.
        people: whose records.
        key: by which source keys are hashed.
        also: other words that are theirs, to be taken out wherever they stand.
        journal: look through the journal, too.
    """
    others = Others(connection)
    known = [others.knowing(person, also) for person in people]
    return _Reading(connection, known, key).plan(journal=journal)


def allowed(viewer: Viewer) -> None:
    """Insist that the viewer may anonymise.

    Raises:
        NotAllowed: they may not.
    """
    if viewer.role not in access.ANONYMISERS:
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
        StoreError: the store was done with another key.
    """
    allowed(viewer)
    day = today or dt.datetime.now(dt.UTC).date()
    with batch(engine, Author(viewer.username, surface)) as opened:
        connection = opened.connection
        keys.sign(connection, key)
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA secure_delete=ON")
        found = plan(connection, people, key, also)
        why = Mentions([p.known for p in found.people], lambda *_: Reach.CLOSE).masked(reason or "")
        _write(connection, found, key)
        for person in found.people:
            for entity, ids in (("contact", person.contacts), ("account", person.accounts)):
                for id_ in ids:
                    opened.add(entity, Setting(id_, ANONYMISED, day.isoformat(), day, why or None))
        done = key.hash("batch", opened.id)
        connection.execute(insert(KeptOut).values(kind="batch", hash=done, whole=False))
    return found


@dataclass
class _Reading:
    """Looks at every text of the store once."""

    connection: Connection
    people: list[Person]
    key: Key

    def __post_init__(self) -> None:
        self.own = Own.of(self.connection, self.people)
        self.mentions = Mentions([person.known for person in self.people], self.own.reach)
        self.found = Plan(list(self.people))

    def plan(self, *, journal: bool) -> Plan:
        """All tables, the journal among them or not."""
        of = {
            "change": self._of_change,
            RejectedRow.__tablename__: self._of_rejected,
            SourceConflict.__tablename__: self._of_conflict,
        }
        for table in Base.metadata.sorted_tables:
            if table.name in LEFT_ALONE or (table.name == "change" and not journal):
                continue
            keyed = list(table.primary_key.columns)
            texts = [c for c in table.columns if isinstance(c.type, String)]
            more = [c for c in table.columns if c.name == "record_id"]
            names = [c.name for c in texts if c.name not in TECHNICAL]
            query = select(*dict.fromkeys([*keyed, *texts, *more]))
            look = of.get(table.name)
            for row in self.connection.execute(
                query.execution_options(yield_per=AT_ONCE)
            ).mappings():
                values = look(row) if look else self._of(table.name, names, row)
                if values:
                    id_ = tuple(row[column.name] for column in keyed)
                    self.found.rewrites.append(Rewrite(table.name, id_, values))
        return self.found

    def _of(self, table: str, names: list[str], row: RowMapping) -> dict[str, str | None]:
        """The new values of a row."""
        entity = table if table in ENTITIES else ""
        id_ = row["id"] if entity else 0
        own = self.own.instead(entity, id_)
        values: dict[str, str | None] = {}
        for name in names:
            value = row[name]
            if not value or (own is None and not self.mentions.named(value)):
                continue
            new = self._value(entity, id_, name, value, row["source"] if entity else "")
            if new != value:
                values[name] = new
        return values

    def _value(self, entity: str, id_: int, name: str, value: str, source: str) -> str | None:
        """What a field's text becomes; which fields and source keys are touched is noted."""
        own = self.own.instead(entity, id_)
        if name == "code" and entity:
            return self._code(entity, id_, value, source, whole=own is not None)
        if own is not None and name == "customer_code" and entity == "account":
            new: str | None = self.key.code("customer", value)
        elif own is not None and name in own:
            new = own[name]
        elif entity == "contact" and own is None and name != "job":
            return value  # another person's own name stays theirs
        elif entity and name in KINDS:
            return value
        elif parsed(value):
            new = self.mentions.masked_json(value, entity, id_)
        else:
            new = self.mentions.masked(value, entity, id_)
        if entity:
            if new != value:
                self.found.fields.add((entity, id_, name))
            elif len(self.found.unclear) < SHOWN and self._unclear(entity, id_, value):
                self.found.unclear.append((entity, id_, value))
        return new

    def _unclear(self, entity: str, id_: int, text: str) -> bool:
        return any(
            self.own.reach(who, entity, id_) > Reach.FAR
            and self.people[who].known.lone.search(text)
            for who in self.mentions.named(text)
        )

    def _code(self, entity: str, id_: int, code: str, source: str, *, whole: bool) -> str:
        if code.startswith("anonyme-") or entity == "ledger_entry":
            return code
        if entity == "ledger_customer":
            if not whole:
                return code
            self.found.codes.add(("customer", "", code, id_, True))
            return self.key.code("customer", code)
        about = entity in {"contact", "account", "consent"} and whole
        if not about and self.mentions.masked(code, entity, id_) == code:
            return code
        self.found.codes.add((entity, source, code, id_, about))
        return self.key.code(entity, source, code)

    def _of_change(self, row: RowMapping) -> dict[str, str | None]:
        entity, id_ = row["entity"], row["record_id"]
        values: dict[str, str | None] = {}
        if row["reason"]:
            values["reason"] = self.mentions.masked(row["reason"], entity, id_)
        if entity not in LEFT_ALONE:
            for side in ("old", "new"):
                if row[side] is not None:
                    values[side] = self._journalled(entity, id_, row["field"], row[side])
        return {name: value for name, value in values.items() if value != row[name]}

    def _journalled(self, entity: str, id_: int, name: str | None, text: str) -> str | None:
        """A value of the journal, or a snapshot, without them."""
        about = self.own.instead(entity, id_) is not None
        if not about and "\\u" not in text and not self.mentions.named(text):
            return text
        held = orjson.loads(text)
        told = {name: held} if name else dict(held)
        source = told.get("source", "")
        new = {
            one: self._value(entity, id_, one, value, source)
            if isinstance(value, str) and value and one not in TECHNICAL
            else value
            for one, value in told.items()
        }
        if new == told:
            return text
        if name:
            return orjson.dumps(new[name]).decode()
        return orjson.dumps({k: v for k, v in new.items() if v is not None}).decode()

    def _of_conflict(self, row: RowMapping) -> dict[str, str | None]:
        values = {
            side: self._journalled(row["entity"], row["record_id"], row["field"], row[side])
            for side in ("before", "theirs", "ours")
            if row[side] is not None
        }
        return {name: value for name, value in values.items() if value != row[name]}

    def _of_rejected(self, row: RowMapping) -> dict[str, str | None]:
        """A rejected row that names them loses all its cells: names stand in cells of their own."""
        reason = self.mentions.masked(row["reason"])
        cells = orjson.loads(row["raw"])
        whole = " ".join(str(cell) for cell in cells.values() if cell)
        named = self.mentions.named(whole)
        if any(self.people[who].known.told_by(whole) for who in named):
            self.found.raws.add((row["table"], row["raw"]))
            raw = orjson.dumps({name: MASK if cell else cell for name, cell in cells.items()})
            return {"raw": raw.decode(), "reason": self._reason(row["reason"])}
        values: dict[str, str | None] = {
            "reason": reason, "raw": self.mentions.masked_json(row["raw"]),
        }  # fmt: skip
        return {name: value for name, value in values.items() if value != row[name]}

    @staticmethod
    def _reason(reason: str) -> str:
        """A reason without the value that it shows: « Valeur inconnue : field = value »."""
        return reason.partition(" = ")[0]


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
        connection.execute(
            update(SourceConflict)
            .where(
                SourceConflict.entity == entity, SourceConflict.record_id == id_,
                SourceConflict.field == name, SourceConflict.settled_at.is_(None),
            )
            .values(settled_at=now, settled_by="workbench", kept="ours")
        )  # fmt: skip
        theirs = select(Change.id).where(
            Change.entity == entity, Change.record_id == id_, Change.field == name
        )
        connection.execute(
            update(Outbox)
            .where(Outbox.change_id.in_(theirs), Outbox.state.in_(OPEN))
            .values(state=Standing.PASSED.value)
        )
