"""Real files from end to end: loaded, opened, and asked what is known of them by other means."""

from __future__ import annotations

import datetime as dt

import pytest

import workbench
from tests.metrics.frames import records
from workbench.metrics.pipeline import pipeline_by_stage, pipeline_totals
from workbench.metrics.receivables import aged_balance, outstanding
from workbench.metrics.revenue import revenue_by_account, revenue_rows, unallocated_revenue
from workbench.metrics.wins import win_rate, won_by, won_rows
from workbench.settings import SourceSettings
from workbench.sources.load import load
from workbench.store import create

YEAR_END = dt.date(2017, 12, 31)


@pytest.fixture(scope="session")
def opened(shared, tmp_path_factory):
    """`opened(path, **how)`: the store that was filled from it, as of its last day; once each."""
    made = {}

    def opened_(path, **how):
        if path not in made:
            url = f"sqlite:///{tmp_path_factory.mktemp('real') / 'store.db'}"
            engine = create(url)
            source = SourceSettings(path=shared / path, **how)
            report = load(engine, [source], user="tests", today=YEAR_END)
            engine.dispose()
            day = report.data_date or YEAR_END
            made[path] = workbench.open(url, as_of=day, today=day)
        return made[path]

    return opened_


@pytest.fixture
def maven(opened):
    return opened("maven_crm", kind="crm", preset="maven").at(YEAR_END)


def test_maven_by_manager_and_by_ultimate_parent(maven):
    assert records(won_by.of(maven, by="team"), "group", "amount") == [
        ("Melvin Marxen", 2251930.0),
        ("Summer Sewald", 1964750.0),
        ("Rocco Neubert", 1960545.0),
        ("Celia Rouche", 1603897.0),
        ("Cara Losch", 1130049.0),
        ("Dustin Brinkmann", 1094363.0),
    ]
    assert records(won_by.of(maven, by="group").head(5), "group", "amount") == [
        ("Acme Corporation", 519349.0),
        ("Sonron", 479028.0),
        ("Kan-code", 341455.0),
        ("Inity", 340612.0),
        ("Bubba Gump", 329909.0),
    ]
    assert won_rows.of(maven)["amount"].sum() == 10005534.0


def test_maven_win_rate_and_cycle(maven):
    found = win_rate.of(maven).iloc[0]
    assert found[["won", "lost", "open"]].tolist() == [4238, 2473, 2089]
    assert round(found["rate"], 4) == 0.6315
    assert round(found["cycle_days"], 2) == 51.78
    assert found["won_amount"] == 10005534.0
    assert win_rate.of(maven, by="team")["won_amount"].sum() == 10005534.0


@pytest.mark.parametrize(
    ("day", "engaged"), [("2017-03-31", 1330), ("2017-06-30", 1686), ("2017-09-30", 2409)]
)
def test_maven_engaged_and_open_as_of_a_day(maven, day, engaged):
    then = maven.at(dt.date.fromisoformat(day))
    stages = pipeline_totals.of(then, by="stage")
    assert records(stages, "group", "deals") == [("Prospection", 500), ("Engagement", engaged)]


def test_maven_shows_its_own_stages_alone(maven):
    assert records(pipeline_by_stage.of(maven), "pipeline", "stage", "deals") == [
        ("maven", "Prospection", 500),
        ("maven", "Engagement", 1589),
    ]


@pytest.mark.parametrize(
    ("name", "revenue", "unallocated", "balance", "open_items"),
    [
        ("0000000001FEC20220831.txt", 1049934.32, 0.0, 52517.24, 58972.82),
        ("123456789FEC20500930.txt", 1212843.90, 1212843.90, 128200.50, 128200.50),
    ],
)
def test_fec_revenue_and_what_is_owed(opened, name, revenue, unallocated, balance, open_items):
    """Of the first, 14 sales entries name no customer and cancel out; of the other, none does."""
    data = opened(f"fec/{name}", kind="fec")
    for by in ("account", "customer", "owner", "group", "month", None):
        found = revenue_by_account.of(data, by=by)
        allocated = (found["revenue"] - found["unallocated"]).sum()
        assert round(found["revenue"].sum(), 2) == revenue
        assert round(allocated, 2) == round(revenue - unallocated, 2)
    assert round(unallocated_revenue.of(data)["revenue"].sum(), 2) == unallocated
    assert round(revenue_rows.of(data)["revenue"].sum(), 2) == revenue
    owed = outstanding.of(data)
    assert round(owed["balance"].sum(), 2) == balance
    assert round(owed["open_items"].sum(), 2) == open_items
    assert round(aged_balance.of(data)["amount"].sum(), 2) == open_items


FIRST = (
    "JournalCode|EcritureNum|EcritureDate|CompteNum|CompAuxNum|CompAuxLib|PieceRef|PieceDate|"
    "EcritureLib|Debit|Credit|EcritureLet|DateLet\n"
)
BILLED = (
    "VE|1|20241015|411000|C1|Alba|F1|20241015|F1|120,00|0,00||\n"
    "VE|1|20241015|707000|||F1|20241015|F1|0,00|100,00||\n"
    "VE|1|20241015|445710|||F1|20241015|F1|0,00|20,00||\n"
)
CARRIED = (
    "AN|1|20250101|411000|C1|Alba|F1|20241015|A nouveau|120,00|0,00|AA|20250310\n"
    "AN|1|20250101|120000|||AN|20250101|A nouveau|0,00|120,00||\n"
)
PAID = (
    "BQ|1|20250310|411000|C1|Alba|B1|20250310|Reglement|0,00|120,00|AA|20250310\n"
    "BQ|1|20250310|512000|||B1|20250310|Reglement|120,00|0,00||\n"
)


@pytest.mark.parametrize(
    ("as_of", "owed"),
    [("2024-12-31", (120.0, 120.0)), ("2025-02-28", (120.0, 120.0)), ("2025-06-30", (0.0, 0.0))],
)
def test_files_exported_year_by_year_letter_a_bill_in_the_later_one(tmp_path, as_of, owed):
    """2024's file was written before the bill was paid, 2025's has it lettered as carried over."""
    (tmp_path / "111111111FEC20241231.txt").write_text(FIRST + BILLED, "utf-8")
    (tmp_path / "111111111FEC20251231.txt").write_text(FIRST + CARRIED + PAID, "utf-8")
    url = f"sqlite:///{tmp_path / 'store.db'}"
    engine = create(url)
    load(engine, [SourceSettings(kind="fec", path=tmp_path)], user="tests")
    engine.dispose()
    data = workbench.open(url, as_of=as_of, today=dt.date(2025, 12, 31))
    found = outstanding.of(data)
    assert (found["balance"].sum(), found["open_items"].sum()) == owed
    assert aged_balance.of(data)["amount"].sum() == owed[1]
    assert set(data.table("ledger_entries")["book"]) <= {"111111111-2024-10", "111111111-2025-01"}
