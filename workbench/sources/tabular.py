"""Reads CRM tables, CSV or XLSX, through a preset into rows that are typed like our fields.

A row that doesn't fit is set apart with its file, line and reason. References stay codes here; that
they exist is for `load` to say, which knows the store.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from string import Formatter
from typing import TYPE_CHECKING, Any

import orjson
import pandas as pd
from python_calamine import CalamineError, CalamineWorkbook
from sqlalchemy import Boolean, Date, Float, Integer

from workbench import vocabulary as words
from workbench.errors import MissingColumns, SourceError
from workbench.sources import values
from workbench.sources.encoding import decode
from workbench.store.batch import table_of
from workbench.store.schema import Money

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from sqlalchemy import Column

    from workbench.sources.preset import Preset, TableMap

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
TABLES = (".csv", ".txt", ".tsv", ".xlsx", ".xlsm", ".xls", ".ods")
REASON = "reason"  # the column that written-out rejected rows have more


@dataclass
class Rejected:
    """Rows that didn't fit, gathered; a row is rejected once, for its first reason."""

    rows: list[dict[str, Any]] = field(default_factory=list)

    def add(self, table: str, sheet: Sheet, reasons: pd.Series[str]) -> None:
        """Reject the rows that have a reason; the index of `reasons` is that of the sheet."""
        raws = sheet.cells.loc[reasons.index].to_dict("records")
        self.rows += [
            {
                "file": sheet.file,
                "line": int(line),
                "table": table,
                "reason": reason,
                "raw": orjson.dumps(raw).decode(),
            }
            for line, reason, raw in zip(sheet.lines[reasons.index], reasons, raws, strict=True)
        ]


@dataclass
class Sheet:
    """A file's cells as text, empty where there is none; `lines` are their lines in the file."""

    file: str
    cells: pd.DataFrame
    lines: pd.Series[int]
    decimal: str
    dates: list[str]


@dataclass
class Rows:
    """Rows that fit one entity: typed fields, codes of references; `index` is the sheet's."""

    mapping: TableMap
    sheet: Sheet
    frame: pd.DataFrame
    read: int
    unread: list[str]

    @property
    def entity(self) -> str:
        """Which table of the store they are for."""
        return self.mapping.entity


def sheets(files: Iterable[Path], preset: Preset, rejected: Rejected) -> dict[str, Sheet]:
    """The preset's tables among some files, by name, each read once.

    Raises:
        SourceError: none of the preset's files is there, or one can't be read.
    """
    wanted = {table.file for table in preset.tables} | {preset.history}
    found: dict[str, Sheet] = {}
    listed = [path for path in files if path.suffix.lower() in TABLES]
    for path in listed:
        if path.suffix.lower() in TABLES[:3]:
            if path.stem in wanted:
                found[path.stem] = csv_sheet(path, preset, rejected)
        else:
            found |= _workbook(path, preset, {name for name in wanted if name})
    if not found:
        raise SourceError(
            f"None of the files is a table of the preset {preset.name!r}: it reads "
            f"{', '.join(sorted(str(name) for name in wanted if name))} (.csv or .xlsx); there are "
            f"{', '.join(path.name for path in listed) or 'no tables'}."
        )
    return found


def csv_sheet(path: Path, preset: Preset, rejected: Rejected) -> Sheet:
    """A file's cells, rows with another number of columns than the first set apart.

    Raises:
        SourceError: it can't be read.
    """
    try:
        data = path.read_bytes()
        text = decode(data)[0] if preset.encoding == "auto" else data.decode(preset.encoding)
    except OSError as error:
        raise SourceError(f"{path}: can't be read ({error.strerror}).") from error
    except (UnicodeDecodeError, LookupError) as error:
        raise SourceError(f"{path}: not in {preset.encoding} ({error}).") from error
    if "\0" in text:
        raise SourceError(f"{path}: holds zero bytes; it is not a CSV file.")
    head = text.lstrip("\ufeff").partition("\n")[0]
    delimiter = max(",;\t|", key=head.count) if preset.delimiter == "auto" else preset.delimiter
    reader = csv.reader(io.StringIO(text.lstrip("\ufeff"), newline=""), delimiter=delimiter)
    rows: list[list[str]] = []
    lines: list[int] = []
    try:
        names = [name.strip() for name in next(reader, [])]
        before = reader.line_num
        for row in reader:
            if any(row):
                rows.append(row)
                lines.append(before + 1)
            before = reader.line_num
    except csv.Error as error:
        raise SourceError(f"{path}, line {reader.line_num}: {error}.") from error
    if not any(names):
        raise SourceError(f"{path}: is empty; its first line should name the columns.")
    entity = next((one.entity for one in preset.tables if one.file == path.stem), "history")
    odd = [i for i, row in enumerate(rows) if len(row) != len(names)]
    for i in odd:
        raw = dict(zip(names, rows[i], strict=False)) | {
            f"+{n}": cell for n, cell in enumerate(rows[i][len(names) :], start=1)
        }
        rejected.rows.append(
            {
                "file": path.name,
                "line": lines[i],
                "table": entity,
                "reason": f"Nombre de colonnes : {len(rows[i])} au lieu de {len(names)}",
                "raw": orjson.dumps(raw).decode(),
            }
        )
        rows[i] = [""] * len(names)
    cells = pd.DataFrame(rows, columns=names, dtype="str").drop(index=odd)
    return Sheet(
        path.name,
        cells,
        pd.Series(lines, dtype="int64").drop(index=odd),
        preset.decimal,
        preset.dates,
    )


