"""Reports: from a form to a result, a failure as each sees it, a stop, and nobody else's run."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, drawn
from tests.exports.ipynb import notebook

LONG = 90_000


@pytest.fixture(scope="module")
def more(notebooks):
    """Two notebooks that an analyst has just dropped into the folder."""
    notebook(
        notebooks / "fragile.ipynb",
        "# Fragile\n\nQue voit-on d’un notebook qui échoue ?",
        "1 / diviseur",
        parameters="diviseur: int = 0  # Diviseur",
    )
    notebook(
        notebooks / "patient.ipynb",
        "# Patient\n\nPeut-on l’arrêter ?",
        "import time",
        "time.sleep(300)",
    )


def _make(page):
    page.get_by_role("button", name="Établir le rapport").click()
    page.get_by_role("button", name="Refaire").wait_for(timeout=LONG)


def test_a_report_from_its_form_to_its_result(page_as, server):
    page = page_as("manager", "/reports")
    page.get_by_text("Entonnoir de prospection").click()
    page.get_by_label("Nombre de mois").click()
    page.get_by_text("24", exact=True).click()
    page.get_by_role("button", name="Établir le rapport").click()
    page.get_by_text(re.compile(r"Cellule \d+ sur \d+")).wait_for(timeout=LONG)
    page.get_by_role("button", name="Refaire").wait_for(timeout=LONG)
    report = page.frame_locator("iframe")
    expect(report.locator("h1")).to_have_text("Entonnoir de prospection")
    expect(report.locator("header")).to_contain_text("30/09/2026")
    report.locator(".figure .main-svg").first.wait_for()
    assert report.locator("pre").count() == 0
    with page.expect_download() as download:
        page.get_by_role("button", name="Télécharger").click()
    name = download.value.suggested_filename
    assert name == "entonnoir-de-prospection-2026-09-30.html"
    html = download.value.path().read_text("utf-8")
    assert "Plotly.newPlot" in html
    assert "<script src" not in html

    address = page.url
    page.goto(address)
    drawn(page)
    expect(page.frame_locator("iframe").locator("h1")).to_have_text("Entonnoir de prospection")
    expect(page.get_by_label("Nombre de mois")).to_have_text("24")
    past = page.get_by_text("au 30/09/2026 · 24 mois · Segment")
    expect(past.last).to_be_visible()

    run = re.search(r"run=([\w-]+)", address)[1]
    other = page_as("director", f"/reports?notebook=funnel&run={run}")
    expect(other.get_by_text("Choisissez les paramètres")).to_be_visible()
    assert other.request.get(f"{server}/report/{run}/page").status == 404
    assert page.request.get(f"{server}/report/{run}/page").status == 200


@pytest.mark.usefixtures("more")
def test_a_failure_is_plain_to_a_manager_and_full_to_an_analyst(page_as):
    page = page_as("manager", "/reports?notebook=fragile")
    _make(page)
    expect(page.get_by_text("Ce rapport n’a pas pu être établi")).to_be_visible()
    assert page.get_by_text("ZeroDivisionError").count() == 0
    page = page_as("analyst", "/reports?notebook=fragile")
    _make(page)
    expect(page.get_by_text("ZeroDivisionError: division by zero").first).to_be_visible()
    page.get_by_label("Diviseur").fill("2")
    page.get_by_label("Diviseur").press("Tab")
    page.get_by_role("button", name="Établir le rapport").click()
    expect(page.frame_locator("iframe").locator("body")).to_contain_text("0.5", timeout=LONG)


@pytest.mark.usefixtures("more")
def test_a_run_is_stopped(page_as):
    page = page_as("analyst", "/reports?notebook=patient")
    page.get_by_role("button", name="Établir le rapport").click()
    page.get_by_text("Cellule 3 sur 3").wait_for(timeout=LONG)
    page.get_by_role("button", name="Arrêter").click()
    page.get_by_text("Il a été arrêté avant la fin.").wait_for(timeout=LONG)


def test_on_a_phone_nothing_is_wider_than_the_screen(page_as):
    page = page_as("director", "/reports?notebook=revenue", size=PHONE, language="en")
    expect(page.get_by_role("button", name="Make the report")).to_be_visible()
    expect(page.get_by_role("group", name="Figures as of")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
