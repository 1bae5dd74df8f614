"""Opportunities with what their stage means: the rows that every pipeline figure stands on.

Each deal is weighed on its own: an explicit probability of 0 is 0, a missing one is its stage's,
a lost deal counts 0 and a won one in full.
"""

from __future__ import annotations

from typing import Any

import narwhals as nw

from workbench.metrics.frames import cents, rounded
from workbench.metrics.periods import day, midnight

MINUTES = 24 * 60  # of a day
DIMENSIONS = ("owner", "team", "segment", "product", "pipeline")
_DEAL = ("id", "account_id", "pipeline", "stage_id", "stage_since", "amount", "probability",
         "close_date", "created_on", "owner_id", "owner", "team_id", "team", "segment",
         "product")  # fmt: skip


def deals(
    opportunities: nw.LazyFrame[Any], stages: nw.LazyFrame[Any], *more: str, as_of: Any = None
) -> nw.LazyFrame[Any]:
    """Opportunities with their stage, probability that holds, and whole cents.

    Args:
        opportunities: as of the date.
        stages: of all pipelines.
        more: further columns of opportunities that are wanted.
        as_of: those created after it are left out.

    Returns:
        The opportunities' columns, and stage (label), position, kind, stalled_days, odds (the
        probability that holds), cents, weighted_cents, closed_on (null while open).
    """
    known = stages.select(
        nw.col("id").alias("stage_id"),
        nw.col("label").alias("stage"),
        nw.col("probability").alias("stage_probability"),
        "position",
        "kind",
        "stalled_days",
    )
    rows = opportunities.select(*_DEAL, *more)
    last = day(as_of)
    if last is not None:
        rows = rows.filter(
            nw.col("created_on").is_null() | (nw.col("created_on") <= midnight(last))
        )
    odds = (
        nw.when(nw.col("kind") == "lost")
        .then(nw.lit(0.0))
        .when(nw.col("kind") == "won")
        .then(nw.lit(1.0))
        .when(nw.col("probability").is_null())
        .then(nw.col("stage_probability"))
        .otherwise(nw.col("probability"))
    )
    seen = ~nw.col("stage_since").is_null() & (
        nw.col("created_on").is_null() | (nw.col("stage_since") > nw.col("created_on"))
    )
    is_closed = nw.col("kind") != "open"
    closed_on = (
        nw.when(is_closed & (seen | nw.col("close_date").is_null()))
        .then(nw.col("stage_since"))
        .when(is_closed)
        .then(nw.col("close_date"))
    )
    weighed = rows.join(known, on="stage_id", how="inner").with_columns(
        odds=odds, cents=cents("amount"), closed_on=closed_on
    )
    return weighed.with_columns(
        weighted_cents=rounded(nw.col("cents") * nw.col("odds").fill_null(0.0))
    )


def age(since: str, as_of: Any) -> nw.Expr:
    """Whole days from the column's date to the day; null where the date is."""
    last = day(as_of)
    if last is None:
        return nw.lit(float("nan"))
    return (midnight(last) - nw.col(since)).dt.total_minutes() / MINUTES


def is_stalled(as_of: Any) -> nw.Expr:
    """Open, and in its stage for longer than the stage allows."""
    if day(as_of) is None:
        return nw.lit(value=False)
    return (
        (nw.col("kind") == "open") & (age("stage_since", as_of) > nw.col("stalled_days"))
    ).fill_null(value=False)
