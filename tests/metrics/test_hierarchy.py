from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.metrics.frames import frame, records, written
from tests.metrics.synthetic import Company
from workbench.metrics.hierarchy import account_tree, heads

STAGES = written("stages", "id pipeline kind position\n1 x open 1\n2 x won 2\n3 x lost 3")
NO_LEDGER = (frame("ledger_entries"), frame("ledger_customers"))
NO_DEALS = (frame("opportunities"), STAGES)


def tree(accounts: pd.DataFrame, **options: object) -> pd.DataFrame:
    return account_tree(accounts, *NO_LEDGER, *NO_DEALS, as_of="2026-09-30", **options)


def test_own_and_group_totals() -> None:
    accounts = written("accounts", "id name parent_id\n1 Nord -\n2 Lille 1\n3 Roubaix 2\n4 Seul -")
    customers = written("ledger_customers", "id account_id\n10 1\n20 2\n30 3\n40 4")
    ledger = written(
        "ledger_entries",
        """id date       account_number debit credit customer_id
           1  2026-01-05 411000         120.0 0.0   10
           2  2026-01-05 707000         0.0   100.0 10
           3  2026-02-05 411000         60.0  0.0   30
           4  2026-02-05 701000         0.0   50.05 30
           5  2026-03-05 709000         10.01 0.0   30
           6  2026-03-05 707000         0.0   7.0   40
           7  2027-01-01 707000         0.0   900.0 40""",
    )
    deals = written(
        "opportunities",
        "id account_id stage_id amount\n1 2 1 1000.0\n2 3 1 500.5\n3 3 2 9000.0\n4 - 1 77.0",
    )
    result = account_tree(accounts, ledger, customers, deals, STAGES, as_of="2026-09-30")
    assert records(result, "name", "path", "depth", "root", "children", "members") == [
        ("Nord", "Nord", 0, "Nord", 1, 3),
        ("Lille", "Nord › Lille", 1, "Nord", 1, 2),
        ("Roubaix", "Nord › Lille › Roubaix", 2, "Nord", 0, 1),
        ("Seul", "Seul", 0, "Seul", 0, 1),
    ]
    assert records(
        result, "own_revenue", "group_revenue", "group_pipeline", "group_outstanding"
    ) == [
        (100.0, 140.04, 1500.5, 180.0),
        (0.0, 40.04, 1500.5, 60.0),
        (40.04, 40.04, 500.5, 60.0),
        (7.0, 7.0, 0.0, 0.0),
    ]


def test_a_cycle_is_reported_and_counted_once() -> None:
    accounts = written("accounts", "id name parent_id\n1 A 3\n2 B 1\n3 C 2\n4 D 3\n5 E 5")
    result = tree(accounts).sort_values("id")
    assert records(result, "id", "parent_id", "root_id", "depth", "is_cycle", "members") == [
        (1, None, 1, 0, True, 4),
        (2, 1, 1, 1, True, 3),
        (3, 2, 1, 2, True, 2),
        (4, 3, 1, 3, False, 1),
        (5, None, 5, 0, True, 1),
    ]


def test_a_parent_that_is_not_there_makes_a_head() -> None:
    result = tree(written("accounts", "id name parent_id\n1 A 99"))
    assert records(result, "root_id", "depth", "is_cycle") == [(1, 0, False)]


def test_a_very_deep_chain() -> None:
    size = 3000
    accounts = frame(
        "accounts",
        *({"id": i, "name": "x", "parent_id": i - 1 or None} for i in range(1, size + 1)),
    )
    result = tree(accounts)
    assert result["depth"].tolist() == list(range(size))
    assert result["members"].tolist() == list(range(size, 0, -1))


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(0, 12), min_size=1, max_size=12))
def test_heads_add_up_to_everyone_whatever_the_parents(parents: list[int]) -> None:
    accounts = frame(
        "accounts",
        *(
            {"id": i + 1, "name": "x", "parent_id": parent or None}
            for i, parent in enumerate(parents)
        ),
    )
    result = tree(accounts)
    assert result.loc[result["parent_id"].isna(), "members"].sum() == len(parents)
    assert sorted(result["id"]) == list(range(1, len(parents) + 1))
    periods = accounts.rename(columns={"id": "account_id"})[["account_id", "parent_id"]]
    known = periods[periods["parent_id"].isin(accounts["id"])].assign(
        valid_from=pd.Timestamp("2020-01-01"), valid_to=pd.NaT
    )
    ids = result["id"].to_numpy("int64")
    on = np.full(len(ids), 20_000)
    assert heads(ids, on, known).tolist() == result["root_id"].tolist()


def test_trap_11_the_head_is_the_one_of_that_day() -> None:
    periods = written(
        "parent_periods",
        """account_id parent_id valid_from valid_to
           1          2         2024-01-01 2025-01-01
           1          3         2025-01-01 -
           3          4         2024-01-01 -""",
    )
    on = [dt.date(2023, 6, 1), dt.date(2024, 6, 1), dt.date(2025, 1, 1)]
    numbers = np.array(on, dtype="datetime64[D]").astype("int64")
    assert heads(np.array([1, 1, 1]), numbers, periods).tolist() == [1, 2, 4]


def test_group_totals_of_heads_are_the_sum_of_own() -> None:
    result = account_tree.of(Company(accounts=400))
    top = result[result["parent_id"].isna()]
    for name in ("revenue", "pipeline", "outstanding"):
        assert round(top[f"group_{name}"].sum(), 2) == round(result[f"own_{name}"].sum(), 2)
    assert result["own_revenue"].sum() > 0
