"""The marks that figures are drawn with: bars, lines, cells, and their labels and hovers.

Categories stand at whole numbers with their names as texts, so that two things of one name stay
two; each mark carries the key of what it shows as `customdata`, which is what a click gives back.
Scales of values are in `scales`, colours in `palette`.
"""

from __future__ import annotations

import datetime as dt
from html import escape
from typing import TYPE_CHECKING, Any

import pandas as pd
import plotly.graph_objects as go

from workbench.figures import palette
from workbench.locale import SMALLEST_BASE

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping, Sequence

    from workbench.figures.scales import Scale
    from workbench.locale import Locale

    Row = dict[Hashable, Any]

CATEGORIES = 7
"""Beyond so many categories the rest is gathered as "Autres"."""
OTHERS = "others"
"""The key of what was gathered."""
HOVER = "%{hovertext}<extra></extra>"

_LINE = 46
_DWARFS = 4  # so many times the longest bar, the rest leaves nothing of it to see
_SHORTEST = 18
_OPENED = 40
_COLUMNS_LABELLED = 14
_NARROW, _MANY, _FEW = 2, 7, 4


def plain(text: Any) -> str:
    """A text from data, as plotly will show it: markup in it stays text.

    >>> plain("<img src=x onerror=alert(1)> & Cie")
    '&lt;img src=x onerror=alert(1)&gt; &amp; Cie'
    """
    return escape(str(text), quote=False)


def short(text: Any, length: int) -> str:
    """A name cut to what a figure can bear; the hover has it whole.

    >>> short("Charpentes et Couvertures du Médoc", 22)
    'Charpentes et Couvert…'
    """
    text = str(text)
    return plain(text if len(text) <= length else text[: length - 1].rstrip() + "…")


def hover(label: Any, *lines: str) -> str:
    """What a mark says when it is pointed at: what it is in bold, then a line for each number.

    >>> hover("Adour & fils", "12 comptes")
    '<b>Adour &amp; fils</b><br>12 comptes'
    """
    return "<br>".join([f"<b>{plain(label)}</b>", *lines])


def share(loc: Locale, value: float, total: float) -> str:
    """The line of a hover that says how much of the whole a mark is."""
    return loc.t("{part} du total", part=loc.percent(value / total if total else None))


def interval(loc: Locale, low: float, high: float) -> str:
    """A 95 % interval, in per cent: "[12,6–14,1]"."""
    return f"[{loc.number(low * 100, 1)}–{loc.number(high * 100, 1)}]"


def rate(loc: Locale, value: float | None, low: float, high: float, *, base: float) -> str:
    """A rate with its interval: "25,0 % [20,0–31,5]"; neither where its base is too small."""
    if base < SMALLEST_BASE:
        return loc.percent(value, base=base)
    return f"{loc.percent(value)} {interval(loc, low, high)}"


def rows(frame: pd.DataFrame) -> list[Row]:
    """The frame's rows, what is missing in them as None.

    >>> rows(pd.DataFrame({"id": pd.array([1, None], dtype="Int64")}))
    [{'id': 1}, {'id': None}]
    """
    return [
        {name: None if _missing(value) else value for name, value in row.items()}
        for row in frame.to_dict("records")
    ]


def _missing(value: Any) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or value != value  # noqa: PLR0124 - NaN


def named(loc: Locale, row: Row) -> str:
    """A group's name; what belongs to none, or to somebody whom the viewer may not see, says so.

    >>> from workbench.locale import FR
    >>> named(FR, {"group": "2026-09"}), named(FR, {"group": "2026-Q3"})
    ('sept. 2026', 'T3 2026')
    """
    name = row["group"]
    if name is None:
        return loc.t("Sans") if row.get("group_id") is None else loc.t("autre commercial")
    match str(name).split("-"):
        case [year, month] if year.isdigit() and month.isdigit():
            return loc.month(dt.date(int(year), int(month), 1))
        case [year, quarter] if year.isdigit() and quarter[:1] == "Q" and quarter[1:].isdigit():
            return loc.t("T{quarter} {year}", quarter=quarter[1:], year=year)
    return str(name)


def key(row: Row) -> Any:
    """What a click on a group's mark gives: its id, or its name where it has none."""
    return row["group"] if row.get("group_id") is None else row["group_id"]


def gathered(
    listed: Sequence[Row], sums: Sequence[str], *, loc: Locale, every: bool = False
) -> list[Row]:
    """At most seven rows as they come (forty if `every`), and the rest added up as "Autres"."""
    most = _OPENED if every else CATEGORIES
    if len(listed) <= most + 1:
        return list(listed)
    rest = listed[most:]
    others: Row = {column: sum(row[column] or 0 for row in rest) for column in sums}
    others |= {
        "group": loc.t("Autres ({count})", count=loc.count(len(rest))),
        "group_id": OTHERS,
    }
    return [*listed[:most], others]


