from __future__ import annotations

from tests.metrics.frames import frame, records, written
from workbench.metrics.control import (
    field_completeness,
    freshness,
    ledger_balance,
    rejected_total,
    unmatched_customers,
)

LEDGER = written(
    "ledger_entries",
    """id date       account_number debit credit customer_id
       1  2026-05-01 411000         120.0 0.0    10
       2  2026-05-01 707000         0.0   100.0  10
       3  2026-05-01 445710         0.0   20.0   -
       4  2026-06-01 411000         60.0  0.0    20
       5  2026-06-01 707000         0.0   50.0   20
       6  2026-06-01 445710         0.0   10.0   -
       7  2026-10-01 411000         0.0   60.0   20
       8  2026-10-01 512000         60.0  0.0    -""",
)
CUSTOMERS = written(
    "ledger_customers", "id code name account_id\n10 C1 Un 1\n20 C2 Deux -\n30 C3 Trois -"
)


def test_customers_without_account_with_what_they_bought_and_owe() -> None:
    """C1 has an account; C2 pays after the date; C3 never bought."""
    result = unmatched_customers(CUSTOMERS, LEDGER, as_of="2026-09-30")
    assert records(result, "customer_code", "customer", "revenue", "balance") == [
        ("C2", "Deux", 50.0, 60.0),
        ("C3", "Trois", 0.0, 0.0),
    ]


def test_the_ledger_balances_to_the_cent_or_says_by_how_much() -> None:
    assert records(ledger_balance(LEDGER), "lines", "debit", "credit", "difference") == [
        (8, 240.0, 240.0, 0.0)
    ]
    assert records(ledger_balance(LEDGER[:2]), "lines", "difference") == [(2, 20.0)]


def test_empty_fields_are_missing() -> None:
    accounts = frame("accounts", {"id": 1, "siren": "732829320"}, {"id": 2, "siren": ""})
    result = field_completeness(accounts, frame("contacts"), frame("opportunities"))
    of = result.set_index(["table", "field"])
    assert of.loc[("accounts", "siren"), ["rows", "missing", "filled"]].tolist() == [2, 1, 0.5]
    assert of.loc[("accounts", "city"), "filled"] == 0.0
    assert of.isna().loc[("contacts", "email"), "filled"]


def test_data_are_as_fresh_as_the_latest_date_in_any_file() -> None:
    loads = written("loads", "id data_date\n1 2026-09-30\n2 2026-08-31")
    assert records(freshness(loads), "loads", "data_date") == [(2, "2026-09-30")]
    assert records(freshness(loads[:0]), "loads") == [(0,)]


def test_rejected_rows_and_the_files_that_they_stand_in() -> None:
    rows = written("rejected_rows", "id file\n1 a.csv\n2 a.csv\n3 b.csv")
    assert records(rejected_total(rows), "rows", "files") == [(3, 2)]
    assert records(rejected_total(rows[:0]), "rows", "files") == [(0, 0)]
