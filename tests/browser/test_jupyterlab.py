"""The editor in a real JupyterLab: an edit saved, what another saved met, no other host asked."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import expect

import workbench
from tests.browser.conftest import free_port
from workbench.store import access, connect, journal
from workbench.store.journal import Edit, State
from workbench.vocabulary import Surface

ROOT = Path(__file__).parents[2]
SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "notebook-extension/tracker": {"autoStartDefaultKernel": True},
}
"""Of JupyterLab: to ask no other host for news, and no one which kernel to start."""


@pytest.fixture
def url(store, tmp_path):
    """A copy of the demo, which this test alone writes to."""
    return f"sqlite:///{shutil.copy(store, tmp_path / 'lab.db')}"


@pytest.fixture
def lab(url, tmp_path):
    """The address of a JupyterLab that knows nothing of its user's own, on a notebook's copy."""
    folder = tmp_path / "lab"
    (folder / "work").mkdir(parents=True)
    for name, values in SETTINGS.items():
        file = folder / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(values), "utf-8")
    shutil.copy(ROOT / "notebooks" / "qualification.ipynb", folder / "work")
    port = free_port()
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1",
        f"--port={port}", "--ServerApp.port_retries=0", f"--ServerApp.root_dir={folder / 'work'}",
        "--IdentityProvider.token=", "--LabApp.extension_manager=readonly",
    ]  # fmt: skip
    own = {
        "JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data", "IPYTHONDIR": "ipython",
        "JUPYTER_RUNTIME_DIR": "runtime", "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
    }  # fmt: skip
    told = {
        **{name: str(folder / place) for name, place in own.items()},
        "WORKBENCH_DATABASE": url,
        "WORKBENCH_TODAY": "2026-09-30",
        "WORKBENCH_USER": "analyste",
        "PYTHONPATH": str(ROOT),
    }
    with (folder / "log").open("w", encoding="utf-8") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, **told})
    address = f"http://127.0.0.1:{port}"
    until = time.monotonic() + 60
    try:
        while True:
            try:
                urllib.request.urlopen(f"{address}/api", timeout=2).read()  # noqa: S310 - our own
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > until:
                    raise AssertionError((folder / "log").read_text("utf-8")) from None
                time.sleep(0.2)
        yield address
    finally:
        process.terminate()  # its kernels go with it
        process.wait(20)


@pytest.fixture
def page(chromium, lab):
    """The notebook in JupyterLab, not yet run."""
    context = chromium.new_context(viewport={"width": 1440, "height": 1000})
    asked = []
    page = context.new_page()
    page.set_default_timeout(30_000)
    page.on("request", lambda request: asked.append(request.url))
    page.on("websocket", lambda socket: asked.append(socket.url.replace("ws:", "http:")))
    page.goto(f"{lab}/lab/tree/qualification.ipynb")
    yield page
    context.close()
    assert [one for one in asked if not one.startswith((lab, "data:", "blob:"))] == []


def _changes(url):
    return workbench.open(url).table("changes")


def test_an_edit_is_saved_and_another_s_value_is_met(page, url):
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()  # run sooner, it asks for a kernel
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()
    grid = page.locator(".widget-gridbox")
    grid.scroll_into_view_if_needed()
    segment, budget, _ = (grid.locator("input[type=text]").nth(number) for number in range(3))
    save = page.get_by_role("button", name="Enregistrer")
    expect(save).to_be_disabled()

    budget.fill("12 345,50")
    budget.press("Enter")
    expect(page.get_by_text("1 modification en attente")).to_be_visible()
    save.click()
    expect(page.get_by_text("0 modification en attente")).to_be_visible()
    change = _changes(url).iloc[-1]
    assert (change["field"], change["new"], change["user"], change["surface"]) == (
        "budget", "12345.5", "analyste", "notebook",
    )  # fmt: skip

    engine = connect(url)
    record = int(change["record_id"])
    version = journal.version(engine, "account", record)
    theirs = Edit("account", record, version, "segment", "Le leur")
    director = access.viewer(engine, "directrice")
    [saved] = journal.save(engine, [theirs], viewer=director, surface=Surface.DASHBOARD)
    assert saved.state is State.SAVED
    segment.fill("Le mien")
    segment.press("Enter")
    save.click()
    told = page.get_by_text("directrice a mis")
    expect(told).to_contain_text("Le leur")
    expect(told).to_contain_text("Le mien")
    save.click()  # however often
    expect(told).to_be_visible()
    assert _changes(url).iloc[-1]["new"] == '"Le leur"'
    page.get_by_role("button", name="Garder la mienne").click()
    save.click()
    expect(page.get_by_text("0 modification en attente")).to_be_visible()
    assert _changes(url).iloc[-1]["new"] == '"Le mien"'
    engine.dispose()
