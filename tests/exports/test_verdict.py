"""What became of a form, in words and as a copy of the file that can be sent again."""

from __future__ import annotations

import io

import pytest
from openpyxl import load_workbook

from tests.exports.conftest import Form
from workbench.exports import returned, verdict
from workbench.exports.verdict import Verdict
from workbench.locale import EN, FR


@pytest.fixture
def judged(filled_in, company):
    """One of each: saved, refused, of others, unchanged."""
    form = filled_in()
    form.put("A1", "status", "Prospect")
    form.put("A2", "budget", "1 234,50")
    form.put("A2", "supplier", "=cmd()")
    form.cell("A2", "supplier").data_type = "s"
    form.put("A4", "need", "Latent")
    found = returned.read(form.content(), company("rep1"), name="form.xlsx")
    return found, found.save()


def test_each_change_is_said(judged):
    found, told = judged
    said = verdict.say(found, told, FR, written=True)
    assert [(one.line.row, one.name, one.label, one.old, one.new, one.word) for one in said] == [
        (6, "Alpha", "Statut", "Client", "Prospect", "Refusé"),
        (7, "Alpha Sud", "Budget", "–", "1\u202f234,50\xa0€", "Enregistré"),
        (7, "Alpha Sud", "Fournisseur actuel", "–", "=cmd()", "Enregistré"),
        (9, "–", "", "", "", "Pas à vous"),
    ]
    assert verdict.counts(found, said) == {
        Verdict.CONFLICT: 0,
        Verdict.REFUSED: 1,
        Verdict.NOT_YOURS: 1,
        Verdict.SAVED: 2,
        Verdict.UNCHANGED: 4,
    }
    assert verdict.summary(found, said, FR, written=True) == (
        "Refusé : 1 · Pas à vous : 1 · Enregistré : 2 · lignes inchangées : 4"
    )
    assert verdict.refused(said)
    assert not verdict.refused([one for one in said if one.verdict is Verdict.SAVED])


def test_before_it_is_saved_it_is_to_be_saved(judged):
    found, told = judged
    said = verdict.say(found, told[1:2], EN, written=False)
    assert [(one.word, one.label, one.new) for one in said] == [
        ("To be saved", "Budget", "€1,234.50")
    ]


def test_the_report_is_the_file_with_what_became_of_each_row(judged, company):
    found, told = judged
    said = verdict.say(found, told, FR, written=True)
    content = verdict.report(found, said, FR, written=True)
    book = load_workbook(io.BytesIO(content))
    sheet = book["Comptes"]
    assert (sheet["T5"].value, sheet["U5"].value) == ("Résultat", "Détail")
    assert [sheet.cell(row, 20).value for row in range(6, 10)] == [
        "Refusé", "Enregistré", "Inchangé", "Pas à vous",
    ]  # fmt: skip
    assert sheet["U6"].value == (
        "Statut : Un compte « Client » ne change plus de statut : il a été facturé."
    )
    assert sheet["U7"].value == ("Budget : – → 1\u202f234,50\xa0€\nFournisseur actuel : – → =cmd()")
    assert sheet["U1"].value.startswith("Refusé : 1")
    assert sheet["G6"].fill.start_color.rgb[-6:] == "F9D3C4"
    assert sheet["N7"].fill.start_color.rgb[-6:] == "CDEBDD"
    assert sheet.protection.sheet
    assert sheet["T6"].protection.locked
    assert len(sheet.data_validations.dataValidation) == 10


def test_the_report_can_be_corrected_and_sent_again(judged, company):
    found, told = judged
    said = verdict.say(found, told, FR, written=True)
    form = Form(verdict.report(found, said, FR, written=True))
    form.put("A1", "status", "Client")
    form.put("A4", "need", None)
    again = returned.read(form.content(), company("rep1"), name="form.xlsx")
    assert again.save() == []
    content = verdict.report(again, [], FR, written=True)
    sheet = load_workbook(io.BytesIO(content))["Comptes"]
    assert sheet.max_column == 21
    assert [sheet.cell(row, 20).value for row in range(6, 10)] == ["Inchangé"] * 4
