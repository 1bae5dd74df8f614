"""Opportunities with what their stage means: the rows that every pipeline figure stands on.

Each deal is weighed on its own: an explicit probability of 0 is 0, a missing one is its stage's,
a lost deal counts 0 and a won one in full. The engine keeps the deals of the kind that is asked
for; they are few, and finished in pandas.
"""

from __future__ import annotations

from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from workbench.metrics.frames import beside, collect, in_cents, looked_up, nearest
from workbench.metrics.periods import day, midnight, teams_on

DIMENSIONS = ("owner", "team", "segment", "product", "pipeline")
_DEAL = ("id", "account_id", "pipeline", "stage_id", "stage_since", "amount", "probability",
         "close_date", "created_on", "owner_id", "owner", "team_id", "team", "segment",
         "product")  # fmt: skip


def deals(
    opportunities: nw.LazyFrame[Any],
    stages: nw.LazyFrame[Any],
    *more: str,
    as_of: Any = None,
    kind: str | None = None,
) -> pd.DataFrame:
    """Opportunities with what their stage means, and whole cents.

    Args:
        opportunities: as of the date.
        stages: of all pipelines.
        more: further columns of opportunities that are wanted.
        as_of: those created after it are left out.
        kind: only those open, won or lost; None for all.

    Returns:
        The opportunities' columns, and stage (label), stage_probability, position, kind,
        stalled_days, cents.
    """
    known = collect(stages, "id", "label", "probability", "position", "kind", "stalled_days")
    known = known.rename(columns={"label": "stage", "probability": "stage_probability"})
    if kind is not None:
        known = known[known["kind"] == kind]
    kept = [nw.col("stage_id").is_in(known["id"].tolist())]
    last = day(as_of)
    if last is not None:
        kept.append(nw.col("created_on").is_null() | (nw.col("created_on") <= midnight(last)))
    rows = collect(opportunities.select(*_DEAL, *more).filter(*kept))
    return beside(rows, "stage_id", known).assign(cents=in_cents(rows["amount"]))


def weighed(rows: pd.DataFrame) -> pd.DataFrame:
    """Add `odds`, the probability that holds, and `weighted_cents`."""
    is_open, is_won = rows["kind"] == "open", rows["kind"] == "won"
    known = rows["probability"].fillna(rows["stage_probability"])
    odds = known.where(is_open, is_won.astype("float64"))
    return rows.assign(odds=odds, weighted_cents=nearest(rows["cents"] * odds.fillna(0.0)))


def closed(rows: pd.DataFrame) -> pd.DataFrame:
    """Add `closed_on`, the day on which the deal was won or lost; null while it is open.

    That is when it came to its stage; where nobody knows when, its close date, else the day on
    which it was created.
    """
    closed_on = rows["stage_since"].fillna(rows["close_date"]).fillna(rows["created_on"])
    return rows.assign(closed_on=closed_on.where(rows["kind"] != "open"))


def as_closed(
    rows: pd.DataFrame,
    reps: nw.LazyFrame[Any],
    deal_periods: nw.LazyFrame[Any],
    team_periods: nw.LazyFrame[Any],
) -> pd.DataFrame:
    """The rows, those closed with owner and team of the day on which they were.

    Args:
        rows: with `closed_on`; open ones stay as they are.
        reps: for names.
        deal_periods: who owned the deal that day; where they don't say, who owns it.
        team_periods: who led that rep then.
    """
    is_closed = rows["closed_on"].notna()
    done = rows.loc[is_closed, ["id", "owner_id", "closed_on"]]
    history = collect(deal_periods, "opportunity_id", "sequence", "owner_id", "valid_from")
    closed_on = looked_up(history["opportunity_id"], done.set_index("id")["closed_on"])
    begun = history[history["valid_from"] <= closed_on]
    latest = begun.sort_values("sequence").drop_duplicates("opportunity_id", keep="last")
    then = looked_up(done["id"], latest.set_index("opportunity_id")["owner_id"])
    owner_id = then.astype("Int64").fillna(done["owner_id"])
    team_id = teams_on(owner_id, done["closed_on"], team_periods)
    who = collect(reps, "id", "name").set_index("id")["name"]
    held = {
        "owner_id": owner_id,
        "owner": looked_up(owner_id, who),
        "team_id": team_id,
        "team": looked_up(team_id, who),
    }
    place = np.arange(len(rows))
    place[is_closed] = len(rows) + np.arange(len(done))
    both = {name: pd.concat([rows[name], held[name]]) for name in held}
    return rows.assign(**{name: values.array.take(place) for name, values in both.items()})


def age(since: pd.Series[Any], as_of: Any) -> pd.Series[Any]:
    """Whole days from each date to the day; null where the date is."""
    last = day(as_of)
    if last is None:
        return pd.Series(np.nan, index=since.index)
    days: pd.Series[Any] = (pd.Timestamp(midnight(last)) - since).dt.days.astype("float64")
    return days


def is_stalled(rows: pd.DataFrame, as_of: Any) -> pd.Series[Any]:
    """Open, and in its stage for longer than the stage allows."""
    limit = rows["stalled_days"].astype("float64")
    return (rows["kind"] == "open") & (age(rows["stage_since"], as_of) > limit)
