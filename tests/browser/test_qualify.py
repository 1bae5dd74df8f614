"""Correcting in place: an edit lands on its record, is saved, refused, met by another, undone."""

from __future__ import annotations

import itertools
import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import DESK, PHONE, drawn, scroll, to_the_end

notes = (f"Relance {number}" for number in itertools.count(1))


def grid(page):
    to_the_end(page)
    grid_ = page.locator(".editgrid").first
    grid_.wait_for(state="attached")
    for _ in range(40):  # it is filled when it is seen, and what stands above it may still grow
        grid_.scroll_into_view_if_needed()
        if grid_.locator(".tabulator-row").count():
            break
        page.wait_for_timeout(500)
    grid_.locator(".tabulator-row").first.wait_for()
    return grid_


def narrow(there, field, text):
    """Filter a column as a person does, key by key."""
    box = there.locator(f".tabulator-col[tabulator-field={field}] input")
    box.fill(text)
    box.press("Enter")


def find(page, name):
    """Filter the accounts by name, and wait for the one row."""
    there = grid(page)
    narrow(there, "name", name)
    row = there.locator(".tabulator-row", has_text=name)
    expect(there.locator(".tabulator-row")).to_have_count(1)
    return row


def cell(row, field):
    return row.locator(f".tabulator-cell[tabulator-field={field}]")


def write(row, field, text):
    cell(row, field).click()
    box = cell(row, field).locator("input")
    box.fill(text)
    box.press("Enter")


def choose(page, row, field, label):
    cell(row, field).click()
    page.locator(".tabulator-edit-list-item", has_text=label).first.click()


def save(page):
    page.get_by_role("button", name="Enregistrer").click()


def latest(page, label):
    """The button of the latest save, which may be drawn later than its text; no older one's."""
    return page.locator(".saves .line").first.get_by_role("button", name=label)


@pytest.fixture
def note():
    return next(notes)


def test_an_edit_is_saved_and_seen_after_reload(page_as, note):
    page = page_as("director", "/qualify?show=all")
    row = find(page, "Groupe Castelnau")
    write(row, "next_step", note)
    expect(page.locator(".waiting")).to_have_text("1 modification en attente")
    save(page)
    expect(page.locator(".told")).to_contain_text("1 modification enregistrée.")
    page.reload()
    drawn(page)
    expect(cell(find(page, "Groupe Castelnau"), "next_step")).to_have_text(note)


def test_an_edit_in_a_sorted_and_filtered_table_lands_on_its_record(page_as, note):
    page = page_as("director", "/qualify?show=all")
    there = grid(page)
    narrow(there, "name", "Groupe")
    there.locator(".tabulator-col[tabulator-field=name] .tabulator-col-title").click()
    there.locator(".tabulator-col[tabulator-field=name] .tabulator-col-title").click()
    there.locator(".tabulator-page", has_text="2").first.click()
    expect(there.locator(".tabulator-page-counter")).to_contain_text("16–30")
    row = there.locator(".tabulator-row").nth(4)
    name = cell(row, "name").inner_text()
    write(row, "next_step", note)
    expect(page.locator(".card:has(.waiting) .edit")).to_contain_text(name)
    save(page)
    expect(page.locator(".told")).to_contain_text("enregistrée")
    page.reload()
    drawn(page)
    narrow(grid(page), "next_step", note)
    expect(grid(page).locator(".tabulator-row")).to_have_count(1)
    expect(cell(grid(page).locator(".tabulator-row"), "name")).to_have_text(name)


def test_a_forbidden_transition_is_refused_with_its_reason(page_as):
    page = page_as("director", "/qualify?show=all")
    row = find(page, "Groupe Etcheverry")
    choose(page, row, "status", "Suspect")
    save(page)
    expect(page.locator(".edit.refused small")).not_to_be_empty()
    expect(cell(row, "status")).to_have_class(re.compile("refused"))
    page.get_by_role("button", name="Tout abandonner").click()
    expect(cell(row, "status")).to_have_text("Client")


def test_a_conflict_between_two_windows_shows_both_values(page_as, note):
    one, two = page_as("director", "/qualify?show=all"), page_as("director", "/qualify?show=all")
    name = "Groupe Larrieu"
    first, second = find(one, name), find(two, name)
    write(first, "next_step", f"{note} du premier")
    write(second, "next_step", f"{note} du second")
    save(one)
    expect(one.locator(".told")).to_contain_text("enregistrée")
    save(two)
    told = two.locator(".edit.conflict")
    expect(told).to_contain_text(f"{note} du premier")
    expect(told).to_contain_text(f"{note} du second")
    expect(told).to_contain_text("directrice")
    two.get_by_role("button", name="Garder la mienne").click()
    save(two)
    expect(two.locator(".told")).to_have_text("1 modification enregistrée.")
    two.reload()
    drawn(two)
    expect(cell(find(two, name), "next_step")).to_have_text(f"{note} du second")


