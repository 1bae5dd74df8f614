"""Loads a CRM's tables: references resolved, money in one currency, then written as records."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd
from stdnum.fr import siren

from workbench.errors import SettingsError
from workbench.sources import history, tabular, values
from workbench.sources.records import Counts, self_reference
from workbench.sources.tabular import Rejected
from workbench.store.batch import columns_of
from workbench.store.journal import BEGINNING
from workbench.store.schema import ENTITIES, Money

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from workbench.settings import Currency
    from workbench.sources.preset import Preset
    from workbench.sources.records import Records
    from workbench.sources.tabular import Rows, Sheet

PLACEHOLDERS = ("000000000", "111111111", "999999999", "123456789")
Rates = dict[tuple[str, str], float]  # by entity and code, what was not in our currency
PER_LINE = "document_line"  # its money is in its document's currency


@dataclass
class Tables:
    """What a CRM's files hold for us: rows by entity, their past, and what didn't fit."""

    rows: list[Rows]
    past: dict[str, pd.DataFrame]
    past_sheet: Sheet | None
    rejected: Rejected
    notes: list[str] = field(default_factory=list)


def read(files: list[Path], preset: Preset) -> Tables:
    """Read the preset's tables among the files.

    Raises:
        SourceError: a file can't be read, or none is the preset's.
        MissingColumns: a file lacks a column that the preset names.
    """
    rejected = Rejected()
    sheets = tabular.sheets(files, preset, rejected)
    rows = [
        tabular.rows(mapping, sheets[mapping.file], preset, rejected)
        for mapping in preset.tables
        if mapping.file in sheets
    ]
    sheet = sheets.get(preset.history or "")
    past = history.read(sheet, preset, rejected) if sheet else {}
    tables = Tables(rows, past, sheet, rejected)
    for one in rows:
        others = [other.unread for other in rows if other.sheet is one.sheet]
        unread = set(one.unread).intersection(*others)
        if unread:
            note = f"Columns not used, {one.sheet.file}: {', '.join(sorted(unread))}"
            tables.notes += [note] if note not in tables.notes else []
        if one.mapping.since:
            past[one.entity] = history.of_row(one)
        if one.entity == "account":
            tables.notes += _identifiers(one)
    if preset.status_from_deals:
        by_entity = {one.entity: one for one in rows}
        if {"account", "opportunity"} <= set(by_entity):
            past["account"] = history.status_from_deals(
                by_entity["account"], by_entity["opportunity"]
            )
    return tables


def _identifiers(accounts: Rows) -> list[str]:
    """Look at SIREN and SIRET: wrong ones are kept and named, placeholders emptied."""
    frame = accounts.frame
    notes = []
    if "siren" in frame:
        plain = frame["siren"].str.replace(r"\s", "", regex=True)
        placeholder = plain.isin(PLACEHOLDERS)
        accounts.frame = frame = frame.assign(siren=plain.mask(placeholder))
        valid = frame["siren"].map(siren.is_valid, na_action="ignore").astype("boolean")
        wrong = ~valid.fillna(value=True).astype("bool")
        for name, where in (
            ("Made-up SIREN, emptied", placeholder),
            ("SIREN that fail their check, kept", wrong),
        ):
            if where.any():
                some = ", ".join(frame.loc[where, "code"].head(5))
                notes.append(f"{name}: {int(where.sum())}, among them {some}")
    if "siret" in frame:
        twice = frame["siret"].notna() & frame["siret"].duplicated(keep=False)
        if twice.any():
            some = ", ".join(frame.loc[twice, "code"].head(5))
            notes.append(f"Possible duplicates, same SIRET: {int(twice.sum())}, among them {some}")
    return notes


def write(
    tables: Tables,
    records: Records,
    preset: Preset,
    currency: Currency,
    progress: Callable[[str, int], None],
) -> tuple[list[Counts], dt.date | None]:
    """Write what was read, in the order of what refers to what.

    Returns:
        What became of each table, and the latest date that something in the files bears.
    """
    counts: dict[str, Counts] = {}
    latest = [BEGINNING.isoformat()]
    _pipelines(preset, records)
    rates: Rates = {}
    order = list(ENTITIES)
    for rows in sorted(tables.rows, key=lambda one: order.index(one.entity)):
        kept = _resolved(rows, records, tables.rejected)
        kept = _converted(rows, kept, currency, rates, tables.rejected)
        timeline = _past(tables, rows.entity, kept, records, rates)
        begins = history.begins(rows, kept, timeline)
        done = records.write(rows.entity, _with_ids(kept, rows.entity), begins, timeline)
        done.read, done.rejected = rows.read, rows.read - len(kept)
        done.sums = {
            name: round(float(kept[name].sum()), 2)
            for name, column in columns_of(rows.entity).items()
            if isinstance(column.type, Money) and name in kept
        }
        counts[rows.entity] = counts[rows.entity] + done if rows.entity in counts else done
        progress(rows.entity, rows.read)
        latest += [*begins.tolist(), *timeline["effective"].tolist()]
    for entity in set(tables.past) - set(counts):
        nothing = pd.DataFrame({"code": pd.Series(dtype="str")})
        timeline = _past(tables, entity, nothing, records, rates)
        frame = timeline[["code"]].drop_duplicates()
        begins = pd.Series(history.START, index=frame.index)
        counts[entity] = records.write(entity, frame, begins, timeline)
        latest += timeline["effective"].tolist()
    last = max(latest)
    return list(counts.values()), dt.date.fromisoformat(last) if last > latest[0] else None


def references(entity: str) -> dict[str, str]:
    """Which table each field of an entity refers to, by the field's name without `_id`."""
    return {
        name: next(iter(column.foreign_keys)).column.table.name
        for name, column in tabular.fields(entity).items()
        if column.foreign_keys
    }


