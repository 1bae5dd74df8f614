"""One sheet of a workbook: title, scope, a table that can be filtered, and how it prints.

Rows are streamed (openpyxl's write-only mode), so that whatever shapes the sheet is told before
the first row: widths, frozen panes, outline, print set-up.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter

from workbench.exports import cells
from workbench.tables import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from openpyxl import Workbook
    from openpyxl.cell.cell import Cell

    from workbench.exports.columns import Field
    from workbench.locale import Locale

INK, MUTED, HEAD, RULE = "1F2937", "5B6472", "EAF1F7", "C9D3DE"
FONT = "Calibri"
TITLE = Font(name=FONT, size=16, bold=True, color=INK)
NOTE = Font(name=FONT, size=10, color=MUTED)
PLAIN = Font(name=FONT, size=10, color=INK)
BOLD = Font(name=FONT, size=10, bold=True, color=INK)
HEAD_FILL = PatternFill("solid", start_color=HEAD)
BELOW = Border(bottom=Side("thin", color=RULE))
ABOVE = Border(top=Side("thin", color=INK))
NARROWEST, WIDEST = 9, 48
INDENT = 1
"""Of text after the first column, so that it doesn't touch the number on its left."""
PAPER_A4 = "9"
NUMERIC = {Kind.COUNT, Kind.MONEY, Kind.RATIO, Kind.NUMBER}


