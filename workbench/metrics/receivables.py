"""What customers owe: the balance of 411, its open items, and how late they are."""

from __future__ import annotations

from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from workbench.metrics import ledger
from workbench.metrics.catalog import metric
from workbench.metrics.frames import (
    beside,
    collect,
    euros,
    give,
    largest_first,
    places,
    ratio,
    whole,
)
from workbench.metrics.groups import GROUP, choice, grouped, labelled
from workbench.metrics.periods import asked, days, number_of
from workbench.metrics.steps import step

OWED = {
    "customer_id": "id: null on lines of 411 that name no customer",
    "customer_code": "text",
    "customer": "text",
    "account_id": "id",
    "account": "text",
    "owner_id": "id",
    "owner": "text",
    "balance": "money: debit - credit of 411 up to the date",
    "open_items": "money: of it, the lines not lettered by then",
    "items": "count: of open lines",
    "lettered_without_balance": "money: balance - open_items",
}
ITEMS = {
    "id": "id",
    "journal": "text",
    "entry": "text",
    "date": "date: of the piece, where an opening entry carried it over",
    "piece": "text",
    "label": "text",
    "customer_id": "id",
    "customer_code": "text",
    "customer": "text",
    "account_id": "id",
    "account": "text",
    "owner_id": "id",
    "owner": "text",
    "team_id": "id",
    "team": "text",
    "segment": "text",
    "amount": "money: debit - credit",
    "due_date": "date: of the invoice where it is known, else the entry's date and the terms",
    "days_past_due": "count: 0 or less is not due yet",
    "bucket": "text",
}
AGED = {**GROUP, "bucket": "text", "position": "count", "amount": "money", "items": "count"}
OVERDUE = {
    "total": "money: open items",
    "overdue": "money: of it, past due",
    "share": "ratio: overdue / total",
    "customers": "count: with something past due",
    "oldest_days": "count: days past due of the oldest item",
}
BUCKETS = ("not_due", "1-30", "31-60", "61-90", "over_90")
EDGES = (0, 30, 60, 90)
SOURCE = (
    "Plan comptable général (ANC 2014-03), compte 411 ; EcritureLet et DateLet du FEC",
    "French chart of accounts (ANC 2014-03), account 411; EcritureLet and DateLet of the FEC",
)
OPEN = (
    (
        "Lignes du 411 non lettrées à la date (un lettrage postérieur ne compte pas), par jours de "
        "retard sur l’échéance de la facture, sinon sur la date d’écriture plus le délai de "
        "paiement."
    ),
    (
        "Lines of 411 not lettered by the date (a later lettering doesn't count), by days past the "
        "invoice's due date, else past the entry's date plus the terms of payment."
    ),
)


def companies(accounts: nw.LazyFrame[Any]) -> pd.DataFrame:
    """What is told of each account: name, segment and owner."""
    found = collect(accounts, "id", "name", "owner_id", "owner", "team_id", "team", "segment")
    return found.rename(columns={"name": "account"})


def of_customers(
    rows: pd.DataFrame, ledger_customers: nw.LazyFrame[Any], known: pd.DataFrame
) -> pd.DataFrame:
    """The rows, each beside its `customer_id`'s name and account, and what `companies` tell."""
    customers = collect(ledger_customers, "id", "code", "name", "account_id").rename(
        columns={"code": "customer_code", "name": "customer"}
    )
    return beside(beside(rows, "customer_id", customers), "account_id", known)


@metric(
    label=("Encours", "Outstanding"),
    question=("Que nous doit chaque client ?", "What does each customer owe us?"),
    unit=("€", "€"),
    formula=(
        (
            "Solde (débit – crédit) des comptes 411 jusqu’à la date ; postes ouverts : lignes non "
            "lettrées à cette date ; l’écart est montré comme lettré sans solde."
        ),
        (
            "Balance (debit - credit) of accounts 411 up to the date; open items: lines not "
            "lettered by then; the difference is shown as lettered without balance."
        ),
    ),
    source=SOURCE,
    columns=OWED,
)
def outstanding(
    ledger_entries: nw.LazyFrame[Any],
    ledger_customers: nw.LazyFrame[Any],
    accounts: nw.LazyFrame[Any],
    *,
    as_of: Any = None,
) -> nw.LazyFrame[Any]:
    """Each customer with a balance or an open item, the largest balance first.

    Args:
        ledger_entries: the ledger.
        ledger_customers: its customers, tied to accounts.
        accounts: for names and owners.
        as_of: the balance stands at this day.
    """
    last = asked("outstanding", as_of)
    lines = ledger.receivables(ledger_entries, *ledger.LETTERED, as_of=last)
    summed = (
        lines.with_columns(items=ledger.is_open(last).cast(nw.Int64))
        .with_columns(open_cents=nw.col("cents") * nw.col("items"))
        .group_by("customer_id")
        .agg(nw.col("cents", "open_cents", "items").sum())
        .filter((nw.col("cents") != 0) | (nw.col("items") > 0))
    )
    owed = largest_first(collect(summed), "cents", "customer_id")
    rows = of_customers(owed, ledger_customers, companies(accounts))
    result = rows.assign(
        balance=euros(rows["cents"]),
        open_items=euros(rows["open_cents"]),
        lettered_without_balance=euros(rows["cents"] - rows["open_cents"]),
    )
    return give(result, ledger_entries, OWED)


