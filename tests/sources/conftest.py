"""The small export, in a folder and in a store."""

from __future__ import annotations

import pytest

from tests.sources.loading import FEC, FILES, sources
from workbench.sources.load import load


@pytest.fixture
def folder(tmp_path):
    """A small company's export."""
    crm = tmp_path / "crm"
    crm.mkdir()
    for name, text in FILES.items():
        (crm / f"{name}.csv").write_text(text, "utf-8")
    (tmp_path / "ledger.txt").write_text(FEC, "utf-8")
    return tmp_path


@pytest.fixture
def loaded(store_as, folder):
    """A store into which the export was loaded."""
    return store_as(
        "small_export", lambda engine: load(engine, sources(folder), user="ana") and None
    )[0]
