"""What the reps do and what it brings: weeks, kinds, coverage, touches per won deal."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from workbench.figures import marks, palette, scales
from workbench.vocabulary import ActivityKind

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

    from workbench.locale import Locale

UNSEEN = -1
"""The key of those whom the viewer may not see."""

_WEEK = dt.timedelta(days=7)


def seen(frame: pd.DataFrame, *, loc: Locale, level: str = "rep") -> pd.DataFrame:
    """The rows of reps, or teams, whom the viewer may not see, under one key and name.

    Activities of an account count for whoever owned it that day, also when that is another rep.
    """
    key = f"{level}_id"
    unseen = frame[level].isna() & frame[key].notna()
    name = loc.t("autre commercial") if level == "rep" else loc.t("autre équipe")
    return frame.assign(
        **{key: frame[key].mask(unseen, UNSEEN), level: frame[level].mask(unseen, name)}
    )


def activity_by_rep(frame: pd.DataFrame, *, loc: Locale) -> go.Figure:
    """Activities of each rep in each week.

    Args:
        frame: `activity_by_rep` with `by="week"`; at `level="team"` a row is a team.
        loc: language.

    Returns:
        A heat map of rows by total, every week of the span standing there, those without any
        activity as zero; a click gives [rep or team id, Monday as "2026-09-28"].
    """
    who = "rep" if frame["rep_id"].notna().any() else "team"
    listed = marks.rows(seen(frame, loc=loc, level=who))
    counts: dict[Any, dict[dt.date, marks.Row]] = {}
    names: dict[Any, str] = {}
    for row in listed:
        names[row[f"{who}_id"]] = row[who] or loc.t("Sans")
        # A rep who changed team within the week has a row for each.
        cell = counts.setdefault(row[f"{who}_id"], {}).setdefault(row["period"], {})
        for column in ("activities", "two_way"):
            cell[column] = cell.get(column, 0) + row[column]
    ordered = sorted(
        counts, key=lambda one: -sum(row["activities"] for row in counts[one].values())
    )
    weeks = _weeks([row["period"] for row in listed])
    values, keys, hovers, texts = [], [], [], []
    for line, who in enumerate(ordered):
        for place, week in enumerate(weeks):
            row = counts[who].get(week, {})
            done = row.get("activities", 0)
            values.append((line, place, float(done)))
            keys.append([who, f"{week:%Y-%m-%d}"])
            texts.append(loc.count(done))
            hovers.append(
                marks.hover(
                    names[who],
                    loc.t("semaine du {day}", day=loc.date(week)),
                    loc.plural(done, "{n} action", "{n} actions"),
                    loc.t("dont {count} avec échange", count=loc.count(row.get("two_way", 0))),
                )
            )
    return marks.cells(
        [names[one] for one in ordered],
        [f"{week:%d/%m}" for week in weeks],
        values,
        keys=keys,
        texts=texts,
        hovers=hovers,
        unit=loc.t("semaine du · nombre d’actions"),
        loc=loc,
    )


def _weeks(mondays: list[dt.date]) -> list[dt.date]:
    if not mondays:
        return []
    first, last = min(mondays), max(mondays)
    return [first + _WEEK * step for step in range((last - first) // _WEEK + 1)]


def reps_by_size(frame: pd.DataFrame, *, loc: Locale) -> list[marks.Row]:
    """The reps of `activity_by_rep` with `by="total"`, the busiest first, those unseen as one."""
    listed = seen(frame, loc=loc)
    listed["team"] = listed["team"].mask(listed["rep_id"] == UNSEEN)
    who = listed.groupby(["rep_id", "rep", "team"], dropna=False, as_index=False)
    totals = marks.rows(who[["activities", "two_way"]].sum())
    return sorted(totals, key=lambda row: -row["activities"])


def kinds_by_size(frame: pd.DataFrame, *, loc: Locale) -> list[marks.Row]:
    """The kinds of `activity_by_rep`, the most frequent first, with their sums."""
    sums: dict[str, marks.Row] = {}
    for row in marks.rows(frame):
        kind = sums.setdefault(
            row["kind"],
            {
                "group_id": None,
                "group": row["kind"],
                "name": loc.label(ActivityKind, row["kind"]),
                "activities": 0,
                "two_way": 0,
            },
        )
        kind["activities"] += row["activities"]
        kind["two_way"] += row["two_way"]
    return sorted(sums.values(), key=lambda row: -row["activities"])


def activity_by_kind(frame: pd.DataFrame, *, loc: Locale, every: bool = False) -> go.Figure:
    """Activities by kind, those with the other side taking part deep.

    Args:
        frame: `activity_by_rep` with `by="kind"`.
        loc: language.
        every: every kind.

    Returns:
        Bars; a click gives the kind.
    """
    listed = marks.gathered(
        kinds_by_size(frame, loc=loc),
        ["activities", "two_way"],
        loc=loc,
        every=every,
    )
    names = [row.get("name", row["group"]) for row in listed]
    values = [row["activities"] for row in listed]
    total = sum(values)
    hovers = [
        marks.hover(
            name,
            loc.plural(row["activities"], "{n} action", "{n} actions"),
            loc.t("dont {count} avec échange", count=loc.count(row["two_way"])),
            marks.share(loc, row["activities"], total),
        )
        for name, row in zip(names, listed, strict=True)
    ]
    return marks.bars(
        names,
        values,
        keys=[marks.key(row) for row in listed],
        scale=scales.count(loc, values, loc.t("actions")),
        texts=[
            f"{loc.count(value)} · {loc.percent(value / total if total else None)}"
            for value in values
        ],
        hovers=hovers,
        colours=palette.BLUE,
        loc=loc,
    )


def activity_coverage(frame: pd.DataFrame, *, loc: Locale, every: bool = False) -> go.Figure:
    """Of the accounts that each owns, the share touched lately, least covered first.

    Args:
        frame: `activity_coverage` by a column.
        loc: language.
        every: every group; else the seven least covered.

    Returns:
        Bars with error bars; a click gives the group.
    """
    known = sorted(
        (row for row in marks.rows(frame) if row["coverage"] is not None),
        key=lambda row: row["coverage"],
    )
    listed = marks.largest(known, lambda row: -row["coverage"], every=every)
    names = [marks.named(loc, row) for row in listed]
    lows, highs = ([row[end] or 0.0 for row in listed] for end in ("low", "high"))
    drawn = marks.bars(
        names,
        [row["coverage"] for row in listed],
        keys=[marks.key(row) for row in listed],
        scale=scales.percent(loc, highs, loc.t("% des comptes touchés")),
        texts=[loc.percent(row["coverage"], base=row["owned"]) for row in listed],
        hovers=[
            marks.hover(
                name,
                marks.rate(loc, row["coverage"], low, high, base=row["owned"]),
                loc.t(
                    "{touched} comptes touchés sur {owned}",
                    touched=loc.count(row["touched"]),
                    owned=loc.count(row["owned"]),
                ),
            )
            for name, row, low, high in zip(names, listed, lows, highs, strict=True)
        ],
        colours=palette.BLUE,
        loc=loc,
        errors=(lows, highs),
    )
    return marks.partly(drawn, len(listed), len(known))


def touches_per_won(frame: pd.DataFrame, *, loc: Locale, every: bool = False) -> go.Figure:
    """Activities that a won deal took, by group, least first.

    Args:
        frame: `touches_per_won` by a column.
        loc: language.
        every: every group; else the seven that won most.

    Returns:
        Bars; a click gives the group.
    """
    known = [row for row in marks.rows(frame) if row["touches_per_deal"] is not None]
    listed = marks.largest(known, lambda row: row["deals"], every=every)
    listed.sort(key=lambda row: row["touches_per_deal"])
    names = [marks.named(loc, row) for row in listed]
    values = [row["touches_per_deal"] for row in listed]
    drawn = marks.bars(
        names,
        values,
        keys=[marks.key(row) for row in listed],
        scale=scales.number(loc, values, loc.t("actions par affaire gagnée")),
        texts=[loc.number(row["touches_per_deal"], 1, base=row["deals"]) for row in listed],
        hovers=[
            marks.hover(
                name,
                loc.t(
                    "{value} actions par affaire gagnée",
                    value=loc.number(value, 1, base=row["deals"]),
                ),
                loc.plural(row["deals"], "{n} affaire gagnée", "{n} affaires gagnées"),
                loc.plural(row["touches"], "{n} action", "{n} actions"),
            )
            for name, row, value in zip(names, listed, values, strict=True)
        ],
        colours=palette.BLUE,
        loc=loc,
    )
    return marks.partly(drawn, len(listed), len(known))
