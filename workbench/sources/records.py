"""Brings rows of a source and the store's records into agreement, through a batch of the journal.

New records are created as they began and then led through their dated values; of known ones, only
what the source says otherwise than at its last load is set. What people edited meanwhile stays.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

import orjson
import pandas as pd
from sqlalchemy import insert, select

from workbench.sources.history import COLUMNS
from workbench.store import conflicts, outbox
from workbench.store.replay import Event, undone
from workbench.store.rows import chunks, columns_of, defaults_of, plain, table_of
from workbench.store.schema import Change, KeptField, KeptOut, Outbox, SourceConflict
from workbench.vocabulary import Surface

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from workbench.store.journal import Batch

EDITED = (
    "rep",
    "account",
    "contact",
    "consent",
    "opportunity",
)  # the others are facts: put right, not moved on


@dataclass
class Counts:
    """What became of an entity's rows in a load; `sums` are the control totals of its money."""

    table: str
    read: int = 0
    new: int = 0
    changed: int = 0
    same: int = 0
    rejected: int = 0
    deleted: int = 0
    kept: int = 0
    conflicts: int = 0
    sums: dict[str, float] = field(default_factory=dict)

    def __add__(self, other: Counts) -> Counts:
        """Of both, for a table that several files or parts of one go to."""
        total = {
            f.name: getattr(self, f.name) + getattr(other, f.name)
            for f in fields(self)
            if f.type == "int"
        }
        sums = {
            name: round(self.sums.get(name, 0.0) + other.sums.get(name, 0.0), 2)
            for name in {**self.sums, **other.sums}
        }
        return Counts(self.table, **total, sums=sums)


@dataclass(frozen=True)
class Conflict:
    """A value that the source and somebody here both changed, to different ones."""

    entity: str
    record_id: int
    field: str
    before: Any
    theirs: Any
    ours: Any


Step = tuple[str, str, str, Any]  # code, field, effective, value


@dataclass
class _ThreeWays:
    """Compares what a source said before, what it says now, and what stands here."""

    entity: str
    ids: dict[str, int]
    held: pd.DataFrame
    past: dict[int, dict[str, list[tuple[str, Any]]]]
    ruled: dict[tuple[int, str], Any]
    today: str
    met: list[Conflict] = field(default_factory=list)
    kept: int = 0

    def plain(self, differing: pd.DataFrame) -> Iterator[Step]:
        """Of values that differ from ours, those that the source has moved."""
        for code, name, value in differing[["code", "field", "value"]].itertuples(index=False):
            before = self._said(code, name)[-1][1]
            if before == value:
                self.kept += 1
            elif not self._met(code, name, before, value):
                yield code, name, self.today, value

    def dated(self, rows: pd.DataFrame, timeline: pd.DataFrame) -> Iterator[Step]:
        """Of dated values, those that the source didn't say before."""
        now = rows.set_index("code")
        told: dict[tuple[str, str], list[tuple[str, Any]]] = defaultdict(list)
        for code, name, effective, value in timeline[COLUMNS].itertuples(index=False):
            told[code, name].append((effective, value))
        current = {name: now[name].to_dict() for name in timeline["field"].unique() if name in now}
        for (code, name), steps in told.items():
            known = self._said(code, name)
            fresh = [step for step in steps[1:] if step not in known]
            # The first says what held from the beginning, or else what a mended row says alone.
            if steps[0] not in known and steps[0][1] != _held_on(steps[0][0], known):
                if steps[0][0] < known[0][0]:
                    fresh.insert(0, known[0])
                fresh.insert(0, steps[0])
            if name in current:
                value = current[name][code]
                if value not in (steps[-1][1], known[-1][1]):
                    fresh.append((self.today, value))
            # What only fills in the past moves nothing that stands here.
            before, theirs = known[-1][1], fresh[-1][1] if fresh else known[-1][1]
            if before == theirs or not self._met(code, name, before, theirs):
                yield from ((code, name, *step) for step in fresh)

    def _said(self, code: str, name: str) -> list[tuple[str, Any]]:
        return self.past[self.ids[code]].get(name, [(self.today, None)])

    def _met(self, code: str, name: str, before: Any, theirs: Any) -> bool:
        """Whether it was moved here, too, and elsewhere."""
        ours = self.held[name].get(code) if name in self.held else before
        # What a rule made of it nobody has looked at: the source knows better.
        if ours in (before, theirs, self.ruled.get((self.ids[code], name), before)):
            return False
        self.met.append(Conflict(self.entity, self.ids[code], name, before, theirs, ours))
        return True


