"""The workbook of the demo, read back by openpyxl, by calamine, and as LibreOffice shows it."""

from __future__ import annotations

import datetime as dt
import subprocess

import openpyxl
import pandas as pd
import pytest
from python_calamine import CalamineWorkbook

from tests.parts import need
from workbench.exports import downloads, excel
from workbench.locale import EN, FR
from workbench.metrics import funnel, hierarchy, pipeline, receivables, revenue
from workbench.metrics.catalog import CATALOG

SHEETS = [
    "Synthèse", "Hiérarchie", "Entonnoir", "Conversion", "Pipeline", "Affaires en cours",
    "Activité", "Chiffre d’affaires", "CA par compte", "Balance âgée", "Définitions",
]  # fmt: skip
PERIOD = {"since": dt.date(2025, 10, 1), "until": dt.date(2026, 9, 30)}
SCOPE = "Au 30/09/2026 · Période du 01/10/2025 au 30/09/2026 · Segment : tous"


@pytest.fixture(scope="module")
def written(demo_data, tmp_path_factory):
    path = tmp_path_factory.mktemp("excel") / "demo.xlsx"
    return excel.write(demo_data, path, loc=FR, filters={"Segment": "tous"})


@pytest.fixture(scope="module")
def book(written):
    return openpyxl.load_workbook(written)


def _column(sheet, column, first):
    return [sheet.cell(row, column).value for row in range(first, sheet.max_row + 1)]


def test_a_sheet_per_chapter_says_as_of_when_and_for_whom(book):
    assert book.sheetnames == SHEETS
    for sheet in book:
        assert sheet["A2"].value == SCOPE
        assert sheet.oddHeader.right.text == SCOPE


def test_each_sheet_is_ready_to_filter_and_to_print(book):
    for sheet in book:
        assert sheet.freeze_panes
        assert sheet.print_title_rows
        assert sheet.page_setup.orientation == "landscape"
        assert (sheet.page_setup.fitToWidth, sheet.sheet_properties.pageSetUpPr.fitToPage) == (
            1,
            True,
        )
        assert sheet.oddFooter.right.text == "Page &P sur &N"
    for name in SHEETS[1:]:
        assert book[name].auto_filter.ref


def test_the_stock_of_the_demo(book):
    rows = {row[0].value: row[1].value for row in book["Synthèse"].iter_rows(min_row=5)}
    assert rows["Comptes : Suspect"] == 7800
    assert rows["Comptes : Prospect"] == 200
    assert rows["Comptes : Client"] == 1000
    total = [cell.value for cell in book["Entonnoir"][book["Entonnoir"].max_row]]
    assert total[:5] == ["Tous les comptes", 7800, 200, 1000, 0]


def test_four_native_charts(book):
    charts = book["Synthèse"]._charts
    assert [type(one).__name__ for one in charts] == [
        "BarChart",
        "BarChart",
        "LineChart",
        "BarChart",
    ]
    assert charts[0].series[0].val.numRef.f == "'Entonnoir'!$B$13:$E$13"


def test_numbers_are_those_of_the_metrics(demo_data, book):
    stock = funnel.funnel_stock.of(demo_data).set_index("status")["accounts"]
    assert book["Entonnoir"].cell(13, 2).value == stock["suspect"]
    whole = pipeline.pipeline_totals.of(demo_data).iloc[0]
    last = [cell.value for cell in book["Pipeline"][book["Pipeline"].max_row]]
    assert last[:4] == ["Toutes les étapes", whole["deals"], whole["amount"], whole["weighted"]]
    deals = pipeline.pipeline_rows.of(demo_data, kind="open")
    assert _column(book["Affaires en cours"], 4, 6) == deals["amount"].tolist()
    overdue = receivables.overdue.of(demo_data).iloc[0]
    aged = [cell.value for cell in book["Balance âgée"][book["Balance âgée"].max_row]]
    assert aged[-1] == overdue["total"]
    assert round(sum(aged[1:6]), 2) == overdue["total"]
    ledger = revenue.revenue_by_account.of(demo_data, by=None, **PERIOD).iloc[0]
    accounts = _column(book["CA par compte"], 2, 6)
    assert accounts[-1] == ledger["revenue"]
    assert round(sum(accounts[:-1]), 2) == round(ledger["revenue"], 2)


