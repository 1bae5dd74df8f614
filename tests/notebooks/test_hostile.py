"""Every notebook on a company of which every text is hostile: nothing runs, nothing of others."""

from __future__ import annotations

import re

import pytest

from tests.notebooks.test_notebooks import FOLDER, NAMES
from tests.planted import FOREIGN, OURS, TODAY, plant
from workbench.exports.reports import Reports
from workbench.settings import Auth, Settings
from workbench.store import access, create

RUNS = re.compile(r"<img src=x|<svg onload|<script>window|href=.?javascript:", re.IGNORECASE)


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


@pytest.mark.parametrize("name", NAMES)
def test_a_report_shows_its_readers_part_as_text(planted, name):
    engine, settings = planted
    reports = Reports.of(settings)
    run = reports.run(name, {}, viewer=access.viewer(engine, "rep"))
    assert not run.progress.error, run.progress.error
    page = reports.download(run).decode("utf-8")
    body = page[page.index("<body") :]
    assert FOREIGN not in page
    if name in {"account_hierarchy", "revenue"}:
        assert OURS in body
    assert not RUNS.search(body)
