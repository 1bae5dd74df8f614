"""What reps do: credited to the account's owner, and that rep's team, as of the activity's date."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np
import pandas as pd

from workbench.metrics import touches
from workbench.metrics.catalog import metric
from workbench.metrics.deals import DIMENSIONS, as_closed
from workbench.metrics.frames import collect, give, latest_first, looked_up, ratio, whole
from workbench.metrics.groups import CALENDAR, GROUP, choice, grouped, keyed, labelled
from workbench.metrics.intervals import wilson
from workbench.metrics.periods import (
    KPI,
    asked,
    compared,
    day,
    earliest,
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
TOUCHED = {
    "account_id": "id",
    "account": "text: null where the viewer no longer sees it",
    "status": "text",
    "segment": "text",
    "owner_id": "id",
    "owner": "text",
    "team_id": "id",
    "team": "text",
    "last_touch": "date: in the period",
    "touches": "count: in the period",
}
COVERAGE = {
    **GROUP,
    "owned": "count: accounts",
    "touched": "count: with an activity in the days",
    "untouched": "count",
    "coverage": "ratio: touched / owned",
    "low": "ratio",
    "high": "ratio",
}
TOUCHES = {
    "id": "id",
    "code": "text",
    "name": "text",
    "status": "text",
    "segment": "text",
    "owner_id": "id",
    "owner": "text",
    "team_id": "id",
    "team": "text",
    "last_touch": "date",
    "days_since": "count",
    "touches": "count: in the days",
    "touched": "flag: in the days",
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
    label=("Derniers contacts", "Last touches"),
    question=("Quels comptes n’ont pas été vus ?", "Which accounts haven't been touched?"),
    unit=("jours", "days"),
    formula=(
        "Dernière action datée au plus de la date, et nombre d’actions dans les n jours.",
        "Last activity dated up to the date, and number of activities in the n days.",
    ),
    source=("actions commerciales", "activities"),
    columns=TOUCHES,
)
def account_touches(
    activities: nw.LazyFrame[Any],
    accounts: nw.LazyFrame[Any],
    *,
    as_of: Any = None,
    days: int = 90,
) -> nw.LazyFrame[Any]:
    """The accounts behind `activity_coverage`, those not seen for longest first.

    Args:
        activities: what was done.
        accounts: as of the date.
        as_of: the last of the days.
        days: how many days, the date included.
    """
    last, span_days = asked("account_touches", as_of), whole("days", days, least=1)
    own = ("id", "code", "name", "status", "segment", "owner_id", "owner", "team_id", "team")
    seen = touches.touched(activities, as_of=last, within_days=span_days)
    rows = collect(accounts.select(*own).join(seen, on="id", how="left"))
    rows["touches"] = rows["touches"].fillna(0)
    rows["days_since"] = (pd.Timestamp(last) - rows["last_touch"]).dt.days.astype("Int64")
    rows["touched"] = rows["touches"] > 0
    ordered = rows.sort_values(["last_touch", "id"], na_position="first", kind="stable")
    return give(ordered, accounts, TOUCHES)


@metric(
    label=("Couverture des comptes", "Coverage of accounts"),
    question=(
        "Quelle part de leurs comptes les commerciaux ont-ils vue ?",
        "What share of their accounts have the reps touched?",
    ),
    unit=("part des comptes", "share of accounts"),
    formula=(
        (
            "Comptes avec une action dans les n jours / comptes possédés à la date ; intervalle de "
            "Wilson à 95 %."
        ),
        (
            "Accounts with an activity in the n days / accounts owned as of the date; Wilson "
            "interval at 95 %."
        ),
    ),
    source=("Wilson 1927 ; actions commerciales", "Wilson 1927; activities"),
    columns=COVERAGE,
)
def activity_coverage(
    activities: nw.LazyFrame[Any],
    accounts: nw.LazyFrame[Any],
    *,
    as_of: Any = None,
    by: str | None = "owner",
    days: int = 90,
) -> nw.LazyFrame[Any]:
    """Coverage per group; the fullest portfolio first.

    Args:
        activities: what was done.
        accounts: as of the date.
        as_of: the last of the days.
        by: owner, team, segment, status; None for all.
        days: how many days, the date included.
    """
    last, span_days = asked("activity_coverage", as_of), whole("days", days, least=1)
    seen = touches.touched(activities, as_of=last, within_days=span_days)
    rows = grouped(accounts, by, ("owner", "team", "segment", "status"))
    found = collect(
        rows.select("id", "group_id", "group")
        .join(seen, on="id", how="left")
        .with_columns(touched=(nw.col("touches").fill_null(0) > 0).cast(nw.Int64))
        .group_by("group_id", "group")
        .agg(nw.len().alias("owned"), nw.col("touched").sum())
    )
    low, high = wilson(found["touched"].to_numpy("float64"), found["owned"].to_numpy("float64"))
    result = found.assign(
        untouched=found["owned"] - found["touched"],
        coverage=ratio(found["touched"], found["owned"]),
        low=low,
        high=high,
    ).sort_values(["owned", "group"], ascending=[False, True])
    return give(labelled(result, by), accounts, COVERAGE)


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
    label=("Comptes touchés", "Accounts touched"),
    question=(
        "Quels comptes ont été touchés dans la période ?",
        "Which accounts were touched in the period?",
    ),
    unit=("actions", "activities"),
    formula=(
        "Un compte avec une action datée dans la période par ligne.",
        "One account with an activity dated in the period per row.",
    ),
    source=("actions commerciales", "activities"),
    columns=TOUCHED,
)
def touched_accounts(
    activities: nw.LazyFrame[Any],
    accounts: nw.LazyFrame[Any],
    *,
    as_of: Any = None,
    since: Any = None,
    until: Any = None,
) -> nw.LazyFrame[Any]:
    """The accounts that `activity_in_period` counts, the latest touched first.

    Args:
        activities: what was done.
        accounts: for what they are now.
        as_of: later activities don't count.
        since: first day; twelve months up to `until` where it isn't given.
        until: last day; `as_of` where it isn't given.
    """
    period = span(asked("touched_accounts", as_of), since, until)
    done = within(
        activities.select("date", "account_id"), "date", period.since, earliest(as_of, period.until)
    )
    counted = collect(
        done.filter(~nw.col("account_id").is_null())
        .group_by("account_id")
        .agg(nw.col("date").max().alias("last_touch"), nw.len().alias("touches"))
    )
    own = ("status", "segment", "owner_id", "owner", "team_id", "team")
    known = collect(accounts, *("id", "name", *own)).rename(
        columns={"id": "account_id", "name": "account"}
    )
    rows = counted.merge(known, on="account_id", how="left")
    ordered = rows.sort_values(["last_touch", "account_id"], ascending=[False, True])
    return give(ordered, activities, TOUCHED)
