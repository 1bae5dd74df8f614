"""Signing in, the frame around every page, and the filter bar."""

from __future__ import annotations

import re

import openpyxl
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, drawn

BYTES = """performance.getEntriesByType('resource')
    .map((entry) => entry.transferSize).reduce((one, other) => one + other)"""


def number(page, label):
    """A card with a number."""
    return page.locator(f'.kpi:has(.label:text-is("{label}"))')


def value(page, label):
    """A card's number, as a number."""
    card = number(page, label)
    return int(re.sub(r"\D", "", card.locator(".value").inner_text()))


def test_one_must_sign_in(chromium, server):
    page = chromium.new_page()
    page.goto(f"{server}/overview?period=3m")
    assert "/login" in page.url
    page.fill("#username", "directrice")
    page.fill("#password", "wrong password")
    page.click("button")
    expect(page.get_by_role("alert")).to_have_text("Identifiant ou mot de passe incorrect.")
    page.close()


def test_signing_in_leads_where_one_was_going_and_out_again(page_as, server):
    page = page_as("director", "/overview?period=3m", new=True)
    assert page.url == f"{server}/overview?period=3m"
    page.goto(f"{server}/logout")  # an address alone signs nobody out
    page.goto(f"{server}/overview")
    drawn(page)
    page.get_by_role("button", name="Alexandrie Navarro").click()
    page.get_by_text("Se déconnecter").click()
    page.wait_for_url(f"{server}/login")
    page.goto(f"{server}/overview")
    assert "/login" in page.url


def test_the_sign_in_page_leads_to_no_other_host(chromium, server, passwords):
    page = chromium.new_page()
    page.goto(f"{server}/login?next=//elsewhere.example/x")
    page.fill("#username", "directrice")
    page.fill("#password", passwords["directrice"])
    page.click("button")
    page.wait_for_url(f"{server}/overview")
    page.close()


def test_a_filter_changes_what_is_drawn_and_the_address(page_as, server):
    page = page_as("director")
    before = value(page, "Nouveaux prospects")
    page.get_by_label("Période").click()
    page.locator("li", has_text="3 derniers mois").click()
    expect(page).to_have_url(f"{server}/overview?period=3m")
    expect(number(page, "Nouveaux prospects").locator(".value")).not_to_have_text(str(before))
    assert value(page, "Nouveaux prospects") < before
    restored = page_as("director", "/overview?period=3m")
    assert value(restored, "Nouveaux prospects") == value(page, "Nouveaux prospects")


def test_a_day_typed_key_by_key_is_waited_for(page_as):
    page = page_as("director", "/funnel")
    year = page.get_by_role("spinbutton", name="Year")
    year.click()
    for key in "2025":
        page.keyboard.press(key)
        page.wait_for_timeout(300)
    expect(page).to_have_url(re.compile("as_of=2025-09-30"))
    expect(page.locator(".freshness")).to_be_visible()


def test_the_numbers_of_the_demo(page_at):
    page = page_at("director")
    assert value(page, "Nouveaux clients") > 0
    expect(page.locator(".freshness")).to_be_in_viewport()
    card = page.locator(".card", has_text="Comptes par statut")
    card.scroll_into_view_if_needed()
    expect(page.locator(".freshness")).to_be_in_viewport()
    expect(card).to_contain_text("7 800")
    expect(card).to_contain_text("1 000")


def test_a_rep_sees_less_than_the_director(page_at):
    director, rep = page_at("director"), page_at("rep")
    assert 0 < value(rep, "Nouveaux prospects") < value(director, "Nouveaux prospects")


def test_rows_behind_a_number_add_up_to_it(page_at):
    page = page_at("director")
    number(page, "Nouveaux clients").locator(".value").click()
    dialog = page.get_by_role("dialog")
    total = dialog.locator(".totals b").first
    expect(total).to_have_text(re.compile(r"\d"))
    assert int(re.sub(r"\D", "", total.text_content())) == value(page, "Nouveaux clients")


def test_what_is_on_screen_can_be_downloaded(page_at):
    page = page_at("director")
    number(page, "Nouveaux clients").locator(".value").click()
    dialog = page.get_by_role("dialog")
    with page.expect_download() as told:
        dialog.locator("a, button").filter(has_text="CSV").first.click()
    lines = told.value.path().read_text("utf-8-sig").splitlines()
    assert len(lines) - 1 == value(page, "Nouveaux clients")


def test_in_english_and_dark(page_as):
    page = page_as("director", language="en", dark=True)
    expect(page.locator("h1")).to_have_text("Overview")
    assert page.locator("html").get_attribute("lang") == "en"
    expect(page.locator(".header")).to_have_css("background-color", "rgb(20, 32, 46)")


def test_a_tall_window_is_drawn_to_its_end(page_as):
    page = page_as("director", "/funnel", size={"width": 1440, "height": 3000})
    expect(page.locator(".skeleton")).to_have_count(0, timeout=30_000)
    expect(page.locator(".card .js-plotly-plot")).to_have_count(7)


def test_on_a_phone_nothing_is_wider_than_it(page_as):
    page = page_as("director", size=PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    expect(page.get_by_label("Période")).to_be_hidden()
    page.get_by_role("button", name="Filtres").click()
    expect(page.get_by_label("Période")).to_be_visible()
    expect(page.get_by_role("link", name="Entonnoir").first).to_be_hidden()


def test_static_files_come_packed_and_are_kept(page_as, server):
    page = page_as("director")
    assert page.evaluate(BYTES) < 3_500_000
    page.goto(f"{server}/overview")
    drawn(page)
    assert page.evaluate(BYTES) < 200_000


def test_the_workbook_is_of_what_the_filters_show(page_as, tmp_path):
    page = page_as("director", "/overview?segments=Couverture")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Exporter").click()
    path = tmp_path / "workbook.xlsx"
    waiting.value.save_as(path)
    book = openpyxl.load_workbook(path, read_only=True)
    cells = [value for row in book.worksheets[0].iter_rows(values_only=True) for value in row]
    assert any("Segments : Couverture" in str(cell) for cell in cells)
    assert waiting.value.suggested_filename.endswith(".xlsx")
