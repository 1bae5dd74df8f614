"""Revenue: class 70 of the ledger net of 709, by customer, account, group and month.

What names no customer, or several, is shown as unallocated, never guessed; totals are the
ledger's to the cent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

from workbench.metrics import ledger
from workbench.metrics.buyers import companies, owned, told_apart
from workbench.metrics.catalog import metric
from workbench.metrics.deals import DIMENSIONS, as_closed
from workbench.metrics.frames import (
    collect,
    euros,
    give,
    in_cents,
    largest_first,
    ratio,
)
from workbench.metrics.groups import CALENDAR, GROUP, choice, keyed, labelled, number
from workbench.metrics.lettering import lettered
from workbench.metrics.periods import (
    KPI,
    asked,
    compared,
    midnight,
    shifted,
    span,
    within,
)
from workbench.metrics.wins import against_last_year, won_deals

if TYPE_CHECKING:
    import datetime as dt

    import pandas as pd

ROWS = {
    "id": "id",
    "journal": "text",
    "entry": "text",
    "date": "date",
    "piece": "text",
    "label": "text",
    "account_number": "text",
    "debit": "money",
    "credit": "money",
    "revenue": "money: credit - debit",
    "customer_id": "id: null where the entry names none, or several",
    "customer_code": "text",
    "customer": "text",
    "account_id": "id: null where the customer is unmatched",
    "account": "text",
}
REVENUE = {
    **GROUP,
    "revenue": "money",
    "unmatched": "money: of it, customers without an account",
    "unallocated": "money: of it, entries with no or several customers",
    "share": "ratio: of the total",
    "lines": "count: of the ledger",
}
BY_MONTH = {
    "month": "date: its first day",
    "revenue": "money",
    "last_year": "money: the same days a year before",
    "change_rate": "ratio: against last year",
    "partial": "flag: the month isn't over, or is cut by the period",
}
UNALLOCATED = {
    "journal": "text",
    "entry": "text",
    "date": "date: of its first line of class 70",
    "piece": "text",
    "label": "text",
    "reason": "text: none (no customer) or several",
    "customers": "count: distinct customers on the entry's 411 lines",
    "lines": "count: of class 70",
    "revenue": "money",
}
INVOICED = {
    **GROUP,
    "deals": "count: won in the period",
    "won": "money",
    "ordered": "money: orders of those deals, without tax",
    "invoiced": "money: invoices less credit notes of those deals, without tax",
    "paid": "money: of it, invoices whose 411 line is lettered",
    "gap": "money: won - invoiced",
    "invoiced_share": "ratio: invoiced / won",
}
FORMULA = (
    (
        "Crédit – débit des comptes 70 (709 en moins) ; les lignes d’une écriture reviennent au "
        "client de son unique ligne 411 ; plusieurs clients ou aucun : non affecté."
    ),
    (
        "Credit - debit of accounts 70 (709 counting against); an entry's lines belong to the "
        "customer of its one 411 line; several customers or none: unallocated."
    ),
)
SOURCE = (
    "Plan comptable général (ANC 2014-03), classe 70",
    "French chart of accounts (ANC 2014-03), class 70",
)
GROUPINGS = ("account", "customer", "group", "segment", "sector", "owner", "team", *CALENDAR)
BY_DAY = ("group", "owner", "team", *CALENDAR)


@metric(
    label=("Lignes de chiffre d’affaires", "Revenue lines"),
    question=(
        "Quelles écritures sont derrière ce chiffre ?",
        "Which entries are behind this figure?",
    ),
    unit=("€", "€"),
    formula=FORMULA,
    source=SOURCE,
    columns=ROWS,
)
def revenue_rows(
    ledger_entries: nw.LazyFrame[Any],
    ledger_customers: nw.LazyFrame[Any],
    accounts: nw.LazyFrame[Any],
    *,
    as_of: Any = None,
    since: Any = None,
    until: Any = None,
) -> nw.LazyFrame[Any]:
    """The lines behind the revenue metrics, in order of date.

    Args:
        ledger_entries: the ledger.
        ledger_customers: its customers.
        accounts: for names.
        as_of: later lines don't count.
        since: first day.
        until: last day.
    """
    columns = ("id", "journal", "entry", "piece", "label", "account_number")
    lines = ledger.sales(ledger_entries, *columns, as_of=as_of, since=since, until=until)
    tied = ledger_customers.select(
        nw.col("id").alias("customer_id"),
        nw.col("code").alias("customer_code"),
        nw.col("name").alias("customer"),
        "account_id",
    )
    names = accounts.select(nw.col("id").alias("account_id"), nw.col("name").alias("account"))
    return (
        lines.join(tied, on="customer_id", how="left")
        .join(names, on="account_id", how="left")
        .with_columns(revenue=nw.col("cents") / 100)
        .select(*ROWS)
        .sort("date", "id")
    )


@metric(
    label=("Chiffre d’affaires", "Revenue"),
    question=("Qui achète, combien, quand ?", "Who buys, how much, when?"),
    unit=("€", "€"),
    formula=FORMULA,
    source=SOURCE,
    columns=REVENUE,
)
def revenue_by_account(
    ledger_entries: nw.LazyFrame[Any],
    ledger_customers: nw.LazyFrame[Any],
    accounts: nw.LazyFrame[Any],
    parent_periods: nw.LazyFrame[Any],
    owner_periods: nw.LazyFrame[Any],
    team_periods: nw.LazyFrame[Any],
    reps: nw.LazyFrame[Any],
    *,
    as_of: Any = None,
    by: str | None = "account",
    since: Any = None,
    until: Any = None,
) -> nw.LazyFrame[Any]:
    """Revenue per account or otherwise; its rows add up to the ledger's class 70.

    Args:
        ledger_entries: the ledger.
        ledger_customers: its customers, tied to accounts.
        accounts: as of the date.
        parent_periods: whom an account belonged to when it bought.
        owner_periods: who owned it then; its first owner where it had none yet.
        team_periods: who led that rep then.
        reps: for names.
        as_of: later lines don't count.
        by: account, customer, group (ultimate parent as of the entry), segment, sector, owner
            and team (as of the entry), month, quarter, year; None for all.
        since: first day.
        until: last day.
    """
    choice("grouping", by, GROUPINGS)
    lines = ledger.sales(ledger_entries, as_of=as_of, since=since, until=until)
    keys = ["customer_id", "date"] if by in BY_DAY else ["customer_id"]
    summed = lines.group_by(*keys).agg(nw.col("cents").sum(), nw.len().alias("lines"))
    tied = ledger_customers.select(
        nw.col("id").alias("customer_id"), nw.col("name").alias("customer"), "account_id"
    )
    rows = summed.join(tied, on="customer_id", how="left")
    if by in CALENDAR:
        flags = {
            "unmatched": nw.col("account_id").is_null() & ~nw.col("customer_id").is_null(),
            "unallocated": nw.col("customer_id").is_null(),
        }
        parts = rows.with_columns(
            **{
                name: nw.when(flag).then(nw.col("cents")).otherwise(0)
                for name, flag in flags.items()
            }
        ).group_by("date")
        daily = collect(parts.agg(nw.col("cents", "unmatched", "unallocated", "lines").sum()))
        found = collect(
            nw.from_native(daily)
            .lazy()
            .with_columns(group_id=number(str(by), "date"), group=nw.lit(""))
        )
    else:
        found = told_apart(collect(rows))
        if by in {"owner", "team"}:
            found = owned(found, by, owner_periods, team_periods, reps)
        else:
            found = companies(found, accounts, parent_periods, by)
    result = (
        found.groupby(["group_id", "group"], dropna=False, sort=False)[
            ["cents", "unmatched", "unallocated", "lines"]
        ]
        .sum()
        .reset_index()
    )
    whole = np.full(len(result), result["cents"].sum())
    result = result.assign(
        share=ratio(result["cents"], whole),
        revenue=euros(result["cents"]),
        unmatched=euros(result["unmatched"]),
        unallocated=euros(result["unallocated"]),
    )
    ordered = largest_first(result, "cents", "group")
    return give(labelled(ordered, by), ledger_entries, REVENUE)


@metric(
    label=("Chiffre d’affaires par mois", "Revenue by month"),
    question=(
        "Comment évolue le chiffre d’affaires face à l’an dernier ?",
        "How does revenue move against last year?",
    ),
    unit=("€", "€"),
    formula=FORMULA,
    source=SOURCE,
    columns=BY_MONTH,
)
def revenue_by_month(
    ledger_entries: nw.LazyFrame[Any], *, as_of: Any = None, since: Any = None, until: Any = None
) -> nw.LazyFrame[Any]:
    """Revenue per month beside the same days a year before, unallocated included.

    Args:
        ledger_entries: the ledger.
        as_of: later lines don't count.
        since: first day; twelve months up to `until` where it isn't given.
        until: last day; `as_of` where it isn't given.
    """
    period = span(asked("revenue_by_month", as_of), since, until)
    lines = ledger.sales(
        ledger_entries, as_of=as_of, since=shifted(period.since, -12), until=period.until
    )
    daily = collect(lines.group_by("date").agg(nw.col("cents").sum()))
    table = against_last_year(daily, period.since, period.until)
    change = (table["amount"] - table["last_year"]).to_numpy()
    positive = table["last_year"].where(table["last_year"] > 0, 0)
    result = table.assign(revenue=table["amount"], change_rate=ratio(change, positive))
    return give(result, ledger_entries, BY_MONTH)


@metric(
    label=("Chiffre d’affaires de la période", "Revenue in the period"),
    question=(
        "Combien avons-nous facturé, et combien avant ?",
        "How much revenue, and how much before?",
    ),
    unit=("€", "€"),
    formula=FORMULA,
    source=SOURCE,
    columns=KPI,
)
def revenue_in_period(
    ledger_entries: nw.LazyFrame[Any], *, as_of: Any = None, since: Any = None, until: Any = None
) -> nw.LazyFrame[Any]:
    """Revenue with that of the period before.

    Args:
        ledger_entries: the ledger.
        as_of: later lines don't count.
        since: first day; twelve months up to `until` where it isn't given.
        until: last day; `as_of` where it isn't given.
    """
    period = span(asked("revenue_in_period", as_of), since, until)
    lines = ledger.sales(
        ledger_entries, as_of=as_of, since=period.previous_since, until=period.until
    )
    daily = collect(lines.group_by("date").agg(nw.col("cents").sum()))

    def added(first: dt.date, last: dt.date) -> float:
        chosen = daily["date"].between(midnight(first), midnight(last))
        return float(daily.loc[chosen, "cents"].sum()) / 100

    now = added(period.since, period.until)
    before = added(period.previous_since, period.previous_until)
    return give(compared({"revenue": (now, before)}, period), ledger_entries, KPI)


@metric(
    label=("Chiffre d’affaires non affecté", "Unallocated revenue"),
    question=(
        "Quelles ventes ne peuvent être attribuées à un client ?",
        "Which sales can't be given to a customer?",
    ),
    unit=("€", "€"),
    formula=(
        "Écritures de classe 70 dont les lignes 411 nomment plusieurs clients, ou aucun.",
        "Class 70 entries whose 411 lines name several customers, or none.",
    ),
    source=SOURCE,
    columns=UNALLOCATED,
)
def unallocated_revenue(
    ledger_entries: nw.LazyFrame[Any], *, as_of: Any = None, since: Any = None, until: Any = None
) -> nw.LazyFrame[Any]:
    """One row per entry, the largest first.

    Args:
        ledger_entries: the ledger.
        as_of: later lines don't count.
        since: first day.
        until: last day.
    """
    key = ["book", "journal", "entry"]  # whose lines may be of several days
    lines = ledger.sales(
        ledger_entries, *key, "id", "piece", "label", as_of=as_of, since=since, until=until
    ).filter(nw.col("customer_id").is_null())
    rows = collect(lines, *key, "id", "date", "piece", "label", "cents").sort_values("id")
    entries = rows.assign(lines=1).groupby(key, dropna=False, sort=False)
    found = entries[["date", "piece", "label"]].first().join(entries[["cents", "lines"]].sum())
    found = found.reset_index()
    named = ledger.customer_lines(ledger_entries, *key, only=~nw.col("customer_id").is_null())
    counted = _customers(named, found, key)
    result = found.merge(counted, on=key, how="left")
    result["customers"] = result["customers"].fillna(0)
    result = result.assign(
        revenue=euros(result["cents"]),
        reason=np.where(result["customers"] > 0, "several", "none"),
    ).sort_values(["cents", "date", "entry"], ascending=[False, True, True])
    return give(result, ledger_entries, UNALLOCATED)


def _customers(named: nw.LazyFrame[Any], entries: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    """How many customers the 411 lines of each of those entries name."""
    listed = entries["entry"].dropna().unique().tolist()
    lines = collect(named.filter(nw.col("entry").is_in(listed)), *key, "customer_id")
    each = lines.drop_duplicates().groupby(key, dropna=False, sort=False)
    return each.size().rename("customers").reset_index()


@metric(
    label=("Gagné, facturé, payé", "Won, invoiced, paid"),
    question=(
        "Ce que nous gagnons est-il facturé, puis payé ?",
        "Is what we win invoiced, then paid?",
    ),
    unit=("€", "€"),
    formula=(
        (
            "Affaires gagnées dans la période : leur montant, leurs commandes, leurs factures "
            "moins avoirs, et la part des factures dont la ligne 411 est lettrée."
        ),
        (
            "Deals won in the period: their amount, their orders, their invoices less credit "
            "notes, and those invoices whose 411 line is lettered."
        ),
    ),
    source=(
        "pièces liées aux opportunités ; compte 411",
        "documents tied to opportunities; account 411",
    ),
    columns=INVOICED,
)
def won_versus_invoiced(
    opportunities: nw.LazyFrame[Any],
    stages: nw.LazyFrame[Any],
    documents: nw.LazyFrame[Any],
    ledger_entries: nw.LazyFrame[Any],
    reps: nw.LazyFrame[Any],
    deal_periods: nw.LazyFrame[Any],
    team_periods: nw.LazyFrame[Any],
    *,
    as_of: Any = None,
    by: str | None = "month",
    since: Any = None,
    until: Any = None,
) -> nw.LazyFrame[Any]:
    """Won deals beside what became of them, by when they were won.

    Args:
        opportunities: as of the date.
        stages: of all pipelines.
        documents: orders, invoices and credit notes tied to an opportunity.
        ledger_entries: tell which invoices are paid, by their piece.
        reps: for names.
        deal_periods: who owned the deal when it was won.
        team_periods: who led that rep then.
        as_of: later documents and letterings don't count.
        by: month, quarter, year, owner, team (of the day of the win), segment, product,
            pipeline, deal; None for all.
        since: first day of the win.
        until: last day of the win.
    """
    won = won_deals(opportunities, stages, as_of=as_of, since=since, until=until)
    if by in {"owner", "team"}:
        won = as_closed(won, opportunities, stages, reps, deal_periods, team_periods)
    tied = documents.select("code", "kind", "opportunity_id", "date", "amount").filter(
        nw.col("kind").is_in(["order", "invoice", "credit_note"]),
        ~nw.col("opportunity_id").is_null(),
    )
    papers = collect(within(tied, "date", None, as_of))
    papers = papers[papers["opportunity_id"].isin(won["id"])]
    is_order = papers["kind"] == "order"
    is_paid = ~is_order & lettered(ledger_entries, papers["code"], as_of)
    amount = in_cents(papers["amount"])
    sums = {"ordered": is_order, "invoiced": ~is_order, "paid": is_paid}
    per_deal = (
        papers[["opportunity_id"]]
        .assign(**{name: amount.where(counts, 0) for name, counts in sums.items()})
        .groupby("opportunity_id")
        .sum()
    )
    rows = won.assign(deals=1).join(per_deal, on="id")
    rows[list(sums)] = rows[list(sums)].fillna(0)
    found = (
        keyed(rows, by, (*CALENDAR, *DIMENSIONS, "deal"), date="closed_on")
        .groupby(["group_id", "group"], dropna=False, sort=False)[["deals", "cents", *sums]]
        .sum()
        .reset_index()
        .sort_values(["cents", "group"], ascending=[False, True], kind="stable")
    )
    result = found.assign(
        won=euros(found["cents"]),
        gap=euros(found["cents"] - found["invoiced"]),
        invoiced_share=ratio(found["invoiced"], found["cents"]),
        **{name: euros(found[name]) for name in sums},
    )
    return give(labelled(result, by), opportunities, INVOICED)
