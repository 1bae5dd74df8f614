"""What reps do: credited to the account's owner, and that rep's team, as of the activity's date."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np
import pandas as pd

from workbench.metrics import touches
from workbench.metrics.catalog import metric
from workbench.metrics.deals import DIMENSIONS, as_closed
from workbench.metrics.frames import collect, give, latest_first, looked_up, ratio
from workbench.metrics.groups import CALENDAR, GROUP, choice, keyed, labelled
from workbench.metrics.periods import (
    KPI,
    asked,
    compared,
    day,
    earliest,
    months_between,
    span,
    within,
)
from workbench.metrics.wins import won_deals

if TYPE_CHECKING:
    import datetime as dt

ROWS = {
    "id": "id",
    "date": "date",
    "week": "date: its Monday",
    "kind": "text: vocabulary.ActivityKind",
    "account_id": "id",
    "account": "text",
    "contact_id": "id",
    "opportunity_id": "id",
    "author_id": "id: who did it",
    "author": "text",
    "rep_id": "id: who is credited: the account's owner that day, else the author",
    "rep": "text",
    "team_id": "id: that rep's manager that day",
    "team": "text",
    "two_way": "flag: the other side took part",
    "minutes": "count",
    "subject": "text",
}
BY_REP = {
    "rep_id": "id: credited; null at level team",
    "rep": "text",
    "team_id": "id: that rep's manager on the day of the activity",
    "team": "text",
    "kind": "text: null unless it is asked for",
    "period": "date: Monday of the week, or first of the month; null unless asked for",
    "activities": "count",
    "two_way": "count: in which the other side took part",
    "minutes": "count",
}
BY_MONTH = {
    "month": "date: its first day",
    "activities": "count",
    "two_way": "count: in which the other side took part",
    "accounts": "count: distinct",
}
PER_WON = {
    **GROUP,
    "deals": "count: won in the period",
    "touches": "count: activities on them",
    "touches_per_deal": "number",
}
CREDIT = (
    (
        "Créditée au propriétaire du compte, et à son équipe, à la date de l’action ; à son auteur "
        "s’il n’y a ni compte ni propriétaire."
    ),
    (
        "Credited to the account's owner, and that rep's team, as of the activity's date; to its "
        "author where there is no account or owner."
    ),
)
PERIODS = {"week": ("period",), "month": ("period",), "kind": ("kind",),
           "kind_week": ("kind", "period"), "total": ()}  # fmt: skip


@metric(
    label=("Actions commerciales", "Activities"),
    question=(
        "Quelles actions sont derrière ce chiffre ?",
        "Which activities are behind this figure?",
    ),
    unit=("actions", "activities"),
    formula=CREDIT,
    source=(
        "historique des responsables et des équipes, au journal",
        "owner and team history of the journal",
    ),
    columns=ROWS,
)
def activity_rows(
    activities: nw.LazyFrame[Any],
    accounts: nw.LazyFrame[Any],
    owner_periods: nw.LazyFrame[Any],
    team_periods: nw.LazyFrame[Any],
    reps: nw.LazyFrame[Any],
    *,
    as_of: Any = None,
    since: Any = None,
    until: Any = None,
) -> nw.LazyFrame[Any]:
    """The activities behind `activity_by_rep`, the latest first.

    Args:
        activities: what was done.
        accounts: for names.
        owner_periods: who owned the account then.
        team_periods: who led that rep then.
        reps: for names.
        as_of: later activities don't count.
        since: first day.
        until: last day.
    """
    columns = ("id", "kind", "contact_id", "opportunity_id", "two_way", "minutes", "subject")
    period = {"as_of": as_of, "since": since, "until": until}
    rows = touches.credited(activities, owner_periods, team_periods, *columns, **period)
    rows = latest_first(rows, "date").reset_index(drop=True)
    who = collect(reps, "id", "name").set_index("id")["name"]
    names = collect(accounts, "id", "name").set_index("id")["name"]
    result = rows.assign(
        week=_monday(rows["date"]),
        account=looked_up(rows["account_id"], names),
        author_id=rows["rep_id"],
        author=looked_up(rows["rep_id"], who),
        rep_id=rows["credited"],
        rep=looked_up(rows["credited"], who),
        team=looked_up(rows["team_id"], who),
    )
    return give(result, activities, ROWS)


def _monday(dates: pd.Series[Any]) -> pd.Series[Any]:
    shift = np.timedelta64(4, "D")  # NumPy's weeks begin on Thursday, as 1970 did
    weeks = (dates.to_numpy("datetime64[D]") - shift).astype("datetime64[W]")
    return pd.Series((weeks + shift).astype("datetime64[us]"), index=dates.index)


@metric(
    label=("Activité par commercial", "Activity by rep"),
    question=("Que font les commerciaux ?", "What do the reps do?"),
    unit=("actions", "activities"),
    formula=CREDIT,
    source=(
        "historique des responsables et des équipes, au journal",
        "owner and team history of the journal",
    ),
    columns=BY_REP,
)
def activity_by_rep(
    activities: nw.LazyFrame[Any],
    owner_periods: nw.LazyFrame[Any],
    team_periods: nw.LazyFrame[Any],
    reps: nw.LazyFrame[Any],
    *,
    as_of: Any = None,
    by: str = "week",
    level: str = "rep",
    since: Any = None,
    until: Any = None,
) -> nw.LazyFrame[Any]:
    """Activities per rep or team, and per week, month, kind, kind and week, or in all.

    Args:
        activities: what was done.
        owner_periods: who owned the account then.
        team_periods: who led that rep then.
        reps: for names.
        as_of: later activities don't count.
        by: week, month, kind, kind_week or total.
        level: rep or team.
        since: first day.
        until: last day.
    """
    choice("grouping", by or "?", PERIODS)
    choice("level", level or "?", ("rep", "team"))
    keys = PERIODS[by]
    kinds = ("kind",) if "kind" in keys else ()
    counts = ["activities", "two_way", "minutes"]
    period = {"as_of": as_of, "since": since, "until": until}
    rows = touches.credited(
        activities, owner_periods, team_periods, *kinds, "two_way", "minutes", **period
    )
    two_way = rows["two_way"].fillna(value=False).astype("int64")
    daily = (
        rows.assign(rep_id=rows["credited"], activities=1, two_way=two_way)
        .groupby(["rep_id", "team_id", "date", *kinds], dropna=False, sort=False)[counts]
        .sum()
        .reset_index()
    )
    if "period" in keys:
        month = daily["date"].to_numpy("datetime64[M]").astype("datetime64[us]")
        daily["period"] = month if by == "month" else _monday(daily["date"])
    grouping = ["rep_id", "team_id", *keys] if level == "rep" else ["team_id", *keys]
    found = daily.groupby(grouping, dropna=False, sort=False)[counts].sum().reset_index()
    who = collect(reps, "id", "name").set_index("id")["name"]
    for name in ("rep_id", "kind", "period"):
        if name not in found:
            found[name] = pd.Series([None] * len(found), dtype=_EMPTY[name])
    found = found.assign(
        rep=looked_up(found["rep_id"].astype("Int64"), who), team=looked_up(found["team_id"], who)
    )
    ordered = found.sort_values(["team", "rep", "rep_id", "period", "kind"], kind="stable")
    return give(ordered, activities, BY_REP)


_EMPTY = {"rep_id": "Int64", "kind": "str", "period": "datetime64[us]"}


@metric(
    label=("Actions par affaire gagnée", "Touches per deal won"),
    question=("Combien d’actions faut-il pour gagner ?", "How many touches does a win take?"),
    unit=("actions par affaire", "activities per deal"),
    formula=(
        (
            "Actions sur l’affaire, ou sur son compte sans affaire nommée, de sa création au jour "
            "du gain / affaires gagnées dans la période."
        ),
        (
            "Activities on the deal, or on its account without a named deal, from its creation to "
            "the day of the win / deals won in the period."
        ),
    ),
    source=(
        "actions commerciales ; historique des affaires au journal",
        "activities; deal history of the journal",
    ),
    columns=PER_WON,
)
def touches_per_won(
    activities: nw.LazyFrame[Any],
    opportunities: nw.LazyFrame[Any],
    stages: nw.LazyFrame[Any],
    reps: nw.LazyFrame[Any],
    deal_periods: nw.LazyFrame[Any],
    team_periods: nw.LazyFrame[Any],
    *,
    as_of: Any = None,
    by: str | None = "owner",
    since: Any = None,
    until: Any = None,
) -> nw.LazyFrame[Any]:
    """Touches of the deals won in the period.

    Args:
        activities: what was done.
        opportunities: as of the date.
        stages: of all pipelines.
        reps: for names.
        deal_periods: who owned the deal when it was won.
        team_periods: who led that rep then.
        as_of: deals won after it don't count.
        by: owner, team (of the day of the win), segment, product, pipeline, or month, quarter,
            year of the win; None for all.
        since: first day of the win; twelve months up to `until` where it isn't given.
        until: last day of the win.
    """
    period = span(asked("touches_per_won", as_of), since, until)
    won = won_deals(opportunities, stages, as_of=as_of, since=period.since, until=period.until)
    if by in {"owner", "team"}:
        won = as_closed(won, opportunities, stages, reps, deal_periods, team_periods)
    touched = looked_up(won["id"], touches.of_won(activities, opportunities, stages))
    rows = won.assign(deals=1, touches=touched.fillna(0).astype("Int64"))
    found = (
        keyed(rows, by, (*DIMENSIONS, *CALENDAR), date="closed_on")
        .groupby(["group_id", "group"], dropna=False, sort=False)[["deals", "touches"]]
        .sum()
        .reset_index()
        .sort_values(["deals", "group"], ascending=[False, True])
    )
    result = found.assign(touches_per_deal=ratio(found["touches"], found["deals"]))
    return give(labelled(result, by), activities, PER_WON)


@metric(
    label=("Activité de la période", "Activity in the period"),
    question=("Combien d’actions, et combien avant ?", "How many activities, and how many before?"),
    unit=("actions, comptes", "activities, accounts"),
    formula=(
        (
            "Actions datées dans la période, dont à deux sens, et comptes distincts touchés, "
            "contre la période précédente de même longueur."
        ),
        (
            "Activities dated in the period, of which two-way, and distinct accounts touched, "
            "against the period before of equal length."
        ),
    ),
    source=("actions commerciales", "activities"),
    columns=KPI,
)
def activity_in_period(
    activities: nw.LazyFrame[Any], *, as_of: Any = None, since: Any = None, until: Any = None
) -> nw.LazyFrame[Any]:
    """Activities, two-way ones and accounts touched, with the period before.

    Args:
        activities: what was done.
        as_of: later activities don't count.
        since: first day; twelve months up to `until` where it isn't given.
        until: last day; `as_of` where it isn't given.
    """
    period = span(asked("activity_in_period", as_of), since, until)
    known = within(activities.select("date", "two_way", "account_id"), "date", None, day(as_of))

    def counts(first: dt.date, last: dt.date) -> tuple[float, float, float]:
        part = within(known, "date", first, last)
        row = collect(
            part.select(
                nw.col("two_way").fill_null(value=False).cast(nw.Int64).alias("two_way"),
                "account_id",
            )
        )
        return float(len(row)), float(row["two_way"].sum()), float(row["account_id"].nunique())

    now = counts(period.since, period.until)
    before = counts(period.previous_since, period.previous_until)
    names = ("activities", "two_way", "accounts")
    values = dict(zip(names, zip(now, before, strict=True), strict=True))
    return give(compared(values, period), activities, KPI)


@metric(
    label=("Activité par mois", "Activity by month"),
    question=("Comment l’activité évolue-t-elle ?", "How does the activity develop?"),
    unit=("actions, comptes", "activities, accounts"),
    formula=(
        (
            "Actions datées dans le mois, dont à deux sens, et comptes distincts touchés ; un "
            "compte touché dans deux mois compte dans les deux."
        ),
        (
            "Activities dated in the month, of which two-way, and distinct accounts touched; an "
            "account touched in two months counts in both."
        ),
    ),
    source=("actions commerciales", "activities"),
    columns=BY_MONTH,
)
def activity_by_month(
    activities: nw.LazyFrame[Any], *, as_of: Any = None, since: Any = None, until: Any = None
) -> nw.LazyFrame[Any]:
    """What `activity_in_period` counts, for each month that the period touches.

    Args:
        activities: what was done.
        as_of: later activities don't count.
        since: first day; twelve months up to `until` where it isn't given.
        until: last day; `as_of` where it isn't given.
    """
    period = span(asked("activity_by_month", as_of), since, until)
    done = within(
        activities.select("date", "two_way", "account_id"),
        "date",
        period.since,
        earliest(as_of, period.until),
    )
    rows = collect(done.with_columns(two_way=nw.col("two_way").fill_null(value=False)))
    month = rows["date"].to_numpy("datetime64[M]").astype("datetime64[us]")
    groups = rows.assign(two_way=rows["two_way"].astype("int64")).groupby(month)
    counted = pd.DataFrame(
        {
            "activities": groups.size(),
            "two_way": groups["two_way"].sum(),
            "accounts": groups["account_id"].nunique(),
        }
    )
    every = counted.reindex(months_between(period.since, period.until), fill_value=0)
    return give(every.rename_axis("month").reset_index(), activities, BY_MONTH)
