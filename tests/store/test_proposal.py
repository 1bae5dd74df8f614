"""Edited frames against what their editor saw: changes found, stopped, met, saved."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import workbench
from tests.store.company import TODAY, address, forbidden, who
from workbench.errors import MissingColumns, NotAllowed, SettingsError, UnknownName
from workbench.store import journal
from workbench.store.journal import Edit, State
from workbench.store.proposal import compare, entity_of, propose, seen
from workbench.vocabulary import Surface


@pytest.fixture
def data(engine):
    def open_(viewer=None, **options):
        return workbench.open(address(engine), viewer=viewer, today=TODAY, **options)

    return open_


def told(proposal):
    return [(e.id, e.version, e.field, e.value) for e in proposal.edits]


def somebody_sets(engine, entity, id_, version, **fields):
    edits = [Edit(entity, id_, version, name, value) for name, value in fields.items()]
    outcomes = journal.save(
        engine, edits, viewer=who(engine, "director"), surface=Surface.DASHBOARD, today=TODAY
    )
    assert {one.state for one in outcomes} == {State.SAVED}


def test_only_what_was_edited_is_proposed(data, company):
    opened = data("director")
    frame = opened.table("accounts")
    frame.loc[frame["code"] == "A2", ["need", "budget"]] = ["latent", 1500.5]
    frame.loc[frame["code"] == "A3", "next_step_on"] = pd.Timestamp("2026-10-05")
    proposal = opened.propose(frame)
    assert told(proposal) == [
        (company.accounts["A2"], 2, "need", "latent"),
        (company.accounts["A2"], 2, "budget", 1500.5),
        (company.accounts["A3"], 2, "next_step_on", dt.date(2026, 10, 5)),
    ]
    assert proposal.frame[["name", "field", "old", "new"]].to_numpy().tolist() == [
        ["Alpha Sud", "need", None, "latent"],
        ["Alpha Sud", "budget", None, 1500.5],
        ["Beta", "next_step_on", None, dt.date(2026, 10, 5)],
    ]


def test_it_is_saved_and_the_next_dataset_has_it(data, company):
    opened = data("director")
    frame = opened.table("opportunities")
    frame.loc[frame["code"] == "O2", "amount"] = 2500.0
    [outcome] = opened.propose(frame).save(reason="devis revu")
    assert (outcome.state, outcome.version) == (State.SAVED, 2)
    after = data("director").table("opportunities").set_index("code")
    assert after.loc["O2", "amount"] == 2500.0
    assert len(data("director").propose(after.reset_index())) == 0


def test_rows_columns_and_engines_may_come_as_they_like(data, company):
    opened = data("director")
    row = {"owner": "Rep R1", "need": "latent", "mine": 3, "id": company.accounts["A1"]}
    for frame in (pd.DataFrame([row]), pl.DataFrame([row])):
        assert told(opened.propose(frame)) == [(company.accounts["A1"], 3, "need", "latent")]


def test_a_frame_of_another_engine_is_compared_as_well(data, company):
    opened = data("director", backend="polars")
    frame = opened.table("accounts").with_columns(
        need=pl.when(pl.col("code") == "A1").then(pl.lit("latent")).otherwise(pl.col("need"))
    )
    assert told(opened.propose(frame)) == [(company.accounts["A1"], 3, "need", "latent")]


def test_what_the_store_holds_by_now_is_no_change(data, engine, company):
    frame = data("director").table("accounts")[["id", "version", "supplier", "need"]]
    somebody_sets(engine, "account", company.accounts["A3"], 2, supplier="Acme")
    frame.loc[frame["id"] == company.accounts["A3"], "supplier"] = "Acme"
    assert len(data("director").propose(frame)) == 0


def test_what_others_changed_since_is_no_change_of_mine(data, engine, company):
    frame = data("director").table("accounts")[["id", "version", "name", "need", "supplier"]]
    somebody_sets(engine, "account", company.accounts["A3"], 2, supplier="Acme")
    opened = data("director")
    assert len(opened.propose(frame)) == 0
    frame.loc[frame["name"] == "Beta", "need"] = "latent"
    proposal = opened.propose(frame)
    assert told(proposal) == [(company.accounts["A3"], 2, "need", "latent")]
    assert [one.state for one in proposal.save()] == [State.SAVED]


def test_the_same_field_set_by_two_is_a_conflict_with_both_values(data, engine, company):
    frame = data("director").table("accounts")[["id", "version", "supplier"]]
    somebody_sets(engine, "account", company.accounts["A3"], 2, supplier="Acme")
    frame.loc[frame["id"] == company.accounts["A3"], "supplier"] = "Bâti"
    [met] = data("director").propose(frame, entity="account").save()
    assert (met.state, met.current, met.by) == (State.CONFLICT, "Acme", "director")
    assert met.at is not None


def test_an_empty_value_clears_only_what_was_seen(data, engine, company):
    somebody_sets(engine, "account", company.accounts["A3"], 2, supplier="Acme")
    frame = data("director").table("accounts")[["id", "version", "supplier", "need"]]
    frame["supplier"] = None
    assert told(data("director").propose(frame)) == [(company.accounts["A3"], 3, "supplier", None)]


def test_a_field_that_the_dataset_has_no_column_for_is_read_back(data, engine, company):
    somebody_sets(engine, "account", company.accounts["A3"], 2, notes="à rappeler")
    frame = pd.DataFrame({"id": [company.accounts["A3"]], "version": [3], "notes": ["à rappeler"]})
    assert len(data("director").propose(frame)) == 0
    frame["notes"] = "rappelé"
    assert told(data("director").propose(frame)) == [
        (company.accounts["A3"], 3, "notes", "rappelé")
    ]


def test_what_cannot_be_asked_is_stopped_with_its_reason(data, company):
    a1 = company.accounts["A1"]
    frame = pd.DataFrame(
        {
            "id": pd.array([a1, a1, None, 999, company.accounts["A4"]], dtype="Int64"),
            "version": pd.array([3, 3, 1, 1, 9], dtype="Int64"),
            "need": ["latent"] * 5,
            "owner": ["Rep R9", "Rep R1", None, None, "Rep R3"],
        }
    )
    proposal = data("director").propose(frame)
    assert told(proposal) == [(a1, 3, "need", "latent")]
    assert [(one.edit.id, one.state, str(one.message)) for one in proposal.stopped] == [
        (a1, State.REFUSED, "« owner » ne se modifie pas ici."),
        (a1, State.REFUSED, f"La fiche {a1} figure déjà sur une autre ligne."),
        (0, State.REFUSED, "Cette ligne n’a pas de numéro de fiche : rien n’en est créé."),
        (999, State.FORBIDDEN, "Cette fiche n’est pas l’une des vôtres, ou n’existe plus."),
        (
            company.accounts["A4"],
            State.REFUSED,
            f"La fiche {company.accounts['A4']} n’a pas encore la version 9.",
        ),
    ]
    outcomes = proposal.save()
    assert [one.state for one in outcomes][:1] == [State.HELD]
    assert [one.state for one in proposal.save(each=True)][:1] == [State.SAVED]


def test_records_of_others_are_neither_read_nor_written(data, company):
    opened = data("rep1")
    frame = data("director").table("accounts")[["id", "version", "need"]].assign(need="latent")
    proposal = opened.propose(frame)
    assert [e.id for e in proposal.edits] == [company.accounts["A1"], company.accounts["A2"]]
    assert {one.state for one in proposal.stopped} == {State.FORBIDDEN}
    proposal.save(each=True)
    others = ", ".join(f"account {company.accounts[code]}" for code in ("A3", "A4"))
    assert forbidden(opened.engine) == [("rep1", others)]
    assert set(seen(opened, "account", {company.accounts["A4"]: 1})) == set()


def test_who_saves_must_be_known(data, monkeypatch):
    monkeypatch.delenv("WORKBENCH_USER", raising=False)
    opened = data()
    proposal = opened.propose(opened.table("accounts").assign(need="latent"))
    with pytest.raises(NotAllowed, match="WORKBENCH_USER"):
        proposal.save()
    monkeypatch.setenv("WORKBENCH_USER", "boss")
    assert {one.state for one in proposal.check()} == {State.FORBIDDEN}
    assert {one.state for one in proposal.check(viewer="director")} == {State.SAVED}


def test_only_today_can_be_corrected(data):
    past = data("director", as_of="2026-06-30")
    with pytest.raises(SettingsError, match="2026-06-30"):
        past.propose(past.table("accounts"))


def test_a_frame_without_ids_or_of_nothing_known_is_an_error(data):
    with pytest.raises(MissingColumns, match="'id'"):
        propose(data("director"), pd.DataFrame({"need": ["latent"]}))
    with pytest.raises(SettingsError, match="say which"):
        entity_of(["id", "version", "code"])
    with pytest.raises(UnknownName, match="document"):
        propose(data("director"), pd.DataFrame({"id": [1]}), entity="document")


VALUES = {
    "need": st.sampled_from([None, "latent", "expressed"]),
    "budget": st.none() | st.decimals(0, 10**9, places=2).map(float),
    "next_step": st.none() | st.text(st.characters(codec="utf-8"), min_size=1),
    "next_step_on": st.none() | st.dates(dt.date(2000, 1, 1), dt.date(2100, 1, 1)),
    "decider_known": st.none() | st.booleans(),
    "employees": st.none() | st.integers(0, 10**6),
}


@given(st.fixed_dictionaries(VALUES), st.fixed_dictionaries(VALUES))
@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=60)
def test_edits_are_exactly_what_differs(before, wanted):
    record = {"id": 7, "version": 2, **before}
    found = {edit.field: edit.value for edit in compare("account", record, wanted)}
    assert found == {name: value for name, value in wanted.items() if before[name] != value}
    assert list(compare("account", {**record, **found}, wanted)) == []
