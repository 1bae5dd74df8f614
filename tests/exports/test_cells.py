import datetime as dt
import math
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.exports import cells
from workbench.locale import EN, FR
from workbench.tables import Kind


@pytest.mark.parametrize("text", ["=1+1", "+33 5 56 00 00 00", "-12", "@SUM(A1)", "\t=1", "\r=1"])
def test_text_that_could_be_a_formula_is_risky(text):
    assert cells.is_risky(text)
    assert cells.quoted(text) == "'" + text


@pytest.mark.parametrize("text", ["Durand", "12 rue", "'=1", " =1", ""])
def test_other_text_is_left_as_it_is(text):
    assert cells.quoted(text) == text


@pytest.mark.parametrize(
    ("raw", "kind", "expected"),
    [
        (-1234.567, Kind.MONEY, -1234.57),
        (Decimal("10.10"), Kind.MONEY, 10.1),
        (0, Kind.MONEY, 0.0),
        (7, Kind.COUNT, 7),
        (7.0, Kind.COUNT, 7),
        (2.5, Kind.COUNT, 2.5),
        (math.inf, Kind.RATIO, None),
        (math.nan, Kind.NUMBER, None),
        (pd.NA, Kind.COUNT, None),
        (pd.NaT, Kind.DATE, None),
        (None, Kind.TEXT, None),
        (pd.Timestamp("2026-09-30 14:00"), Kind.DATE, dt.date(2026, 9, 30)),
        (dt.date(2026, 9, 30), Kind.DATE, dt.date(2026, 9, 30)),
        (
            pd.Timestamp("2026-09-30 14:00:01.5", tz="Europe/Paris"),
            Kind.MOMENT,
            dt.datetime.fromisoformat("2026-09-30T12:00:01"),
        ),
        (1, Kind.FLAG, True),
        ("a\x07b", Kind.TEXT, "ab"),
    ],
)
def test_value(raw, kind, expected):
    found = cells.value(raw, kind)
    assert found == expected
    assert type(found) is type(expected)


def test_a_text_longer_than_a_cell_is_cut():
    assert len(cells.value("x" * 40_000, Kind.TEXT)) == cells.LONGEST_TEXT


@given(
    st.decimals(
        allow_nan=False, allow_infinity=False, places=2, max_value=10**9, min_value=-(10**9)
    )
)
def test_money_in_csv_is_never_guarded_nor_rounded(amount):
    text = cells.csv_text(cells.value(float(amount), Kind.MONEY), Kind.MONEY, FR)
    assert Decimal(text.replace(",", ".")) == amount


@pytest.mark.parametrize(
    ("cell", "kind", "french", "english"),
    [
        (None, Kind.MONEY, "", ""),
        (True, Kind.FLAG, "oui", "yes"),
        (dt.date(2026, 9, 30), Kind.DATE, "30/09/2026", "30/09/2026"),
        (
            dt.datetime.fromisoformat("2026-09-30T08:05"),
            Kind.MOMENT,
            "30/09/2026 08:05",
            "30/09/2026 08:05",
        ),
        (0.00001, Kind.NUMBER, "0,00001", "0.00001"),
        (9000, Kind.COUNT, "9000", "9000"),
        ("-12", Kind.TEXT, "'-12", "'-12"),
    ],
)
def test_csv_text(cell, kind, french, english):
    assert cells.csv_text(cell, kind, FR) == french
    assert cells.csv_text(cell, kind, EN) == english


def test_formats_speak_the_reader_s_language():
    assert cells.number_format(Kind.MONEY, FR, cents=False) == r'[$-40C]#,##0\ "€"'
    assert cells.number_format(Kind.MONEY, EN) == '[$-809]"€"#,##0.00'
    assert cells.number_format(Kind.RATIO, FR) == r"[$-40C]0.0\ %"
    assert cells.number_format(Kind.TEXT, FR) == "General"
