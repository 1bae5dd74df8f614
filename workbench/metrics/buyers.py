"""Who bought: the rep, team, group or kind of company that revenue of a customer counts for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from workbench.metrics.frames import collect, looked_up, no_ids
from workbench.metrics.hierarchy import heads
from workbench.metrics.periods import days, held_on, teams_on

if TYPE_CHECKING:
    import narwhals as nw


def told_apart(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows, with what of their cents has no account, and what no customer."""
    no_customer = rows["customer_id"].isna().to_numpy()
    no_account = rows["account_id"].isna().to_numpy()
    return rows.assign(
        unmatched=np.where(no_account & ~no_customer, rows["cents"], 0),
        unallocated=np.where(no_customer, rows["cents"], 0),
    )


def owned(
    rows: pd.DataFrame,
    by: str,
    owner_periods: nw.LazyFrame[Any],
    team_periods: nw.LazyFrame[Any],
    reps: nw.LazyFrame[Any],
) -> pd.DataFrame:
    """Cents per customer and day, with the rep or team that the account had that day.

    Ledgers may begin before the file of accounts does: who owned an account first is taken to
    have had it before, whoever has it now.
    """
    first = collect(owner_periods, "account_id", "valid_from")
    begun = looked_up(rows["account_id"], first.groupby("account_id")["valid_from"].min())
    on = rows["date"].where(~(begun > rows["date"]), begun)
    who = held_on(rows["account_id"], on, owner_periods, "account_id", "rep_id")
    if by == "team":
        who = teams_on(who, on, team_periods)
    return rows.assign(
        group_id=who, group=looked_up(who, collect(reps, "id", "name").set_index("id")["name"])
    )


def companies(
    rows: pd.DataFrame,
    accounts: nw.LazyFrame[Any],
    parent_periods: nw.LazyFrame[Any],
    by: str | None,
) -> pd.DataFrame:
    """Cents per customer (and day) with the company, or the kind of company, that bought."""
    nothing = pd.Series(no_ids(len(rows)))
    if by is None:
        return rows.assign(group_id=nothing, group=pd.Series([None] * len(rows), dtype="str"))
    if by == "customer":
        return rows.assign(group_id=rows["customer_id"].astype("Int64"), group=rows["customer"])
    company = rows["account_id"].astype("Int64")
    if by == "group":
        known = company.notna().to_numpy()
        parents = collect(parent_periods, "account_id", "parent_id", "valid_from", "valid_to")
        company = company.copy()
        company[known] = heads(
            rows.loc[known, "account_id"].to_numpy("int64"), days(rows.loc[known, "date"]), parents
        )
    name = by if by in {"segment", "sector"} else "name"
    listed = collect(accounts, "id", name)
    place = pd.Index(listed["id"].astype("int64")).get_indexer(
        pd.Index(company.fillna(-1).astype("int64"))
    )
    return rows.assign(
        group_id=company if name == "name" else nothing,
        group=listed[name].array.take(place, allow_fill=True),
    )
