from __future__ import annotations

from tests.metrics.frames import records, written
from tests.metrics.test_activity import ACCOUNTS, ACTIVITIES, OWNERS, TEAMS
from workbench.metrics.activity import activity_in_period
from workbench.metrics.coverage import (
    account_touches,
    activity_coverage,
    coverage_history,
    touched_accounts,
)

STATUSES = written(
    "status_periods",
    """account_id status  valid_from valid_to
       1          suspect 2026-01-01 2026-09-20
       1          client  2026-09-20 -
       2          suspect 2026-09-10 -
       9          suspect 2026-09-05 -
       10         suspect 2026-09-29 -""",
)


def test_coverage_counts_the_days_with_both_ends() -> None:
    options = {"as_of": "2026-09-30", "days": 21}  # 10 to 30 September
    result = activity_coverage(ACTIVITIES, ACCOUNTS, **options)
    assert records(result, "group_id", "group", "owned", "touched", "untouched", "coverage") == [
        (8, "Ali", 2, 2, 0, 1.0),
        (7, "Zoé", 2, 1, 1, 0.5),
    ]
    shorter = activity_coverage(ACTIVITIES, ACCOUNTS, as_of="2026-09-30", days=20, by=None)
    assert records(shorter, "owned", "touched") == [(4, 1)]
    touches = account_touches(ACTIVITIES, ACCOUNTS, **options)
    assert records(touches, "id", "last_touch", "days_since", "touches", "touched") == [
        (10, None, None, 0, False),
        (2, "2026-09-10", 20, 1, True),
        (9, "2026-09-10", 20, 1, True),
        (1, "2026-09-22", 8, 2, True),
    ]


def test_the_accounts_touched_are_those_counted() -> None:
    """Account 9 counts although it isn't among the viewer's; the activity without one doesn't."""
    seen = ACCOUNTS[ACCOUNTS["id"] != 9]
    period = {"as_of": "2026-09-30", "since": "2026-09-05"}
    result = touched_accounts(ACTIVITIES, seen, **period)
    assert records(result, "account_id", "account", "owner", "last_touch", "touches") == [
        (1, "A", "Zoé", "2026-09-22", 4),
        (2, "B", "Ali", "2026-09-10", 1),
        (9, None, None, "2026-09-10", 1),
    ]
    counted = activity_in_period(ACTIVITIES, **period).set_index("kpi")
    assert counted.loc["accounts", "value"] == len(result)


def history(**options):
    seen = ACCOUNTS.assign(segment=["gros", "petit", "petit", "petit"])
    asked = {"as_of": "2026-09-30", "days": 21, "months": 1, **options}
    result = coverage_history(ACTIVITIES, seen, STATUSES, OWNERS, TEAMS, **asked)
    return records(result, "date", "owned", "touched", "coverage")


def test_coverage_of_the_portfolio_that_was_theirs_on_each_day() -> None:
    """Of 10 to 30 September: 1 by 3 and 4, 2 by 5, 9 by 7; on 31 August 1 was there alone."""
    assert history() == [("2026-08-31", 1, 0, 0.0), ("2026-09-30", 4, 3, 0.75)]
    # 3 was Ali's, but 1 is Zoé's on the 30th; 4 fell in a gap between owners: it is its author's.
    assert history(reps=[8]) == [("2026-08-31", 0, 0, None), ("2026-09-30", 1, 1, 1.0)]
    assert history(reps=[7]) == [("2026-08-31", 1, 0, 0.0), ("2026-09-30", 1, 1, 1.0)]
    assert history(reps=[7], days=8)[1] == ("2026-09-30", 1, 0, 0.0)
    assert history(segments=["petit"])[1] == ("2026-09-30", 3, 2, 0.666667)


def test_the_last_day_is_the_coverage_itself() -> None:
    now = activity_coverage(ACTIVITIES, ACCOUNTS, as_of="2026-09-30", days=21, by=None)
    assert records(now, "owned", "touched") == [history()[-1][1:3]]


def test_each_day_is_the_coverage_as_of_that_day(demo_data) -> None:
    reps = demo_data.table("reps")
    team = reps.loc[reps["manager_id"] == reps.loc[reps["kind"] == "manager", "id"].iloc[0], "id"]
    segment = demo_data.table("accounts")["segment"].mode()[0]
    asked = {"reps": team.tolist(), "segments": [segment]}
    found = coverage_history.of(demo_data, **asked, months=14)
    for day, owned, touched in found[["date", "owned", "touched"]].itertuples(index=False):
        then = activity_coverage.of(demo_data.at(day.date()).where(**asked), by=None)
        assert records(then, "owned", "touched") == [(owned, touched)]
    assert found["touched"].gt(0).all()
