"""Mends ledger lines whose columns were shifted by a delimiter within a label.

Every way of joining the surplus fields is tried. A reading counts where each field then is what its
column says; the lines that read well, and the balance of the entry, choose among those.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import combinations_with_replacement, product
from math import prod

import pandas as pd
import pyarrow as pa

from workbench.sources import values

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
PAIRS = (
    ("journal", "journal_label"),
    ("account_number", "account_label"),
    ("customer", "customer_name"),
)
HIDDEN = 2  # stray delimiters that a line of the right length may hide
TRIES = 1_000  # ways to read the lines of one entry that are tried
Reading = dict[str, str]
Entry = tuple[str, str, str]  # journal, number, day


@dataclass(frozen=True)
class Shape:
    """The columns of a file, by our names, and what stands between them."""

    names: list[str]
    delimiter: str

    def table(self, readings: list[Reading]) -> pa.Table:
        """Readings as columns of text."""
        return pa.table(
            {name: pa.array([r[name] for r in readings], pa.string()) for name in self.names}
        )

    def readings(self, line: str) -> tuple[list[Reading], bool]:
        """The ways to read a line in which each field is what its column says.

        Returns:
            The readings, and whether they are certain: nothing was joined, only empty columns at
            the line's end were missing or in surplus.
        """
        fields = [part.strip() for part in line.split(self.delimiter)]
        most = max(len(fields) - len(self.names), 0)
        while fields and not fields[-1]:
            fields.pop()
        least = max(len(fields) - len(self.names), 0)
        free = [i for i, name in enumerate(self.names) if name in FREE]
        found: list[Reading] = []
        # Stray delimiters may also hide behind empty columns that were cut from the line's end.
        for surplus in range(least, min(most + HIDDEN, SURPLUS) + 1):
            if surplus > most and found:
                break
            joined = (
                self._joined(fields, places)
                for places in combinations_with_replacement(free, surplus)
            )
            found += [reading for reading in joined if reading]
            if surplus == most == 0 and found:
                return found, True
        return found, False

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


def mend(bad: dict[int, str], shape: Shape, good: pd.DataFrame, decimal: str) -> dict[int, Reading]:
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
        (code, _squeezed(label))
        for pair in PAIRS
        if set(pair) <= set(good.columns)
        for code, label in good[list(pair)].dropna().drop_duplicates().to_numpy().tolist()
    }
    mended: dict[int, Reading] = {}
    unsure: dict[Entry, dict[int, list[Reading]]] = {}
    cents: dict[Entry, int] = _balances(good)
    for n, line in bad.items():
        readings, certain = shape.readings(line)
        readings = _likely(readings, known)
        if not readings:
            continue
        key = _entry(readings[0])
        if certain:
            mended[n] = readings[0]
            cents[key] = cents.get(key, 0) + _cents(readings[0], decimal)
        else:
            same = [reading for reading in readings if _entry(reading) == key]
            unsure.setdefault(key, {})[n] = same
    for key, lines in unsure.items():
        if prod(map(len, lines.values())) <= TRIES:
            ways = [
                way
                for way in product(*lines.values())
                if cents.get(key, 0) + sum(_cents(one, decimal) for one in way) == 0
            ]
            if len(ways) == 1:
                mended |= dict(zip(lines, ways[0], strict=True))
    return mended


def _likely(readings: list[Reading], known: set[tuple[str, str]]) -> list[Reading]:
    """The readings that agree best with other lines; alike but for labels, they count as one."""
    scores = [
        sum(
            (reading.get(code, ""), _squeezed(reading.get(label, ""))) in known
            for code, label in PAIRS
        )
        for reading in readings
    ]
    distinct: dict[tuple[str, ...], Reading] = {}
    for reading, score in zip(readings, scores, strict=True):
        if score == max(scores):
            hard = tuple(text for name, text in reading.items() if name not in FREE)
            distinct.setdefault(hard, reading)
    return list(distinct.values())


def _squeezed(label: str) -> str:
    """A label's letters: what was joined again is then the same as what was never cut."""
    return re.sub(r"\W", "", label).lower()


def _entry(reading: Reading) -> Entry:
    day = values.fec_dates(values.text([reading["date"]])).dt.strftime("%Y%m%d")[0]
    return reading["journal"], reading.get("number", ""), str(day)


def _cents(reading: Reading, decimal: str) -> int:
    def money(name: str) -> int:
        number = values.numbers(values.text([reading[name] or "0"]), decimal)[0]
        return 0 if pd.isna(number) else round(number * 100)

    if "debit" in reading:
        return money("debit") - money("credit")
    return money("amount") * (1 if reading["side"].upper() in {"D", "+1", "1", "+"} else -1)


def _balances(good: pd.DataFrame) -> dict[Entry, int]:
    """What each numbered entry lacks, in cents."""
    cents = ((good["debit"] - good["credit"]) * 100).round().astype("int64")
    keys = [good["journal"], good["number"].fillna(""), good["date"].dt.strftime("%Y%m%d")]
    sums = cents.groupby(keys).sum()
    return dict(zip(sums.index.tolist(), sums.tolist(), strict=True))
