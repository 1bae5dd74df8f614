"""One server with the demo company, and pages of it in Chromium, for browser tests.

A page fails its test when it asked another host for anything, or wrote an error to the console.
"""

from __future__ import annotations

import csv
import datetime as dt
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.parts import need
from workbench.sources import users
from workbench.store import connect

PHONE, DESK = {"width": 390, "height": 844}, {"width": 1440, "height": 900}
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--process-per-site",
]
ROLES = {
    "director": "directrice",
    "manager": "responsable",
    "rep": "commercial",
    "analyst": "analyste",
    "executive": "dirigeant",
    "admin": "admin",
}
expect.set_options(timeout=20_000)  # a machine of CI draws while it runs other tests
# What Tornado says of a page that was left while something was sent to it.
LEFT = re.compile(
    r"Task exception was never retrieved\n.*?\ntornado\.websocket\.WebSocketClosedError\n",
    re.DOTALL,
)
READY = """() => !document.getElementById('waiting') && !document.getElementById('username')
    && window.Bokeh?.documents?.[0]?.is_idle"""


APART = {"test_hostile", "test_jupyterlab", "test_signing_in"}
"""Those of servers of their own: another worker may run them meanwhile."""


def in_browser(item):
    """Whether a test opens pages."""
    return "tests/browser" in str(item.path)


@pytest.hookimpl(tryfirst=True)  # xdist looks for groups in the same hook
def pytest_collection_modifyitems(items):
    """Browser tests run in one worker, on its one server, but for those apart."""
    for item in items:
        if in_browser(item):
            group = "apart" if item.path.stem in APART else "browser"
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(scope="session")
def passwords(demo):
    with (demo / "users.csv").open(encoding="utf-8", newline="") as file:
        return {row["username"]: row["password"] for row in csv.DictReader(file)}


@pytest.fixture(scope="session")
def store(demo, demo_copy):
    """The demo company with its users: the server's store."""
    url = demo_copy("served")
    engine = connect(url)
    users.load(engine, demo / "users.csv")
    engine.dispose()
    return Path(url.removeprefix("sqlite:///"))


@pytest.fixture(scope="session")
def notebooks(tmp_path_factory):
    """A copy of the notebooks folder, into which a test may drop its own."""
    return Path(
        shutil.copytree(
            Path(__file__).parents[2] / "notebooks", tmp_path_factory.mktemp("notebooks") / "all"
        )
    )


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """The server's own folder: its settings and its log."""
    return tmp_path_factory.mktemp("server")


@pytest.fixture(scope="session")
def log(folder):
    """`log()`: what the server has written so far."""
    return lambda: (folder / "log").read_text(encoding="utf-8")


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.fixture(scope="session")
def server(store, notebooks, folder):
    """The address of a server of its own process, on the store."""
    config = folder / "workbench.toml"
    config.write_text(
        f'today = 2026-09-30\ndatabase = "sqlite:///{store}"\n'
        f'notebooks = "{notebooks}"\n'
        '[company]\nname = "Aquibat"\n[auth]\nsecret_file = "secret"\n',
        encoding="utf-8",
    )
    with serving(config) as address:
        yield address


@contextmanager
def serving(config):
    """A server by that settings file, its log beside it; its address."""
    port = free_port()
    log = config.parent / "log"
    written = log.open("w", encoding="utf-8")
    command = [sys.executable, "-m", "workbench", "serve", "--port", str(port)]
    if shutil.which("workbench", path=str(Path(sys.executable).parent)):
        command = [str(Path(sys.executable).parent / "workbench"), *command[3:]]
    process = subprocess.Popen(
        [*command, "--config", str(config)], stdout=written, stderr=written, env={**os.environ}
    )
    address = f"http://localhost:{port}"
    until = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(f"{address}/login", timeout=2).read()  # noqa: S310 - our own
            break
        except OSError:
            if process.poll() is not None or time.monotonic() > until:
                raise AssertionError(log.read_text("utf-8")) from None
            time.sleep(0.2)
    try:
        yield address
    finally:
        process.terminate()
        process.wait(60)
        written.close()


