"""Rows that don't fit: kept with their file, line and reason, and written out to be mended.

A file of them is in the form of the one that they come from, with the reason as a column more, so
that it is loaded like the original.
"""

from __future__ import annotations

import csv
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from workbench.sources.sheets import Sheet

REASON = "reason"  # the column that files of rejected rows have more
LINE = "line"  # the key under which a ledger's rejected line is kept whole
AUTO = "utf-8-sig"  # an encoding that is found by itself, by spreadsheets too


@dataclass(frozen=True)
class Form:
    """How a file is written: what to keep to, for rows of it to be loaded again.

    Attributes:
        columns: of the file, in its order.
        delimiter: between cells.
        encoding: as Python calls it.
        whole: rejected rows are kept as lines, under `LINE`, not by column.
        closed: columns for those with a right alone: which right.
    """

    columns: list[str]
    delimiter: str
    encoding: str = AUTO
    whole: bool = False
    closed: dict[str, str] = field(default_factory=dict)

    @property
    def json(self) -> str:
        """As the store keeps it."""
        return orjson.dumps(asdict(self)).decode()


@dataclass
class Rejected:
    """Rows that didn't fit, gathered; a row is rejected once, for its first reason."""

    rows: list[dict[str, Any]] = field(default_factory=list)

    def add(self, table: str, sheet: Sheet, reasons: pd.Series[str]) -> None:
        """Reject the rows that have a reason; the index of `reasons` is that of the sheet."""
        raws = sheet.cells.loc[reasons.index].to_dict("records")
        for line, reason, raw in zip(sheet.lines[reasons.index], reasons, raws, strict=True):
            self.put(table, sheet.file, int(line), reason, raw)

    def put(self, table: str, file: str, line: int, reason: str, raw: dict[Any, Any]) -> None:
        """Reject one row, given its cells by column."""
        kept = {"file": file, "line": line, "table": table, "reason": reason}
        self.rows.append(kept | {"raw": orjson.dumps(raw).decode()})


def name_of(file: str) -> str:
    """What the table that a rejected row stood in is called, be it a file or a workbook's sheet.

    >>> name_of("accounts.csv"), name_of("crm.xlsx:accounts")
    ('accounts', 'accounts')
    """
    return Path(file.rpartition(":")[2]).stem


def write_rejected(rejected: pd.DataFrame, folder: Path) -> list[Path]:
    """Write rejected rows as files to be mended and loaded again, like what they come from.

    A workbook's sheet becomes a CSV of the preset's delimiter and encoding; a ledger's lines stand
    as they stood, behind their reason.

    Args:
        rejected: columns file, reason, raw and form, as in `LoadReport.rejected` and in the table
            `rejected_rows`.
        folder: where; made if it isn't there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for (file, form), group in rejected.groupby(["file", "form"], sort=False):
        path = folder / f"{name_of(str(file))}{_suffix(str(file))}"
        if path in written:  # of another source: under the same name, as the name says the table
            path = folder / str(len(written) + 1) / path.name
            path.parent.mkdir(exist_ok=True)
        raws = [orjson.loads(raw) for raw in group["raw"]]
        _write(path, Form(**orjson.loads(str(form))), raws, group["reason"].tolist())
        written.append(path)
    return written


def _suffix(file: str) -> str:
    """A workbook's sheet is written as CSV, all else under its own name."""
    return ".csv" if ":" in file else Path(file).suffix


def _write(path: Path, form: Form, raws: Sequence[dict[str, str]], reasons: Sequence[str]) -> None:
    with path.open("w", encoding=form.encoding, errors="replace", newline="") as file:
        if form.whole:
            lines = [form.delimiter.join(form.columns), *(raw[LINE] for raw in raws)]
            for reason, line in zip([REASON, *reasons], lines, strict=True):
                file.write(f"{reason}{form.delimiter}{line}\n")
            return
        columns = [name for name in form.columns if name != REASON]
        beyond = {name: None for raw in raws for name in raw if name not in form.columns}
        names = [*columns, *beyond, REASON]
        writer = csv.DictWriter(file, names, delimiter=form.delimiter, lineterminator="\n")
        writer.writeheader()
        writer.writerows(raw | {REASON: why} for raw, why in zip(raws, reasons, strict=True))
