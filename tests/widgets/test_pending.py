import datetime as dt

import pytest

from workbench.store.journal import Edit, Outcome, State
from workbench.widgets.pending import Pending

RECORDS = {
    7: {"id": 7, "version": 2, "need": "latent", "next_step_on": dt.date(2026, 10, 1)},
    3: {"id": 3, "version": 5, "need": None, "next_step_on": None},
}


@pytest.fixture
def pending():
    return Pending("account", {id_: dict(record) for id_, record in RECORDS.items()})


def test_records_are_known_by_id_not_by_row(pending):
    pending.set(3, "need", "expressed")
    assert pending.edits() == [Edit("account", 3, 5, "need", "expressed")]
    assert pending.value(3, "need") == "expressed"
    assert pending.stored(3, "need") is None
    assert pending.value(7, "next_step_on") == dt.date(2026, 10, 1)


def test_wanting_what_is_stored_is_no_change(pending):
    pending.set(7, "need", "expressed")
    pending.set(7, "need", "latent")
    assert pending.edits() == []
    pending.set(7, "next_step_on", "2026-10-01")
    assert pending.changes == {}


def test_what_is_saved_is_stored_with_its_version_the_rest_stays(pending):
    pending.set(7, "need", "expressed")
    pending.set(3, "need", "none")
    one, two = pending.edits()
    pending.take([Outcome(one, State.SAVED, version=3), Outcome(two, State.REFUSED, "non")])
    assert pending.stored(7, "need") == "expressed"
    assert pending.edits() == [two]
    pending.set(7, "need", None)
    assert pending.edits()[-1].version == 3


def test_what_is_saved_or_settled_in_a_field_says_nothing_of_the_others(pending):
    pending.set(7, "need", "expressed")
    pending.set(7, "next_step_on", None)
    need, step = pending.edits()
    pending.take([Outcome(need, State.SAVED, version=4), Outcome(step, State.CONFLICT, version=4)])
    assert pending.edits() == [step]
    assert step.version == 2
    pending.keep_mine(Outcome(step, State.CONFLICT, current=dt.date(2026, 11, 2), version=4))
    assert [edit.version for edit in pending.edits()] == [4]
    pending.set(7, "supplier", "Duval")
    assert [edit.version for edit in pending.edits()] == [4, 2]


def test_keeping_mine_keeps_what_was_typed_last(pending):
    pending.set(7, "need", "expressed")
    [first] = pending.edits()
    pending.set(7, "need", "none")
    pending.keep_mine(Outcome(first, State.CONFLICT, current="specified", version=4))
    assert pending.edits() == [Edit("account", 7, 4, "need", "none")]


def test_a_conflict_is_settled_either_way(pending):
    pending.set(7, "need", "expressed")
    [mine] = pending.edits()
    conflict = Outcome(mine, State.CONFLICT, "", current="specified", version=4, by="eve")
    pending.keep_mine(conflict)
    assert pending.edits() == [Edit("account", 7, 4, "need", "expressed")]
    pending.keep_theirs(conflict)
    assert pending.edits() == []
    assert pending.value(7, "need") == "specified"
