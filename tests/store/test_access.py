"""Roles and teams."""

from __future__ import annotations

import datetime as dt

import pytest

import workbench
from tests.store.company import LOADER, TODAY, address, who
from workbench.store import access, frames, journal
from workbench.store.batch import batch
from workbench.store.journal import Edit
from workbench.vocabulary import Surface


@pytest.mark.parametrize(
    ("day", "seen"),
    [(dt.date(2026, 2, 28), {"M", "R1"}), (dt.date(2026, 3, 1), {"M", "R1", "R2"})],
)
def test_team_of_a_manager_on_a_day(engine, company, day, seen):
    with engine.connect() as connection:
        reps = access.visible_reps(connection, who(engine, "manager"), day)
    assert reps == {company.reps[code] for code in seen}


def test_director_sees_all(engine, company):
    with engine.connect() as connection:
        assert access.visible_reps(connection, who(engine, "director"), TODAY) is None


@pytest.fixture
def reassigned(engine, company):
    """After the moment: A4 goes from R3 to R1, the deal without account as well, with R3's note."""
    note(engine, company.accounts["A4"])
    moment = dt.datetime.now(dt.UTC)
    with batch(engine, LOADER) as opened:
        for entity, record in (
            ("account", company.accounts["A4"]),
            ("opportunity", company.deals["O3"]),
        ):
            opened.add(entity, journal.Setting(record, "owner_id", company.reps["R1"], SINCE))
    return moment


def note(engine, account):
    seen = journal.version(engine, "account", account)
    edit = Edit("account", account, seen, "confidential_note", "Se vend")
    journal.save(engine, [edit], viewer=who(engine, "rep3"), surface=Surface.CLI, today=TODAY)


SINCE = dt.date(2026, 9, 1)


@pytest.mark.parametrize(
    ("username", "accounts", "deals", "notes"),
    [
        ("rep3", set(), set(), 0),  # theirs then, no longer
        ("rep1", {"Alpha", "Alpha Sud", "Gamma"}, {"Toiture", "Sans compte"}, 0),
        ("manager", {"Alpha", "Alpha Sud", "Beta", "Gamma"},
         {"Toiture", "Isolation", "Sans compte"}, 1),  # manages who owns it now
        ("director", {"Alpha", "Alpha Sud", "Beta", "Gamma"},
         {"Toiture", "Isolation", "Sans compte"}, 1),
    ],
)  # fmt: skip
def test_rights_are_todays_in_a_store_of_before(
    engine, reassigned, username, accounts, deals, notes
):
    data = workbench.open(address(engine), viewer=username, today=TODAY, known_at=reassigned)
    assert set(data.table("accounts")["name"]) == accounts
    assert set(data.table("opportunities")["name"]) == deals
    assert len(data.table("confidential_notes")) == notes
    then = data.table("accounts").set_index("name")["owner"]
    assert then.get("Gamma", "Rep R3") == "Rep R3"  # what was known, to those who may see it
    known = {*data.table("accounts")["id"]}
    for table in ("status_periods", "owner_periods", "bank_details", "activities"):
        assert set(data.table(table)["account_id"].dropna()) <= known
    changes = data.table("changes")
    if username != "director":
        of_accounts = changes.loc[changes["entity"] == "account", "record_id"]
        assert set(of_accounts) == known
    moved = set(data.table("deal_periods")["opportunity_id"])
    assert moved == set(data.table("opportunities")["id"])


def test_many_ids_fit_in_a_statement(engine, company):
    scope = frames.Scope(
        frozenset({company.reps["R1"]}), TODAY, frozenset(range(1000, 80_000)), frozenset(),
        frames.Person("rep1", company.reps["R1"], frozenset()),
    )  # fmt: skip
    with engine.connect() as connection:
        held = scope.as_held(connection)
        for one in (scope, held):
            assert connection.execute(frames.confidential_notes(TODAY, one)).all() == []
