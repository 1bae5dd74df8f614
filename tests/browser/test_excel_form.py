"""The form on the Qualify page: downloaded, filled in, sent back, looked at, saved, reported."""

from __future__ import annotations

from openpyxl import load_workbook
from playwright.sync_api import expect

from tests.browser.conftest import drawn, rest
from workbench.store import access, connect, journal
from workbench.vocabulary import Surface


def card(page):
    there = page.locator(".card.excel")
    there.scroll_into_view_if_needed()
    return there


def downloaded(page, button, path):
    rest(page)
    with page.expect_download() as told:
        card(page).get_by_role("button", name=button).click()
    told.value.save_as(path)
    return told.value.suggested_filename


def sent(page, path):
    card(page).locator("input[type=file]").set_input_files(path)


def place(sheet, name, field):
    names = {cell.value: cell.column for cell in sheet[4]}
    row = next(r for r in range(6, sheet.max_row + 1) if sheet.cell(r, 5).value == name)
    return sheet.cell(row, names[f"account.{field}"])


def test_a_form_goes_out_and_comes_back(page_as, tmp_path):
    page = page_as("manager", "/qualify")
    path = tmp_path / "form.xlsx"
    name = downloaded(page, "Télécharger le formulaire", path)
    assert name == "formulaire-de-qualification-2026-09-30.xlsx"
    book = load_workbook(path)
    sheet = book["Comptes"]
    first, second = (sheet.cell(row, 5).value for row in (6, 7))
    place(sheet, first, "supplier").value = "Tuiles du Sud"
    place(sheet, second, "next_step_on").value = "bientôt"
    book.save(path)

    sent(page, path)
    expect(card(page).locator(".summary")).to_contain_text("Refusé : 1 · À enregistrer : 1")
    expect(card(page).locator(".edit.saved")).to_contain_text(first)
    expect(card(page).locator(".edit.saved ins")).to_have_text("Tuiles du Sud")
    expect(card(page).locator(".edit.refused small")).to_have_text(
        "« bientôt » n’est pas une date ; écrivez-la ainsi : 30/09/2026."
    )
    card(page).get_by_role("button", name="Importer").click()
    expect(card(page).locator(".summary")).to_contain_text("Refusé : 1 · Enregistré : 1")
    expect(card(page).get_by_role("button", name="Importer")).to_have_count(0)
    expect(page.locator(".line .edit").first).to_contain_text("Tuiles du Sud")  # and can be undone
    report = tmp_path / "report.xlsx"
    assert downloaded(page, "Télécharger le rapport", report) == "form-rapport.xlsx"
    marked = load_workbook(report)["Comptes"]
    row = place(marked, first, "supplier").row
    assert marked.cell(row, marked.max_column - 1).value == "Enregistré"

    page.reload()
    drawn(page)
    again = tmp_path / "again.xlsx"
    downloaded(page, "Télécharger le formulaire", again)
    assert place(load_workbook(again)["Comptes"], first, "supplier").value == "Tuiles du Sud"


def test_the_form_has_what_the_filter_bar_leaves(page_as, tmp_path):
    page = page_as("director", "/qualify?segments=Gros œuvre")
    path = tmp_path / "form.xlsx"
    downloaded(page, "Télécharger le formulaire", path)
    sheet = load_workbook(path)["Comptes"]
    assert sheet["D2"].value.endswith(" · Segments : Gros œuvre")
    names = {cell.value: cell.column for cell in sheet[4]}
    segments = {sheet.cell(row, names["account.segment"]).value for row in range(6, 400)}
    assert segments == {"Gros œuvre"}


def test_what_is_no_form_is_said(page_as, tmp_path):
    page = page_as("rep", "/qualify")
    path = tmp_path / "other.xlsx"
    path.write_bytes(b"no workbook")
    sent(page, path)
    expect(card(page).locator(".edit.refused")).to_contain_text("« other.xlsx » ne se lit pas")
    expect(card(page).get_by_role("button", name="Importer")).to_have_count(0)


def test_what_somebody_was_quicker_with_and_what_is_another_s_is_told(
    page_as, tmp_path, store, today
):
    page = page_as("rep", "/qualify")
    path = tmp_path / "form.xlsx"
    downloaded(page, "Télécharger le formulaire", path)
    book = load_workbook(path)
    sheet = book["Comptes"]
    mine, other = (sheet.cell(row, 5).value for row in (6, 7))
    place(sheet, mine, "supplier").value = "Tuiles du Nord"
    place(sheet, other, "supplier").value = "Tuiles d’ailleurs"
    book.save(path)
    engine = connect(f"sqlite:///{store}")
    director = access.viewer(engine, "directrice")
    with engine.connect() as connection:
        ids = {
            name: connection.exec_driver_sql(
                "SELECT id, version FROM account WHERE name = ?", (name,)
            ).one()
            for name in (mine, other)
        }
        away = connection.exec_driver_sql(
            "SELECT rep_id FROM user WHERE username = 'responsable'"
        ).scalar()
    edits = [
        journal.Edit("account", *ids[mine], "supplier", "Ardoises du Centre"),
        journal.Edit("account", *ids[other], "owner_id", away),
    ]
    with page.expect_navigation():  # it showed an account that is no longer theirs
        done = journal.save(engine, edits, viewer=director, surface=Surface.CLI, today=today)
    assert {one.state for one in done} == {journal.State.SAVED}
    drawn(page)

    sent(page, path)
    conflict = card(page).locator(".edit.conflict")
    expect(conflict).to_contain_text(mine)
    expect(conflict).to_contain_text("Ardoises du Centre")
    closed = card(page).locator(".edit.forbidden")  # another's by now: its name isn't told
    expect(closed).to_contain_text("(Comptes 7)")
    expect(closed).to_contain_text("Cette fiche n’est pas l’une des vôtres")
    expect(closed).not_to_contain_text(other)
    expect(card(page).get_by_role("button", name="Importer")).to_have_count(0)
    engine.dispose()
