from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

import workbench
from tests.metrics.frames import frame, records, written
from tests.metrics.synthetic import Company
from tests.metrics.test_pipeline import STAGES
from workbench.metrics.wins import (
    loss_reasons,
    win_rate,
    won_by,
    won_by_month,
    won_in_period,
    won_rows,
)
from workbench.settings import SourceSettings
from workbench.sources.load import load
from workbench.store import create

ACCOUNTS = written("accounts", "id name\n1 Filiale\n2 Ancienne\n3 Nouvelle")
REPS = written("reps", "id name\n7 Zoé\n8 Ali\n3 Sud\n4 Nord")
DEALS = written(
    "opportunities",
    """id account_id stage_id amount created_on stage_since close_date owner_id owner loss_reason
       1  1          4        1000.0 2026-01-01 2026-05-10  2026-03-31 8        Ali   -
       2  1          4        500.5  2026-04-01 -           2026-04-11 8        Ali   -
       3  -          4        10.0   2026-04-01 -           2026-06-01 7        Zoé   -
       4  1          5        2000.0 2026-01-01 2026-05-02  2026-05-02 7        Zoé   price
       5  1          1        3000.0 2026-01-01 2026-01-01  2026-12-01 7        Zoé   -""",
)
PERIODS = written(
    "deal_periods",
    """opportunity_id sequence stage_id owner_id valid_from valid_to
       1              0        1        7        2026-01-01 2026-05-10
       1              1        4        7        2026-05-10 2026-06-01
       1              2        4        8        2026-06-01 -""",
)
TEAMS = written(
    "team_periods",
    """rep_id manager_id valid_from valid_to
       7      3          2026-01-01 2026-05-11
       7      4          2026-05-11 -
       8      4          2026-01-01 -""",
)
PARENTS = written(
    "parent_periods",
    """account_id parent_id valid_from valid_to
       1          2         2026-01-01 2026-05-01
       1          3         2026-05-01 -""",
)
TABLES = (DEALS, STAGES, ACCOUNTS, REPS, PERIODS, TEAMS, PARENTS)
RATED = (DEALS, STAGES, REPS, PERIODS, TEAMS)


def test_trap_7_a_deal_counts_in_the_month_in_which_it_was_won() -> None:
    """Deal 1 was expected in March and won in May; 2 and 3 have no history but their close date."""
    result = won_by(*TABLES, as_of="2026-09-30")
    assert records(result, "group", "deals", "amount") == [
        ("2026-04", 1, 500.5),
        ("2026-05", 1, 1000.0),
        ("2026-06", 1, 10.0),
    ]


def test_trap_11_owner_team_and_group_are_those_of_the_win() -> None:
    result = won_rows(*TABLES, as_of="2026-09-30")
    assert records(result, "id", "won_on", "owner", "team", "root") == [
        (3, "2026-06-01", "Zoé", "Nord", None),
        (1, "2026-05-10", "Zoé", "Sud", "Nouvelle"),
        (2, "2026-04-11", "Ali", "Nord", "Ancienne"),
    ]
    by_team = won_by(*TABLES, as_of="2026-09-30", by="team")
    assert records(by_team, "group_id", "group", "amount") == [
        (3, "Sud", 1000.0),
        (4, "Nord", 510.5),
    ]
    by_group = won_by(*TABLES, as_of="2026-09-30", by="group")
    assert records(by_group, "group", "amount") == [
        ("Nouvelle", 1000.0),
        ("Ancienne", 500.5),
        (None, 10.0),
    ]


def test_trap_10_lost_deals_count_in_the_win_rate() -> None:
    result = win_rate(*RATED, as_of="2026-09-30")
    assert records(result, "won", "lost", "open", "rate", "won_amount", "lost_amount") == [
        (3, 1, 1, 0.75, 1510.5, 2000.0)
    ]
    assert result["mean_won_amount"][0] == 503.5
    assert result["cycle_days"][0] == pytest.approx((129 + 10 + 61) / 3)
    assert result["low"][0] == pytest.approx(0.30064, abs=1e-5)


def test_trap_11_the_win_rate_is_of_the_team_of_the_day_of_closing() -> None:
    """Zoé led deal 1 to its win, and was in Sud until the day after; 4 was lost then too."""
    result = win_rate(*RATED, as_of="2026-09-30", by="team")
    assert records(result, "group_id", "group", "won", "lost", "open", "won_amount") == [
        (3, "Sud", 1, 1, 0, 1000.0),
        (4, "Nord", 2, 0, 0, 510.5),
        (None, None, 0, 0, 1, 0.0),
    ]


def test_trap_7_a_deal_won_on_the_day_on_which_it_was_created() -> None:
    """It came to its stage on that day, and was expected weeks later; 2 came nobody knows when."""
    deals = written(
        "opportunities",
        """id stage_id amount created_on stage_since close_date
           1  4        10.0   2026-05-10 2026-05-10  2026-07-31
           2  4        20.0   2026-05-10 -           2026-06-30
           3  4        40.0   2026-04-10 -           -""",
    )
    result = won_by(deals, *TABLES[1:], as_of="2026-09-30")
    assert records(result, "group", "amount") == [
        ("2026-04", 40.0), ("2026-05", 10.0), ("2026-06", 20.0),
    ]  # fmt: skip


