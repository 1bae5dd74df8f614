"""Cards: a number with its trend, a figure, or any content, each with its heading and definition.

Each registers with the session, which draws it when it is seen and again when filters change.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui

from dashboards import states, theme
from dashboards.browser import Sight
from dashboards.chart import Chart
from dashboards.session import Scope, Session, Slot
from workbench.locale import SMALLEST_BASE, missing
from workbench.metrics import catalog
from workbench.metrics.moves import Move
from workbench.tables import Kind

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

    import pandas as pd
    import plotly.graph_objects as go

    from dashboards.filters import Span
    from dashboards.tables import Rows
    from workbench.locale import Locale

_ids = itertools.count()
_INFO = (
    "M11 7h2v2h-2zm0 4h2v6h-2zm1-9C6.48 2 2 6.48 2 12s4.48 10 10 10 10-4.48 10-10S17.52 2 12 2zm0 "
    "18c-4.41 0-8-3.59-8-8s3.59-8 8-8 8 3.59 8 8-3.59 8-8 8z"
)
ROOM = 320
"""Pixels that a figure takes until its own height is known."""
FIRST_SCREEN = 4
"""So many figures and tables are drawn at once; the others when they are scrolled to."""
HERE, AWAY = {"display": "block"}, {"display": "none"}
"""Shows and hides what is made: a part that turns invisible has the browser lay out all anew."""
IN_SIGHT = 2
"""So many of them stand with the numbers on a desk's screen: they are drawn before the others."""


@dataclass(frozen=True)
class Number:
    """A card's number.

    Attributes:
        value: as it is shown, unit included: "3,0 M€".
        change: against another period or day, as a ratio; None where there is nothing to compare.
        points: whether the change is one of a rate, in points.
        against: which: both ends of a period, or the day.
        trend: the values of a sparkline, oldest first.
        good: whether more is better.
        exact: the full value, on hover.
        note: what else there is to say of it.
    """

    value: str
    change: float | None = None
    points: bool = False
    against: str = ""
    trend: Sequence[float] = ()
    good: bool = True
    exact: str = ""
    note: str = ""


def compared(loc: Locale, found: Mapping[Hashable, Any]) -> dict[str, Any]:
    """The change of a row of `KPI` against the period before, which names both its ends."""
    since, until = loc.date(found["previous_since"]), loc.date(found["previous_until"])
    rate = found["change_rate"]
    return {
        "change": None if missing(rate) else float(rate),
        "against": loc.t("contre {since} – {until}", since=since, until=until),
    }


def moved(loc: Locale, move: Move, before: Span, *, points: bool = False) -> dict[str, Any]:
    """The change of a number of the period against the one before; of a rate in points."""
    return {
        "change": move.points if points else move.rate,
        "points": points,
        "against": loc.t(
            "contre {since} – {until}", since=loc.date(before.start), until=loc.date(before.end)
        ),
    }


def since(loc: Locale, move: Move, day: dt.date, *, points: bool = False) -> dict[str, Any]:
    """The change of a stock since a day; of a rate in points."""
    return {
        "change": move.points if points else move.rate,
        "points": points,
        "against": loc.t("depuis le {day}", day=loc.date(day)),
    }


def followed(
    loc: Locale, history: pd.DataFrame, column: str, *, points: bool = False
) -> dict[str, Any]:
    """The trend of a stock or rate, and its change since the first day of its history."""
    if history.empty:
        return {}
    move = Move(history[column].iloc[-1], history[column].iloc[0])
    return {
        "trend": line(history[column]),
        **since(loc, move, history["date"].iloc[0], points=points),
    }


def line(values: Iterable[Any]) -> list[float]:
    """What of some values a sparkline draws: those that exist."""
    return [float(value) for value in values if not missing(value)]


def board(*cards: Any, **params: Any) -> pn.Column:
    """Cards in the page's grid of twelve columns."""
    return pn.Column(
        *cards,
        stylesheets=[theme.sheet("board")],
        sizing_mode="stretch_width",
        margin=0,
        **params,
    )


def later(
    session: Session, whole: pn.Column, make: Callable[[], list[Any]], height: int
) -> pn.Column:
    """Put further cards at a board's end once a reader comes near: they are many parts to send."""

    def fill(_: object) -> None:
        if whole.objects[-1] is place:
            whole.objects = [*whole.objects[:-1], *make()]

    slot = session.add(Slot(fill, timeless=True))
    place = still(Sight(on_seen=lambda: session.see(slot)), states.loading(height), width=12)
    place.css_classes = [*place.css_classes, "later"]
    whole.append(place)
    return whole


def stack(*cards: Any, width: int) -> pn.Column:
    """Cards one above the other in one place of the grid."""
    return pn.Column(
        *cards,
        stylesheets=[theme.sheet("board")],
        css_classes=["stack", f"w{width}"],
        sizing_mode="stretch_width",
        margin=0,
    )


