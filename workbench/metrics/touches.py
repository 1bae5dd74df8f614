"""Activities before they are counted: whose each is, and which account or deal it touches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np
import pandas as pd

from workbench.metrics.deals import deals
from workbench.metrics.frames import NOBODY, collect
from workbench.metrics.periods import DAY, dated, earliest, held_on, midnight, teams_on, within
from workbench.metrics.steps import step

if TYPE_CHECKING:
    import datetime as dt


_DONE = ("id", "account_id", "rep_id", "date", "kind", "contact_id", "opportunity_id", "two_way",
         "minutes", "subject")  # fmt: skip


@step
def _every(
    activities: nw.LazyFrame[Any],
    owner_periods: nw.LazyFrame[Any],
    team_periods: nw.LazyFrame[Any],
) -> pd.DataFrame:
    there = activities.collect_schema().names()
    rows = collect(activities, *(name for name in _DONE if name in there))
    owner = held_on(rows["account_id"], rows["date"], owner_periods, "account_id", "rep_id")
    held, author = (ids.to_numpy("int64", na_value=NOBODY) for ids in (owner, rows["rep_id"]))
    who = np.where(held == NOBODY, author, held)
    rows["credited"] = pd.arrays.IntegerArray(who, who == NOBODY)
    return rows.assign(team_id=teams_on(rows["credited"], rows["date"], team_periods))


def credited(
    activities: nw.LazyFrame[Any],
    owner_periods: nw.LazyFrame[Any],
    team_periods: nw.LazyFrame[Any],
    *columns: str,
    as_of: Any,
    since: Any,
    until: Any,
) -> pd.DataFrame:
    """Each activity of the period, with `credited`, the rep that it counts for, and their team."""
    rows = _every(activities, owner_periods, team_periods)
    narrow = rows[["account_id", "rep_id", "date", "credited", "team_id", *columns]]
    return dated(narrow, "date", since, earliest(as_of, until))


@step
def touched(
    activities: nw.LazyFrame[Any], *, as_of: dt.date, within_days: int
) -> nw.LazyFrame[Any]:
    """Per account touched by the day, its `id`: last touch, and how many in the days up to it."""
    first = midnight(as_of - within_days * DAY + DAY)
    recent = (nw.col("date") >= first).cast(nw.Int64)
    return (
        within(activities.select("account_id", "date"), "date", None, as_of)
        .filter(~nw.col("account_id").is_null())
        .with_columns(touches=recent)
        .group_by("account_id")
        .agg(nw.col("date").max().alias("last_touch"), nw.col("touches").sum())
        .rename({"account_id": "id"})
    )


@step
def of_won(
    activities: nw.LazyFrame[Any], opportunities: nw.LazyFrame[Any], stages: nw.LazyFrame[Any]
) -> pd.Series[Any]:
    """How many activities each won deal took, by its id; deals without any are absent.

    Those on the deal itself, and those on its account that name no deal, from its creation to its
    win.
    """
    won = deals(opportunities, stages, kind="won")
    known = won[["id", "account_id", "created_on", "closed_on"]]
    done = collect(activities, "account_id", "opportunity_id", "date")
    named = done[done["opportunity_id"].isin(known["id"])]
    unnamed = done[
        done["opportunity_id"].isna() & done["account_id"].isin(known["account_id"].dropna())
    ]
    found = pd.concat(
        [
            known.merge(named.drop(columns="account_id"), left_on="id", right_on="opportunity_id"),
            known.merge(unnamed, on="account_id"),
        ]
    )
    early = found["date"] < found["created_on"]
    return found.loc[~early & (found["date"] <= found["closed_on"]), "id"].value_counts()
