from __future__ import annotations

import pytest

from workbench.settings import SourceSettings
from workbench.sources.fresh import unchanged
from workbench.sources.load import load
from workbench.store import create


@pytest.fixture
def company(tmp_path):
    folder = tmp_path / "crm"
    folder.mkdir()
    (folder / "reps.csv").write_text("code,name,entered_on\nR1,Ana,2024-01-02\n")
    (folder / "accounts.csv").write_text("code,name,owner,entered_on\nA1,Sud,R1,2024-01-02\n")
    (folder / "notes.md").write_text("not a table")
    return folder


@pytest.fixture
def loaded(company, tmp_path):
    sources = [SourceSettings(kind="crm", path=company)]
    engine = create(f"sqlite:///{tmp_path / 'store.db'}")
    assert not unchanged(engine, sources)
    load(engine, sources, user="ana")
    return engine, sources


def test_the_files_as_loaded_are_unchanged(loaded, company):
    (company / "notes.md").write_text("still not a table")
    assert unchanged(*loaded)


def test_an_altered_file_is_a_change(loaded, company):
    (company / "accounts.csv").write_text("code,name,owner,entered_on\nA1,Nord,R1,2024-01-02\n")
    assert not unchanged(*loaded)


def test_an_added_or_absent_table_is_a_change(loaded, company):
    (company / "contacts.csv").write_text("code,account\n")
    assert not unchanged(*loaded)
    (company / "contacts.csv").unlink()
    assert unchanged(*loaded)
    (company / "reps.csv").unlink()
    assert not unchanged(*loaded)
