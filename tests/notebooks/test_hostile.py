"""Every notebook on a company of which every text is hostile: nothing runs, nothing of others.

That nothing runs in a browser either is seen in `tests/browser/test_hostile`.
"""

from __future__ import annotations

import re

import pytest

from tests.notebooks.here import FOLDER, report
from tests.notebooks.test_notebooks import NAMES
from tests.planted import FOREIGN, OURS, PART, TODAY, plant
from tests.store.test_scope_walk import clean
from workbench.exports.reports import Reports
from workbench.settings import Auth, Settings
from workbench.store import access, create

RUNS = re.compile(r"<img src=x|<svg onload|<script>window|href=.?javascript:", re.IGNORECASE)
NAMING = {"account_hierarchy", "revenue"}
"""The notebooks that name accounts."""


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("planted")
    url = f"sqlite:///{folder / 'store.db'}"
    engine = create(url)
    plant(engine)
    yield (
        engine,
        Settings(notebooks=FOLDER, database=url, today=TODAY, auth=Auth(secret_file=folder / "s")),
    )
    engine.dispose()


def body(page):
    return page[page.index("<body") :]


@pytest.mark.parametrize("username", [*PART, "director"])
@pytest.mark.parametrize("name", NAMES)
def test_a_report_shows_its_readers_part_as_text(planted, name, username, monkeypatch):
    page = report(name, planted[1].database, username, TODAY, monkeypatch)
    if username in PART:
        clean(username, page)
    assert not RUNS.search(body(page))
    if name in NAMING:
        assert (OURS in page) is (username != "partner")
        assert (FOREIGN in page) is (username == "director")


def test_a_run_of_its_own_process_shows_the_same(planted, monkeypatch):
    engine, settings = planted
    reports = Reports.of(settings)
    run = reports.run("revenue", {}, viewer=access.viewer(engine, "rep"))
    assert not run.progress.error, run.progress.error
    page = reports.download(run).decode("utf-8")
    assert FOREIGN not in page
    rows = re.findall("<td.*?</td>", body(page))
    assert rows == re.findall(
        "<td.*?</td>", report("revenue", settings.database, "rep", TODAY, monkeypatch)
    )
    assert len(rows) > 20
    assert not RUNS.search(body(page))
