"""The door for changes: saved, refused, in conflict, forbidden; undone and done again."""

from __future__ import annotations

import datetime as dt

import pytest

import workbench
from tests.store.company import TODAY, address, who
from workbench.errors import UnknownName
from workbench.locale import EN, FR
from workbench.store import access_log, journal
from workbench.store.journal import Edit, State
from workbench.vocabulary import Surface


def save(engine, *edits, as_="director", **options):
    return journal.save(
        engine,
        list(edits),
        viewer=who(engine, as_),
        surface=Surface.DASHBOARD,
        today=TODAY,
        **options,
    )


def account(engine, id_):
    frame = workbench.open(address(engine), today=TODAY).table("accounts").set_index("id")
    return frame.loc[id_]


def version(engine, table, id_) -> int:
    with engine.connect() as connection:
        return connection.exec_driver_sql(f"SELECT version FROM {table} WHERE id = {id_}").scalar()


def changes(engine, since=0):
    with engine.connect() as connection:
        return connection.exec_driver_sql(
            "SELECT entity, record_id, op, field, old, new, surface FROM change "
            f"WHERE id > {since} ORDER BY id"
        ).all()


def newest(engine) -> int:
    with engine.connect() as connection:
        return connection.exec_driver_sql("SELECT max(id) FROM change").scalar()


def test_edit_is_saved_once_with_what_it_replaced(engine, company):
    id_ = company.accounts["A4"]
    before = newest(engine)
    (outcome,) = save(engine, Edit("account", id_, 1, "segment", "moyen"))
    assert (outcome.state, outcome.version) == (State.SAVED, 2)
    assert [tuple(row) for row in changes(engine, before)] == [
        ("account", id_, "set", "segment", '"petit"', '"moyen"', "dashboard")
    ]
    row = account(engine, id_)
    assert (row["segment"], row["version"]) == ("moyen", 2)


def test_forbidden_transition_says_what_would_be_allowed(engine, company):
    (outcome,) = save(engine, Edit("account", company.accounts["A4"], 1, "status", "client"))
    assert outcome.state is State.REFUSED
    assert FR.say(outcome.message) == (
        "Un compte « Suspect » ne peut pas devenir « Client » ; il peut devenir : Prospect, Perdu."
    )
    assert EN.say(outcome.message) == (
        "A “Suspect” account can’t become “Client”; it can become: Prospect, Lost."
    )
    assert account(engine, company.accounts["A4"])["status"] == "suspect"


def test_a_batch_is_all_or_nothing(engine, company):
    id_ = company.accounts["A4"]
    before = newest(engine)
    outcomes = save(
        engine,
        Edit("account", id_, 1, "segment", "moyen"),
        Edit("account", id_, 1, "status", "client"),
    )
    assert [o.state for o in outcomes] == [State.HELD, State.REFUSED]
    assert newest(engine) == before


def test_each_on_its_own(engine, company):
    id_ = company.accounts["A4"]
    outcomes = save(
        engine,
        Edit("account", id_, 1, "segment", "moyen"),
        Edit("account", id_, 1, "status", "client"),
        each=True,
    )
    assert [o.state for o in outcomes] == [State.SAVED, State.REFUSED]
    assert account(engine, id_)["segment"] == "moyen"


def test_same_field_set_meanwhile_is_a_conflict_with_both_values(engine, company):
    id_ = company.accounts["A1"]
    seen = version(engine, "account", id_)
    save(engine, Edit("account", id_, seen, "next_step", "Appeler"))
    (outcome,) = save(engine, Edit("account", id_, seen, "next_step", "Visiter"), as_="rep1")
    assert (outcome.state, outcome.current, outcome.by) == (State.CONFLICT, "Appeler", "director")
    assert "Visiter" in outcome.message
    assert account(engine, id_)["next_step"] == "Appeler"


def test_another_field_set_meanwhile_is_no_conflict(engine, company):
    id_ = company.accounts["A1"]
    seen = version(engine, "account", id_)
    save(engine, Edit("account", id_, seen, "next_step", "Appeler"))
    (outcome,) = save(engine, Edit("account", id_, seen, "supplier", "Point P"), as_="rep1")
    assert outcome.state is State.SAVED


