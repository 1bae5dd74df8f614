from __future__ import annotations

import datetime as dt

import pytest

from workbench.errors import SettingsError, UnknownName
from workbench.metrics.catalog import find
from workbench.options import pairs, typed, value


@pytest.mark.parametrize(
    ("text", "annotation", "expected"),
    [
        ("90", "int", 90),
        ("0.5", "float", 0.5),
        ("true", "bool", True),
        ("no", "bool", False),
        ("none", "str | None", None),
        ("", "Any", None),
        ("none", "str", "none"),
        ("2026-09-30", "dt.date", dt.date(2026, 9, 30)),
        ("2026-09-30", "Any", "2026-09-30"),
        ("month", "int | str", "month"),
        ("3", "int | str", 3),
        ("call,visit", "Sequence[str] | None", ["call", "visit"]),
    ],
)
def test_a_text_becomes_a_value_of_the_options_type(text, annotation, expected):
    read = value("x", text, annotation)
    assert read == expected
    assert type(read) is type(expected)


@pytest.mark.parametrize(
    ("text", "annotation", "said"),
    [
        ("x", "int", "a whole number"),
        ("1,5", "float", "decimals follow a point"),
        ("30/09/2026", "dt.date | None", "2026-09-30"),
        ("perhaps", "bool", "true or false"),
    ],
)
def test_a_text_of_another_type_is_refused(text, annotation, said):
    with pytest.raises(SettingsError, match=rf"window: '{text}' is not .*{said}"):
        value("window", text, annotation)


def test_a_text_without_equals_is_refused():
    with pytest.raises(SettingsError, match="'segment' is no option: write key=value"):
        pairs(["segment"])


def test_options_are_those_of_the_metric():
    metric = find("funnel_stock")
    assert typed(metric, {"by": "segment"}) == {"by": "segment"}
    assert typed(metric, {"by": "none"}) == {"by": None}
    with pytest.raises(UnknownName, match=r"No option of funnel_stock is called 'bye'.*mean 'by'"):
        typed(metric, {"bye": "segment"})
