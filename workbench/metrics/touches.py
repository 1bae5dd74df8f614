"""Activities before they are counted: whose each is, and which account or deal it touches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np
import pandas as pd

from workbench.metrics.frames import NOBODY, collect
from workbench.metrics.periods import DAY, earliest, held_on, midnight, within

if TYPE_CHECKING:
    import datetime as dt


def credited(
    activities: nw.LazyFrame[Any],
    owner_periods: nw.LazyFrame[Any],
    *columns: str,
    as_of: Any,
    since: Any,
    until: Any,
) -> pd.DataFrame:
    """Each activity of the period, with `credited` the rep that it counts for."""
    done = within(activities, "date", since, earliest(as_of, until))
    rows = collect(done, "account_id", "rep_id", "date", *columns)
    owner = held_on(rows["account_id"], rows["date"], owner_periods, "account_id", "rep_id")
    held, author = (ids.to_numpy("int64", na_value=NOBODY) for ids in (owner, rows["rep_id"]))
    who = np.where(held == NOBODY, author, held)
    return rows.assign(credited=pd.arrays.IntegerArray(who, who == NOBODY))


def touched(activities: nw.LazyFrame[Any], as_of: dt.date, within_days: int) -> nw.LazyFrame[Any]:
    """Per account touched by the day: last touch, and how many in the days up to it."""
    first = midnight(as_of - within_days * DAY + DAY)
    recent = (nw.col("date") >= first).cast(nw.Int64)
    return (
        within(activities.select("account_id", "date"), "date", None, as_of)
        .filter(~nw.col("account_id").is_null())
        .with_columns(touches=recent)
        .group_by("account_id")
        .agg(nw.col("date").max().alias("last_touch"), nw.col("touches").sum())
    )


def of_deals(activities: nw.LazyFrame[Any], won: pd.DataFrame) -> pd.Series[Any]:
    """How many activities each won deal took, by its id; deals without any are absent.

    Those on the deal itself, and those on its account that name no deal, from its creation to its
    win.
    """
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
