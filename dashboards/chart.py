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

from workbench.figures.palette import TEMPLATES

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import plotly.graph_objects as go

PLOTLY = "static/extensions/panel/bundled/plotlyplot/plotly-3.1.0.min.js"
_DROPPED = ("height", "width", "template")


class Chart(JSComponent):
    """A figure that fills its card's width; `on_click` gets the point that was clicked."""

    figure = param.String(default="", doc="Plotly's JSON; empty: nothing drawn yet.")
    templates = param.String(default="{}", doc="Plotly's JSON of both templates.")
    dark = param.Boolean(default=False)
    label = param.String(default="", doc="What the figure shows, for who can't see it.")

    _esm = """
    const ready = new Promise((done) => {
      const look = () => window.Plotly ? done(window.Plotly) : setTimeout(look, 20)
      look()
    })

    export function render({ model }) {
      const box = document.createElement("div")
      box.className = "chart"
      box.setAttribute("role", "img")
      box.setAttribute("aria-label", model.label)
      const templates = JSON.parse(model.templates)
      let drawn = false
      const draw = async () => {
        if (!model.figure) { return }
        const Plotly = await ready
        const { data, layout, height } = JSON.parse(model.figure)
        layout.template = templates[model.dark ? "dark" : "light"]
        layout.autosize = true
        layout.height = height
        await Plotly.react(box, data, layout, { displayModeBar: false, responsive: false })
        if (!drawn) {
          drawn = true
          box.on("plotly_click", ({ points: [point] }) => {
            const { x, y, z, label, id, customdata, curveNumber, pointNumber, data } = point
            model.send_msg(JSON.parse(JSON.stringify({
              x, y, z, label, id, customdata, curveNumber, pointNumber, trace: data.name,
            })))
          })
          new ResizeObserver(() => { if (box.clientWidth) { Plotly.Plots.resize(box) } }).observe(box)
        }
        box.dataset.drawn = Number(box.dataset.drawn || 0) + 1
      }
      model.on("figure", draw)
      model.on("dark", draw)
      draw()
      return box
    }
    """

    _stylesheets = [  # noqa: RUF012 - as Panel documents it
        """
        :host { overflow: hidden; }
        .chart { width: 100%; height: 100%; }
        .js-plotly-plot .plotly { direction: ltr; }
        .js-plotly-plot .plotly, .js-plotly-plot .plotly div { margin: 0; padding: 0; }
        .js-plotly-plot .plotly .main-svg { position: absolute; top: 0; left: 0; pointer-events: none; overflow: hidden; }
        .js-plotly-plot .plotly .svg-container { position: relative; }
        .js-plotly-plot .plotly svg a { fill: #447adb; }
        .js-plotly-plot .plotly .cursor-pointer { cursor: pointer; }
        .js-plotly-plot .plotly .cursor-crosshair { cursor: default; }
        .js-plotly-plot .plotly .main-svg .draglayer { pointer-events: all; }
        .js-plotly-plot .plotly .user-select-none { user-select: none; }
        .js-plotly-plot .plotly .modebar { display: none; }
        """
    ]

    def __init__(self, on_click: Callable[[dict[str, Any]], Awaitable[None]] | None = None, **params: Any):
        super().__init__(templates=_templates(), **params)
        self._on_click = on_click

    def draw(self, figure: go.Figure, *, separators: str, height: int | None = None) -> None:
        """Show this figure; what its card or the theme decides is taken off it."""
        made = figure.to_plotly_json()
        self.height = height or made["layout"].get("height") or self.height
        layout = {k: v for k, v in made["layout"].items() if k not in _DROPPED}
        # Bars grow with their rows: a figure that knows its height keeps it.
        self.height = made["layout"].get("height") or self.height
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