@step
def open_items(
    ledger_entries: nw.LazyFrame[Any],
    documents: nw.LazyFrame[Any],
    *,
    as_of: Any,
    terms: int,
    more: tuple[str, ...] = (),
) -> pd.DataFrame:
    """The open lines of 411 with their due date, days past due and bucket.

    Args:
        ledger_entries: the ledger.
        documents: give due dates.
        as_of: open at this day.
        terms: days to pay where no invoice says.
        more: further columns of the ledger that are wanted.
    """
    last = asked("open_items", as_of)
    columns = ("piece", "opening", *ledger.LETTERED, *more)
    lines = ledger.receivables(ledger_entries, *columns, as_of=last, only=ledger.is_open(last))
    rows = collect(lines, "customer_id", "date", "piece", "opening", "cents", *more)
    rows = rows.assign(**dated(rows, ledger_entries, documents, whole("terms", terms)))
    late = number_of(last) - days(rows["due_date"])
    return rows.assign(
        amount=euros(rows["cents"]),
        days_past_due=late,
        position=np.searchsorted(EDGES, late),
        bucket=np.array(BUCKETS, dtype=object)[np.searchsorted(EDGES, late)],
    )


def dated(
    rows: pd.DataFrame,
    ledger_entries: nw.LazyFrame[Any],
    documents: nw.LazyFrame[Any],
    terms: int,
) -> dict[str, pd.Series[Any]]:
    """When lines of 411 are dated, and due.

    A piece's due date is that of the invoice or credit note with its number; where several have
    it, the latest. What an opening entry carried over is dated as the piece was.

    Args:
        rows: customer_id, date, piece and opening of each.
        ledger_entries: tell when a piece that was carried over began.
        documents: give due dates.
        terms: days to pay where no invoice says.
    """
    date = _begun(rows, ledger_entries)
    bills = collect(
        documents.select("code", "kind", "due_date").filter(
            nw.col("kind").is_in(["invoice", "credit_note"]), ~nw.col("due_date").is_null()
        ),
        *("code", "due_date"),
    )
    named = bills[places(bills["code"], rows["piece"]) >= 0]
    latest = named.sort_values("due_date", ascending=False, ignore_index=True)
    due = latest["due_date"].array.take(places(rows["piece"], latest["code"]), allow_fill=True)
    return {"date": date, "due_date": pd.Series(due).fillna(date + pd.Timedelta(days=terms))}


def _begun(rows: pd.DataFrame, ledger_entries: nw.LazyFrame[Any]) -> pd.Series[Any]:
    """The day of each line; of those that an opening entry carried over, their piece's first."""
    carried = rows["opening"].fillna(value=False) & rows["piece"].notna()
    if not carried.any():
        return rows["date"]
    key = ["customer_id", "piece"]
    whose, pieces = (rows.loc[carried, name].dropna().unique().tolist() for name in key)
    told = (
        ledger_entries.select(*key, "date", "piece_date")
        .filter(nw.col("customer_id").is_in(whose))  # few are left for texts to be looked at
        .filter(nw.col("piece").is_in(pieces))
    )
    first = collect(told).groupby(key)[["date", "piece_date"]].min().min(axis=1)
    begun = first.reindex(pd.MultiIndex.from_frame(rows.loc[carried, key]))
    return rows["date"].mask(carried, begun.set_axis(rows.index[carried])).fillna(rows["date"])