def _workbook(path: Path, preset: Preset, wanted: set[str]) -> dict[str, Sheet]:
    """A workbook's sheets that bear a wanted name, or its first one where the file does."""
    try:
        book = CalamineWorkbook.from_path(path)
        names = {name: name for name in book.sheet_names if name in wanted}
        if path.stem in wanted and not names:
            names = {path.stem: book.sheet_names[0]}
        read = {
            name: book.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
            for name, sheet in names.items()
        }
    except (CalamineError, OSError) as error:
        raise SourceError(f"{path}: not a workbook that can be read ({error}).") from error
    found = {}
    for name, rows in read.items():
        head, *body = rows or [[]]
        columns = [str(cell).strip() for cell in head]
        cells = pd.DataFrame(
            [[_cell(cell) for cell in row] for row in body], columns=columns, dtype="str"
        )
        filled = (cells != "").any(axis=1)
        lines = pd.Series(range(2, len(cells) + 2), dtype="int64")
        # A cell's number or date has no mark of its own: it comes out in the international form.
        found[name] = Sheet(
            f"{path.name}:{name}", cells[filled], lines[filled], ".", ["%Y-%m-%d", *preset.dates]
        )
    return found


def _cell(value: Any) -> str:
    """A workbook's cell as text."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if hasattr(value, "isoformat"):
        return str(value.isoformat()[:10])
    return str(value)


def rows(mapping: TableMap, sheet: Sheet, preset: Preset, rejected: Rejected) -> Rows:
    """A sheet's rows as one of our entities, those that don't fit set apart.

    Raises:
        MissingColumns: the sheet lacks a column that the preset names.
    """
    texts, used = _mapped(mapping, sheet)
    columns = fields(mapping.entity)
    reasons = pd.Series("", index=sheet.cells.index, dtype="str")

    missing = {*mapping.required, "code"} - set(texts)
    if missing:
        raise MissingColumns(sheet.file, missing, sheet.cells.columns)

    def refuse(where: pd.Series[bool], reason: pd.Series[str] | str) -> None:
        first = where & (reasons == "")
        reasons[first] = reason if isinstance(reason, str) else reason[first]

    for name in mapping.required:
        refuse(texts[name] == "", f"Valeur manquante : {name}")
    frame = pd.DataFrame(index=sheet.cells.index)
    for name, text in texts.items():
        column = columns.get(name)
        frame[name] = typed(text, kind(column), sheet, preset)
        misfit = misfits(mapping.entity, name, text, frame[name])
        refuse(misfit != "", misfit)
        if column is not None and not column.nullable and column.default is not None:
            default: Any = column.default
            frame[name] = frame[name].fillna(default.arg)
    twice = frame["code"].duplicated() & frame["code"].notna()
    if mapping.distinct:
        reasons, frame = reasons[~twice], frame[~twice]
    else:
        refuse(twice, "Code en double : " + texts["code"])
    wrong = reasons != ""
    rejected.add(mapping.entity, sheet, reasons[wrong])
    unread = [str(name) for name in sheet.cells if name not in {*used, REASON}]
    return Rows(mapping, sheet, frame[~wrong], len(reasons), unread)


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
        if column.name not in ("id", "version", "source")
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


def typed(text: pd.Series[str], kind: Any, sheet: Sheet, preset: Preset) -> pd.Series[Any]:
    """A column of text into its field's kind; missing where it is empty or doesn't read."""
    if isinstance(kind, Date):
        return values.dates(values.text(text), sheet.dates).set_axis(text.index)
    if isinstance(kind, Boolean):
        flags = dict.fromkeys(preset.true, True) | dict.fromkeys(preset.false, False)
        return text.str.lower().map(flags).astype("boolean")
    if isinstance(kind, Money | Float | Integer):
        found = pd.Series(values.numbers(values.text(text), sheet.decimal), index=text.index)
        if isinstance(kind, Money):
            return found.mul(100).round().div(100)
        return found if isinstance(kind, Float) else found.where(found % 1 == 0).astype("Int64")
    return text.where(text != "")


def misfits(entity: str, name: str, text: pd.Series[str], value: pd.Series[Any]) -> pd.Series[str]:
    """Why values don't fit their field; empty where they do."""
    column = fields(entity).get(name)
    shown = f" : {name} = " + text
    reasons = pd.Series("", index=text.index, dtype="str")
    reason = "Date illisible" if isinstance(kind(column), Date) else "Valeur illisible"
    reasons = reasons.mask(value.isna() & (text != ""), reason + shown)
    if (entity, name) in VOCABULARY:
        known = text.isin([*VOCABULARY[entity, name], ""])
        reasons = reasons.mask(~known, "Valeur inconnue" + shown)
    return reasons
