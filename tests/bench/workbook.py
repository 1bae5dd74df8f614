"""The executives' workbook, beside openpyxl alone writing as many cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openpyxl import Workbook
from python_calamine import CalamineWorkbook

from tests.bench.rows import Row, by_turns
from workbench.exports import excel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bench.demo import Demo


def writing(demo: Demo) -> Iterator[Row]:
    """The demo's workbook."""
    data = demo.open()
    path = demo.folder / "ours.xlsx"

    def ours() -> None:
        excel.write(data, path, loc=demo.settings.locale())

    ours()
    written = CalamineWorkbook.from_path(str(path))
    sheets = {name: written.get_sheet_by_name(name).to_python() for name in written.sheet_names}

    def floor() -> None:
        book = Workbook(write_only=True)
        for name, rows in sheets.items():
            sheet = book.create_sheet(name)
            for row in rows:
                sheet.append(row)
        book.save(demo.folder / "floor.xlsx")

    mine, theirs = by_turns(ours, floor, 3)
    rows = sum(map(len, sheets.values()))
    yield Row(
        "the workbook of the demo, numbers included",
        mine.wall, mine.cpu, theirs.wall, "openpyxl write-only, the same cells",
        note=f"{rows:,} rows, {path.stat().st_size / 1e6:.1f} MB",
    )  # fmt: skip
