"""A rep can't see another's account: by no page, no address, no download, no frame on the wire."""

from __future__ import annotations

import csv
import html
import json

import pytest

import workbench
from tests.browser.conftest import ROLES, drawn
from workbench.metrics import revenue

PAGES = ("overview", "accounts", "pipeline", "revenue", "qualify")
"""Those that name accounts; every page is walked in `dashboards/test_scope`."""


@pytest.fixture(scope="module")
def foreign(store):
    """Names of another reps' accounts, the largest clients first: what a leak would show."""
    url = f"sqlite:///{store}"
    everything = workbench.open(url, as_of="2026-09-30")
    mine = set(workbench.open(url, as_of="2026-09-30", viewer=ROLES["rep"]).table("accounts")["id"])
    largest = revenue.revenue_by_account.of(everything).dropna(subset=["group_id"])
    accounts = everything.table("accounts").set_index("id")
    others = [id_ for id_ in largest["group_id"] if id_ in accounts.index and id_ not in mine]
    own_names = set(accounts.loc[sorted(mine), "name"])
    names = {id_: accounts.loc[id_, "name"] for id_ in others[:200]}
    return {id_: name for id_, name in names.items() if name not in own_names}


@pytest.fixture
def wire(page_as):
    """`wire("rep", path)`: a page, and all that its websocket received, growing."""

    def open_(role, path):
        received: list[str] = []
        page = page_as(role)

        def keep(payload):
            received.append(payload if isinstance(payload, str) else payload.decode("latin-1"))

        page.on("websocket", lambda socket: socket.on("framereceived", keep))
        response = page.goto(page.url.split("/overview")[0] + path)
        received.append(response.text())
        drawn(page)
        page.wait_for_timeout(1500)
        return page, received

    return open_


def leaked(received, names) -> set[str]:
    """Those of the names that stand anywhere in it, as JSON and as HTML write them."""
    text = "\n".join(received)
    as_sent = {name: {name, json.dumps(name)[1:-1], html.escape(name)} for name in names}
    return {name for name, said in as_sent.items() if any(one in text for one in said)}


def test_no_page_sends_another_reps_account(wire, foreign):
    page, received = wire("rep", "/overview")
    for name in PAGES:
        received.clear()
        received.append(page.goto(page.url.rpartition("/")[0] + f"/{name}").text())
        drawn(page)
        page.wait_for_timeout(500)
        assert sum(map(len, received)) > 10_000  # something did come
        assert leaked(received, foreign.values()) == set(), name


def test_the_check_can_fail(wire, foreign):
    """The director's page does carry these names."""
    _, received = wire("director", "/accounts")
    assert leaked(received, foreign.values())


def test_the_address_of_anothers_sheet_shows_nothing_of_it(wire, foreign):
    id_, name = next(iter(foreign.items()))
    page, received = wire("rep", f"/account?id={id_}")
    assert name not in page.content()
    assert leaked(received, [name]) == set()


def test_a_filter_in_the_address_does_not_widen_the_scope(wire, foreign, store):
    data = workbench.open(f"sqlite:///{store}", as_of="2026-09-30")
    owners = data.table("accounts").set_index("id")["owner_id"]
    rep = owners[next(iter(foreign))]
    _, received = wire("rep", f"/accounts?reps={rep}&rep={rep}&team={rep}")
    assert leaked(received, foreign.values()) == set()


def test_a_download_holds_own_accounts_only(page_as, foreign):
    page = page_as("rep", "/accounts")
    button = page.locator("a,button", has_text="CSV").first
    button.scroll_into_view_if_needed()
    with page.expect_download() as started:
        button.click()
    with started.value.path().open(encoding="utf-8-sig", newline="") as file:
        cells = {cell for row in csv.reader(file, delimiter=";") for cell in row}
    assert len(cells) > 10
    assert not cells & set(foreign.values())
