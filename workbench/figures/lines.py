"""Months in a line, against the same months of the year before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.figures import marks, palette, scales

if TYPE_CHECKING:
    from collections.abc import Sequence

    import plotly.graph_objects as go

    from workbench.figures.marks import Row
    from workbench.locale import Locale

_HEIGHT = 320


def against_last_year(
    listed: Sequence[Row],
    column: str,
    *,
    loc: Locale,
    title: str,
    more: Sequence[str] | None = None,
) -> go.Figure:
    """This year's months in blue, last year's in grey dashes; a month not yet over is hollow.

    Args:
        listed: rows with month (a date), the column, last_year, and partial where there is one.
        column: the amount drawn, in the reporting currency.
        loc: language.
        title: what the amount is.
        more: a further line of each month's hover.

    Returns:
        Two lines; a click gives the month as "2026-09".
    """
    months = [row["month"] for row in listed]
    now = [row[column] or 0.0 for row in listed]
    before = [row["last_year"] for row in listed]
    total = sum(now)
    drawn = marks.figure(
        loc,
        height=_HEIGHT,
        legend=True,
        xaxis=marks.months_axis(loc, months),
        yaxis=scales.money(loc, [*now, *(value or 0.0 for value in before)]).upright(title),
        margin={"r": 16},
    )
    hovers = [
        marks.hover(
            loc.month(row["month"]),
            loc.money(value),
            loc.t("un an plus tôt : {amount}", amount=loc.money(row["last_year"])),
            loc.percent(_change(value, row["last_year"]), sign=True),
            marks.share(loc, value, total),
            *([more[place]] if more else []),
            *([loc.t("mois en cours")] if row.get("partial") else []),
        )
        for place, (row, value) in enumerate(zip(listed, now, strict=True))
    ]
    keys = [f"{month:%Y-%m}" for month in months]
    places = list(range(len(months)))
    marks.add(
        drawn,
        "scatter",
        name=loc.t("un an plus tôt"),
        x=places,
        y=before,
        mode="lines",
        line={"color": palette.BEFORE, "width": 2, "dash": "dash"},
        customdata=keys,
        hoverinfo="skip",
    )
    marks.add(
        drawn,
        "scatter",
        name=loc.t("cette année"),
        x=places,
        y=now,
        mode="lines+markers",
        line={"color": palette.NOW, "width": 2.5},
        marker={
            "size": 8,
            "symbol": ["circle-open" if row.get("partial") else "circle" for row in listed],
        },
        cliponaxis=False,
        customdata=keys,
        hovertext=hovers,
        hovertemplate=marks.HOVER,
    )
    return drawn


def _change(now: float, before: float | None) -> float | None:
    return now / before - 1 if before else None
