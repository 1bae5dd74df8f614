"""Who may undo what: loads, the rep tree, what no surface offers, one's own, and what is logged."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from tests.store.company import LOADER, TODAY, who
from tests.store.test_journal import newest, undo
from workbench.errors import NotAllowed, UnknownName
from workbench.store import access_log, users
from workbench.store.batch import Author, Setting, batch
from workbench.store.journal import State
from workbench.store.privacy import consents
from workbench.vocabulary import Channel, ConsentState, Role, Surface


@pytest.fixture
def analyst(engine, company):
    users.add_user(engine, "ana", "a long password", name="Ana", role=Role.ANALYST)
    return "ana"


def load(engine, entity, record, field, value, author=LOADER):
    with batch(engine, author) as opened:
        opened.add(entity, Setting(record, field, value, TODAY))
    return newest(engine)


def tried(engine):
    told = access_log.events(engine, dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
    return told[told["event"] == "forbidden"][["username", "detail"]].to_numpy().tolist()


@pytest.mark.parametrize("field", ["segment", "siren"])
def test_what_a_load_said_is_undone_by_those_who_undo_loads(engine, company, analyst, field):
    number = load(engine, "account", company.accounts["A1"], field, "x")
    with pytest.raises(NotAllowed, match="rep1 is rep"):
        undo(engine, number, "rep1")
    assert tried(engine) == [["rep1", f"undo {number}"]]
    assert [one.state for one in undo(engine, number, analyst)] == [State.SAVED]
    with pytest.raises(NotAllowed, match="manager is manager"):
        undo(engine, newest(engine), "manager")  # a redo is a load's word all the same


def test_what_no_surface_offers_is_not_for_a_rep_to_undo(engine, company, analyst):
    author = Author("admin", Surface.CLI)
    number = load(engine, "account", company.accounts["A1"], "siren", "x", author)
    (one,) = undo(engine, number, "rep1")
    assert one.state is State.FORBIDDEN
    assert "analyst" in one.message
    assert tried(engine) == [["rep1", f"account {company.accounts['A1']} siren"]]
    assert [one.state for one in undo(engine, number, analyst)] == [State.SAVED]


def test_the_rep_tree_is_moved_back_by_a_director(engine, company, analyst):
    number = load(engine, "rep", company.reps["R1"], "manager_id", company.reps["N"])
    assert [one.state for one in undo(engine, number, analyst)] == [State.FORBIDDEN]
    assert [one.state for one in undo(engine, number)] == [State.SAVED]


def test_ones_own_first_consent_is_undone_and_given_again(engine, company):
    with batch(engine, LOADER) as opened:
        person = {"code": "C1", "last_name": "Roy", "account_id": company.accounts["A1"]}
        contact = int(opened.create("contact", pd.DataFrame([person | {"effective": TODAY}]))[0])
    consents.note(
        engine, contact, Channel.EMAIL, ConsentState.GIVEN, date=TODAY, proof="form",
        viewer=who(engine, "rep1"), surface=Surface.DASHBOARD, today=TODAY,
    )  # fmt: skip
    number = newest(engine)
    with pytest.raises(UnknownName):
        undo(engine, number, "rep3")
    assert [one.state for one in undo(engine, number, "rep1")] == [State.SAVED]
    with pytest.raises(UnknownName):
        undo(engine, newest(engine), "rep3")
    assert [one.state for one in undo(engine, newest(engine), "rep1")] == [State.SAVED]
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM consent").scalar() == 1


def test_what_needs_a_record_that_is_gone_is_not_brought_back(engine, company):
    with batch(engine, LOADER) as opened:
        person = {"code": "C1", "last_name": "Roy", "account_id": company.accounts["A1"]}
        contact = int(opened.create("contact", pd.DataFrame([person | {"effective": TODAY}]))[0])
    consents.note(
        engine, contact, Channel.EMAIL, ConsentState.GIVEN, date=TODAY, proof="form",
        viewer=who(engine, "director"), surface=Surface.DASHBOARD, today=TODAY,
    )  # fmt: skip
    given = newest(engine)
    assert [one.state for one in undo(engine, opened.id)] == [State.REFUSED]  # a consent needs it
    assert [one.state for one in undo(engine, given)] == [State.SAVED]
    taken = newest(engine)
    assert [one.state for one in undo(engine, opened.id)] == [State.SAVED]
    assert [one.state for one in undo(engine, taken)] == [State.REFUSED]
