"""The demo, loaded once for the tests that export it."""

from __future__ import annotations

import datetime as dt

import pytest

import workbench
from workbench.settings import Settings
from workbench.sources.load import load
from workbench.store import create


@pytest.fixture(scope="session")
def demo_url(demo, tmp_path_factory):
    url = f"sqlite:///{tmp_path_factory.mktemp('exports') / 'demo.db'}"
    engine = create(url)
    load(engine, Settings.load(demo / "workbench.toml").sources, user="tests")
    engine.dispose()
    return url


@pytest.fixture(scope="session")
def demo_data(demo_url):
    day = dt.date(2026, 9, 30)
    return workbench.open(demo_url, as_of=day, today=day)
