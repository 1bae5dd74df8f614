"""What a source and somebody here both changed: seen by whom it concerns, settled either way."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import insert

from tests.store.company import TODAY, forbidden, who
from workbench.errors import NotAllowed, UnknownName
from workbench.store import settling
from workbench.store.engine import writing
from workbench.store.journal import State
from workbench.store.schema import SourceConflict
from workbench.vocabulary import Surface


def met(engine, account, field="segment", theirs='"moyen"'):
    values = {
        "load_batch": "b", "met_at": dt.datetime(2026, 9, 30, tzinfo=dt.UTC), "entity": "account",
        "record_id": account, "field": field, "before": '"petit"', "theirs": theirs,
        "ours": '"gros"',
    }  # fmt: skip
    with writing(engine) as connection:
        return int(
            connection.execute(insert(SourceConflict).returning(SourceConflict.id), values).scalar()
        )


def waiting(engine, username="director"):
    found = settling.waiting(engine, who(engine, username), TODAY)
    return [(one.name, one.field, one.before, one.theirs, one.ours) for one in found]


def settle(engine, number, keep, username="director"):
    return settling.settle(
        engine, number, keep, viewer=who(engine, username), surface=Surface.DASHBOARD, today=TODAY
    )


def segment(engine, account):
    with engine.connect() as connection:
        return connection.exec_driver_sql(
            f"SELECT segment FROM account WHERE id = {account}"
        ).scalar()


def test_it_is_seen_by_those_who_see_the_account(engine, company):
    met(engine, company.accounts["A4"])  # of R3
    seen = [("Gamma", "segment", "petit", "moyen", "petit")]
    assert waiting(engine) == waiting(engine, "rep3") == seen
    assert waiting(engine, "rep1") == []


def test_what_the_source_says_last_waits_and_settles_what_it_said_before(engine, company):
    met(engine, company.accounts["A4"])
    number = met(engine, company.accounts["A4"], theirs='"gros"')
    assert waiting(engine) == [("Gamma", "segment", "petit", "gros", "petit")]
    assert settle(engine, number, "ours") is None
    assert waiting(engine) == []


def test_ours_kept_changes_nothing_and_waits_no_more(engine, company):
    number = met(engine, company.accounts["A4"])
    assert settle(engine, number, "ours") is None
    assert segment(engine, company.accounts["A4"]) == "petit"
    assert waiting(engine) == []
    with pytest.raises(UnknownName, match="conflict to settle"):
        settle(engine, number, "ours")


def test_theirs_taken_is_an_edit_like_any_other(engine, company):
    number = met(engine, company.accounts["A4"])
    assert settle(engine, number, "theirs").state is State.SAVED
    assert segment(engine, company.accounts["A4"]) == "moyen"
    assert waiting(engine) == []


def test_what_the_rules_refuse_waits_on(engine, company):
    number = met(engine, company.accounts["A1"], "status", '"suspect"')  # a client
    assert settle(engine, number, "theirs").state is State.REFUSED
    assert len(waiting(engine)) == 1


@pytest.mark.parametrize("keep", ["ours", "theirs"])
def test_nobody_settles_what_is_not_theirs_and_that_they_tried_is_noted(engine, company, keep):
    a4 = company.accounts["A4"]
    number = met(engine, a4)
    with pytest.raises(UnknownName, match="conflict to settle"):  # as if there were none
        settle(engine, number, keep, "rep1")
    with pytest.raises(NotAllowed):
        settle(engine, number, keep, "boss")
    assert len(waiting(engine)) == 1
    tried = f"account {a4} segment"
    assert forbidden(engine) == [("rep1", tried), ("boss", tried)]
