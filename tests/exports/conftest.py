"""The small company, for the tests that edit what they export."""

from __future__ import annotations

import io
import shutil

import pytest
from openpyxl import load_workbook

import workbench
from tests.store.company import TODAY, fill
from workbench.exports import qualification
from workbench.locale import FR
from workbench.store import create

collect_ignore = ["in_libreoffice.py"]  # for the system's Python, which alone has `uno`


@pytest.fixture(scope="session")
def company_template(tmp_path_factory):
    path = tmp_path_factory.mktemp("template") / "company.db"
    made = create(f"sqlite:///{path}")
    ids = fill(made)
    made.dispose()
    return path, ids


@pytest.fixture
def company(company_template, tmp_path):
    """`company("rep1")`: the small company's data as that user sees them now."""
    shutil.copy(company_template[0], tmp_path / "company.db")

    def open_(username="director", **options):
        url = f"sqlite:///{tmp_path / 'company.db'}"
        return workbench.open(url, viewer=username, today=TODAY, **options)

    open_.ids = company_template[1]
    return open_


class Form:
    """A form as a spreadsheet has it: cells by record and field."""

    def __init__(self, content):
        self.book = load_workbook(io.BytesIO(content))

    def names(self, sheet):
        return {
            cell.value.partition(".")[2]: cell.column for cell in self.book[sheet][4] if cell.value
        }

    def cell(self, code, name, sheet="Comptes"):
        names = self.names(sheet)
        [row] = [r for r in self.book[sheet].iter_rows(6) if r[names["code"] - 1].value == code]
        return row[names[name] - 1]

    def put(self, code, name, value, sheet="Comptes"):
        self.cell(code, name, sheet).value = value

    def content(self):
        out = io.BytesIO()
        self.book.save(out)
        return out.getvalue()


@pytest.fixture
def filled_in(company):
    """`filled_in("rep1")`: the form of that user, to be filled in."""

    def form(username="director", loc=FR):
        return Form(qualification.write(company(username), loc=loc))

    return form
