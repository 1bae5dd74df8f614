from __future__ import annotations

import pandas as pd
import pytest

from tests.metrics.frames import as_kind, as_pandas, frame, records, written
from tests.metrics.synthetic import Company
from tests.metrics.test_pipeline import STAGES
from workbench.metrics.revenue import (
    revenue_by_account,
    revenue_by_month,
    revenue_in_period,
    revenue_rows,
    unallocated_revenue,
    won_versus_invoiced,
)

ACCOUNTS = written("accounts", "id name segment\n1 Acme BTP\n2 Ancienne -\n3 Nouvelle Négoce")
CUSTOMERS = written("ledger_customers", "id code name account_id\n10 C1 Acme-SA 1\n20 C2 Inconnu -")
PARENTS = written(
    "parent_periods",
    """account_id parent_id valid_from valid_to
       1          2         2025-01-01 2026-01-01
       1          3         2026-01-01 -""",
)
LEDGER = written(
    "ledger_entries",
    """id journal entry date       account_number debit  credit customer_id piece
       1  VE      1     2025-12-31 411000         120.12 0.0    10          F1
       2  VE      1     2025-12-31 707000         0.0    100.1  10          F1
       3  VE      1     2025-12-31 445710         0.0    20.02  -           F1
       4  VE      2     2026-01-15 707000         0.0    0.2    10          F2
       5  VE      3     2026-01-20 709700         30.0   0.0    10          A1
       6  VE      4     2026-02-01 701000         0.0    50.0   20          F3
       7  VE      5     2026-02-02 411000         70.0   0.0    10          F4
       8  VE      5     2026-02-02 411000         14.0   0.0    20          F4
       9  VE      5     2026-02-02 706000         0.0    70.0   -           F4
       10 BQ      6     2026-02-03 708000         0.0    5.0    -           B1
       11 BQ      6     2026-02-03 512000         5.0    0.0    -           B1
       12 VE      7     2026-10-01 707000         0.0    999.0  10          F9""",
)
OWNERS = written(
    "owner_periods",
    """account_id rep_id valid_from valid_to
       1          7      2026-01-01 2026-01-20
       1          8      2026-01-20 -""",
)
TEAMS = written(
    "team_periods",
    """rep_id manager_id valid_from valid_to
       7      3          2025-01-01 2026-01-02
       7      4          2026-01-02 -
       8      4          2025-01-01 -""",
)
REPS = written("reps", "id name\n7 Zoé\n8 Ali\n3 Sud\n4 Nord")
TABLES = (LEDGER, CUSTOMERS, ACCOUNTS, PARENTS, OWNERS, TEAMS, REPS)


def test_by_account_net_of_709_adds_up_to_the_ledger() -> None:
    result = revenue_by_account(*TABLES, as_of="2026-09-30")
    assert records(result, "group_id", "group", "revenue", "unmatched", "unallocated", "lines") == [
        (None, None, 125.0, 50.0, 75.0, 3),
        (1, "Acme", 70.3, 0.0, 0.0, 3),
    ]
    assert round(result["revenue"].sum(), 2) == 195.3
    assert round(result["share"].sum(), 12) == 1


def test_by_customer_and_by_segment() -> None:
    by_customer = revenue_by_account(*TABLES, as_of="2026-09-30", by="customer")
    assert records(by_customer, "group_id", "group", "revenue") == [
        (None, None, 75.0),
        (10, "Acme-SA", 70.3),
        (20, "Inconnu", 50.0),
    ]
    by_segment = revenue_by_account(*TABLES, as_of="2026-09-30", by="segment")
    assert records(by_segment, "group_id", "group", "revenue") == [
        (None, None, 125.0),
        (None, "BTP", 70.3),
    ]


def test_trap_11_a_group_gets_what_its_members_bought_while_they_were() -> None:
    result = revenue_by_account(*TABLES, as_of="2026-09-30", by="group")
    assert records(result, "group_id", "group", "revenue") == [
        (None, None, 125.0),
        (2, "Ancienne", 100.1),
        (3, "Nouvelle", -29.8),
    ]


def test_trap_11_owner_and_team_are_those_of_the_entry() -> None:
    """100.10 of before Acme was anybody's goes to its first owner, Zoé of Sud; 0.20 to Zoé once in
    Nord; the 30 given back on the day on which Ali took over are his. Today's would be Ali's all.
    """
    by_owner = revenue_by_account(*TABLES, as_of="2026-09-30", by="owner")
    assert records(by_owner, "group_id", "group", "revenue") == [
        (None, None, 125.0),
        (7, "Zoé", 100.3),
        (8, "Ali", -30.0),
    ]
    by_team = revenue_by_account(*TABLES, as_of="2026-09-30", by="team")
    assert records(by_team, "group_id", "group", "revenue") == [
        (None, None, 125.0),
        (3, "Sud", 100.1),
        (4, "Nord", -29.8),
    ]


