"""Scales of values: round ticks from zero, and the unit that their numbers are written in."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from workbench.locale import Locale

_SCALES = ((1e9, "Md"), (1e6, "M"), (1e3, "k"))


@dataclass(frozen=True)
class Scale:
    """A value axis: its unit, its round ticks with their texts, and where it ends."""

    unit: str
    ticks: tuple[float, ...]
    texts: tuple[str, ...]
    ends: tuple[float, float]

    def axis(self, title: str = "", **more: Any) -> dict[str, Any]:
        """The axis, its unit in its title."""
        return {
            "title": {"text": f"{title} ({self.unit})" if title else self.unit},
            "tickvals": list(self.ticks),
            "ticktext": list(self.texts),
            "tickangle": 0,
            "range": list(self.ends),
            "showgrid": True,
            **more,
        }

    def upright(self, title: str = "") -> dict[str, Any]:
        """The axis standing, with room above the highest mark."""
        low, high = self.ends
        room = 0.06 * (high - low)
        return self.axis(title, range=[low - (room if low < 0 else 0), high + room], zeroline=True)


def round_ticks(low: float, high: float, most: int = 4) -> list[float]:
    """Round numbers, zero among them, that cover `low` to `high` but for less than a step.

    >>> round_ticks(0, 9000)
    [0.0, 2500.0, 5000.0, 7500.0]
    >>> round_ticks(-3, 10)
    [0.0, 5.0, 10.0]
    """
    low, high = min(low, 0.0), max(high, 0.0)
    span = high - low if high - low > sys.float_info.min * most else 1.0
    power = 10.0 ** math.floor(math.log10(span / most))
    step = next(
        factor * power for factor in (1, 2, 2.5, 5, 10, 20) if span / (factor * power) <= most
    )
    first, last = math.ceil(round(low / step, 9)), math.floor(round(high / step, 9))
    return [round(number * step, 9) for number in range(first, last + 1)]


def money(loc: Locale, values: Iterable[float]) -> Scale:
    """Amounts, in €, k€, M€ or Md€ as they are large.

    >>> from workbench.locale import FR
    >>> money(FR, [420_000.0]).texts, money(FR, [420_000.0]).unit
    (('0', '200', '400'), 'k€')
    """
    ends, ticks = _ends(values)
    largest = max(map(abs, ends))
    size, letter = next(((size, name) for size, name in _SCALES if largest >= size), (1.0, ""))
    if letter == "Md":
        letter = loc.t("Md")
    unit = f"{letter}{loc.symbol}" if loc.language == "fr" else f"{loc.symbol}{letter}"
    return Scale(unit, tuple(ticks), _texts(loc, [tick / size for tick in ticks]), ends)


def count(loc: Locale, values: Iterable[float], unit: str) -> Scale:
    """Counts of the things that `unit` names; no tick between two whole numbers.

    >>> from workbench.locale import FR
    >>> count(FR, [2], "comptes").texts
    ('0', '1', '2')
    """
    ends, ticks = _ends(values)
    ticks = [tick for tick in ticks if tick == int(tick)]
    return Scale(unit, tuple(ticks), _texts(loc, ticks), ends)


def number(loc: Locale, values: Iterable[float], unit: str) -> Scale:
    """Numbers that may have decimals, of a unit."""
    ends, ticks = _ends(values)
    return Scale(unit, tuple(ticks), _texts(loc, ticks), ends)


def percent(loc: Locale, values: Iterable[float], unit: str = "%") -> Scale:
    """Ratios, written in per cent; `unit` says of what.

    >>> from workbench.locale import FR
    >>> percent(FR, [0.13], "% des comptes").texts
    ('0', '5', '10')
    """
    ends, ticks = _ends(values)
    return Scale(unit, tuple(ticks), _texts(loc, [tick * 100 for tick in ticks]), ends)


def _ends(values: Iterable[float]) -> tuple[tuple[float, float], list[float]]:
    """Where the axis ends, and its ticks: the zero alone where there is nothing else."""
    known = [0.0, *(value for value in values if value is not None and not math.isnan(value))]
    low, high = min(known), max(known)
    return ((low, high), round_ticks(low, high)) if high > low else ((0.0, 1.0), [0.0])


def _texts(loc: Locale, ticks: Sequence[float]) -> tuple[str, ...]:
    whole = all(abs(tick - round(tick)) < 1e-6 for tick in ticks)  # noqa: PLR2004 - float noise
    return tuple(loc.number(tick, 0 if whole else 1) for tick in ticks)
