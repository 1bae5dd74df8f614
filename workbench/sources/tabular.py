"""Reads sheets of CRM tables through a preset into rows that are typed like our fields.

A row that doesn't fit is set apart with its file, line and reason. References stay codes here; that
they exist is for `load` to say, which knows the store.
"""

from __future__ import annotations

from dataclasses import dataclass
from string import Formatter
from typing import TYPE_CHECKING, Any

import pandas as pd
from sqlalchemy import Boolean, Date, Float, Integer

from workbench import vocabulary as words
from workbench.errors import MissingColumns
from workbench.sources import reasons, values
from workbench.sources.rejected import REASON
from workbench.store.rows import table_of
from workbench.store.schema import Money

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from sqlalchemy import Column

    from workbench.sources.preset import Preset, TableMap
    from workbench.sources.rejected import Rejected
    from workbench.sources.sheets import Sheet

VOCABULARY = {
    ("rep", "kind"): words.RepKind,
    ("account", "status"): words.Status,
    ("account", "need"): words.Need,
    ("account", "timeline"): words.Timeline,
    ("contact", "decision_role"): words.DecisionRole,
    ("consent", "channel"): words.Channel,
    ("consent", "state"): words.ConsentState,
    ("opportunity", "loss_reason"): words.LossReason,
    ("document", "kind"): words.DocumentKind,
    ("document", "state"): words.QuoteState,
    ("contract", "kind"): words.ContractKind,
    ("activity", "kind"): words.ActivityKind,
}
OURS = ("id", "version", "source", "currency_rate")  # columns that no source fills
ISO = "%Y-%m-%d"
HAPPENED = {"consent": {"date"}}  # dates on which something was done, never one to come
ERRORS = ("#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!")  # of a spreadsheet


@dataclass
class Rows:
    """Rows that fit one entity: typed fields, codes of references; `index` is the sheet's.

    Attributes:
        read: rows of the sheet, those that don't fit included.
        codes: of all of them.
        unread: columns that go nowhere.
    """

    mapping: TableMap
    sheet: Sheet
    frame: pd.DataFrame
    read: int
    codes: set[str]
    unread: list[str]

    @property
    def entity(self) -> str:
        """Which table of the store they are for."""
        return self.mapping.entity


def rows(
    mapping: TableMap, sheet: Sheet, preset: Preset, rejected: Rejected, today: dt.date
) -> Rows:
    """A sheet's rows as one of our entities, those that don't fit set apart.

    Nor does one by which a value would only hold after today.

    Raises:
        MissingColumns: the sheet lacks a column that the preset names.
    """
    texts, used = _mapped(mapping, sheet)
    columns = fields(mapping.entity)
    found = pd.Series("", index=sheet.cells.index, dtype="str")

    missing = {*mapping.required, "code"} - set(texts)
    if missing:
        raise MissingColumns(sheet.file, missing, sheet.cells.columns)

    def refuse(where: pd.Series[bool], reason: pd.Series[str] | str) -> None:
        first = where & (found == "")
        found[first] = reason if isinstance(reason, str) else reason[first]

    for name in mapping.required:
        refuse(texts[name] == "", reasons.MISSING.format(field=name))
    frame = pd.DataFrame(index=sheet.cells.index)
    for name, text in texts.items():
        column = columns.get(name)
        frame[name] = typed(text, kind(column), preset)
        misfit = misfits(mapping.entity, name, text, frame[name])
        refuse(misfit != "", misfit)
        if column is not None and not column.nullable and column.default is not None:
            default: Any = column.default
            frame[name] = frame[name].fillna(default.arg)
        if column is not None and not column.nullable:
            refuse(frame[name].isna(), reasons.MISSING.format(field=name))
    since = {mapping.since.when} if mapping.since else set()
    for name in since | HAPPENED.get(mapping.entity, set()) & set(texts):
        ahead = each(reasons.AHEAD, field=name, text=texts[name])
        refuse(frame[name] > pd.Timestamp(today), ahead)
    twice = frame["code"].duplicated() & frame["code"].notna()
    if mapping.distinct:
        found, frame = found[~twice], frame[~twice]
    else:
        refuse(twice, each(reasons.TWICE, code=texts["code"]))
    wrong = found != ""
    rejected.add(mapping.entity, sheet, found[wrong])
    unread = [str(name) for name in sheet.cells if name not in {*used, REASON}]
    return Rows(mapping, sheet, frame[~wrong], len(found), set(texts["code"]), unread)


