"""The colours of things, the same on every surface, and plotly's template for each theme.

Derived from Okabe and Ito's colour-blind safe set, darkened or lightened so that neighbours differ
in lightness too and a grey print still tells them apart. Colours that must follow the theme (text,
grid, colour scales) live in the template only: whoever shows a figure on a dark page exchanges its
template and nothing else. Layout of marks is in `marks`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import plotly.graph_objects as go
from plotly.colors import sample_colorscale

from workbench.vocabulary import Status

BLUE = "#0072B2"
SKY = "#7FB8DE"
PALE = "#A9D0EC"
AMBER = "#DB9500"
GREEN = "#00825F"
RED = "#CF5A12"
PURPLE = "#A8648F"
GREY = "#BCC2CD"
SLATE = "#7C8698"

STATUS = {
    Status.SUSPECT: GREY,
    Status.PROSPECT: AMBER,
    Status.CLIENT: GREEN,
    Status.LOST: RED,
}
WON = GREEN
LOST = RED
LOST_PATTERN = "/"
NOW = BLUE
BEFORE = GREY
SERIES = (BLUE, AMBER, GREEN, PURPLE, RED, SKY, SLATE)
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot", "solid")

_EVEN = 0.179  # the luminance on which black and white read equally well
_RAMP = ["#A9D0EC", "#2F86C5", "#0A4F86"]


@dataclass(frozen=True)
class Theme:
    """What differs between a light and a dark page."""

    name: str
    ink: str
    muted: str
    grid: str
    surface: str
    scale: tuple[str, ...]


LIGHT = Theme(
    name="light",
    ink="#1F2937",
    muted="#5B6472",
    grid="#E3E6EB",
    surface="#FFFFFF",
    scale=("#F3F6F9", "#B9D7EC", "#5FA3D0", "#0072B2", "#0A4169"),
)
DARK = Theme(
    name="dark",
    ink="#E8EAED",
    muted="#AEB4BF",
    grid="#3A3F47",
    surface="#121212",
    scale=("#23272D", "#1D4767", "#0072B2", "#5FA9DA", "#C5E2F5"),
)


def stage_ramp(count: int) -> list[str]:
    """One hue from light to deep, for as many open stages in their order.

    >>> stage_ramp(2)
    ['#a9d0ec', '#0a4f86']
    """
    if count == 1:
        return [_RAMP[1].lower()]
    steps = [step / (count - 1) for step in range(count)]
    return [_hex(colour) for colour in sample_colorscale(_RAMP, steps, colortype="tuple")]


@cache
def ink(theme: Theme, depth: float) -> str:
    """Black or white, whichever reads better so deep in the theme's scale, from 0 to 1.

    >>> ink(LIGHT, 0), ink(LIGHT, 1), ink(DARK, 0), ink(DARK, 1)
    ('#000000', '#ffffff', '#ffffff', '#000000')
    """
    [colour] = sample_colorscale(list(theme.scale), [depth], colortype="tuple")
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]  # noqa: PLR2004 - sRGB's
    luminance = sum(part * c for part, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
    return "#ffffff" if luminance < _EVEN else "#000000"


def _hex(colour: tuple[float, float, float]) -> str:
    return "#" + "".join(f"{round(channel * 255):02x}" for channel in colour)


def template(theme: Theme) -> go.layout.Template:
    """Plotly's template for a theme: transparent, tight, quiet axes, no zoom by accident."""
    axis = {
        "automargin": True,
        "fixedrange": True,
        "gridcolor": theme.grid,
        "zeroline": False,
        "zerolinecolor": theme.grid,
        "linecolor": theme.grid,
        "tickfont": {"color": theme.muted, "size": 12},
        "title": {"font": {"color": theme.muted, "size": 12}, "standoff": 14},
    }
    scale = [[step / (len(theme.scale) - 1), colour] for step, colour in enumerate(theme.scale)]
    return go.layout.Template(
        layout={
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "font": {"color": theme.ink, "size": 12, "family": "Roboto, Segoe UI, sans-serif"},
            "colorway": list(SERIES),
            "colorscale": {"sequential": scale},
            "coloraxis": {"colorscale": scale},
            "margin": {"l": 0, "r": 8, "t": 8, "b": 0, "autoexpand": True},
            "xaxis": {**axis, "ticklabelstandoff": 6},
            "yaxis": axis,
            "dragmode": False,
            "hoverlabel": {
                "bgcolor": theme.surface,
                "bordercolor": theme.grid,
                "font": {"color": theme.ink, "size": 13},
                "align": "left",
            },
            "legend": {
                "orientation": "h",
                "yanchor": "bottom",
                "y": 1.0,
                "xanchor": "left",
                "x": 0,
                "font": {"size": 12},
                "itemclick": False,
                "itemdoubleclick": False,
                "traceorder": "normal",
            },
            "bargap": 0.25,
        },
        data={
            "icicle": [{"marker": {"line": {"color": theme.surface, "width": 1}}}],
            "bar": [{"marker": {"line": {"width": 0}}}],
        },
    )


TEMPLATES = {theme.name: template(theme) for theme in (LIGHT, DARK)}