def test_a_save_can_be_undone(page_as, note):
    page = page_as("manager", "/qualify?show=all")
    row = grid(page).locator(".tabulator-row").first
    before = cell(row, "next_step").inner_text()
    write(row, "next_step", note)
    save(page)
    expect(page.locator(".told")).to_contain_text("enregistrée")
    expect(page.locator(".saves .edit").first).to_contain_text(note)
    latest(page, "Annuler").click()
    expect(page.locator(".told")).to_have_text("Enregistrement annulé.")
    expect(cell(grid(page).locator(".tabulator-row").first, "next_step")).to_have_text(before)


def test_leaving_with_unsaved_changes_asks_first(page_as, note, server):
    page = page_as("director", "/qualify?show=all")
    write(find(page, "Groupe Castelnau"), "next_step", note)
    expect(page.locator(".waiting")).to_have_text("1 modification en attente")
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.goto(f"{server}/data")
    assert asked == ["beforeunload"]


def test_who_only_reads_edits_nothing(page_as):
    page = page_as("executive", "/qualify?show=all")
    row = grid(page).locator(".tabulator-row").first
    cell(row, "next_step").click()
    expect(cell(row, "next_step").locator("input")).to_have_count(0)


def test_the_queue_stands_first_and_all_accounts_are_counted_in_thousands(page_as):
    page = page_as("director", "/qualify")
    expect(grid(page).locator(".tabulator-page-counter")).to_have_text(re.compile(r"/ \d\d$"))
    page.get_by_role("button", name="Tous les comptes").click()
    expect(grid(page).locator(".tabulator-page-counter")).to_have_text("1–15 / 9\u202f000")


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_saving_is_at_hand_wherever_one_has_scrolled_to(page_as, size):
    page = page_as("director", "/qualify?show=all", size=size)
    save_ = page.get_by_role("button", name="Enregistrer")
    expect(save_).to_be_hidden()
    row = find(page, "Groupe Castelnau")
    other = "Exprimé" if cell(row, "need").inner_text() == "Latent" else "Latent"
    choose(page, row, "need", other)
    grid(page).locator(".tabulator-footer").scroll_into_view_if_needed()
    expect(save_).to_be_in_viewport(ratio=1)
    page.get_by_role("button", name="Tout abandonner").click()
    expect(save_).to_be_hidden()


def test_of_a_past_date_accounts_are_read(page_as):
    page = page_as("director", "/qualify?show=all&as_of=2026-03-31")
    expect(page.locator(".past")).to_contain_text("Fiches au 31/03/2026")
    row = grid(page).locator(".tabulator-row").first
    cell(row, "next_step").click()
    expect(cell(row, "next_step").locator("input")).to_have_count(0)
    page.get_by_role("link", name="Revenir à aujourd’hui").click()
    expect(page.locator(".past")).to_have_count(0)
    row = grid(page).locator(".tabulator-row").first
    cell(row, "next_step").click()
    expect(cell(row, "next_step").locator("input")).to_have_count(1)


def test_what_waits_is_checked_and_taken_back(page_as, note):
    page = page_as("director", "/qualify?show=all")
    row = find(page, "Groupe Castelnau")
    before = cell(row, "next_step").inner_text()
    write(row, "next_step", note)
    page.get_by_role("button", name="Vérifier").click()
    expect(page.locator(".line .edit.saved").first).to_contain_text("acceptée")
    page.get_by_role("button", name="Retirer").click()
    expect(page.locator(".waiting b")).to_have_text("0 modification en attente")
    expect(cell(row, "next_step")).to_have_text(before)


def test_a_list_stays_when_its_table_is_out_of_sight_for_a_moment(page_as):
    page = page_as("director", "/qualify?show=all", size=PHONE)
    row = find(page, "Groupe Castelnau")
    cell(row, "need").click()
    choices = page.locator(".tabulator-edit-list-item")
    needs = ["–", "Aucun", "Latent", "Exprimé", "Cahier des charges"]
    expect(choices).to_have_text(needs)
    for place in (0, 100_000):
        scroll(page, place)
        page.wait_for_timeout(300)  # what watches over sight has been told
    choices.first.scroll_into_view_if_needed()
    page.wait_for_timeout(300)
    expect(choices).to_have_text(needs)
    page.keyboard.press("Escape")
    expect(choices).to_have_count(0)


def test_on_a_phone_three_columns_stand_beside_the_boxes(page_as):
    page = page_as("rep", "/qualify", size=PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    there = grid(page)
    expect(there.locator(".tabulator-header .tabulator-col:visible")).to_have_count(4)