def require(sheet: Sheet, names: Iterable[str]) -> None:
    """Insist on columns.

    Raises:
        MissingColumns: the sheet lacks some.
    """
    missing = set(names) - set(sheet.cells.columns)
    if missing:
        raise MissingColumns(sheet.file, missing, sheet.cells.columns)


def fields(entity: str) -> dict[str, Column[Any]]:
    """An entity's columns, those that refer to another record by their name without `_id`."""
    columns = table_of(entity).columns
    return {
        column.name.removesuffix("_id") if column.foreign_keys else column.name: column
        for column in columns
        if column.name not in OURS
    }


def _mapped(mapping: TableMap, sheet: Sheet) -> tuple[dict[str, pd.Series[str]], set[str]]:
    """Texts by our fields' names, and the columns used: values translated, constants added."""
    cells = sheet.cells
    require(sheet, [*mapping.columns, *mapping.notes])
    out: dict[str, pd.Series[str]] = {}
    known = {*fields(mapping.entity), "currency"} if mapping.same_names else set()
    sources: dict[str, str] = {name: name for name in cells if name in known}
    for column, target in mapping.columns.items():
        sources |= dict.fromkeys([target] if isinstance(target, str) else target, column)
    for name, column in sources.items():
        text = cells[column].str.strip()
        out[name] = (
            text.replace(mapping.translations[name]) if name in mapping.translations else text
        )
    for name, constant in mapping.constants.items():
        out[name] = pd.Series(constant, index=cells.index, dtype="str")
    for name, template in mapping.texts.items():
        if name not in out:
            named = {part for _, part, _, _ in Formatter().parse(template) if part}
            require(sheet, named - set(out))
            out[name] = _composed(template, cells, out)
    if mapping.notes:
        parts = [
            (column + " : " + cells[column]).where(cells[column] != "", "")
            for column in mapping.notes
        ]
        joined = parts[0]
        for part in parts[1:]:
            joined = joined + " ; " + part
        out["notes"] = joined.str.strip(" ;")
    return out, {*sources.values(), *mapping.columns, *mapping.notes}


def _composed(
    template: str, cells: pd.DataFrame, mapped: dict[str, pd.Series[str]]
) -> pd.Series[str]:
    text = pd.Series("", index=cells.index, dtype="str")
    for literal, name, _, _ in Formatter().parse(template):
        text = text + literal
        if name:
            text = text + (mapped[name] if name in mapped else cells[name])
    return text.str.strip(" –-/")


def kind(column: Column[Any] | None) -> Any:
    """What a field holds; None for text and for codes of other records."""
    return None if column is None or column.foreign_keys else column.type


def typed(text: pd.Series[str], kind: Any, preset: Preset) -> pd.Series[Any]:
    """A column of text into its field's kind; missing where it is empty or doesn't read."""
    if isinstance(kind, Date):
        return values.dates(values.text(text), [*preset.dates, ISO]).set_axis(text.index)
    if isinstance(kind, Boolean):
        flags = dict.fromkeys(preset.true, True) | dict.fromkeys(preset.false, False)
        return text.str.lower().map(flags).astype("boolean")
    if isinstance(kind, Money | Float | Integer):
        found = pd.Series(values.numbers(values.text(text), preset.decimal), index=text.index)
        if isinstance(kind, Money):
            return found.mul(100).round().div(100)
        return found if isinstance(kind, Float) else found.where(found % 1 == 0).astype("Int64")
    return text.where(text != "")


def each(template: str, **said: pd.Series[str] | str) -> pd.Series[str]:
    """A reason for each row of those that its parts have."""
    reason: Any = ""
    for literal, name, _, _ in Formatter().parse(template):
        reason = reason + literal + (said[name] if name else "")
    made: pd.Series[str] = reason
    return made


def misfits(entity: str, name: str, text: pd.Series[str], value: pd.Series[Any]) -> pd.Series[str]:
    """Why values don't fit their field; empty where they do."""
    date = isinstance(kind(fields(entity).get(name)), Date)
    found = pd.Series("", index=text.index, dtype="str")
    wrong = (value.isna() & (text != "")) | text.isin(ERRORS)
    unread = reasons.NO_DATE if date else reasons.NO_VALUE
    found = found.mask(wrong, each(unread, field=name, text=text))
    if (entity, name) in VOCABULARY:
        known = text.isin([*VOCABULARY[entity, name], ""])
        found = found.mask(~known, each(reasons.NO_WORD, field=name, text=text))
    return found
