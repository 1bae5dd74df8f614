"""Pages in a browser: the first view, a filter's change, bytes, and the server's start."""

from __future__ import annotations

import json
import sys
import time
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from dashboards.app import found_pages
from dashboards.filters import PERIODS
from tests.bench.browser import Server, Visit, change, finished, median, serving, visit, visitor
from tests.bench.demo import WORKBENCH
from tests.bench.rows import Row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

    from tests.bench.browser import Visitor
    from tests.bench.demo import Demo

VISITS = 2
SAVES = 5
BARE = "Panel and panel-material-ui, the same figures and tables"
CHOSEN = ("year", "3m", "24m")  # periods, none of which is another at the demo’s date
FIRST, AGAIN = 3.5, 0.2  # MB


def addresses(demo: Demo) -> dict[str, str]:
    """Each page's address; the account sheet's is that of the account with most deals."""
    deals = demo.open().table("opportunities")["account_id"]
    most = int(deals.value_counts().index[0])
    return {
        page.path: page.path if page.order is not None else f"{page.path}?id={most}"
        for page in found_pages()
    }


@contextmanager
def _ours(demo: Demo) -> Iterator[Server]:
    _ = demo.url
    with serving(lambda port: [WORKBENCH, "serve", "--port", port], demo.environment) as server:
        yield server


@contextmanager
def _bare(demo: Demo, contents: dict[str, Any]) -> Iterator[Server]:
    path = demo.folder / "bare.json"
    path.write_text(json.dumps(contents), "utf-8")
    command = partial(_bare_command, path)
    with serving(command, demo.environment) as server:
        yield server


def _bare_command(path: Any, port: str) -> list[Any]:
    return [sys.executable, "-m", "tests.bench.bare", port, path]


def viewing(demo: Demo) -> Iterator[Row]:
    """Each page's first view, and what a filter's change takes; bytes of the heaviest."""
    with visitor() as browser, _ours(demo) as ours:
        browser.sign_in(ours.address)
        places = addresses(demo)
        # What stands lower down is drawn at once where it is in sight before its page is laid out.
        contents = {
            name: min(
                (browser.look(f"{ours.address}/{at}") for _ in range(2)),
                key=lambda content: len(content["figures"]) + len(content["tables"]),
            )
            for name, at in places.items()
        }
        first: dict[str, Visit] = {}
        again: dict[str, Visit] = {}
        with _bare(demo, contents) as bare:
            for name, at in places.items():
                mine, theirs = f"{ours.address}/{at}", f"{bare.address}/{name}"
                content = contents[name]
                _fresh(browser, theirs, content)  # the server has shown each of ours once, too
                first[name], again[name] = _twice(browser, mine, content)
                pairs = [
                    (
                        _fresh(browser, mine, content).seconds,
                        _fresh(browser, theirs, content).seconds,
                    )
                    for _ in range(VISITS)
                ]
                yield Row(
                    f"first view of /{name}",
                    min(one for one, _ in pairs),
                    floor=min(one for _, one in pairs), by=BARE, times=1.5,
                    note=_drawn(content, again[name].seconds),
                )  # fmt: skip
            for page in found_pages():
                if page.filters and page.order is not None:
                    yield _filter(demo, browser, page.path, ours, bare, contents[page.path])
    yield _bytes("bytes of a first visit", first, FIRST)
    yield _bytes("bytes of a return", again, AGAIN)


def _drawn(content: dict[str, Any], again: float) -> str:
    figures, tables = len(content["figures"]), len(content["tables"])
    stuck = f"; {content['waiting']} never drawn" if content["waiting"] else ""
    return f"{figures} figures, {tables} tables; on a return {again:.2f} s{stuck}"


def _fresh(browser: Visitor, address: str, content: dict[str, Any]) -> Visit:
    with browser.context() as context:
        return visit(context, address, content)[1]


def _twice(browser: Visitor, address: str, content: dict[str, Any]) -> tuple[Visit, Visit]:
    """A first visit, and a return with what the browser has kept."""
    with browser.context() as context:
        page, first = visit(context, address, content)
        finished(page)
        page.close()
        page, again = visit(context, address, content)
        finished(page)
        return first, again


