"""Roles and teams."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

import workbench
from tests.store.company import LOADER, TODAY, address, forbidden, who
from workbench.errors import UnknownName
from workbench.store import access, frames, groups, journal
from workbench.store.batch import batch
from workbench.store.journal import Edit, State
from workbench.store.privacy import consents
from workbench.store.scope import Person, Scope
from workbench.vocabulary import Channel, ConsentState, Surface


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


def answers(engine, username, *edits):
    """What saving each would answer, less what the asker knows: the record's number."""
    ask = {"viewer": who(engine, username), "today": TODAY}
    told = [journal.check(engine, [one], **ask)[0] for one in edits]
    return [
        (one.state, one.message.replace(str(one.edit.value), "…"), one.current, one.version)
        for one in told
    ]


@pytest.mark.parametrize(
    ("name", "value"), [("next_step", "x"), ("owner_id", 1), ("budget", "none"), ("iban", "x")]
)
def test_anothers_record_and_none_are_told_alike(engine, company, name, value):
    a4 = company.accounts["A4"]
    theirs, none = answers(
        engine, "rep1", *(Edit("account", id_, 1, name, value) for id_ in (a4, 999))
    )
    assert theirs == none
    assert theirs[0] is State.FORBIDDEN
    [told] = answers(engine, "director", Edit("account", 999, 1, name, value))
    assert told[:2] == (State.REFUSED, "Aucun enregistrement n’a le numéro 999.")


def test_anothers_account_is_no_parent_and_is_told_like_none(engine, company):
    a3, a4 = company.accounts["A3"], company.accounts["A4"]
    theirs, none, own = answers(
        engine, "manager", *(Edit("account", a3, 2, "parent_id", id_) for id_ in (a4, 999, 1))
    )
    assert theirs == none == (State.REFUSED, "Aucun enregistrement n’a le numéro ….", None, 2)
    assert own[0] is State.SAVED
    director = groups_of(engine, "Clés", "A4", "manager")
    [shared] = answers(engine, "manager", Edit("account", a3, 2, "parent_id", a4))
    assert shared[0] is State.SAVED
    [all_] = answers(engine, director.username, Edit("account", a3, 2, "parent_id", a4))
    assert all_[0] is State.SAVED


def groups_of(engine, name, account, user):
    """A group of one account, shared to be read; the director who made it."""
    director = who(engine, "director")
    groups.make(engine, name, director)
    groups.put(engine, name, [account], director)
    groups.share(engine, name, director, user=user)
    return director


def test_anothers_consent_change_and_none_are_told_alike(engine, company):
    with batch(engine, LOADER) as opened:
        person = {"code": "C1", "last_name": "Roy", "account_id": company.accounts["A4"]}
        contact = int(opened.create("contact", pd.DataFrame([person | {"effective": TODAY}]))[0])
    rep1, number = who(engine, "rep1"), journal.version(engine, "account", 1)
    note = {"viewer": rep1, "surface": Surface.CLI, "date": TODAY, "proof": "x", "today": TODAY}
    told = [
        consents.note(engine, id_, Channel.EMAIL, ConsentState.GIVEN, **note)[0]
        for id_ in (contact, 999)
    ]
    assert told[0] == told[1]
    assert told[0].state is State.FORBIDDEN
    a4 = company.accounts["A4"]
    edit = Edit("account", a4, 1, "supplier", "x")
    journal.save(engine, [edit], viewer=who(engine, "rep3"), surface=Surface.CLI, today=TODAY)
    with engine.connect() as connection:
        number = connection.exec_driver_sql('SELECT max(id) FROM "change"').scalar()
    for asked in (number, number + 1):
        with pytest.raises(UnknownName, match=f"No change or batch is called '{asked}'"):
            journal.undo(engine, asked, viewer=rep1, surface=Surface.CLI, today=TODAY)
    assert forbidden(engine) == [
        ("rep1", f"contact {contact} consent"), ("rep1", "contact 999 consent"),
        ("rep1", f"undo {number}"), ("rep1", f"undo {number + 1}"),
    ]  # fmt: skip


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
    scope = Scope(
        frozenset({company.reps["R1"]}), TODAY, frozenset(range(1000, 80_000)), frozenset(),
        Person("rep1", company.reps["R1"], frozenset()),
    )  # fmt: skip
    with engine.connect() as connection:
        held = scope.as_held(connection)
        for one in (scope, held):
            assert connection.execute(frames.confidential_notes(TODAY, one)).all() == []
