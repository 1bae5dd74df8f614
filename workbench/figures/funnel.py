"""How accounts become clients: bars, mixes, cohorts, curves and moves, one figure per metric."""

from __future__ import annotations

from itertools import accumulate
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
    mature, prospects, clients = (row[name] or 0 for name in ("mature", "prospects", "clients"))
    values = [mature, prospects, clients]
    ends = {
        name: (row[f"{name}_low"] or 0, row[f"{name}_high"] or 0) for name in ("prospect", "client")
    }
    lows = [mature, *(low * mature for low, _ in ends.values())]
    highs = [mature, *(high * mature for _, high in ends.values())]
    names = [loc.t("Entrés"), loc.t("Prospects"), loc.t("Clients")]
    of_entered = [marks.rate(loc, row[f"{name}_rate"], *ends[name], base=mature) for name in ends]
    of_prospects = marks.rate(
        loc,
        row["client_of_prospects"],
        row["client_of_prospects_low"] or 0,
        row["client_of_prospects_high"] or 0,
        base=prospects,
    )
    steps = ["", of_entered[0], loc.t("{rate} des prospects", rate=of_prospects)]
    texts = [
        f"{loc.count(value)} · {step}" if step and mature else loc.count(value)
        for value, step in zip(values, steps, strict=True)
    ]
    said = [
        [],
        [loc.t("{rate} des entrés", rate=of_entered[0])],
        [
            loc.t("{rate} des prospects", rate=of_prospects),
            loc.t("{rate} des entrés", rate=of_entered[1]),
        ],
    ]
    hovers = [
        marks.hover(
            name, loc.plural(value, "{n} compte", "{n} comptes"), *(lines if mature else [])
        )
        for name, value, lines in zip(names, values, said, strict=True)
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
    known = [row for row in marks.rows(frame) if row["mature"]]
    listed = marks.largest(known, lambda row: row["mature"], every=every)
    names = [marks.named(loc, row) for row in listed]
    rates = [row[f"{to}_rate"] or 0.0 for row in listed]
    lows, highs = ([row[f"{to}_{end}"] or 0.0 for row in listed] for end in ("low", "high"))
    drawn = marks.bars(
        names,
        rates,
        keys=[marks.key(row) for row in listed],
        scale=scales.percent(loc, highs, loc.t("% des comptes entrés")),
        texts=[
            loc.percent(rate, base=row["mature"]) for rate, row in zip(rates, listed, strict=True)
        ],
        hovers=[
            marks.hover(
                name,
                marks.rate(loc, rate, low, high, base=row["mature"]),
                loc.t(
                    "{reached} sur {entered}",
                    reached=loc.count(row[f"{to}s"]),
                    entered=loc.plural(row["mature"], "{n} compte", "{n} comptes"),
                ),
            )
            for name, row, rate, low, high in zip(names, listed, rates, lows, highs, strict=True)
        ],
        colours=palette.STATUS[Status(to)],
        loc=loc,
        errors=(lows, highs),
    )
    return marks.partly(drawn, len(listed), len(known))


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
        marks.add(
            drawn,
            "bar",
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
        texts=[loc.number(row["rate"] * 100, base=row["entered"]) for row in listed],
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


def time_to_client(frame: pd.DataFrame, *, loc: Locale, every: bool = False) -> go.Figure:
    """The share that had become clients so many days after, one line for each group.

    Args:
        frame: `time_to_client`.
        loc: language.
        every: every group; else the seven that most accounts entered.

    Returns:
        Step lines; a click gives [group, day].
    """
    groups: dict[Any, list[marks.Row]] = {}
    for row in marks.rows(frame):
        groups.setdefault(marks.key(row), []).append(row)
    ordered = sorted(groups.values(), key=lambda line: -line[0]["at_risk"])
    largest = ordered if every else ordered[: marks.CATEGORIES]
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
        marks.add(
            drawn,
            "scatter",
            x=[row["day"] for row in line],
            y=[row["client_share"] for row in line],
            name=marks.short(name, 24),
            mode="lines",
            line={
                "shape": "hv",
                "width": 2.5,
                "color": palette.SERIES[place % len(palette.SERIES)],
                # Beyond seven, a colour comes again with another dash.
                "dash": palette.DASHES[
                    (place + place // len(palette.SERIES)) % len(palette.DASHES)
                ],
            },
            customdata=[[marks.key(row), row["day"]] for row in line],
            hovertext=[
                marks.hover(
                    name,
                    loc.plural(row["day"], "{n} jour", "{n} jours"),
                    loc.t(
                        "{part} devenus clients",
                        part=loc.percent(row["client_share"], base=line[0]["at_risk"]),
                    ),
                    loc.plural(so_far, "{n} client", "{n} clients"),
                    loc.plural(
                        line[0]["at_risk"], "sur {n} compte suivi", "sur {n} comptes suivis"
                    ),
                    loc.t(
                        "{part} perdus",
                        part=loc.percent(row["lost_share"], base=line[0]["at_risk"]),
                    ),
                )
                for row, so_far in zip(
                    line, accumulate(row["clients"] for row in line), strict=True
                )
            ],
            hovertemplate=marks.HOVER,
        )
    return marks.partly(drawn, len(largest), len(ordered))


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
