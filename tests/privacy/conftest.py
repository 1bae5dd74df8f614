from __future__ import annotations

import pytest

from tests.privacy.files import loaded, settings, write
from tests.store.company import address


@pytest.fixture
def office(engine, tmp_path):
    """A store with the planted person in it, and its settings."""
    of = settings(write(tmp_path), address(engine))
    loaded(engine, of)
    return engine, of
