from __future__ import annotations

import pandas as pd
import pytest

from tests.metrics.frames import frame, records, written
from tests.metrics.synthetic import Company
from workbench.errors import UnknownName
from workbench.metrics.pipeline import (
    pipeline_by_stage,
    pipeline_history,
    pipeline_rows,
    pipeline_totals,
    stage_conversion,
)

STAGES = written(
    "stages",
    """id pipeline code label       position kind grain probability stalled_days
       1  spanco   A    Analyse     1        open deal  0.2         30
       2  spanco   N    Négociation 2        open deal  0.5         20
       3  spanco   C    Conclusion  3        open deal  0.8         -
       4  spanco   O    Commande    4        won  deal  1.0         -
       5  spanco   LOST Perdue      5        lost deal  0.0         -""",
)

NOBODY = (frame("reps"), frame("deal_periods"), frame("team_periods"))


def test_trap_1_lost_counts_0_and_an_explicit_0_is_0() -> None:
    deals = written(
        "opportunities",
        """id stage_id amount  probability
           1  1        1000.0  -
           2  1        1000.0  0.0
           3  5        9000.0  -
           4  5        9000.0  0.9
           5  4        9000.0  -
           6  2        -       0.5""",
    )
    result = pipeline_by_stage(deals, STAGES)
    assert records(result, "stage", "deals", "amount", "weighted") == [
        ("Analyse", 2, 2000.0, 200.0),
        ("Négociation", 1, None, None),
        ("Conclusion", 0, 0.0, 0.0),
    ]


def test_stages_of_a_pipeline_without_deals_are_left_out() -> None:
    other = written(
        "stages", "id pipeline code label kind grain position\n8 maven new Prospection open deal 1"
    )
    deals = written("opportunities", "id stage_id\n1 8")
    result = pipeline_by_stage(deals, pd.concat([STAGES, other], ignore_index=True))
    assert records(result, "stage", "deals") == [("Prospection", 1)]


def test_trap_2_each_deal_is_weighed_then_added() -> None:
    deals = written(
        "opportunities", "id stage_id amount probability\n1 1 100.0 0.99\n2 1 200.0 0.0"
    )
    assert pipeline_totals(deals, STAGES)["weighted"].tolist() == [99.0]


DEALS = written(
    "opportunities",
    """id account_id stage_id amount probability created_on stage_since close_date owner_id owner
       1  1          1        100.0  -           2026-08-31 2026-08-31  2026-11-15 7        Zoé
       2  1          2        250.5  0.4         2026-09-01 2026-09-20  2026-12-01 7        Zoé
       3  -          2        50.0   -           -          2026-09-01  2026-11-30 8        Ali""",
)


def test_by_owner_and_stage() -> None:
    result = pipeline_by_stage(DEALS, STAGES, as_of="2026-09-30", by="owner")
    measures = ("deals", "amount", "weighted", "age_days", "stalled")
    assert records(result, "group_id", "group", "stage", *measures) == [
        (8, "Ali", "Négociation", 1, 50.0, 25.0, None, 1),
        (7, "Zoé", "Analyse", 1, 100.0, 20.0, 30.0, 0),
        (7, "Zoé", "Négociation", 1, 250.5, 100.2, 29.0, 0),
    ]  # fmt: skip


def test_by_closing_month() -> None:
    result = pipeline_totals(DEALS, STAGES, as_of="2026-09-30", by="closing_month")
    assert records(result, "group", "deals", "amount") == [
        ("2026-11", 2, 150.0),
        ("2026-12", 1, 250.5),
    ]


def test_rows_say_why() -> None:
    accounts = written("accounts", "id name\n1 Acme")
    result = pipeline_rows(DEALS, STAGES, accounts, *NOBODY, as_of="2026-09-30")
    why = ("probability", "weighted", "stage_days", "stalled", "closing_month")
    assert records(result, "id", "account", *why) == [
        (2, "Acme", 0.4, 100.2, 10, False, "2026-12-01"),
        (1, "Acme", 0.2, 20.0, 30, False, "2026-11-01"),
        (3, None, 0.5, 25.0, 29, True, "2026-11-01"),
    ]  # fmt: skip


