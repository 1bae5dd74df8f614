"""Revenue and what is owed, down to the ledger's lines."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import PHONE
from tests.browser.test_funnel_page import widest
from tests.browser.test_shell import number


def test_the_lines_behind_revenue_add_up_to_it(page_at):
    page = page_at("director", "/revenue")
    card = number(page, "Chiffre d’affaires").locator(".value")
    exact = re.sub(r"\D", "", card.get_attribute("title").split(",")[0])
    card.click()
    totals = page.get_by_role("dialog").locator(".totals span b")
    expect(totals.first).to_have_text(re.compile(r"\d"))
    assert abs(int(re.sub(r"\D", "", totals.first.text_content())) - int(exact)) <= 1


def test_aged_balance_has_its_five_ages_and_its_unit(page_at):
    page = page_at("director", "/revenue")
    card = page.locator(".card:has(h2:text-is('Balance âgée'))")
    for age in ("Non échu", "1–30 j", "31–60 j", "61–90 j", "> 90 j"):
        expect(card).to_contain_text(age)
    expect(card.locator(".xtitle")).to_have_text(re.compile("Encours"))


def test_on_a_phone_no_card_is_cut(page_as):
    page = page_as("director", "/revenue", size=PHONE)
    assert widest(page) <= PHONE["width"]
