"""What needs a decision: stalled deals, slipped dates, competitors' contracts, late payers."""

from __future__ import annotations

from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from workbench.metrics.catalog import metric
from workbench.metrics.deals import age, deals, is_stalled
from workbench.metrics.frames import (
    beside,
    collect,
    euros,
    give,
    in_cents,
    largest_first,
    looked_up,
    no_ids,
    told,
    whole,
)
from workbench.metrics.periods import DAY, asked, days, limits, midnight, within
from workbench.metrics.receivables import companies, of_customers, open_items

TODO = {
    "reason": "text: stalled, slipped, past_close, contract_ends or late_payer",
    "entity": "text: opportunity, contract or account",
    "id": "id: of it",
    "name": "text",
    "account_id": "id",
    "account": "text",
    "owner_id": "id",
    "owner": "text",
    "team_id": "id",
    "team": "text",
    "amount": "money: null where there is none",
    "date": "date: in its stage since; expected close; end of contract; oldest due date",
    "days": "count: in the stage; past the close date; until the end; past due",
    "times": "count: times put off; open items past due; else null",
}
STALLED = (
    "Affaire ouverte, dans son étape depuis plus de jours que l’étape n’en accorde.",
    "Open deal, in its stage for more days than the stage allows.",
)
SLIPPED = (
    "Affaire ouverte dont la clôture prévue a été repoussée au moins n fois, ou est passée.",
    "Open deal whose expected close was put off at least n times, or is past.",
)
ENDING = (
    "Contrat d’un concurrent qui prend fin dans les n jours.",
    "A competitor's contract that ends within the n days.",
)
LATE = (
    "Client dont un poste ouvert du 411 a dépassé l’échéance de plus de n jours.",
    "Customer with an open item of 411 more than n days past due.",
)


def _open_deals(
    opportunities: nw.LazyFrame[Any], stages: nw.LazyFrame[Any], as_of: Any
) -> pd.DataFrame:
    live = deals(opportunities, stages, as_of=as_of, kind="open")
    return live[list(_DEAL)].assign(
        is_stalled=is_stalled(live, as_of),
        stage_days=age(live["stage_since"], as_of).astype("Int64"),
    )


_DEAL = ("id", "name", "account_id", "owner_id", "owner", "team_id", "team", "stage_since",
         "close_date", "amount", "cents")  # fmt: skip


