"""The small company of the store's tests, and whoever edits it."""

from __future__ import annotations

import shutil

import pytest

import workbench
from tests.store.company import TODAY, fill
from workbench.store import create, users


@pytest.fixture(scope="session")
def filled(tmp_path_factory):
    path = tmp_path_factory.mktemp("template") / "company.db"
    engine = create(f"sqlite:///{path}")
    ids = fill(engine)
    users.add_user(engine, "ana", "password-ana", name="Ana", role="analyst")
    users.add_user(engine, "max", "password-max", name="Max", role="manager", rep="M")
    engine.dispose()
    return path, ids


@pytest.fixture
def company(filled, tmp_path):
    """Its address and its ids; "ana" is an analyst, "max" the manager of Alpha's owner."""
    return f"sqlite:///{shutil.copy(filled[0], tmp_path / 'company.db')}", filled[1]


@pytest.fixture
def opened(company):
    """The data as they stand now."""

    def open_(viewer=None):
        return workbench.open(company[0], as_of=TODAY, today=TODAY, viewer=viewer)

    return open_
