"""What is on screen as a file: a workbook of one sheet, or CSV as a French Excel opens it.

Both take the frame that the page shows, already in the viewer's scope and filters, and say with it
what it is and as of when.
"""

from __future__ import annotations

import csv as csv_
import io
from typing import TYPE_CHECKING, Any

from openpyxl import Workbook

from workbench.exports import cells, columns
from workbench.exports.sheet import Sheet, widths

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.locale import Locale
    from workbench.tables import Kind

CSV_TYPE = "text/csv; charset=utf-8"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LONGEST_NAME = 31
"""Characters in a sheet's name, of which some are not allowed."""


def csv(
    frame: Any,
    *,
    loc: Locale,
    labels: Mapping[str, str] | None = None,
    kinds: Mapping[str, Kind] | None = None,
) -> bytes:
    """A frame as CSV: UTF-8 with BOM; semicolons and decimal commas in French.

    Args:
        frame: pandas, Polars or DuckDB.
        loc: the reader's language; in English commas separate and points mark decimals.
        labels: label of each column, where only these columns are wanted, in order.
        kinds: kind of a column whose name doesn't tell.

    Returns:
        The file. Text that a spreadsheet could take for a formula has an apostrophe before it.

    >>> import pandas as pd
    >>> from workbench.locale import FR
    >>> frame = pd.DataFrame({"name": ["=1+1"], "amount": [-2.5]})
    >>> csv(frame, loc=FR).decode("utf-8-sig").splitlines()
    ['Nom;Montant HT', "'=1+1;-2,50"]
    """
    chosen = columns.fields(frame, loc=loc, labels=labels, kinds=kinds)
    out = io.StringIO(newline="")
    writer = csv_.writer(out, delimiter=";" if loc.language == "fr" else ",")
    writer.writerow([cells.quoted(one.label) for one in chosen])
    for row in columns.rows(frame, chosen, loc=loc):
        writer.writerow(
            cells.csv_text(cells.value(raw, one.kind), one.kind, loc)
            for raw, one in zip(row, chosen, strict=True)
        )
    return out.getvalue().encode("utf-8-sig")


def xlsx(
    frame: Any,
    *,
    loc: Locale,
    title: str,
    scope: str = "",
    labels: Mapping[str, str] | None = None,
    kinds: Mapping[str, Kind] | None = None,
) -> bytes:
    """A frame as a workbook of one sheet, ready to filter and to print.

    Args:
        frame: pandas, Polars or DuckDB.
        loc: the reader's language.
        title: what it is, above the table and on each page.
        scope: as of when and for whom, in words: "Équipe Sud · au 30/09/2026".
        labels: label of each column, where only these columns are wanted, in order.
        kinds: kind of a column whose name doesn't tell.
    """
    chosen = columns.fields(frame, loc=loc, labels=labels, kinds=kinds)
    rows = columns.rows(frame, chosen, loc=loc)
    workbook = Workbook(write_only=True)
    sheet = Sheet(workbook, sheet_name(title), title, scope, loc)
    sheet.widths(widths(chosen, rows, loc))
    sheet.freeze(4)
    sheet.heading()
    sheet.table(chosen, rows)
    return saved(workbook)


def saved(workbook: Workbook) -> bytes:
    """The bytes of a workbook."""
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def sheet_name(title: str) -> str:
    """A title as the name of a sheet, which can't hold all characters.

    >>> sheet_name("CA : clients / groupes")
    'CA - clients - groupes'
    """
    name = "".join("-" if sign in "[]:*?/\\" else sign for sign in title)
    return " ".join(name.split())[:LONGEST_NAME].strip("' ") or "1"


def file_name(title: str, as_of: Any, suffix: str) -> str:
    """A file's name for a title: plain letters, with the date that the numbers stand at.

    >>> import datetime as dt
    >>> file_name("Comptes touchés", dt.date(2026, 9, 30), "csv")
    'comptes-touchés-2026-09-30.csv'
    """
    words = "".join(sign if sign.isalnum() else " " for sign in title.lower()).split()
    return f"{'-'.join(words) or 'export'}-{as_of:%Y-%m-%d}.{suffix}"
