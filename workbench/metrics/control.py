"""Controls: does what was loaded hold together, and how much of it is filled in?"""

from __future__ import annotations

from typing import Any

import narwhals as nw
import pandas as pd

from workbench.metrics import ledger, revenue
from workbench.metrics.catalog import metric
from workbench.metrics.frames import cents, collect, euros, give, looked_up, ratio

CHECKED = {
    "accounts": (
        "siren", "segment", "sector", "city", "owner_id", "customer_code", "employees",
        "qualified_on",
    ),
    "contacts": ("decision_role", "email", "phone"),
    "opportunities": ("account_id", "amount", "close_date", "owner_id", "created_on"),
}  # fmt: skip
COMPLETENESS = {
    "table": "text",
    "field": "text",
    "rows": "count",
    "missing": "count: rows where the field is empty",
    "filled": "ratio: the others / rows; null without rows",
}
UNMATCHED = {
    "customer_id": "id",
    "customer_code": "text",
    "customer": "text",
    "revenue": "money: class 70 net of 709, up to the date",
    "balance": "money: of 411, up to the date",
}
UNMATCHED_TOTAL = {
    "customers": "count",
    "revenue": "money: class 70 net of 709, up to the date",
    "balance": "money: of 411, up to the date",
}
FRESH = {"loads": "count", "data_date": "date: the latest in the files; null before any load"}
REFUSED = {"rows": "count", "files": "count: that they stand in"}
KEPT = ("rapports des chargements", "reports of the loads")
SOURCE = (
    "Plan comptable général (ANC 2014-03), classe 70 et compte 411",
    "French chart of accounts (ANC 2014-03), class 70 and account 411",
)
BALANCE = {
    "lines": "count",
    "debit": "money",
    "credit": "money",
    "difference": "money: debit - credit, zero where the ledger holds",
}


@metric(
    label=("Champs remplis", "Fields filled in"),
    question=("Quelle part de chaque champ est remplie ?", "How much of each field is filled in?"),
    unit=("part des lignes", "share of rows"),
    formula=(
        "Lignes où le champ n’est pas vide / lignes de la table, à la date.",
        "Rows where the field isn't empty / rows of the table, at the date.",
    ),
    source=("Définition de cet outil", "Definition of this workbench"),
    columns=COMPLETENESS,
)
def field_completeness(
    accounts: nw.LazyFrame[Any],
    contacts: nw.LazyFrame[Any],
    opportunities: nw.LazyFrame[Any],
) -> nw.LazyFrame[Any]:
    """Each field that figures depend on, the emptiest first; an empty text counts as missing."""
    frames = {"accounts": accounts, "contacts": contacts, "opportunities": opportunities}
    rows = []
    for table, fields in CHECKED.items():
        found = collect(frames[table], *fields)
        for name in fields:
            gone = int((found[name].isna() | found[name].isin([""])).sum())
            rows.append((table, name, len(found), gone))
    result = pd.DataFrame(rows, columns=["table", "field", "rows", "missing"])
    result["filled"] = ratio(result["rows"] - result["missing"], result["rows"])
    ordered = result.sort_values(["filled", "table", "field"], na_position="last")
    return give(ordered, accounts, COMPLETENESS)