@dataclass
class Sheet:
    """A sheet being written, from the top down; `row` is the last one written."""

    workbook: Workbook
    name: str
    title: str
    scope: str
    loc: Locale
    cents: bool = True
    row: int = 0
    _cells: dict[tuple[Kind, bool, bool, bool, int], Cell] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.ws = self.workbook.create_sheet(self.name)
        self.ws.sheet_view.showGridLines = False
        self._print_setup()

    def _print_setup(self) -> None:
        ws = self.ws
        ws.page_setup.orientation = "landscape"
        ws.page_setup.paperSize = PAPER_A4
        ws.page_setup.fitToWidth = 1
        ws.page_setup.fitToHeight = 0
        ws.sheet_properties.pageSetUpPr.fitToPage = True
        ws.page_margins.left = ws.page_margins.right = 0.4
        ws.page_margins.top = ws.page_margins.bottom = 0.7
        ws.print_options.horizontalCentered = True
        # An ampersand begins a code in headers and footers; doubled, it is itself.
        ws.HeaderFooter.oddHeader.left.text = self.title.replace("&", "&&")
        ws.HeaderFooter.oddHeader.right.text = self.scope.replace("&", "&&")
        page, of = self.loc.t("Page"), self.loc.t("sur")
        ws.HeaderFooter.oddFooter.right.text = f"{page} &P {of} &N"

    def widths(self, widths: Iterable[float]) -> None:
        """Column widths, in characters, from the first column on; before any row."""
        for index, width in enumerate(widths, 1):
            self.ws.column_dimensions[get_column_letter(index)].width = width

    def heading(self, *notes: str) -> None:
        """The title, the scope, and notes, a row each; then an empty row."""
        self.append([self.text(self.title, TITLE)], height=24)
        for note in (self.scope, *notes):
            self.append([self.text(note, NOTE)])
        self.append([])

    def append(self, row: Iterable[Any], *, height: float | None = None, outline: int = 0) -> None:
        """Write one row of cells or None."""
        self.row += 1
        if height:
            self.ws.row_dimensions[self.row].height = height
        if outline:
            self.ws.row_dimensions[self.row].outlineLevel = outline
        self.ws.append(row)

    def text(self, said: str, font: Font = PLAIN, *, wrap: bool = False, indent: int = 0) -> Cell:
        """A cell of text in a font, guarded; wrapped text stands at the top."""
        cell = WriteOnlyCell(self.ws)
        cell.font = font
        if wrap or indent:
            cell.alignment = Alignment(
                horizontal="left", indent=indent, wrap_text=wrap, vertical="top" if wrap else None
            )
        return _said(cell, cells.value(said, Kind.TEXT))

    def number(self, raw: Any, kind: Kind, *, bold: bool = False) -> Cell:
        """A cell of its own with a value of that kind."""
        return _said(self._styled(kind, bold=bold), cells.value(raw, kind))

    def table(
        self,
        fields: Sequence[Field],
        rows: Iterable[Sequence[Any]],
        *,
        total: Sequence[Any] | None = None,
        levels: Iterable[int] | None = None,
    ) -> tuple[int, int]:
        """Write a table: header, rows, and a total that the filter leaves out.

        Args:
            fields: what each column is.
            rows: values in the order of the fields.
            total: values of a last row, in bold.
            levels: outline level of each row, from 0; the first column is indented by it.

        Returns:
            The first and the last row with values; the last is before the first where none.
        """
        self.header(fields)
        first = self.row + 1
        kinds = [one.kind for one in fields]
        depths = iter(levels) if levels is not None else None
        for row in rows:
            depth = next(depths) if depths else 0
            self.append(self._row(row, kinds, depth=depth), outline=depth)
        last = self.row
        end = get_column_letter(len(fields))
        self.ws.auto_filter.ref = f"A{first - 1}:{end}{max(last, first)}"
        if total is not None:
            if last < first:
                self.append([])
            self.append(self._row(total, kinds, total=True))
        return first, last

    def header(self, fields: Sequence[Field]) -> None:
        """The table's head; it stays in view and is repeated on each page."""
        head: list[Cell] = []
        for one in fields:
            cell = self.text(one.label, BOLD)
            cell.fill, cell.border = HEAD_FILL, BELOW
            side = "right" if one.kind in NUMERIC else "left"
            indent = INDENT if head and side == "left" else 0
            cell.alignment = Alignment(
                horizontal=side, vertical="center", wrap_text=True, indent=indent
            )
            head.append(cell)
        self.append(head, height=30)

    def freeze(self, head: int) -> None:
        """Keep the rows down to the header in view and on each page; before any row."""
        self.ws.freeze_panes = f"B{head + 1}"
        self.ws.print_title_rows = f"{head}:{head}"

    def _row(
        self, row: Sequence[Any], kinds: Sequence[Kind], *, total: bool = False, depth: int = 0
    ) -> Iterator[Cell | None]:
        filled: list[tuple[Cell | None, cells.Value]] = []
        for index, (raw, kind) in enumerate(zip(row, kinds, strict=True)):
            said = cells.value(raw, kind)
            if isinstance(said, bool):
                said = self.loc.t("oui") if said else self.loc.t("non")
            if said is None and not total:
                filled.append((None, None))
                continue
            risky = isinstance(said, str) and cells.is_risky(said)
            indent = INDENT if index else depth
            cell = self._styled(kind, bold=total, total=total, risky=risky, indent=indent)
            filled.append((cell, said))
        # One cell object per style serves all rows and may stand several times in one: it is given
        # its value at the moment when the row writes it.
        return (cell and _said(cell, said) for cell, said in filled)

    def _styled(
        self,
        kind: Kind,
        *,
        bold: bool = False,
        total: bool = False,
        risky: bool = False,
        indent: int = 0,
    ) -> Cell:
        key = (kind, bold, total, risky, indent)
        if key not in self._cells:
            cell = WriteOnlyCell(self.ws)
            cell.font = BOLD if bold else PLAIN
            cell.number_format = cells.number_format(kind, self.loc, cents=self.cents)
            if total:
                cell.border = ABOVE
            if kind in NUMERIC:
                cell.alignment = Alignment(horizontal="right")
            else:
                cell.alignment = Alignment(horizontal="left", indent=indent)
            cell.quotePrefix = risky
            self._cells[key] = cell
        return self._cells[key]


def _said(cell: Cell, said: cells.Value) -> Cell:
    """The cell with that value; text is text, whatever it begins with."""
    cell.value = said
    if isinstance(said, str):
        cell.data_type = "s"
        if cells.is_risky(said):
            cell.quotePrefix = True
    return cell


def widths(fields: Sequence[Field], rows: Iterable[Sequence[Any]], loc: Locale) -> list[float]:
    """The width of each column, in characters: of its longest value, or of half its header."""
    longest = [max(NARROWEST, len(one.label) * 0.62 + 2) for one in fields]
    for row in rows:
        for index, (raw, one) in enumerate(zip(row, fields, strict=True)):
            longest[index] = max(longest[index], _length(cells.value(raw, one.kind), one.kind, loc))
    return [min(length + 1.5, WIDEST) for length in longest]


def _length(said: cells.Value, kind: Kind, loc: Locale) -> int:
    match said:
        case None:
            return 0
        case str():
            return len(said)
        case bool():
            return 5
        case dt.datetime():
            return 16
        case dt.date():
            return 10
    # By Python's own format: as long as the locale's, which tens of thousands of cells would feel.
    return len(f"{said:,.2f}") + len(loc.symbol) + 1 if kind is Kind.MONEY else len(f"{said:,.1f}")
