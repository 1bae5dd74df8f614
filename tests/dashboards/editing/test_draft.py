"""Changes that wait: by record and field, with the version that was seen."""

from __future__ import annotations

import datetime as dt

from dashboards.editing.draft import Change, Draft
from workbench.store.journal import Edit, Outcome, State


def change(new, old="a", version=3):
    return Change("account", 7, version, "next_step", "Durand", old, new)


def test_a_second_edit_of_a_cell_keeps_the_first_value_and_version():
    draft = Draft()
    draft.put(change("b"))
    draft.put(change("c", old="b", version=9))
    [edit] = draft.edits()
    assert edit == Edit("account", 7, 3, "next_step", "c")
    assert draft.changes["account", 7, "next_step"].old == "a"


def test_an_edit_taken_back_is_none():
    draft = Draft()
    draft.put(change("b"))
    draft.put(change("a", old="b"))
    assert len(draft) == 0


def test_what_was_saved_waits_no_longer_and_the_rest_keeps_its_reason():
    draft = Draft()
    draft.put(change("b"))
    other = Change("account", 8, 1, "status", "Petit", "client", "suspect")
    draft.put(other)
    outcomes = [
        Outcome(draft.edits()[0], State.SAVED),
        Outcome(draft.edits()[1], State.REFUSED, "no way back"),
    ]
    assert draft.hear(outcomes, saved=True) == 1
    assert list(draft.changes) == [other.key]
    assert draft.changes[other.key].outcome.message == "no way back"


def test_what_is_edited_again_while_it_is_saved_waits_upon_what_was_saved():
    draft = Draft()
    draft.put(change("b"))
    sent = draft.edits()
    draft.put(change("c", old="b"))
    assert draft.hear([Outcome(sent[0], State.SAVED, "", "b", 4)], saved=True) == 1
    [edit] = draft.edits()
    assert (edit.version, edit.value) == (4, "c")
    assert draft.changes["account", 7, "next_step"].old == "b"


def test_a_refusal_of_what_was_edited_again_meanwhile_is_not_the_new_values():
    draft = Draft()
    draft.put(change("b"))
    sent = draft.edits()
    draft.put(change("c", old="b"))
    draft.hear([Outcome(sent[0], State.REFUSED, "no")], saved=True)
    assert draft.changes["account", 7, "next_step"].outcome is None


def test_changes_hold_from_the_day_that_is_told():
    draft = Draft()
    draft.put(change("b"))
    [edit] = draft.edits(dt.date(2026, 3, 1))
    assert edit.effective == dt.date(2026, 3, 1)


def test_insisting_after_a_conflict_takes_the_newer_version():
    draft = Draft()
    draft.put(change("mine"))
    met = Outcome(
        draft.edits()[0],
        State.CONFLICT,
        "theirs",
        "theirs",
        5,
        "paul",
        dt.datetime(2026, 9, 30, tzinfo=dt.UTC),
    )
    draft.hear([met], saved=True)
    draft.insist(("account", 7, "next_step"))
    [edit] = draft.edits()
    assert (edit.version, edit.value) == (5, "mine")
    assert draft.changes["account", 7, "next_step"].old == "theirs"
