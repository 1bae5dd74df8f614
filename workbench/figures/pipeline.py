"""What is in play: deals by stage and closing month, how they pass from stage to stage, what wins.

Amounts are drawn pale, their weighted part deep; stages keep one hue from first to last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.figures import lines, marks, palette, scales
from workbench.vocabulary import LossReason

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd
    import plotly.graph_objects as go

    from workbench.locale import Locale


def stage_colours(listed: Iterable[marks.Row]) -> Mapping[Any, str]:
    """The colour of each stage, by its id: the ramp in the order of the stages' positions."""
    places = {row["stage_id"]: (row["pipeline"], row["position"]) for row in listed}
    ordered = sorted(places, key=lambda stage: places[stage])
    return dict(zip(ordered, palette.stage_ramp(len(ordered)), strict=True))


def _stage(row: marks.Row, *, loc: Locale, several: bool) -> str:
    name = loc.t(str(row["stage"]))
    return f"{name} · {row['pipeline']}" if several else name


def _in_use(frame: pd.DataFrame) -> list[marks.Row]:
    """The stages of the pipelines in which there are deals."""
    listed = marks.rows(frame)
    used = {row["pipeline"] for row in listed if row["deals"]}
    return [row for row in listed if row["pipeline"] in used]


def pipeline_by_stage(frame: pd.DataFrame, *, loc: Locale) -> go.Figure:
    """Open deals by stage: the amount pale, its weighted part deep upon it, the count beside.

    Where no deal has an amount yet, their counts are drawn.

    Args:
        frame: `pipeline_by_stage` with `by=None`.
        loc: language.

    Returns:
        Bars upon bars; a click gives the stage's id.
    """
    listed = _in_use(frame)
    if not any(row["amount"] for row in listed):
        return deals_by_stage(frame, loc=loc)
    several = len({row["pipeline"] for row in listed}) > 1
    names = [_stage(row, loc=loc, several=several) for row in listed]
    total = sum(row["amount"] or 0 for row in listed)
    texts = [
        " · ".join([loc.compact(row["amount"]), loc.plural(row["deals"], "{n} aff.", "{n} aff.")])
        for row in listed
    ]
    hovers = [
        marks.hover(
            name,
            loc.t("montant : {amount}", amount=loc.money(row["amount"])),
            loc.t("pondéré : {amount}", amount=loc.money(row["weighted"])),
            loc.plural(row["deals"], "{n} affaire", "{n} affaires"),
            marks.share(loc, row["amount"] or 0, total),
        )
        for name, row in zip(names, listed, strict=True)
    ]
    amounts = [row["amount"] or 0.0 for row in listed]
    scale = scales.money(loc, amounts)
    drawn = marks.bars(
        names,
        amounts,
        keys=[row["stage_id"] for row in listed],
        scale=scale,
        texts=texts,
        hovers=hovers,
        colours=palette.PALE,
        loc=loc,
        legend=True,
    )
    drawn.update_traces(name=loc.t("montant"))
    marks.add(
        drawn,
        "bar",
        orientation="h",
        name=loc.t("pondéré"),
        x=[row["weighted"] or 0.0 for row in listed],
        y=list(range(len(listed))),
        width=0.2,
        offset=0.13,
        customdata=[row["stage_id"] for row in listed],
        hovertext=hovers,
        hovertemplate=marks.HOVER,
        marker={"color": palette.BLUE},
    )
    return drawn.update_layout(barmode="overlay")


