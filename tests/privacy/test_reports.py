"""Reports that name who is taken out go first; nothing under way may name them afterwards."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess

import pytest

from tests.privacy.files import DIRECTOR, NAME, contact
from workbench.errors import StoreError
from workbench.exports import forgetting, runs
from workbench.vocabulary import Surface

TEXTS = {
    "html": "<td>Z&eacute;phyrine</td><td>Quatrevents</td>",
    "json": json.dumps({"who": "Zéphyrine Quatrevents"}),
    "lines": json.dumps({"source": "qui\nZéphyrine\tQuatrevents"}),
    "figure": "<script>Plotly(" + json.dumps(json.dumps(["à\nZéphyrine\nQuatrevents"])) + ")",
    "none": "<td>Zéphyrine</td><td>Martin</td>",
}


@pytest.fixture
def reports(office, tmp_path):
    root = tmp_path / "var" / "reports"
    for name, text in TEXTS.items():
        folder = root / name
        folder.mkdir(parents=True)
        (folder / "run.json").write_text("{}")
        (folder / "report.html").write_text(text, "utf-8")
    return root


def forget(office):
    engine, of = office
    who = str(contact(engine, NAME))
    return forgetting.forget(of, engine, [who], viewer=DIRECTOR, surface=Surface.CLI)


def test_reports_that_name_them_are_removed(office, reports):
    found = forget(office)
    assert sorted(path.name for path in found.reports) == ["figure", "html", "json", "lines"]
    assert [path.name for path in reports.iterdir()] == ["none"]


def test_one_that_cant_be_removed_leaves_all_as_it_was(office, reports, monkeypatch):
    def denied(folder, *_, **__):
        raise PermissionError(13, "Permission denied", str(folder))

    engine, _ = office
    with monkeypatch.context() as patched:
        patched.setattr(shutil, "rmtree", denied)
        with pytest.raises(StoreError, match=r"figure: the report names them.*Permission denied"):
            forget(office)
    assert contact(engine, NAME)
    assert len(forget(office).reports) == 4


def test_reports_go_before_the_store_forgets(office, reports, monkeypatch):
    """Killed in between, the names are still known: doing it again finds what is left."""

    def killed(*_, **__):
        raise KeyboardInterrupt

    engine, _ = office
    with monkeypatch.context() as patched:
        patched.setattr(forgetting.anonymise, "anonymise", killed)
        with pytest.raises(KeyboardInterrupt):
            forget(office)
    assert contact(engine, NAME)
    assert [path.name for path in reports.iterdir()] == ["none"]


def test_a_run_under_way_is_stopped_and_removed(office, reports, tmp_path):
    run = runs.create(
        reports, notebook="n", path=tmp_path / "n.ipynb", title="N", parameters={}, viewer=None,
        language="fr",
    )  # fmt: skip
    with runs.life(run.folder) as lock:
        runs.keep(run)
        process = subprocess.Popen(["sleep", "60"], pass_fds=(lock,))
    (run.folder / "pid").write_text(str(process.pid))
    assert run.folder in forget(office).reports
    assert not run.folder.exists()
    assert process.wait(timeout=10) == -signal.SIGTERM