@metric(
    label=("Fraîcheur des données", "Freshness of the data"),
    question=("De quand datent les données ?", "Of when are the data?"),
    unit=("date", "date"),
    formula=(
        "Date la plus récente trouvée dans les fichiers chargés.",
        "Latest date found in the files that were loaded.",
    ),
    source=KEPT,
    columns=FRESH,
)
def freshness(loads: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """One row: how many loads there were, and the latest date in their files."""
    days = collect(loads, "data_date")["data_date"]
    result = pd.DataFrame({"loads": [len(days)], "data_date": [days.max()]})
    return give(result, loads, FRESH)


@metric(
    label=("Lignes refusées", "Rejected rows"),
    question=("Qu’est-ce qui n’a pas pu être chargé ?", "What couldn’t be loaded?"),
    unit=("lignes", "rows"),
    formula=(
        "Lignes refusées au dernier chargement de leur table, gardées avec leur motif.",
        "Rows rejected at the newest load of their table, kept with their reason.",
    ),
    source=KEPT,
    columns=REFUSED,
)
def rejected_total(rejected_rows: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """One row: how many rows are refused, in how many files."""
    files = collect(rejected_rows, "file")["file"]
    result = pd.DataFrame({"rows": [len(files)], "files": [files.nunique()]})
    return give(result, rejected_rows, REFUSED)


@metric(
    label=("Clients du grand livre sans compte", "Ledger customers without account"),
    question=(
        "Quels clients du grand livre n’ont pas de compte ?",
        "Which customers of the ledger have no account?",
    ),
    unit=("€", "€"),
    formula=(
        (
            "Clients auxiliaires dont aucun compte ne porte le code, avec leurs ventes (classe "
            "70) et leur solde (411) jusqu’à la date."
        ),
        (
            "Auxiliary customers whose code no account has, with their sales (class 70) and their "
            "balance (411) up to the date."
        ),
    ),
    source=SOURCE,
    columns=UNMATCHED,
)
def unmatched_customers(
    ledger_customers: nw.LazyFrame[Any],
    ledger_entries: nw.LazyFrame[Any],
    *,
    as_of: Any = None,
) -> nw.LazyFrame[Any]:
    """Customers without account, the largest sales first.

    Args:
        ledger_customers: of the ledger, tied to accounts where a code says so.
        ledger_entries: the ledger.
        as_of: amounts are summed up to this day.
    """
    alone = collect(
        ledger_customers.filter(nw.col("account_id").is_null()).select(
            nw.col("id").alias("customer_id"),
            nw.col("code").alias("customer_code"),
            nw.col("name").alias("customer"),
        )
    )
    sold = _by_customer(ledger.sales(ledger_entries, as_of=as_of))
    owed = _by_customer(ledger.receivables(ledger_entries, as_of=as_of))
    result = alone.assign(
        revenue=euros(looked_up(alone["customer_id"], sold).fillna(0)),
        balance=euros(looked_up(alone["customer_id"], owed).fillna(0)),
    )
    ordered = result.sort_values(["revenue", "customer_id"], ascending=[False, True])
    return give(ordered, ledger_customers, UNMATCHED)


@metric(
    label=("Total des clients sans compte", "Total of customers without account"),
    question=(
        "Combien pèsent les clients du grand livre sans compte ?",
        "How much do the ledger’s customers without account weigh?",
    ),
    unit=("€", "€"),
    formula=("Somme de leurs ventes et de leurs soldes.", "Sum of their sales and balances."),
    source=SOURCE,
    columns=UNMATCHED_TOTAL,
)
def unmatched_total(
    ledger_customers: nw.LazyFrame[Any],
    ledger_entries: nw.LazyFrame[Any],
    *,
    as_of: Any = None,
) -> nw.LazyFrame[Any]:
    """One row: how many of `unmatched_customers` there are, and their sums.

    Args:
        ledger_customers: of the ledger, tied to accounts where a code says so.
        ledger_entries: the ledger.
        as_of: amounts are summed up to this day.
    """
    found = unmatched_customers.function(ledger_customers, ledger_entries, as_of=as_of)
    sums = collect(found, "revenue", "balance")
    result = pd.DataFrame(
        {
            "customers": [len(sums)],
            "revenue": [round(sums["revenue"].sum(), 2)],
            "balance": [round(sums["balance"].sum(), 2)],
        }
    )
    return give(result, ledger_customers, UNMATCHED_TOTAL)


@metric(
    label=("Ventes à des clients sans compte", "Sales to customers without account"),
    question=(
        "Quelles écritures n’ont pas de compte ?",
        "Which entries have no account?",
    ),
    unit=("€", "€"),
    formula=(
        "Lignes de vente dont le client est nommé, mais n’a pas de compte.",
        "Lines of sales whose customer is named, but has no account.",
    ),
    source=SOURCE,
    columns=revenue.ROWS,
)
def unmatched_sales(
    ledger_entries: nw.LazyFrame[Any],
    ledger_customers: nw.LazyFrame[Any],
    accounts: nw.LazyFrame[Any],
    *,
    as_of: Any = None,
) -> nw.LazyFrame[Any]:
    """The lines behind the sales of `unmatched_customers`, in order of date.

    Args:
        ledger_entries: the ledger.
        ledger_customers: of the ledger, tied to accounts where a code says so.
        accounts: for names.
        as_of: later lines don't count.
    """
    lines = revenue.revenue_rows.function(ledger_entries, ledger_customers, accounts, as_of=as_of)
    return lines.filter(~nw.col("customer_id").is_null(), nw.col("account_id").is_null())


def _by_customer(lines: nw.LazyFrame[Any]) -> pd.Series[int]:
    named = lines.filter(~nw.col("customer_id").is_null())
    found = collect(named.group_by("customer_id").agg(nw.col("cents").sum()))
    return found.set_index("customer_id")["cents"]


@metric(
    label=("Équilibre du grand livre", "Balance of the ledger"),
    question=("Le grand livre est-il équilibré ?", "Does the ledger balance?"),
    unit=("€", "€"),
    formula=(
        "Somme des débits – somme des crédits de toutes les écritures jusqu’à la date : zéro.",
        "Sum of debits - sum of credits of all entries up to the date: zero.",
    ),
    source=(
        "Livre des procédures fiscales, article A47 A-1 (FEC)",
        "French tax procedure code, article A47 A-1 (FEC)",
    ),
    columns=BALANCE,
)
def ledger_balance(ledger_entries: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """One row: the ledger's lines, debit, credit and their difference."""
    sums = collect(
        ledger_entries.select(cents("debit").alias("debit"), cents("credit").alias("credit"))
    )
    debit, credit = int(sums["debit"].sum()), int(sums["credit"].sum())
    result = pd.DataFrame(
        {
            "lines": [len(sums)],
            "debit": [debit / 100],
            "credit": [credit / 100],
            "difference": [(debit - credit) / 100],
        }
    )
    return give(result, ledger_entries, BALANCE)