def deals_by_stage(frame: pd.DataFrame, *, loc: Locale) -> go.Figure:
    """How many deals stand at each stage, and how many of them are stalled.

    Args:
        frame: `pipeline_by_stage` with `by=None`.
        loc: language.

    Returns:
        Bars; a click gives the stage's id.
    """
    listed = _in_use(frame)
    several = len({row["pipeline"] for row in listed}) > 1
    names = [_stage(row, loc=loc, several=several) for row in listed]
    values = [row["deals"] for row in listed]
    total = sum(values)
    colours = stage_colours(listed)
    return marks.bars(
        names,
        values,
        keys=[row["stage_id"] for row in listed],
        scale=scales.count(loc, values, loc.t("affaires")),
        texts=[
            " · ".join(
                [
                    loc.count(row["deals"]),
                    loc.plural(row["stalled"], "{n} enlisée", "{n} enlisées"),
                ]
            )
            for row in listed
        ],
        hovers=[
            marks.hover(
                name,
                loc.plural(row["deals"], "{n} affaire", "{n} affaires"),
                loc.plural(row["stalled"], "dont {n} enlisée", "dont {n} enlisées"),
                loc.t("âge moyen : {days} j", days=loc.count(row["age_days"])),
                marks.share(loc, row["deals"], total),
            )
            for name, row in zip(names, listed, strict=True)
        ],
        colours=[colours[row["stage_id"]] for row in listed],
        loc=loc,
    )


