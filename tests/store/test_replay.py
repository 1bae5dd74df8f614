"""The fold of the journal: states, periods, undoing; by hand, then by property."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from workbench.store.replay import SUBJECTS, Event, active, by_record, periods, state

STATUS, OWNER, _, _, DEAL = SUBJECTS


def day(n: int, month: int = 1) -> dt.date:
    return dt.date(2025, month, n)


def create(value, on=None, id_=1):
    return Event(id_, 7, on or day(1), "create", None, value)


def put(id_, field, value, on, undoes=None):
    return Event(id_, 7, on, "set", field, value, undoes)


def test_state_is_the_last_value_in_order_of_effect():
    events = active(
        [
            create({"status": "suspect", "name": "A"}),
            put(2, "status", "client", day(20)),
            put(3, "status", "prospect", day(10)),  # recorded later, effective earlier
        ]
    )
    assert state(events) == {"status": "client", "name": "A"}
    assert state(events, day(15)) == {"status": "prospect", "name": "A"}
    assert state(events, day(9)) == {"status": "suspect", "name": "A"}


def test_deleted_record_has_no_state():
    events = active([create({"name": "A"}), Event(2, 7, day(5), "delete", None, None)])
    assert state(events) is None
    assert state(events, day(4)) == {"name": "A"}


def test_undo_and_redo():
    first = create({"status": "suspect"})
    change = put(2, "status", "prospect", day(5))
    undo = put(3, "status", "suspect", day(5), undoes=2)
    redo = put(4, "status", "prospect", day(5), undoes=3)
    assert state(active([first, change, undo])) == {"status": "suspect"}
    assert state(active([first, change, undo, redo])) == {"status": "prospect"}


def test_periods_are_half_open_and_merged():
    events = active(
        [
            create({"status": "suspect"}),
            put(2, "status", "suspect", day(3)),
            put(3, "status", "prospect", day(5)),
        ]
    )
    assert periods(STATUS, events) == [
        (("suspect",), day(1), day(5)),
        (("prospect",), day(5), None),
    ]


def test_an_undone_status_was_never_reached():
    events = [
        create({"status": "suspect"}),
        put(2, "status", "prospect", day(5)),
        put(3, "status", "suspect", day(5), undoes=2),
    ]
    assert periods(STATUS, active(events)) == [(("suspect",), day(1), None)]


def test_stage_passed_within_a_day_was_reached():
    events = active(
        [
            create({"stage_id": 3, "amount": 10.0}),
            put(2, "stage_id", 4, day(5)),
            put(3, "amount", 12.0, day(5)),
            put(4, "stage_id", 5, day(5)),
        ]
    )
    found = [(v[0], v[1], since, until) for v, since, until in periods(DEAL, events)]
    assert found == [
        (3, 10.0, day(1), day(5)),
        (4, 12.0, day(5), day(5)),
        (5, 12.0, day(5), None),
    ]


def test_owner_left_within_a_day_leaves_no_period_and_none_is_absence():
    events = active(
        [
            create({"owner_id": None}),
            put(2, "owner_id", 1, day(5)),
            put(3, "owner_id", 2, day(5)),
            put(4, "owner_id", None, day(9)),
        ]
    )
    assert periods(OWNER, events) == [((2,), day(5), day(9))]


def test_change_effective_before_entry_counts_from_entry():
    events = active(
        [create({"status": "suspect"}, on=day(10)), put(2, "status", "prospect", day(2))]
    )
    assert periods(STATUS, events) == [(("prospect",), day(10), None)]


changes = st.lists(
    st.tuples(
        st.integers(1, 3), st.sampled_from(["suspect", "prospect", "client"]), st.integers(1, 28)
    ),
    max_size=12,
)


@given(changes, st.integers(1, 28))
def test_period_in_force_is_the_state(sets, on):
    events = [Event(n, n, day(1), "create", None, {"status": "suspect"}) for n in (1, 2, 3)]
    events += [
        Event(10 + n, record, day(d), "set", "status", value)
        for n, (record, value, d) in enumerate(sets)
    ]
    for _, held in by_record(events):
        in_force = [
            values[0]
            for values, since, until in periods(STATUS, held)
            if since <= day(on) and (until is None or day(on) < until)
        ]
        assert in_force == [state(held, day(on))["status"]]


@given(changes)
def test_undoing_everything_gives_the_beginning_back(sets):
    events = [Event(n, n, day(1), "create", None, {"status": "suspect"}) for n in (1, 2, 3)]
    events += [
        Event(10 + n, record, day(d), "set", "status", value)
        for n, (record, value, d) in enumerate(sets)
    ]
    undoing = [
        Event(100 + e.id, e.record_id, e.effective, "set", e.field, None, e.id)
        for e in events
        if e.op == "set"
    ]
    for _, held in by_record(events + undoing):
        assert state(held) == {"status": "suspect"}
        assert periods(STATUS, held) == [(("suspect",), day(1), None)]
