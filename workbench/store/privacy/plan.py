"""What anonymising comes to: every text of the store that may name them, nothing written.

`anonymise` writes it; the export of a person's data reads from it what names them elsewhere.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import String, select

from workbench.store.privacy import rejected
from workbench.store.privacy.mentions import Mentions, Reach, parsed
from workbench.store.privacy.narrowing import conditions
from workbench.store.privacy.own import Own
from workbench.store.privacy.people import known
from workbench.store.schema import ENTITIES, Base, Load, RejectedRow, SourceConflict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection, RowMapping, Select, Table

    from workbench.store.privacy.key import Key
    from workbench.store.privacy.people import Person

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
REJECTED = RejectedRow.__tablename__


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
        records: business records of which the row or the journal changes: entity and id.
        fields: business fields out of which they are taken, in the past too.
        codes: source keys that go: entity, source, code, record, whether the record is theirs.
        raws: rejected rows that tell of them, as they were read.
        unclear: texts with a last name of theirs that others bear too, left as they are: table,
            row, text.
    """

    people: list[Person]
    rewrites: list[Rewrite] = field(default_factory=list)
    records: set[tuple[str, int]] = field(default_factory=set)
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
    connection: Connection, people: Sequence[Person], key: Key, also: Sequence[str] = ()
) -> Plan:
    """What would go, read and not written.

    Args:
        connection: within a transaction.
        people: whose records.
        key: by which source keys are hashed.
        also: other words that are theirs, to be taken out wherever they stand.
    """
    return _Reading(connection, known(connection, people, also), key).plan()


@dataclass
class _Reading:
    """Looks once at every text of the store that may name them."""

    connection: Connection
    people: list[Person]
    key: Key

    def __post_init__(self) -> None:
        self.own = Own.of(self.connection, self.people)
        self.mentions = Mentions([person.known for person in self.people], self.own.reach)
        self.found = Plan(list(self.people))
        loads = self.connection.execute(select(Load.id, Load.source))
        self.sources: dict[int, str] = {row.id: row.source for row in loads}

    def plan(self) -> Plan:
        """All tables, the journal among them."""
        of = {
            "change": self._of_change,
            REJECTED: self._of_rejected,
            SourceConflict.__tablename__: self._of_conflict,
        }
        # The journal after the records that it tells of, and rejected rows last: they are held
        # against the source keys that the others give.
        late = ("change", REJECTED)
        for table in sorted(
            Base.metadata.sorted_tables,
            key=lambda t: late.index(t.name) if t.name in late else -1,
        ):
            if table.name in LEFT_ALONE:
                continue
            keyed = list(table.primary_key.columns)
            texts = [c for c in table.columns if isinstance(c.type, String)]
            more = [c for c in table.columns if c.name in {"record_id", "load_id"}]
            names = [c.name for c in texts if c.name not in TECHNICAL]
            if not names:
                continue
            query = select(*dict.fromkeys([*keyed, *texts, *more]))
            look = of.get(table.name)
            for row in self._rows(table, names, query):
                values = look(row) if look else self._of(table.name, names, row)
                if values:
                    id_ = tuple(row[column.name] for column in keyed)
                    self.found.rewrites.append(Rewrite(table.name, id_, values))
                    if table.name in ENTITIES:
                        self.found.records.add((table.name, row["id"]))
                    elif table.name == "change":
                        self.found.records.add((row["entity"], row["record_id"]))
        return self.found

    def _rows(self, table: Table, names: Sequence[str], query: Select[Any]) -> Iterator[RowMapping]:
        """Those of a query that may name them, and all that are of records found so far."""
        theirs = {entity: set(ids) for entity, ids in self.own.whole.items()}
        for entity, id_ in self.found.records:
            theirs.setdefault(entity, set()).add(id_)
        texts = [table.c[name] for name in names]
        for which in conditions(self.connection, table, texts, self.mentions, theirs):
            asked = query.where(which).execution_options(yield_per=AT_ONCE)
            yield from self.connection.execute(asked).mappings()

    def _of(self, table: str, names: list[str], row: RowMapping) -> dict[str, str | None]:
        """The new values of a row."""
        entity = table if table in ENTITIES else ""
        id_ = row["id"] if entity else 0
        own = self.own.instead(entity, id_)
        values: dict[str, str | None] = {}
        for name in names:
            value = row[name]
            if not value or (own is None and self.mentions.spared(value)):
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
            self.found.codes.add(("customer", "", value, id_, True))
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
        if not about and self.mentions.spared(text):
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
        """A rejected row that names them, or has a key of theirs, loses all its values."""
        table, raw, reason = row["table"], row["raw"], row["reason"]
        if self._tells(raw, self.sources[row["load_id"]]):
            self.found.raws.add((table, raw))
            return {"raw": rejected.emptied(raw), "reason": rejected.bare(reason)}
        values = {"reason": self.mentions.masked(reason), "raw": self.mentions.masked_json(raw)}
        return {name: value for name, value in values.items() if value != row[name]}

    def _tells(self, raw: str, source: str) -> bool:
        cells = rejected.cells(raw)
        whole = " ".join(cells)
        return not self._keys[source].isdisjoint(cells) or any(
            self.people[who].known.told_by(whole) for who in self.mentions.named(whole)
        )

    @cached_property
    def _keys(self) -> dict[str, set[str]]:
        """By source, its keys for them, and those of their ledger's customers."""
        found: dict[str, set[str]] = {source: set() for source in self.sources.values()}
        for _, of, code, _, theirs in self.found.codes:
            for source in found if theirs else ():
                if of in {source, ""}:
                    found[source].add(code)
        return found