@pytest.fixture(scope="session")
def chromium(request):
    if os.environ.get("PYTEST_XDIST_WORKER"):  # else each worker has a server and a browser
        mine = [item.nodeid for item in request.node.items if in_browser(item)]
        assert all(name.endswith(("@browser", "@apart")) for name in mine), mine
    path = need("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(path), args=ARGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def windows():
    """A browser window per reader, language and theme: signed in once, what it has read kept."""
    return {}


class Browsing:
    """Opens pages of the server in Chromium, signed in, and notes what goes wrong in them."""

    def __init__(self, chromium, windows, server, passwords, log):
        self.chromium, self.windows = chromium, windows
        self.server, self.passwords, self.log = server, passwords, log
        self.opened, self.troubles = [], []
        self._read = len(log())

    def _watch(self, page):
        ours = (self.server, self.server.replace("http", "ws"), "data:", "blob:")

        def asked(request):
            if not request.url.startswith(ours):
                self.troubles.append(f"asked {request.url}")

        def answered(response):
            if response.status >= 500:
                told = f"{response.status} from {response.url}: {self.log()[-3000:]}"
                self.troubles.append(told)

        page.on("request", asked)
        page.on("response", answered)
        page.on("console", lambda m: self.troubles.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: self.troubles.append(str(error)))

    def open(self, role, path="/overview", *, size=None, language="fr", dark=False, new=False):
        """A page in a tab of its own, drawn; of a reader who has to sign in first, where `new`."""
        window = self._window(role, language, dark=dark, new=new)
        window.add_cookies(
            [
                {"name": "language", "value": language, "url": self.server},
                {"name": "theme", "value": "dark" if dark else "light", "url": self.server},
            ]
        )
        page = window.new_page()
        self.opened.append(page)
        page.set_viewport_size(size or DESK)
        page.set_default_timeout(20_000)
        self._watch(page)
        page.goto(self.server + path)
        if "/login" in page.url:
            username = ROLES[role]
            page.fill("#username", username)
            page.fill("#password", self.passwords[username])
            page.click("button")
        return drawn(page)

    def _window(self, role, language, *, dark, new):
        key = (role, language, dark)
        if new or key not in self.windows:
            made = self.chromium.new_context(accept_downloads=True)
            if new:
                return made
            # A tab that stays keeps the site's process, and with it the scripts that it compiled.
            made.new_page().goto(f"{self.server}/login")
            self.windows[key] = made
        return self.windows[key]

    def close(self):
        """Close every page."""
        for page in self.opened:
            page.close()

    def check(self):
        """Nothing has gone wrong, in the pages nor behind them."""
        assert not self.troubles, self.troubles
        written = LEFT.sub("", self.log()[self._read :])
        self._read = len(self.log())
        assert "Traceback" not in written, written


@pytest.fixture
def page_as(chromium, windows, server, passwords, log):
    """`page_as("manager", "/funnel")`: a page, signed in and drawn."""
    browsing = Browsing(chromium, windows, server, passwords, log)
    yield browsing.open
    browsing.close()
    browsing.check()


@pytest.fixture(scope="module")
def standing(chromium, windows, server, passwords, log):
    """What the tests of a module have open together."""
    browsing = Browsing(chromium, windows, server, passwords, log)
    yield browsing, {}
    browsing.close()


@pytest.fixture
def page_at(standing):
    """`page_at("manager", "/funnel")`: such a page, to be read; the tests of a module share it."""
    browsing, pages = standing

    def at(role, path="/overview"):
        page = pages.get((role, path))
        if page is None:
            page = pages[role, path] = browsing.open(role, path)
        elif page.get_by_role("dialog").count():
            page.keyboard.press("Escape")
            expect(page.get_by_role("dialog")).to_have_count(0)
        return page

    yield at
    browsing.check()


def drawn(page):
    """Wait until a page stands, with nothing of the first screenful still loading."""
    page.wait_for_function(READY, timeout=40_000)
    page.locator(".freshness, .state").first.wait_for()
    page.wait_for_timeout(200)
    page.locator(".kpi .skeleton").first.wait_for(state="hidden")
    return page


def rest(page):
    """Wait until nothing is being drawn anew: a click on what is may get lost."""
    page.wait_for_timeout(200)
    page.wait_for_function("() => !document.documentElement.classList.contains('working')")


def scroll(page, top):
    """Scroll a page to so many pixels from its top; it is a part of it that scrolls."""
    page.locator(".main-content").evaluate(
        "(at, top) => at.scrollTo({ top, behavior: 'instant' })", top
    )


def to_the_end(page):
    """Scroll down: what stands there is made when one comes to it."""
    scroll(page, 100_000)


@pytest.fixture(scope="session")
def today():
    return dt.date(2026, 9, 30)
