"""Frames as of a date, as known at a moment, within a scope, behind the filter bar."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pandas as pd
import pytest

import workbench
from tests.store.company import LOADER, TODAY, address, forbidden, who
from workbench.errors import NotAllowed, StoreError, UnknownName
from workbench.store import dataset, journal
from workbench.store.frames import BY_DATE
from workbench.store.journal import Edit
from workbench.store.shelf import SHELF
from workbench.tables import TABLES
from workbench.vocabulary import Surface


def opened(engine, **options):
    return workbench.open(address(engine), **{"today": TODAY, **options})


def codes(frame) -> list[str]:
    return sorted(frame["code"])


@pytest.mark.parametrize("name", TABLES)
def test_every_table_keeps_its_contract(engine, company, name):
    data = opened(engine)
    assert list(data.table(name).columns) == TABLES[name].names
    arrow = opened(engine, backend="pyarrow").table(name)
    assert arrow.schema == TABLES[name].schema


def test_the_same_rows_in_every_backend(engine, company):
    pandas = opened(engine).table("opportunities")
    polars = opened(engine, backend="polars").table("opportunities")
    duck = opened(engine, backend="duckdb").table("opportunities")
    assert list(polars["amount"]) == list(pandas["amount"]) == [1000.0, 2000.5, 300.0]
    assert [row[0] for row in duck.select("amount").fetchall()] == [1000.0, 2000.5, 300.0]


@pytest.mark.parametrize(
    ("as_of", "status"),
    [("2025-01-31", "suspect"), ("2025-02-01", "prospect"), ("2025-06-01", "client")],
)
def test_status_as_of_a_date(engine, company, as_of, status):
    accounts = opened(engine, as_of=as_of).table("accounts").set_index("code")
    assert accounts.loc["A1", "status"] == status


def test_nothing_is_there_before_it_was(engine, company):
    data = opened(engine, as_of="2024-12-31")
    assert data.table("accounts").empty
    assert data.table("opportunities").empty
    assert data.table("status_periods").empty


def test_stage_team_and_parent_as_of_a_date(engine, company):
    before = opened(engine, as_of="2026-02-28").table("opportunities").set_index("code")
    after = opened(engine, as_of="2026-04-01").table("opportunities").set_index("code")
    assert before.loc["O1", "stage_id"] == company.stages["A"]
    assert after.loc["O1", "stage_id"] == company.stages["N"]
    assert after.loc["O1", "stage_since"] == pd.Timestamp("2026-04-01")
    assert (before.loc["O2", "team"], after.loc["O2", "team"]) == ("Rep N", "Rep M")
    accounts = opened(engine, as_of="2025-04-30").table("accounts").set_index("code")
    assert accounts["parent_id"].isna().all()


def test_period_that_ends_later_lasts_as_of_then(engine, company):
    periods = opened(engine, as_of="2025-03-01").table("status_periods")
    mine = periods[periods["account_id"] == company.accounts["A1"]]
    assert list(mine["status"]) == ["suspect", "prospect"]
    assert mine["valid_to"].isna().tolist() == [False, True]


def dated(engine, company):
    """An activity, an invoice and its line in the ledger on either side of February's end."""
    days = [dt.date(2026, 2, 28), dt.date(2026, 3, 1)]
    frame = pd.DataFrame({"date": days, "effective": days, "code": ["1", "2"]})
    with journal.batch(engine, LOADER) as batch:
        customer = {"code": "C1", "name": "Alpha", "account_id": company.accounts["A1"]}
        customers = batch.create(
            "ledger_customer", pd.DataFrame([customer | {"effective": days[0]}])
        )
        mine = frame.assign(account_id=company.accounts["A1"], kind="call")
        batch.create("activity", mine)
        batch.create("document", mine.assign(kind="invoice", state="issued", amount=10))
        entries = frame.assign(journal="VE", entry="1", account_number="411", debit=10, credit=0)
        batch.create("ledger_entry", entries.assign(customer_id=int(customers.iloc[0])))


