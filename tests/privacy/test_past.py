"""Copies of the past name who is taken out: they go too, or it is told which are left."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import pytest

from tests.privacy.files import DIRECTOR, NAME, TODAY, contact
from tests.store.company import address
from workbench.exports import forgetting
from workbench.store import connect, journal
from workbench.store.journal import Edit
from workbench.store.past import past
from workbench.vocabulary import Surface


@pytest.fixture
def copied(office, monkeypatch):
    """A store, and the file of its past: of an SQLite store, asked for by a relative path."""
    engine, of = office
    moment = dt.datetime.now(dt.UTC)
    journal.save(
        engine, [Edit("contact", contact(engine, NAME), 1, "job", "Présidente")],
        viewer=DIRECTOR, surface=Surface.CLI, today=TODAY,
    )  # fmt: skip
    url = address(engine)
    if engine.dialect.name == "sqlite":
        folder = Path(engine.url.database).parent
        monkeypatch.chdir(folder.parent)
        url = f"sqlite:///{folder.name}/{Path(engine.url.database).name}"
    made = past(connect(url), moment)
    assert contact(made, NAME) == contact(engine, NAME)
    return engine, of, Path(made.url.database)


def forget(engine, of):
    who = str(contact(engine, NAME))
    return forgetting.forget(of, engine, [who], viewer=DIRECTOR, surface=Surface.CLI)


def test_it_goes_however_the_store_is_addressed(copied):
    engine, of, file = copied
    assert file.exists()
    found = forget(engine, of)
    assert not file.exists()
    assert file.parent not in found.left


def test_what_cant_be_removed_is_told(copied, monkeypatch):
    engine, of, file = copied

    def denied(folder, *_, **__):
        raise PermissionError(13, "Permission denied", str(folder))

    with monkeypatch.context() as patched:
        patched.setattr(shutil, "rmtree", denied)
        found = forget(engine, of)
    assert file.parent in found.left
