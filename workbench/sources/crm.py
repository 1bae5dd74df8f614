"""Loads a CRM's tables: references resolved, money in one currency, then written as records."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd
from stdnum.fr import siren, siret

from workbench.errors import Reason, SettingsError
from workbench.locale import msg
from workbench.sources import history, reasons, sheets, tabular, values
from workbench.sources.records import Counts, self_reference
from workbench.sources.rejected import REASON, Rejected
from workbench.store.journal import BEGINNING
from workbench.store.rows import columns_of
from workbench.store.schema import ENTITIES, Money
from workbench.vocabulary import ConsentState

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from workbench.settings import Currency
    from workbench.sources.preset import Preset
    from workbench.sources.records import Records
    from workbench.sources.sheets import Sheet
    from workbench.sources.tabular import Rows

PLACEHOLDERS = ("000000000", "111111111", "999999999", "123456789")
Rates = dict[tuple[str, str], float]  # by entity and code; NaN where there is none
PER_LINE = "document_line"  # its money is in its document's currency
NUMBERS = {"siren": (9, siren.is_valid), "siret": (14, siret.is_valid)}
UNUSED = msg("Colonnes non utilisées, {file} : {columns}")
MADE_UP = msg("{name} fictifs, vidés : {count}, dont {some}")
WRONG = msg("{name} dont la clé est fausse, gardés : {count}, dont {some}")
TWINS = msg("Doublons possibles, même SIRET : {count}, dont {some}")
UNPROVEN = msg("Consentements donnés sans preuve, gardés : {count}, dont {some}")
ABSENT = msg("Absents de cet export, gardés : {tables}")


@dataclass
class Tables:
    """What a CRM's files hold for us: rows by entity, their past, and what didn't fit."""

    rows: list[Rows]
    past: dict[str, pd.DataFrame]
    past_sheet: Sheet | None
    rejected: Rejected
    sheets: list[Sheet]
    notes: list[str] = field(default_factory=list)


def read(files: list[Path], preset: Preset, today: dt.date) -> Tables:
    """Read the preset's tables among the files; what would only hold after today is set apart.

    Raises:
        SourceError: a file can't be read, or none is the preset's.
        MissingColumns: a file lacks a column that the preset names.
    """
    rejected = Rejected()
    found = sheets.sheets(files, preset, rejected)
    rows = [
        tabular.rows(mapping, found[mapping.file], preset, rejected, today)
        for mapping in preset.tables
        if mapping.file in found
    ]
    sheet = found.get(preset.history or "")
    past = history.read(sheet, preset, rejected, today) if sheet else {}
    tables = Tables(rows, past, sheet, rejected, list(found.values()))
    for one in rows:
        others = [other for other in rows if other.sheet is one.sheet]
        if one is others[0]:
            one.read += one.sheet.broken
            unread = set(one.unread).intersection(*(other.unread for other in others))
            if unread:
                tables.notes.append(
                    Reason(UNUSED, file=one.sheet.file, columns=", ".join(sorted(unread)))
                )
        if one.mapping.since:
            past[one.entity] = history.of_row(one)
        if one.entity == "account":
            tables.notes += _identifiers(one)
        if one.entity == "consent":
            tables.notes += _unproven(one)
    if preset.status_from_deals:
        by_entity = {one.entity: one for one in rows}
        if {"account", "opportunity"} <= set(by_entity):
            past["account"] = history.status_from_deals(
                by_entity["account"], by_entity["opportunity"]
            )
    return tables


def _unproven(consents: Rows) -> list[str]:
    """Consents that were given by no proof: kept and named, somebody has to find it."""
    frame = consents.frame
    proofs = frame["proof"] if "proof" in frame else pd.Series(None, index=frame.index)
    bare = (frame["state"] == ConsentState.GIVEN) & proofs.isna()
    some = ", ".join(frame.loc[bare, "code"].head(5))
    return [Reason(UNPROVEN, count=int(bare.sum()), some=some)] if bare.any() else []


def _identifiers(accounts: Rows) -> list[str]:
    """Look at SIREN and SIRET: wrong ones are kept and named, placeholders emptied."""
    notes: list[str] = []

    def note(template: str, where: pd.Series[bool], **said: str) -> None:
        if where.any():
            some = ", ".join(accounts.frame.loc[where, "code"].head(5))
            notes.append(Reason(template, count=int(where.sum()), some=some, **said))

    for name, (length, valid) in NUMBERS.items():
        if name not in accounts.frame:
            continue
        plain = accounts.frame[name].str.replace(r"\s", "", regex=True)
        placeholder = plain.str[:9].isin(PLACEHOLDERS) & (plain.str.len() == length)
        plain = plain.mask(placeholder)
        accounts.frame = accounts.frame.assign(**{name: plain})
        note(MADE_UP, placeholder, name=name.upper())
        right = plain.map(valid, na_action="ignore").astype("boolean").fillna(value=True)
        note(WRONG, ~right.astype("bool"), name=name.upper())
        if name == "siret":
            note(TWINS, plain.notna() & plain.duplicated(keep=False))
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
        kept, why = _converted(rows, kept, records, currency, rates)
        tables.rejected.add(rows.entity, rows.sheet, why[why != ""])
        kept = kept[why == ""]
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
    absent = _absent(tables, records)
    if absent:
        tables.notes.append(Reason(ABSENT, tables=", ".join(absent)))
    last = max(latest)
    return list(counts.values()), dt.date.fromisoformat(last) if last > latest[0] else None


def _absent(tables: Tables, records: Records) -> list[str]:
    """What the source had and its files have no more, by table; files of mended rows are no whole.

    Those anonymised are called otherwise in the files.
    """
    found = []
    for entity in dict.fromkeys(rows.entity for rows in tables.rows):
        mine = [rows for rows in tables.rows if rows.entity == entity]
        if any(REASON in rows.sheet.form.columns for rows in mine):
            continue
        told = records.renamed().union(*(rows.codes for rows in mine))
        gone = sum(code not in told for (code,) in records.pairs(entity, "code"))
        if gone:
            found.append(f"{entity} {gone}")
    return found


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
    why = pd.Series("", index=frame.index, dtype="str")
    for name, target in references(rows.entity).items():
        if name not in frame or f"{name}_id" == self_reference(rows.entity):
            continue
        code = frame[name]
        key = frame["pipeline"] + "/" + code if name == "stage" else code
        # The pipeline comes before the stage, but must still be a code when the stage needs it.
        ids = key.map(records.codes(target)).astype("Int64")
        unknown = code.notna() & ids.isna() & (why == "")
        why = why.mask(unknown, tabular.each(reasons.UNKNOWN, field=name, code=code.fillna("")))
        frame[f"{name} id"] = ids
    done = {name: f"{name} id" for name in references(rows.entity) if f"{name} id" in frame}
    frame = frame.drop(columns=list(done)).rename(columns={new: old for old, new in done.items()})
    up = (self_reference(rows.entity) or "").removesuffix("_id")
    while up and up in frame:
        there = set(frame.loc[why == "", "code"]) | set(records.codes(rows.entity))
        unknown = frame[up].notna() & ~frame[up].isin(there) & (why == "")
        if not unknown.any():
            break
        unread = tabular.each(reasons.UNKNOWN, field=up, code=frame[up].fillna(""))
        why = why.mask(unknown, unread)
    wrong = why != ""
    rejected.add(rows.entity, rows.sheet, why[wrong])
    return frame[~wrong]


def _converted(
    rows: Rows,
    frame: pd.DataFrame,
    records: Records,
    currency: Currency,
    rates: Rates,
) -> tuple[pd.DataFrame, pd.Series[str]]:
    """Money in the reporting currency, at the rate of the event's date.

    A record keeps the currency and the rate that it was converted at, for what hangs on it and
    comes without its own: lines, history. `rates` are those of this load.

    Returns:
        The rows, and why those can't be converted that can't; empty for the others.
    """
    columns = columns_of(rows.entity)
    money = [name for name, c in columns.items() if isinstance(c.type, Money) and name in frame]
    why = pd.Series("", index=frame.index, dtype="str")
    if "currency" not in frame:
        of, codes = rows.entity, frame["code"]
        if rows.entity == PER_LINE:
            of, codes = "document", rows.frame["document"].reindex(frame.index)
        elif "currency" not in columns:
            return frame, why
        rate = _factor(of, codes, records, rates)
        why = why.mask(rate.isna(), tabular.each(reasons.NO_RATE_OF, code=codes.fillna("")))
    else:
        code = frame.pop("currency").str.upper().fillna(currency.code)
        event = frame.get(rows.mapping.event or "", pd.Series(pd.NaT, index=frame.index))
        day = event.dt.strftime("%Y-%m-%d").fillna("")
        pairs = list(zip(code, day, strict=True))
        known = {pair: _rate(currency, *pair) for pair in set(pairs)}
        rate = pd.Series([known[pair] for pair in pairs], index=frame.index, dtype="float64")
        on = day.replace("", reasons.UNDATED)
        why = why.mask(rate.isna(), tabular.each(reasons.NO_RATE, currency=code, day=on))
        rates |= dict(
            zip(((rows.entity, one) for one in frame["code"]), rate.tolist(), strict=True)
        )
        if "currency" in columns:
            foreign = code != currency.code
            frame = frame.assign(currency=code.where(foreign), currency_rate=rate.where(foreign))
    return frame.assign(**{name: values.cents(frame[name] * rate) for name in money}), why


def _factor(entity: str, codes: pd.Series[str], records: Records, rates: Rates) -> pd.Series[float]:
    """What the money of records is to be multiplied by: their own rate, of this load or before."""
    ids, stored = records.codes(entity), records.rates(entity)
    known = {
        code: rates.get((entity, code), stored.get(ids.get(code, 0), 1.0))
        for code in codes.dropna().unique()
    }
    return codes.map(known).astype("float64")


def _rate(currency: Currency, code: str, day: str) -> float | None:
    if code == currency.code:
        return 1.0
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
    why = pd.Series("", index=timeline.index, dtype="str")
    known = timeline["code"].isin(frame["code"]) | timeline["code"].isin(
        list(records.codes(entity))
    )
    why = why.mask(~known, tabular.each(reasons.UNKNOWN, field=entity, code=timeline["code"]))
    value = timeline["value"].astype("object")
    value = value.where(value.notna(), None)
    names, columns = references(entity), columns_of(entity)
    own = self_reference(entity)
    for name in timeline["field"].unique():
        where = timeline["field"] == name
        if name in names and f"{name}_id" != own:
            key = value[where]
            if name == "stage":
                key = _pipeline_of(timeline.loc[where, "code"], frame, records) + "/" + key
            found = key.map(records.codes(names[name]), na_action="ignore")
            lost = value[where].notna() & found.isna()
            why[where] = why[where].mask(
                lost & (why[where] == ""),
                tabular.each(reasons.UNKNOWN, field=name, code=value[where].fillna("")),
            )
            value[where] = found.astype("object").where(found.notna(), None)
        elif isinstance(tabular.kind(tabular.fields(entity).get(name)), Money):
            codes = timeline.loc[where, "code"]
            rate = _factor(entity, codes, records, rates) if "currency" in columns else 1.0
            money = values.cents(value[where].astype("float64") * rate).astype("object")
            value[where] = money.where(money.notna(), None)
            unknown = value[where].isna() & timeline.loc[where, "value"].notna()
            why[where] = why[where].mask(
                unknown & (why[where] == ""), tabular.each(reasons.NO_RATE_OF, code=codes)
            )
    wrong = why != ""
    if wrong.any() and tables.past_sheet is not None:
        tables.rejected.add(
            "history", tables.past_sheet, why[wrong].set_axis(timeline.loc[wrong, "line"])
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
