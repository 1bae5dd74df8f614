import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.figures import scales
from workbench.locale import EN, FR


@pytest.mark.parametrize(
    ("values", "texts", "unit"),
    [
        ([950.0], ("0", "250", "500", "750"), "€"),
        ([1_050.0], ("0,0", "0,5", "1,0"), "k€"),
        ([3_400_000.0, 12.0], ("0", "1", "2", "3"), "M€"),
        ([-20.0, 90.0], ("0", "50"), "€"),
        ([], ("0",), "€"),
        ([float("nan")], ("0",), "€"),
    ],
)
def test_money_in_round_steps_of_its_unit(values, texts, unit):
    scale = scales.money(FR, values)
    assert scale.unit == unit
    assert scale.texts[: len(texts)] == texts


def test_english_puts_the_symbol_first():
    assert scales.money(EN, [42_000.0]).unit == "€k"


def test_counts_have_no_halves():
    assert scales.count(FR, [1], "comptes").texts == ("0", "1")


def test_the_unit_stands_in_the_title():
    scale = scales.percent(FR, [0.4], "% des comptes")
    assert scale.axis()["title"]["text"] == "% des comptes"
    assert scales.money(FR, [10.0]).axis("Encours")["title"]["text"] == "Encours (€)"


@given(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9))
def test_ticks_are_few_contain_zero_and_lie_within(low, high):
    ticks = scales.round_ticks(low, high)
    assert 0 in ticks
    assert len(ticks) <= 6
    assert all(min(low, 0) - 1e-6 <= tick <= max(high, 0) + 1e-6 for tick in ticks)
