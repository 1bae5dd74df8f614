"""The rows behind counts that other metrics give: which accounts, which deals were counted.

A row carries what its metric counted it by, so that filtering on it finds the number again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from workbench.metrics import funnel, status, touches, wins
from workbench.metrics.catalog import metric
from workbench.metrics.deals import as_closed
from workbench.metrics.frames import collect, give, looked_up, whole
from workbench.metrics.groups import GROUP, choice, labelled
from workbench.metrics.periods import NO_DAY, asked, days, midnight, number_of, span, within

if TYPE_CHECKING:
    import narwhals as nw

_WHO = ("id", "code", "name", "status", "segment", "owner_id", "owner", "team_id", "team")
_ACCOUNT = {name: "id" if name.endswith("id") else "text" for name in _WHO}
JOURNEYS = {
    **_ACCOUNT,
    **GROUP,
    "entered_on": "date",
    "prospect_on": "date: first day as prospect or client",
    "client_on": "date",
    "lost_on": "date",
    "months_to_prospect": "count: of 30 days since entry, rounded up",
    "months_to_client": "count: of 30 days since entry, rounded up",
    "mature": "flag: observed for the whole window",
    "became_prospect": "flag: mature, and prospect within the window",
    "became_client": "flag: mature, and client within the window",
}
TIMED = {
    **_ACCOUNT,
    **GROUP,
    "entered_on": "date",
    "days_to_client": "count: from entry, without having been lost before",
}
MOVES = {
    **_ACCOUNT,
    "from_status": "text",
    "to_status": "text",
    "moved_on": "date",
    "days": "count: in the status before",
}
NEW = {**_ACCOUNT, "reached": "text: the status first reached", "reached_on": "date"}
TOUCHED = {
    "id": "id",
    "code": "text",
    "name": "text",
    "account_id": "id",
    "account": "text",
    "pipeline": "text",
    "amount": "money",
    "won_on": "date",
    "touches": "count",
    "owner_id": "id: on the day of the win",
    "owner": "text",
    "team_id": "id",
    "team": "text",
    "segment": "text",
    "product": "text",
}
REACHED = {
    "id": "id",
    "code": "text",
    "name": "text",
    "account_id": "id",
    "account": "text",
    "pipeline": "text",
    "furthest_id": "id: the furthest stage that it came to, lost left out",
    "furthest": "text",
    "furthest_position": "count",
    "stage": "text: where it stands",
    "amount": "money",
    "owner_id": "id",
    "owner": "text",
    "begun_on": "date",
}


@metric(
    label=("Parcours des comptes", "Journeys of accounts"),
    question=(
        "Quels comptes sont derrière la conversion du tunnel ?",
        "Which accounts are behind the funnel’s conversion?",
    ),
    unit=("comptes", "accounts"),
    formula=(
        "Un compte entré par ligne, avec le jour de son premier passage à chaque statut.",
        "One account entered per row, with the day of its first arrival at each status.",
    ),
    source=("historique des statuts, au journal", "status history of the journal"),
    columns=JOURNEYS,
)
def conversion_rows(
    accounts: nw.LazyFrame[Any],
    status_periods: nw.LazyFrame[Any],
    *,
    as_of: Any = None,
    by: str | None = None,
    since: Any = None,
    until: Any = None,
    window: int = 365,
) -> nw.LazyFrame[Any]:
    """The accounts that `funnel_conversion` and `cohort_curve` count, by name.

    Args: as of `funnel_conversion`.
    """
    last, length = asked("conversion_rows", as_of), whole("window", window)
    found = funnel.journeys(accounts, status_periods, last, by=by, since=since, until=until)
    entry = found["entry"]
    mature = (entry != NO_DAY) & (entry <= number_of(last) - length)

    def within_window(reached: str) -> pd.Series[Any]:
        return mature & (found[reached] != NO_DAY) & (found[reached] - entry <= length)

    def months(reached: str) -> pd.Series[Any]:
        took = -(-(found[reached] - entry) // funnel.MONTH_DAYS)
        return took.where(found[reached] != NO_DAY).astype("Int64")

    found = found.assign(
        **{f"{name}_on": _dates(found[name]) for name in ("prospect", "client", "lost")},
        months_to_prospect=months("prospect"),
        months_to_client=months("client"),
        mature=mature,
        became_prospect=within_window("prospect"),
        became_client=within_window("client"),
    ).drop(columns="entered_on")
    listed = collect(accounts, *_WHO, "entered_on").merge(found, on="id")
    ordered = labelled(listed, by).sort_values(["name", "id"])
    return give(ordered, accounts, JOURNEYS)


@metric(
    label=("Comptes devenus clients", "Accounts that became clients"),
    question=(
        "Quels comptes sont devenus clients, et en combien de jours ?",
        "Which accounts became clients, and in how many days?",
    ),
    unit=("jours", "days"),
    formula=(
        "Un compte devenu client sans avoir été perdu avant, par ligne, avec ses jours d’attente.",
        "One account that became a client without being lost before, per row, with its days.",
    ),
    source=("historique des statuts, au journal", "status history of the journal"),
    columns=TIMED,
)
def time_rows(
    accounts: nw.LazyFrame[Any],
    status_periods: nw.LazyFrame[Any],
    *,
    as_of: Any = None,
    by: str | None = None,
    within_days: int | None = None,
) -> nw.LazyFrame[Any]:
    """The clients that `time_to_client` counts, the quickest first.

    Args:
        accounts: one per row.
        status_periods: their statuses over time.
        as_of: what was known by then.
        by: as of `time_to_client`.
        within_days: only those that took no longer.
    """
    found = status.outcomes(accounts, status_periods, asked("time_rows", as_of), by=by)
    clients = found[found["outcome"] == status.IS_CLIENT]
    if within_days is not None:
        clients = clients[clients["duration"] <= whole("within_days", within_days)]
    named = clients.drop(columns="entered_on").rename(columns={"duration": "days_to_client"})
    listed = collect(accounts, *_WHO, "entered_on").merge(named, on="id")
    ordered = labelled(listed, by).sort_values(["days_to_client", "name", "id"])
    return give(ordered, accounts, TIMED)


def _dates(numbers: pd.Series[Any]) -> pd.Series[Any]:
    moments = numbers.to_numpy("int64").astype("datetime64[D]")  # `NO_DAY` is NumPy's "no date"
    return pd.Series(moments.astype("datetime64[us]"), index=numbers.index)


@metric(
    label=("Passages d’un statut à l’autre", "Moves between statuses"),
    question=(
        "Quels comptes sont passés d’un statut à l’autre ?",
        "Which accounts moved from one status to another?",
    ),
    unit=("passages", "moves"),
    formula=(
        "Un changement de statut daté dans la période par ligne.",
        "One change of status dated in the period per row.",
    ),
    source=("historique des statuts, au journal", "status history of the journal"),
    columns=MOVES,
)
def transition_rows(
    accounts: nw.LazyFrame[Any],
    status_periods: nw.LazyFrame[Any],
    *,
    as_of: Any = None,
    since: Any = None,
    until: Any = None,
    from_status: str | None = None,
    to_status: str | None = None,
) -> nw.LazyFrame[Any]:
    """The moves that `status_transitions` counts, latest first.

    Args:
        accounts: as of the date.
        status_periods: statuses over time.
        as_of: what was known by then.
        since: first day.
        until: last day.
        from_status: only moves from there.
        to_status: only moves to there.
    """
    moved = status.in_period(
        status.moves(status_periods, asked("transition_rows", as_of)), since, until
    )
    for column, wanted in (("from_status", from_status), ("to_status", to_status)):
        choice("status", wanted, funnel.STAGES)
        if wanted is not None:
            moved = moved[moved[column] == wanted]
    listed = collect(accounts, *_WHO).merge(moved.rename(columns={"account_id": "id"}), on="id")
    listed = listed.assign(moved_on=_dates(listed["on"]))
    return give(listed.sort_values(["on", "id"], ascending=[False, True]), accounts, MOVES)


@metric(
    label=("Comptes nouveaux", "New accounts"),
    question=(
        "Quels comptes sont devenus prospects ou clients ?",
        "Which accounts became prospects or clients?",
    ),
    unit=("comptes", "accounts"),
    formula=(
        "Un premier passage au statut, daté dans la période, par ligne.",
        "One first arrival at the status, dated in the period, per row.",
    ),
    source=("historique des statuts, au journal", "status history of the journal"),
    columns=NEW,
)
def new_account_rows(
    accounts: nw.LazyFrame[Any],
    status_periods: nw.LazyFrame[Any],
    *,
    as_of: Any = None,
    since: Any = None,
    until: Any = None,
    reached: str | None = None,
) -> nw.LazyFrame[Any]:
    """The accounts that `new_accounts` counts, latest first.

    Args:
        accounts: as of the date.
        status_periods: statuses over time.
        as_of: what was known by then.
        since: first day; twelve months up to `until` where it isn't given.
        until: last day; `as_of` where it isn't given.
        reached: prospect or client; None for both.
    """
    last = asked("new_account_rows", as_of)
    choice("status", reached, ("prospect", "client"))
    period = span(last, since, until)
    first = status.firsts(status_periods, as_of=last)
    kept = first["valid_from"].between(midnight(period.since), midnight(period.until))
    if reached is not None:
        kept &= first["status"] == reached
    arrived = first[kept].rename(
        columns={"account_id": "id", "status": "reached", "valid_from": "reached_on"}
    )
    listed = collect(accounts, *_WHO).merge(arrived, on="id")
    return give(listed.sort_values(["reached_on", "id"], ascending=[False, True]), accounts, NEW)


@metric(
    label=("Affaires par étape atteinte", "Deals by stage reached"),
    question=(
        "Quelles affaires sont arrivées jusqu’à cette étape ?",
        "Which deals came as far as this stage?",
    ),
    unit=("affaires", "deals"),
    formula=(
        "Une affaire par ligne, avec l’étape la plus avancée qu’elle a atteinte, même perdue.",
        "One deal per row, with the furthest stage that it reached, even if lost.",
    ),
    source=("historique des affaires, au journal", "deal history of the journal"),
    columns=REACHED,
)
def stage_rows(
    opportunities: nw.LazyFrame[Any],
    deal_periods: nw.LazyFrame[Any],
    stages: nw.LazyFrame[Any],
    accounts: nw.LazyFrame[Any],
    *,
    as_of: Any = None,
    stage: int | None = None,
    since: Any = None,
    until: Any = None,
) -> nw.LazyFrame[Any]:
    """The deals that `stage_conversion` counts as having reached a stage, largest first.

    Args:
        opportunities: as of the date.
        deal_periods: deals over time, periods of no length included.
        stages: of all pipelines.
        accounts: give their names.
        as_of: what was known by then.
        stage: only deals that reached this one (its id) or a further one; None for all.
        since: first day on which a deal began.
        until: last day on which a deal began.
    """
    last = asked("stage_rows", as_of)
    listed = collect(stages, "id", "pipeline", "label", "position", "kind", "grain")
    steps = listed.sort_values(["pipeline", "position"], kind="stable", ignore_index=True)
    periods = collect(
        within(deal_periods, "valid_from", None, last),
        *("opportunity_id", "sequence", "stage_id", "valid_from"),
    )
    begun = pd.DataFrame(
        {"deal": periods["opportunity_id"].astype("int64"), "on": days(periods["valid_from"])}
    )
    first = begun.groupby("deal").agg(on=("on", "min")).reset_index()
    begun = status.in_period(first, since, until)
    places = steps.rename(
        columns={"id": "furthest_id", "label": "furthest", "position": "furthest_position"}
    ).assign(place=np.arange(len(steps)))
    walked = places[places["kind"] != "lost"].set_index("furthest_id")["place"]
    place = looked_up(periods["stage_id"], walked)
    reached = place.groupby(periods["opportunity_id"]).max().dropna().rename("place")
    furthest = reached.reset_index().merge(places, on="place")
    if stage is not None:
        wanted = places[places["furthest_id"] == int(stage)].iloc[0]
        furthest = furthest[
            (furthest["pipeline"] == wanted["pipeline"]) & (furthest["place"] >= wanted["place"])
        ]
    deals = collect(
        opportunities, "id", "code", "name", "account_id", "stage_id", "amount", "owner_id", "owner"
    )
    names = collect(accounts, "id", "name").set_index("id")["name"]
    rows = (
        deals.merge(furthest, left_on="id", right_on="opportunity_id")
        .merge(begun, left_on="id", right_on="deal")
        .assign(
            account=lambda found: found["account_id"].map(names),
            stage=lambda found: found["stage_id"].map(listed.set_index("id")["label"]),
            begun_on=lambda found: _dates(found["on"]),
        )
    )
    ordered = rows.sort_values(["amount", "id"], ascending=[False, True])
    return give(ordered, opportunities, REACHED)


@metric(
    label=("Actions des affaires gagnées", "Activities of won deals"),
    question=(
        "Combien d’actions chaque affaire gagnée a-t-elle demandées ?",
        "How many activities did each won deal take?",
    ),
    unit=("actions", "activities"),
    formula=(
        "Une affaire gagnée dans la période par ligne, avec ses actions, de sa création au gain.",
        "One deal won in the period per row, with its activities from creation to win.",
    ),
    source=("actions commerciales", "activities"),
    columns=TOUCHED,
)
def touch_rows(
    activities: nw.LazyFrame[Any],
    opportunities: nw.LazyFrame[Any],
    stages: nw.LazyFrame[Any],
    accounts: nw.LazyFrame[Any],
    reps: nw.LazyFrame[Any],
    deal_periods: nw.LazyFrame[Any],
    team_periods: nw.LazyFrame[Any],
    *,
    as_of: Any = None,
    since: Any = None,
    until: Any = None,
) -> nw.LazyFrame[Any]:
    """The deals and activities that `touches_per_won` counts, latest win first.

    Args:
        activities: what was done.
        opportunities: as of the date.
        stages: of all pipelines.
        accounts: give their names.
        reps: give theirs.
        deal_periods: who owned the deal when it was won.
        team_periods: who led that rep then.
        as_of: deals won after it don't count.
        since: first day of the win; twelve months up to `until` where it isn't given.
        until: last day of the win.
    """
    period = span(asked("touch_rows", as_of), since, until)
    won = wins.won_deals(opportunities, stages, as_of=as_of, since=period.since, until=period.until)
    then = as_closed(won, opportunities, stages, reps, deal_periods, team_periods)
    rows = then.rename(columns={"closed_on": "won_on"})
    names = collect(accounts, "id", "name").set_index("id")["name"]
    rows = rows.assign(
        account=rows["account_id"].map(names),
        touches=looked_up(rows["id"], touches.of_won(activities, opportunities, stages)).fillna(0),
    )
    return give(rows.sort_values(["won_on", "id"], ascending=[False, True]), activities, TOUCHED)