def largest(
    listed: Sequence[Row], size: Callable[[Row], float], *, every: bool = False
) -> list[Row]:
    """The seven largest rows, in the order given (forty if `every`)."""
    most = _OPENED if every else CATEGORIES
    kept = sorted(range(len(listed)), key=lambda place: -size(listed[place]))[:most]
    return [listed[place] for place in sorted(kept)]


def partly(drawn: go.Figure, shown: int, whole: int) -> go.Figure:
    """The figure, telling that it shows so many groups of so many."""
    drawn.layout.meta = [shown, whole]
    return drawn


def beyond(keys: Sequence[Any], values: Sequence[float]) -> list[bool]:
    """Whether it is the rest, and so large that no other bar would be seen beside it.

    >>> beyond([1, 2, OTHERS], [10, 4, 90])
    [False, False, True]
    """
    longest = max((v for k, v in zip(keys, values, strict=True) if k != OTHERS), default=0)
    return [
        bool(k == OTHERS and 0 < longest * _DWARFS < v) for k, v in zip(keys, values, strict=True)
    ]


def figure(loc: Locale, *, height: int, legend: bool = False, **layout: Any) -> go.Figure:
    """An empty figure in the house's template, as wide as what it is put in."""
    own: dict[str, Any] = {
        "template": palette.TEMPLATES["light"],
        "separators": loc.separators,
        "height": height,
        "autosize": True,
        "showlegend": legend,
    }
    if legend:
        own["margin"] = {"t": 40}
    # At once: plotly looks each part over as often as it is told of it.
    return go.Figure(layout=_over(own, layout))