@dataclass
class Records:
    """The store's records as one source sees them, within a batch."""

    batch: Batch
    source: str
    today: dt.date
    _codes: dict[str, dict[str, int]] = field(default_factory=dict)
    _kept: set[tuple[Any, ...]] | None = None

    def codes(self, entity: str) -> dict[str, int]:
        """Ids by code: this source's records, and others' whose code is no one else's.

        Stages go by pipeline and stage, `spanco/A`.
        """
        if entity not in self._codes:
            table = table_of(entity)
            rows = self.batch.connection.execute(
                select(table.c.source, table.c.code, table.c.id)
            ).all()
            found = pd.DataFrame(rows, columns=["source", "code", "id"])
            own = found["source"] == self.source
            single = found[own | ~found["code"].duplicated(keep=False)]
            found = pd.concat([single[~own], single[own]])
            self._codes[entity] = dict(zip(found["code"], found["id"].tolist(), strict=True))
        return self._codes[entity]

    def write(
        self, entity: str, frame: pd.DataFrame, begins: pd.Series[Any], timeline: pd.DataFrame
    ) -> Counts:
        """Write rows, and count what became of them.

        Args:
            entity: table of the store.
            frame: its fields, `code` among them; references are ids, but for that to a record of
                the same entity, which is its code.
            begins: since when each row's record is there, ISO text, on the frame's index; at the
                latest since today, whatever date is to come in it.
            timeline: dated values as in `history`, references likewise.
        """
        columns = columns_of(entity)
        up = self_reference(entity)
        rows = pd.DataFrame(
            {
                name: pd.Series(
                    list(frame[name].astype("object").where(frame[name].notna(), None))
                    if name == up
                    else plain(frame[name], columns[name]),
                    dtype="object",
                )
                for name in frame
                if name in columns
            }
        )
        today = self.today.isoformat()
        rows["begins"] = begins.where(begins <= today, today).to_numpy()
        held = self._held(entity)
        known = rows["code"].isin(held.index)
        counts = Counts(entity, new=int((~known).sum()))
        self._create(entity, rows[~known], timeline, up)
        if known.any():
            counts.changed, counts.kept, counts.conflicts = self._change(
                entity, rows[known], held, timeline, up
            )
            counts.same = int(known.sum()) - counts.changed
        return counts

    def _held(self, entity: str) -> pd.DataFrame:
        """The source's records as the store has them, by code, JSON-plain."""
        columns = columns_of(entity)
        names = ", ".join(f'"{name}"' for name in ("id", *columns))
        mark = "?" if self.batch.connection.dialect.name == "sqlite" else "%s"
        rows = self.batch.connection.exec_driver_sql(
            f'SELECT {names} FROM "{entity}" WHERE source = {mark}',  # noqa: S608 - our names
            (self.source,),
        ).all()
        found = pd.DataFrame(rows, columns=["id", *columns], dtype="object")
        plain_columns = {name: plain(found[name], columns[name]) for name in columns}
        return pd.DataFrame({"id": found["id"], **plain_columns}, dtype="object").set_index(
            "code", drop=False
        )

    def _create(
        self, entity: str, rows: pd.DataFrame, timeline: pd.DataFrame, up: str | None
    ) -> None:
        """Create records as they began, parents before children; their later values follow."""
        if rows.empty:
            return
        mine = timeline[timeline["code"].isin(rows["code"])]
        first = ~mine.duplicated(["code", "field"])
        now = rows.set_index("code", drop=False)
        born = now.assign(source=self.source).rename(columns={"begins": "effective"})
        for name, began in mine[first].groupby("field"):
            born.loc[began["code"], str(name)] = began["value"].array
        usual = {name: value for name, value in defaults_of(entity).items() if name in born}
        born = born.fillna(usual)
        ids = self.codes(entity)
        later = [mine.loc[~first, COLUMNS]]
        for wave, cut in _waves(born, up):
            if up and up in wave:
                wave[up] = wave[up].map(ids).astype("Int64")
            ids |= dict(zip(wave["code"], self.batch.create(entity, wave).tolist(), strict=True))
            later.append(cut)
        last = mine[~mine.duplicated(["code", "field"], keep="last")]
        for name, ended in last.groupby("field"):
            if name in now:
                current = now.loc[ended["code"], str(name)].to_numpy()
                moved = ended.assign(effective=self.today.isoformat(), value=current)
                later.append(moved.loc[ended["value"].to_numpy() != current, COLUMNS])
        self._set(entity, pd.concat([part for part in later if len(part)] or later), up)

    def _change(
        self,
        entity: str,
        rows: pd.DataFrame,
        held: pd.DataFrame,
        timeline: pd.DataFrame,
        up: str | None,
    ) -> tuple[int, int, int]:
        """Set what the source says otherwise than before.

        Returns:
            How many records changed; how many values were kept as people had edited them; how many
            were changed by both, and wait to be settled.
        """
        ids = self.codes(entity)
        mine = timeline[timeline["code"].isin(rows["code"])]
        if up and up in rows:
            rows = rows.assign(**{up: rows[up].map(ids, na_action="ignore").astype("object")})
            rows[up] = rows[up].where(rows[up].notna(), None)
        if up:
            to_id = mine["value"].map(ids, na_action="ignore").astype("object")
            to_id = to_id.where(to_id.notna(), None)
            mine = mine.assign(value=mine["value"].where(mine["field"] != up, to_id))
        stored = held.loc[rows["code"]]
        parts = [pd.DataFrame({name: pd.Series(dtype="object") for name in COLUMNS})]
        for name in rows.columns.drop(["code", "begins"]):
            differs = rows[name].to_numpy() != stored[name].to_numpy()
            timed = rows["code"].isin(mine.loc[mine["field"] == name, "code"]).to_numpy()
            some = rows.loc[differs & ~timed]
            if len(some):
                parts.append(
                    pd.DataFrame(
                        {
                            "code": some["code"],
                            "field": name,
                            "effective": some["begins"],
                            "value": some[name],
                        }
                    )
                )
        wanted = self._followed(entity, pd.concat(parts[1:] or parts))
        mine = self._followed(entity, mine)
        kept = met = 0
        if entity in EDITED:
            self._arrived(entity, rows, held, mine)
            wanted, kept, met = self._since_last_load(entity, rows, held, wanted, mine)
        self._set(entity, wanted)
        return wanted["code"].nunique(), kept, met

    def _arrived(
        self, entity: str, rows: pd.DataFrame, held: pd.DataFrame, timeline: pd.DataFrame
    ) -> None:
        """Mark what was changed here and the source now says, too, as arrived there."""
        told: dict[str, dict[Any, Any]] = {
            str(name): dict(zip(rows["code"], rows[name], strict=True)) for name in rows
        }
        last = timeline.drop_duplicates(["code", "field"], keep="last")
        for one, name, value in last[["code", "field", "value"]].itertuples(index=False):
            told.setdefault(name, {}).setdefault(one, value)
        codes: dict[Any, Any] = dict(zip(held["id"], held["code"], strict=True))

        def said(record_id: int, name: str) -> tuple[Any, Any] | None:
            code = codes.get(record_id)
            if code not in told.get(name, {}):
                return None
            return told[name][code], held.loc[str(code), name]

        outbox.arrive(self.batch.connection, entity, self.source, said, self.batch.recorded_at)

    def _followed(self, entity: str, settings: pd.DataFrame) -> pd.DataFrame:
        """Without the fields out of which a person was taken: they would be named again."""
        if self._kept is None:
            columns = (KeptField.entity, KeptField.record_id, KeptField.field)
            self._kept = {tuple(row) for row in self.batch.connection.execute(select(*columns))}
        if not self._kept or settings.empty:
            return settings
        ids = self.codes(entity)
        free = [
            (entity, ids.get(code), name) not in self._kept
            for code, name in zip(settings["code"], settings["field"], strict=True)
        ]
        return settings[free]

    def _since_last_load(
        self,
        entity: str,
        rows: pd.DataFrame,
        held: pd.DataFrame,
        differing: pd.DataFrame,
        timeline: pd.DataFrame,
    ) -> tuple[pd.DataFrame, int, int]:
        """Of differing values and dated ones, those that earlier loads didn't bring.

        Three ways: what the source said before, what it says now, and what stands here. Where the
        source alone moved, it is followed; where we alone did, ours stays; where both did, ours
        stays and a conflict is kept, to be settled by somebody.
        """
        ids = self.codes(entity)
        codes = set(differing["code"]) | set(timeline["code"])
        past, ruled = self._loaded(entity, [ids[code] for code in codes])
        compare = _ThreeWays(entity, ids, held, past, ruled, self.today.isoformat())
        settings = [*compare.plain(differing), *compare.dated(rows, timeline)]
        told = {*rows.columns, *timeline["field"]}
        new = self._keep(entity, {ids[code] for code in rows["code"]}, told, compare.met)
        kept = compare.kept + len(compare.met) - new
        return pd.DataFrame(settings, columns=COLUMNS, dtype="object"), kept, new

    def _keep(self, entity: str, ids: set[int], told: set[str], met: list[Conflict]) -> int:
        """Keep the conflicts that don't wait already, and end those of which the load says no more.

        Returns:
            How many are new.
        """
        fresh = {(one.record_id, one.field): one for one in met}
        waiting = select(SourceConflict.__table__).where(
            SourceConflict.entity == entity, SourceConflict.settled_at.is_(None)
        )
        over = []
        for row in self.batch.connection.execute(waiting):
            key = (row.record_id, row.field)
            if row.record_id not in ids or row.field not in told:
                continue
            if key in fresh and _json(fresh[key].theirs) == row.theirs:
                del fresh[key]
            else:
                over.append(row.id)
        at = self.batch.recorded_at
        for some in chunks(over):
            conflicts.end(self.batch.connection, at, SourceConflict.id.in_(some))
        rows = [
            {
                "load_batch": self.batch.id,
                "met_at": self.batch.recorded_at,
                "entity": one.entity,
                "record_id": one.record_id,
                "field": one.field,
                "before": _json(one.before),
                "theirs": _json(one.theirs),
                "ours": _json(one.ours),
            }
            for one in fresh.values()
        ]
        if rows:
            self.batch.connection.execute(insert(SourceConflict), rows)
        return len(rows)

    def _loaded(
        self, entity: str, ids: list[int]
    ) -> tuple[dict[int, dict[str, list[tuple[str, Any]]]], dict[tuple[int, str], Any]]:
        """What loads have said of records, and rules set in them.

        Returns:
            By id and field, a load's dated values in order of effect; the last value of a rule.
        """
        rows = self.batch.connection.execute(
            select(
                Change.id,
                Change.record_id,
                Change.op,
                Change.effective,
                Change.field,
                Change.new,
                Change.surface,
                Change.recorded_at,
            )
            .where(Change.entity == entity, Change.undoes.is_(None))
            .where(Change.surface.in_([Surface.LOAD.value, Surface.RULE.value]))
            .order_by(Change.op != "create", Change.effective, Change.id)
        )
        gone = self._undone(entity)
        wanted = set(ids)
        names = list(columns_of(entity))
        later: dict[tuple[int, str], dt.datetime] = {}
        past: dict[int, dict[str, list[tuple[str, Any]]]] = {}
        ruled: dict[tuple[int, str], Any] = {}
        for number, record, op, effective, name, new, surface, moment in rows:
            if record not in wanted or op == "delete" or number in gone:
                continue
            value: Any = None if new is None else orjson.loads(new)
            day = effective.isoformat()
            if surface == Surface.RULE:
                ruled[record, str(name)] = value
            elif op == "create":
                past[record] = {one: [(day, value.get(one))] for one in names}
            else:
                past[record][str(name)].append((day, value))
                later[record, str(name)] = max(moment, later.get((record, str(name)), moment))
        for record, name, value, moment in self._shown(entity):
            if record in past and moment >= later.get((record, name), moment):
                past[record][name].append((moment.date().isoformat(), value))
        return past, ruled

    def _shown(self, entity: str) -> list[tuple[int, str, Any, dt.datetime]]:
        """What the source is known to say though no load wrote it.

        What was changed here and a load has shown since, and what somebody settled.
        """
        arrived: Any = (
            select(Change.record_id, Change.field, Change.new, Outbox.at)
            .join(Outbox, Outbox.change_id == Change.id)
            .where(Change.entity == entity, Outbox.state == outbox.Standing.ARRIVED)
            .order_by(Outbox.at, Change.id)
        )
        one = SourceConflict
        settled: Any = (
            select(one.record_id, one.field, one.theirs, one.met_at)
            .where(
                one.entity == entity,
                one.settled_at.is_not(None),
                one.settled_by != conflicts.BY_ITSELF,
            )
            .order_by(one.id)
        )
        rows: list[Any] = [
            row for query in (arrived, settled) for row in self.batch.connection.execute(query)
        ]
        return [
            (record, name, None if said is None else orjson.loads(said), at)
            for record, name, said, at in sorted(rows, key=lambda row: row[3])
        ]

    def _undone(self, entity: str) -> set[int]:
        """The numbers of the entity's changes that are undone."""
        undoing = select(Change.id, Change.record_id, Change.effective, Change.undoes).where(
            Change.entity == entity, Change.undoes.is_not(None)
        )
        return undone(
            Event(number, record, effective, "set", None, None, undoes)
            for number, record, effective, undoes in self.batch.connection.execute(undoing)
        )

    def _set(self, entity: str, settings: pd.DataFrame, up: str | None = None) -> None:
        if settings.empty:
            return
        ids = self.codes(entity)
        value = settings["value"].astype("object")
        if up:
            value = value.where(settings["field"] != up, value.map(ids, na_action="ignore"))
        self.batch.set(
            entity,
            pd.DataFrame(
                {
                    "record_id": settings["code"].map(ids),
                    "field": settings["field"],
                    "value": value,
                    "effective": settings["effective"],
                }
            ),
        )

    def pairs(self, entity: str, *names: str) -> list[tuple[Any, ...]]:
        """Some columns of this source's records."""
        table = table_of(entity)
        query = select(*(table.c[name] for name in names)).where(table.c.source == self.source)
        return [tuple(row) for row in self.batch.connection.execute(query)]

    def rates(self, entity: str) -> dict[int, float]:
        """By id, the rate of each record whose money is in another currency than ours."""
        table = table_of(entity)
        query = select(table.c.id, table.c.currency_rate).where(table.c.currency.is_not(None))
        found: Any = self.batch.connection.execute(query)
        return dict(tuple(row) for row in found)

    def renamed(self) -> set[str | None]:
        """Codes that records have since they were anonymised."""
        return set(self.batch.connection.scalars(select(KeptOut.code)))

    def remove(self, entity: str, codes: list[str]) -> None:
        """Delete records that the source no longer has."""
        ids = self.codes(entity)
        self.batch.delete(entity, [ids.pop(code) for code in codes])


def _held_on(day: str, known: list[tuple[str, Any]]) -> Any:
    """What dated values say of a day; of one before them all, what the first says."""
    return [value for since, value in known if since <= day or (since, value) == known[0]][-1]


def _json(value: Any) -> str | None:
    return None if value is None else orjson.dumps(value).decode()


def self_reference(entity: str) -> str | None:
    """The field that refers to a record of the same entity."""
    table = table_of(entity)
    return next((c.name for c in table.columns if c.references(table.c.id)), None)


def _waves(born: pd.DataFrame, up: str | None) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    """Parents before children; who is their own ancestor comes last, tied once all are there."""
    nothing = pd.DataFrame({name: pd.Series(dtype="object") for name in COLUMNS})
    left = born
    while up and up in left and len(left):
        waits = left[up].isin(left["code"])
        if waits.all():
            cut = pd.DataFrame(
                {
                    "code": left["code"],
                    "field": up,
                    "effective": left["effective"],
                    "value": left[up],
                }
            )
            yield left.assign(**{up: None}), cut
            return
        yield left[~waits].copy(), nothing
        left = left[waits]
    if len(left):
        yield left.copy(), nothing
