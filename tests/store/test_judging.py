"""What becomes of edits saved together: each is judged by what is really saved beside it."""

from __future__ import annotations

import datetime as dt
import shutil

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.store.company import LOADER, TODAY, who
from tests.store.test_journal import changes, newest, save, undo, version
from workbench.errors import UnknownName
from workbench.locale import EN, FR
from workbench.store import connect, journal
from workbench.store.batch import batch
from workbench.store.desk import Desk
from workbench.store.journal import Edit, State
from workbench.store.rows import records_of
from workbench.store.rules import Case, Rules, refusal
from workbench.vocabulary import Surface

D = dt.date
SAVED, REFUSED = State.SAVED, State.REFUSED


def deal(engine, id_, *fields, **options):
    seen = version(engine, "opportunity", id_)
    edits = [Edit("opportunity", id_, seen, name, value) for name, value in fields]
    return [one.state for one in save(engine, *edits, **options)]


def record(engine, entity, id_):
    with engine.connect() as connection:
        return records_of(connection, entity, [id_])[id_]


def account(engine, id_, name, value, **options):
    (one,) = save(
        engine, Edit("account", id_, version(engine, "account", id_), name, value, **options)
    )
    return one


def test_a_deal_is_not_lost_by_a_reason_that_is_refused(engine, company):
    id_ = company.deals["O1"]
    became = deal(
        engine, id_, ("stage_id", company.stages["LOST"]), ("loss_reason", "bogus"), each=True
    )
    assert became == [REFUSED, REFUSED]
    assert record(engine, "opportunity", id_)["stage_id"] == company.stages["N"]


def test_a_date_of_before_is_not_saved_for_a_stage_that_is_refused(engine, company):
    id_ = company.deals["O1"]
    became = deal(
        engine, id_, ("stage_id", company.stages["LOST"]), ("close_date", D(2026, 9, 1)), each=True
    )
    assert became == [REFUSED, REFUSED]
    assert record(engine, "opportunity", id_)["close_date"] == "2026-12-01"


FIELDS = st.one_of(
    st.tuples(st.just("stage_id"), st.sampled_from(["A", "N", "C", "O", "LOST", "nowhere"])),
    st.tuples(st.just("loss_reason"), st.sampled_from(["price", "bogus", None])),
    st.tuples(st.just("close_date"), st.dates(D(2026, 8, 1), D(2026, 11, 30))),
    st.tuples(st.just("probability"), st.sampled_from([0.5, 1.5, None])),
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rounds=st.lists(st.lists(FIELDS, min_size=1, max_size=4), min_size=1, max_size=3))
def test_what_is_left_passes_the_rules(sqlite_template, tmp_path, rounds):
    path, company = sqlite_template
    shutil.copy(path, tmp_path / "store.db")
    engine = connect(f"sqlite:///{tmp_path / 'store.db'}")
    viewer, id_ = who(engine, "director"), company.deals["O1"]
    for fields in rounds:
        before = record(engine, "opportunity", id_)
        edits = [
            Edit(
                "opportunity", id_, before["version"], name,
                company.stages.get(value, 999) if name == "stage_id" else value,
            )
            for name, value in fields
        ]  # fmt: skip
        done = journal.save(
            engine, edits, viewer=viewer, surface=Surface.CLI, each=True, today=TODAY
        )
        after = record(engine, "opportunity", id_)
        with engine.connect() as connection:
            stages = Desk(connection, viewer, TODAY, Rules()).stages
        for one in done:
            if one.state is SAVED and after[one.edit.field] != before[one.edit.field]:
                case = Case(one.edit.field, before, after, Rules(), stages, TODAY)
                assert refusal("opportunity", case) is None
    engine.dispose()


def test_a_field_twice_in_a_batch_takes_one_value(engine, company):
    id_ = company.accounts["A4"]
    since = newest(engine)
    first, second = save(
        engine,
        Edit("account", id_, 1, "status", "client"),
        Edit("account", id_, 1, "status", "prospect"),
        each=True,
    )
    assert (first.state, second.state) == (REFUSED, SAVED)
    assert first.message == (
        "Le champ « Statut » figure deux fois dans ce lot : une seule valeur s’y met."
    )
    assert [row[4:6] for row in changes(engine, since)] == [('"suspect"', '"prospect"')]


