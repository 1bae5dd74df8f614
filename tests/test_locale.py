from __future__ import annotations

import datetime as dt
from decimal import Decimal
from string import Formatter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench import locale
from workbench.errors import UnknownName
from workbench.locale import EN, FR
from workbench.locale.texts import Text, in_source, shown, untranslated
from workbench.vocabulary import DecisionRole, Need, Status

THIN = "\u202f"
WIDE = "\u00a0"


def test_every_text_on_screen_has_its_english():
    assert untranslated(shown(), locale.english()) == []


def test_english_fills_in_what_french_does():
    def names(text):
        return {name for _, name, _, _ in Formatter().parse(text) if name is not None}

    for entry in locale.english():
        french = entry.id if isinstance(entry.id, tuple) else (entry.id,)
        english = entry.string if isinstance(entry.string, tuple) else (entry.string,)
        for said in filter(None, english):
            assert names(said) == set.union(*map(names, french)), entry.id


def test_texts_are_found_in_calls_and_nowhere_else():
    source = """
TITLE = msg("Titre")
def page(loc, name):
    "loc.t('pas moi')"
    return loc.t("Bonjour {name}", name=name) + t("Aussi") + loc.plural(2, "un", "deux") + f(name)
"""
    assert set(in_source(source)) == {
        Text("Titre"),
        Text("Bonjour {name}"),
        Text("Aussi"),
        Text("un", "deux"),
    }


def test_a_text_without_english_stays_french():
    assert EN.t("Rien de tel {x}", x=1) == "Rien de tel 1"
    assert EN.plural(1, "{n} rien", "{n} riens") == "1 rien"
    assert FR.t("Comptes") == "Comptes"


def test_plural_follows_the_language():
    texts = ("{n} compte", "{n} comptes")
    assert [FR.plural(n, *texts) for n in (0, 1, 2)] == ["0 compte", "1 compte", "2 comptes"]
    assert [EN.plural(n, *texts) for n in (0, 1, 2)] == ["0 accounts", "1 account", "2 accounts"]
    assert FR.plural(9000, *texts) == f"9{THIN}000 comptes"


def test_a_word_is_named_within_its_enum():
    assert FR.label(DecisionRole.GATEKEEPER) == "Filtre"
    assert EN.label(DecisionRole.GATEKEEPER) == "Gatekeeper"
    assert FR.label(Need.NONE) == FR.label(DecisionRole.NONE) == "Aucun"
    assert EN.label(Status, "client") == "Client"
    assert FR.label(Status, "no such status") == "no such status"
    assert FR.label(Status, float("nan")) == "–"


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (FR.number(1234567), f"1{THIN}234{THIN}567"),
        (FR.number(1234.5, 2), f"1{THIN}234,50"),
        (FR.number(0), "0"),
        (FR.number(-0.4), "0"),
        (FR.number(0.5), "1"),
        (FR.number(2.5), "3"),
        (FR.number(-1234.5, 1), f"−1{THIN}234,5"),
        (FR.count(np.int64(9000)), f"9{THIN}000"),
        (FR.count(3, sign=True), "+3"),
        (FR.count(0, sign=True), "0"),
        (FR.percent(0.123), f"12,3{THIN}%"),
        (FR.percent(-0.05, sign=True), f"−5,0{THIN}%"),
        (FR.percent(1), f"100,0{THIN}%"),
        (FR.percent(0.0005), f"0,1{THIN}%"),
        (FR.percent(0.5, base=9), "n. s."),
        (FR.percent(0.5, base=10), f"50,0{THIN}%"),
        (FR.percent(0.456, 0), f"46{THIN}%"),
        (FR.money(12345.6), f"12{THIN}346{WIDE}€"),
        (FR.money(Decimal("12345.60"), cents=True), f"12{THIN}345,60{WIDE}€"),
        (FR.money(-1), f"−1{WIDE}€"),
        (FR.compact(3005000), f"3,0{WIDE}M€"),
        (FR.compact(420000), f"420{WIDE}k€"),
        (FR.compact(999), f"999{WIDE}€"),
        (FR.compact(999.6), f"1,0{WIDE}k€"),
        (FR.compact(99_949), f"99,9{WIDE}k€"),
        (FR.compact(99_950), f"100{WIDE}k€"),
        (FR.compact(-3005000, sign=True), f"−3,0{WIDE}M€"),
        (FR.compact(2_500_000_000), f"2,5{WIDE}Md€"),
        (FR.compact(0), f"0{WIDE}€"),
        (EN.compact(2_500_000_000), "€2.5bn"),
        (EN.money(-12345.6), "−€12,346"),
        (EN.percent(0.123), "12.3%"),
        (locale.of("fr", currency="GBP").money(5), f"5{WIDE}£GB"),
        (locale.of("en", currency="GBP").money(5), "£5"),
        (FR.separators, f",{THIN}"),
        (EN.separators, ".,"),
    ],
)
def test_numbers_are_written_in_house_style(shown, expected):
    assert shown == expected


@pytest.mark.parametrize("nothing", [None, float("nan"), pd.NA, pd.NaT, np.nan])
def test_what_does_not_exist_is_a_dash(nothing):
    for write in (FR.number, FR.count, FR.percent, FR.money, EN.compact, FR.date, FR.moment):
        assert write(nothing) == "–"


def test_infinity_is_a_dash():
    assert FR.percent(float("inf")) == FR.money(float("-inf")) == EN.compact(np.inf) == "–"


def test_dates_are_written_in_house_style():
    day = dt.date(2026, 9, 30)
    assert FR.date(day) == EN.date(day) == FR.date(pd.Timestamp(day)) == "30/09/2026"
    assert (FR.day(day), EN.day(day)) == ("mer. 30 sept.", "Wed 30 Sept")
    assert (FR.month(day), EN.month(day)) == ("sept. 2026", "Sept 2026")


def test_moments_are_kept_in_utc_and_shown_on_the_local_clock():
    assert FR.moment(dt.datetime(2026, 9, 30, 22, 30)) == "01/10/2026 00:30"  # noqa: DTZ001
    assert FR.moment(dt.datetime(2026, 1, 5, 8, 0, tzinfo=dt.UTC)) == "05/01/2026 09:00"
    assert locale.of("en", timezone="UTC").moment(pd.Timestamp("2026-01-05 08:00")) == (
        "05/01/2026 08:00"
    )


def test_a_language_that_it_does_not_speak_is_named():
    with pytest.raises(UnknownName, match=r"'de'.*en, fr"):
        locale.of("de")


@given(st.floats(min_value=-1e11, max_value=1e11), st.integers(0, 4))
def test_a_number_read_back_is_the_number_rounded(value, digits):
    text = FR.number(value, digits).replace(THIN, "").replace("−", "-").replace(",", ".")
    assert abs(float(text) - value) <= 0.5 * 10**-digits + 3e-5
    assert text not in {"-0", "-0.0"}
