import datetime as dt

import pandas as pd
import pytest

from workbench.errors import MissingColumns
from workbench.store.journal import Edit, Outcome, State
from workbench.widgets.pending import Pending

FRAME = pd.DataFrame(
    {
        "id": [7, 3],
        "version": [2, 5],
        "need": ["latent", None],
        "next_step_on": pd.to_datetime(["2026-10-01", None]),
    }
)


@pytest.fixture
def pending():
    return Pending("account", FRAME)


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


def test_what_is_saved_is_stored_with_its_version_the_rest_stays(pending):
    pending.set(7, "need", "expressed")
    pending.set(3, "need", "none")
    one, two = pending.edits()
    pending.take([Outcome(one, State.SAVED, version=3), Outcome(two, State.REFUSED, "non")])
    assert pending.stored(7, "need") == "expressed"
    assert pending.edits() == [two]
    pending.set(7, "need", None)
    assert pending.edits()[-1].version == 3


def test_a_conflict_is_settled_either_way(pending):
    pending.set(7, "need", "expressed")
    [mine] = pending.edits()
    conflict = Outcome(mine, State.CONFLICT, "", current="specified", version=4, by="eve")
    pending.keep_mine(conflict)
    assert pending.edits() == [Edit("account", 7, 4, "need", "expressed")]
    pending.keep_theirs(conflict)
    assert pending.edits() == []
    assert pending.value(7, "need") == "specified"


def test_a_frame_without_versions_is_refused():
    with pytest.raises(MissingColumns, match="'version'"):
        Pending("account", FRAME[["id"]])
