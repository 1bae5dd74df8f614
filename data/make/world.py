"""What all parts share: the demo's dates, its seeded chance, its calendar and its numbers.

Each topic draws from its own seeded generator, so that a change to one doesn't move the others.
"""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

OPENED = dt.date(2022, 1, 3)
"""The CRM's first day."""
BOOKS = dt.date(2024, 1, 1)
"""First day of the ledger and of the invoices; only quotes of older deals were carried over."""
TODAY = dt.date(2026, 9, 30)
"""The demo's last day, today to those who look at it."""

SEASON = (0.78, 0.88, 1.06, 1.08, 1.00, 1.14, 1.06, 0.55, 1.16, 1.18, 1.06, 0.78)
"""Weight of each month in a building merchant's year: dead in August, thin at Christmas."""

FIXED_HOLIDAYS = {(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)}


def chance(topic: str) -> random.Random:
    """The generator of a topic; the same draws on every run and machine."""
    return random.Random(f"aquibat/{topic}")  # noqa: S311 - must repeat, guards nothing


def days(number: float) -> dt.timedelta:
    """That many whole days."""
    return dt.timedelta(days=round(number))


def workday(day: dt.date) -> dt.date:
    """That day, or the next one on which people work.

    >>> workday(dt.date(2026, 8, 15))
    datetime.date(2026, 8, 17)
    """
    while day.weekday() >= 5 or (day.month, day.day) in FIXED_HOLIDAYS:
        day += dt.timedelta(days=1)
    return day


def last_workday(day: dt.date) -> dt.date:
    """That day, or the last one before it on which people work."""
    while day.weekday() >= 5 or (day.month, day.day) in FIXED_HOLIDAYS:
        day -= dt.timedelta(days=1)
    return day


def months(first: dt.date, last: dt.date) -> list[dt.date]:
    """The first day of each month from one date to another."""
    found = []
    day = first.replace(day=1)
    while day <= last:
        found.append(day)
        day = (day + dt.timedelta(days=32)).replace(day=1)
    return found


def between(rng: random.Random, first: dt.date, last: dt.date) -> dt.date:
    """A working day in a span; its last working day where the span has no other."""
    if last <= first:
        return last_workday(last)
    day = workday(first + dt.timedelta(days=rng.randrange((last - first).days + 1)))
    return day if day <= last else last_workday(last)


def luhn_digit(digits: str) -> str:
    """The digit that, put behind, makes a number pass the Luhn check.

    >>> luhn_digit("73282932")
    '0'
    """
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return str(-total % 10)


def siren(number: int) -> str:
    """The SIREN of that rank in a range that nobody is given (see README)."""
    digits = f"2100{number:04d}"
    return digits + luhn_digit(digits)


def siret(of: str, establishment: int = 1) -> str:
    """The SIRET of a SIREN's establishment of that rank."""
    digits = f"{of}{establishment:04d}"
    return digits + luhn_digit(digits)


def iban(rng: random.Random) -> str:
    """A French IBAN whose keys hold, of bank 00000, which doesn't exist."""
    account = f"{rng.randrange(10**11):011d}"
    key = 97 - (3 * int(account)) % 97
    basic = f"0000000000{account}{key:02d}"
    check = 98 - int(f"{basic}152700") % 97
    return f"FR{check:02d}{basic}"


@dataclass
class History:
    """The dated values, in the order in which they came true."""

    rows: list[tuple[str, str, str, dt.date, str]] = field(default_factory=list)

    def note(
        self, entity: str, code: str, name: str, values: Iterable[tuple[dt.date, str]]
    ) -> None:
        """A field takes each value from its day on; an empty value is none."""
        self.rows += [(entity, code, name, day, value) for day, value in values]


def euros(cents: int) -> str:
    """Cents as euro with a point.

    >>> euros(-123405)
    '-1234.05'
    """
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d}"