def _bytes(work: str, visits: dict[str, Visit], limit: float) -> Row:
    name = max(visits, key=lambda name: visits[name].sent)
    frames = visits[name].frames / 1e6
    return Row(
        f"{work}, the heaviest page", visits[name].sent / 1e6, limit=limit, unit="MB",
        note=f"/{name}; websocket {frames:.2f} MB before its compression",
    )  # fmt: skip


def _filter(
    demo: Demo, browser: Visitor, name: str, ours: Server, bare: Server, content: dict[str, Any]
) -> Row:
    """The median of changing the period, then the team, in the cards in sight."""
    loc = demo.settings.locale()
    reps = demo.open().table("reps")
    managers = reps.loc[reps["kind"] == "manager", "name"].tolist()[:3]
    with browser.context() as context:
        page, _ = visit(context, f"{ours.address}/{name}", content)
        finished(page)
        page.evaluate("bench.changes()")
        took = [_choose(page, loc.t("Période"), loc.t(PERIODS[one])) for one in CHOSEN]
        took += [_team(page, manager) for manager in managers]
    with browser.context() as context:
        page, _ = visit(context, f"{bare.address}/{name}", content)
        finished(page)
        page.evaluate("bench.changes()")
        theirs = [_choose(page, "choice", one) for one in ("other", "one", "other")]
    return Row(
        f"a filter's change on /{name}", median([one for one, _ in took]),
        floor=median([one for one, _ in theirs]), by=BARE, limit=0.3,
        note=f"in sight; the whole page {median([one for _, one in took]):.2f} s",
    )  # fmt: skip


def _choose(page: Page, label: str, text: str) -> tuple[float, float]:
    page.get_by_role("combobox", name=label).click()
    page.wait_for_timeout(400)  # the menu's opening
    return change(page, page.get_by_role("menuitem", name=text, exact=True).click)


def _team(page: Page, manager: str) -> tuple[float, float]:
    page.get_by_role("button").filter(has_text="arrow_drop_down").click()
    page.wait_for_timeout(400)
    return change(page, page.get_by_text(manager, exact=True).first.click)


def correcting(demo: Demo) -> Iterator[Row]:
    """From the click on Save until the page says that the edit is saved."""
    with visitor() as browser, _ours(demo) as ours:
        browser.sign_in(ours.address)
        took = [_saved(demo, browser, f"{ours.address}/qualify?show=all", n) for n in range(SAVES)]
    yield Row(
        "an edit seen on screen as saved", median(took), limit=0.2,
        note=f"on /qualify; slowest {max(took):.2f} s",
    )  # fmt: skip


def _saved(demo: Demo, browser: Visitor, address: str, turn: int) -> float:
    """On a page of its own: what one has said of a save is not said again."""
    loc = demo.settings.locale()
    with browser.context() as context:
        page = context.new_page()
        page.goto(address)
        finished(page)
        row = page.locator(".editgrid .tabulator-row").first
        cell = row.locator("[tabulator-field=next_step]")
        cell.click()
        cell.locator("input").fill(f"bench {turn}")
        page.keyboard.press("Enter")
        save = page.get_by_role("button", name=loc.t("Enregistrer"))
        save.wait_for()
        finished(page)
        page.evaluate("bench.changes()")
        save.click()
        said = loc.plural(1, "{n} modification enregistrée.", "{n} modifications enregistrées.")
        page.locator(".told", has_text=said).wait_for()
        return float(page.evaluate("performance.now() - bench.seen.from")) / 1000


def starting(demo: Demo) -> Iterator[Row]:
    """From the command to the first page drawn, in a browser that stands ready."""
    with visitor() as browser:
        with _ours(demo) as server:
            browser.sign_in(server.address)
            content = browser.look(f"{server.address}/overview")
        start = time.perf_counter()
        with _ours(demo) as server:
            _fresh(browser, f"{server.address}/overview", content)
            ours = time.perf_counter() - start
        start = time.perf_counter()
        with _bare(demo, {"overview": content}) as server:
            _fresh(browser, f"{server.address}/overview", content)
            floor = time.perf_counter() - start
    yield Row("the server's start to its first page", ours, floor=floor, by=BARE, limit=6)