@pytest.mark.parametrize(
    ("who_", "code", "field", "state"),
    [
        ("rep1", "A1", "segment", State.SAVED),
        ("rep1", "A4", "segment", State.FORBIDDEN),
        ("rep1", "A1", "owner_id", State.FORBIDDEN),
        ("manager", "A3", "segment", State.SAVED),  # R2 is in M's team since March
        ("manager", "A4", "segment", State.FORBIDDEN),
        ("boss", "A1", "segment", State.FORBIDDEN),
    ],
)
def test_rights_to_write(engine, company, who_, code, field, state):
    id_ = company.accounts[code]
    value = company.reps["R1"] if field == "owner_id" else "moyen"
    (outcome,) = save(
        engine, Edit("account", id_, version(engine, "account", id_), field, value), as_=who_
    )
    assert outcome.state is state
    told = access_log.events(engine, dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
    tried = told[told["event"] == "forbidden"][["username", "detail"]].to_numpy().tolist()
    assert tried == ([] if state is State.SAVED else [[who_, f"account {id_} {field}"]])


def test_lost_deal_needs_its_reason_in_the_same_breath(engine, company):
    id_, lost = company.deals["O1"], company.stages["LOST"]
    seen = version(engine, "opportunity", id_)
    (refused,) = save(engine, Edit("opportunity", id_, seen, "stage_id", lost))
    assert refused.state is State.REFUSED
    assert "motif de perte" in refused.message
    both = save(
        engine,
        Edit("opportunity", id_, seen, "stage_id", lost),
        Edit("opportunity", id_, seen, "loss_reason", "price"),
    )
    assert [o.state for o in both] == [State.SAVED, State.SAVED]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("close_date", dt.date(2026, 9, 29)),
        ("probability", 1.5),
        ("amount", -1),
        ("amount", "beaucoup"),
        ("stage_id", 999),
        ("owner_id", 999),
        ("name", None),
        ("account_id", 1),
    ],
)
def test_rules_of_a_deal(engine, company, field, value):
    id_ = company.deals["O1"]
    seen = version(engine, "opportunity", id_)
    (outcome,) = save(engine, Edit("opportunity", id_, seen, field, value))
    assert outcome.state is State.REFUSED
    assert outcome.message


def test_won_deal_is_not_moved_back_by_hand_but_undone(engine, company):
    id_, stages = company.deals["O1"], company.stages
    seen = version(engine, "opportunity", id_)
    save(engine, Edit("opportunity", id_, seen, "stage_id", stages["O"]))
    number = newest(engine)
    (refused,) = save(engine, Edit("opportunity", id_, seen + 1, "stage_id", stages["A"]))
    assert refused.state is State.REFUSED
    (undone,) = journal.undo(
        engine, number, viewer=who(engine, "director"), surface=Surface.DASHBOARD, today=TODAY
    )
    assert undone.state is State.SAVED
    with engine.connect() as connection:
        stage = connection.exec_driver_sql(
            f"SELECT stage_id FROM opportunity WHERE id = {id_}"
        ).scalar()
    assert stage == stages["N"]


def test_account_under_itself_at_any_level_is_refused(engine, company):
    (outcome,) = save(
        engine, Edit("account", company.accounts["A1"], 3, "parent_id", company.accounts["A2"])
    )
    assert outcome.state is State.REFUSED


def undo(engine, what, as_="director"):
    return journal.undo(
        engine, what, viewer=who(engine, as_), surface=Surface.DASHBOARD, today=TODAY
    )


def test_undo_then_redo_then_refuse_what_changed_since(engine, company):
    id_ = company.accounts["A4"]
    save(engine, Edit("account", id_, 1, "segment", "moyen"))
    first = newest(engine)
    assert undo(engine, first)[0].state is State.SAVED
    assert account(engine, id_)["segment"] == "petit"
    assert undo(engine, newest(engine))[0].state is State.SAVED  # redo
    assert account(engine, id_)["segment"] == "moyen"
    seen = version(engine, "account", id_)
    save(engine, Edit("account", id_, seen, "segment", "gros"))
    (outcome,) = undo(engine, first)
    assert (outcome.state, outcome.current) == (State.CONFLICT, "gros")
    assert account(engine, id_)["segment"] == "gros"


def test_undo_of_a_batch_undoes_all_of_it(engine, company):
    id_ = company.accounts["A4"]
    save(
        engine,
        Edit("account", id_, 1, "segment", "moyen"),
        Edit("account", id_, 1, "supplier", "Point P"),
    )
    with engine.connect() as connection:
        batch_id = connection.exec_driver_sql(
            "SELECT batch FROM change ORDER BY id DESC LIMIT 1"
        ).scalar()
    assert [o.state for o in undo(engine, batch_id)] == [State.SAVED, State.SAVED]
    row = account(engine, id_)
    assert row["segment"] == "petit"
    assert row.isna()["supplier"]


def test_check_writes_nothing(engine, company):
    before = newest(engine)
    (outcome,) = journal.check(
        engine,
        [Edit("account", company.accounts["A4"], 1, "status", "prospect")],
        viewer=who(engine, "director"),
        today=TODAY,
    )
    assert outcome.state is State.SAVED
    assert newest(engine) == before


def test_unknown_field_is_named(engine, company):
    with pytest.raises(UnknownName, match="segment"):
        save(engine, Edit("account", company.accounts["A1"], 1, "segmnt", "x"))