@pytest.mark.parametrize("kind", ["pandas", "polars", "lazy", "duckdb"])
@pytest.mark.parametrize("by", ["account", "group", "segment", "owner", "team"])
def test_a_ledger_alone_has_customers_and_no_accounts(by: str, kind: str) -> None:
    alone = (LEDGER, CUSTOMERS.assign(account_id=pd.array([None] * 2, "Int64")))
    nobody = (table.head(0) for table in TABLES[2:])
    frames = [as_kind(table, kind) for table in (*alone, *nobody)]
    result = as_pandas(revenue_by_account(*frames, as_of="2026-09-30", by=by))
    assert records(result, "group_id", "group", "revenue", "unmatched", "unallocated") == [
        (None, None, 195.3, 120.3, 75.0)
    ]


def test_by_time() -> None:
    by_month = revenue_by_account(*TABLES, as_of="2026-09-30", by="month")
    assert records(by_month, "group", "revenue", "unmatched", "unallocated") == [
        ("2025-12", 100.1, 0.0, 0.0),
        ("2026-01", -29.8, 0.0, 0.0),
        ("2026-02", 125.0, 50.0, 75.0),
    ]
    by_quarter = revenue_by_account(*TABLES, as_of="2026-09-30", by="quarter", since="2026-01-01")
    assert records(by_quarter, "group", "revenue") == [("2026-Q1", 95.2)]


def test_unallocated_says_why() -> None:
    result = unallocated_revenue(LEDGER, as_of="2026-09-30")
    assert records(result, "journal", "entry", "reason", "customers", "lines", "revenue") == [
        ("VE", "5", "several", 2, 1, 70.0),
        ("BQ", "6", "none", 0, 1, 5.0),
    ]


def test_an_entry_of_several_days_names_the_customers_of_all_its_lines() -> None:
    lines = written(
        "ledger_entries",
        """id journal entry date       account_number debit credit customer_id
           1  VE      1     2026-01-31 411000         60.0  0.0    10
           2  VE      1     2026-01-31 411000         60.0  0.0    20
           3  VE      1     2026-01-30 707000         0.0   100.0  -
           4  VE      1     2026-01-31 708000         0.0   20.0   -""",
    )
    result = unallocated_revenue(lines, as_of="2026-01-30")
    assert records(result, "date", "reason", "customers", "lines", "revenue") == [
        ("2026-01-30", "several", 2, 1, 100.0)
    ]
    later = unallocated_revenue(lines, as_of="2026-09-30")
    assert records(later, "date", "reason", "lines", "revenue") == [
        ("2026-01-30", "several", 2, 120.0)
    ]


def test_the_rows_behind() -> None:
    result = revenue_rows(*TABLES[:3], as_of="2026-09-30", since="2026-01-01")
    assert records(result, "id", "revenue", "customer_code", "account") == [
        (4, 0.2, "C1", "Acme"), (5, -30.0, "C1", "Acme"), (6, 50.0, "C2", None),
        (9, 70.0, None, None), (10, 5.0, None, None),
    ]  # fmt: skip


def test_by_month_beside_last_year() -> None:
    result = revenue_by_month(LEDGER, as_of="2026-12-31", since="2026-10-01")
    assert records(result, "month", "revenue", "last_year", "change_rate") == [
        ("2026-10-01", 999.0, 0.0, None),
        ("2026-11-01", 0.0, 0.0, None),
        ("2026-12-01", 0.0, 100.1, -1.0),
    ]


def test_trap_8_the_month_against_the_month_before() -> None:
    result = revenue_in_period(LEDGER, as_of="2026-09-30", since="2026-02-01", until="2026-02-28")
    assert records(result, "value", "previous", "previous_since", "previous_until", "change") == [
        (125.0, -29.8, "2026-01-01", "2026-01-31", 154.8)
    ]


