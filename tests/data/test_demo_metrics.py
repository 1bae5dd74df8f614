"""What data/README.md says of the demo, asked of the metrics through the store."""

import datetime as dt

import pandas as pd
import pytest

from tests.metrics.frames import records
from workbench.metrics.activity import activity_by_rep, activity_rows
from workbench.metrics.attention import ending_contracts, stalled_deals
from workbench.metrics.control import ledger_balance, unmatched_total
from workbench.metrics.funnel import funnel_conversion, funnel_stock
from workbench.metrics.hierarchy import account_tree
from workbench.metrics.pipeline import pipeline_rows
from workbench.metrics.quality import qualification_by_owner, qualification_gaps
from workbench.metrics.receivables import aged_balance, open_item_rows, outstanding
from workbench.metrics.revenue import (
    revenue_by_account,
    revenue_rows,
    unallocated_revenue,
    won_versus_invoiced,
)
from workbench.metrics.wins import win_rate, won_by, won_rows

YEAR = {"since": "2025-01-01", "until": "2025-12-31"}
TEAMS = {
    2024: [2129908.39, 1716757.15, 1199922.79, 1118597.53],
    2025: [3324395.03, 3090713.79, 1185758.92, 979233.51],
    2026: [2990997.16, 2690716.47, 1993382.01, 923042.40],
}


def test_class_70_by_year_and_what_of_it_has_no_one_customer(demo_data):
    assert records(revenue_by_account.of(demo_data, by="year"), "group", "revenue") == [
        ("2024", 23601250.46),
        ("2025", 26547662.07),
        ("2026", 21873990.32),
    ]
    assert round(unallocated_revenue.of(demo_data)["revenue"].sum(), 2) == 18058.00 + 16001.05
    assert records(unmatched_total.of(demo_data), "customers", "revenue", "balance") == [
        (3, 6802.0, 832.8)
    ]
    assert records(ledger_balance.of(demo_data), "lines", "difference") == [(61802, 0.0)]


@pytest.mark.parametrize(
    ("day", "balance"),
    [("2024-12-31", 4618165.79), ("2025-12-31", 5162911.38), ("2026-09-30", 6345415.02)],
)
def test_what_is_owed_at_each_year_end(demo_data, day, balance):
    then = demo_data.at(dt.date.fromisoformat(day))
    owed = outstanding.of(then)
    assert round(owed["balance"].sum(), 2) == round(owed["open_items"].sum(), 2) == balance
    assert round(aged_balance.of(then)["amount"].sum(), 2) == balance


@pytest.mark.parametrize("year", TEAMS)
def test_story_7_won_by_the_team_of_the_day_whatever_is_asked_and_when(demo_data, year):
    """M1 3,324,395.03 and M3 1,185,758.92 in 2025; 2,601,609.07 and 2,294,803.70 are today's."""
    period = {"since": f"{year}-01-01", "until": f"{year}-12-31"}
    then = demo_data.at(min(dt.date(year, 12, 31), demo_data.as_of))
    for data in (demo_data, then):
        for metric, amount in (
            (won_by, "amount"),
            (win_rate, "won_amount"),
            (won_versus_invoiced, "won"),
        ):
            found = metric.of(data, by="team", **period)
            assert found[amount].tolist() == TEAMS[year], metric.name
    for rows in (
        won_rows.of(demo_data, **period),
        pipeline_rows.of(demo_data, kind="won").query(f"closed_on.dt.year == {year}"),
    ):
        sums = rows.groupby("team")["amount"].sum().round(2)
        assert sorted(sums, reverse=True) == TEAMS[year]


def test_story_7_the_best_seller_of_2025(demo_data):
    best = won_by.of(demo_data, by="owner", **YEAR).head(1)
    assert records(best, "group", "amount") == [("Joseph Jacquet", 784295.65)]


@pytest.mark.parametrize("by", ["owner", "team"])
def test_revenue_of_2025_stays_with_whom_it_was_made_by(demo_data, by):
    """Nothing that happened in 2026 moves it."""
    then = demo_data.at(dt.date(2025, 12, 31))
    now = revenue_by_account.of(demo_data, by=by, **YEAR)
    pd.testing.assert_frame_equal(now, revenue_by_account.of(then, by=by, **YEAR))
    assert round(now["revenue"].sum(), 2) == 26547662.07
    assert round(revenue_rows.of(demo_data, **YEAR)["revenue"].sum(), 2) == 26547662.07


