"""Editing many at once: keyboard, block pasted, rows picked, redo; others' changes seen at once."""

from __future__ import annotations

import itertools
import json
import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import drawn
from tests.browser.test_qualify import cell, find, grid, latest, narrow, save, write
from workbench.store import connect

steps = (f"Passage {number}" for number in itertools.count(1))


@pytest.fixture
def step():
    return next(steps)


def waiting(page, count):
    said = f"{count} modification{'s' * (count > 1)} en attente"
    expect(page.locator(".waiting b")).to_have_text(said)


def paste(page, text):
    """Put a text on the clipboard and paste it where the keyboard is."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate("text => navigator.clipboard.writeText(text)", text)
    page.keyboard.press("Control+v")


def first_rows(page, text, count):
    """The first rows of accounts whose name has this, by name."""
    there = grid(page)
    narrow(there, "name", text)
    expect(there.locator(".tabulator-row").nth(count - 1)).to_be_visible()
    expect(
        there.locator(".tabulator-row .tabulator-cell[tabulator-field=name]").first
    ).to_contain_text(text.split()[0])
    return [there.locator(".tabulator-row").nth(place) for place in range(count)]


def test_the_table_is_filled_in_by_the_keyboard_alone(page_as, step):
    page = page_as("manager", "/qualify?show=all")
    one, two, _ = first_rows(page, "Groupe", 3)
    cell(one, "budget").focus()
    page.keyboard.press("ArrowRight")
    expect(cell(one, "next_step")).to_be_focused()
    page.keyboard.type(step)
    page.keyboard.press("Enter")
    expect(cell(two, "next_step")).to_be_focused()
    page.keyboard.press("F2")
    page.keyboard.press("Control+a")
    page.keyboard.type(f"{step} bis")
    page.keyboard.press("Escape")
    expect(cell(two, "next_step")).to_be_focused()
    expect(cell(two, "next_step")).not_to_contain_text("bis")
    page.keyboard.press("ArrowUp")
    expect(cell(one, "next_step")).to_be_focused()
    waiting(page, 1)
    expect(cell(one, "next_step")).to_have_text(step)
    page.keyboard.press("Delete")
    expect(cell(one, "next_step")).to_have_text("–")


def test_a_block_of_a_spreadsheet_is_pasted_in_place(page_as, step):
    page = page_as("director", "/qualify?show=all")
    one, two = first_rows(page, "Groupe C", 2)
    names = [cell(row, "name").inner_text() for row in (one, two)]
    cell(one, "budget").focus()
    paste(page, f"12 500,50 €\t{step}\t05/11/2026\r\n7000\t{step} bis\tdemain\r\n")
    waiting(page, 5)
    expect(page.locator(".told")).to_contain_text("5 modifications collées.")
    expect(page.locator(".told")).to_contain_text("« demain » n’est pas une date")
    expect(cell(one, "next_step_on")).to_have_text("05/11/2026")
    save(page)
    expect(page.locator(".told")).to_contain_text("5 modifications enregistrées.")
    page.reload()
    drawn(page)
    for name, budget, said in zip(
        names, ("12\u202f500,50\xa0€", "7\u202f000\xa0€"), (step, f"{step} bis"), strict=True
    ):
        row = find(page, name)
        expect(cell(row, "budget")).to_have_text(budget)
        expect(cell(row, "next_step")).to_have_text(said)


def test_a_list_under_headings_finds_its_accounts_by_name(page_as, step):
    page = page_as("director", "/qualify?show=all")
    row = find(page, "Groupe Etcheverry")
    cell(row, "next_step").focus()
    paste(page, f"Compte\tProchaine étape\nGroupe Larrieu\t{step}\nGroupe Inconnu\tx\n")
    waiting(page, 1)
    expect(page.locator(".told")).to_contain_text("« Groupe Inconnu » n’est le nom d’aucune fiche")
    expect(cell(find(page, "Groupe Larrieu"), "next_step")).to_have_text(step)


def test_picked_rows_are_filled_at_once_saved_undone_and_redone(page_as, step):
    page = page_as("director", "/qualify?show=all")
    rows = first_rows(page, "Groupe L", 2)
    before = [cell(row, "next_step").inner_text() for row in rows]
    count = grid(page).locator(".tabulator-row").count()
    rows[0].locator(".pick").check()
    bulk = page.locator(".bulk")
    expect(bulk).to_contain_text("1 ligne choisie")
    page.get_by_role("button", name="Choisir les").click()
    expect(bulk).to_contain_text(f"{count} lignes choisies")
    expect(rows[1].locator(".pick")).to_be_checked()
    bulk.get_by_role("combobox").first.click()
    page.locator("li").get_by_text("Prochaine étape", exact=True).click()
    bulk.get_by_label("Prochaine étape").fill(step)
    bulk.get_by_label("Prochaine étape").press("Tab")
    page.get_by_role("button", name="Appliquer").click()
    waiting(page, count)
    expect(cell(rows[1], "next_step")).to_have_text(step)
    save(page)
    expect(page.locator(".told")).to_contain_text(f"{count} modifications enregistrées.")
    expect(bulk).to_be_hidden()
    expect(rows[0].locator(".pick")).not_to_be_checked()
    expect(page.locator(".saves .edit").first).to_contain_text(step)
    latest(page, "Annuler").click()
    expect(page.locator(".told")).to_have_text("Enregistrement annulé.")
    expect(cell(rows[0], "next_step")).to_have_text(before[0])
    latest(page, "Rétablir").click()
    expect(page.locator(".told")).to_have_text("Rétabli.")
    expect(cell(rows[0], "next_step")).to_have_text(step)


def test_what_somebody_else_saves_shows_without_a_reload(page_as, step):
    one, two = page_as("director", "/qualify?show=all"), page_as("manager", "/qualify?show=all")
    first = first_rows(two, "Groupe", 2)[0]
    name = cell(first, "name").inner_text()
    write(find(one, name), "next_step", step)
    save(one)
    expect(one.locator(".told")).to_contain_text("enregistrée")
    expect(cell(first, "next_step")).to_have_text(step)
    expect(cell(first, "next_step")).to_have_class(re.compile("moved"))


def test_what_waits_here_and_was_changed_there_is_a_conflict_before_it_is_saved(page_as, step):
    one, two = page_as("director", "/qualify?show=all"), page_as("manager", "/qualify?show=all")
    mine = first_rows(two, "Groupe", 1)[0]
    name = cell(mine, "name").inner_text()
    write(mine, "next_step", f"{step} ici")
    waiting(two, 1)
    write(find(one, name), "next_step", f"{step} là")
    save(one)
    expect(two.locator(".edit.conflict")).to_contain_text(f"{step} là")
    two.get_by_role("button", name="Garder l’autre").click()
    expect(cell(mine, "next_step")).to_have_text(f"{step} là")


def test_where_figures_stand_one_is_told_and_a_click_draws_them(page_as, step):
    reader, writer = page_as("director", "/overview"), page_as("manager", "/qualify?show=all")
    news = reader.get_by_text("Les données ont changé")
    expect(news).to_be_hidden()
    write(first_rows(writer, "Groupe", 1)[0], "next_step", step)
    save(writer)
    expect(news).to_be_visible()
    reader.get_by_role("button", name="Actualiser").click()
    expect(news).to_be_hidden()


def test_a_block_longer_than_the_page_goes_on_over_the_next(page_as, step):
    page = page_as("director", "/qualify?show=all")
    last = first_rows(page, "Groupe", 15)[14]
    cell(last, "budget").focus()
    page.keyboard.press("ArrowRight")
    expect(cell(last, "next_step")).to_be_focused()
    paste(page, f"{step}\n{step} suite\n{step} fin\n")
    waiting(page, 3)
    grid(page).locator(".tabulator-page", has_text="2").first.click()
    expect(grid(page).locator(".tabulator-page-counter")).to_contain_text("16–30")
    rows = grid(page).locator(".tabulator-row")
    expect(cell(rows.nth(0), "next_step")).to_have_text(f"{step} suite")
    expect(cell(rows.nth(1), "next_step")).to_have_text(f"{step} fin")


def test_a_deal_is_corrected_under_its_tab_from_an_earlier_day(page_as, store):
    page = page_as("director", "/qualify?show=all")
    page.get_by_role("tab", name="Opportunités").click()
    there = page.locator(".editgrid:visible")
    row = there.locator(".tabulator-row").first
    name = cell(row, "name").inner_text()
    write(row, "amount", "54321")
    waiting(page, 1)
    day = page.get_by_label("Effectif le")
    day.first.click()
    page.keyboard.type("01092026")
    page.keyboard.press("Tab")
    save(page)
    expect(page.locator(".told")).to_contain_text("1 modification enregistrée.")
    with connect(f"sqlite:///{store}").connect() as connection:
        told = connection.exec_driver_sql(
            "SELECT o.name, c.new, c.effective FROM change c JOIN opportunity o ON"
            " o.id = c.record_id WHERE c.entity = 'opportunity' ORDER BY c.id DESC LIMIT 1"
        ).one()
    assert (told[0], float(json.loads(told[1])), told[2]) == (name, 54321.0, "2026-09-01")
