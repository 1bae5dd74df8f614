"""Which accounts are touched: when each last was, and what share of a portfolio lately is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np
import pandas as pd

from workbench.metrics import touches
from workbench.metrics.catalog import metric
from workbench.metrics.frames import collect, give, ratio, whole
from workbench.metrics.groups import GROUP, grouped, labelled
from workbench.metrics.intervals import wilson
from workbench.metrics.periods import (
    NO_DAY,
    asked,
    earliest,
    midnight,
    month_ends,
    number_of,
    span,
    within,
)
from workbench.metrics.periods import days as days_of

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
if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

HISTORY = {
    "date": "date",
    "owned": "count: accounts",
    "touched": "count: with an activity in the days",
    "coverage": "ratio: touched / owned",
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
    label=("Évolution de la couverture", "Coverage over time"),
    question=(
        "Quelle part des comptes était vue à chaque fin de mois ?",
        "What share of the accounts was touched at each month's end?",
    ),
    unit=("part des comptes", "share of accounts"),
    formula=(
        (
            "Comptes avec une action dans les n jours / comptes possédés, au dernier jour du mois, "
            "puis à la date ; portefeuilles de ce jour."
        ),
        (
            "Accounts with an activity in the n days / accounts owned, on the month's last day, "
            "then on the date; portfolios of that day."
        ),
    ),
    source=(
        "historique des statuts et des responsables, au journal",
        "status and owner history of the journal",
    ),
    columns=HISTORY,
)
def coverage_history(
    activities: nw.LazyFrame[Any],
    accounts: nw.LazyFrame[Any],
    status_periods: nw.LazyFrame[Any],
    owner_periods: nw.LazyFrame[Any],
    team_periods: nw.LazyFrame[Any],
    *,
    as_of: Any = None,
    days: int = 90,
    months: int = 12,
    reps: Sequence[int] | None = None,
    segments: Sequence[str] | None = None,
) -> nw.LazyFrame[Any]:
    """`activity_coverage` of all accounts at each month's end and at the date.

    A dataset that is filtered knows today's portfolio alone: give this one all of it, and say here
    whose portfolio is meant.

    Args:
        activities: what was done.
        accounts: for their segments.
        status_periods: tell when an account was there.
        owner_periods: whose it was.
        team_periods: who led that rep then.
        as_of: the last day shown.
        days: how many days, each month's end included.
        months: how many month ends before it.
        reps: ids of those whose accounts and activities count, None for all.
        segments: those that count; None for all.
    """
    last, window = asked("coverage_history", as_of), whole("days", days, least=1)
    rows = touches.credited(
        activities, owner_periods, team_periods, as_of=last, since=None, until=None
    )
    there = [_Held.of(collect(status_periods, "account_id", "valid_from", "valid_to"))]
    if reps is not None:
        chosen = [int(rep) for rep in reps]
        rows = rows[rows["credited"].isin(chosen)]
        owned = collect(owner_periods, "account_id", "rep_id", "valid_from", "valid_to")
        there.append(_Held.of(owned[owned["rep_id"].isin(chosen)]))
    known = collect(accounts, "id", "segment")
    if segments is not None:
        within_them = known.loc[known["segment"].isin(list(segments)), "id"].to_numpy("int64")
    done = rows[rows["account_id"].notna()].sort_values("date")
    ids, on = done["account_id"].to_numpy("int64"), days_of(done["date"])
    found = []
    for date in month_ends(last, whole("months", months)):
        moment = number_of(date)
        held = there[0].on(moment)
        for other in there[1:]:
            held = np.intersect1d(held, other.on(moment))
        if segments is not None:
            held = np.intersect1d(held, within_them)
        first, end = np.searchsorted(on, [moment - window + 1, moment + 1])
        seen = np.intersect1d(ids[first:end], held)
        found.append((midnight(date), len(held), len(seen)))
    result = pd.DataFrame(found, columns=["date", "owned", "touched"])
    result["coverage"] = ratio(result["touched"], result["owned"])
    return give(result, activities, HISTORY)


@dataclass(frozen=True)
class _Held:
    """Accounts by whole days since 1970: from when, and until when."""

    accounts: Ints
    since: Ints
    until: Ints

    @classmethod
    def of(cls, periods: pd.DataFrame) -> _Held:
        until = days_of(periods["valid_to"])
        return cls(
            periods["account_id"].to_numpy("int64"),
            days_of(periods["valid_from"]),
            np.where(until == NO_DAY, np.iinfo("int64").max, until),
        )

    def on(self, day: int) -> Ints:
        """Those of the day."""
        return np.unique(self.accounts[(self.since <= day) & (self.until > day)])


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