def pipeline_by_month(frame: pd.DataFrame, *, loc: Locale) -> go.Figure:
    """Open deals by expected closing month, stacked by stage.

    Args:
        frame: `pipeline_by_stage` with `by="closing_month"`.
        loc: language.

    Returns:
        Columns; a click gives [month, stage's id]. Deals without a date stand last.
    """
    listed = marks.rows(frame)
    months = sorted({row["group"] for row in listed if row["group"]})
    if any(row["group"] is None and row["deals"] for row in listed):
        months.append(None)
    names = [
        marks.named(loc, {"group": month}) if month else loc.t("sans date") for month in months
    ]
    totals = dict.fromkeys(months, 0.0)
    for row in listed:
        if row["group"] in totals:
            totals[row["group"]] += row["amount"] or 0
    whole = sum(totals.values())
    every = -(-len(months) // 4)
    drawn = marks.figure(
        loc,
        height=300,
        legend=True,
        barmode="stack",
        yaxis=scales.money(loc, totals.values()).upright(loc.t("Montant")),
        xaxis={
            "tickvals": list(range(0, len(months), every)),
            "ticktext": names[::every],
            "tickangle": 0,
            "range": [-0.5, max(len(months), 1) - 0.5],
            "showgrid": False,
        },
    )
    colours = stage_colours(listed)
    several = len({row["pipeline"] for row in listed}) > 1
    for stage, colour in colours.items():
        own = [row for row in listed if row["stage_id"] == stage and row["group"] in totals]
        marks.add(
            drawn,
            "bar",
            name=marks.plain(_stage(own[0], loc=loc, several=several)) if own else "",
            x=[months.index(row["group"]) for row in own],
            y=[row["amount"] or 0.0 for row in own],
            customdata=[[row["group"], stage] for row in own],
            hovertext=[
                marks.hover(
                    f"{names[months.index(row['group'])]} · {loc.t(row['stage'])}",
                    loc.t("montant : {amount}", amount=loc.money(row["amount"])),
                    loc.t("pondéré : {amount}", amount=loc.money(row["weighted"])),
                    loc.plural(row["deals"], "{n} affaire", "{n} affaires"),
                    marks.share(loc, row["amount"] or 0, whole),
                )
                for row in own
            ],
            hovertemplate=marks.HOVER,
            marker={"color": colour},
        )
    return drawn


def stage_conversion(frame: pd.DataFrame, *, loc: Locale) -> go.Figure:
    """Of the deals that reached a stage, the share that went further, with its 95 % interval.

    Args:
        frame: `stage_conversion`.
        loc: language.

    Returns:
        Bars with error bars; a click gives the stage's id.
    """
    listed = [row for row in marks.rows(frame) if row["conversion"] is not None]
    several = len({row["pipeline"] for row in listed}) > 1
    names = [_stage(row, loc=loc, several=several) for row in listed]
    colours = stage_colours(listed)
    lows, highs = ([row[end] or 0.0 for row in listed] for end in ("low", "high"))
    return marks.bars(
        names,
        [row["conversion"] for row in listed],
        keys=[row["stage_id"] for row in listed],
        scale=scales.percent(loc, highs, loc.t("% passés à l’étape suivante")),
        texts=[loc.percent(row["conversion"], base=row["reached"]) for row in listed],
        hovers=[
            marks.hover(
                name,
                marks.rate(loc, row["conversion"], low, high, base=row["reached"]),
                loc.t("{count} arrivées là", count=loc.count(row["reached"])),
                loc.t("{count} perdues là", count=loc.count(row["lost_here"])),
                loc.t("{count} retours en arrière", count=loc.count(row["backward"])),
                loc.t("médiane : {days} jours", days=loc.count(row["median_days"])),
            )
            for name, row, low, high in zip(names, listed, lows, highs, strict=True)
        ],
        colours=[colours[row["stage_id"]] for row in listed],
        loc=loc,
        errors=(lows, highs),
    )


def win_rate(frame: pd.DataFrame, *, loc: Locale, every: bool = False) -> go.Figure:
    """Won among won and lost of each group, with its 95 % interval.

    Args:
        frame: `win_rate` by a column.
        loc: language.
        every: every group; else those that closed most.

    Returns:
        Bars with error bars; a click gives the group.
    """
    known = [row for row in marks.rows(frame) if row["rate"] is not None]
    listed = marks.largest(known, lambda row: row["won"] + row["lost"], every=every)
    listed.sort(key=lambda row: -row["rate"])
    names = [marks.named(loc, row) for row in listed]
    lows, highs = ([row[end] or 0.0 for row in listed] for end in ("low", "high"))
    drawn = marks.bars(
        names,
        [row["rate"] for row in listed],
        keys=[marks.key(row) for row in listed],
        scale=scales.percent(loc, highs, loc.t("% gagnées des affaires closes")),
        texts=[loc.percent(row["rate"], base=row["won"] + row["lost"]) for row in listed],
        hovers=[
            marks.hover(
                name,
                marks.rate(loc, row["rate"], low, high, base=row["won"] + row["lost"]),
                loc.plural(row["won"], "{n} gagnée", "{n} gagnées"),
                loc.plural(row["won"] + row["lost"], "sur {n} close", "sur {n} closes"),
            )
            for name, row, low, high in zip(names, listed, lows, highs, strict=True)
        ],
        colours=palette.WON,
        loc=loc,
        errors=(lows, highs),
    )
    return marks.partly(drawn, len(listed), len(known))


def loss_reasons(frame: pd.DataFrame, *, loc: Locale) -> go.Figure:
    """Why deals were lost, by count.

    Args:
        frame: `loss_reasons`.
        loc: language.

    Returns:
        Bars; a click gives the reason.
    """
    listed = marks.rows(frame)
    names = [
        loc.label(LossReason, row["reason"]) if row["reason"] else loc.t("Non renseigné")
        for row in listed
    ]
    values = [row["deals"] for row in listed]
    total = sum(values)
    return marks.bars(
        names,
        values,
        keys=[row["reason"] for row in listed],
        scale=scales.count(loc, values, loc.t("affaires perdues")),
        texts=[f"{loc.count(row['deals'])} · {loc.compact(row['amount'])}" for row in listed],
        hovers=[
            marks.hover(
                name,
                loc.plural(row["deals"], "{n} affaire", "{n} affaires"),
                loc.money(row["amount"]),
                marks.share(loc, row["deals"], total),
            )
            for name, row in zip(names, listed, strict=True)
        ],
        colours=palette.LOST,
        patterns=[palette.LOST_PATTERN] * len(listed),
        loc=loc,
    )


def won_by_month(frame: pd.DataFrame, *, loc: Locale) -> go.Figure:
    """Amount won each month, against the same months of the year before.

    Args:
        frame: `won_by_month`.
        loc: language.

    Returns:
        Two lines; a click gives the month as "2026-09".
    """
    listed = marks.rows(frame)
    return lines.against_last_year(
        listed,
        "amount",
        loc=loc,
        title=loc.t("Gagné"),
        more=[loc.plural(row["deals"], "{n} affaire", "{n} affaires") for row in listed],
    )
