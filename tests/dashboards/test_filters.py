"""Periods, addresses, and who stands under whom."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.filters import PERIODS, Span, from_query, months_before, reps_under, span

D = dt.date


@pytest.mark.parametrize(
    ("period", "as_of", "start", "before"),
    [
        ("12m", D(2026, 9, 30), D(2025, 10, 1), (D(2024, 10, 1), D(2025, 9, 30))),
        ("3m", D(2026, 9, 30), D(2026, 7, 1), (D(2026, 4, 1), D(2026, 6, 30))),
        ("month", D(2026, 9, 15), D(2026, 9, 1), (D(2026, 8, 1), D(2026, 8, 15))),
        ("quarter", D(2026, 2, 28), D(2026, 1, 1), (D(2025, 10, 1), D(2025, 11, 28))),
        ("year", D(2026, 12, 31), D(2026, 1, 1), (D(2025, 1, 1), D(2025, 12, 31))),
    ],
)
def test_a_period_and_the_one_it_is_compared_with(period, as_of, start, before):
    found = span(period, as_of)
    assert (found.start, found.end) == (start, as_of)
    assert (found.before.start, found.before.end) == before


@given(st.sampled_from(sorted(PERIODS)), st.dates(D(2001, 1, 1), D(2090, 12, 31)))
def test_a_period_ends_on_the_date_and_the_one_before_ends_earlier(period, as_of):
    found = span(period, as_of)
    assert found.start <= found.end == as_of
    assert found.before.start < found.before.end < found.end or found.before == Span(
        found.before.start, found.before.start, found.months
    )


def test_a_month_earlier_than_the_31st_is_the_months_last():
    assert months_before(D(2024, 3, 31), 1) == D(2024, 2, 29)


@given(
    st.sampled_from(sorted(PERIODS)),
    st.one_of(st.none(), st.integers(1, 10_000)),
    st.lists(st.sampled_from(["Gros œuvre", "Maison individuelle", "Isolation"]), unique=True),
)
def test_an_address_says_what_was_chosen(period, team, segments):
    chosen = from_query({})
    chosen.param.update(period=period, team=team, segments=segments)
    again = from_query(chosen.query())
    assert (again.period, again.team, again.segments) == (period, team, segments)


@given(st.dictionaries(st.sampled_from(["as_of", "period", "team", "segments"]), st.text()))
def test_any_address_is_read(query):
    assert from_query(query).period in PERIODS


def test_everyone_under_a_manager_at_any_level():
    reps = pd.DataFrame(
        {"id": [1, 2, 3, 4], "manager_id": pd.array([None, 1, 2, None], dtype="Int64")}
    )
    assert reps_under(reps, 1) == [1, 2, 3]
    assert reps_under(reps, 4) == [4]
