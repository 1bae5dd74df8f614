"""Pages of Panel with nothing around: the same figures, tables of the same size, one choice.

`python -m tests.bench.bare PORT FILE` serves them; FILE tells each page's figures and tables, as
they were found on ours.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import panel as pn
import panel_material_ui as pmui

if TYPE_CHECKING:
    from collections.abc import Callable

CHOICES = ["one", "other"]


def page(figures: list[dict[str, Any]], tables: list[list[int]]) -> pmui.Page:
    """One page; its choice draws every figure and table again."""
    frames = [_frame(rows, columns) for rows, columns, _ in tables]
    panes = [
        pn.pane.Plotly(one, height=one["layout"]["height"], css_classes=["card"]) for one in figures
    ]
    grids = [
        pn.widgets.Tabulator(
            frame,
            pagination="remote",
            page_size=size,
            disabled=True,
            show_index=False,
            css_classes=["card"],
        )
        for frame, (*_, size) in zip(frames, tables, strict=True)
    ]
    choice = pmui.Select(label="choice", options=CHOICES, value=CHOICES[0])

    def draw(event: Any) -> None:
        other = event.new != CHOICES[0]
        for pane, figure in zip(panes, figures, strict=True):
            data = [{**trace, "opacity": 0.8} for trace in figure["data"]]
            pane.object = {**figure, "data": data} if other else figure
        for grid, frame in zip(grids, frames, strict=True):
            grid.value = frame[::-1] if other else frame

    choice.param.watch(draw, "value")
    return pmui.Page(main=[pn.Column(choice, *panes, *grids)])


def _frame(rows: int, columns: int) -> pd.DataFrame:
    """Names and amounts, by turns."""
    number = np.arange(rows)
    kinds = [number * 1.5, pd.Series(number).map("Compte {:05d}".format)]
    return pd.DataFrame({f"c{n}": kinds[n % 2] for n in range(columns)})


def served(content: dict[str, Any]) -> Callable[[], pmui.Page]:
    """What the server calls for each visit; it asks for a plain function."""
    return lambda: page(content["figures"], content["tables"])


def main() -> None:
    """Serve until stopped."""
    port, path = int(sys.argv[1]), Path(sys.argv[2])
    pn.extension("plotly", "tabulator")
    told = json.loads(path.read_text("utf-8"))
    made = {name: served(content) for name, content in told.items()}
    pn.serve(made, port=port, address="127.0.0.1", websocket_origin=f"localhost:{port}", show=False)


if __name__ == "__main__":
    main()
