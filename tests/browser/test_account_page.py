"""One account: all that is known, corrected in place, closed to who may not see it."""

from __future__ import annotations

from dataclasses import replace

from playwright.sync_api import expect

from tests.browser.conftest import PHONE, to_the_end
from tests.browser.test_funnel_page import widest
from tests.browser.test_shell import number
from workbench.store import access, connect, journal, users
from workbench.vocabulary import Right, Surface

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


def edit(page, label, text):
    page.get_by_role("button", name="Modifier").click()
    page.get_by_label(label, exact=True).fill(text)
    page.get_by_label(label, exact=True).press("Enter")


def save(page):
    page.get_by_role("button", name="Enregistrer", exact=True).click()


def test_a_client_does_not_become_a_suspect_again(page_as):
    page = page_as("director", ADDRESS)
    page.get_by_role("button", name="Modifier").click()
    page.get_by_role("combobox", name="Statut").click()
    page.get_by_role("menuitem", name="Suspect", exact=True).click()
    save(page)
    told = page.locator(".told", has_text="Statut")
    expect(told).to_contain_text("il a été facturé")
    again = page_as("director", ADDRESS)
    expect(again.locator(".name")).to_contain_text("Client")


def test_of_two_windows_the_second_sees_both_values(page_as):
    one, two = page_as("director", ADDRESS), page_as("director", ADDRESS)
    edit(one, "Fournisseur actuel", "Comptoir Landais")
    edit(two, "Fournisseur actuel", "BatiPlus Adour")
    save(one)
    expect(one.get_by_text("1 modification enregistrée.")).to_be_visible()
    expect(two.locator(".facts").last).to_contain_text("Comptoir Landais")  # without a reload
    save(two)
    met = two.locator(".told", has_text="Fournisseur actuel")
    expect(met).to_contain_text("Comptoir Landais")
    expect(met).to_contain_text("BatiPlus Adour")
    expect(met).to_contain_text("directrice")
    again = page_as("director", ADDRESS)
    expect(again.locator(".facts").last).to_contain_text("Comptoir Landais")


def test_a_save_leaves_alone_what_nobody_touched_here(page_as):
    one, two = page_as("director", ADDRESS), page_as("director", ADDRESS)
    edit(two, "Secteur", "Charpente")
    edit(one, "Fournisseur actuel", "Scierie du Born")
    save(one)
    expect(one.get_by_text("1 modification enregistrée.")).to_be_visible()
    expect(two.get_by_label("Fournisseur actuel", exact=True)).to_have_value("Scierie du Born")
    save(two)
    expect(two.get_by_text("1 modification enregistrée.")).to_be_visible()
    facts = two.locator(".facts")
    expect(facts.last).to_contain_text("Scierie du Born")
    expect(facts.first).to_contain_text("Charpente")


def test_a_contact_s_role_is_corrected_and_stands_in_the_history(page_as):
    page = page_as("director", ADDRESS)
    page.locator(".people b").first.wait_for()
    before = page.locator(".people b").count()
    page.get_by_role("button", name="Corriger cet interlocuteur").click()
    page.get_by_label("Fonction", exact=True).fill("Conductrice de travaux")
    page.get_by_label("Fonction", exact=True).press("Enter")
    save(page)
    expect(page.get_by_text("1 modification enregistrée.")).to_be_visible()
    expect(page.locator(".people")).to_contain_text("Conductrice de travaux")
    expect(page.locator(".people b")).to_have_count(before)
    to_the_end(page)
    history = page.locator(".card:has(h2:text-is('Modifications'))")
    history.scroll_into_view_if_needed()
    line = history.locator(".tabulator-row").first
    expect(line).to_contain_text("Fonction")
    expect(line).to_contain_text("Conductrice de travaux")


def test_of_a_past_date_the_sheet_is_read_and_says_so(page_as):
    page = page_as("director", f"{ADDRESS}&as_of=2026-03-31&period=3m")
    expect(page.locator(".past")).to_contain_text("Fiches au 31/03/2026")
    expect(page.get_by_role("button", name="Modifier")).to_have_count(0)
    expect(page.get_by_role("button", name="Corriger cet interlocuteur")).to_have_count(0)
    page.get_by_role("link", name="Revenir à aujourd’hui").click()
    expect(page.get_by_role("button", name="Modifier")).to_be_visible()
    assert "id=8788" in page.url
    assert "as_of" not in page.url


def test_revenue_is_of_twelve_months_whatever_period_was_chosen(page_as):
    told = [
        number(page_as("director", address), "CA, 12 derniers mois").locator(".value").inner_text()
        for address in (ADDRESS, f"{ADDRESS}&period=3m")
    ]
    assert told[0] == told[1]


def test_leaving_a_form_with_unsaved_changes_asks_first(page_as, server):
    page = page_as("director", ADDRESS)
    edit(page, "Fournisseur actuel", "Négoce du Golfe")
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.wait_for_timeout(500)  # the server learns what was typed
    page.goto(f"{server}/data")
    assert asked == ["beforeunload"]


def test_another_rep_s_account_is_closed(page_as):
    page = page_as("rep", ADDRESS)
    expect(page.get_by_text("n’est pas dans votre périmètre")).to_be_visible()
    expect(page.get_by_text("Lelièvre")).to_have_count(0)


def test_on_a_phone_no_card_is_cut(page_as):
    page = page_as("director", ADDRESS, size=PHONE)
    assert widest(page) <= PHONE["width"]


def test_a_confidential_note_and_bank_details_stand_where_they_may(page_as, store):
    engine = connect(f"sqlite:///{store}")
    with engine.connect() as connection:
        account = connection.exec_driver_sql(
            "SELECT id FROM account WHERE name = 'Groupe Castelnau'"
        ).scalar()
    director = replace(access.viewer(engine, "directrice"), rights=frozenset(Right))
    seen = journal.version(engine, "account", account)
    edits = [
        journal.Edit("account", account, seen, "iban", "FR7630006000011234567890189"),
        journal.Edit("account", account, seen, "confidential_note", "Vente du groupe prévue"),
    ]
    done = journal.save(engine, edits, viewer=director, surface=Surface.CLI)
    assert {one.state for one in done} == {journal.State.SAVED}
    page = page_as("director", f"/account?id={account}")
    expect(page.get_by_text("Vente du groupe prévue").first).to_be_visible()  # its author
    assert "FR7630006000011234567890189" not in page.content()
    page = page_as("executive", f"/account?id={account}")
    expect(page.locator("dl.facts").first).to_be_visible()
    assert "Vente du groupe prévue" not in page.content()
    assert "FR7630006000011234567890189" not in page.content()
    users.grant(engine, "dirigeant", "bank_details")
    page = page_as("executive", f"/account?id={account}")
    expect(page.get_by_text("FR7630006000011234567890189").first).to_be_visible()
    users.grant(engine, "dirigeant", "bank_details", withdraw=True)
    engine.dispose()
