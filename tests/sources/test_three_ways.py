"""What people corrected here and what the source says on its next load, field by field."""

from __future__ import annotations

import datetime as dt

import pandas as pd
from sqlalchemy import select

from tests.sources.loading import crm, put, sources, value
from workbench.sources.fresh import unchanged
from workbench.sources.load import load
from workbench.store import journal, settling
from workbench.store.access import Viewer
from workbench.store.check import check
from workbench.store.journal import State
from workbench.store.schema import (
    Account,
    Load,
    SourceConflict,
)
from workbench.vocabulary import Role, Surface


def edited(engine, field, new):
    """Somebody here sets a field of account A."""
    id_ = value(engine, select(Account.id).where(Account.code == "A"))
    edit = pd.DataFrame(
        {
            "record_id": [id_],
            "field": [field],
            "value": [new],
            "effective": [dt.date(2024, 6, 1)],
        }
    )
    with journal.batch(engine, journal.Author("zoe", Surface.DASHBOARD)) as batch:
        batch.set("account", edit)


def conflicts(engine):
    columns = (
        SourceConflict.field, SourceConflict.before, SourceConflict.theirs, SourceConflict.ours,
    )  # fmt: skip
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(select(*columns))]


def test_what_both_changed_stays_ours_and_waits_to_be_settled(loaded, folder):
    edited(loaded, "employees", 99)
    report = load(loaded, sources(folder), user="ana")
    assert (report.table("account").kept, report.table("account").conflicts) == (1, 0)
    put(folder / "crm" / "accounts.csv", ",R,12", ",R,13")
    report = load(loaded, sources(folder), user="ana")
    assert (report.table("account").kept, report.table("account").conflicts) == (0, 1)
    assert value(loaded, select(Account.employees).where(Account.code == "A")) == 99
    assert conflicts(loaded) == [("employees", "12", "13", "99")]
    report = load(loaded, sources(folder), user="ana")  # the same again is no other conflict
    assert (report.table("account").kept, report.table("account").conflicts) == (1, 0)
    assert len(conflicts(loaded)) == 1


def waiting(engine):
    columns = (SourceConflict.theirs, SourceConflict.ours)
    with engine.connect() as connection:
        query = select(*columns).where(SourceConflict.settled_at.is_(None))
        return [tuple(row) for row in connection.execute(query)]


def says(engine, folder, old, new):
    """The source moves account A's employees, and is loaded; what stands here then."""
    put(folder / "crm" / "accounts.csv", f",R,{old}", f",R,{new}")
    load(engine, crm(folder), user="ana")
    return value(engine, select(Account.employees).where(Account.code == "A"))


def settled(engine, keep):
    boss = Viewer("boss", "Boss", Role.ADMIN)
    (one,) = settling.waiting(engine, boss, dt.date.today())  # noqa: DTZ011
    settling.settle(
        engine,
        one.id,
        keep,
        viewer=boss,
        surface=Surface.DASHBOARD,
        today=dt.date.today(),  # noqa: DTZ011
    )


def test_what_the_source_says_last_waits_and_nothing_that_it_said_before(loaded, folder):
    edited(loaded, "employees", 99)
    assert says(loaded, folder, 12, 13) == says(loaded, folder, 13, 14) == 99
    assert waiting(loaded) == [("14", "99")]
    assert says(loaded, folder, 14, 13) == 99
    assert waiting(loaded) == [("13", "99")]
    assert says(loaded, folder, 13, 12) == 99  # as it was when we corrected it
    assert waiting(loaded) == []
    assert says(loaded, folder, 12, 13) == 99
    assert says(loaded, folder, 13, 99) == 99
    assert waiting(loaded) == []


def test_what_we_gave_up_before_the_source_was_told_of_it_is_its_own_word(loaded, folder):
    """We had 99, then 50; nobody sent the 99, to which the source comes by itself."""
    edited(loaded, "employees", 99)
    edited(loaded, "employees", 50)
    assert says(loaded, folder, 12, 99) == 50
    assert waiting(loaded) == [("99", "50")]


