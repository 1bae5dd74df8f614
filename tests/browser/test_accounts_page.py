"""Groups and accounts: found as one types, opened by a click, none but one's own."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import PHONE
from tests.browser.test_funnel_page import rows_counted, widest
from tests.browser.test_shell import number, value


def test_all_accounts_are_those_listed(page_as):
    page = page_as("director", "/accounts")
    assert value(page, "Comptes") == 9000
    number(page, "Comptes").locator(".value").click()
    assert rows_counted(page) == 9000


def test_a_group_is_found_as_one_types_and_opens_its_sheet(page_as):
    page = page_as("director", "/accounts")
    page.get_by_label("Chercher un compte ou un groupe").press_sequentially("lelièvre maç")
    found = page.get_by_role("treeitem").filter(has_text="Lelièvre Maçonnerie Gradignan").last
    found.get_by_text("Lelièvre Maçonnerie Gradignan").click()
    expect(page).to_have_url(re.compile(r"/account\?id=\d+"))
    expect(page.locator(".name h2")).to_have_text("Lelièvre Maçonnerie Gradignan", timeout=30_000)


def test_more_groups_are_listed_when_asked_for(page_as):
    page = page_as("director", "/accounts")
    groups = page.get_by_role("treeitem")
    expect(groups).to_have_count(15)
    head = page.get_by_text(re.compile(r"groupes · les 15 premiers"))
    every = int(re.sub(r"\D", "", head.inner_text().split("groupes")[0]))
    page.get_by_role("button", name="Montrer plus").click()
    expect(groups).to_have_count(min(every, 65))


def test_on_a_phone_no_card_is_cut(page_as):
    page = page_as("rep", "/accounts", size=PHONE)
    assert widest(page) <= PHONE["width"]
