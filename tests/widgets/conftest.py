"""The small company of the store's tests, and whoever edits it."""

from __future__ import annotations

import pytest

import workbench
from tests.store.company import TODAY, fill
from workbench.store import create, users


@pytest.fixture
def company(tmp_path):
    """Its address and its ids; "ana" is an analyst, "max" the manager of Alpha's owner."""
    url = f"sqlite:///{tmp_path / 'company.db'}"
    engine = create(url)
    ids = fill(engine)
    users.add_user(engine, "ana", "password-ana", name="Ana", role="analyst")
    users.add_user(engine, "max", "password-max", name="Max", role="manager", rep="M")
    engine.dispose()
    return url, ids


@pytest.fixture
def opened(company):
    """The data as they stand now."""

    def open_(viewer=None):
        return workbench.open(company[0], as_of=TODAY, today=TODAY, viewer=viewer)

    return open_
