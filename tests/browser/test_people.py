"""People's data on the pages: consents noted, a file for who may, and who looked."""

from __future__ import annotations

import io
import zipfile

from playwright.sync_api import expect

ADDRESS = "/account?id=116"


def test_a_consent_is_noted_with_its_proof(page_as):
    page = page_as("director", ADDRESS)
    page.get_by_text("Consentements").scroll_into_view_if_needed()
    page.get_by_role("combobox", name="Canal").click()
    page.get_by_role("option", name="Courrier postal").or_(
        page.get_by_role("menuitem", name="Courrier postal")
    ).click()
    page.get_by_label("Preuve", exact=True).fill("bulletin du salon 2026")
    page.get_by_label("Preuve", exact=True).press("Enter")
    page.get_by_role("button", name="Noter").click()
    expect(page.get_by_text("Consentement noté.")).to_be_visible()
    expect(page.locator(".consents")).to_contain_text("bulletin du salon 2026")


def test_a_person_s_data_go_to_who_may_ask(page_as):
    page = page_as("director", ADDRESS)
    link = page.get_by_role("link", name="Ses données").first
    # The whole journal is read for what names them.
    with page.expect_download(timeout=120_000) as started:
        link.click()
    packed = zipfile.ZipFile(io.BytesIO(started.value.path().read_bytes()))
    assert sorted(packed.namelist()) == ["person.html", "person.json"]
    other = page_as("manager", "/overview")
    answer = other.request.get(other.url.split("/overview")[0] + "/person/100")
    assert answer.status == 404


def test_who_looked_is_for_administrators(page_as):
    page = page_as("director", ADDRESS)
    expect(page.locator(".consents")).to_be_visible()
    page = page_as("admin", "/admin")
    card = page.locator(".card", has_text="Fiches consultées")
    card.scroll_into_view_if_needed()
    expect(card.locator(".tabulator")).to_contain_text("Lemaire Rénovation", timeout=30_000)
