"""Days sales outstanding by counting back, and what was owed at each month's end."""

from __future__ import annotations

from tests.metrics.frames import frame, records, written
from tests.metrics.synthetic import Company
from tests.metrics.test_receivables import DOCUMENTS, LEDGER
from workbench.metrics.dso import dso, dso_history, overdue_history
from workbench.metrics.receivables import overdue

BILLED = written(
    "ledger_entries",
    """id journal entry date       account_number debit credit customer_id
       1  VE      1     2026-07-10 411000         60.0  0.0    10
       2  VE      1     2026-07-10 707000         0.0   50.0   10
       3  VE      2     2026-08-31 411000         120.0 0.0    10
       4  VE      2     2026-08-31 707000         0.0   100.0  10
       5  VE      3     2026-09-02 411000         70.0  0.0    20
       6  VE      3     2026-09-02 707000         0.0   60.0   20
       7  VE      4     2026-09-15 411000         0.0   10.0   20
       8  VE      4     2026-09-15 709000         8.0   0.0    20
       9  BQ      1     2026-09-10 411000         0.0   90.0   10""",
)


def test_dso_counts_back_month_by_month() -> None:
    """150 are owed: September's 15 days billed 60 (70 less a credit note of 10), August 120."""
    result = dso(BILLED, as_of="2026-09-15")
    assert records(result, "dso", "balance", "counted") == [(15 + 31 * 90 / 120, 150.0, 46)]


def test_dso_where_nothing_or_more_than_everything_is_owed() -> None:
    assert records(dso(BILLED[:0], as_of="2026-09-15"), "dso", "counted") == [(0.0, 0)]
    payment = BILLED[BILLED["journal"] == "BQ"]
    assert records(dso(payment, as_of="2026-09-15"), "dso", "balance") == [(0.0, -90.0)]
    refund = payment.assign(debit=90.0, credit=0.0)
    assert records(dso(refund, as_of="2026-09-15"), "dso", "balance") == [(None, 90.0)]


def test_dso_tells_entries_of_one_number_apart() -> None:
    """Number 7 is a sale of 100 and a payment of 40; the sale of August bears it again, for 80."""
    rows = written(
        "ledger_entries",
        """id journal entry date       account_number debit credit customer_id
           1  VE      7     2026-08-10 411000         80.0  0.0    10
           2  VE      7     2026-08-10 707000         0.0   80.0   10
           3  VE      7     2026-09-05 411000         100.0 0.0    10
           4  VE      7     2026-09-05 707000         0.0   100.0  10
           5  BQ      7     2026-09-05 411000         0.0   40.0   10
           6  BQ      7     2026-09-05 512000         40.0  0.0    -""",
    )
    result = dso(rows, as_of="2026-09-15")
    assert records(result, "dso", "balance", "counted") == [(15 + 31 * 40 / 80, 140.0, 46)]


def test_what_was_owed_at_month_ends() -> None:
    """In August 180 were owed, 60 of July past its term: August's 120 and July's 60 are counted."""
    result = overdue_history(BILLED, frame("documents"), as_of="2026-09-15", months=1)
    assert records(result, "date", "total", "overdue", "share") == [
        ("2026-08-31", 180.0, 60.0, round(60 / 180, 6)),
        ("2026-09-15", 150.0, 60.0, 0.4),
    ]
    assert records(dso_history(BILLED, as_of="2026-09-15", months=1), "date", "dso", "balance") == [
        ("2026-08-31", 62.0, 180.0), ("2026-09-15", 38.25, 150.0),
    ]  # fmt: skip


def test_an_item_was_open_until_it_was_lettered() -> None:
    """F1 was late until the end of September; F3 wasn't due yet; F5's letter has no date."""
    result = overdue_history(LEDGER, DOCUMENTS, as_of="2026-09-30", months=2)
    assert records(result, "date", "total", "overdue", "share") == [
        ("2026-07-31", 187.1, 180.1, round(180.1 / 187.1, 6)),
        ("2026-08-31", 220.4, 187.1, round(187.1 / 220.4, 6)),
        ("2026-09-30", 110.3, 67.0, round(67 / 110.3, 6)),
    ]


def test_what_a_later_year_carries_over_was_owed_once() -> None:
    """The opening entry of January repeats the 40 of November, late since December."""
    rows = written(
        "ledger_entries",
        """id book    journal entry date       account_number debit credit opening piece piece_date
           1  2025-01 VE      1     2025-11-05 411000         40.0  0.0    0       F1    -
           2  2025-01 VE      1     2025-11-05 707000         0.0   40.0   0       F1    -
           3  2026-01 AN      1     2026-01-01 411000         40.0  0.0    1       F1    -
           4  2026-01 VE      2     2026-01-20 411000         60.0  0.0    0       F2    -
           5  2026-01 VE      2     2026-01-20 707000         0.0   60.0   0       F2    -""",
    ).assign(customer_id=10)
    result = overdue_history(rows, frame("documents"), as_of="2026-02-15", months=3)
    assert records(result, "date", "total", "overdue") == [
        ("2025-11-30", 40.0, 0.0), ("2025-12-31", 40.0, 40.0),
        ("2026-01-31", 100.0, 40.0), ("2026-02-15", 100.0, 40.0),
    ]  # fmt: skip
    # 60 of January, and 40 of November's 40 behind December, in which nothing was sold.
    assert records(dso_history(rows, as_of="2026-01-31", months=1), "dso") == [(61.0,), (92.0,)]


def test_each_month_end_says_what_the_day_s_own_figures_say() -> None:
    company = Company(accounts=80)
    spans = dso_history.of(company, months=6)["dso"]
    for row, span in zip(
        overdue_history.of(company, months=6).to_dict("records"), spans, strict=True
    ):
        own = overdue.of(company, as_of=row["date"])
        assert (row["total"], row["overdue"]) == (own["total"][0], own["overdue"][0])
        assert records(dso.of(company, as_of=row["date"]), "dso") == [(round(span, 6),)]
