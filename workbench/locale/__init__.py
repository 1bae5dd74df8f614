"""What is shown on screen: texts in French or English, numbers, money and dates in house style.

The French text is the message id; its English stands in `en.po`. A `Locale` is passed to whatever
shows something, so that two people with two languages can share one process. Adding a text: write
it in French where it is used, run `python -m workbench.locale`, fill in the English.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cache, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, overload
from zoneinfo import ZoneInfo

from babel.core import Locale as BabelLocale
from babel.dates import format_date, format_datetime
from babel.messages.pofile import read_po
from babel.numbers import (
    format_decimal,
    get_currency_symbol,
    get_decimal_symbol,
    get_group_symbol,
)

from workbench.errors import Reason, UnknownName
from workbench.vocabulary import Word

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog

__all__ = ["DASH", "EN", "FR", "Locale", "msg", "of"]

DASH = "–"
MINUS = "\N{MINUS SIGN}"
THIN = "\N{NARROW NO-BREAK SPACE}"
WIDE = "\N{NO-BREAK SPACE}"
SMALLEST_BASE = 10
"""A rate on fewer than so many says more about chance than about the thing: it is not shown."""

_REGIONS = {"fr": "fr_FR", "en": "en_GB"}
_SCALES = ((1_000_000_000, {"fr": "Md", "en": "bn"}), (1_000_000, "M"), (1_000, "k"))
_HUNDRED = 100


def msg(text: str) -> str:
    """Mark a text that is kept in a constant and translated where it is shown.

    >>> TITLE = msg("Comptes")
    >>> EN.t(TITLE)
    'Accounts'
    """
    return text


@cache
def english() -> Catalog:
    """The French texts with their English, from `en.po`."""
    with files(__package__).joinpath("en.po").open("rb") as file:
        return read_po(file, locale="en_GB")


def missing(value: Any) -> bool:
    """Whether nothing is there: None, NaN, NaT or pandas' NA.

    NA is known by its class's name, as asking it for equality raises, and importing pandas to
    know it would slow every command line.
    """
    return value is None or type(value).__name__ == "NAType" or value != value  # noqa: PLR0124 - NaN


@dataclass(frozen=True)
class Locale:
    """A language with a currency and a time zone, and how each thing is written in it.

    Whatever does not exist (None, NaN, NaT, NA) is written as a dash, zero as 0.
    """

    language: str = "fr"
    currency: str = "EUR"
    timezone: str = "Europe/Paris"

    @property
    def region(self) -> BabelLocale:
        """The locale as Babel has it."""
        return _region(self.language)

    @property
    def symbol(self) -> str:
        """The currency's symbol: "€"."""
        return _symbol(self.currency, self.language)

    @property
    def separators(self) -> str:
        """Decimal mark and thousands separator, as plotly's `layout.separators` takes them."""
        return get_decimal_symbol(self.region) + get_group_symbol(self.region)

    # Texts

    def t(self, text: str, /, **values: Any) -> str:
        """The French text in this language, `{names}` in it filled in from the values.

        A text that `en.po` does not have stays French: names that users gave, for instance.

        >>> EN.t("Comptes")
        'Accounts'
        """
        said = text
        if self.language == "en":
            entry = english().get(text)
            said = str(entry.string) if entry and entry.string else text
        return said.format(**values) if values else said

    def say(self, reason: str, /) -> str:
        """A reason in this language; words of the vocabulary in it by their names."""
        if not isinstance(reason, Reason):
            return reason
        values = {k: self._said(v) for k, v in reason.values.items()}
        return self.t(reason.template, **values)

    def _said(self, value: object) -> str:
        if isinstance(value, (list, tuple)):
            return ", ".join(map(self._said, value))
        if isinstance(value, Word):
            return self.label(value)
        if isinstance(value, Reason):
            return self.say(value)
        return self.t(str(value))

    def plural(self, count: float, one: str, many: str, /, **values: Any) -> str:
        """The text for that many, `{n}` in it being the count; French says "0 compte".

        >>> FR.plural(1, "{n} compte", "{n} comptes"), EN.plural(2, "{n} compte", "{n} comptes")
        ('1 compte', '2 accounts')
        """
        values["n"] = self.count(count)
        if self.language == "en":
            entry = english().get((one, many))
            said = tuple(entry.string or ()) if entry else ()
            if all(said):
                one, many = said or (one, many)
            return (one if count == 1 else many).format(**values)
        return (one if abs(count) < 2 else many).format(**values)  # noqa: PLR2004 - French plural

    @overload
    def label(self, word: Word, /) -> str: ...
    @overload
    def label(self, kind: type[Word], value: Any, /) -> str: ...
    def label(self, word: Word | type[Word], value: Any = None, /) -> str:
        """The name on screen of a word, or of the word of that kind with that value.

        A value that isn't of the vocabulary is shown as it is.

        >>> from workbench.vocabulary import Status
        >>> FR.label(Status.CLIENT), EN.label(Status, "lost"), FR.label(Status, None)
        ('Client', 'Lost', '–')
        """
        if isinstance(word, type):
            if missing(value):
                return DASH
            found = next((member for member in word if member.value == value), None)
            if found is None:
                return str(value)
            word = found
        if self.language == "en":
            entry = english().get(word.label, context=type(word).__name__)
            if entry and entry.string:
                return str(entry.string)
        return word.label

    # Numbers

    def number(
        self, value: Any, digits: int = 0, *, base: float | None = None, sign: bool = False
    ) -> str:
        """A number with so many decimals, halves rounded away from zero.

        A mean or rate whose base is below 10 is "n. s.".

        >>> EN.number(1234.5), FR.number(-0.25, 1), EN.number(3, 2, sign=True)
        ('1,235', '−0,3', '+3.00')
        """
        if base is not None and not missing(base) and base < SMALLEST_BASE:
            return self.t("n. s.")
        if missing(value) or math.isinf(value):
            return DASH
        rounded = Decimal(str(value)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
        pattern = "#,##0" + ("." + "0" * digits if digits else "")
        text = _written(abs(rounded), pattern, self.language)
        if rounded < 0:
            return MINUS + text
        return "+" + text if sign and rounded else text

    def count(self, value: Any, *, sign: bool = False) -> str:
        """A whole number: 9000 → "9 000"."""
        return self.number(value, sign=sign)

    def percent(
        self, value: Any, digits: int = 1, *, base: float | None = None, sign: bool = False
    ) -> str:
        """A ratio as a percentage: 0.123 → "12,3 %"; "n. s." where its base is below 10.

        >>> EN.percent(0.123), EN.percent(0.5, base=4), EN.percent(0.2, sign=True)
        ('12.3%', 'n.s.', '+20.0%')
        """
        share = value if missing(value) else Decimal(str(value)) * _HUNDRED
        text = self.number(share, digits, base=base, sign=sign)
        if text in {DASH, self.t("n. s.")}:
            return text
        return text + (f"{THIN}%" if self.language == "fr" else "%")

    def points(self, value: Any) -> str:
        """The change of a rate: 0.023 → "+2,3 points".

        >>> EN.points(0.023), FR.points(-0.023)
        ('+2.3 points', '−2,3 points')
        """
        share = value if missing(value) else Decimal(str(value)) * _HUNDRED
        return self.t("{n} points", n=self.number(share, 1, sign=True))

    def money(self, value: Any, *, cents: bool = False, sign: bool = False) -> str:
        """An amount: 12345.6 → "12 346 €", with `cents` "12 345,60 €".

        >>> EN.money(12345.6), EN.money(-5, cents=True)
        ('€12,346', '−€5.00')
        """
        return self._with_symbol(self.number(value, 2 if cents else 0, sign=sign))

    def compact(self, value: Any, *, sign: bool = False) -> str:
        """An amount for cards and axes, to about three figures.

        >>> EN.compact(3005000), EN.compact(420000), EN.compact(-12345), EN.compact(999_960)
        ('€3.0M', '€420k', '−€12.3k', '€1.0M')
        """
        if missing(value) or math.isinf(value):
            return DASH
        size = abs(Decimal(str(value)))
        for scale, letter in _SCALES:
            scaled = size / scale
            # 999,960 is 1.0 M, not 1,000 k: the larger unit begins where the smaller would round
            # up to it.
            if scaled >= Decimal("0.9995"):
                digits = 0 if scaled >= Decimal("99.95") else 1
                text = self.number(-scaled if value < 0 else scaled, digits, sign=sign)
                return self._with_symbol(
                    text, letter if isinstance(letter, str) else letter[self.language]
                )
        return self._with_symbol(self.number(value, sign=sign))

    def _with_symbol(self, text: str, letter: str = "") -> str:
        if text == DASH:
            return DASH
        if self.language == "fr":
            return f"{text}{WIDE}{letter}{self.symbol}"
        sign = text[0] if text[0] in (MINUS, "+") else ""
        return f"{sign}{self.symbol}{text.removeprefix(sign)}{letter}"

    # Dates

    def date(self, day: dt.date | None) -> str:
        """A date in figures: "30/09/2026"."""
        return self._day(day, "dd/MM/yyyy")

    def day(self, day: dt.date | None) -> str:
        """A day within its year, for axes and agendas: "mer. 30 sept."."""
        return self._day(day, "EEE d MMM")

    def month(self, day: dt.date | None) -> str:
        """A date's month: "sept. 2026"."""
        return self._day(day, "MMM y")

    def _day(self, day: dt.date | None, pattern: str) -> str:
        return DASH if missing(day) else str(format_date(day, pattern, locale=self.region))

    def moment(self, moment: dt.datetime | None) -> str:
        """A moment kept in UTC, on this locale's clock: "30/09/2026 16:05"."""
        if moment is None or missing(moment):
            return DASH
        aware = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
        local = aware.astimezone(ZoneInfo(self.timezone))
        return str(format_datetime(local, "dd/MM/yyyy HH:mm", locale=self.region))


FR = Locale("fr")
EN = Locale("en")


# A page writes some thousand numbers, many of them alike; Babel looks its locale up for each.


@cache
def _region(language: str) -> BabelLocale:
    return BabelLocale.parse(_REGIONS[language])


@cache
def _symbol(currency: str, language: str) -> str:
    return str(get_currency_symbol(currency, _region(language)))


@lru_cache(10_000)
def _written(number: Decimal, pattern: str, language: str) -> str:
    return str(format_decimal(number, format=pattern, locale=_region(language)))


def of(language: str, *, currency: str = "EUR", timezone: str = "Europe/Paris") -> Locale:
    """The locale of that language.

    Raises:
        UnknownName: the workbench does not speak it.
    """
    if language not in _REGIONS:
        raise UnknownName("language", language, _REGIONS)
    return Locale(language, currency, timezone)