@pytest.mark.parametrize(("user", "seen"), [("director", True), ("rep1", True), ("rep3", False)])
def test_a_table_cut_by_date_is_the_one_that_is_read_of_that_date(engine, company, user, seen):
    dated(engine, company)
    cut = opened(engine, as_of="2026-02-28", viewer=who(engine, user))
    read = replace(cut, today=cut.as_of)  # as of its own today nothing is cut
    for name in BY_DATE:
        rows = []
        for data in (read, cut):
            SHELF.forget(str(engine.url))
            held = data.table(name).itertuples(index=False, name=None)
            rows.append(sorted(map(repr, held)))
        assert rows[0] == rows[1]
        if name in {"activities", "documents", "ledger_entries"}:
            assert len(rows[0]) == seen


def test_unperiodic_field_as_of_before_it_changed(engine, company):
    edit = Edit("account", company.accounts["A4"], 1, "segment", "gros", dt.date(2026, 9, 1))
    journal.save(engine, [edit], viewer=who(engine, "director"), surface=Surface.CLI, today=TODAY)
    then = opened(engine, as_of="2026-08-31").table("accounts").set_index("code")
    now = opened(engine, as_of="2026-09-01").table("accounts").set_index("code")
    assert (then.loc["A4", "segment"], now.loc["A4", "segment"]) == ("petit", "gros")


def test_known_at_gives_the_old_report_back(engine, company):
    data = opened(engine, as_of="2026-06-30")
    before = {name: data.table(name) for name in TABLES}
    moment = dt.datetime.now(dt.UTC)
    deal = company.deals["O1"]
    edits = [
        Edit("opportunity", deal, 2, "amount", 5.0, dt.date(2026, 3, 1)),
        Edit("account", company.accounts["A1"], 3, "segment", "moyen", dt.date(2025, 1, 1)),
        Edit("account", company.accounts["A1"], 3, "name", "Alpha & Cie", dt.date(2025, 1, 1)),
    ]
    journal.save(engine, edits, viewer=who(engine, "director"), surface=Surface.CLI, today=TODAY)
    changed = opened(engine, as_of="2026-06-30").table("opportunities").set_index("id")
    assert changed.loc[deal, "amount"] == 5.0
    old = opened(engine, as_of="2026-06-30", known_at=moment)
    for name, frame in before.items():
        pd.testing.assert_frame_equal(
            _ordered(old.table(name)), _ordered(frame), check_dtype=False, obj=name
        )


def _ordered(frame):
    return frame.sort_values(list(frame.columns[:4])).reset_index(drop=True)


@pytest.mark.parametrize(
    ("who_", "accounts", "deals"),
    [
        ("rep1", ["A1", "A2"], ["O1"]),
        ("rep3", ["A4"], ["O3"]),
        ("manager", ["A1", "A2", "A3"], ["O1", "O2"]),
        ("director", ["A1", "A2", "A3", "A4"], ["O1", "O2", "O3"]),
        ("boss", ["A1", "A2", "A3", "A4"], ["O1", "O2", "O3"]),
    ],
)
def test_scope(engine, company, who_, accounts, deals):
    data = opened(engine, viewer=who_)
    assert codes(data.table("accounts")) == accounts
    assert codes(data.table("opportunities")) == deals
    ids = {company.accounts[code] for code in accounts}
    assert set(data.table("status_periods")["account_id"]) == ids
    of_accounts = data.table("changes").query("entity == 'account'")
    assert set(of_accounts["record_id"]) == ids


def test_a_moved_rep_is_seen_by_the_new_manager_even_in_the_past(engine, company):
    data = opened(engine, viewer="manager", as_of="2026-02-28")
    assert codes(data.table("accounts")) == ["A1", "A2", "A3"]


