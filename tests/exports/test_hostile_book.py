"""A company of which every text is hostile, in files: LibreOffice finds no formula in them."""

from __future__ import annotations

import csv
import io
import re
import subprocess

import pytest
from openpyxl import load_workbook

import workbench
from tests.parts import need
from tests.planted import FOREIGN, PAYLOADS, TODAY, plant
from workbench.exports import downloads, excel, qualification
from workbench.locale import EN, FR
from workbench.store import create

FORMULA = re.compile(r'table:formula="([^"]*)"')
LINK = re.compile(r'xlink:href="([^"]*)"')


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    url = f"sqlite:///{tmp_path_factory.mktemp('planted') / 'store.db'}"
    engine = create(url)
    plant(engine)
    engine.dispose()
    return workbench.open(url, viewer="director", as_of=TODAY, today=TODAY)


@pytest.fixture(scope="module")
def books(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("books")
    excel.write(data, folder / "book.xlsx", loc=FR)
    (folder / "form.xlsx").write_bytes(qualification.write(data, loc=FR))
    accounts = data.table("accounts")[["name", "segment", "city", "next_step"]]
    (folder / "list.xlsx").write_bytes(
        downloads.xlsx(accounts, loc=EN, title=PAYLOADS[2], scope=PAYLOADS[0])
    )
    return folder


def test_no_cell_holds_a_formula_or_a_link_out_of_the_data(books):
    for path in books.glob("*.xlsx"):
        texts = 0
        for sheet in load_workbook(path).worksheets:
            for row in sheet.iter_rows():
                for cell in row:
                    told = str(cell.value)
                    hostile = FOREIGN in told or "__ran" in told or "HYPERLINK" in told
                    texts += hostile
                    assert not (hostile and cell.data_type == "f"), (path.name, sheet.title, told)
                    link = cell.hyperlink
                    target = link.target if link else None
                    assert not target or not re.search("javascript|127.0.0.1", target), target
        assert texts > 5, path.name


@pytest.mark.office
def test_libreoffice_takes_them_for_text(books, tmp_path):
    office = need("office")
    profile = f"-env:UserInstallation=file://{tmp_path / 'profile'}"
    command = [
        str(office),
        profile,
        "--headless",
        "--convert-to",
        "fods",
        "--outdir",
        str(tmp_path),
    ]
    files = [str(path) for path in books.glob("*.xlsx")]
    subprocess.run([*command, *files], check=True, capture_output=True, timeout=180)
    for path in tmp_path.glob("*.fods"):
        read = path.read_text("utf-8")
        assert FOREIGN in read
        for formula in FORMULA.findall(read):
            assert not re.search("HYPERLINK|__ran|cmd|DROP|FOREIGN", formula), formula
        for link in LINK.findall(read):
            assert not re.search("javascript|127.0.0.1|__ran", link), link


def test_a_csv_guards_what_a_spreadsheet_would_run(data):
    accounts = data.table("accounts")[["name", "segment", "city", "next_step", "supplier"]]
    text = downloads.csv(accounts, loc=FR).decode("utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(text), delimiter=";") for cell in row]
    assert any("HYPERLINK" in cell or "SUM(1+1)" in cell for cell in cells)
    assert not [cell for cell in cells if cell[:1] in {"=", "+", "@", "-", "\t", "\r"}]
