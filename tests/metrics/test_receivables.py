from __future__ import annotations

from tests.metrics.frames import frame, records, written
from tests.metrics.synthetic import Company
from workbench.metrics.receivables import aged_balance, open_item_rows, outstanding, overdue

ACCOUNTS = written("accounts", "id name owner_id owner\n1 Acme 7 Zoé")
CUSTOMERS = written("ledger_customers", "id code name account_id\n10 C1 Acme-SA 1\n20 C2 Inconnu -")
LEDGER = written(
    "ledger_entries",
    """id date       account_number debit credit customer_id piece letter letter_date
       1  2026-05-01 411000         120.1 0.0    10          F1    AA     2026-09-30
       2  2026-09-30 411000         0.0   120.1  10          B1    AA     2026-09-30
       3  2026-06-01 4110001        60.0  0.0    10          F2    -      -
       4  2026-08-15 411000         33.3  0.0    10          F3    AB     2026-10-02
       5  2026-10-02 411000         0.0   33.3   10          B2    AB     2026-10-02
       6  2026-09-15 411000         10.0  0.0    20          F4    -      -
       7  2026-07-01 411000         5.0   0.0    20          F5    AC     -
       8  2026-07-02 411000         0.0   4.0    20          B3    AC     -
       9  2026-07-02 512000         4.0   0.0    -           B3    -      -
       10 2026-07-03 411000         7.0   0.0    -           -     -      -""",
)
DOCUMENTS = written(
    "documents",
    """id code kind    account_id date       due_date
       1  F2   invoice 1          2026-06-01 2026-06-30
       2  F3   invoice 1          2026-08-15 2026-09-30
       3  F2   order   1          2026-06-01 2026-01-01""",
)
TABLES = (LEDGER, CUSTOMERS, DOCUMENTS, ACCOUNTS)


def test_balance_open_items_and_their_difference() -> None:
    """F3 is lettered after the date, so it is open; F5 and B3 are lettered but leave 1."""
    result = outstanding(LEDGER, CUSTOMERS, ACCOUNTS, as_of="2026-09-30")
    assert records(
        result, "customer_code", "account", "owner", "balance", "open_items", "items",
        "lettered_without_balance",
    ) == [
        ("C1", "Acme", "Zoé", 93.3, 93.3, 2, 0.0),
        ("C2", None, None, 11.0, 10.0, 1, 1.0),
        (None, None, None, 7.0, 7.0, 1, 0.0),
    ]  # fmt: skip
    later = outstanding(LEDGER, CUSTOMERS, ACCOUNTS, as_of="2026-10-02")
    assert records(later, "balance")[0] == (60.0,)


def test_due_dates_are_the_invoices_else_the_terms() -> None:
    result = open_item_rows(*TABLES, as_of="2026-09-30")
    assert records(result, "id", "amount", "due_date", "days_past_due", "bucket") == [
        (3, 60.0, "2026-06-30", 92, "over_90"),
        (10, 7.0, "2026-08-02", 59, "31-60"),
        (4, 33.3, "2026-09-30", 0, "not_due"),
        (6, 10.0, "2026-10-15", -15, "not_due"),
    ]


def test_five_buckets() -> None:
    result = aged_balance(*TABLES, as_of="2026-09-30")
    assert records(result, "bucket", "position", "amount", "items") == [
        ("not_due", 0, 43.3, 2),
        ("1-30", 1, 0.0, 0),
        ("31-60", 2, 7.0, 1),
        ("61-90", 3, 0.0, 0),
        ("over_90", 4, 60.0, 1),
    ]
    sooner = aged_balance(*TABLES, as_of="2026-09-30", terms=0)
    assert records(sooner, "bucket", "amount")[:2] == [("not_due", 33.3), ("1-30", 10.0)]


def test_by_owner() -> None:
    result = aged_balance(*TABLES, as_of="2026-09-30", by="owner")
    assert records(result[result["items"] > 0], "group_id", "group", "bucket", "amount") == [
        (7, "Zoé", "not_due", 33.3),
        (7, "Zoé", "over_90", 60.0),
        (None, None, "not_due", 10.0),
        (None, None, "31-60", 7.0),
    ]