def test_what_we_set_for_a_past_day_keeps_no_later_word_away(loaded, folder):
    """13 stands since it was loaded, our 99 of 2024 before it; then the source says 99 itself."""
    assert says(loaded, folder, 12, 13) == 13
    edited(loaded, "employees", 99)
    assert value(loaded, select(Account.employees).where(Account.code == "A")) == 13
    assert says(loaded, folder, 13, 99) == 99
    assert waiting(loaded) == []


def test_what_a_load_said_has_not_arrived_as_ours(loaded, folder):
    """Its 99 covers our 99 of 2024; with that load undone, its 99 is a move of its own again."""
    assert says(loaded, folder, 12, 13) == 13
    edited(loaded, "employees", 99)
    assert says(loaded, folder, 13, 99) == 99
    last = value(loaded, select(Load.batch).order_by(Load.id.desc()).limit(1))
    put(folder / "crm" / "accounts.csv", "Bati", "Batim")
    assert says(loaded, folder, 99, 99) == 99
    journal.undo(loaded, last, viewer=Viewer("ada", "Ada", Role.ADMIN), surface=Surface.CLI)
    assert value(loaded, select(Account.employees).where(Account.code == "A")) == 13
    assert says(loaded, folder, 99, 99) == 99
    assert waiting(loaded) == []


def test_a_source_whose_word_was_taken_is_followed_on(loaded, folder):
    """We had 99 and took its 13: that is ours no more than it is its own."""
    edited(loaded, "employees", 99)
    assert says(loaded, folder, 12, 13) == 99
    settled(loaded, "theirs")
    assert says(loaded, folder, 13, 14) == 14
    assert waiting(loaded) == []


def test_a_source_whose_word_was_refused_says_it_anew_only_once_it_has_moved(loaded, folder):
    edited(loaded, "employees", 99)
    assert says(loaded, folder, 12, 13) == 99
    settled(loaded, "ours")
    assert says(loaded, folder, 13, 13) == 99
    assert waiting(loaded) == []
    assert says(loaded, folder, 13, 12) == 99
    assert waiting(loaded) == [("12", "99")]


def test_a_load_undone_leaves_nothing_to_settle(loaded, folder):
    edited(loaded, "employees", 99)
    put(folder / "crm" / "accounts.csv", "Bati", "Batim")
    assert says(loaded, folder, 12, 13) == 99
    assert waiting(loaded) == [("13", "99")]
    with loaded.connect() as connection:
        last = connection.scalar(select(Load.batch).order_by(Load.id.desc()).limit(1))
    journal.undo(loaded, last, viewer=Viewer("ada", "Ada", Role.ADMIN), surface=Surface.CLI)
    assert waiting(loaded) == []
    assert says(loaded, folder, 13, 13) == 99
    assert waiting(loaded) == [("13", "99")]


def test_what_both_changed_to_the_same_is_no_conflict(loaded, folder):
    edited(loaded, "employees", 13)
    put(folder / "crm" / "accounts.csv", ",R,12", ",R,13")
    load(loaded, sources(folder), user="ana")
    assert conflicts(loaded) == []


def test_the_source_says_something_else_and_is_followed_where_nobody_edited(loaded, folder):
    put(folder / "crm" / "accounts.csv", ",R,12", ",R,13")
    report = load(loaded, sources(folder), user="ana")
    assert report.table("account").changed == 1
    assert value(loaded, select(Account.employees).where(Account.code == "A")) == 13


def test_a_load_undone_can_be_loaded_again(loaded, folder):
    put(folder / "crm" / "accounts.csv", ",R,12", ",R,13")
    load(loaded, sources(folder), user="ana")
    with loaded.connect() as connection:
        second = connection.scalar(select(Load.batch).order_by(Load.id.desc()).limit(1))
    admin = Viewer("ada", "Ada", Role.ADMIN)
    undone = journal.undo(loaded, second, viewer=admin, surface=Surface.CLI)
    assert {outcome.state for outcome in undone} == {State.SAVED}
    assert value(loaded, select(Account.employees).where(Account.code == "A")) == 12
    assert not unchanged(loaded, sources(folder))
    report = load(loaded, sources(folder), user="ana")
    assert report.table("account").changed == 1
    assert value(loaded, select(Account.employees).where(Account.code == "A")) == 13
    assert check(loaded) == []