@pytest.mark.parametrize(
    "by", ["account", "customer", "group", "segment", "owner", "team", "month", None]
)
def test_allocated_and_unallocated_are_the_whole_ledger(by: str | None) -> None:
    company = Company(accounts=200)
    ledger = company.table("ledger_entries")
    sales = ledger[ledger["account_number"].str.startswith("70")]
    whole = round((sales["credit"] - sales["debit"]).sum(), 2)
    result = revenue_by_account.of(company, by=by)
    assert round(result["revenue"].sum(), 2) == whole
    unallocated = unallocated_revenue.of(company)["revenue"].sum()
    assert round(result["unallocated"].sum(), 2) == round(unallocated, 2) > 0
    assert round(revenue_rows.of(company)["revenue"].sum(), 2) == whole


def test_a_tenth_of_a_euro_a_thousand_times_is_a_hundred() -> None:
    line = LEDGER[LEDGER["id"] == 4].assign(credit=0.1)
    many = pd.concat([line] * 1000, ignore_index=True)
    assert revenue_by_account(many, *TABLES[1:], as_of="2026-09-30")["revenue"].tolist() == [100.0]


def test_won_invoiced_paid() -> None:
    """By team (trap 11): Zoé of Sud won the first; it is Ali's of Nord today, as is the second."""
    deals = written(
        "opportunities",
        """id name stage_id amount created_on stage_since
           1  Un   4        100.0  2025-01-01 2025-12-01
           2  Deux 4        30.0   2025-01-01 2025-12-05""",
        owner_id=8,
        owner="Ali",
        team_id=4,
        team="Nord",
    )
    owned = written(
        "deal_periods",
        """opportunity_id sequence stage_id owner_id valid_from valid_to
           1              0        4        7        2025-12-01 2026-01-01
           1              1        4        8        2026-01-01 -""",
    )
    documents = written(
        "documents",
        """id code kind        opportunity_id date       amount
           1  D1   quote       1              2025-11-01 100.0
           2  O1   order       1              2025-12-02 100.0
           3  F1   invoice     1              2025-12-31 60.0
           4  F2   invoice     1              2026-01-15 40.0
           5  A1   credit_note 1              2026-01-20 -5.0
           6  F8   invoice     2              2026-10-01 30.0""",
    )
    ledger = written(
        "ledger_entries",
        """id date       account_number debit credit piece letter letter_date
           1  2025-12-31 411000         72.0  0.0    F1    AA     2026-01-31
           2  2026-01-15 411000         48.0  0.0    F2    AB     2026-12-31""",
    )
    tables = (deals, STAGES, documents, ledger, REPS, owned, TEAMS)
    result = won_versus_invoiced(*tables, as_of="2026-09-30")
    assert records(result, "group", "deals", "won", "ordered", "invoiced", "paid", "gap") == [
        ("2025-12", 2, 130.0, 100.0, 95.0, 60.0, 35.0)
    ]
    by_deal = won_versus_invoiced(*tables, as_of="2026-09-30", by="deal")
    assert records(by_deal, "group_id", "group", "invoiced_share") == [
        (1, "Un", 0.95),
        (2, "Deux", 0.0),
    ]
    by_team = won_versus_invoiced(*tables, as_of="2026-09-30", by="team")
    assert records(by_team, "group_id", "group", "won", "invoiced", "paid") == [
        (3, "Sud", 100.0, 95.0, 60.0),
        (4, "Nord", 30.0, 0.0, 0.0),
    ]


def test_a_bill_is_paid_when_the_line_that_carried_it_over_is_lettered() -> None:
    """F1 is lettered in the next year's file alone, F2 in its own; F3 was carried over unpaid."""
    deals = written("opportunities", "id stage_id amount stage_since\n1 4 100.0 2025-12-01")
    bills = written(
        "documents",
        """id code kind    opportunity_id date       amount
           1  F1   invoice 1              2025-12-02 10.0
           2  F2   invoice 1              2025-12-03 20.0
           3  F3   invoice 1              2025-12-04 40.0""",
    )
    lines = written(
        "ledger_entries",
        """id book    opening date       account_number debit piece letter
           1  2025-01 -       2025-12-02 411000         12.0  F1    -
           2  2025-01 -       2025-12-03 411000         24.0  F2    AB
           3  2025-01 -       2025-12-04 411000         48.0  F3    -
           4  2026-01 1       2026-01-01 411000         12.0  F1    AA
           5  2026-01 1       2026-01-01 411000         48.0  F3    -""",
    )
    nobody = (frame("reps"), frame("deal_periods"), frame("team_periods"))
    for as_of, paid in (("2025-12-31", 20.0), ("2026-09-30", 30.0)):
        result = won_versus_invoiced(deals, STAGES, bills, lines, *nobody, as_of=as_of)
        assert records(result, "invoiced", "paid") == [(70.0, paid)]
