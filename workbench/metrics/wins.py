"""Won and lost: how many deals are won, when, by whom, for which group, and why others aren't.

A deal counts on the day on which it was won or lost, never on the day that was hoped for; owner,
team and ultimate parent are those of that day.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from workbench.metrics.catalog import metric
from workbench.metrics.deals import DIMENSIONS, as_closed, deals
from workbench.metrics.frames import collect, euros, give, looked_up, no_ids, ratio
from workbench.metrics.groups import CALENDAR, GROUP, choice, keyed, labelled
from workbench.metrics.hierarchy import heads
from workbench.metrics.intervals import wilson
from workbench.metrics.periods import (
    DAY,
    KPI,
    added,
    asked,
    compared,
    dated,
    days,
    earliest,
    months_between,
    shifted,
    span,
)
from workbench.metrics.steps import step

if TYPE_CHECKING:
    import datetime as dt

    import narwhals as nw

RATE = {
    **GROUP,
    "won": "count: deals",
    "lost": "count: deals",
    "open": "count: deals open at the date, whatever the period",
    "rate": "ratio: won / (won + lost)",
    "low": "ratio",
    "high": "ratio",
    "won_amount": "money",
    "lost_amount": "money",
    "mean_won_amount": "money",
    "cycle_days": "number: mean days from creation to win, of the won",
}
REASONS = {
    "reason": "text: vocabulary.LossReason",
    "deals": "count",
    "amount": "money",
    "share": "ratio: of the deals lost",
}
ROWS = {
    "id": "id",
    "code": "text",
    "name": "text",
    "account_id": "id",
    "account": "text",
    "root_id": "id: head of the account's group on the day of the win",
    "root": "text",
    "won_on": "date",
    "month": "date: first day of the month of the win",
    "amount": "money",
    "owner_id": "id: on the day of the win",
    "owner": "text",
    "team_id": "id: the owner's manager on the day of the win",
    "team": "text",
    "segment": "text",
    "product": "text",
    "pipeline": "text",
}
WON = {**GROUP, "deals": "count", "amount": "money", "share": "ratio: of the amount"}
BY_MONTH = {
    "month": "date: its first day",
    "deals": "count",
    "amount": "money",
    "last_year": "money: won in the same days a year before",
    "partial": "flag: the month isn't over, or is cut by the period",
}
WON_ON = (
    "Affaire comptée le jour où elle a été gagnée, pas celui où elle était attendue.",
    "A deal counts on the day on which it was won, not the one on which it was expected.",
)


@metric(
    label=("Taux de réussite", "Win rate"),
    question=(
        "Quelle part des affaires conclues gagnons-nous ?",
        "What share of the deals decided do we win?",
    ),
    unit=("part des affaires conclues", "share of deals decided"),
    formula=(
        (
            "Gagnées / (gagnées + perdues) parmi les affaires closes dans la période ; intervalle "
            "de Wilson à 95 %."
        ),
        "Won / (won + lost) among deals closed in the period; Wilson interval at 95 %.",
    ),
    source=(
        "Wilson 1927 ; les affaires perdues comptent par construction",
        "Wilson 1927; lost deals count by construction",
    ),
    columns=RATE,
)
def win_rate(
    opportunities: nw.LazyFrame[Any],
    stages: nw.LazyFrame[Any],
    reps: nw.LazyFrame[Any],
    deal_periods: nw.LazyFrame[Any],
    team_periods: nw.LazyFrame[Any],
    *,
    as_of: Any = None,
    by: str | None = None,
    since: Any = None,
    until: Any = None,
) -> nw.LazyFrame[Any]:
    """Won and lost in the period, open at the date.

    Args:
        opportunities: as of the date.
        stages: of all pipelines.
        reps: for names.
        deal_periods: who owned the deal when it was closed.
        team_periods: who led that rep then.
        as_of: deals closed after it don't count.
        by: owner or team (of the day of closing; of the date while open), segment, product,
            pipeline, or month, quarter, year of closing.
        since: first day of closing.
        until: last day of closing.
    """
    rows = deals(opportunities, stages, as_of=as_of)[list(_RATED)]
    rows["days_taken"] = (rows["closed_on"] - rows["created_on"]).dt.days
    is_open = rows["kind"] == "open"
    parts = [dated(rows[~is_open], "closed_on", since, earliest(as_of, until))]
    if by in {"owner", "team"}:
        parts = [as_closed(parts[0], opportunities, stages, reps, deal_periods, team_periods)]
    if by not in CALENDAR:
        parts.append(rows[is_open])
    keys = ["group_id", "group"]
    counted = keyed(pd.concat(parts), by, (*DIMENSIONS, *CALENDAR), date="closed_on")
    groups = counted.assign(deals=1).groupby([*keys, "kind"], dropna=False, sort=False)
    found = groups[["deals", "cents"]].sum().assign(days_taken=groups["days_taken"].mean())
    found = found.reset_index()
    found = found.set_index(found.groupby(keys, dropna=False, sort=False).ngroup())
    wide = found.loc[~found.index.duplicated(), keys]
    if by is None and wide.empty:
        wide = pd.DataFrame({"group_id": [0], "group": [""]})
    won, lost, waiting = (
        found[found["kind"] == kind].reindex(wide.index) for kind in ("won", "lost", "open")
    )
    decided = won["deals"].fillna(0) + lost["deals"].fillna(0)
    low, high = wilson(won["deals"].fillna(0), decided)
    wide = wide.assign(
        won=won["deals"].fillna(0),
        lost=lost["deals"].fillna(0),
        open=waiting["deals"].fillna(0),
        rate=ratio(won["deals"], decided),
        low=low,
        high=high,
        won_amount=euros(won["cents"]),
        lost_amount=euros(lost["cents"]),
        mean_won_amount=np.round(ratio(won["cents"], won["deals"]) / 100, 2),
        cycle_days=won["days_taken"],
    ).sort_values(["won_amount", "group"], ascending=[False, True], kind="stable")
    return give(labelled(wide, by), opportunities, RATE)


_RATED = ("id", "kind", "created_on", "closed_on", "cents", "owner_id", "owner", "team_id", "team",
          "segment", "product", "pipeline")  # fmt: skip


@metric(
    label=("Motifs de perte", "Reasons for loss"),
    question=("Pourquoi perdons-nous des affaires ?", "Why do we lose deals?"),
    unit=("affaires", "deals"),
    formula=(
        "Affaires perdues dans la période, par motif ; sans motif compris.",
        "Deals lost in the period, by reason; those without one included.",
    ),
    source=("motif de perte de l’opportunité", "loss reason of the opportunity"),
    columns=REASONS,
)
def loss_reasons(
    opportunities: nw.LazyFrame[Any],
    stages: nw.LazyFrame[Any],
    *,
    as_of: Any = None,
    since: Any = None,
    until: Any = None,
) -> nw.LazyFrame[Any]:
    """Lost deals by reason, the most frequent first.

    Args:
        opportunities: as of the date.
        stages: of all pipelines.
        as_of: deals lost after it don't count.
        since: first day of the loss.
        until: last day of the loss.
    """
    lost = deals(opportunities, stages, as_of=as_of, kind="lost")
    lost = dated(lost, "closed_on", since, earliest(as_of, until))
    found = (
        lost.assign(deals=1, reason=lost["loss_reason"])
        .groupby("reason", dropna=False, sort=False)[["deals", "cents"]]
        .sum()
        .reset_index()
    )
    result = found.assign(
        amount=euros(found["cents"]),
        share=ratio(found["deals"], [found["deals"].sum()] * len(found)),
    ).sort_values(["deals", "reason"], ascending=[False, True])
    return give(result, opportunities, REASONS)


@step
def won_deals(
    opportunities: nw.LazyFrame[Any],
    stages: nw.LazyFrame[Any],
    *,
    as_of: Any = None,
    since: Any = None,
    until: Any = None,
) -> pd.DataFrame:
    """The deals won in the period, with `closed_on` the day of the win."""
    won = deals(opportunities, stages, as_of=as_of, kind="won")
    return dated(won, "closed_on", since, earliest(as_of, until)).reset_index(drop=True)


@metric(
    label=("Affaires gagnées", "Deals won"),
    question=("Quelles affaires avons-nous gagnées ?", "Which deals have we won?"),
    unit=("€", "€"),
    formula=WON_ON,
    source=("historique des affaires, au journal", "deal history of the journal"),
    columns=ROWS,
)
def won_rows(
    opportunities: nw.LazyFrame[Any],
    stages: nw.LazyFrame[Any],
    accounts: nw.LazyFrame[Any],
    reps: nw.LazyFrame[Any],
    deal_periods: nw.LazyFrame[Any],
    team_periods: nw.LazyFrame[Any],
    parent_periods: nw.LazyFrame[Any],
    *,
    as_of: Any = None,
    since: Any = None,
    until: Any = None,
) -> nw.LazyFrame[Any]:
    """The deals won in the period, the latest first, with owner, team and group of that day.

    Args:
        opportunities: as of the date.
        stages: of all pipelines.
        accounts: for names.
        reps: for names.
        deal_periods: who owned the deal when it was won; where they don't say, who owns it.
        team_periods: who led that rep then.
        parent_periods: whom the account belonged to then.
        as_of: deals won after it don't count.
        since: first day of the win.
        until: last day of the win.
    """
    tables = (opportunities, stages, accounts, reps, deal_periods, team_periods, parent_periods)
    rows = _won(*tables, as_of=as_of, since=since, until=until)
    ordered = rows.sort_values(["won_on", "id"], ascending=[False, True])
    return give(ordered, opportunities, ROWS)


def _won(
    opportunities: nw.LazyFrame[Any],
    stages: nw.LazyFrame[Any],
    accounts: nw.LazyFrame[Any],
    reps: nw.LazyFrame[Any],
    deal_periods: nw.LazyFrame[Any],
    team_periods: nw.LazyFrame[Any],
    parent_periods: nw.LazyFrame[Any],
    **period: Any,
) -> pd.DataFrame:
    won = won_deals(opportunities, stages, **period)
    rows = as_closed(won, opportunities, stages, reps, deal_periods, team_periods)
    companies = collect(accounts, "id", "name").set_index("id")["name"]
    known = rows["account_id"].notna().to_numpy()
    root = heads(
        rows.loc[known, "account_id"].to_numpy("int64"),
        days(rows.loc[known, "closed_on"]),
        collect(parent_periods, "account_id", "parent_id", "valid_from", "valid_to"),
    )
    rows["root_id"] = no_ids(len(rows))
    rows.loc[known, "root_id"] = root
    return rows.assign(
        account=looked_up(rows["account_id"], companies),
        root=looked_up(rows["root_id"], companies),
        won_on=rows["closed_on"],
        month=rows["closed_on"].to_numpy("datetime64[M]").astype("datetime64[us]"),
        amount=euros(rows["cents"]),
    )


@metric(
    label=("Gagné par …", "Won by …"),
    question=("Qui a gagné quoi, et quand ?", "Who won what, and when?"),
    unit=("€", "€"),
    formula=WON_ON,
    source=("historique des affaires, au journal", "deal history of the journal"),
    columns=WON,
)
def won_by(
    opportunities: nw.LazyFrame[Any],
    stages: nw.LazyFrame[Any],
    accounts: nw.LazyFrame[Any],
    reps: nw.LazyFrame[Any],
    deal_periods: nw.LazyFrame[Any],
    team_periods: nw.LazyFrame[Any],
    parent_periods: nw.LazyFrame[Any],
    *,
    as_of: Any = None,
    by: str | None = "month",
    since: Any = None,
    until: Any = None,
) -> nw.LazyFrame[Any]:
    """Count and amount won, the rows of `won_rows` added up.

    Args:
        opportunities: as of the date.
        stages: of all pipelines.
        accounts: for names.
        reps: for names.
        deal_periods: who owned the deal when it was won.
        team_periods: who led that rep then.
        parent_periods: whom the account belonged to then.
        as_of: deals won after it don't count.
        by: month, quarter, year, owner, team, group (ultimate parent), account, segment, product,
            pipeline; None for all.
        since: first day of the win.
        until: last day of the win.
    """
    tables = (opportunities, stages, accounts, reps, deal_periods, team_periods, parent_periods)
    groupings = (*CALENDAR, *DIMENSIONS, "group", "account")
    choice("grouping", by, groupings)
    rows = _won(*tables, as_of=as_of, since=since, until=until)
    found = (
        keyed(rows.assign(deals=1), by, groupings, date="won_on")
        .groupby(["group_id", "group"], dropna=False, sort=False)[["deals", "cents"]]
        .sum()
        .reset_index()
        .sort_values(["cents", "group"], ascending=[False, True], kind="stable")
    )
    result = found.assign(
        amount=euros(found["cents"]),
        share=ratio(found["cents"], [found["cents"].sum()] * len(found)),
    )
    return give(labelled(result, by), opportunities, WON)


@metric(
    label=("Gagné dans la période", "Won in the period"),
    question=(
        "Combien avons-nous gagné, et combien avant ?",
        "How much have we won, and how much before?",
    ),
    unit=("affaires, €", "deals, €"),
    formula=(
        (
            "Affaires gagnées dans la période et leurs montants, contre la période précédente de "
            "même longueur."
        ),
        "Deals won in the period and their amounts, against the period before of equal length.",
    ),
    source=("historique des affaires, au journal", "deal history of the journal"),
    columns=KPI,
)
def won_in_period(
    opportunities: nw.LazyFrame[Any],
    stages: nw.LazyFrame[Any],
    *,
    as_of: Any = None,
    since: Any = None,
    until: Any = None,
) -> nw.LazyFrame[Any]:
    """Deals and amount won with the period before.

    Args:
        opportunities: as of the date.
        stages: of all pipelines.
        as_of: deals won after it don't count.
        since: first day; twelve months up to `until` where it isn't given.
        until: last day; `as_of` where it isn't given.
    """
    period = span(asked("won_in_period", as_of), since, until)
    won = won_deals(
        opportunities, stages, as_of=as_of, since=period.previous_since, until=period.until
    )
    won = won.assign(date=won["closed_on"], deals=1)
    now, before = (period.since, period.until), (period.previous_since, period.previous_until)
    values = {
        "won_deals": (added(won, "deals", *now), added(won, "deals", *before)),
        "won_amount": (added(won, "cents", *now) / 100, added(won, "cents", *before) / 100),
    }
    return give(compared(values, period), opportunities, KPI)


@metric(
    label=("Gagné par mois", "Won by month"),
    question=("Que gagnons-nous chaque mois ?", "What do we win each month?"),
    unit=("€", "€"),
    formula=WON_ON,
    source=("historique des affaires, au journal", "deal history of the journal"),
    columns=BY_MONTH,
)
def won_by_month(
    opportunities: nw.LazyFrame[Any],
    stages: nw.LazyFrame[Any],
    *,
    as_of: Any = None,
    since: Any = None,
    until: Any = None,
) -> nw.LazyFrame[Any]:
    """Won per month, months without any included, beside the same days a year before.

    Args:
        opportunities: as of the date.
        stages: of all pipelines.
        as_of: deals won after it don't count.
        since: first day; twelve months up to `until` where it isn't given.
        until: last day; `as_of` where it isn't given.
    """
    period = span(asked("won_by_month", as_of), since, until)
    won = won_deals(
        opportunities, stages, as_of=as_of, since=shifted(period.since, -12), until=period.until
    )
    daily = won.assign(date=won["closed_on"], deals=1)
    result = against_last_year(daily, period.since, period.until)
    return give(result, opportunities, BY_MONTH)


def against_last_year(daily: pd.DataFrame, since: dt.date, until: dt.date) -> pd.DataFrame:
    """Days added up by month, beside the same days a year before.

    Args:
        daily: date, cents, and deals where there are any.
        since: first day.
        until: last day.

    Returns:
        month, deals, amount, last_year, partial.
    """
    rows = []
    for month in months_between(since, until):
        first = max(month.date(), since)
        end = shifted(month.date(), 1)
        last = min(end - DAY, until)
        whole_month = first.day == 1 and last + DAY == end
        past_last = shifted(end, -12) - DAY if whole_month else shifted(last, -12)
        rows.append(
            {
                "month": month,
                "deals": added(daily, "deals", first, last) if "deals" in daily else 0,
                "amount": added(daily, "cents", first, last) / 100,
                "last_year": added(daily, "cents", shifted(first, -12), past_last) / 100,
                "partial": not whole_month,
            }
        )
    return pd.DataFrame(rows)
