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
from workbench.metrics.steps import step

DIMENSIONS = ("owner", "team", "segment", "product", "pipeline")
_DEAL = ("id", "account_id", "pipeline", "stage_id", "stage_since", "amount", "probability",
         "close_date", "created_on", "owner_id", "owner", "team_id", "team", "segment",
         "product")  # fmt: skip
_TOLD = ("code", "name", "loss_reason", "version")  # by the lists of deals alone


@step
def _weighed(
    opportunities: nw.LazyFrame[Any], stages: nw.LazyFrame[Any], *, kind: str | None
) -> pd.DataFrame:
    known = collect(stages, "id", "label", "probability", "position", "kind", "stalled_days")
    known = known.rename(columns={"label": "stage", "probability": "stage_probability"})
    if kind is not None:
        known = known[known["kind"] == kind]
    there = opportunities.collect_schema().names()
    columns = (*_DEAL, *(name for name in _TOLD if name in there))
    kept = opportunities.select(*columns).filter(nw.col("stage_id").is_in(known["id"].tolist()))
    rows = beside(collect(kept), "stage_id", known)
    is_open, is_won = rows["kind"] == "open", rows["kind"] == "won"
    probability = rows["probability"].fillna(rows["stage_probability"])
    odds = probability.where(is_open, is_won.astype("float64"))
    cents = in_cents(rows["amount"])
    ended = rows["stage_since"].fillna(rows["close_date"]).fillna(rows["created_on"])
    return rows.assign(
        cents=cents,
        odds=odds,
        weighted_cents=nearest(cents * odds.fillna(0.0)),
        closed_on=ended.where(~is_open),
    )


def deals(
    opportunities: nw.LazyFrame[Any],
    stages: nw.LazyFrame[Any],
    *,
    as_of: Any = None,
    kind: str | None = None,
) -> pd.DataFrame:
    """Opportunities with what their stage means, what they weigh, and when they ended.

    Args:
        opportunities: as of the date.
        stages: of all pipelines.
        as_of: those created after it are left out.
        kind: only those open, won or lost; None for all.

    Returns:
        The opportunities' columns, and stage (label), stage_probability, position, kind,
        stalled_days, cents, odds (the probability that holds), weighted_cents, and closed_on: the
        day on which the deal came to its stage; where nobody knows when, its close date, else the
        day on which it was created; null while it is open.
    """
    rows = _weighed(opportunities, stages, kind=kind)
    last = day(as_of)
    if last is None:
        return rows
    late = rows["created_on"] > midnight(last)
    return rows[~late].reset_index(drop=True) if late.any() else rows


@step
def _when_closed(
    opportunities: nw.LazyFrame[Any],
    stages: nw.LazyFrame[Any],
    reps: nw.LazyFrame[Any],
    deal_periods: nw.LazyFrame[Any],
    team_periods: nw.LazyFrame[Any],
) -> pd.DataFrame:
    """Owner and team of each deal won or lost, on the day on which it was."""
    ended = [deals(opportunities, stages, kind=kind) for kind in ("won", "lost")]
    done = pd.concat([rows[["id", "owner_id", "closed_on"]] for rows in ended], ignore_index=True)
    done = done[done["closed_on"].notna()]
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
    return done[["id"]].assign(**held)


def as_closed(
    rows: pd.DataFrame,
    opportunities: nw.LazyFrame[Any],
    stages: nw.LazyFrame[Any],
    reps: nw.LazyFrame[Any],
    deal_periods: nw.LazyFrame[Any],
    team_periods: nw.LazyFrame[Any],
) -> pd.DataFrame:
    """The rows, those closed with owner and team of the day on which they were.

    Args:
        rows: some of `deals`; open ones stay as they are.
        opportunities: as of the date.
        stages: of all pipelines.
        reps: for names.
        deal_periods: who owned the deal that day; where they don't say, who owns it.
        team_periods: who led that rep then.
    """
    held = _when_closed(opportunities, stages, reps, deal_periods, team_periods)
    place = pd.Index(held["id"]).get_indexer(pd.Index(rows["id"]))
    place = np.where(place < 0, np.arange(len(rows)), len(rows) + place)
    names = ("owner_id", "owner", "team_id", "team")
    both = {name: pd.concat([rows[name], held[name]]).array.take(place) for name in names}
    return rows.assign(**both)


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
