"""A day's field: what it takes from the browser."""

from __future__ import annotations

import datetime as dt

import pytest

from dashboards.choice import Day


@pytest.mark.parametrize("typed", ["2-09-30", "20-09-30", "202-09-30"])
def test_a_year_still_being_typed_is_waited_for(typed):
    field = Day(value=dt.date(2026, 9, 30))
    field._process_events({"value": typed})
    assert field.value == dt.date(2026, 9, 30)


def test_a_whole_date_or_none_is_taken():
    field = Day(value=dt.date(2026, 9, 30))
    field._process_events({"value": "2025-01-31"})
    assert field.value == dt.date(2025, 1, 31)
    field._process_events({"value": None})
    assert field.value is None
