from __future__ import annotations

import pytest

from tests.privacy.files import loaded, settings, write
from tests.store.company import address


@pytest.fixture
def office(store_as, tmp_path, tmp_path_factory):
    """A store with the planted person in it, and its settings."""

    def fill(engine):
        loaded(engine, settings(write(tmp_path_factory.mktemp("office")), address(engine)))

    engine, _ = store_as("office", fill)
    return engine, settings(write(tmp_path), address(engine))