def test_win_rate_of_a_period_and_by_owner() -> None:
    may = {"since": "2026-05-01", "until": "2026-05-31"}
    assert records(win_rate(*RATED, as_of="2026-09-30", **may), "won", "lost") == [(1, 1)]
    result = win_rate(*RATED, as_of="2026-09-30", by="owner")
    assert records(result, "group", "won", "lost", "open", "rate") == [
        ("Zoé", 2, 1, 1, 0.666667),
        ("Ali", 1, 0, 0, 1.0),
    ]
    by_month = win_rate(*RATED, as_of="2026-09-30", by="month")
    assert records(by_month, "group", "won", "lost") == [
        ("2026-04", 1, 0),
        ("2026-05", 1, 1),
        ("2026-06", 1, 0),
    ]


def test_reasons() -> None:
    result = loss_reasons(DEALS, STAGES, as_of="2026-09-30")
    assert records(result, "reason", "deals", "amount", "share") == [("price", 1, 2000.0, 1.0)]


def test_trap_8_the_period_before_is_as_long() -> None:
    result = won_in_period(
        DEALS, STAGES, as_of="2026-09-30", since="2026-05-01", until="2026-05-31"
    )
    assert records(
        result, "kpi", "value", "previous", "previous_since", "previous_until", "change_rate"
    ) == [
        ("won_deals", 1.0, 1.0, "2026-04-01", "2026-04-30", 0.0),
        ("won_amount", 1000.0, 500.5, "2026-04-01", "2026-04-30", 0.998002),
    ]


def test_by_month_beside_last_year() -> None:
    deals = written(
        "opportunities",
        """id stage_id amount stage_since created_on
           1  4        10.0   2025-09-10  2025-01-01
           2  4        20.0   2025-09-25  2025-01-01
           3  4        40.0   2026-09-05  2025-01-01""",
    )
    result = won_by_month(deals, STAGES, as_of="2026-09-15", since="2026-08-01")
    assert records(result, "month", "deals", "amount", "last_year", "partial") == [
        ("2026-08-01", 0, 0.0, 0.0, False),
        ("2026-09-01", 1, 40.0, 10.0, True),
    ]


def test_every_grouping_adds_up_to_the_rows() -> None:
    company = Company(accounts=200)
    rows = won_rows.of(company)
    for by in (None, "month", "owner", "team", "group", "account", "segment"):
        result = won_by.of(company, by=by)
        assert round(result["amount"].sum(), 2) == round(rows["amount"].sum(), 2)
        assert result["deals"].sum() == len(rows)


def test_maven_win_rate_and_cycle(shared) -> None:
    raw = pd.read_csv(
        shared / "maven_crm" / "sales_pipeline.csv", parse_dates=["engage_date", "close_date"]
    )
    stage = raw["deal_stage"].map({"Prospecting": 1, "Engaging": 2, "Won": 4, "Lost": 5})
    deals = frame("opportunities").reindex(range(len(raw)))
    deals = deals.assign(
        id=range(1, len(raw) + 1),
        stage_id=stage,
        amount=raw["close_value"].astype("float64"),
        created_on=raw["engage_date"].astype("datetime64[us]"),
        close_date=raw["close_date"].astype("datetime64[us]"),
        owner=raw["sales_agent"],
    )
    deals = deals.astype(frame("opportunities").dtypes.to_dict())
    result = win_rate(deals, *RATED[1:], as_of="2017-12-31").iloc[0]
    assert (result["won"], result["lost"], result["open"]) == (4238, 2473, 2089)
    assert round(result["rate"] * 100, 2) == 63.15
    assert round(result["cycle_days"], 2) == 51.78
    assert result["won_amount"] == 10_005_534


def test_trap_7_through_the_store_a_deal_won_on_its_first_day_was_won_then(tmp_path) -> None:
    """H1 went through the stages on 10 May; H2 was entered as won, and nobody wrote down when."""
    (tmp_path / "opportunities.csv").write_text(
        "code,name,pipeline,stage,amount,close_date,created_on\n"
        "H1,Halle,spanco,O,100,2026-07-31,2026-05-10\n"
        "H2,Hangar,spanco,O,10,2026-06-30,2026-05-10\n",
        "utf-8",
    )
    (tmp_path / "history.csv").write_text(
        "entity,code,field,effective,value\n"
        "opportunity,H1,stage,2026-05-10,A\nopportunity,H1,stage,2026-05-10,O\n",
        "utf-8",
    )
    url = f"sqlite:///{tmp_path / 'store.db'}"
    engine = create(url)
    load(engine, [SourceSettings(kind="crm", path=tmp_path, preset="generic")], user="tests")
    engine.dispose()
    data = workbench.open(url, as_of="2026-09-30", today=dt.date(2026, 9, 30))
    assert records(won_by.of(data), "group", "amount") == [("2026-05", 100.0), ("2026-06", 10.0)]
