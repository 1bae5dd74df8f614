"""What goes into one cell of a file for a spreadsheet: its value by kind, its format, its guard.

Text that a spreadsheet could take for a formula is guarded, and only text: a number stays the
number that it is. In a workbook the guard is the cell's type and its quote prefix, so that what is
read back is what was written; CSV knows no types, so there an apostrophe stands before it.
"""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from workbench.locale import missing
from workbench.tables import Kind

if TYPE_CHECKING:
    from workbench.locale import Locale

Value = str | int | float | bool | dt.date | dt.datetime | None

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
LONGEST_TEXT = 32_767
"""Characters that a cell of a workbook can hold."""

# The language in brackets has a spreadsheet write a number as the reader of this file does,
# whatever the machine's own habits: 1 234,50 € and 30/09/2026.
_TAGS = {"fr": "[$-40C]", "en": "[$-809]"}


def is_risky(text: str) -> bool:
    """Whether a spreadsheet could take this text for a formula.

    >>> is_risky("=2+2"), is_risky("-12"), is_risky("Durand & Fils"), is_risky("")
    (True, True, False, False)
    """
    return text.startswith(FORMULA_STARTS)


def quoted(text: str) -> str:
    """Text for a CSV cell, with an apostrophe before what could be taken for a formula.

    >>> quoted("@SUM(A1)"), quoted("12 rue Haute")
    ("'@SUM(A1)", '12 rue Haute')
    """
    return f"'{text}" if is_risky(text) else text


def value(raw: Any, kind: Kind) -> Value:
    r"""What a cell of that kind holds: plain Python; None for whatever does not exist.

    Infinite numbers, which no spreadsheet has, are taken as not existing. A moment loses its zone
    (it is UTC), a date its empty time, a text the control characters that no file format allows.

    >>> value(float("nan"), Kind.MONEY), value(3.0, Kind.COUNT), value("a\x00b", Kind.TEXT)
    (None, 3, 'ab')
    """
    if missing(raw):
        return None
    match kind:
        case Kind.TEXT:
            return ILLEGAL_CHARACTERS_RE.sub("", str(raw))[:LONGEST_TEXT]
        case Kind.FLAG:
            return bool(raw)
        case Kind.DATE:
            return _day(raw)
        case Kind.MOMENT:
            return _moment(raw)
    return _number(raw, kind)


def _number(raw: Any, kind: Kind) -> Value:
    number = float(raw)
    if not math.isfinite(number):
        return None
    if kind in {Kind.ID, Kind.COUNT} and number.is_integer():
        return int(raw)
    # Money is computed in binary floats and true to the cent: what is written is the cent.
    return round(number, 2) if kind is Kind.MONEY else number


def _day(raw: Any) -> dt.date:
    return raw.date() if isinstance(raw, dt.datetime) else raw


def _moment(raw: Any) -> dt.datetime:
    if not isinstance(raw, dt.datetime):
        return dt.datetime.combine(raw, dt.time())
    plain = raw.astimezone(dt.UTC) if raw.tzinfo else raw
    # A pandas Timestamp is a datetime too, but openpyxl knows only the plain one.
    return dt.datetime.combine(plain.date(), plain.time().replace(microsecond=0))


def number_format(kind: Kind, loc: Locale, *, cents: bool = True) -> str:
    r"""The format code of a kind of cell, in the reader's habits.

    >>> from workbench.locale import FR
    >>> number_format(Kind.MONEY, FR)
    '[$-40C]#,##0.00\\ "€"'
    """
    tag = _TAGS[loc.language]
    space = "\\ " if loc.language == "fr" else ""
    if kind is Kind.MONEY:
        digits = "#,##0.00" if cents else "#,##0"
        said = f'{digits}\\ "{loc.symbol}"' if loc.language == "fr" else f'"{loc.symbol}"{digits}'
        return tag + said
    codes = {
        Kind.ID: "0",
        Kind.COUNT: f"{tag}#,##0",
        Kind.NUMBER: f"{tag}#,##0.0",
        Kind.RATIO: f"{tag}0.0{space}%",
        Kind.DATE: "dd/mm/yyyy",
        Kind.MOMENT: "dd/mm/yyyy hh:mm",
    }
    return codes.get(kind, "General")


def csv_text(cell: Value, kind: Kind, loc: Locale) -> str:
    """A cell as CSV for a spreadsheet in the reader's language: decimal comma and 30/09/2026.

    >>> from workbench.locale import FR, EN
    >>> csv_text(-1234.5, Kind.MONEY, FR), csv_text(-1234.5, Kind.MONEY, EN)
    ('-1234,50', '-1234.50')
    """
    match cell:
        case None:
            return ""
        case bool():
            return loc.t("oui") if cell else loc.t("non")
        case str():
            return quoted(cell)
        case dt.datetime():
            return cell.strftime("%d/%m/%Y %H:%M")
        case dt.date():
            return cell.strftime("%d/%m/%Y")
    # Decimal of the shortest repr: no exponent, no binary noise.
    text = f"{cell:.2f}" if kind is Kind.MONEY else f"{Decimal(repr(cell)):f}"
    return text.replace(".", ",") if loc.language == "fr" else text
