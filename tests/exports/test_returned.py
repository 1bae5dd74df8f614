"""A form that comes back: every cell understood or said, nothing taken for what it isn't."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from copy import copy

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from tests.exports.conftest import Form
from tests.store.company import TODAY, fill
from workbench.errors import SourceError
from workbench.exports import qualification, received, returned, verdict
from workbench.exports.verdict import Verdict
from workbench.locale import EN, FR
from workbench.store import create, journal
from workbench.store.dataset import open as open_data
from workbench.store.journal import Edit, State
from workbench.vocabulary import Surface

NEEDS = "Aucun, Latent, Exprimé, Cahier des charges"


def read(form, data):
    return returned.read(form.content(), data, name="form.xlsx")


def asked(found):
    return {(edit.entity, edit.id, edit.field): edit.value for edit in found.proposal.edits}


def said(found, data=None):
    """What became of each change, had it been saved: code of the row, field, verdict, reason."""
    return [
        (one.line.row, one.field, one.verdict, one.why)
        for one in verdict.say(found, found.check(), FR, written=False)
    ]


def refusal(content, data, loc=FR):
    with pytest.raises(SourceError) as met:
        returned.read(content, data, name="f.xlsx")
    return loc.say(met.value.args[0])


def test_an_untouched_form_changes_nothing(filled_in, company):
    found = read(filled_in(), company())
    assert (len(found.proposal), found.told, found.notes) == (0, [], [])
    assert len(found.lines) == 7


def test_what_was_filled_in_is_what_is_asked(filled_in, company):
    form, ids = filled_in(), company.ids
    form.put("A2", "need", "Exprimé")
    form.put("A2", "budget", "1 234,50")
    form.put("A2", "next_step_on", "30/09/2026")
    form.put("A3", "owner_id", "Rep R1")
    form.put("A3", "decider_known", "oui")
    form.put("O1", "stage_id", "Perdue", "Opportunités")
    form.put("O1", "loss_reason", "Prix", "Opportunités")
    form.put("O1", "probability", 0.1, "Opportunités")
    found = read(form, company())
    a2, a3, o1 = ids.accounts["A2"], ids.accounts["A3"], ids.deals["O1"]
    assert asked(found) == {
        ("account", a2, "need"): "expressed",
        ("account", a2, "budget"): 1234.5,
        ("account", a2, "next_step_on"): dt.date(2026, 9, 30),
        ("account", a3, "owner_id"): ids.reps["R1"],
        ("account", a3, "decider_known"): True,
        ("opportunity", o1, "stage_id"): ids.stages["LOST"],
        ("opportunity", o1, "loss_reason"): "price",
        ("opportunity", o1, "probability"): 0.1,
    }
    assert {one.state for _, one in found.save(reason="revue")} == {State.SAVED}
    assert company().table("accounts").set_index("code").loc["A2", "need"] == "expressed"


def test_sent_twice_it_is_saved_once(filled_in, company):
    form = filled_in()
    form.put("A2", "need", "Latent")
    read(form, company()).save()
    again = read(form, company())
    assert (asked(again), again.told) == ({}, [])


def test_an_emptied_cell_clears_only_what_it_held(filled_in, company):
    form = filled_in()
    form.put("A3", "supplier", "Acme")
    read(form, company()).save()
    form = filled_in()
    form.put("A3", "supplier", None)
    form.put("A4", "supplier", None)
    form.put("A4", "need", "  ")
    form.put("A1", "status", "")
    found = read(form, company())
    assert asked(found) == {
        ("account", company.ids.accounts["A3"], "supplier"): None,
        ("account", company.ids.accounts["A1"], "status"): None,
    }
    assert said(found) == [
        (6, "status", Verdict.REFUSED, "Le champ « Statut » ne peut pas être vide."),
        (8, "supplier", Verdict.SAVED, ""),
    ]


def test_what_others_changed_meanwhile_is_kept_and_a_clash_tells_both(filled_in, company):
    form = filled_in()
    data = company()
    a2 = company.ids.accounts["A2"]
    edits = [Edit("account", a2, 2, name, value) for name, value in
             (("need", "latent"), ("supplier", "Acme"))]  # fmt: skip
    journal.save(data.engine, edits, viewer=data.viewer, surface=Surface.DASHBOARD, today=TODAY)
    form.put("A2", "need", "Exprimé")
    form.put("A2", "budget", 900)
    found = read(form, company("rep1"))
    [clash, budget] = sorted(
        verdict.say(found, found.save(), FR, written=True), key=lambda one: one.verdict
    )
    assert clash.verdict is Verdict.CONFLICT
    assert clash.why.startswith("director a saisi « Latent » le ")
    assert clash.why.endswith(" ; vous : « Exprimé ».")
    assert (budget.field, budget.verdict) == ("budget", Verdict.SAVED)
    kept = company().table("accounts").set_index("code").loc["A2"]
    assert (kept["supplier"], kept["need"], kept["budget"]) == ("Acme", "latent", 900)


def test_cells_that_cannot_be_read_are_told_one_by_one(filled_in, company):
    form = filled_in()
    form.put("A2", "next_step_on", "la semaine prochaine")
    form.put("A2", "budget", "1.234")
    form.put("A2", "need", "Fort")
    form.put("A2", "employees", 3.5)
    form.put("A2", "sector", "Toiture")
    form.put("A3", "supplier", "=1/0")
    form.put("A4", "supplier", "#N/A")
    form.cell("A4", "supplier").data_type = "e"
    found = read(form, company())
    assert said(found) == [
        (7, "sector", Verdict.SAVED, ""),
        (
            7,
            "employees",
            Verdict.REFUSED,
            "« 3.5 » n’est pas un nombre entier.",
        ),
        (
            7,
            "need",
            Verdict.REFUSED,
            f"« Fort » n’est pas une valeur de « Besoin » ; il y a : {NEEDS}.",
        ),
        (
            7,
            "budget",
            Verdict.REFUSED,
            "« 1.234 » se lit de deux façons ; écrivez-le sans séparateur de milliers.",
        ),
        (
            7,
            "next_step_on",
            Verdict.REFUSED,
            "« la semaine prochaine » n’est pas une date ; écrivez-la ainsi : 30/09/2026.",
        ),
        (8, "supplier", Verdict.REFUSED, "La formule de cette cellule n’a pas de résultat."),
        (9, "supplier", Verdict.REFUSED, "La cellule contient une erreur : #N/A."),
    ]
    assert asked(found) == {("account", company.ids.accounts["A2"], "sector"): "Toiture"}


def sheet_rows(sheet):
    return [[cell.value for cell in row] for row in sheet.iter_rows(6)]


def rewritten(sheet, rows):
    for row, values in enumerate(rows, 6):
        for column, value in enumerate(values, 1):
            sheet.cell(row, column).value = value


def test_rows_may_be_sorted_and_columns_moved(filled_in, company):
    form = filled_in()
    form.put("A2", "need", "Latent")
    form.put("A4", "supplier", "Acme")
    before = asked(read(form, company()))
    sheet = form.book["Comptes"]
    rewritten(sheet, sheet_rows(sheet)[::-1])
    sheet.move_range("G4:G9", cols=20)
    assert asked(read(form, company())) == before
    assert len(before) == 2


def test_rows_sorted_without_their_hidden_columns_are_not_saved(filled_in, company):
    form = filled_in()
    sheet = form.book["Comptes"]
    rows = sheet_rows(sheet)
    rewritten(sheet, [own[:3] + seen[3:] for own, seen in zip(rows, rows[::-1], strict=True)])
    found = read(form, company())
    assert asked(found) == {}
    assert {(what, why) for _, _, what, why in said(found)} == {
        (Verdict.REFUSED, str(returned.MISPLACED))
    }
    assert len(said(found)) == 4


def test_removed_rows_and_columns_are_said_and_change_nothing(filled_in, company):
    form = filled_in()
    form.put("A4", "need", "Latent")
    sheet = form.book["Comptes"]
    sheet.delete_rows(6, 2)
    sheet.delete_cols(9)  # segment
    sheet.delete_cols(6)  # city
    del form.book["Opportunités"]
    found = read(form, company())
    assert asked(found) == {("account", company.ids.accounts["A4"], "need"): "latent"}
    assert sorted(map(FR.say, found.notes)) == [
        "Feuille « Comptes » : lignes retirées : 2 ; leurs fiches restent.",
        "Feuille « Comptes » : sans colonne « Segment », rien n’en change.",
        "La feuille « Opportunités » manque, ou sa ligne masquée : rien n’en est lu.",
    ]


def test_a_row_without_city_that_shows_another_name_is_not_saved(filled_in, company):
    form = filled_in()
    form.put("A4", "name", "Delta")
    form.put("A4", "need", "Latent")
    form.book["Comptes"].delete_cols(6)
    assert said(read(form, company())) == [(9, "", Verdict.REFUSED, str(returned.MISPLACED))]


def test_added_doubled_and_broken_rows_are_told(filled_in, company):
    form = filled_in()
    sheet = form.book["Comptes"]
    rows = sheet_rows(sheet)
    rewritten(sheet, [*rows, rows[1], [None] * 4 + ["Nouveau"], ["x", 1, "", "", "Epsilon"]])
    sheet.cell(8, 2).value = "?"
    found = read(form, company())
    a2 = company.ids.accounts["A2"]
    assert said(found) == [
        (8, "", Verdict.REFUSED,
         "Les colonnes masquées de cette ligne ne se lisent plus : « ? »."),
        (11, "", Verdict.REFUSED, str(returned.ADDED)),
        (12, "", Verdict.REFUSED,
         "Les colonnes masquées de cette ligne ne se lisent plus : « x »."),
    ]  # fmt: skip
    sheet.cell(7, 12).value = "Latent"
    twice = said(read(form, company()))
    assert (7, "need", Verdict.SAVED, "") in twice
    assert (10, "", Verdict.REFUSED, f"La fiche {a2} figure déjà sur une autre ligne.") in twice


def test_a_row_of_others_is_not_yours_if_touched(filled_in, company):
    form = filled_in("director")
    form.put("A4", "need", "Latent")
    form.put("A1", "need", "Latent")
    found = read(form, company("rep1"))
    assert said(found) == [
        (6, "need", Verdict.SAVED, ""),
        (9, "", Verdict.NOT_YOURS, "Cette fiche n’est pas l’une des vôtres, ou n’existe plus."),
    ]


def test_who_only_reads_saves_nothing(filled_in, company):
    form = filled_in("boss")
    form.put("A1", "need", "Latent")
    [(_, _, what, why)] = said(read(form, company("boss")))
    assert what is Verdict.REFUSED
    assert "lit, il ne modifie pas" in why


def test_a_form_of_another_store_is_refused(filled_in, company, tmp_path):
    other = create(f"sqlite:///{tmp_path / 'other.db'}")
    fill(other)
    theirs = open_data(f"sqlite:///{tmp_path / 'other.db'}", viewer="director", today=TODAY)
    content = filled_in().content()
    assert "vient d’une autre base (" in refusal(content, theirs)
    assert "comes from another store (" in refusal(content, theirs, EN)
    other.dispose()


def test_a_form_of_a_later_state_of_the_store_is_refused(
    filled_in, company, company_template, tmp_path
):
    form = filled_in()
    form.put("A2", "need", "Latent")
    read(form, company()).save()
    late = filled_in().content()
    earlier = open_data(f"sqlite:///{company_template[0]}", viewer="director", today=TODAY)
    assert "elle a été restaurée depuis" in refusal(late, earlier)
    earlier.engine.dispose()


def a_workbook():
    out = io.BytesIO()
    Workbook().save(out)
    return out.getvalue()


def a_zip():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("readme.txt", "no workbook")
    return out.getvalue()


def test_what_is_no_form_is_refused(company, filled_in):
    data = company()
    assert "ne porte pas les marques" in refusal(a_workbook(), data)
    for broken in (b"", b"name;need\nAlpha;Latent", a_zip(), filled_in().content()[:4000]):
        assert "ne se lit pas comme un classeur .xlsx" in refusal(broken, data)
    form = filled_in()
    for name in ("Comptes", "Opportunités"):
        form.book[name].delete_rows(1, 4)
    assert "n’a plus aucune feuille" in refusal(form.content(), data)
    form = filled_in()
    form.book["Comptes"].cell(received.MOST_ROWS + 1, 1).value = 1
    assert "trop gros" in refusal(form.content(), data)


def test_a_formula_counts_by_its_result(filled_in, company, monkeypatch):
    form = filled_in()
    form.put("A2", "budget", "=1000*1.5")
    plain = copy(form.content())
    form.put("A2", "budget", 1500)
    results = load_workbook(io.BytesIO(form.content()))
    load = received._loaded
    monkeypatch.setattr(
        received,
        "_loaded",
        lambda content, *, results_=results, **how: results_ if how else load(content),
    )
    found = returned.read(plain, company(), name="f.xlsx")
    assert asked(found) == {("account", company.ids.accounts["A2"], "budget"): 1500.0}


CELLS = {
    "need": st.sampled_from(
        [(None, None), ("Aucun", "none"), ("Latent", "latent"), ("Expressed", "expressed")]
    ),
    "budget": st.decimals(0, 10**7, places=2).flatmap(
        lambda d: st.sampled_from([(float(d), float(d)), (f"{d} €".replace(".", ","), float(d))])
    ),
    "next_step_on": st.dates(dt.date(1990, 1, 1), dt.date(2099, 12, 31)).flatmap(
        lambda d: st.sampled_from([(d, d), (f"{d:%d/%m/%Y}", d)])
    ),
    "supplier": st.text(
        st.characters(codec="ascii", categories=("L", "N", "P", "S")), min_size=1
    ).map(lambda text: (text, text)),
    "decider_known": st.sampled_from([(None, None), ("oui", True), (False, False)]),
}


@pytest.fixture(scope="module")
def blank(company_template):
    url = f"sqlite:///{company_template[0]}"
    data = open_data(url, viewer="director", today=TODAY)
    return data, qualification.write(data, loc=FR), company_template[1]


@given(
    st.dictionaries(
        st.tuples(st.sampled_from(["A1", "A2", "A3", "A4"]), st.sampled_from(list(CELLS))),
        st.integers(),
        max_size=12,
    ),
    st.data(),
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_edit_comes_back_as_exactly_that_edit(blank, places, draw):
    data, content, ids = blank
    form, wanted = Form(content), {}
    for code, name in places:
        cell, value = draw.draw(CELLS[name])
        target = form.cell(code, name)
        target.value = cell
        if isinstance(cell, str):
            target.data_type = "s"
        if value is not None:
            wanted["account", ids.accounts[code], name] = value
    found = read(form, data)
    assert asked(found) == wanted
    assert found.told == []
