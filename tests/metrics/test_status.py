from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.metrics.frames import records, written
from tests.metrics.synthetic import Company
from workbench.metrics.status import (
    lost_accounts,
    new_accounts,
    new_accounts_by_month,
    status_transitions,
    stock_history,
    time_to_client,
)

ACCOUNTS = written(
    "accounts", "id name entered_on\n1 A 2026-01-01\n2 B 2026-01-01\n3 C 2026-01-01\n4 D 2026-01-01"
)
PERIODS = written(
    "status_periods",
    """account_id status   valid_from valid_to
       1          suspect  2026-01-01 2026-01-03
       1          prospect 2026-01-03 2026-01-11
       1          client   2026-01-11 -
       2          suspect  2026-01-01 2026-01-05
       2          prospect 2026-01-05 2026-01-06
       2          suspect  2026-01-06 2026-01-21
       2          client   2026-01-21 -
       3          suspect  2026-01-01 2026-01-16
       3          client   2026-01-16 -
       4          suspect  2026-01-01 -""",
)


def test_trap_13_lost_competes_with_client() -> None:
    """Day 5: B falls back (1/4). Day 10: A client (1/4). Day 15: C client (1/4). D waits."""
    result = time_to_client(ACCOUNTS, PERIODS, as_of="2026-01-31")
    assert records(
        result, "day", "at_risk", "clients", "lost", "client_share", "lost_share", "waiting_share"
    ) == [
        (0, 4, 0, 0, 0.0, 0.0, 1.0),
        (5, 4, 0, 1, 0.0, 0.25, 0.75),
        (10, 3, 1, 0, 0.25, 0.25, 0.5),
        (15, 2, 1, 0, 0.5, 0.25, 0.25),
        (30, 1, 0, 0, 0.5, 0.25, 0.25),
    ]


def test_censored_accounts_leave_those_at_risk() -> None:
    """E entered on the 28th and is 3 days old: it leaves after day 3, so four are left on day 5."""
    more = written("accounts", "id name entered_on\n5 E 2026-01-28")
    late = written(
        "status_periods", "account_id status valid_from valid_to\n5 suspect 2026-01-28 -"
    )
    accounts = pd.concat([ACCOUNTS, more], ignore_index=True)
    result = time_to_client(accounts, pd.concat([PERIODS, late]), as_of="2026-01-31")
    assert records(result, "day", "at_risk")[:2] == [(0, 5), (5, 4)]


def test_from_prospect_on() -> None:
    result = time_to_client(ACCOUNTS, PERIODS, as_of="2026-01-31", start="prospect")
    assert records(result, "day", "at_risk", "clients", "lost") == [
        (0, 3, 1, 0),
        (1, 2, 0, 1),
        (8, 1, 1, 0),
    ]


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**20))
def test_the_three_shares_add_up_to_one(seed: int) -> None:
    result = time_to_client.of(Company(accounts=60, seed=seed), by="segment")
    whole = result["client_share"] + result["lost_share"] + result["waiting_share"]
    assert whole.tolist() == pytest.approx([1.0] * len(result))


def test_transitions_both_ways() -> None:
    result = status_transitions(PERIODS, as_of="2026-01-31")
    assert records(result, "from_status", "to_status", "backward", "moves", "median_days") == [
        ("suspect", "prospect", False, 2, 3.0),
        ("suspect", "client", False, 2, 15.0),
        ("prospect", "suspect", True, 1, 1.0),
        ("prospect", "client", False, 1, 8.0),
    ]
    early = status_transitions(PERIODS, as_of="2026-01-31", since="2026-01-06", until="2026-01-11")
    assert records(early, "from_status", "to_status") == [
        ("prospect", "suspect"),
        ("prospect", "client"),
    ]


def test_trap_12_a_status_passed_within_a_day_is_seen() -> None:
    day = written(
        "status_periods",
        """account_id status   valid_from valid_to
           1          suspect  2026-01-01 2026-01-02
           1          prospect 2026-01-02 2026-01-02
           1          client   2026-01-02 -""",
    )
    result = status_transitions(day, as_of="2026-01-31")
    assert records(result, "from_status", "to_status", "median_days") == [
        ("suspect", "prospect", 1.0),
        ("prospect", "client", 0.0),
    ]


def test_the_list_of_the_lost() -> None:
    result = lost_accounts(ACCOUNTS, PERIODS, as_of="2026-01-31")
    assert records(result, "id", "lost_on", "from_status", "to_status", "days") == [
        (2, "2026-01-06", "prospect", "suspect", 1)
    ]


def test_trap_8_new_accounts_against_a_period_of_equal_length() -> None:
    result = new_accounts(PERIODS, as_of="2026-01-31", since="2026-01-08", until="2026-01-14")
    assert records(result, "kpi", "value", "previous", "previous_since", "previous_until") == [
        ("prospect", 0, 2, "2026-01-01", "2026-01-07"),
        ("client", 1, 0, "2026-01-01", "2026-01-07"),
    ]


def test_by_month_shows_the_empty_months() -> None:
    result = new_accounts_by_month(PERIODS, as_of="2026-02-28", since="2025-12-01")
    assert records(result, "month", "status", "accounts") == [
        ("2025-12-01", "prospect", 0), ("2026-01-01", "prospect", 2), ("2026-02-01", "prospect", 0),
        ("2025-12-01", "client", 0), ("2026-01-01", "client", 3), ("2026-02-01", "client", 0),
    ]  # fmt: skip


def test_stock_at_month_ends_and_at_the_date() -> None:
    result = stock_history(PERIODS, as_of="2026-01-10", months=1)
    assert records(result, "date", "status", "accounts") == [
        ("2025-12-31", "suspect", 0), ("2025-12-31", "prospect", 0), ("2025-12-31", "client", 0),
        ("2025-12-31", "lost", 0),
        ("2026-01-10", "suspect", 3), ("2026-01-10", "prospect", 1), ("2026-01-10", "client", 0),
        ("2026-01-10", "lost", 0),
    ]  # fmt: skip
    every = stock_history(PERIODS, as_of="2026-01-10", months=1, by=None)
    assert records(every, "date", "status", "accounts") == [
        ("2025-12-31", None, 0), ("2026-01-10", None, 4),
    ]  # fmt: skip
