"""The form as it leaves: what is in it, what is locked, what it says of itself."""

from __future__ import annotations

import datetime as dt
import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.parts import need
from workbench.errors import NotAllowed, SettingsError
from workbench.exports import qualification, returned
from workbench.exports.qualification import Marks
from workbench.locale import EN, FR
from workbench.store.identity import identity

ACCOUNTS = [
    "id", "version", "seal", "code", "name", "city", "status", "owner_id", "segment", "sector",
    "employees", "need", "timeline", "budget", "supplier", "decider_known", "next_step",
    "next_step_on", "qualified_on",
]  # fmt: skip


def test_a_row_per_record_in_scope(filled_in):
    director, rep = filled_in().book, filled_in("rep1").book
    assert [row[3] for row in director["Comptes"].iter_rows(6, values_only=True)] == [
        "A1", "A2", "A3", "A4",
    ]  # fmt: skip
    assert [row[3] for row in rep["Comptes"].iter_rows(6, values_only=True)] == ["A1", "A2"]
    assert [row[3] for row in rep["Opportunités"].iter_rows(6, values_only=True)] == ["O1"]


def test_ids_versions_and_names_travel_hidden(filled_in, company):
    form = filled_in()
    sheet = form.book["Comptes"]
    assert list(form.names("Comptes")) == ACCOUNTS
    assert all(sheet.column_dimensions[letter].hidden for letter in "ABC")
    assert sheet.row_dimensions[4].hidden
    assert (form.cell("A1", "id").value, form.cell("A1", "version").value) == (
        company.ids.accounts["A1"],
        3,
    )


def test_only_what_can_be_edited_is_unlocked(filled_in):
    form = filled_in("rep1")
    sheet = form.book["Comptes"]
    assert sheet.protection.sheet
    assert sheet.protection.password is None
    unlocked = {name for name in ACCOUNTS if not form.cell("A1", name).protection.locked}
    assert unlocked == set(ACCOUNTS[6:]) - {"owner_id"}
    assert not filled_in().cell("A1", "owner_id").protection.locked


def test_cells_have_lists_and_checks(filled_in):
    form = filled_in()
    checks = {str(one.sqref): one for one in form.book["Comptes"].data_validations.dataValidation}
    assert checks["L6:L9"].formula1 == "list_account_need"
    place = form.book.defined_names["list_account_need"].attr_text
    assert place == "'workbench_lists'!$D$1:$D$4"
    lists = form.book["workbench_lists"]
    assert [cell.value for cell in lists["D"] if cell.value] == [
        "Aucun", "Latent", "Exprimé", "Cahier des charges",
    ]  # fmt: skip
    assert lists.sheet_state == "hidden"
    assert checks["I6:I9"].errorStyle == "warning"
    assert {checks[f"{letter}6:{letter}9"].type for letter in "RS"} == {"date"}
    deals = form.book["Opportunités"].data_validations.dataValidation
    [share] = [one for one in deals if one.formula2 == "1"]
    assert (share.formula1, share.type) == ("0", "decimal")


def test_a_form_says_of_which_store_when_and_whose(filled_in, company):
    data = company()
    book = filled_in().book
    marks = Marks.of({one.name: one.value for one in book.custom_doc_props.props})
    assert marks == Marks(
        identity(data.engine), data.version, dt.date(2026, 9, 30), "director", "fr",
        {"account": 4, "opportunity": 3},
    )  # fmt: skip
    for sheet in ("Comptes", "Opportunités"):
        assert book[sheet]["D2"].value == (
            "Au 30/09/2026 · exporté par director (director) · "
            f"base {marks.store}, version {data.version}"
        )
    assert Marks.of({"workbench.store": "a"}) is None


def test_in_english(filled_in):
    form = filled_in(loc=EN)
    assert form.book.sheetnames[:2] == ["Accounts", "Opportunities"]
    assert form.cell("A1", "status", "Accounts").value == "Client"
    assert form.cell("O1", "stage_id", "Opportunities").value == "Negotiation"