def test_trap_11_closed_rows_have_the_owner_and_team_of_that_day() -> None:
    """As `win_rate` counts them: won by Zoé of Sud in May, who went to Nord; Ali has it since."""
    deals = written(
        "opportunities",
        """id stage_id amount stage_since owner_id owner team_id team
           1  4        100.0  2026-05-10  8        Ali   4       Nord
           2  1        50.0   2026-05-10  8        Ali   4       Nord""",
    )
    who = written("reps", "id name\n7 Zoé\n8 Ali\n3 Sud\n4 Nord")
    owned = written(
        "deal_periods",
        """opportunity_id sequence stage_id owner_id valid_from valid_to
           1              0        4        7        2026-05-10 2026-06-01
           1              1        4        8        2026-06-01 -
           2              0        1        7        2026-05-10 2026-06-01
           2              1        1        8        2026-06-01 -""",
    )
    led = written(
        "team_periods",
        """rep_id manager_id valid_from valid_to
           7      3          2026-01-01 2026-05-11
           7      4          2026-05-11 -
           8      4          2026-01-01 -""",
    )
    history = (who, owned, led)
    rows = pipeline_rows(deals, STAGES, frame("accounts"), *history, as_of="2026-09-30", kind=None)
    assert records(rows, "id", "owner", "team") == [(1, "Zoé", "Sud"), (2, "Ali", "Nord")]


def test_rows_and_every_grouping_add_up() -> None:
    company = Company(accounts=200)
    rows = pipeline_rows.of(company)
    for by in (None, "owner", "team", "segment", "product", "closing_month", "stage"):
        result = pipeline_totals.of(company, by=by)
        assert result["deals"].sum() == len(rows)
        assert round(result["amount"].sum(), 2) == round(rows["amount"].sum(), 2)
        assert round(result["weighted"].sum(), 2) == round(rows["weighted"].sum(), 2)


def test_an_empty_pipeline_is_0() -> None:
    assert records(pipeline_totals(DEALS.head(0), STAGES), "deals", "amount", "age_days") == [
        (0, 0.0, None)
    ]


HISTORY = written(
    "deal_periods",
    """opportunity_id sequence stage_id amount probability valid_from valid_to
       1              0        1        100.0  -           2026-01-01 2026-01-10
       1              1        2        100.0  -           2026-01-10 2026-01-10
       1              2        3        100.0  -           2026-01-10 2026-01-20
       1              3        2        120.0  -           2026-01-20 2026-02-10
       1              4        3        120.0  -           2026-02-10 2026-03-01
       1              5        4        120.0  -           2026-03-01 -
       2              0        1        80.0   0.0         2026-01-05 2026-01-06
       2              1        2        80.0   0.0         2026-01-06 2026-02-01
       2              2        5        80.0   0.0         2026-02-01 -
       3              0        1        10.0   -           2026-01-07 -
       4              0        2        10.0   -           2026-01-08 -""",
)


def test_traps_3_4_12_distinct_deals_in_every_stage_reached() -> None:
    """Deal 1 passes N within a day and comes back to it; 2 is lost from N; 4 skips A."""
    result = stage_conversion(HISTORY, STAGES, as_of="2026-09-30")
    assert records(
        result, "stage", "visited", "reached", "skipped", "still_here", "lost_here", "backward"
    ) == [
        ("Analyse", 3, 4, 1, 1, 0, 0),
        ("Négociation", 3, 3, 0, 1, 1, 1),
        ("Conclusion", 1, 1, 0, 0, 0, 0),
        ("Commande", 1, 1, 0, 0, 0, 0),
    ]
    assert records(result, "conversion") == [(0.75,), (0.333333,), (1.0,), (None,)]
    assert result["low"][0] == pytest.approx(0.30064, abs=1e-5)
    assert result["high"][0] == pytest.approx(0.95441, abs=1e-5)


def test_conversion_of_the_deals_that_began_in_a_period() -> None:
    result = stage_conversion(HISTORY, STAGES, as_of="2026-09-30", since="2026-01-06")
    assert records(result, "stage", "reached") == [
        ("Analyse", 2), ("Négociation", 1), ("Conclusion", 0), ("Commande", 0),
    ]  # fmt: skip
    with pytest.raises(UnknownName, match="spanco"):
        stage_conversion(HISTORY, STAGES, as_of="2026-09-30", pipeline="spnco")


def test_conversion_never_passes_1() -> None:
    for seed in range(5):
        result = stage_conversion.of(Company(accounts=60, seed=seed))
        assert result["conversion"].dropna().between(0, 1).all()
        assert result["reached"].is_monotonic_decreasing


def test_pipeline_at_month_ends() -> None:
    """In January deal 1 is back in N for 11 days, 2 and 4 have been there for over its 20."""
    made = written(
        "opportunities",
        """id created_on
           1  2026-01-01
           2  2026-01-05
           3  2025-12-28
           4  -""",
    )
    result = pipeline_history(HISTORY, STAGES, made, as_of="2026-02-15", months=1)
    assert records(result, "date", "deals", "amount", "weighted", "age_days", "stalled") == [
        ("2026-01-31", 4, 220.0, 67.0, 30.0, 2),
        ("2026-02-15", 3, 140.0, 103.0, 47.0, 2),
    ]
