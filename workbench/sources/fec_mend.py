"""Mends ledger lines whose columns were shifted by a delimiter within a label.

Every way of joining the surplus fields is tried. A reading counts where each field then is what its
column says; the lines that read well, and the balance of the entry, choose among those.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa

from workbench.sources import values

if TYPE_CHECKING:
    from collections.abc import Iterator

FREE = ("journal_label", "account_label", "customer_name", "piece", "label")
SURPLUS = 6  # more stray delimiters than that in one line are past guessing
DATE = re.compile(r"\d{8}|\d{4}-\d\d-\d\d|\d\d/\d\d/\d{4}")
MONEY = re.compile(r"[+-]?[\d \u00a0\u202f.,]*\d[\d.,]*-?")
FORMS = {
    "journal": re.compile(r"\S.{0,20}"),
    "date": DATE,
    "account_number": re.compile(r"\d[0-9A-Za-z]*"),
    "piece_date": re.compile(f"({DATE.pattern})?"),
    "debit": re.compile(f"({MONEY.pattern})?"),
    "credit": re.compile(f"({MONEY.pattern})?"),
    "amount": MONEY,
    "side": re.compile(r"[DCdc]|[+-]?1?"),
    "letter_date": re.compile(f"({DATE.pattern})?"),
    "valid_date": re.compile(f"({DATE.pattern})?"),
    "currency_amount": re.compile(f"({MONEY.pattern})?"),
    "currency": re.compile(r"([A-Za-z]{3})?"),
}
PAIRS = (("journal", "journal_label"), ("account_number", "account_label"), ("customer", "customer_name"))
Reading = dict[str, str]


@dataclass(frozen=True)
class Shape:
    """The columns of a file, by our names, and what stands between them."""

    names: list[str]
    delimiter: str

    def table(self, readings: list[Reading]) -> pa.Table:
        """Readings as columns of text."""
        return pa.table({name: pa.array([r[name] for r in readings], pa.string()) for name in self.names})

    def readings(self, line: str) -> Iterator[Reading]:
        """Every way to read a line in which each field is what its column says."""
        fields = [part.strip() for part in line.split(self.delimiter)]
        while len(fields) > len(self.names) and not fields[-1]:
            fields.pop()
        least = max(len(fields) - len(self.names), 0)
        free = [i for i, name in enumerate(self.names) if name in FREE]
        # Stray delimiters may hide behind empty columns that were cut from the line's end.
        for surplus in range(least, min(least + 3, SURPLUS + 1)):
            found = False
            for places in combinations_with_replacement(free, surplus):
                reading = self._joined(fields, places)
                if reading:
                    found = True
                    yield reading
            if found:
                return

    def _joined(self, fields: list[str], places: tuple[int, ...]) -> Reading | None:
        reading: Reading = {}
        at = 0
        for i, name in enumerate(self.names):
            width = 1 + places.count(i)
            reading[name] = " ".join(part for part in fields[at : at + width] if part)
            at += width
            form = FORMS.get(name)
            if form and not form.fullmatch(reading[name]):
                return None
        needed = {"debit", "credit"} & set(reading)
        return None if needed and not any(reading[name] for name in needed) else reading


def mend(
    bad: dict[int, str], shape: Shape, good: pd.DataFrame, decimal: str
) -> dict[int, Reading]:
    """The lines whose truth can be known, by line number, as columns of text.

    Args:
        bad: the lines as they stand in the file, by line number.
        shape: the file's columns.
        good: the lines that read well.
        decimal: the file's decimal mark.
    """
    if not bad:
        return {}
    known = {
        (code, label)
        for pair in PAIRS
        if set(pair) <= set(good.columns)
        for code, label in good[list(pair)].dropna().drop_duplicates().itertuples(index=False)
    }
    balances = _balances(good)
    choices = {n: _likely(list(shape.readings(line)), known) for n, line in bad.items()}
    mended: dict[int, Reading] = {}
    for n in sorted(choices, key=lambda n: len(choices[n])):
        fitting = choices[n]
        if len(fitting) > 1:
            fitting = [r for r in fitting if balances.get(_entry(r), 0) + _cents(r, decimal) == 0]
        if len(fitting) == 1:
            mended[n] = fitting[0]
            key = _entry(fitting[0])
            balances[key] = balances.get(key, 0) + _cents(fitting[0], decimal)
    return mended


def _likely(readings: list[Reading], known: set[tuple[str, str]]) -> list[Reading]:
    """The readings that agree best with other lines; alike ones but for labels count as one."""
    def score(reading: Reading) -> int:
        return sum((reading.get(code, ""), reading.get(label, "")) in known for code, label in PAIRS)

    best = max(map(score, readings), default=0)
    distinct: dict[tuple[str, ...], Reading] = {}
    for reading in readings:
        if score(reading) == best:
            hard = tuple(text for name, text in reading.items() if name not in FREE)
            distinct.setdefault(hard, reading)
    return list(distinct.values())


def _entry(reading: Reading) -> tuple[str, str, str]:
    day = values.fec_dates(values.text([reading["date"]])).dt.strftime("%Y%m%d")[0]
    return reading["journal"], reading.get("number", ""), str(day)


def _cents(reading: Reading, decimal: str) -> int:
    def money(name: str) -> int:
        number = values.numbers(values.text([reading[name] or "0"]), decimal)[0]
        return 0 if pd.isna(number) else round(number * 100)

    if "debit" in reading:
        return money("debit") - money("credit")
    return money("amount") * (1 if reading["side"].upper() in {"D", "+1", "1", "+"} else -1)


def _balances(good: pd.DataFrame) -> dict[tuple[str, str, str], int]:
    """What each numbered entry lacks, in cents."""
    cents = ((good["debit"] - good["credit"]) * 100).round().astype("int64")
    keys = [good["journal"], good["number"].fillna(""), good["date"].dt.strftime("%Y%m%d")]
    return {key: int(total) for key, total in cents.groupby(keys).sum().items()}