def info(loc: Locale, metric: str | None) -> str:
    """The button that tells a metric's definition, from the catalog; nothing without a metric."""
    if metric is None:
        return ""
    entry = catalog.find(metric)
    name = f"info-{next(_ids)}"
    said = [
        (loc.t("Question"), entry.question.in_(loc.language)),
        (loc.t("Calcul"), entry.formula.in_(loc.language)),
        (loc.t("Unité"), entry.unit.in_(loc.language)),
        (loc.t("Source"), entry.source.in_(loc.language)),
    ]
    if any(meaning.startswith(Kind.RATIO) for meaning in entry.columns.values()):
        few = loc.t("non significatif : le taux porterait sur moins de {n}", n=SMALLEST_BASE)
        said.append((loc.t("n. s."), few))
    terms = "".join(f"<dt>{escape(term)}</dt><dd>{escape(text)}</dd>" for term, text in said)
    label = escape(loc.t("Définition"))
    return (
        # The card around it can be clicked too: what is clicked here stays here.
        f'<button class="info" onclick="event.stopPropagation()" popovertarget="{name}" '
        f'aria-label="{label}" title="{label}">'
        f'<svg viewBox="0 0 24 24" aria-hidden="true"><path d="{_INFO}"/></svg></button>'
        f'<div popover id="{name}" onclick="event.stopPropagation()">'
        f"<h3>{escape(entry.label.in_(loc.language))}</h3>"
        f"<dl>{terms}</dl></div>"
    )


def heading(loc: Locale, title: str, subtitle: str = "", metric: str | None = None) -> str:
    """A card's title, subtitle and definition."""
    below = f"<p>{escape(subtitle)}</p>" if subtitle else ""
    return f'<div class="head"><div><h2>{escape(title)}</h2>{below}</div>{info(loc, metric)}</div>'


def number(
    session: Session,
    label: str,
    compute: Callable[[Scope], Number],
    *,
    metric: str | None = None,
    rows: Callable[[Scope], Rows] | None = None,
    width: int = 2,
    timeless: bool = False,
) -> Any:
    """A card with one number, its change and its trend; a click shows the rows behind it.

    Args:
        session: of the page.
        label: what the number is.
        compute: the number, from a scope.
        metric: its name in the catalog, for the definition.
        rows: the rows behind it, adding up to it.
        width: columns of twelve on a desk.
        timeless: whether the period changes nothing in it.
    """
    about = info(session.loc, metric)
    pane = states.html(
        f'<div class="kpi"><div class="label">{escape(label)}</div>'
        '<div class="skeleton"></div></div>',
        "number",
    )

    def show(found: Number | Exception) -> None:
        if isinstance(found, Exception):
            pane.object = f'<div class="kpi">{states.error(session.loc, found)}</div>'
        else:
            pane.object = _number_html(session.loc, label, found, about)

    session.first.append(session.add(Slot(show, compute, timeless=timeless, ahead=True)))
    classes = ["card", "number", f"w{width}"]
    if rows is None:
        pane.css_classes = classes
        return pane

    async def drill(_: object) -> None:
        await session.drill.open(rows)

    return pmui.Clickable(
        pane, on_click=drill, css_classes=classes, sizing_mode="stretch_width", margin=0
    )


def _number_html(loc: Locale, label: str, number: Number, about: str) -> str:
    title = f' title="{escape(number.exact)}"' if number.exact else ""
    return (
        f'<div class="kpi"><div class="label">{escape(label)}</div>{about}'
        f'<div class="value"{title}>{escape(number.value)}</div>'
        f'<div class="change">{_change(loc, number)}</div>{sparkline(number.trend)}</div>'
    )


def _change(loc: Locale, number: Number) -> str:
    note = f'<span class="note">{escape(number.note)}</span>' if number.note else ""
    if number.change is None:
        return note
    up = bool(number.change > 0)
    arrow = "▲" if up else "▼" if number.change else "■"
    tone = "flat" if not number.change else "good" if up == number.good else "bad"
    against = escape(number.against)
    said = escape(
        loc.points(number.change) if number.points else loc.percent(number.change, sign=True)
    )
    return (
        f'<span class="{tone}" title="{against}">{arrow} {said}</span> '
        f'<span class="since">{against}</span>{note}'
    )


def sparkline(values: Sequence[float]) -> str:
    """A line of values as SVG that fills its box; nothing for fewer than two, or for zeros alone.

    >>> sparkline([1.0]), sparkline([0.0, 0.0])
    ('', '')
    """
    if len(values) < 2 or not any(values):  # noqa: PLR2004 - a line has two ends
        return ""
    low, high = min(0.0, *values), max(values)
    height = (high - low) or 1.0
    step = 100 / (len(values) - 1)
    points = " ".join(
        f"{index * step:.1f},{26 - 24 * (value - low) / height:.1f}"
        for index, value in enumerate(values)
    )
    return (
        '<svg class="spark" viewBox="0 0 100 28" preserveAspectRatio="none" aria-hidden="true">'
        f'<polygon points="0,28 {points} 100,28"/><polyline points="{points}"/></svg>'
    )