def test_story_1_a_segment_that_converts_badly(demo_data):
    assert records(funnel_stock.of(demo_data), "status", "accounts")[:3] == [
        ("suspect", 7800),
        ("prospect", 200),
        ("client", 1000),
    ]
    found = funnel_conversion.of(demo_data, by="segment").set_index("group")
    badly = found.loc["Rénovation énergétique"]
    assert (badly["clients"], badly["mature"]) == (20, 1142)
    others = found.drop("Rénovation énergétique")
    assert (others["clients"].sum(), others["mature"].sum()) == (744, 6444)


def test_story_2_a_rep_whose_activity_falls(demo_data):
    """The README counts by author; one of the 371 counts for the owner of its account."""
    halves = [("2025-09-01", "2026-02-28", 371, 370), ("2026-03-01", "2026-08-31", 83, 83)]
    for since, until, done, counted in halves:
        rows = activity_rows.of(demo_data, since=since, until=until)
        assert (rows["author"] == "Lucie Devaux").sum() == done
        reps = activity_by_rep.of(demo_data, by="total", since=since, until=until)
        assert reps.set_index("rep").loc["Lucie Devaux", "activities"] == counted


def test_story_3_a_group_with_white_space(demo_data):
    tree = account_tree.of(demo_data)
    group = tree[tree["root"] == "Groupe Castelnau"]
    assert (len(group), (group["own_revenue"] == 0).sum(), group["depth"].max()) == (16, 10, 3)


def test_story_4_stalled_deals(demo_data):
    rows = pipeline_rows.of(demo_data)
    late = rows[rows["stage"].isin(["Négociation", "Conclusion"]) & (rows["stage_days"] > 120)]
    assert (len(late), late["amount"].sum()) == (42, 508929.24)
    assert len(stalled_deals.of(demo_data)) == 77


def test_story_5_late_payers(demo_data):
    """The README speaks of the invoices of customers who have a sheet."""
    items = open_item_rows.of(demo_data)
    bills = items[(items["amount"] > 0) & items["account_id"].notna()]
    assert round(bills.loc[bills["days_past_due"] > 0, "amount"].sum(), 2) == 1860520.75
    late = bills[bills["days_past_due"] > 60]
    assert round(late["amount"].sum(), 2) == 787718.22
    most = late.groupby("customer")["amount"].sum().nlargest(24)
    assert (most.index[0], round(most.iloc[0], 2)) == ("Larrieu Maçonnerie Pessac", 83414.79)
    assert round(most.sum(), 2) == 747071.57


@pytest.mark.parametrize(
    ("first", "last", "due", "put_off"),
    [
        ("2025-10-01", "2025-12-31", 236, 13),
        ("2026-01-01", "2026-03-31", 243, 119),
        ("2026-04-01", "2026-06-30", 363, 21),
    ],
)
def test_story_6_a_quarter_whose_close_dates_slip(demo_data, first, last, due, put_off):
    """As a manager finds it: what was to close on the eve, and when it is to on the last day."""
    eve = demo_data.at(dt.date.fromisoformat(first) - dt.timedelta(days=1))
    expected = pipeline_rows.of(eve)
    expected = expected[expected["close_date"].between(first, last)]
    end = pipeline_rows.of(demo_data.at(dt.date.fromisoformat(last)), kind=None)
    late = end[end["id"].isin(expected["id"]) & (end["close_date"] > last)]
    assert (len(expected), len(late)) == (due, put_off)


def test_story_8_a_branch_that_changed_group(demo_data):
    """Its revenue of before stays with the group of the day; the tree shows it where it is."""
    groups = ["Groupe Larrieu", "Groupe Etcheverry"]
    year = {"since": "2024-01-01", "until": "2024-12-31"}
    before = account_tree.of(demo_data.at(dt.date(2025, 6, 30)))
    larrieu = before.loc[before["root"] == groups[0], "id"]
    tree = account_tree.of(demo_data, **year)
    passed = tree[tree["id"].isin(larrieu) & (tree["root"] == groups[1])]
    assert (len(passed), round(passed["own_revenue"].sum(), 2)) == (5, 81509.40)
    then = revenue_by_account.of(demo_data, by="group", **year).set_index("group")["revenue"]
    now = tree.groupby("root")["own_revenue"].sum()
    assert [round(then[one] - now[one], 2) for one in groups] == [81509.40, -81509.40]


def test_story_9_competitors_contracts_that_end_soon(demo_data):
    assert len(ending_contracts.of(demo_data)) == 46


def test_story_10_qualifications_to_complete(demo_data):
    found = qualification_gaps.of(demo_data)
    assert (found["gaps"] > 0).sum() == 48
    owners = qualification_by_owner.of(demo_data)
    assert (owners["accounts"].sum(), owners["with_gaps"].sum()) == (200, 48)
    prospects = demo_data.table("accounts").query("status == 'prospect'")
    assert (prospects["next_step_on"] < pd.Timestamp(2026, 9, 30)).sum() == 34
