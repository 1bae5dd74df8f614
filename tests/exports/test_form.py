"""A cell's value both ways: what is written for a person, what a person may have typed."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.exports.form import Column, Unreadable, alike, columns, read, seal, typed_number
from workbench.exports.form import written as shown
from workbench.locale import EN, FR
from workbench.tables import Kind

DAY = Column("account", "next_step_on", "Le", Kind.DATE)
BUDGET = Column("account", "budget", "Budget", Kind.MONEY)
STAFF = Column("account", "employees", "Effectif", Kind.COUNT)
SHARE = Column("opportunity", "probability", "Probabilité", Kind.RATIO)
STEP = Column("account", "next_step", "Action", Kind.TEXT)


def why(column, cell, loc=FR):
    with pytest.raises(Unreadable) as met:
        read(column, cell, loc)
    return FR.say(met.value.args[0])


@pytest.mark.parametrize(
    "cell",
    [
        dt.datetime.fromisoformat("2026-09-30"),
        dt.date(2026, 9, 30),
        "30/09/2026",
        " 30/9/2026 ",
        "30.09.2026",
        "2026-09-30",
    ],
)
def test_a_day_is_read_however_it_was_typed(cell):
    assert read(DAY, cell, FR) == dt.date(2026, 9, 30)


@pytest.mark.parametrize("cell", ["hier", "31/02/2026", "30/09/26", 46295, 2026.0, True, "09/2026"])
def test_what_is_no_day_is_said(cell):
    assert why(DAY, cell).endswith("n’est pas une date ; écrivez-la ainsi : 30/09/2026.")


@pytest.mark.parametrize(
    ("typed", "loc", "number"),
    [
        ("1234,5", FR, 1234.5),
        ("1 234,50 €", FR, 1234.5),
        ("1\u202f234,5", FR, 1234.5),
        ("1.234,50", FR, 1234.5),
        ("1234.5", FR, 1234.5),
        ("-12", FR, -12.0),
        ("−12", FR, -12.0),
        ("1.234.567", FR, 1234567.0),
        ("0.125", FR, 0.125),
        ("1,234.50", EN, 1234.5),
        ("1.234", EN, 1.234),
        ("1,234", FR, 1.234),
        ("35 %", FR, 0.35),
    ],
)
def test_a_number_is_read_with_either_decimal_mark(typed, loc, number):
    assert typed_number(typed, loc) == number


@pytest.mark.parametrize(("typed", "loc"), [("1.234", FR), ("12,345", EN)])
def test_a_number_that_reads_two_ways_is_not_guessed(typed, loc):
    assert "se lit de deux façons" in why(BUDGET, typed, loc)


@pytest.mark.parametrize("typed", ["beaucoup", "12 ou 13", "1,2,3", "--5", ".", "1e9", True])
def test_what_is_no_number_is_said(typed):
    assert why(BUDGET, typed).endswith("n’est pas un nombre.")


def test_heads_are_counted_whole():
    assert read(STAFF, 12.0, FR) == 12
    assert why(STAFF, 12.5) == "« 12.5 » n’est pas un nombre entier."


def test_text_stays_text():
    assert read(STEP, "=1+1", FR) == "=1+1"
    assert read(STEP, 2026, FR) == "2026"
    assert read(STEP, dt.datetime.fromisoformat("2026-09-30"), FR) == "30/09/2026"
    assert read(STEP, "  ", FR) is None


def test_a_choice_is_known_by_its_label_in_either_language_or_its_value(company):
    by_name = {one.name: one for one in columns("account", company(), FR)}
    need = by_name["need"]
    for cell in ("Exprimé", " exprimé", "Expressed", "expressed"):
        assert read(need, cell, EN) == "expressed"
    assert why(need, "Fort") == (
        "« Fort » n’est pas une valeur de « Besoin » ; "
        "il y a : Aucun, Latent, Exprimé, Cahier des charges."
    )
    known = by_name["decider_known"]
    assert [read(known, cell, FR) for cell in ("oui", "No", True, False)] == [
        True, False, True, False,
    ]  # fmt: skip
    assert read(by_name["owner_id"], "rep r3", FR) == company.ids.reps["R3"]
    assert read(by_name["segment"], "GROS", FR) == "gros"
    assert read(by_name["segment"], "moyen", FR) == "moyen"


def test_a_choice_of_two_records_of_one_name_says_which(company):
    by_name = {one.name: one for one in columns("opportunity", company(), FR)}
    assert read(by_name["stage_id"], "négociation", FR) == company.ids.stages["N"]
    assert shown(by_name["stage_id"], company.ids.stages["LOST"]) == "Perdue"


def test_what_a_role_may_not_write_is_locked(company):
    def is_open(username, entity="account"):
        data = company(username)
        listed = columns(entity, data, FR, data.viewer)
        return {one.name for one in listed if one.is_open}

    assert is_open("director") - is_open("rep1") == {"owner_id"}
    assert {"code", "name", "city"} & is_open("director") == set()


@given(st.floats(-1e9, 1e9).map(lambda x: round(x, 2)), st.sampled_from([FR, EN]))
def test_an_amount_that_was_written_is_read_back(amount, loc):
    assert read(BUDGET, shown(BUDGET, amount), loc) == amount
    assert read(BUDGET, loc.number(amount, 2), loc) == amount


@given(st.dates(dt.date(1990, 1, 1), dt.date(2099, 12, 31)))
def test_a_day_that_was_written_is_read_back(day):
    assert read(DAY, shown(DAY, day.isoformat()), FR) == day
    assert read(DAY, FR.date(day), FR) == day


def test_a_seal_holds_through_a_spreadsheet_and_breaks_on_a_change():
    was = ["A1", 12, dt.date(2026, 9, 30), None, 0.35, "a\nb"]
    came = ["A1", 12.0, dt.datetime.fromisoformat("2026-09-30"), "", 0.35, " a\r\nb "]
    assert seal(was) == seal(came)
    assert seal(was) != seal([*came[:3], 0, 0.35, "a\nb"])
    assert seal(["a", ""]) != seal(["", "a"])
    assert alike(float("nan")) == ""
