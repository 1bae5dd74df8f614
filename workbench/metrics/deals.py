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
    opportunities: nw.LazyFrame[Any],
    stages: nw.LazyFrame[Any],
    *more: str,
    as_of: Any = None,
    kind: str | None = None,
) -> nw.LazyFrame[Any]:
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
    known = stages.select("id", "label", "probability", "position", "kind", "stalled_days").rename(
        {"id": "stage_id", "label": "stage", "probability": "stage_probability"}
    )
    if kind is not None:
        known = known.filter(nw.col("kind") == kind)
    rows = opportunities.select(*_DEAL, *more)
    last = day(as_of)
    if last is not None:
        rows = rows.filter(
            nw.col("created_on").is_null() | (nw.col("created_on") <= midnight(last))
        )
    return rows.join(known, on="stage_id", how="inner").with_columns(cents=cents("amount"))


def weighed(rows: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Add `odds`, the probability that holds, and `weighted_cents`."""
    odds = (
        nw.when(nw.col("kind") == "open")
        .then(nw.coalesce("probability", "stage_probability"))
        .otherwise((nw.col("kind") == "won").cast(nw.Float64))
    )
    return rows.with_columns(odds=odds).with_columns(
        weighted_cents=rounded(nw.col("cents") * nw.col("odds").fill_null(0.0))
    )


def closed(rows: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Add `closed_on`, the day on which the deal was won or lost; null while it is open.

    That is when it came to its stage; where it stood there from the start, or nobody knows since
    when, its close date.
    """
    unseen = nw.col("stage_since").is_null() | (nw.col("stage_since") <= nw.col("created_on"))
    closed_on = (
        nw.when(unseen & ~nw.col("close_date").is_null())
        .then(nw.col("close_date"))
        .otherwise(nw.col("stage_since"))
    )
    return rows.with_columns(closed_on=nw.when(nw.col("kind") != "open").then(closed_on))


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