def _over(under: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """One dictionary laid over another, and so those within.

    >>> _over({"margin": {"t": 40}, "height": 1}, {"margin": {"r": 4}})
    {'margin': {'t': 40, 'r': 4}, 'height': 1}
    """
    both = dict(under)
    for name, value in above.items():
        held = both.get(name)
        if isinstance(held, dict) and isinstance(value, dict):
            both[name] = _over(held, value)
        else:
            both[name] = value
    return both


def add(drawn: go.Figure, kind: str, **props: Any) -> None:
    """Add a trace; told as a dictionary, plotly looks it over once and not twice."""
    drawn.add_trace({"type": kind, **props})


def row_names(
    names: Sequence[Any], texts: Sequence[str], *, legend: bool = False
) -> dict[str, Any]:
    """The layout of rows of bars: above each bar a line with its name left and its value right.

    Neither takes width from the bars, so a phone shows what a desk does.
    """
    line = {"xref": "paper", "showarrow": False, "yanchor": "bottom", "yshift": -2}
    notes = []
    for place, (name, text) in enumerate(zip(names, texts, strict=True)):
        room = max(_LINE - len(text), _SHORTEST)
        notes.append({**line, "y": place, "x": 0, "xanchor": "left", "text": short(name, room)})
        notes.append({**line, "y": place, "x": 1, "xanchor": "right", "text": plain(text)})
    return {
        "height": max(len(names), 1) * 46 + 52 + (34 if legend else 0),
        "yaxis": {"visible": False, "range": [len(names) - 0.5, -0.5]},
        "annotations": notes,
        "margin": {"r": 4, "l": 4, "t": 40 if legend else 8},
        # Plotly would rather let the axis' title run over its ticks than draw one row so low.
        "minreducedheight": 30,
    }


PLACED = {"width": 0.42, "offset": 0.02}
"""Where a bar stands in its row: under its name."""


def bars(
    names: Sequence[Any],
    values: Sequence[float],
    *,
    keys: Sequence[Any],
    scale: Scale,
    texts: Sequence[str],
    hovers: Sequence[str],
    colours: str | Sequence[str],
    loc: Locale,
    title: str = "",
    patterns: Sequence[str] | None = None,
    errors: tuple[Sequence[float], Sequence[float]] | None = None,
    legend: bool = False,
) -> go.Figure:
    """Horizontal bars from zero, one for each name.

    Args:
        names: what each bar is.
        values: how long it is, in the scale's unit before scaling.
        keys: what a click on it gives.
        scale: the value axis.
        texts: its label.
        hovers: its hover.
        colours: one for all, or one each.
        loc: language.
        title: what is measured, where the unit alone doesn't say.
        patterns: hatching of each, "" for none.
        errors: the lower and upper ends of each interval.
        legend: whether more bars follow that a legend must tell apart.
    """
    drawn = figure(
        loc,
        legend=legend,
        xaxis=scale.axis(title),
        **row_names(names, texts, legend=legend),
    )
    add(
        drawn,
        "bar",
        orientation="h",
        x=list(values),
        y=list(range(len(names))),
        **PLACED,
        customdata=list(keys),
        hovertext=list(hovers),
        hovertemplate=HOVER,
        marker={
            "color": colours if isinstance(colours, str) else list(colours),
            "pattern": pattern(patterns),
        },
        error_x=error_bars(values, errors),
    )
    return drawn


def error_bars(
    values: Sequence[float], ends: tuple[Sequence[float], Sequence[float]] | None
) -> dict[str, Any] | None:
    """Intervals given by their ends, as plotly wants them: as distances."""
    if ends is None:
        return None
    lows, highs = ends
    return {
        "type": "data",
        "symmetric": False,
        "arrayminus": [round(value - low, 9) for value, low in zip(values, lows, strict=True)],
        "array": [round(high - value, 9) for value, high in zip(values, highs, strict=True)],
        "color": palette.SLATE,
        "thickness": 1.5,
        "width": 4,
    }


def pattern(shapes: Sequence[str] | None) -> dict[str, Any] | None:
    """Hatching drawn over a bar's own colour, or none."""
    if not shapes or not any(shapes):
        return None
    return {
        "shape": list(shapes),
        "fillmode": "overlay",
        "fgcolor": "rgba(255,255,255,0.75)",
        "size": 6,
        "solidity": 0.25,
    }


def cells(
    names: Sequence[Any],
    columns: Sequence[str],
    values: Sequence[tuple[int, int, float]],
    *,
    keys: Sequence[Any],
    texts: Sequence[str],
    hovers: Sequence[str],
    unit: str,
    loc: Locale,
    hatched: Sequence[bool] | None = None,
) -> go.Figure:
    """A heat map: at (row, column) a cell, deeper the nearer its value is to the largest.

    Drawn as bars of length one rather than as plotly's heat map, whose cells can't be hatched and
    don't say in a click what they carry. Each cell's text is black or white by its depth; `meta`
    has that for a dark page, whose scale runs the other way.
    """
    largest = max((value for _, _, value in values), default=0) or 1
    depths = [value / largest for _, _, value in values]
    inks = [[palette.ink(theme, at) for at in depths] for theme in (palette.LIGHT, palette.DARK)]
    hatching = pattern(["/" if one else "" for one in hatched or ()])
    every = -(-len(columns) // (_FEW if max(map(len, columns), default=0) > _NARROW else _MANY))
    drawn = figure(
        loc,
        height=max(len(names), 2) * 28 + 78,
        barmode="overlay",
        coloraxis={"showscale": False, "cmin": 0, "cmax": largest},
        yaxis={
            "tickvals": list(range(len(names))),
            "ticktext": [short(name, 16) for name in names],
            "range": [len(names) - 0.5, -0.5],
            "showgrid": False,
        },
        xaxis={
            "title": {"text": unit},
            "tickvals": list(range(0, len(columns), every)),
            "ticktext": [plain(column) for column in columns[::every]],
            "tickangle": 0,
            "range": [-0.5, len(columns) - 0.5],
            "showgrid": False,
        },
    )
    add(
        drawn,
        "bar",
        orientation="h",
        base=[column - 0.47 for _, column, _ in values],
        x=[0.94] * len(values),
        y=[line for line, _, _ in values],
        width=0.92,
        customdata=list(keys),
        text=list(texts) if len(columns) <= _COLUMNS_LABELLED else None,
        textposition="inside",
        insidetextanchor="middle",
        constraintext="none",
        textangle=0,
        textfont={"size": 11, "color": inks[0]},
        meta={"dark": inks[1]},
        hovertext=list(hovers),
        hovertemplate=HOVER,
        marker={
            "color": [value for _, _, value in values],
            "coloraxis": "coloraxis",
            # A grey that is seen on pale and on deep cells, and leaves both their text.
            "pattern": hatching and {**hatching, "fgcolor": "rgba(128,128,128,0.45)"},
        },
    )
    return drawn


def months_axis(loc: Locale, months: Sequence[dt.date]) -> dict[str, Any]:
    """A time axis of months, as few of them named as a phone can bear."""
    every = -(-len(months) // _FEW)
    return {
        "tickvals": list(range(0, len(months), every)),
        "ticktext": [loc.month(month) for month in months[::every]],
        "tickangle": 0,
        "range": [-0.4, len(months) - 0.6],
        "showgrid": False,
    }
