"""All that happened with one account, whatever table it stands in, in one order."""

from __future__ import annotations

from typing import Any

import narwhals as nw
import pandas as pd

from workbench.metrics.catalog import metric
from workbench.metrics.frames import collect, give, whole
from workbench.metrics.periods import asked, midnight

EVENTS = {
    "date": "date",
    "event": "text: activity, document, status, stage or contract",
    "word": "text: the kind of activity or document, the status or stage reached, begins or ends",
    "text": "text: subject, number or name",
    "amount": "money: null where there is none",
    "who": "text: the rep, for activities and stages",
}


@metric(
    label=("Chronologie du compte", "Account timeline"),
    question=("Que s’est-il passé avec ce compte ?", "What has happened with this account?"),
    unit=("événements", "events"),
    formula=(
        "Actions, pièces, changements de statut et d’étape, débuts et fins de contrat, datés.",
        "Activities, documents, changes of status and stage, contract beginnings and ends, dated.",
    ),
    source=(
        "actions commerciales, pièces, journal, contrats",
        "activities, documents, journal, contracts",
    ),
    columns=EVENTS,
)
def account_timeline(
    activities: nw.LazyFrame[Any],
    documents: nw.LazyFrame[Any],
    status_periods: nw.LazyFrame[Any],
    contracts: nw.LazyFrame[Any],
    opportunities: nw.LazyFrame[Any],
    deal_periods: nw.LazyFrame[Any],
    stages: nw.LazyFrame[Any],
    reps: nw.LazyFrame[Any],
    *,
    as_of: Any = None,
    account: int = 0,
) -> nw.LazyFrame[Any]:
    """The account's events up to the date, the latest first.

    Args:
        activities: what was done.
        documents: quotes to credit notes.
        status_periods: statuses over time.
        contracts: ours and competitors'.
        opportunities: deals, to their account.
        deal_periods: their stages over time.
        stages: give their names.
        reps: give theirs.
        as_of: later events are left out; ends of contracts to come too.
        account: its id.
    """
    last, wanted = asked("account_timeline", as_of), whole("account", account)

    def own(frame: nw.LazyFrame[Any], *columns: str) -> pd.DataFrame:
        return collect(frame.filter(nw.col("account_id") == wanted), *columns)

    names = collect(reps, "id", "name").set_index("id")["name"]
    done = own(activities, "date", "kind", "subject", "rep_id")
    papers = own(documents, "date", "kind", "code", "amount")
    held = own(status_periods, "valid_from", "status")
    signed = own(contracts, "begins_on", "ends_on", "kind", "subject", "yearly_amount")
    deals = own(opportunities, "id", "name")
    labels = collect(stages, "id", "label").set_index("id")["label"]
    moved = collect(
        deal_periods.filter(nw.col("opportunity_id").is_in(deals["id"].tolist())),
        *("opportunity_id", "sequence", "stage_id", "amount", "owner_id", "valid_from"),
    ).sort_values(["opportunity_id", "sequence"], kind="stable")
    entered = moved["stage_id"] != moved.groupby("opportunity_id")["stage_id"].shift()
    moved = moved[entered.fillna(value=True)]
    parts = [
        done.assign(
            event="activity", word=done["kind"], text=done["subject"], who=done["rep_id"].map(names)
        ),
        papers.assign(event="document", word=papers["kind"], text=papers["code"]),
        held.assign(event="status", date=held["valid_from"], word=held["status"]),
        moved.assign(
            event="stage",
            date=moved["valid_from"],
            word=moved["stage_id"].map(labels),
            text=moved["opportunity_id"].map(deals.set_index("id")["name"]),
            who=moved["owner_id"].map(names),
        ),
        *(
            signed.assign(
                event="contract",
                date=signed[f"{edge}_on"],
                word=edge,
                text=signed["subject"],
                amount=signed["yearly_amount"],
            )
            for edge in ("begins", "ends")
        ),
    ]
    every = pd.concat([part.reindex(columns=list(EVENTS)) for part in parts], ignore_index=True)
    dated = every[every["date"].notna() & (every["date"] <= midnight(last))]
    ordered = dated.sort_values("date", ascending=False, kind="stable")
    return give(ordered, activities, EVENTS)
