"""Pages that stand open: told of what moved, loaded anew where it was what their viewer may see."""

from __future__ import annotations

import shutil

import pytest

from dashboards.live import News
from dashboards.session import Slot
from tests.dashboards.conftest import run
from tests.store.company import LOADER, TODAY, fill, who
from workbench.store import access, connect, create, groups, journal, users, versions
from workbench.store.batch import batch


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The small company, with Gamma, of R3, shared with rep1."""
    path = tmp_path_factory.mktemp("shared") / "store.db"
    engine = create(f"sqlite:///{path}")
    company = fill(engine)
    director = who(engine, "director")
    groups.make(engine, "Clés", director)
    groups.put(engine, "Clés", ["A4"], director)
    groups.share(engine, "Clés", director, user="rep1")
    engine.dispose()
    return path, company


@pytest.fixture
def store(made, tmp_path):
    """A copy of its own."""
    engine = connect(f"sqlite:///{shutil.copy(made[0], tmp_path)}")
    yield engine, made[1]
    engine.dispose()


@pytest.fixture
def opened(store, visit):
    """`opened("rep1")`: a page's news, the names that it showed, how often it was loaded anew."""

    def open_(username):
        session = visit(store[0], username)
        page = News(session, live=False)
        page.loads, page.names = 0, []

        def load():
            page.loads += 1

        session.browser.reload = load
        slot = Slot(page.names.append, lambda scope: sorted(scope.data.table("accounts")["name"]))
        session.add(slot)
        session.filters.as_of = TODAY

        async def drawn():
            await session.begin()
            await session.see(slot)

        run(drawn())
        return page

    return open_


def told(store, page):
    run(page.tell(versions.news(store[0])))
    return page.loads, page.view.visible


def test_what_is_no_longer_shared_leaves_an_open_page(store, opened):
    engine, _ = store
    page, other, before = opened("rep1"), opened("rep3"), access.moved(engine)
    assert page.names == [["Alpha", "Alpha Sud", "Gamma"]]
    assert told(store, page) == (0, False)
    groups.share(engine, "Clés", who(engine, "director"), user="rep1", withdraw=True)
    assert access.moved(engine) > before
    assert told(store, page) == (1, False)
    assert set(page.session.present().data.table("accounts")["name"]) == {"Alpha", "Alpha Sud"}
    assert told(store, other) == (0, False)


def give(store, entity, record, rep):
    with batch(store[0], LOADER) as opened:
        opened.add(entity, journal.Setting(record, "owner_id", rep, TODAY))


def test_what_was_taken_away_leaves_the_page_and_what_came_is_news(store, opened):
    _, company = store
    giver, taker, all_ = opened("rep1"), opened("rep3"), opened("director")
    give(store, "account", company.accounts["A1"], company.reps["R3"])
    assert [told(store, one) for one in (giver, taker, all_)] == [
        (1, False), (0, True), (0, True),
    ]  # fmt: skip


def test_a_team_that_moves_takes_its_accounts_along(store, opened):
    engine, company = store
    page = opened("manager")
    assert page.names == [["Alpha", "Alpha Sud", "Beta"]]
    with batch(engine, LOADER) as moving:
        moving.add(
            "rep", journal.Setting(company.reps["R2"], "manager_id", company.reps["N"], TODAY)
        )
    assert told(store, page) == (1, False)


def test_what_was_entered_stays_over_what_is_theirs_still(store, opened):
    _, company = store
    page = opened("rep1")
    page.session.browser.unsaved = True
    give(store, "account", company.accounts["A1"], company.reps["R3"])
    assert told(store, page) == (0, False)
    assert page.names[-1] == ["Alpha Sud", "Gamma"]


def test_a_change_of_somebody_who_shares_is_seen_as_a_move(store):
    engine, _ = store
    before = access.moved(engine)
    users.change(engine, "director", by="boss", language="en")
    assert access.moved(engine) > before