def _largest(rows: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Deals with their account's name, the largest first."""
    found = largest_first(rows, "cents", "id")
    return found.assign(
        account=looked_up(found["account_id"], known.set_index("id")["account"]),
        amount=told(euros(found["cents"]), found["amount"].notna()),
    )


def _stalled(live: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    rows = _largest(live[live["is_stalled"]], known)
    return rows.assign(
        reason="stalled",
        entity="opportunity",
        date=rows["stage_since"],
        days=rows["stage_days"],
        times=no_ids(len(rows)),
    )


def _slipped(
    live: pd.DataFrame,
    known: pd.DataFrame,
    deal_periods: nw.LazyFrame[Any],
    as_of: Any,
    slips: int,
) -> pd.DataFrame:
    last, least = asked("slipped_deals", as_of), whole("slips", slips, least=1)
    columns = ("opportunity_id", "sequence", "close_date", "valid_from")
    history = collect(within(deal_periods.select(*columns), "valid_from", None, last))
    history = history[history["close_date"].notna() & history["opportunity_id"].isin(live["id"])]
    deal = history["opportunity_id"].to_numpy("int64")
    order = np.lexsort((history["sequence"].to_numpy("int64"), deal))
    deal, close = deal[order], days(history["close_date"])[order]
    later = (deal[1:] == deal[:-1]) & (close[1:] > close[:-1])
    pushed = pd.Series(deal[1:][later]).value_counts()
    times = looked_up(live["id"], pushed).fillna(0).astype("Int64")
    past = (pd.Timestamp(midnight(last)) - live["close_date"]).dt.days.astype("Int64")
    late = (times >= least) | (past > 0).fillna(value=False)
    rows = _largest(live.assign(times=times, days=past)[late.to_numpy(dtype=bool)], known)
    return rows.assign(
        reason=np.where((rows["times"] >= least).to_numpy(dtype=bool), "slipped", "past_close"),
        entity="opportunity",
        date=rows["close_date"],
    )


def _ending(
    contracts: nw.LazyFrame[Any], known: pd.DataFrame, as_of: Any, contract_days: int
) -> pd.DataFrame:
    last = asked("ending_contracts", as_of)
    soon = last + whole("contract_days", contract_days) * DAY
    theirs = contracts.filter(nw.col("kind") == "competitor", *limits("ends_on", last, soon))
    columns = ("id", "account_id", "competitor", "subject", "ends_on", "yearly_amount")
    rows = beside(collect(theirs, *columns), "account_id", known)
    name = rows["competitor"].fillna("") + " – " + rows["subject"].fillna("")
    return rows.assign(
        reason="contract_ends",
        entity="contract",
        name=name.str.strip(" –"),
        amount=told(euros(in_cents(rows["yearly_amount"])), rows["yearly_amount"].notna()),
        date=rows["ends_on"],
        days=(rows["ends_on"] - pd.Timestamp(midnight(last))).dt.days,
        times=no_ids(len(rows)),
    ).sort_values(["date", "id"])


def _late(
    ledger_entries: nw.LazyFrame[Any],
    ledger_customers: nw.LazyFrame[Any],
    documents: nw.LazyFrame[Any],
    known: pd.DataFrame,
    as_of: Any,
    late_days: int,
    terms: int,
) -> pd.DataFrame:
    least = whole("late_days", late_days)
    items = open_items(ledger_entries, documents, as_of=as_of, terms=terms)
    narrow = items[["customer_id", "cents", "due_date", "days_past_due"]]
    due = narrow[narrow["days_past_due"] > 0]
    customers = due.assign(times=1).groupby("customer_id", dropna=False, sort=False)
    found = (
        customers[["cents", "times"]]
        .sum()
        .assign(date=customers["due_date"].min(), days=customers["days_past_due"].max())
        .reset_index()
    )
    found = found[(found["cents"] > 0) & (found["days"] > least)]
    found = of_customers(largest_first(found, "cents", "customer_id"), ledger_customers, known)
    return found.assign(
        reason="late_payer",
        entity="account",
        id=found["account_id"],
        name=found["account"].where(found["account"].notna(), found["customer"]),
        amount=euros(found["cents"]),
    )


@metric(
    label=("Affaires enlisées", "Stalled deals"),
    question=("Quelles affaires n’avancent plus ?", "Which deals no longer move?"),
    unit=("jours", "days"),
    formula=STALLED,
    source=("limite propre à chaque étape, stalled_days", "stages' own limit, stalled_days"),
    columns=TODO,
)
def stalled_deals(
    opportunities: nw.LazyFrame[Any],
    stages: nw.LazyFrame[Any],
    accounts: nw.LazyFrame[Any],
    *,
    as_of: Any = None,
) -> nw.LazyFrame[Any]:
    """Stalled deals, the largest first.

    Args:
        opportunities: as of the date.
        stages: with how long a deal may stand there.
        accounts: for names.
        as_of: days are counted up to it.
    """
    asked("stalled_deals", as_of)
    rows = _stalled(_open_deals(opportunities, stages, as_of), companies(accounts))
    return give(rows, opportunities, TODO)


@metric(
    label=("Clôtures repoussées", "Slipped dates"),
    question=("Quelles clôtures glissent ?", "Which close dates slip?"),
    unit=("jours", "days"),
    formula=SLIPPED,
    source=("historique des affaires, au journal", "deal history of the journal"),
    columns=TODO,
)
def slipped_deals(
    opportunities: nw.LazyFrame[Any],
    stages: nw.LazyFrame[Any],
    deal_periods: nw.LazyFrame[Any],
    accounts: nw.LazyFrame[Any],
    *,
    as_of: Any = None,
    slips: int = 2,
) -> nw.LazyFrame[Any]:
    """Open deals put off often, or past their date, the largest first.

    Args:
        opportunities: as of the date.
        stages: of all pipelines.
        deal_periods: each deal's close dates over time.
        accounts: for names.
        as_of: days are counted up to it.
        slips: put off at least so often.
    """
    live = _open_deals(opportunities, stages, as_of)
    rows = _slipped(live, companies(accounts), deal_periods, as_of, slips)
    return give(rows, opportunities, TODO)


@metric(
    label=("Contrats concurrents à échéance", "Competitors' contracts that end"),
    question=(
        "Quels clients de concurrents seront libres ?",
        "Which competitors' customers come free?",
    ),
    unit=("jours", "days"),
    formula=ENDING,
    source=("contrats", "contracts"),
    columns=TODO,
)
def ending_contracts(
    contracts: nw.LazyFrame[Any],
    accounts: nw.LazyFrame[Any],
    *,
    as_of: Any = None,
    contract_days: int = 90,
) -> nw.LazyFrame[Any]:
    """Competitors' contracts that end soon, the soonest first.

    Args:
        contracts: ours are left out.
        accounts: for names and owners.
        as_of: the first of the days.
        contract_days: how far ahead is soon.
    """
    rows = _ending(contracts, companies(accounts), as_of, contract_days)
    return give(rows, contracts, TODO)


@metric(
    label=("Mauvais payeurs", "Late payers"),
    question=("Qui nous paie en retard ?", "Who pays us late?"),
    unit=("€", "€"),
    formula=LATE,
    source=("compte 411 ; échéances des factures", "account 411; due dates of invoices"),
    columns=TODO,
)
def late_payers(
    ledger_entries: nw.LazyFrame[Any],
    ledger_customers: nw.LazyFrame[Any],
    documents: nw.LazyFrame[Any],
    accounts: nw.LazyFrame[Any],
    *,
    as_of: Any = None,
    late_days: int = 30,
    terms: int = 30,
) -> nw.LazyFrame[Any]:
    """Customers past due, the largest sum first.

    Args:
        ledger_entries: the ledger.
        ledger_customers: its customers, tied to accounts.
        documents: give due dates.
        accounts: for names and owners.
        as_of: open at this day.
        late_days: late by more than so many days.
        terms: days to pay where no invoice says.
    """
    tables = (ledger_entries, ledger_customers, documents, companies(accounts))
    return give(_late(*tables, as_of, late_days, terms), ledger_entries, TODO)


@metric(
    label=("À décider", "To decide"),
    question=("Qu’est-ce qui m’attend ?", "What needs me?"),
    unit=("€", "€"),
    formula=(
        " ".join(text[0] for text in (STALLED, SLIPPED, ENDING, LATE)),
        " ".join(text[1] for text in (STALLED, SLIPPED, ENDING, LATE)),
    ),
    source=(
        "historique des affaires au journal, contrats, compte 411",
        "deal history of the journal, contracts, account 411",
    ),
    columns=TODO,
)
def to_decide(
    opportunities: nw.LazyFrame[Any],
    stages: nw.LazyFrame[Any],
    deal_periods: nw.LazyFrame[Any],
    contracts: nw.LazyFrame[Any],
    accounts: nw.LazyFrame[Any],
    ledger_entries: nw.LazyFrame[Any],
    ledger_customers: nw.LazyFrame[Any],
    documents: nw.LazyFrame[Any],
    *,
    as_of: Any = None,
    slips: int = 2,
    contract_days: int = 90,
    late_days: int = 30,
    terms: int = 30,
) -> nw.LazyFrame[Any]:
    """The rows of the four lists above, one after the other.

    Args:
        opportunities: as of the date.
        stages: of all pipelines.
        deal_periods: each deal's close dates over time.
        contracts: competitors' too.
        accounts: for names and owners.
        ledger_entries: the ledger.
        ledger_customers: its customers, tied to accounts.
        documents: give due dates.
        as_of: the day.
        slips: put off at least so often.
        contract_days: how far ahead a contract ends soon.
        late_days: late by more than so many days.
        terms: days to pay where no invoice says.
    """
    asked("to_decide", as_of)
    known = companies(accounts)
    live = _open_deals(opportunities, stages, as_of)
    ledger_tables = (ledger_entries, ledger_customers, documents, known)
    parts = [
        _stalled(live, known),
        _slipped(live, known, deal_periods, as_of, slips),
        _ending(contracts, known, as_of, contract_days),
        _late(*ledger_tables, as_of, late_days, terms),
    ]
    shaped = [part[list(TODO)] for part in parts]
    full = [part for part in shaped if len(part)] or shaped[:1]
    return give(pd.concat(full, ignore_index=True), opportunities, TODO)