def test_the_value_that_stands_is_saved_and_not_written(engine, company):
    id_ = company.accounts["A1"]
    since = newest(engine)
    one = account(engine, id_, "status", "client")
    assert (one.state, one.current, one.version) == (SAVED, "client", 3)
    assert changes(engine, since) == []


def test_accounts_are_not_put_under_each_other_by_one_batch(engine, company):
    a1, a3 = company.accounts["A1"], company.accounts["A3"]
    edits = [Edit("account", a1, 3, "parent_id", a3), Edit("account", a3, 2, "parent_id", a1)]
    assert [one.state for one in save(engine, *edits)] == [REFUSED, State.HELD]
    assert [one.state for one in save(engine, *edits, each=True)] == [REFUSED, SAVED]
    assert record(engine, "account", a1)["parent_id"] is None


def test_parent_and_child_change_places_in_one_batch(engine, company):
    a1, a2 = company.accounts["A1"], company.accounts["A2"]  # A2 is under A1
    done = save(
        engine,
        Edit("account", a1, 3, "parent_id", a2),
        Edit("account", a2, 2, "parent_id", None),
    )
    assert [one.state for one in done] == [SAVED, SAVED]


@pytest.mark.parametrize(
    ("field", "value", "kept"),
    [
        ("decider_known", "false", False),
        ("decider_known", "Non", False),
        ("decider_known", "oui", True),
        ("decider_known", "1", True),
        ("employees", "12", 12),
        ("employees", 12.0, 12),
        ("notes", "une\tligne\r\nune autre", "une\tligne\r\nune autre"),
    ],
)
def test_values_as_people_write_them(engine, company, field, value, kept):
    id_ = company.accounts["A4"]
    assert account(engine, id_, field, value).state is SAVED
    assert record(engine, "account", id_)[field] == kept


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("decider_known", "peut-être"),
        ("employees", 3.7),
        ("employees", "3.7"),
        ("employees", 2**63),
        ("budget", float("inf")),
        ("budget", 10**12),
        ("next_step_on", "2026-10-12 et après"),
        ("notes", "a\0b"),
        ("notes", "a\x1bb"),
    ],
)
def test_values_that_are_none_of_the_field(engine, company, field, value):
    one = account(engine, company.accounts["A4"], field, value)
    assert one.state is REFUSED
    assert EN.say(one.message) != one.message


def test_nothing_takes_effect_after_today(engine, company):
    one = account(engine, company.accounts["A4"], "segment", "gros", effective=D(2026, 10, 1))
    assert one.state is REFUSED
    assert FR.say(one.message) == (
        "Une modification prend effet au plus tard aujourd’hui, le 30/09/2026."
    )
    assert EN.say(one.message) == "A change takes effect today, 30/09/2026, at the latest."


def test_a_version_that_is_not_there_yet_is_refused(engine, company):
    (one,) = save(engine, Edit("account", company.accounts["A4"], 7, "segment", "gros"))
    assert one.state is REFUSED
    assert EN.say(one.message).endswith("has not reached version 7 yet.")


def test_what_is_dated_back_has_to_follow_upon_what_was_and_be_followed(engine, company):
    id_ = company.accounts["A3"]  # suspect, prospect since 1 February 2026
    refused = account(engine, id_, "status", "client", effective=D(2025, 12, 1))
    assert refused.state is REFUSED  # a suspect doesn't become a client
    lost = account(engine, id_, "status", "lost", effective=D(2025, 12, 1))
    assert (lost.state, lost.current) == (SAVED, "prospect")  # what holds
    rules = Rules(transitions={"lost": []})
    a1 = company.accounts["A1"]  # suspect, prospect since February, client since June 2025
    edit = Edit("account", a1, 3, "status", "lost", D(2025, 4, 1))
    (never,) = save(engine, edit, rules=rules)
    assert never.state is REFUSED  # a lost one doesn't become a client


