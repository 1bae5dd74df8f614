import os
import shutil
import signal
import time
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest

from tests.exports.ipynb import notebook
from workbench.errors import NotAllowed, UnknownName
from workbench.exports import runs
from workbench.exports.reports import Reports, may_read_errors
from workbench.exports.runs import State
from workbench.settings import Auth, Settings
from workbench.store import create
from workbench.store.access import Viewer
from workbench.vocabulary import Role

ANNE = Viewer("anne", "Anne", Role.MANAGER, rep_id=1)
BRUNO = Viewer("bruno", "Bruno", Role.REP, rep_id=2)
CLARA = Viewer("clara", "Clara", Role.ANALYST)
ADMIN = Viewer("root", "Admin", Role.ADMIN)

FIGURE = 'import plotly.graph_objects as go\ngo.Figure(go.Bar(x=[1], y=["</script><b>"]))'


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """The file of an empty store."""
    path = tmp_path_factory.mktemp("empty") / "store.db"
    create(f"sqlite:///{path}").dispose()
    return path


@pytest.fixture
def reports(empty, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copy(empty, "store.db")
    return Reports.of(
        Settings(
            notebooks=tmp_path / "notebooks",
            database="sqlite:///store.db",
            auth=Auth(secret_file=tmp_path / "var" / "secret"),
            today="2026-09-30",
        )
    )


def _state(run, *, within=60):
    until = time.monotonic() + within
    while time.monotonic() < until:
        if run.progress.state.over:
            return run.progress.state
        time.sleep(0.05)
    raise AssertionError(run.progress)


def _running(run):
    until = time.monotonic() + 60
    while run.progress.cell < 2:
        assert not run.progress.state.over, run.progress
        assert time.monotonic() < until
        time.sleep(0.05)


def for_jupyterlab_alone(path, cell):
    stored = nbformat.read(path, as_version=4)
    stored.cells[cell].metadata.tags = ["lab"]
    nbformat.write(stored, path)


def test_a_run_ends_in_a_page_without_code_and_its_own_script(reports):
    path = notebook(
        reports.settings.notebooks / "essai.ipynb",
        "# Comptes\n\nCombien ?",
        "print('as_of', as_of, n)",
        FIGURE,
        "1 / 0",
        parameters='as_of: str = ""\nn: int = 1  # nombre\nlanguage: str = "fr"',
    )
    for_jupyterlab_alone(path, -1)
    seen = []
    run = reports.run("essai", {"n": "3"}, viewer=ANNE, progress=seen.append, language="en")
    assert run.progress.state is State.DONE, run.progress
    assert seen[-1].cell == seen[-1].cells == 6
    assert run.parameters == {"as_of": "2026-09-30", "n": 3, "language": "en"}
    page = run.html.read_text()
    assert "as_of 2026-09-30 3" in page
    assert "print(" not in page
    assert "<h1" in page
    assert ">Accounts" in page
    assert "30/09/2026" in page
    assert page.count("Plotly.newPlot") == 1
    assert "</script><b>" not in page
    assert "://" not in page.replace("http://www.w3.org", "")
    assert (reports.root / "plotly.min.js").exists()
    alone = reports.download(run).decode()
    assert "../plotly.min.js" not in alone
    assert len(alone) > 3_000_000
    assert nbformat.read(run.ipynb, as_version=4).cells
    again = reports.again(run, viewer=ANNE)
    assert again.parameters == run.parameters
    assert _state(again) is State.DONE
    assert [one.id for one in reports.runs(ANNE, "essai")] == [again.id, run.id]
    reports.remove(run, ANNE)
    assert [one.id for one in reports.runs(ANNE)] == [again.id]


def test_a_failure_says_where(reports):
    notebook(reports.settings.notebooks / "raté.ipynb", "# Raté", "x = 1", "x / 0", "x = 3")
    run = reports.run("raté", {}, viewer=ANNE)
    said = run.progress
    assert said.state is State.FAILED
    assert said.error == "ZeroDivisionError: division by zero"
    assert "x / 0" in said.traceback
    assert "\x1b" not in said.traceback
    assert said.cell == 3
    assert not run.html.exists()


def test_errors_are_for_analysts():
    assert [may_read_errors(one) for one in (ANNE, BRUNO, CLARA, ADMIN, None)] == [
        False,
        False,
        True,
        True,
        True,
    ]


def test_a_run_sees_the_store_as_its_viewer_does_and_no_secret(reports, monkeypatch):
    for name in ("WORKBENCH_AUTH__OIDC__CLIENT_SECRET", "workbench_auth__oidc__client_secret"):
        monkeypatch.setenv(name, "swordfish")
    monkeypatch.setenv("WORKBENCH_AUTH__SECRET_FILE", "var/secret")
    monkeypatch.setenv("WORKBENCH_VIEWER", "anne")
    notebook(
        reports.settings.notebooks / "qui.ipynb",
        "# Qui",
        "import os\ntext = str(sorted(os.environ.items()))",
        "print('told', 'swordfish' in text, 'workbench_auth' in text.lower())",
        "print('viewer', os.environ.get('WORKBENCH_VIEWER'))",
        "print('database', os.environ['WORKBENCH_DATABASE'])",
    )
    run = reports.run("qui", {}, viewer=BRUNO)
    page = run.html.read_text()
    assert "viewer bruno" in page
    assert "told False False" in page
    assert f"database sqlite:///{Path.cwd()}/store.db" in page


def test_runs_are_seen_by_whoever_ran_them(reports):
    notebook(reports.settings.notebooks / "essai.ipynb", "# Essai")
    run = reports.start("essai", {}, viewer=ANNE)
    reports.stop(run, ANNE)
    assert [reports.runs(one) == [run] for one in (ANNE, ADMIN, None)] == [True] * 3
    assert reports.runs(BRUNO) == reports.runs(CLARA) == []
    assert reports.find(run.id, ANNE) == run
    for now, seen in ((Role.DIRECTOR, True), (Role.REP, False), (Role.EXECUTIVE, True)):
        since = replace(ANNE, role=now, rep_id=2)  # of another team than the one it was run for
        assert (reports.runs(since) == [run]) is seen
    with pytest.raises(UnknownName):
        reports.find(run.id, BRUNO)
    with pytest.raises(NotAllowed):
        reports.stop(run, BRUNO)
    with pytest.raises(NotAllowed):
        reports.remove(run, CLARA)
    for name in ("..", "../reports", run.id + "/", ".", "", "absent"):
        with pytest.raises(UnknownName):
            reports.find(name, ADMIN)


def test_a_run_is_stopped_with_its_kernel(reports, tmp_path):
    pid = tmp_path / "pid"
    notebook(
        reports.settings.notebooks / "long.ipynb",
        "# Long",
        f"import os, time\nopen({str(pid)!r}, 'w').write(str(os.getpid()))\nwhile True: pass",
    )
    run = reports.start("long", {}, viewer=ANNE)
    _running(run)
    while not (pid.exists() and pid.read_text()):  # the cell has begun, and not yet written
        assert not run.progress.state.over, run.progress
        time.sleep(0.05)
    reports.stop(run, ANNE)
    assert run.progress.state is State.STOPPED
    until = time.monotonic() + 20
    while _lives(int(pid.read_text())):
        assert time.monotonic() < until
        time.sleep(0.1)
    reports.stop(run, ANNE)


def _lives(pid):
    try:
        with Path(f"/proc/{pid}/stat").open() as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_process_that_is_killed_leaves_a_failure(reports):
    notebook(reports.settings.notebooks / "long.ipynb", "# Long", "import time", "time.sleep(100)")
    run = reports.start("long", {}, viewer=ANNE)
    _running(run)
    os.kill(int((run.folder / "pid").read_text()), signal.SIGKILL)
    assert _state(run, within=5) is State.FAILED
    assert run.progress.error == "interrupted"


def test_two_work_at_once_and_a_third_waits(reports):
    notebook(reports.settings.notebooks / "long.ipynb", "# Long", "import time", "time.sleep(100)")
    held = [reports.start("long", {}, viewer=ANNE) for _ in range(2)]
    for run in held:
        _running(run)
    third = reports.start("long", {}, viewer=ANNE)
    time.sleep(1)
    assert third.progress.state is State.QUEUED
    reports.stop(held[0], ANNE)
    _running(third)
    for run in (held[1], third):
        reports.stop(run, ANNE)
    assert {run.progress.state for run in (*held, third)} == {State.STOPPED}


def test_half_a_run_folder_is_not_listed(reports):
    (reports.root / "20260101-000000-x").mkdir(parents=True)
    assert runs.listed(reports.root) == []
