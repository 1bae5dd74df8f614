"""A plotly figure on a page.

Panel's own pane is not used: panel-material-ui lays its theme over every figure in it, margins of
64 pixels and pale marks included, and whatever it lays comes back to the server as a change. This
draws the figure as it was made, takes plotly.js as Panel ships it, and exchanges the template when
the page turns dark, in the browser alone.
"""

from __future__ import annotations

import json
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import panel as pn
import param
from panel.custom import JSComponent
from plotly.io.json import to_json_plotly

from dashboards import theme
from workbench.figures.palette import TEMPLATES

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    import plotly.graph_objects as go

PLOTLY = "static/extensions/panel/bundled/plotlyplot/plotly-3.1.0.min.js"
_DROPPED = ("height", "width", "template")


class Chart(JSComponent):
    """A figure that fills its card's width; `on_click` gets the point that was clicked."""

    figure = param.String(default="", doc="Plotly's JSON; empty: nothing drawn yet.")
    templates = param.String(default="{}", doc="Plotly's JSON of both templates.")
    dark = param.Boolean(default=False)
    label = param.String(default="", doc="What the figure shows, for who can't see it.")

    _esm = theme.script("chart")

    _stylesheets = [theme.sheet("chart")]  # noqa: RUF012 - as Panel documents it

    def __init__(
        self,
        on_click: Callable[[dict[str, Any]], Coroutine[Any, Any, None]] | None = None,
        **params: Any,
    ) -> None:
        super().__init__(  # type: ignore[no-untyped-call]  # Panel's own
            templates=_templates(), **params
        )
        self._on_click = on_click

    def draw(self, figure: go.Figure, *, separators: str, height: int | None = None) -> None:
        """Show this figure; what its card or the theme decides is taken off it."""
        made = figure.to_plotly_json()
        layout = {k: v for k, v in made["layout"].items() if k not in _DROPPED}
        # Bars grow with their rows: a figure that knows its height keeps it.
        self.height = made["layout"].get("height") or height or self.height
        layout["separators"] = separators
        self.figure = _json({"data": made["data"], "layout": layout, "height": self.height})

    def _handle_msg(self, data: dict[str, Any]) -> None:
        if self._on_click:
            pn.state.execute(partial(self._on_click, data))


def _json(made: dict[str, Any]) -> str:
    return str(to_json_plotly(made))


@cache
def _templates() -> str:
    return json.dumps({name: one.to_plotly_json() for name, one in TEMPLATES.items()})
