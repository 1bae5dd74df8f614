"""Every notebook as it is stored, and run from top to bottom on the demo and on Maven."""

from __future__ import annotations

import ast
import re

import nbformat
import pytest

from tests.notebooks.here import FOLDER, report
from workbench.exports import notebooks
from workbench.exports.notebook import Table
from workbench.exports.report_page import LAB
from workbench.exports.reports import Reports
from workbench.exports.runs import State
from workbench.settings import Auth, Settings, SourceSettings
from workbench.sources.load import load
from workbench.store import create, users

NAMES = ["account_hierarchy", "funnel", "pipeline", "qualification", "rep_activity", "revenue"]


@pytest.fixture(scope="session")
def stores(demo_copy, shared, tmp_path_factory):
    """The demo and Maven."""
    maven = f"sqlite:///{tmp_path_factory.mktemp('maven') / 'maven.db'}"
    engine = create(maven)
    files = SourceSettings(kind="crm", path=shared / "maven_crm", preset="maven")
    load(engine, [files], user="tests")
    engine.dispose()
    return {"demo": demo_copy("notebooks"), "maven": maven}


@pytest.fixture
def reports(tmp_path):
    def of(database, today):
        return Reports.of(
            Settings(
                notebooks=FOLDER,
                database=database,
                today=today,
                auth=Auth(secret_file=tmp_path / "secret"),
            )
        )

    return of


def test_there_is_one_per_subject():
    assert sorted(notebooks.folder(FOLDER)) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_is_stored_clean(name):
    stored = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    nbformat.validate(stored)
    assert stored.metadata.kernelspec.name == "python3"
    for cell in stored.cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_says_what_it_is_and_what_it_takes(name):
    found = notebooks.find(FOLDER, name)
    assert found.title != name
    assert found.question.endswith("?")
    assert [one.name for one in found.parameters[:6]] == [
        "database", "as_of", "period", "by", "team", "language",
    ]  # fmt: skip
    assert all(one.help for one in found.parameters)


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_computes_nothing(name):
    """Metrics compute, figures draw: between them no arithmetic and no aggregation."""
    stored = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    for cell in stored.cells:
        if cell.cell_type != "code":
            continue
        for node in ast.walk(ast.parse(cell.source)):
            arithmetic = isinstance(node, ast.BinOp) and not isinstance(node.op, ast.BitAnd)
            assert not arithmetic, cell.source
        assert not re.search(r"\.(groupby|agg|sum|mean|merge|apply)\(", cell.source)


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_runs_on_the_demo(name, stores, reports):
    run = reports(stores["demo"], "2026-09-30").run(name, {})
    assert run.progress.state is State.DONE, run.progress
    page = run.html.read_text("utf-8")
    assert "<table>" in page
    if name == "funnel":
        rows = re.findall(r'<tr><td class="text">(\w+)</td><td>([^<]+)</td>', page)
        assert {(word, re.sub(r"\D", "", n)) for word, n in rows[:4]} == {
            ("Suspect", "7800"),
            ("Prospect", "200"),
            ("Client", "1000"),
            ("Perdu", "0"),
        }


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_runs_on_maven(name, stores, reports):
    run = reports(stores["maven"], "2017-12-31").run(name, {"language": "en"})
    assert run.progress.state is State.DONE, run.progress


def shown(name, **parameters):
    """What its cells show with these parameters, run here: as HTML, or as a figure's data."""
    scope = {}
    for cell in nbformat.read(FOLDER / f"{name}.ipynb", as_version=4).cells:
        if cell.cell_type != "code" or LAB in cell.metadata.get("tags", []):
            continue
        parts = ast.parse(cell.source)
        last = parts.body.pop() if isinstance(parts.body[-1], ast.Expr) else None
        exec(compile(parts, name, "exec"), scope)  # noqa: S102 - our own notebooks
        if "parameters" in cell.metadata.get("tags", []):
            scope |= parameters
        if last is not None:
            value = eval(compile(ast.Expression(last.value), name, "eval"), scope)  # noqa: S307
            yield value._repr_html_() if isinstance(value, Table) else value.to_json()


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_has_something_to_say_of_nothing(name, stores):
    """In 2019 the demo company had not begun."""
    found = list(shown(name, database=stores["demo"], as_of="2019-01-01", period=3))
    assert "<p>Rien à montrer pour ce choix.</p>" in found


def test_a_report_never_shows_more_than_its_viewer_sees(stores, monkeypatch):
    engine = create(stores["demo"])
    try:
        users.add_user(engine, "rep", "password-rep", name="R", role="rep", rep="R01")
    finally:
        engine.dispose()
    page = report("funnel", stores["demo"], "rep", "2026-09-30", monkeypatch)
    [suspects] = re.findall(r'<tr><td class="text">Suspect</td><td>([^<]+)</td>', page)
    assert 0 < int(re.sub(r"\D", "", suspects)) < 7800