def _with_ids(frame: pd.DataFrame, entity: str) -> pd.DataFrame:
    return frame.rename(columns={name: f"{name}_id" for name in references(entity)})


def _pipelines(preset: Preset, records: Records) -> None:
    """The source's own pipelines and their stages."""
    for pipeline in preset.pipelines:
        code = pd.DataFrame({"code": [pipeline.code], "label": [pipeline.label]})
        start = pd.Series([history.START])
        records.write("pipeline", code, start, history.empty())
        stages = pd.DataFrame([stage.model_dump() for stage in pipeline.stages])
        stages["pipeline_id"] = records.codes("pipeline")[pipeline.code]
        stages["position"] = range(1, len(stages) + 1)
        stages["code"] = f"{pipeline.code}/" + stages["code"]
        begins = pd.Series(history.START, index=stages.index)
        records.write("stage", stages, begins, history.empty())


def _resolved(rows: Rows, records: Records, rejected: Rejected) -> pd.DataFrame:
    """Codes of references as ids, rows that name an unknown record set apart.

    A reference to the same entity stays a code: the record may be created with this very load.
    """
    frame = rows.frame.copy()
    reasons = pd.Series("", index=frame.index, dtype="str")
    for name, target in references(rows.entity).items():
        if name not in frame or f"{name}_id" == self_reference(rows.entity):
            continue
        code = frame[name]
        key = frame["pipeline"] + "/" + code if name == "stage" else code
        # The pipeline comes before the stage, but must still be a code when the stage needs it.
        ids = key.map(records.codes(target)).astype("Int64")
        unknown = code.notna() & ids.isna() & (reasons == "")
        reasons = reasons.mask(unknown, f"Référence inconnue : {name} = " + code.fillna(""))
        frame[f"{name} id"] = ids
    done = {name: f"{name} id" for name in references(rows.entity) if f"{name} id" in frame}
    frame = frame.drop(columns=list(done)).rename(columns={new: old for old, new in done.items()})
    up = (self_reference(rows.entity) or "").removesuffix("_id")
    while up and up in frame:
        there = set(frame.loc[reasons == "", "code"]) | set(records.codes(rows.entity))
        unknown = frame[up].notna() & ~frame[up].isin(there) & (reasons == "")
        if not unknown.any():
            break
        reasons = reasons.mask(unknown, f"Référence inconnue : {up} = " + frame[up].fillna(""))
    wrong = reasons != ""
    rejected.add(rows.entity, rows.sheet, reasons[wrong])
    return frame[~wrong]


