from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.metrics.frames import frame, records, written
from tests.metrics.synthetic import Company
from workbench.errors import UnknownName
from workbench.metrics.funnel import cohort_curve, funnel_conversion, funnel_rows, funnel_stock


def test_worked_case_of_the_file_of_9000() -> None:
    """8,000 targeted of which 200 prospects, plus 1,000 clients: 1,200 in the wide sense."""
    status = np.repeat(["suspect", "prospect", "client"], [7_800, 200, 1_000])
    empty = frame("accounts").drop(columns=["id", "status"])
    accounts = pd.DataFrame({"id": np.arange(1, 9_001), "status": pd.Series(status, dtype="str")})
    stock = funnel_stock(accounts.join(empty))
    assert records(stock, "status", "accounts", "wide") == [
        ("suspect", 7800, 9000),
        ("prospect", 200, 1200),
        ("client", 1000, 1000),
        ("lost", 0, 0),
    ]
    assert round(stock["share"].sum(), 12) == 1


def test_stock_by_segment_has_every_status_in_every_group() -> None:
    accounts = written(
        "accounts", "id status segment\n1 client BTP\n2 suspect BTP\n3 lost BTP\n4 prospect -"
    )
    stock = funnel_stock(accounts, by="segment")
    assert records(stock, "group", "status", "accounts") == [
        ("BTP", "suspect", 1), ("BTP", "prospect", 0), ("BTP", "client", 1), ("BTP", "lost", 1),
        (None, "suspect", 0), (None, "prospect", 1), (None, "client", 0), (None, "lost", 0),
    ]  # fmt: skip


def test_rows_behind_the_stock_add_up() -> None:
    company = Company(accounts=300)
    stock = funnel_stock.of(company).set_index("status")["accounts"]
    for status, count in stock.items():
        assert len(funnel_rows.of(company, status=status)) == count


def test_rows_of_an_unknown_status() -> None:
    with pytest.raises(UnknownName, match="client"):
        funnel_rows.of(Company(accounts=5), status="clients")


ACCOUNTS = written(
    "accounts",
    """id entered_on segment
       1  2025-01-10 a
       2  2025-01-20 a
       3  2025-01-31 b
       4  2025-02-01 b
       5  2026-06-01 b""",
)
PERIODS = written(
    "status_periods",
    """account_id status   valid_from valid_to
       1          suspect  2025-01-10 2025-02-10
       1          prospect 2025-02-10 2025-03-10
       1          client   2025-03-10 -
       2          suspect  2025-01-20 2025-04-01
       2          lost     2025-04-01 -
       3          suspect  2025-01-31 2026-03-01
       3          client   2026-03-01 -
       4          suspect  2025-02-01 2025-02-02
       4          client   2025-02-02 -
       5          suspect  2026-06-01 2026-06-02
       5          client   2026-06-02 -""",
)


def test_trap_5_conversion_by_cohort_of_entry() -> None:
    """Three entered in January; one is client within 365 days, one after 394, one is lost."""
    result = funnel_conversion(ACCOUNTS, PERIODS, as_of="2026-09-30")
    january = result.iloc[0]
    assert (january["group"], january["entered"], january["mature"]) == ("2025-01", 3, 3)
    assert (january["prospects"], january["clients"], january["lost"]) == (1, 1, 1)
    assert january["client_rate"] == pytest.approx(1 / 3)
    assert january["client_low"] == pytest.approx(0.06149, abs=1e-5)
    assert january["client_high"] == pytest.approx(0.79234, abs=1e-5)
    assert january["clients_so_far"] == 2
    february = result.iloc[1]
    assert february["prospect_rate"] == 1  # a client has been a prospect
    assert february["client_of_prospects"] == 1


def test_trap_6_a_young_cohort_is_immature_not_failed() -> None:
    result = funnel_conversion(ACCOUNTS, PERIODS, as_of="2026-09-30")
    assert records(result, "group", "mature", "immature", "client_rate", "so_far_rate") == [
        ("2025-01", 3, False, 0.333333, 0.666667),
        ("2025-02", 1, False, 1.0, 1.0),
        ("2026-06", 0, True, None, 1.0),
    ]


def test_what_happened_after_the_date_is_not_known() -> None:
    result = funnel_conversion(ACCOUNTS, PERIODS, as_of="2025-03-01", by=None, window=20)
    assert records(result, "entered", "mature", "prospects", "clients_so_far") == [(4, 4, 1, 1)]


def test_by_segment() -> None:
    result = funnel_conversion(ACCOUNTS, PERIODS, as_of="2026-09-30", by="segment")
    assert records(result, "group", "entered", "mature", "clients", "immature") == [
        ("b", 3, 2, 1, True),
        ("a", 2, 2, 1, False),
    ]


def test_a_curve_rises_month_by_month() -> None:
    result = cohort_curve(ACCOUNTS, PERIODS, as_of="2026-09-30", by=None, months=3)
    assert records(result, "month_after", "reached", "rate", "immature") == [
        (0, 0, 0.0, False),
        (1, 2, 0.4, False),
        (2, 3, 0.6, False),
        (3, 3, 0.6, False),
    ]
    young = cohort_curve(ACCOUNTS, PERIODS, as_of="2026-07-05", by=None, months=2)
    assert young["immature"].tolist() == [False, False, True]


@settings(deadline=None, max_examples=20)
@given(
    st.integers(0, 2**20), st.sampled_from(["month", "segment", "owner", None]), st.integers(0, 700)
)
def test_trap_5_no_rate_leaves_0_to_1(seed: int, by: str | None, window: int) -> None:
    result = funnel_conversion.of(Company(accounts=40, seed=seed), by=by, window=window)
    for name in ("prospect_rate", "client_rate", "client_of_prospects", "so_far_rate"):
        assert result[name].dropna().between(0, 1).all()
    assert (result["client_low"].dropna() <= result["client_rate"].dropna()).all()
    assert (result["clients"] <= result["prospects"]).all()
