"""How accounts become clients: bars, mixes, cohorts, curves and moves, one figure per metric."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.figures import marks, palette, scales
from workbench.vocabulary import Status

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

    from workbench.locale import Locale

_DAYS = 90


def funnel_conversion(frame: pd.DataFrame, *, loc: Locale) -> go.Figure:
    """Suspect, prospect, client: of the mature accounts how many got so far, with intervals.

    Args:
        frame: `funnel_conversion` with `by=None`, one row.
        loc: language.

    Returns:
        Three bars; a click gives the status.
    """
    row = marks.rows(frame)[0]
    mature = row["mature"] or 0
    values = [mature, row["prospects"] or 0, row["clients"] or 0]
    lows = [mature, (row["prospect_low"] or 0) * mature, (row["client_low"] or 0) * mature]
    highs = [mature, (row["prospect_high"] or 0) * mature, (row["client_high"] or 0) * mature]
    names = [loc.t("Entrés"), loc.t("Prospects"), loc.t("Clients")]
    rates = [None, row["prospect_rate"], row["client_rate"]]
    ranges = [
        "",
        _range(loc, row["prospect_low"], row["prospect_high"]),
        _range(loc, row["client_low"], row["client_high"]),
    ]
    texts = [
        loc.count(value) if rate is None else f"{loc.count(value)} · {loc.percent(rate)} {ends}"
        for value, rate, ends in zip(values, rates, ranges, strict=True)
    ]
    hovers = [
        marks.hover(
            name,
            loc.plural(value, "{n} compte", "{n} comptes"),
            *(
                [loc.t("{rate} des entrés {ends}", rate=loc.percent(rate), ends=ends)]
                if rate is not None
                else []
            ),
        )
        for name, value, rate, ends in zip(names, values, rates, ranges, strict=True)
    ]
    return marks.bars(
        names,
        values,
        keys=[Status.SUSPECT.value, Status.PROSPECT.value, Status.CLIENT.value],
        scale=scales.count(loc, values, loc.t("comptes")),
        texts=texts,
        hovers=hovers,
        colours=[palette.STATUS[s] for s in (Status.SUSPECT, Status.PROSPECT, Status.CLIENT)],
        loc=loc,
        errors=(lows, highs),
    )


def _range(loc: Locale, low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else marks.interval(loc, low, high)


def conversion_by_group(
    frame: pd.DataFrame, *, loc: Locale, to: str = "client", every: bool = False
) -> go.Figure:
    """The rate of each group with its 95 % interval: where we convert well, and where badly.

    Args:
        frame: `funnel_conversion` by a column.
        loc: language.
        to: prospect or client.
        every: every group; else the seven that most accounts entered.

    Returns:
        Bars with error bars; a click gives the group.
    """
    listed = [row for row in marks.rows(frame) if row["mature"]]
    if not every:
        most = sorted(listed, key=lambda row: -row["mature"])[: marks.CATEGORIES]
        listed = [row for row in listed if row in most]
    return _rates(
        listed,
        rate=f"{to}_rate",
        ends=(f"{to}_low", f"{to}_high"),
        base="mature",
        unit=loc.t("% des comptes entrés"),
        colour=palette.STATUS[Status(to)],
        loc=loc,
    )


def _rates(
    listed: list[marks.Row],
    *,
    rate: str,
    ends: tuple[str, str],
    base: str,
    unit: str,
    colour: str,
    loc: Locale,
) -> go.Figure:
    names = [marks.named(loc, row) for row in listed]
    values = [row[rate] or 0.0 for row in listed]
    lows, highs = ([row[end] or 0.0 for row in listed] for end in ends)
    return marks.bars(
        names,
        values,
        keys=[marks.key(row) for row in listed],
        scale=scales.percent(loc, highs, unit),
        texts=[loc.percent(row[rate], base=row[base]) for row in listed],
        hovers=[
            marks.hover(
                name,
                f"{loc.percent(row[rate])} {marks.interval(loc, low, high)}",
                loc.plural(row[base], "sur {n} compte", "sur {n} comptes"),
            )
            for name, row, low, high in zip(names, listed, lows, highs, strict=True)
        ],
        colours=colour,
        loc=loc,
        errors=(lows, highs),
    )


def funnel_stock(frame: pd.DataFrame, *, loc: Locale) -> go.Figure:
    """Accounts by status as of the date.

    Args:
        frame: `funnel_stock` with `by=None`.
        loc: language.

    Returns:
        A bar for each status; a click gives the status.
    """
    listed = marks.rows(frame)
    values = [row["accounts"] for row in listed]
    words = [Status(row["status"]) for row in listed]
    names = [loc.label(word) for word in words]
    total = sum(values)
    return marks.bars(
        names,
        values,
        keys=[word.value for word in words],
        scale=scales.count(loc, values, loc.t("comptes")),
        texts=[f"{loc.count(row['accounts'])} · {loc.percent(row['share'])}" for row in listed],
        hovers=[
            marks.hover(
                name,
                loc.plural(value, "{n} compte", "{n} comptes"),
                marks.share(loc, value, total),
            )
            for name, value in zip(names, values, strict=True)
        ],
        colours=[palette.STATUS[word] for word in words],
        patterns=[palette.LOST_PATTERN if word is Status.LOST else "" for word in words],
        loc=loc,
    )


def groups_by_size(frame: pd.DataFrame) -> list[marks.Row]:
    """The groups of `funnel_stock` by a column, the largest first, with their count by status."""
    groups: dict[Any, marks.Row] = {}
    for row in marks.rows(frame):
        group = groups.setdefault(
            marks.key(row),
            {"group": row["group"], "group_id": row["group_id"], **dict.fromkeys(Status, 0)},
        )
        group[Status(row["status"])] = row["accounts"]
    return sorted(groups.values(), key=lambda group: -sum(group[word] for word in Status))


def stock_by_group(frame: pd.DataFrame, *, loc: Locale, every: bool = False) -> go.Figure:
    """The mix of statuses within each group, side by side.

    Args:
        frame: `funnel_stock` by a column.
        loc: language.
        every: every group; else the largest, and the rest as one.

    Returns:
        Stacked bars of 100 %; a click gives [group, status].
    """
    listed = marks.gathered(groups_by_size(frame), list(Status), loc=loc, every=every)
    totals = [sum(row[word] for word in Status) for row in listed]
    names = [marks.named(loc, row) for row in listed]
    drawn = marks.figure(
        loc,
        legend=True,
        barmode="stack",
        xaxis=scales.percent(loc, [1.0], loc.t("% des comptes")).axis(),
        **marks.row_names(
            names,
            [loc.plural(total, "{n} compte", "{n} comptes") for total in totals],
            legend=True,
        ),
    )
    for word in Status:
        counts = [row[word] for row in listed]
        if not any(counts):
            continue
        parts = [count / total if total else 0 for count, total in zip(counts, totals, strict=True)]
        drawn.add_bar(
            orientation="h",
            name=loc.label(word),
            x=parts,
            y=list(range(len(listed))),
            **marks.PLACED,
            customdata=[[marks.key(row), word.value] for row in listed],
            hovertext=[
                marks.hover(
                    f"{name} · {loc.label(word)}",
                    loc.plural(count, "{n} compte", "{n} comptes"),
                    loc.t("{part} du groupe", part=loc.percent(part)),
                )
                for name, count, part in zip(names, counts, parts, strict=True)
            ],
            hovertemplate=marks.HOVER,
            marker={
                "color": palette.STATUS[word],
                "pattern": marks.pattern(
                    [palette.LOST_PATTERN if word is Status.LOST else ""] * len(listed)
                ),
            },
        )
    return drawn


def cohort_curve(frame: pd.DataFrame, *, loc: Locale) -> go.Figure:
    """Of each cohort, the share that had got there so many months after; immature ones hatched.

    Args:
        frame: `cohort_curve`.
        loc: language.

    Returns:
        A heat map; a click gives [group, month after].
    """
    listed = [row for row in marks.rows(frame) if row["rate"] is not None]
    groups = list(dict.fromkeys(marks.key(row) for row in listed))
    names = {marks.key(row): marks.named(loc, row) for row in listed}
    months = sorted({int(row["month_after"]) for row in listed})
    return marks.cells(
        [names[group] for group in groups],
        [str(month) for month in months],
        [
            (groups.index(marks.key(row)), months.index(row["month_after"]), row["rate"])
            for row in listed
        ],
        keys=[[marks.key(row), row["month_after"]] for row in listed],
        texts=[loc.number(row["rate"] * 100) for row in listed],
        hovers=[
            marks.hover(
                names[marks.key(row)],
                loc.plural(
                    row["month_after"], "{n} mois après l’entrée", "{n} mois après l’entrée"
                ),
                loc.t(
                    "{rate} : {reached} sur {entered}",
                    rate=loc.percent(row["rate"], base=row["entered"]),
                    reached=loc.count(row["reached"]),
                    entered=loc.count(row["entered"]),
                ),
                *([loc.t("cohorte encore jeune")] if row["immature"] else []),
            )
            for row in listed
        ],
        hatched=[bool(row["immature"]) for row in listed],
        unit=loc.t("mois après l’entrée · % de la cohorte"),
        loc=loc,
    )


def time_to_client(frame: pd.DataFrame, *, loc: Locale) -> go.Figure:
    """The share that had become clients so many days after, one line for each group.

    Args:
        frame: `time_to_client`.
        loc: language.

    Returns:
        Step lines, at most seven groups (those that most accounts entered).
    """
    groups: dict[Any, list[marks.Row]] = {}
    for row in marks.rows(frame):
        groups.setdefault(marks.key(row), []).append(row)
    largest = sorted(groups.values(), key=lambda line: -line[0]["at_risk"])[: marks.CATEGORIES]
    shares = [row["client_share"] for line in largest for row in line]
    last = max((row["day"] for line in largest for row in line), default=0)
    days = list(range(0, int(last) + 1, _step(last)))
    drawn = marks.figure(
        loc,
        height=340 + 10 * len(largest),
        legend=len(largest) > 1,
        xaxis={
            "title": {"text": loc.t("jours")},
            "tickvals": days,
            "ticktext": [loc.count(day) for day in days],
            "tickangle": 0,
            "range": [0, last or 1],
            "showgrid": False,
        },
        yaxis=scales.percent(loc, [*shares, 0.0], loc.t("% devenus clients")).upright(),
        margin={"r": 20},
    )
    for place, line in enumerate(largest):
        name = marks.named(loc, line[0]) if line[0]["group"] else loc.t("Tous")
        drawn.add_scatter(
            x=[row["day"] for row in line],
            y=[row["client_share"] for row in line],
            name=marks.short(name, 24),
            mode="lines",
            line={
                "shape": "hv",
                "width": 2.5,
                "color": palette.SERIES[place],
                "dash": palette.DASHES[place],
            },
            customdata=[marks.key(row) for row in line],
            hovertext=[
                marks.hover(
                    name,
                    loc.plural(row["day"], "{n} jour", "{n} jours"),
                    loc.t("{part} devenus clients", part=loc.percent(row["client_share"])),
                    loc.t("{part} perdus", part=loc.percent(row["lost_share"])),
                )
                for row in line
            ],
            hovertemplate=marks.HOVER,
        )
    return drawn


def _step(last: float) -> int:
    """Quarters of a year, as many of them as leave at most six ticks."""
    return _DAYS * max(1, -(-int(last) // (_DAYS * 6)))


def status_transitions(frame: pd.DataFrame, *, loc: Locale) -> go.Figure:
    """From which status to which accounts moved; backward moves hatched.

    Args:
        frame: `status_transitions`.
        loc: language.

    Returns:
        A bar for each move; a click gives [from, to].
    """
    listed = sorted(marks.rows(frame), key=lambda row: -row["moves"])
    names = [
        f"{loc.label(Status, row['from_status'])} → {loc.label(Status, row['to_status'])}"
        for row in listed
    ]
    values = [row["moves"] for row in listed]
    total = sum(values)
    return marks.bars(
        names,
        values,
        keys=[[row["from_status"], row["to_status"]] for row in listed],
        scale=scales.count(loc, values, loc.t("passages")),
        texts=[
            loc.t(
                "{moves} · {days} j",
                moves=loc.count(row["moves"]),
                days=loc.count(row["median_days"]),
            )
            for row in listed
        ],
        hovers=[
            marks.hover(
                name,
                loc.plural(row["moves"], "{n} passage", "{n} passages"),
                loc.plural(row["accounts"], "{n} compte", "{n} comptes"),
                loc.t("médiane : {days} jours", days=loc.count(row["median_days"])),
                marks.share(loc, row["moves"], total),
            )
            for name, row in zip(names, listed, strict=True)
        ],
        colours=[palette.STATUS[Status(row["to_status"])] for row in listed],
        patterns=["/" if row["backward"] else "" for row in listed],
        loc=loc,
    )
