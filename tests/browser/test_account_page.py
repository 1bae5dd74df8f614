"""One account: all that is known, corrected in place, closed to who may not see it."""

from __future__ import annotations

from playwright.sync_api import expect
from sqlalchemy import text

from tests.browser.conftest import PHONE
from tests.browser.test_funnel_page import widest
from workbench.store import connect


def account(store, *, code):
    """The id of an account of the demo."""
    engine = connect(f"sqlite:///{store}")
    with engine.connect() as connection:
        query = text("select id from account where code = :code")
        found = connection.execute(query, {"code": code}).scalar_one()
    engine.dispose()
    return found


def test_what_is_known_stands_there(page_as, store):
    page = page_as("director", f"/account?id={account(store, code='CPT02453')}")
    expect(page.locator(".name")).to_contain_text("Client")
    expect(page.locator(".steps")).to_contain_text("Prospect")
    expect(page.locator(".people")).to_contain_text("Décideur")
    expect(page.locator(".group")).to_contain_text("Groupe Lelièvre")


def test_a_correction_is_saved_and_seen_after_reload(page_as, store):
    address = f"/account?id={account(store, code='CPT02453')}"
    page = page_as("director", address)
    page.get_by_role("button", name="Modifier").click()
    page.get_by_label("Prochaine étape", exact=True).fill("Visiter le dépôt")
    page.get_by_label("Prochaine étape", exact=True).press("Enter")
    page.get_by_role("button", name="Enregistrer", exact=True).click()
    expect(page.get_by_text("1 modification enregistrée.")).to_be_visible()
    again = page_as("director", address)
    expect(again.locator(".facts").last).to_contain_text("Visiter le dépôt")


def test_another_rep_s_account_is_closed(page_as, store):
    page = page_as("rep", f"/account?id={account(store, code='CPT02453')}")
    expect(page.get_by_text("n’est pas dans votre périmètre")).to_be_visible()
    expect(page.get_by_text("Lelièvre")).to_have_count(0)


def test_on_a_phone_no_card_is_cut(page_as, store):
    address = f"/account?id={account(store, code='CPT02453')}"
    page = page_as("director", address, size=PHONE)
    assert widest(page) <= PHONE["width"]