def figure(
    session: Session,
    title: str,
    draw: Callable[..., go.Figure | None],
    *,
    subtitle: str = "",
    metric: str | None = None,
    rows: Callable[[Scope, dict[str, Any]], Rows | None] | None = None,
    opens: bool = False,
    width: int = 6,
    height: int | None = None,
    also: Sequence[Any] = (),
    tools: Sequence[Any] = (),
    empty: str = "",
    lazy: bool = False,
    timeless: bool = False,
) -> pn.Column:
    """A card with a figure; a click on a mark shows the rows behind it.

    Args:
        session: of the page.
        title: the figure's subject, on the card.
        draw: the figure from a scope; None where there is nothing to show.
        subtitle: unit and how to read it.
        metric: its name in the catalog, for the definition.
        rows: the rows behind a clicked point (plotly's: x, y, customdata, curveNumber …).
        opens: whether `draw` takes `every`, and draws a part of its groups without.
        width: columns of twelve on a desk.
        height: of the figure, in pixels; its own, if not told.
        also: parameters besides the filters on which it depends (`state.param.by`).
        tools: widgets for this figure alone, between heading and figure.
        empty: why there may be nothing, and what to change.
        lazy: draw it only when it is seen, whatever its place on the page.
        timeless: whether the period changes nothing in it.
    """

    async def clicked(point: dict[str, Any]) -> None:
        if rows is not None:
            await session.drill.open(lambda scope: rows(scope, point))

    room = height or ROOM
    chart = Chart(
        clicked if rows else None,
        dark=session.dark,
        label=f"{title}. {subtitle}",
        height=room,
        sizing_mode="stretch_width",
        margin=0,
    )
    body = pn.Column(states.loading(room), sizing_mode="stretch_width", margin=(8, 0, 0, 0))
    opener = Opener(session)

    def compute(scope: Scope) -> go.Figure | None:
        return draw(scope, every=opener.every) if opens else draw(scope)

    def show(found: go.Figure | Exception | None) -> None:
        shown: Any = chart
        if isinstance(found, Exception):
            shown = states.html(states.error(session.loc, found), min_height=room)
        elif found is None:
            shown = states.html(states.empty(session.loc, empty), min_height=room)
        else:
            chart.draw(found, height=height, separators=session.loc.separators)
            opener.tell(found)
        if body[0] is not shown:
            body.objects = [shown]

    def redress(dark: bool) -> None:  # noqa: FBT001 - the theme's one bit
        chart.dark = dark

    session.redress.append(redress)
    slot = session.add(Slot(show, compute, timeless=timeless))
    opener.slot = slot
    return framed(
        session,
        slot,
        [
            states.html(heading(session.loc, title, subtitle, metric)),
            *tools,
            body,
            *([opener.view] if opens else []),
        ],
        width=width,
        also=also,
        lazy=lazy,
    )


class Opener:
    """The button below a figure that draws a part of its groups: how many, and all of them."""

    slot: Slot

    def __init__(self, session: Session) -> None:
        self.session = session
        self.every = False
        self.view = pmui.Button(
            label=" ", variant="text", size="small", margin=0, styles=AWAY, on_click=self._toggle
        )

    def tell(self, drawn: go.Figure) -> None:
        """Say how much of the whole this figure shows; nothing where it shows all anyway."""
        loc, (shown, whole) = self.session.loc, drawn.layout.meta or (0, 0)
        few = loc.t("Montrer moins")
        more = loc.t("{part} sur {whole} · tout voir", part=shown, whole=whole)
        self.view.param.update(
            label=few if self.every else more, styles=HERE if shown < whole or self.every else AWAY
        )

    async def _toggle(self, _: object) -> None:
        self.every = not self.every
        await self.session.redraw(self.slot)


def still(*content: Any, width: int) -> pn.Column:
    """A card whose content stays as it is."""
    return pn.Column(
        *content, css_classes=["card", f"w{width}"], sizing_mode="stretch_width", margin=0
    )


def framed(
    session: Session,
    slot: Slot,
    content: list[Any],
    *,
    width: int,
    also: Sequence[Any] = (),
    lazy: bool = False,
) -> pn.Column:
    """A card around content that a slot draws: when first seen, and when what it needs changes."""

    async def redraw(_: object) -> None:
        await session.redraw(slot)

    for parameter in also:
        parameter.owner.param.watch(redraw, parameter.name)
    if session.large < FIRST_SCREEN and not lazy:
        session.large += 1
        slot.ahead = session.large <= IN_SIGHT
        session.first.append(slot)
        sight = []
    else:
        sight = [Sight(on_seen=lambda: session.see(slot))]
    return pn.Column(
        *sight,
        *content,
        css_classes=["card", f"w{width}"],
        sizing_mode="stretch_width",
        margin=0,
    )
