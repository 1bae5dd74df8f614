"""What the data page says of loads, of customers without account, and of fields."""

from __future__ import annotations

import csv
import zipfile

from playwright.sync_api import expect

from tests.browser.conftest import PHONE
from tests.browser.test_shell import number
from workbench.settings import Settings
from workbench.sources.load import load
from workbench.store import access, connect, journal
from workbench.vocabulary import Surface


def test_loads_stand_with_their_control_totals(page_at):
    page = page_at("director", "/data")
    card = page.locator(".card:has(h2:text-is('Chargements'))")
    expect(card).to_contain_text("Écritures")
    # 110 207 910,81 + 136 341 272,46 + 115 014 707,03: the three years' files
    expect(card).to_contain_text("débit 361 563 890,30")
    expect(card).to_contain_text("crédit 361 563 890,30")


def test_customers_without_account_stand_with_their_amount(page_at):
    page = page_at("director", "/data")
    card = page.locator(".card:has(h2:text-is('Clients du grand livre sans compte'))")
    expect(card).to_contain_text("Mairie de Saint-Projet")
    expect(card.locator(".totals")).to_contain_text("3 lignes")
    expect(number(page, "Ventes sans compte").locator(".value")).to_have_text("6,8 k€")


def test_the_ledger_balances(page_at):
    page = page_at("director", "/data")
    expect(number(page, "Débit − crédit du grand livre").locator(".value")).to_have_text("0,00 €")


def test_what_the_source_has_yet_to_learn_is_downloaded_and_marked(page_as, store):
    engine = connect(f"sqlite:///{store}")
    with engine.connect() as connection:
        account, code = connection.exec_driver_sql(
            "SELECT id, code FROM account WHERE name = 'Groupe Castelnau'"
        ).one()
    viewer = access.viewer(engine, "directrice")
    seen = journal.version(engine, "account", account)
    edit = journal.Edit("account", account, seen, "street", "1 rue du Port")
    journal.save(engine, [edit], viewer=viewer, surface=Surface.CLI)
    page = page_as("director", "/data")
    card = page.locator(".card:has(h2:text-is('À renvoyer à la source'))")
    card.scroll_into_view_if_needed()
    expect(card).to_contain_text("generic")
    with page.expect_download() as given:
        card.get_by_role("button", name="Télécharger pour la source").click()
    written = given.value.path()
    if zipfile.is_zipfile(written):  # more than one table has waited
        with zipfile.ZipFile(written) as files:
            text = files.read("accounts.csv").decode("utf-8-sig")
    else:
        text = written.read_text("utf-8-sig")
    assert code in text
    assert "1 rue du Port" in text
    card.get_by_role("button", name="Marquer comme importées").click()
    expect(card).to_contain_text("Rien à renvoyer")
    engine.dispose()


def test_a_conflict_with_the_source_is_settled_there(page_as, store, demo, today, tmp_path):
    """Both moved a sector since the last load: it waits until somebody chooses."""
    engine = connect(f"sqlite:///{store}")
    with (demo / "accounts.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["name"] == "Groupe Larrieu"]
    with engine.connect() as connection:
        account = connection.exec_driver_sql(
            "SELECT id FROM account WHERE name = 'Groupe Larrieu'"
        ).scalar_one()
    viewer = access.viewer(engine, "directrice")
    seen = journal.version(engine, "account", account)
    ours = journal.Edit("account", account, seen, "sector", "Génie civil")
    journal.save(engine, [ours], viewer=viewer, surface=Surface.CLI, today=today)
    rows[0]["sector"] = "Ouvrages d’art"
    with (tmp_path / "accounts.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    config = tmp_path / "workbench.toml"
    config.write_text(
        'today = 2026-09-30\n[[sources]]\nkind = "crm"\nfolder = "."\npreset = "generic"\n',
        encoding="utf-8",
    )
    page = page_as("director", "/data")
    card = page.locator(".card:has(h2:text-is('Conflits avec la source'))")
    card.scroll_into_view_if_needed()
    expect(card).to_contain_text("Rien à trancher")
    load(engine, Settings.load(config).sources, user="tests")
    expect(card).to_contain_text("Groupe Larrieu")  # the page shows it without a reload
    expect(card).to_contain_text("« Ouvrages d’art » ; ici : « Génie civil »")
    card.get_by_role("button", name="Prendre la source").click()
    expect(card).to_contain_text("C’est tranché.")
    expect(card).to_contain_text("Rien à trancher")
    with engine.connect() as connection:
        settled = connection.exec_driver_sql(
            "SELECT sector FROM account WHERE id = ?", (account,)
        ).scalar_one()
    assert settled == "Ouvrages d’art"
    engine.dispose()


def test_only_who_loads_sends_back(page_as):
    page = page_as("manager", "/data")
    expect(page.get_by_text("Chargements", exact=True)).to_be_visible()
    expect(page.get_by_text("À renvoyer à la source")).to_have_count(0)


def test_on_a_phone_nothing_is_wider_than_it(page_as):
    page = page_as("director", "/data", size=PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