def test_a_deal_signed_for_months_is_a_project_from_the_day_it_begins(engine, company):
    months = Edit("opportunity", company.deals["O1"], 2, "duration_months", 6)
    won = Edit(
        "opportunity", company.deals["O1"], 2, "stage_id", company.stages["O"], dt.date(2026, 9, 1)
    )
    journal.save(
        engine, [months, won], viewer=who(engine, "director"), surface=Surface.CLI, today=TODAY
    )
    assert opened(engine, as_of="2026-08-31").table("projects").empty
    for viewer in (None, "rep1", "manager"):
        [project] = (
            opened(engine, viewer=viewer, as_of="2026-09-01").table("projects").to_dict("records")
        )
        assert project["name"] == "Toiture"
        assert project["account_id"] == company.accounts["A1"]
        assert project["opportunity_id"] == company.deals["O1"]
        assert project["starts_on"] == pd.Timestamp("2026-09-01")
        assert project["ends_on"] == pd.Timestamp("2027-03-01")
        assert project["amount"] == 1000.0
    assert opened(engine, viewer="rep3").table("projects").empty
    assert opened(engine).where(segments=["petit"]).table("projects").empty
    assert len(opened(engine).where(segments=["gros"]).table("projects")) == 1


def test_report_run_for_somebody_cannot_look_as_another(engine, company, monkeypatch):
    monkeypatch.setenv("WORKBENCH_VIEWER", "rep3")
    assert codes(opened(engine).table("accounts")) == ["A4"]
    with pytest.raises(NotAllowed):
        opened(engine, viewer="director")
    assert forbidden(engine) == [("rep3", "look as director")]


def test_filters(engine, company):
    data = opened(engine)
    mine = data.where(reps=[company.reps["R1"]])
    assert codes(mine.table("accounts")) == ["A1", "A2"]
    assert codes(mine.table("opportunities")) == ["O1"]
    assert set(mine.table("deal_periods")["opportunity_id"]) == {company.deals["O1"]}
    small = data.where(segments=["petit"])
    assert codes(small.table("accounts")) == ["A3", "A4"]
    assert codes(small.table("opportunities")) == ["O2"]
    assert data.where(pipelines=["other"]).table("opportunities").empty
    one = data.where(accounts=[company.accounts["A3"]])
    assert codes(one.table("accounts")) == ["A3"]
    assert codes(one.table("opportunities")) == ["O2"]
    assert list(one.table("status_periods")["status"]) == ["suspect", "prospect"]


def test_activities_of_one_account_done_for_some_reps(engine, company):
    dated(engine, company)
    data = opened(engine)
    mine, others = company.accounts["A1"], company.accounts["A2"]
    owner, other = company.reps["R1"], company.reps["R2"]
    counts = [
        len(data.where(reps=[rep], accounts=[account]).table("activities"))
        for rep, account in ((owner, mine), (owner, others), (other, mine))
    ]
    assert counts == [2, 0, 0]
    assert len(data.where(accounts=[mine]).table("activities")) == 2
    assert len(data.where(accounts=[mine]).table("ledger_entries")) == 2
    assert data.where(accounts=[others]).table("ledger_entries").empty


def test_tables_are_read_once_until_the_store_moves(engine, company):
    first = opened(engine)
    first.table("accounts")
    reads = dataset.SHELF.reads
    opened(engine).table("accounts")
    assert dataset.SHELF.reads == reads
    edit = Edit("account", company.accounts["A4"], 1, "segment", "gros")
    journal.save(engine, [edit], viewer=who(engine, "director"), surface=Surface.CLI, today=TODAY)
    row = opened(engine).table("accounts").set_index("code").loc["A4"]
    assert row["segment"] == "gros"
    assert dataset.SHELF.reads > reads


def test_a_column_added_to_a_frame_stays_with_whoever_added_it(engine, company):
    data = opened(engine)
    frame = data.table("accounts")
    frame["mine"] = 1
    assert "mine" not in data.table("accounts")


def test_unknown_table_and_absent_store(engine, company, tmp_path):
    with pytest.raises(UnknownName, match="accounts"):
        opened(engine).table("account")
    with pytest.raises(StoreError, match="workbench init"):
        workbench.open(f"sqlite:///{tmp_path / 'none.db'}")
