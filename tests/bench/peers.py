"""The same questions asked without us: what pandas, Polars and DuckDB take with nothing around."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb
import polars as pl

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from tests.metrics.synthetic import Company

Answer = dict[Any, float]


@dataclass(frozen=True)
class Peer:
    """A question asked of another.

    Attributes:
        by: what it is made with.
        ask: does the work that is timed.
        told: its answer, by group.
        ours: the same, from our metric's frame.
    """

    by: str
    ask: Callable[[], Any]
    told: Callable[[Any], Answer]
    ours: Callable[[pd.DataFrame], Answer]


def by(frame: pd.DataFrame, key: str, value: str) -> Answer:
    """Two columns as a dict, missing keys and nothing left out, amounts to the cent."""
    found = frame[[key, value]].dropna()
    return {k: round(float(v), 2) for k, v in zip(found[key], found[value], strict=True) if v}


def funnel_stock(company: Company) -> Peer:
    """Accounts by status."""
    accounts = company.table("accounts")
    return Peer(
        "pandas",
        accounts["status"].value_counts,
        lambda counts: {status: float(n) for status, n in counts.items()},
        lambda frame: by(frame, "status", "accounts"),
    )


def pipeline_by_stage(company: Company) -> Peer:
    """Open deals by stage, weighted."""
    deals = pl.from_pandas(company.table("opportunities"))
    stages = pl.from_pandas(company.table("stages"))

    def ask() -> Any:
        held = stages.lazy().filter(kind="open")
        odds = pl.coalesce(pl.col("probability").fill_nan(None), "probability_right")
        return (
            deals.lazy()
            .join(held, left_on="stage_id", right_on="id")
            .with_columns(weighted=pl.col("amount") * odds)
            .group_by("label")
            .agg(pl.len(), pl.col("amount", "weighted").sum())
            .collect()
        )

    return Peer(
        "Polars",
        ask,
        lambda found: by(found.to_pandas(), "label", "amount"),
        lambda frame: by(frame, "stage", "amount"),
    )


def revenue_by_account(company: Company) -> Peer:
    """Class 70 by customer, with the account's name."""
    entries, customers = company.table("ledger_entries"), company.table("ledger_customers")
    names = company.table("accounts").set_index("id")["name"]
    tied = customers.set_index("id")["account_id"]

    def ask() -> Any:
        sales = entries[entries["account_number"].str.startswith("70")]
        net = (sales["credit"] - sales["debit"]).groupby(sales["customer_id"]).sum()
        found = net.rename("revenue").to_frame().join(tied).dropna(subset=["account_id"])
        return found.join(names, on="account_id").sort_values("revenue", ascending=False)

    return Peer(
        "pandas",
        ask,
        lambda found: by(found, "account_id", "revenue"),
        lambda frame: by(frame, "group_id", "revenue"),
    )


def outstanding(company: Company) -> Peer:
    """The balance of 411 by customer, and its open items."""
    connection = duckdb.connect()
    for name in ("ledger_entries", "ledger_customers", "accounts"):
        connection.from_df(company.table(name)).create(name)
    query = """
        SELECT customer_id, c.name, a.owner, sum(debit - credit) AS balance,
            sum(CASE WHEN letter IS NULL OR letter_date > $day THEN debit - credit END) AS still
        FROM ledger_entries AS e
        LEFT JOIN ledger_customers AS c ON c.id = e.customer_id
        LEFT JOIN accounts AS a ON a.id = c.account_id
        WHERE account_number LIKE '411%' AND date <= $day
        GROUP BY ALL ORDER BY balance DESC
    """
    return Peer(
        "DuckDB",
        lambda: connection.execute(query, {"day": company.as_of}).df(),
        lambda found: by(found, "customer_id", "balance"),
        lambda frame: by(frame, "customer_id", "balance"),
    )


PEERS = (funnel_stock, pipeline_by_stage, revenue_by_account, outstanding)
