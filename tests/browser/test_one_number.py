"""One number, everywhere: page, notebook, workbook and command line say the same."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import openpyxl
import pytest

import workbench
from workbench.exports import excel
from workbench.exports.reports import Reports
from workbench.locale import FR
from workbench.settings import Auth, Settings
from workbench.vocabulary import Status

STOCK = {"Suspect": 7_800, "Prospect": 200, "Client": 1_000}  # the worked case of the demo
NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


class _Rows(HTMLParser):
    """The text of each table row's cells."""

    def __init__(self):
        super().__init__()
        self.rows: list[list[str]] = []
        self._cell = False

    def handle_starttag(self, tag, attrs):  # noqa: ARG002 - as HTMLParser calls it
        if tag == "tr":
            self.rows.append([])
        self._cell = tag in {"td", "th"}
        if self._cell and self.rows:
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        self._cell = self._cell and tag not in {"td", "th"}

    def handle_data(self, data):
        if self._cell and self.rows and self.rows[-1]:
            self.rows[-1][-1] += data.strip()


def number(text: str) -> int:
    return int(re.sub(r"\D", "", text))


def by_status(rows) -> dict[str, int]:
    """The first number beside each status's name."""
    found: dict[str, int] = {}
    for row in rows:
        cells = [str(cell).strip() for cell in row if cell is not None]
        for name in STOCK:
            if cells and cells[0] == name and name not in found:
                counts = [c for c in cells[1:] if re.fullmatch(r"[\d\s\u202f\u00a0]+", c)]
                if counts:
                    found[name] = number(counts[0])
    return found


@pytest.fixture(scope="module")
def url(store):
    return f"sqlite:///{store}"


def test_on_the_page(page_as):
    page = page_as("director", "/funnel")
    found = {}
    for name in STOCK:
        card = page.locator(".kpi", has_text=re.compile(rf"^\s*{name}s")).first
        found[name] = number(card.locator(".value").inner_text())
    assert found == STOCK


def test_in_the_notebook(url, tmp_path):
    settings = Settings(
        notebooks=NOTEBOOKS,
        database=url,
        today="2026-09-30",
        auth=Auth(secret_file=tmp_path / "secret"),
    )
    reports = Reports.of(settings)
    run = reports.run("funnel", {"as_of": "2026-09-30", "language": "fr"}, viewer=None)
    parser = _Rows()
    parser.feed(reports.download(run).decode("utf-8"))
    assert by_status(parser.rows) == STOCK


def test_in_the_workbook(url, tmp_path):
    data = workbench.open(url, as_of="2026-09-30")
    path = excel.write(data, tmp_path / "demo.xlsx", loc=FR)
    book = openpyxl.load_workbook(path)
    summary = {row[0]: row[1] for row in book["Synthèse"].iter_rows(values_only=True)}
    assert {name: summary[f"Comptes : {name}"] for name in STOCK} == STOCK
    rows = {row[0]: row[1:] for row in book["Entonnoir"].iter_rows(values_only=True)}
    total = dict(zip(rows["Segment"], rows["Tous les comptes"], strict=True))
    assert {name: total[name] for name in STOCK} == STOCK


def test_from_the_command_line(url):
    command = [
        sys.executable, "-m", "workbench", "metric", "funnel_stock", "--database", url,
        "--as-of", "2026-09-30", "--format", "json",
    ]  # fmt: skip
    said = subprocess.run(command, check=True, capture_output=True, text=True)
    found = {Status(row["status"]).label: row["accounts"] for row in json.loads(said.stdout)}
    assert {name: found.get(name) for name in STOCK} == STOCK
