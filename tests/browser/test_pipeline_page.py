"""Open deals by stage, and the rows behind them."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import PHONE, drawn
from tests.browser.test_funnel_page import click_mark, rows_counted, widest
from tests.browser.test_qualify import cell, grid, save, write
from tests.browser.test_shell import number, value


def test_the_open_deals_are_those_listed(page_at):
    page = page_at("director", "/pipeline")
    number(page, "Affaires en cours").locator(".value").click()
    assert rows_counted(page) == value(page, "Affaires en cours")


def test_a_stage_holds_as_many_deals_as_its_label_says(page_at):
    page = page_at("director", "/pipeline")
    card = page.locator(".card:has(h2:text-is('Affaires en cours par étape'))")
    label = card.locator("svg text", has_text="aff.").first.text_content()
    click_mark(page, card.locator(".point path").first)
    assert rows_counted(page) == int(label.split("·")[1].split()[0])


def test_units_stand_at_the_axes(page_at):
    page = page_at("director", "/pipeline")
    card = page.locator(".card:has(h2:text-is('Par mois de signature prévue'))")
    expect(card.locator(".ytitle")).to_have_text("Montant (M€)")


def test_a_deal_is_corrected_in_place(page_as):
    page = page_as("director", "/pipeline")
    row = grid(page).locator(".tabulator-row").first
    name = cell(row, "name").inner_text()
    write(row, "amount", "12345")
    expect(page.locator(".waiting")).to_have_text("1 modification en attente")
    expect(page.locator(".line")).to_contain_text(name)
    page.get_by_role("button", name="Vérifier").click()
    expect(page.locator(".told")).to_have_text("1 acceptées sur 1.")
    save(page)
    expect(page.locator(".told")).to_contain_text("1 modification enregistrée.")
    page.reload()
    drawn(page)
    expect(cell(grid(page).locator(".tabulator-row").first, "amount")).to_contain_text(
        "12\u202f345"
    )


def test_in_a_tall_window_deals_are_there_at_once(page_as):
    page = page_as("director", "/pipeline", size={"width": 1440, "height": 2600})
    expect(page.locator(".editgrid .tabulator-row").first).to_be_visible()


def test_of_a_past_date_deals_are_read(page_as):
    page = page_as("director", "/pipeline?as_of=2026-03-31")
    row = grid(page).locator(".tabulator-row").first
    expect(page.locator(".past")).to_contain_text("Fiches au 31/03/2026")
    cell(row, "amount").click()
    expect(cell(row, "amount").locator("input")).to_have_count(0)


def test_on_a_phone_no_card_is_cut(page_as):
    page = page_as("director", "/pipeline", size=PHONE)
    assert widest(page) <= PHONE["width"]
