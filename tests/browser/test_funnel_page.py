"""The demo's funnel: 7,800 suspects, 200 prospects, 1,000 clients, and who they are."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import PHONE, drawn, to_the_end
from tests.browser.test_shell import number, value


def widest(page):
    """How far right the cards of a page reach, in pixels."""
    boxes = [card.bounding_box() for card in page.locator(".card").all()]
    return max(box["x"] + box["width"] for box in boxes if box)


def click_mark(page, mark):
    """Click in the middle of a figure's mark, through the layer that plotly lays over it."""
    drawn(page)
    mark.scroll_into_view_if_needed()
    page.wait_for_timeout(500)
    box = mark.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    # Plotly takes for clicked what it has found to be under the mouse.
    page.locator(".hoverlayer .hovertext").first.wait_for()
    page.wait_for_timeout(600)
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, delay=50)


def rows_counted(page):
    """How many rows the dialog says that it holds."""
    dialog = page.get_by_role("dialog")
    count = dialog.locator(".totals b").first
    expect(count).to_have_text(re.compile(r"\d"), timeout=20_000)
    return int(re.sub(r"\D", "", count.text_content()))


def test_the_stock_of_the_demo(page_at):
    page = page_at("director", "/funnel")
    assert [value(page, name) for name in ("Suspects", "Prospects", "Clients")] == [7800, 200, 1000]
    stock = page.locator(".card:has(h2:text-is('Stock par statut'))")
    for said in ("7 800 · 86,7 %", "200 · 2,2 %", "1 000 · 11,1 %"):
        expect(stock).to_contain_text(re.compile(said.replace(" ", r"\s")))


def test_a_click_on_a_bar_shows_as_many_accounts_as_it_says(page_at):
    page = page_at("director", "/funnel")
    stock = page.locator(".card:has(h2:text-is('Stock par statut'))")
    click_mark(page, stock.locator(".point path").nth(2))
    assert rows_counted(page) == 1000


def test_what_is_made_later_stands_in_the_grid_side_by_side(page_at):
    page = page_at("director", "/funnel")
    to_the_end(page)
    names = ("En combien de temps devient-on client ?", "Passages d’un statut à l’autre")
    above = page.locator(".card:has(h2:text-is('Du suspect au client'))")
    left, right = (page.locator(f".card:has(h2:text-is('{name}'))") for name in names)
    right.wait_for()
    drawn(page)
    assert left.bounding_box()["x"] == above.bounding_box()["x"]
    assert left.bounding_box()["y"] == right.bounding_box()["y"]


def test_the_change_of_grain_is_said(page_as):
    page = page_as("director", "/funnel")
    expect(page.get_by_text("Après prospect, on compte des affaires")).to_be_visible()
    page.get_by_text("Voir les affaires").click()
    expect(page).to_have_url(re.compile("/pipeline"))


def test_new_clients_are_those_listed(page_at):
    page = page_at("director", "/funnel")
    number(page, "Nouveaux clients").locator(".value").click()
    assert rows_counted(page) == value(page, "Nouveaux clients")


def test_on_a_phone_no_card_is_cut(page_as):
    page = page_as("rep", "/funnel", size=PHONE, language="en", dark=True)
    assert widest(page) <= PHONE["width"]
