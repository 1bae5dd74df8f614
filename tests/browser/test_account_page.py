"""One account: all that is known, corrected in place, closed to who may not see it."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import PHONE
from tests.browser.test_funnel_page import widest

# Not looked up in the store: a second process that opens and closes it under a running server
# would make what the server writes invisible to its readers.
ADDRESS = "/account?id=8788"


def test_what_is_known_stands_there(page_as):
    page = page_as("director", ADDRESS)
    expect(page.locator(".facts").first).to_contain_text("CPT02453")
    expect(page.locator(".name")).to_contain_text("Client")
    expect(page.locator(".steps")).to_contain_text("Prospect")
    expect(page.locator(".people")).to_contain_text("Décideur")
    expect(page.locator(".group")).to_contain_text("Groupe Lelièvre")


def test_a_correction_is_saved_and_seen_after_reload(page_as):
    page = page_as("director", ADDRESS)
    page.get_by_role("button", name="Modifier").click()
    page.get_by_label("Prochaine étape", exact=True).fill("Visiter le dépôt")
    page.get_by_label("Prochaine étape", exact=True).press("Enter")
    page.get_by_role("button", name="Enregistrer", exact=True).click()
    expect(page.get_by_text("1 modification enregistrée.")).to_be_visible()
    expect(page.locator(".facts").last).to_contain_text("Visiter le dépôt", timeout=30_000)
    again = page_as("director", ADDRESS)
    expect(again.locator(".facts").last).to_contain_text("Visiter le dépôt")


def test_another_rep_s_account_is_closed(page_as):
    page = page_as("rep", ADDRESS)
    expect(page.get_by_text("n’est pas dans votre périmètre")).to_be_visible()
    expect(page.get_by_text("Lelièvre")).to_have_count(0)


def test_on_a_phone_no_card_is_cut(page_as):
    page = page_as("director", ADDRESS, size=PHONE)
    assert widest(page) <= PHONE["width"]
