"""What stands around pages: before the first load, only what to do first."""

from __future__ import annotations

import pytest

from dashboards.app import found_pages
from dashboards.filters import from_query
from dashboards.session import Session
from dashboards.shell import frame
from workbench import locale
from workbench.settings import Settings
from workbench.store import access, connect, create, users


@pytest.fixture
def session(tmp_path):
    url = f"sqlite:///{tmp_path / 'empty.db'}"
    create(url)
    engine = connect(url)
    users.add_user(engine, "claire", "workbench-2026", name="Claire Mace", role="director")
    return Session(
        settings=Settings(database=url),
        viewer=access.viewer(engine, "claire"),
        loc=locale.FR,
        page="overview",
        query={},
        own={},
        filters=from_query({}),
    )


BEFORE_LOADING = [page for page in found_pages() if not page.unloaded]


@pytest.mark.parametrize("page", BEFORE_LOADING, ids=lambda page: page.path)
def test_before_the_first_load_a_page_says_only_what_to_do(session, page):
    shown = frame(session, page, [page])
    said = [pane.object for pane in shown.select() if isinstance(getattr(pane, "object", 0), str)]
    assert sum("Rien n’a encore été chargé" in text for text in said) == 1
    assert any("workbench load" in text for text in said)
    assert not [slot for slot in session.slots if slot.stale]