def test_overdue() -> None:
    result = overdue(LEDGER, DOCUMENTS, as_of="2026-09-30")
    assert records(result, "total", "overdue", "customers", "oldest_days") == [(110.3, 67.0, 1, 92)]


def test_every_grouping_adds_up_to_the_open_items() -> None:
    company = Company(accounts=200)
    items = open_item_rows.of(company)
    assert round(outstanding.of(company)["open_items"].sum(), 2) == round(items["amount"].sum(), 2)
    for by in (None, "customer", "account", "owner", "team", "segment"):
        result = aged_balance.of(company, by=by)
        assert round(result["amount"].sum(), 2) == round(items["amount"].sum(), 2)
        assert result["items"].sum() == len(items)


def test_what_an_opening_entry_carries_over_counts_once() -> None:
    """A bill of 2025, carried over by the opening entry of 2026, is owed once; alone it counts."""
    both = _owed(BILL, CARRIED)
    assert both == _owed(CARRIED) == [(120.0, 120.0, 1)]
    assert _owed(BILL) == [(120.0, 120.0, 1)]
    assert _owed(BILL, CARRIED, as_of="2025-12-31") == [(120.0, 120.0, 1)]


def test_a_bill_lettered_in_next_year_s_file_is_paid() -> None:
    """Each year's file was written as it ended: the bill's own line never got its letter."""
    lettered = CARRIED | {"letter": "AA", "letter_date": "2026-03-31"}
    paid = _line(3, "2026-03-31", -120.0, letter="AA", letter_date="2026-03-31")
    files = (BILL, lettered, paid)
    assert _owed(*files) == []
    assert _owed(*files, as_of="2026-02-28") == [(120.0, 120.0, 1)]
    ledger = frame("ledger_entries", *files)
    assert overdue(ledger, frame("documents"), as_of="2026-06-30")["total"].tolist() == [0.0]


def test_what_was_carried_over_is_as_old_as_its_piece() -> None:
    """Due 30 days after 3 November; by the day of the opening entry it would be 150 late."""
    ledger = frame("ledger_entries", BILL, CARRIED)
    alone = frame("ledger_entries", CARRIED | {"piece_date": "2025-11-03"})
    for lines in (ledger, alone):
        rows = open_item_rows(
            *(lines, CUSTOMERS, frame("documents"), ACCOUNTS), as_of="2026-06-30", terms=30
        )
        assert records(rows, "id", "date", "due_date", "days_past_due") == [
            (2, "2025-11-03", "2025-12-03", 209)
        ]


def test_a_year_that_is_missing_between_two_leaves_the_balance_right() -> None:
    """2024 isn't there: 120 of then was paid in it, and 500 billed; the opening entry says 500."""
    old = BILL | {"date": "2023-11-03", "book": "1-2023-01"}
    assert _owed(old, CARRIED | {"debit": 500.0}) == [(500.0, 500.0, 1)]


def test_opening_entries_are_each_company_s_own() -> None:
    """Company 2's year begins in February; its opening 500 repeats nothing of company 1's 50."""
    ours = _line(1, "2026-01-15", 50.0, book="111111111-2026-01")
    theirs = _line(2, "2026-02-01", 500.0, book="222222222-2026-02", opening=True)
    assert _owed(ours, theirs) == [(550.0, 550.0, 2)]


def test_an_opening_entry_mended_later_in_its_year_is_one_with_it() -> None:
    mended = _line(3, "2026-03-31", 7.0, opening=True)
    sold = _line(4, "2026-02-01", 60.0)
    assert _owed(BILL, CARRIED, mended, sold) == [(187.0, 187.0, 3)]


def _line(id_, date, amount, book="1-2026-01", **more):
    sides = {"debit": max(amount, 0.0), "credit": max(-amount, 0.0)}
    own = {"id": id_, "date": date, "book": book, "account_number": "411000", "customer_id": 10}
    return own | sides | more


BILL = _line(1, "2025-11-03", 120.0, "1-2025-01", piece="F1")
CARRIED = _line(2, "2026-01-01", 120.0, piece="F1", opening=True)


def _owed(*lines, as_of="2026-06-30"):
    ledger = frame("ledger_entries", *lines)
    found = outstanding(ledger, CUSTOMERS, ACCOUNTS, as_of=as_of)
    return records(found, "balance", "open_items", "items")
