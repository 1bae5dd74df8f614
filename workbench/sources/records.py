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
from sqlalchemy import select

from workbench.sources.history import COLUMNS
from workbench.store.batch import columns_of, plain, table_of
from workbench.store.schema import Change
from workbench.vocabulary import Surface

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from workbench.store.journal import Batch

EDITED = (
    "rep",
    "account",
    "contact",
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


@dataclass
class Records:
    """The store's records as one source sees them, within a batch."""

    batch: Batch
    source: str
    today: dt.date
    _codes: dict[str, dict[str, int]] = field(default_factory=dict)

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
            begins: since when each row's record is there, ISO text, on the frame's index.
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
        rows["begins"] = begins.to_numpy()
        held = self._held(entity)
        known = rows["code"].isin(held.index)
        counts = Counts(entity, new=int((~known).sum()))
        self._create(entity, rows[~known], timeline, up)
        if known.any():
            counts.changed, counts.kept = self._change(entity, rows[known], held, timeline, up)
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
    ) -> tuple[int, int]:
        """Set what the source says otherwise than before.

        Returns:
            How many records changed, and how many values were kept as people had edited them.
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
        wanted = pd.concat(parts[1:] or parts)
        kept = 0
        if entity in EDITED:
            wanted, kept = self._since_last_load(entity, rows, wanted, mine)
        self._set(entity, wanted)
        return wanted["code"].nunique(), kept

    def _since_last_load(
        self, entity: str, rows: pd.DataFrame, differing: pd.DataFrame, timeline: pd.DataFrame
    ) -> tuple[pd.DataFrame, int]:
        """Of differing values and dated ones, those that earlier loads didn't bring."""
        ids = self.codes(entity)
        codes = set(differing["code"]) | set(timeline["code"])
        past = self._loaded(entity, [ids[code] for code in codes])
        today = self.today.isoformat()
        settings: list[tuple[str, str, str, Any]] = []
        kept = 0
        for code, name, value in differing[["code", "field", "value"]].itertuples(index=False):
            if past[ids[code]].get(name, [(today, None)])[-1][1] == value:
                kept += 1
            else:
                settings.append((code, name, today, value))
        now = rows.set_index("code")
        told: dict[tuple[str, str], list[tuple[str, Any]]] = defaultdict(list)
        for code, name, effective, value in timeline[COLUMNS].itertuples(index=False):
            told[code, name].append((effective, value))
        current = {name: now[name].to_dict() for name in timeline["field"].unique() if name in now}
        for (code, name), steps in told.items():
            known = past[ids[code]].get(name, [(today, None)])
            if steps[0][1] != known[0][1] and steps[0] not in known:
                settings.append((code, name, *steps[0]))
            settings += [(code, name, *step) for step in steps[1:] if step not in known]
            if name in current:
                value = current[name][code]
                if value not in (steps[-1][1], known[-1][1]):
                    settings.append((code, name, today, value))
        return pd.DataFrame(settings, columns=COLUMNS, dtype="object"), kept

    def _loaded(self, entity: str, ids: list[int]) -> dict[int, dict[str, list[tuple[str, Any]]]]:
        """What loads have said of records: by id and field, dated values in order of effect."""
        rows = self.batch.connection.execute(
            select(Change.record_id, Change.op, Change.effective, Change.field, Change.new)
            .where(Change.entity == entity, Change.surface == Surface.LOAD.value)
            .order_by(Change.op != "create", Change.effective, Change.id)
        )
        wanted = set(ids)
        names = list(columns_of(entity))
        past: dict[int, dict[str, list[tuple[str, Any]]]] = {}
        for record, op, effective, name, new in rows:
            if record not in wanted or op == "delete":
                continue
            value: Any = None if new is None else orjson.loads(new)
            day = effective.isoformat()
            if op == "create":
                past[record] = {one: [(day, value.get(one))] for one in names}
            else:
                past[record][str(name)].append((day, value))
        return past

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

    def remove(self, entity: str, codes: list[str]) -> None:
        """Delete records that the source no longer has."""
        ids = self.codes(entity)
        self.batch.delete(entity, [ids.pop(code) for code in codes])


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