def _converted(
    rows: Rows,
    frame: pd.DataFrame,
    currency: Currency,
    rates: Rates,
    rejected: Rejected,
) -> pd.DataFrame:
    """Money in the reporting currency, at the rate of the event's date.

    `rates` keeps by document or deal what was in another currency, for what hangs on it.
    """
    money = [
        n for n, c in columns_of(rows.entity).items() if isinstance(c.type, Money) and n in frame
    ]
    if "currency" not in frame:
        if rows.entity == PER_LINE and rates:
            document = rows.frame["document"].reindex(frame.index)
            factor = document.map(
                {code: rate for (of, code), rate in rates.items() if of == "document"}
            ).fillna(1.0)
            return frame.assign(**{name: values.cents(frame[name] * factor) for name in money})
        return frame
    code = frame.pop("currency").str.upper().fillna(currency.code)
    event = frame.get(rows.mapping.event or "", pd.Series(pd.NaT, index=frame.index))
    day = event.dt.strftime("%Y-%m-%d").fillna("")
    pairs = {(one, on) for one, on in zip(code, day, strict=True) if one != currency.code}
    known = {pair: _rate(currency, *pair) for pair in pairs}
    rate = pd.Series(
        [known.get(pair, 1.0) for pair in zip(code, day, strict=True)],
        index=frame.index,
        dtype="float64",
    )
    reasons = "Taux de change manquant : " + code + ", " + day.replace("", "sans date")
    rejected.add(rows.entity, rows.sheet, reasons[rate.isna()])
    foreign = (code != currency.code) & rate.notna()
    rates |= {
        (rows.entity, str(one)): factor
        for one, factor in zip(frame.loc[foreign, "code"], rate[foreign].tolist(), strict=True)
    }
    converted = frame.assign(**{name: values.cents(frame[name] * rate) for name in money})
    return converted[rate.notna()]


def _rate(currency: Currency, code: str, day: str) -> float | None:
    try:
        return float(currency.rate(code, dt.date.fromisoformat(day))) if day else None
    except SettingsError:
        return None


def _past(
    tables: Tables,
    entity: str,
    frame: pd.DataFrame,
    records: Records,
    rates: Rates,
) -> pd.DataFrame:
    """An entity's timeline with ids for references, what names unknown records set apart."""
    timeline = tables.past.get(entity)
    if timeline is None or timeline.empty:
        return history.empty()
    reasons = pd.Series("", index=timeline.index, dtype="str")
    known = timeline["code"].isin(frame["code"]) | timeline["code"].isin(
        list(records.codes(entity))
    )
    reasons = reasons.mask(~known, f"Référence inconnue : {entity} = " + timeline["code"])
    value = timeline["value"].astype("object")
    value = value.where(value.notna(), None)
    names = references(entity)
    own = self_reference(entity)
    for name in timeline["field"].unique():
        where = timeline["field"] == name
        if name in names and f"{name}_id" != own:
            key = value[where]
            if name == "stage":
                key = _pipeline_of(timeline.loc[where, "code"], frame, records) + "/" + key
            found = key.map(records.codes(names[name]), na_action="ignore")
            lost = value[where].notna() & found.isna()
            reasons[where] = reasons[where].mask(
                lost & (reasons[where] == ""),
                f"Référence inconnue : {name} = " + value[where].fillna(""),
            )
            value[where] = found.astype("object").where(found.notna(), None)
        elif (
            isinstance(columns_of(entity).get(name, columns_of(entity)["code"]).type, Money)
            and rates
        ):
            own_rates = {code: rate for (of, code), rate in rates.items() if of == entity}
            factor = timeline.loc[where, "code"].map(own_rates).fillna(1.0)
            value[where] = values.cents(value[where].astype("float64") * factor).astype("object")
    wrong = reasons != ""
    if wrong.any() and tables.past_sheet is not None:
        tables.rejected.add(
            "history", tables.past_sheet, reasons[wrong].set_axis(timeline.loc[wrong, "line"])
        )
    field_ids = {name: f"{name}_id" for name in names}
    return timeline.assign(value=value, field=timeline["field"].replace(field_ids))[~wrong]


def _pipeline_of(codes: pd.Series[str], frame: pd.DataFrame, records: Records) -> pd.Series[str]:
    """The pipeline code of deals, in this load or in the store."""
    by_id = {id_: code for code, id_ in records.codes("pipeline").items()}
    ids = dict(records.pairs("opportunity", "code", "pipeline_id"))
    if "pipeline" in frame:
        ids |= dict(zip(frame["code"], frame["pipeline"], strict=True))
    return codes.map(ids).map(by_id)
