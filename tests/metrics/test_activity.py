from __future__ import annotations

import pandas as pd
import pytest

from tests.metrics.frames import frame, records, written
from tests.metrics.synthetic import Company
from tests.metrics.test_pipeline import STAGES
from workbench.errors import UnknownName
from workbench.metrics.activity import (
    activity_by_month,
    activity_by_rep,
    activity_in_period,
    activity_rows,
    touches_per_won,
)

REPS = written("reps", "id name\n7 Zoé\n8 Ali\n3 Sud\n4 Nord")
OWNERS = written(
    "owner_periods",
    """account_id rep_id valid_from valid_to
       1          7      2026-01-01 2026-09-14
       1          8      2026-09-14 2026-09-20
       1          7      2026-09-25 -
       2          7      2026-09-10 2026-09-10
       2          8      2026-09-10 -""",
)
TEAMS = written(
    "team_periods",
    """rep_id manager_id valid_from valid_to
       7      3          2026-01-01 2026-09-08
       7      4          2026-09-08 -
       8      4          2026-01-01 -""",
)
ACTIVITIES = written(
    "activities",
    """id account_id opportunity_id rep_id kind  date       minutes
       1  1          -              8      call  2026-09-07 10
       2  1          -              8      visit 2026-09-08 20
       3  1          -              7      call  2026-09-14 -
       4  1          -              7      call  2026-09-22 5
       5  2          -              7      call  2026-09-10 -
       6  -          -              7      email 2026-09-10 -
       7  9          -              8      email 2026-09-10 -
       8  2          -              7      call  2026-09-01 -""",
).assign(two_way=[True, False, True, False, False, False, False, False])
ACCOUNTS = written(
    "accounts", "id name owner_id owner\n1 A 7 Zoé\n2 B 8 Ali\n9 C 8 Ali\n10 D 7 Zoé"
)


def test_trap_9_credited_to_owner_and_team_of_that_day() -> None:
    """4 falls in a gap between owners, 6 has no account, 7 no owner, 8 was before its first."""
    result = activity_rows(ACTIVITIES, ACCOUNTS, OWNERS, TEAMS, REPS, as_of="2026-09-30")
    assert sorted(records(result, "id", "author", "rep", "team", "week")) == [
        (1, "Ali", "Zoé", "Sud", "2026-09-07"),
        (2, "Ali", "Zoé", "Nord", "2026-09-07"),
        (3, "Zoé", "Ali", "Nord", "2026-09-14"),
        (4, "Zoé", "Zoé", "Nord", "2026-09-21"),
        (5, "Zoé", "Ali", "Nord", "2026-09-07"),
        (6, "Zoé", "Zoé", "Nord", "2026-09-07"),
        (7, "Ali", "Ali", "Nord", "2026-09-07"),
        (8, "Zoé", "Zoé", "Sud", "2026-08-31"),
    ]


def test_by_rep_and_week() -> None:
    result = activity_by_rep(
        ACTIVITIES, OWNERS, TEAMS, REPS, as_of="2026-09-30", since="2026-09-07"
    )
    assert records(result, "team", "rep", "period", "activities", "two_way", "minutes", "kind") == [
        ("Nord", "Ali", "2026-09-07", 2, 0, 0, None),
        ("Nord", "Ali", "2026-09-14", 1, 1, 0, None),
        ("Nord", "Zoé", "2026-09-07", 2, 0, 20, None),
        ("Nord", "Zoé", "2026-09-21", 1, 0, 5, None),
        ("Sud", "Zoé", "2026-09-07", 1, 1, 10, None),
    ]


def test_trap_11_a_rep_who_moved_leaves_their_past_with_the_old_team() -> None:
    result = activity_by_rep(
        ACTIVITIES, OWNERS, TEAMS, REPS, as_of="2026-09-30", by="total", level="team"
    )
    assert records(result, "rep", "team", "activities") == [(None, "Nord", 6), (None, "Sud", 2)]


def test_by_kind() -> None:
    result = activity_by_rep(
        ACTIVITIES, OWNERS, TEAMS, REPS, as_of="2026-09-30", by="kind", level="team"
    )
    assert records(result, "team", "kind", "period", "activities") == [
        ("Nord", "call", None, 3), ("Nord", "email", None, 2), ("Nord", "visit", None, 1),
        ("Sud", "call", None, 2),
    ]  # fmt: skip
    with pytest.raises(UnknownName, match="kind_week"):
        activity_by_rep(ACTIVITIES, OWNERS, TEAMS, REPS, by="day")


def test_every_grouping_counts_each_activity_once() -> None:
    company = Company(accounts=100)
    rows = activity_rows.of(company)
    assert len(rows) == len(company.table("activities"))
    assert rows["id"].is_unique
    for by in ("week", "month", "kind", "kind_week", "total"):
        for level in ("rep", "team"):
            assert activity_by_rep.of(company, by=by, level=level)["activities"].sum() == len(rows)


def test_touches_of_a_won_deal() -> None:
    """2 and 3 are on its account between creation and win, 9 names it; 10 names another deal."""
    more = written(
        "activities",
        """id account_id opportunity_id rep_id kind date
           9  -          5              7      call 2026-09-09
           10 1          6              7      call 2026-09-09""",
    )
    deals = written(
        "opportunities",
        """id account_id stage_id created_on stage_since owner_id owner
           5  1          4        2026-09-08 2026-09-15  7        Zoé""",
    )
    activities = pd.concat([ACTIVITIES.astype(more.dtypes), more], ignore_index=True)
    result = touches_per_won(
        activities, deals, STAGES, REPS, frame("deal_periods"), TEAMS, as_of="2026-09-30"
    )
    assert records(result, "group", "deals", "touches", "touches_per_deal") == [("Zoé", 1, 3, 3.0)]


def test_trap_8_the_week_against_the_week_before() -> None:
    result = activity_in_period(
        ACTIVITIES, as_of="2026-09-30", since="2026-09-14", until="2026-09-20"
    )
    assert records(result, "kpi", "value", "previous", "previous_since", "previous_until") == [
        ("activities", 1, 5, "2026-09-07", "2026-09-13"),
        ("two_way", 1, 1, "2026-09-07", "2026-09-13"),
        ("accounts", 1, 3, "2026-09-07", "2026-09-13"),
    ]


def test_each_month_counts_what_the_period_counts() -> None:
    """August has none; account 1, touched four times in September, is one account."""
    result = activity_by_month(ACTIVITIES, as_of="2026-09-30", since="2026-08-15")
    assert records(result, "month", "activities", "two_way", "accounts") == [
        ("2026-08-01", 0, 0, 0),
        ("2026-09-01", 8, 2, 3),
    ]