@metric(
    label=("Postes ouverts", "Open items"),
    question=("Quelles factures restent dues ?", "Which invoices are still owed?"),
    unit=("€", "€"),
    formula=OPEN,
    source=SOURCE,
    columns=ITEMS,
)
def open_item_rows(
    ledger_entries: nw.LazyFrame[Any],
    ledger_customers: nw.LazyFrame[Any],
    documents: nw.LazyFrame[Any],
    accounts: nw.LazyFrame[Any],
    *,
    as_of: Any = None,
    terms: int = 30,
) -> nw.LazyFrame[Any]:
    """The lines behind `aged_balance`, the oldest due first.

    Args:
        ledger_entries: the ledger.
        ledger_customers: its customers, tied to accounts.
        documents: give due dates.
        accounts: for names and owners.
        as_of: open at this day.
        terms: days to pay where no invoice says.
    """
    more = ("id", "journal", "entry", "label")
    items = open_items(ledger_entries, documents, as_of=as_of, terms=terms, more=more)
    rows = of_customers(items, ledger_customers, companies(accounts))
    return give(rows.sort_values(["due_date", "id"]), ledger_entries, ITEMS)


@metric(
    label=("Balance âgée", "Aged balance"),
    question=("Depuis quand nous doit-on cela ?", "For how long has it been owed?"),
    unit=("€", "€"),
    formula=OPEN,
    source=SOURCE,
    columns=AGED,
)
def aged_balance(
    ledger_entries: nw.LazyFrame[Any],
    ledger_customers: nw.LazyFrame[Any],
    documents: nw.LazyFrame[Any],
    accounts: nw.LazyFrame[Any],
    *,
    as_of: Any = None,
    by: str | None = None,
    terms: int = 30,
) -> nw.LazyFrame[Any]:
    """Open items by days past due: five buckets in every group, the rows of `open_item_rows`.

    Args:
        ledger_entries: the ledger.
        ledger_customers: its customers, tied to accounts.
        documents: give due dates.
        accounts: for names and owners.
        as_of: open at this day.
        by: customer, account, owner, team, segment; None for all.
        terms: days to pay where no invoice says.
    """
    groupings = ("customer", "account", "owner", "team", "segment")
    choice("grouping", by, groupings)
    rows = open_items(ledger_entries, documents, as_of=as_of, terms=terms)
    summed = (
        rows.assign(items=1)
        .groupby(["customer_id", "position"], dropna=False, sort=False)[["cents", "items"]]
        .sum()
        .reset_index()
    )
    tied = of_customers(summed, ledger_customers, companies(accounts))
    keys = ["group_id", "group"]
    keyed = collect(
        grouped(nw.from_native(tied).lazy(), by, groupings), *keys, "position", "cents", "items"
    )
    number = keyed.groupby(keys, dropna=False, sort=False).ngroup()
    groups = keyed.loc[~number.duplicated(), keys].reset_index(drop=True)
    if by is None and groups.empty:
        groups = pd.DataFrame({"group_id": [0], "group": [""]})
    amount, items = np.zeros((2, len(groups), len(BUCKETS)), dtype="int64")
    cell = (number.to_numpy("int64"), keyed["position"].to_numpy("int64"))
    np.add.at(amount, cell, keyed["cents"].to_numpy("int64"))
    np.add.at(items, cell, keyed["items"].to_numpy("int64"))
    ranked = groups.assign(cents=amount.sum(axis=1)).sort_values(
        ["cents", "group"], ascending=[False, True], kind="stable"
    )
    every = ranked.loc[ranked.index.repeat(len(BUCKETS))].reset_index(drop=True)
    result = every.assign(
        bucket=np.tile(np.array(BUCKETS, dtype=object), len(groups)),
        position=np.tile(np.arange(len(BUCKETS)), len(groups)),
        amount=euros(amount[ranked.index].ravel()),
        items=items[ranked.index].ravel(),
    )
    return give(labelled(result, by), ledger_entries, AGED)


@metric(
    label=("Retards de paiement", "Overdue"),
    question=("Combien nous doit-on en retard ?", "How much is owed to us late?"),
    unit=("€", "€"),
    formula=OPEN,
    source=SOURCE,
    columns=OVERDUE,
)
def overdue(
    ledger_entries: nw.LazyFrame[Any],
    documents: nw.LazyFrame[Any],
    *,
    as_of: Any = None,
    terms: int = 30,
) -> nw.LazyFrame[Any]:
    """One row: open items, what of them is past due, of how many customers, for how long.

    Args:
        ledger_entries: the ledger.
        documents: give due dates.
        as_of: open at this day.
        terms: days to pay where no invoice says.
    """
    rows = open_items(ledger_entries, documents, as_of=as_of, terms=terms)
    late = rows[rows["days_past_due"] > 0]
    total, due = int(rows["cents"].sum()), int(late["cents"].sum())
    row = {
        "total": [total / 100],
        "overdue": [due / 100],
        "share": ratio([due], [total]),
        "customers": [late["customer_id"].nunique()],
        "oldest_days": [late["days_past_due"].max() if len(late) else None],
    }
    return give(pd.DataFrame(row), ledger_entries, OVERDUE)
