"""Who sees and does what: for admins, nobody else."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import drawn
from workbench.store import access_log, connect


def test_an_admin_sees_users_teams_rules_and_stages(page_as):
    page = page_as("admin", "/admin")
    expect(page.locator("h1")).to_have_text("Administration")
    expect(page.locator(".tabulator").first).to_contain_text("Alexandrie Navarro")
    expect(page.locator(".tree")).to_contain_text("Sylvie Torres")
    expect(page.locator(".rules")).to_contain_text("une opportunité perdue demande un motif")
    expect(page.get_by_text("Négociation")).to_be_visible()


def test_nobody_else_does(page_as, store):
    page = page_as("director", "/overview")
    expect(page.get_by_role("link", name=re.compile("Administration"))).to_have_count(0)
    page = page_as("director", "/admin")
    expect(page.get_by_role("status")).to_contain_text("Cette page ne vous est pas ouverte")
    assert "Sylvie Torres" not in page.content()
    told = access_log.events(connect(f"sqlite:///{store}"), access_log.now().replace(year=2020))
    told = told[told["username"] == "directrice"]
    tried = told[told["event"] == "forbidden"][["username", "detail"]].to_numpy().tolist()
    assert tried == [["directrice", "admin"]]


def test_an_admin_adds_changes_and_puts_out_a_user(page_as, chromium, server):
    page = page_as("admin", "/admin")
    page.get_by_role("button", name="Ajouter un utilisateur").click()
    form = page.get_by_role("dialog")
    form.get_by_label("Identifiant").fill("nina")
    form.get_by_label("Nom", exact=True).fill("Nina Ferrer")
    form.get_by_label("Mot de passe").fill("court")
    form.get_by_role("button", name="Enregistrer").click()
    expect(form.get_by_role("status")).to_contain_text("demande un commercial")
    choose(page, form.get_by_label("Rôle"), "Analyste")
    form.get_by_role("button", name="Enregistrer").click()
    expect(form.get_by_role("status")).to_contain_text("au moins 8 caractères")
    form.get_by_label("Mot de passe").fill("une phrase longue")
    form.get_by_role("button", name="Enregistrer").click()
    expect(form.get_by_role("status")).to_have_text("Utilisateur ajouté.")

    theirs = chromium.new_page()
    theirs.goto(server)
    theirs.fill("#username", "nina")
    theirs.fill("#password", "une phrase longue")
    theirs.click("button")
    theirs.wait_for_url("**/overview")
    drawn(theirs)

    form.get_by_role("button", name="Désactiver").click()
    expect(form.get_by_role("status")).to_contain_text("Désactivé")
    theirs.wait_for_url("**/login?next=%2Foverview")
    theirs.close()
    page.keyboard.press("Escape")
    log = page.locator(".card", has_text="Connexions et refus")
    log.scroll_into_view_if_needed()
    log.get_by_role("button", name="Utilisateurs").click()
    expect(log.locator(".tabulator-row").first).to_contain_text("actif : oui → non")
    with page.expect_download() as told:
        log.locator("a, button").filter(has_text="CSV").first.click()
    text = told.value.path().read_text("utf-8-sig")
    assert "nina" in text
    assert "phrase" not in text


def test_a_table_chosen_while_it_is_made_shows_the_last_choice(page_as):
    page_as("director", "/admin")
    page = page_as("admin", "/admin")
    page.evaluate("""() => {
        const create = Tabulator.prototype._create
        Tabulator.prototype._create = function () { setTimeout(() => create.call(this), 2000) }
    }""")
    log = page.locator(".card", has_text="Connexions et refus")
    log.scroll_into_view_if_needed()
    log.locator(".totals").wait_for()
    log.get_by_role("button", name="Refus").click()
    expect(log.locator(".tabulator-row").first).to_contain_text("Accès refusé")


def choose(page, select, option):
    select.click()
    page.locator("li", has_text=option).click()