def test_what_could_be_taken_for_a_formula_is_text(filled_in, company):
    form = filled_in()
    form.put("A2", "supplier", "=cmd()")
    form.cell("A2", "supplier").data_type = "s"
    returned.read(form.content(), company()).save()
    cell = filled_in().cell("A2", "supplier")
    assert (cell.value, cell.data_type, cell.quotePrefix) == ("=cmd()", "s", True)


def test_a_form_is_somebodys_and_of_today(company):
    with pytest.raises(NotAllowed):
        qualification.write(company(None), loc=FR)
    with pytest.raises(SettingsError, match="2026-06-30"):
        qualification.write(company(as_of="2026-06-30"), loc=FR)


FRENCH = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Setup/L10N">
<prop oor:name="ooSetupSystemLocale" oor:op="fuse"><value>fr-FR</value></prop></item></oor:items>"""


@pytest.fixture
def office(tmp_path):
    """`office(path, acts)`: a Frenchman's LibreOffice opens a file, does these acts, saves it."""
    need("uno")
    (tmp_path / "profile" / "user").mkdir(parents=True)
    (tmp_path / "profile" / "user" / "registrymodifications.xcu").write_text(FRENCH, "utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    listening = f"socket,host=127.0.0.1,port={port};urp;"
    process = subprocess.Popen(
        [
            need("office"),
            f"-env:UserInstallation=file://{tmp_path}/profile",
            "--headless",
            "--norestore",
            f"--accept={listening}",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def act(path, acts):
        script = Path(__file__).parent / "in_libreoffice.py"
        python = "/usr/bin/python3" if Path("/usr/bin/python3").exists() else sys.executable
        done = subprocess.run(
            [python, script, listening, path, json.dumps(acts)],
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    yield act
    process.terminate()
    process.wait(30)


@pytest.mark.office
def test_libreoffice_fills_it_in_within_its_locks_and_lists(company, office, tmp_path):
    path = tmp_path / "form.xlsx"
    path.write_bytes(qualification.write(company(), loc=FR))
    told = office(
        str(path),
        [
            ["protected", "Comptes"],
            ["type", "Comptes", "E6", "Autre nom"],
            ["type", "Comptes", "A6", "4"],
            ["list", "Comptes", "G7"],
            ["list", "Opportunités", "G8"],
            ["check", "Comptes", "R7"],
            ["type", "Comptes", "L7", "Exprimé"],
            ["type", "Comptes", "N7", "1500,5"],
            ["type", "Comptes", "R7", "05/10/2026"],
            ["type", "Comptes", "O7", "Bâti & Cie"],
            ["type", "Opportunités", "J8", "35%"],
            ["save"],
        ],
    )
    assert told == [
        True,
        "Alpha",
        str(company.ids.accounts["A1"]),
        ["Suspect", "Prospect", "Client", "Perdu"],
        ["Suspect", "Prospect", "Analyse", "Négociation", "Conclusion", "Ordre d’achat", "Perdue"],
        "DATE",
        "Exprimé", "1 500,50 €", "05/10/2026", "Bâti & Cie", "35,0 %",
        "saved",
    ]  # fmt: skip
    data = company()
    found = returned.read(path.read_bytes(), data, name="form.xlsx")
    assert {(e.id, e.field): e.value for e in found.proposal.edits} == {
        (company.ids.accounts["A2"], "need"): "expressed",
        (company.ids.accounts["A2"], "budget"): 1500.5,
        (company.ids.accounts["A2"], "next_step_on"): dt.date(2026, 10, 5),
        (company.ids.accounts["A2"], "supplier"): "Bâti & Cie",
        (company.ids.deals["O1"], "probability"): 0.35,
    }
    assert found.told == []
    assert {one.state for _, one in found.save()} == {"saved"}
