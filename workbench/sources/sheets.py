"""Reads the files of a CRM, CSV or XLSX, into sheets: cells as text with their lines in the file.

What a row means is for `tabular` to say. Here a row is set apart only where its columns can't be
told: too few or too many of them, or quotes that don't close.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import openpyxl
import pandas as pd
from python_calamine import CalamineError, CalamineWorkbook

from workbench.errors import SourceError
from workbench.sources import reasons
from workbench.sources.encoding import decode
from workbench.sources.rejected import AUTO, Form

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from workbench.sources.preset import Preset
    from workbench.sources.rejected import Rejected

TABLES = (".csv", ".txt", ".tsv", ".xlsx", ".xlsm", ".xls", ".ods")
ERROR = re.compile(rb'<c [^>]*\bt="e"')  # a cell in error, as XLSX writes it


@dataclass
class Sheet:
    """A file's cells as text, empty where there is none.

    Attributes:
        file: its name; of a workbook's sheet, `book.xlsx:sheet`.
        cells: a column for each of the file's; those without a name are called #1, #2 …
        lines: of each row, its line in the file.
        form: how the file is written.
        broken: rows set apart as their columns can't be told.
    """

    file: str
    cells: pd.DataFrame
    lines: pd.Series[int]
    form: Form
    broken: int = 0


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
    text = _text(path, preset)
    head = text.partition("\n")[0]
    delimiter = max(",;\t|", key=head.count) if preset.delimiter == "auto" else preset.delimiter
    parsed = _parsed(text, delimiter)
    _, first, whole = next(parsed, (1, [], True))
    if not whole:
        raise SourceError(f"{path}, line 1: a quote isn't closed. It should name the columns.")
    if not any(name.strip() for name in first):
        raise SourceError(f"{path}: is empty; its first line should name the columns.")
    names = _names(first, str(path))
    entity = next((one.entity for one in preset.tables if one.file == path.stem), "history")
    rows: list[list[str]] = []
    lines: list[int] = []
    broken = 0
    for line, row, whole in parsed:
        if whole and len(row) == len(names):
            rows.append(row)
            lines.append(line)
            continue
        raw = dict(zip(names, row, strict=False))
        raw |= {f"+{n}": cell for n, cell in enumerate(row[len(names) :], start=1)}
        why = reasons.COLUMNS.format(found=len(row), wanted=len(names)) if whole else reasons.QUOTES
        rejected.put(entity, path.name, line, why, raw)
        broken += 1
    cells = _named_or_filled(pd.DataFrame(rows, columns=names, dtype="str"))
    encoding = AUTO if preset.encoding in ("auto", "utf-8") else preset.encoding
    form = Form(list(map(str, cells)), delimiter, encoding)
    return Sheet(path.name, cells, pd.Series(lines, dtype="int64"), form, broken)


def _text(path: Path, preset: Preset) -> str:
    try:
        data = path.read_bytes()
        text = decode(data)[0] if preset.encoding == "auto" else data.decode(preset.encoding)
    except OSError as error:
        raise SourceError(f"{path}: can't be read ({error.strerror}).") from error
    except (UnicodeDecodeError, LookupError) as error:
        raise SourceError(f"{path}: not in {preset.encoding} ({error}).") from error
    if "\0" in text:
        raise SourceError(f"{path}: holds zero bytes; it is not a CSV file.")
    return text.lstrip("\ufeff")


def _parsed(text: str, delimiter: str) -> Iterator[tuple[int, list[str], bool]]:
    """Rows that aren't empty, each with its line, and whether its quotes close.

    A quote that doesn't would swallow the rows behind it: its line alone is given, cut at each
    delimiter, and reading goes on with the next.
    """
    lines = list(io.StringIO(text, newline=""))
    start = 0
    while start < len(lines):
        reader = csv.reader(lines[start:], delimiter=delimiter, strict=True)
        at = start
        try:
            for row in reader:
                if any(row):
                    yield at + 1, row, True
                at = start + reader.line_num
        except csv.Error:
            yield at + 1, lines[at].rstrip("\r\n").split(delimiter), False
            start = at + 1
        else:
            return


def _names(cells: Iterable[Any], where: str) -> list[str]:
    """A first line's names of columns, and #1, #2 … for those without.

    Raises:
        SourceError: a name stands twice.
    """
    names = [str(cell).strip() or f"#{n}" for n, cell in enumerate(cells, start=1)]
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        raise SourceError(
            f"{where}: the column {twice[0]!r} stands twice in the first line. Each needs a name "
            "of its own."
        )
    return names


def _named_or_filled(cells: pd.DataFrame) -> pd.DataFrame:
    """Without the columns that have neither a name nor anything in them."""
    empty = [name for name in cells if str(name)[0] == "#" and not (cells[name] != "").any()]
    return cells.drop(columns=empty)


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
    for sheet, row, column, text in _errors(path):
        for name in (name for name, of in names.items() if of == sheet):
            read[name][row - 1][column - 1] = text
    found = {}
    delimiter = "," if preset.delimiter == "auto" else preset.delimiter
    encoding = AUTO if preset.encoding in ("auto", "utf-8") else preset.encoding
    for name, rows in read.items():
        head, *body = rows or [[]]
        cells = pd.DataFrame(
            [[_cell(cell, preset) for cell in row] for row in body],
            columns=_names(head, f"{path}:{name}"),
            dtype="str",
        )
        filled = (cells != "").any(axis=1)
        lines = pd.Series(range(2, len(cells) + 2), dtype="int64")
        cells = _named_or_filled(cells)
        form = Form(list(map(str, cells)), delimiter, encoding)
        found[name] = Sheet(f"{path.name}:{name}", cells[filled], lines[filled], form)
    return found


def _errors(path: Path) -> Iterator[tuple[str, int, int, str]]:
    """Cells in error, else read as empty: sheet, row, column, and `#N/A` or the like."""
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as book:
        parts = [name for name in book.namelist() if name.startswith("xl/worksheets/")]
        if not any(ERROR.search(book.read(name)) for name in parts):
            return
    opened = openpyxl.load_workbook(path, read_only=True, data_only=True)
    for sheet in opened.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type == "e" and cell.row and cell.column:
                    yield sheet.title, cell.row, cell.column, str(cell.value)
    opened.close()


def _cell(value: Any, preset: Preset) -> str:
    """A workbook's cell as a CSV of the preset has it: a typed one has no form of its own."""
    if isinstance(value, bool):
        return (preset.true if value else preset.false)[0]
    if isinstance(value, float):
        text = str(int(value)) if value.is_integer() else f"{Decimal(repr(value)):f}"
        return text.replace(".", preset.decimal)
    if hasattr(value, "year"):
        return f"{value:{preset.dates[0]}}"
    return str(value)
