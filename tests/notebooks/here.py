"""A notebook run in the test's own process: what its report would show, without the wait."""

from __future__ import annotations

import ast
import datetime as dt
import json
from pathlib import Path

import nbformat
import plotly.graph_objects as go
from nbformat.v4 import new_output

from workbench.exports import notebooks, runs
from workbench.exports.report_page import FIGURE, LAB, page

FOLDER = Path(__file__).parents[2] / "notebooks"


def shown(code, space):
    """What a cell shows: its last expression, as Jupyter has it."""
    *before, last = ast.parse(code).body
    whole = [*before, *([] if isinstance(last, ast.Expr) else [last])]
    exec(compile(ast.Module(whole, []), "cell", "exec"), space)  # noqa: S102 - our own notebooks
    if not isinstance(last, ast.Expr):
        return []
    value = eval(compile(ast.Expression(last.value), "cell", "eval"), space)  # noqa: S307
    if isinstance(value, go.Figure):
        data = {FIGURE: json.loads(value.to_json())}
    else:
        data = {"text/html": value._repr_html_()}
    return [new_output("execute_result", data)]


def report(name, url, username, day, monkeypatch):
    """The page of a notebook's report, run for a user as its process would."""
    for variable, value in (("DATABASE", url), ("TODAY", str(day)), ("VIEWER", username)):
        monkeypatch.setenv(f"WORKBENCH_{variable}", value)
    found = notebooks.find(FOLDER, name)
    stored = nbformat.read(found.path, as_version=4)
    space: dict[str, object] = {}
    for cell in stored.cells:
        if cell.cell_type == "code" and LAB not in cell.metadata.get("tags", []):
            cell.outputs = shown(cell.source, space)
    moment = dt.datetime(2026, 9, 30, tzinfo=dt.UTC)
    run = runs.Run(
        id="1", notebook=name, path=str(found.path), title=found.title, parameters={},
        viewer=username, language="fr", asked=moment.isoformat(),
    )  # fmt: skip
    return page(stored, run, moment)
