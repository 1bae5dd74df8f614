from __future__ import annotations

from tests.metrics.frames import records, written
from tests.metrics.synthetic import Company
from tests.metrics.test_pipeline import STAGES
from tests.metrics.test_receivables import TABLES
from workbench.metrics.attention import (
    ending_contracts,
    late_payers,
    slipped_deals,
    stalled_deals,
    to_decide,
)

ACCOUNTS = written("accounts", "id name owner_id owner\n1 Acme 7 Zoé\n2 Bâti 8 Ali")
DEALS = written(
    "opportunities",
    """id name  account_id stage_id amount stage_since close_date
       1  Lente 1          1        100.0  2026-08-30  2026-12-31
       2  Vive  1          1        200.0  2026-08-31  2026-12-31
       3  Glisse 2         2        300.0  2026-09-20  2026-12-31
       4  Passée -         2        50.0   2026-09-20  2026-09-29
       5  Perdue 2         5        900.0  2026-01-01  2026-01-01""",
)
PERIODS = written(
    "deal_periods",
    """opportunity_id sequence stage_id close_date valid_from
       2              0        1        2026-10-31 2026-08-01
       2              1        1        2026-12-31 2026-09-01
       3              0        1        2026-10-01 2026-08-01
       3              1        1        2026-11-01 2026-08-02
       3              2        2        2026-11-01 2026-08-03
       3              3        2        2026-10-15 2026-08-04
       3              4        2        2026-12-31 2026-08-05
       5              0        1        2026-01-01 2026-01-01
       5              1        1        2026-02-01 2026-01-02
       5              2        1        2026-03-01 2026-01-03""",
)
CONTRACTS = written(
    "contracts",
    """id account_id kind       competitor subject ends_on    yearly_amount
       1  2          competitor Rival      béton   2026-12-29 5000.0
       2  2          competitor Rival      acier   2026-12-30 5000.0
       3  1          ours       -          béton   2026-10-01 100.0
       4  1          competitor Autre      -       2026-09-30 10.0
       5  1          competitor Autre      bois    2026-09-29 10.0""",
)


def test_stalled_is_longer_than_the_stage_allows() -> None:
    result = stalled_deals(DEALS, STAGES, ACCOUNTS, as_of="2026-09-30")
    assert records(result, "reason", "id", "account", "days", "date") == [
        ("stalled", 1, "Acme", 31, "2026-08-30")
    ]


def test_slipped_twice_or_past() -> None:
    """Deal 3 was put off twice (and once brought forward), deal 2 once; 4 is a day past."""
    result = slipped_deals(DEALS, STAGES, PERIODS, ACCOUNTS, as_of="2026-09-30")
    assert records(result, "reason", "id", "days", "times") == [
        ("slipped", 3, -92, 2),
        ("past_close", 4, 1, 0),
    ]
    once = slipped_deals(DEALS, STAGES, PERIODS, ACCOUNTS, as_of="2026-09-30", slips=1)
    assert records(once, "id") == [(3,), (2,), (4,)]


def test_contracts_that_end_within_the_days() -> None:
    result = ending_contracts(CONTRACTS, ACCOUNTS, as_of="2026-09-30")
    assert records(result, "id", "name", "account", "owner", "amount", "date", "days") == [
        (4, "Autre", "Acme", "Zoé", 10.0, "2026-09-30", 0),
        (1, "Rival – béton", "Bâti", "Ali", 5000.0, "2026-12-29", 90),
    ]


def test_late_payers() -> None:
    result = late_payers(*TABLES, as_of="2026-09-30")
    assert records(result, "id", "name", "amount", "date", "days", "times") == [
        (1, "Acme", 60.0, "2026-06-30", 92, 1),
        (None, None, 7.0, "2026-08-02", 59, 1),
    ]
    assert len(late_payers(*TABLES, as_of="2026-09-30", late_days=92)) == 0


def test_all_of_it_is_the_lists_one_after_the_other() -> None:
    company = Company(accounts=200)
    parts = [m.of(company) for m in (stalled_deals, slipped_deals, ending_contracts, late_payers)]
    whole = to_decide.of(company)
    assert len(whole) == sum(map(len, parts))
    assert set(whole["reason"]) == {r for part in parts for r in part["reason"]}
