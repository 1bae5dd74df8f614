"""What the reps do, week by week and in sentences."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import PHONE
from tests.browser.test_funnel_page import click_mark, rows_counted, widest
from tests.browser.test_shell import number, value


def test_a_cell_of_the_heat_map_holds_as_many_activities_as_it_says(page_at):
    page = page_at("director", "/activity")
    card = page.locator(".card:has(h2:text-is('Semaine par semaine'))")
    said = card.locator(".point text").first.text_content()
    click_mark(page, card.locator(".point path").first)
    assert rows_counted(page) == int(said)


def test_the_rest_opens_as_what_it_stands_for(page_at):
    page = page_at("director", "/activity")
    card = page.locator(".card:has(h2:text-is('Par type d’action'))")
    said = card.locator(".annotation-text", has_text=re.compile("·")).last.text_content()
    expect(card).to_contain_text("Autres (2)")
    click_mark(page, card.locator(".point path").last)
    assert rows_counted(page) == int(re.sub(r"\D", "", said.split("·")[0]))


def test_all_reps_can_be_seen_where_a_part_is_drawn(page_as):
    page = page_as("director", "/activity?by=owner")
    card = page.locator(".card:has(h2:text-is('Couverture du portefeuille'))")
    card.scroll_into_view_if_needed()
    card.get_by_role("button", name="7 sur 24 · tout voir").click()
    expect(card.locator(".point")).to_have_count(24)
    card.get_by_role("button", name="Montrer moins").click()
    expect(card.locator(".point")).to_have_count(7)


def test_two_way_activities_are_those_listed(page_at):
    page = page_at("rep", "/activity")
    number(page, "Avec échange").locator(".value").click()
    assert rows_counted(page) == value(page, "Avec échange")


def test_each_rep_has_a_sentence(page_at):
    page = page_at("rep", "/activity")
    card = page.locator(".card:has(h2:text-is('En phrases'))")
    card.scroll_into_view_if_needed()
    expect(card.locator("li").first).to_contain_text("a mené")


def test_on_a_phone_no_card_is_cut(page_as):
    page = page_as("manager", "/activity", size=PHONE)
    assert widest(page) <= PHONE["width"]