def test_a_lost_deal_is_reopened_with_a_date_to_come(engine, company):
    id_, stages = company.deals["O1"], company.stages
    lost = [("stage_id", stages["LOST"]), ("loss_reason", "price"), ("close_date", D(2026, 9, 1))]
    assert deal(engine, id_, *lost) == [SAVED] * 3
    assert deal(engine, id_, ("stage_id", stages["A"])) == [REFUSED]
    again = [("stage_id", stages["A"]), ("close_date", D(2026, 12, 1))]
    assert deal(engine, id_, *again) == [SAVED, SAVED]


def test_a_late_deal_moves_on_and_is_not_won_on_a_day_to_come(engine, company):
    id_, stages = company.deals["O1"], company.stages
    late = {"record_id": [id_], "field": ["close_date"], "value": ["2026-09-01"]}
    with batch(engine, LOADER) as opened:
        opened.set("opportunity", pd.DataFrame(late | {"effective": [TODAY]}))
    assert deal(engine, id_, ("stage_id", stages["C"])) == [SAVED]
    won = [("stage_id", stages["O"]), ("close_date", D(2026, 10, 1))]
    assert deal(engine, id_, *won) == [State.HELD, REFUSED]
    assert deal(engine, id_, ("stage_id", stages["O"]), ("close_date", TODAY)) == [SAVED, SAVED]


def test_rules_name_what_is_there():
    with pytest.raises(UnknownName, match="prospekt"):
        Rules(transitions={"suspect": ["prospekt"]})
    with pytest.raises(UnknownName, match="leads"):
        Rules(transitions={"leads": []})
    with pytest.raises(UnknownName, match=r"account\.need"):
        Rules(values={"account.need": ["latent", "someday"]})
    assert Rules(transitions={"suspect": ["lost"]}).transitions["lost"] == ["suspect", "prospect"]


def test_an_order_for_a_pipeline_that_is_not_there_is_told(engine, company):
    edit = Edit("opportunity", company.deals["O1"], 2, "stage_id", company.stages["C"])
    with pytest.raises(UnknownName, match=r"spanko.*'spanco'"):
        save(engine, edit, rules=Rules(stage_order={"spanko": "next"}))


def test_a_status_without_a_way_out_says_no_more_than_that(engine, company):
    id_ = company.accounts["A4"]
    edit = Edit("account", id_, 1, "status", "prospect")
    (one,) = save(engine, edit, rules=Rules(transitions={"suspect": []}))
    assert FR.say(one.message) == "Un compte « Suspect » ne change pas de statut."


def test_undoing_leaves_no_lost_deal_without_its_reason(engine, company):
    id_ = company.deals["O1"]
    deal(engine, id_, ("stage_id", company.stages["LOST"]), ("loss_reason", "price"))
    reason = newest(engine)
    (one,) = undo(engine, reason)
    assert one.state is REFUSED
    assert "motif de perte" in one.message
    (together,) = {row.batch for row in rows_since(engine, reason - 2)}
    assert {one.state for one in undo(engine, together)} == {SAVED}


def test_undoing_puts_no_account_under_itself(engine, company):
    a1, a2 = company.accounts["A1"], company.accounts["A2"]  # A2 is under A1
    account(engine, a2, "parent_id", None)
    cleared = newest(engine)
    account(engine, a1, "parent_id", a2)
    assert [one.state for one in undo(engine, cleared)] == [REFUSED]


def rows_since(engine, number):
    with engine.connect() as connection:
        sql = f"SELECT id, batch FROM change WHERE id > {number} ORDER BY id"
        return connection.exec_driver_sql(sql).all()


def test_a_batch_of_which_one_change_was_undone_is_undone_for_the_rest(engine, company):
    id_ = company.accounts["A4"]
    save(
        engine,
        Edit("account", id_, 1, "segment", "moyen"),
        Edit("account", id_, 1, "supplier", "Point P"),
    )
    number = newest(engine)
    (together,) = {row.batch for row in rows_since(engine, number - 2)}
    assert [one.state for one in undo(engine, number)] == [SAVED]
    assert [(one.state, one.edit.field) for one in undo(engine, together)] == [(SAVED, "segment")]
    assert {one.state for one in undo(engine, together)} == {REFUSED}
