"""Servers in processes of their own, and a browser that tells when a page is drawn."""

from __future__ import annotations

import csv
import socket
import statistics
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import TimeoutError, sync_playwright  # noqa: A004 - theirs

from tests.bench.demo import ROOT
from tests.parts import find

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from playwright.sync_api import Browser, BrowserContext, Page

SCRIPT = Path(__file__).with_name("seen.js").read_text("utf-8")
USER = "directrice"
DESK = {"width": 1440, "height": 900}
PATIENCE = 60  # seconds
QUIET = 1.5  # seconds without a change after which a page is taken for finished
STUCK = 6  # the same where something still says that it is loading
POLL = 0.05  # seconds


@dataclass(frozen=True)
class Server:
    """A server of its own process."""

    process: subprocess.Popen[bytes]
    address: str

    def answers(self) -> bool:
        """Whether it takes visitors yet."""
        try:
            urllib.request.urlopen(f"{self.address}/login", timeout=PATIENCE).close()  # noqa: S310 - our own
        except urllib.error.HTTPError:  # the bare one has no such page
            return True
        except OSError:
            return False
        return True


@contextmanager
def serving(
    command: Callable[[str], Sequence[Any]], environment: dict[str, str]
) -> Iterator[Server]:
    """A server that takes visitors; `command` makes its command line from a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [str(part) for part in command(str(port))],
        cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        server = Server(process, f"http://localhost:{port}")
        until = time.monotonic() + PATIENCE
        while not server.answers():
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"No server: {process.args}")
            time.sleep(POLL)
        yield server
    finally:
        process.terminate()
        process.wait(PATIENCE)


@dataclass
class Visit:
    """What a visit to a page brought.

    Attributes:
        seconds: from asking for the page to all of it drawn.
        sent: bytes of every answer, headers included, as they came over the wire.
        frames: characters of the websocket's messages, before their compression.
    """

    seconds: float = 0.0
    sent: float = 0.0
    frames: int = 0


@dataclass
class Visitor:
    """A browser, and the cookies of whoever signed in."""

    chromium: Browser
    cookies: list[Any] = field(default_factory=list)

    @contextmanager
    def context(self) -> Iterator[BrowserContext]:
        """A browser that has never been here but is signed in."""
        context = self.chromium.new_context(viewport=DESK)
        context.set_default_timeout(PATIENCE * 1000)
        context.add_init_script(SCRIPT)
        context.add_cookies(self.cookies)
        yield context
        context.close()

    def sign_in(self, address: str) -> None:
        """Get the cookie."""
        with (ROOT / "data" / "users.csv").open(encoding="utf-8", newline="") as file:
            password = {row["username"]: row["password"] for row in csv.DictReader(file)}[USER]
        with self.context() as context:
            page = context.new_page()
            page.goto(f"{address}/login")
            page.fill("[name=username]", USER)
            page.fill("[name=password]", password)
            page.keyboard.press("Enter")
            page.wait_for_url("**/overview", wait_until="commit")
            self.cookies = context.cookies()

    def look(self, address: str) -> dict[str, Any]:
        """Visit without haste: what the page draws before anybody scrolls."""
        with self.context() as context:
            page = context.new_page()
            page.goto(address)
            finished(page)
            drawn = page.evaluate("bench.count()")
            figures, tables = page.evaluate("[bench.figures(), bench.tables()]")
            # A table without rows, or one that isn't in sight yet, is none to wait for.
            return {
                "figures": figures[: drawn["figures"]],
                "tables": tables[: drawn["tables"]],
                "waiting": drawn["waiting"],
            }


@contextmanager
def visitor() -> Iterator[Visitor]:
    """Chromium, the machine's."""
    path = find("chromium")
    if path is None:
        raise RuntimeError("No Chromium on this machine; `make parts` installs it.")
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=str(path), args=arguments)
        yield Visitor(browser)
        browser.close()


def visit(context: BrowserContext, address: str, expected: dict[str, Any]) -> tuple[Page, Visit]:
    """Open a page and wait until as many figures and tables as expected are drawn."""
    page = context.new_page()
    found = Visit()
    wire = context.new_cdp_session(page)
    wire.send("Network.enable")

    def finished_one(event: Any) -> None:
        found.sent += event["encodedDataLength"]

    def frame(event: Any) -> None:
        found.frames += len(event["response"]["payloadData"])

    wire.on("Network.loadingFinished", finished_one)
    wire.on("Network.webSocketFrameReceived", frame)
    counts = {name: len(expected[name]) for name in ("figures", "tables")}
    counts["waiting"] = expected["waiting"]
    page.goto(address, wait_until="commit")
    page.evaluate("counts => bench.until(counts)", counts)
    try:
        page.wait_for_function("bench.at !== null", polling=100)
    except TimeoutError as error:
        drawn = page.evaluate("bench.count()")
        raise RuntimeError(f"{address}: drawn {drawn}, expected {counts}") from error
    found.seconds = page.evaluate("bench.at") / 1000
    return page, found


def finished(page: Page) -> None:
    """Wait until nothing is added to the page any more."""
    last, since, until = None, time.monotonic(), time.monotonic() + PATIENCE
    while time.monotonic() < until:
        page.wait_for_timeout(250)
        now = page.evaluate("window.Bokeh?.documents?.[0]?.is_idle ? bench.count() : null")
        if now is None or now != last:
            last, since = now, time.monotonic()
        elif time.monotonic() - since > (STUCK if now["waiting"] else QUIET):
            return


def change(page: Page, click: Callable[[], Any]) -> tuple[float, float]:
    """Seconds from a click to the last thing that it changed on a card in sight, and on any."""
    click()
    page.wait_for_function(
        "(quiet) => bench.seen.last !== null && performance.now() - bench.seen.last > quiet",
        arg=QUIET * 1000,
        polling=100,
    )
    seen = page.evaluate("bench.seen")
    last = seen["inSight"] or seen["last"]
    return (last - seen["from"]) / 1000, (seen["last"] - seen["from"]) / 1000


def median(seconds: Sequence[float]) -> float:
    """The middle one; NaN of nothing."""
    return statistics.median(seconds) if seconds else float("nan")