def test_the_hierarchy_folds_by_level(demo_data, book):
    tree = hierarchy.account_tree.of(demo_data, **PERIOD)
    sheet = book["Hiérarchie"]
    assert sheet.max_row == 5 + len(tree) == 9005
    levels = [sheet.row_dimensions[row].outlineLevel for row in range(6, 206)]
    assert levels == tree["depth"].head(200).tolist()
    assert not sheet.sheet_properties.outlinePr.summaryBelow
    assert sheet.sheet_format.outlineLevelRow == tree["depth"].max()


def test_dates_and_amounts_are_values_in_french_formats(book):
    row = book["Affaires en cours"][6]
    assert isinstance(row[3].value, int | float)
    assert row[3].number_format == '[$-40C]#,##0\\ "€"'
    assert isinstance(row[6].value, dt.datetime)
    assert row[6].number_format == "dd/mm/yyyy"


def test_definitions_are_the_catalog(book):
    assert _column(book["Définitions"], 6, 5) == sorted(CATALOG)


def test_calamine_reads_the_same(written):
    rows = CalamineWorkbook.from_path(str(written)).get_sheet_by_name("Entonnoir").to_python()
    assert rows[-1][:4] == ["Tous les comptes", 7800, 200, 1000]


def test_in_english(demo_data, tmp_path):
    some = demo_data.where(reps=[7])
    book = openpyxl.load_workbook(excel.write(some, tmp_path / "en.xlsx", loc=EN))
    assert book.sheetnames[:4] == ["Summary", "Hierarchy", "Funnel", "Conversion"]
    assert book["Funnel"]["A2"].value == "As of 30/09/2026 · Period from 01/10/2025 to 30/09/2026"


def test_an_empty_selection_is_a_workbook_all_the_same(demo_data, tmp_path):
    path = excel.write(demo_data.where(reps=[]), tmp_path / "empty.xlsx", loc=FR)
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == SHEETS
    assert book["Entonnoir"].cell(6, 2).value == 0


def _as_libreoffice_reads(path, folder):
    """The sheets as CSV, by name."""
    sheets = "csv:Text - txt - csv (StarCalc):59,34,76,1,,0,false,true,false,false,false,-1"
    profile = f"-env:UserInstallation=file://{folder}/profile"
    command = [need("office"), profile, "--headless", "--convert-to", sheets, "--outdir", folder]
    subprocess.run([*command, path], check=True, capture_output=True, timeout=200)
    return {one.stem.partition("-")[2]: one.read_text("utf-8") for one in folder.glob("*.csv")}


@pytest.mark.office
def test_libreoffice_reads_every_sheet(written, tmp_path):
    sheets = _as_libreoffice_reads(written, tmp_path)
    assert sorted(sheets) == sorted(SHEETS)
    assert "Tous les comptes;7800;200;1000;0" in sheets["Entonnoir"]


@pytest.mark.office
def test_libreoffice_takes_no_text_for_a_formula_and_no_number_for_text(tmp_path):
    frame = pd.DataFrame({"name": ["=1+1", "-12", "+33 5", "@a"], "amount": [-1.5, 2, 3, 4]})
    path = tmp_path / "guarded.xlsx"
    path.write_bytes(downloads.xlsx(frame, loc=FR, title="Textes"))
    [read] = _as_libreoffice_reads(path, tmp_path).values()
    names = [line.split(";")[0] for line in read.splitlines()[4:]]
    assert names == ["=1+1", "-12", "+33 5", "@a"]
    assert read.splitlines()[4].split(";")[1].startswith("-1,5")
