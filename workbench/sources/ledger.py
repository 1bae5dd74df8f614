"""Loads FEC files: which ledger each is, its customers, and its lines as records.

A line is known by its ledger, journal, entry and place in the entry, not by the file's name or
encoding; a corrected file puts right what changed and takes away what it no longer has.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from workbench.errors import SourceError
from workbench.sources import fec, history
from workbench.sources.fec import LINE

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable
    from pathlib import Path

    from workbench.sources.fec import Ledger
    from workbench.sources.records import Counts, Records

NAME = re.compile(r"^(\d{9,10})FEC\d{8}", re.IGNORECASE)
STRAY = 200  # a month with fewer than one line in so many doesn't begin or end a fiscal year
FIELDS = [name for name in LINE if name not in ("line", "customer", "customer_name")]


@dataclass
class Book:
    """A FEC file and the ledger that it is: its company where the name says so, and its months."""

    file: str
    ledger: Ledger
    company: str
    begins: str
    ends: str

    @property
    def key(self) -> str:
        """What its lines' codes begin with."""
        return f"{self.company}{'-' if self.company else ''}{self.begins}"


def read(files: list[Path], progress: Callable[[str, int], None]) -> list[Book]:
    """Read FEC files; the same ledger twice, in two dresses, counts once.

    Raises:
        SourceError: a file can't be read or isn't a FEC, or two of them speak of the same months.
    """
    books: list[Book] = []
    for path in files:
        ledger = fec.read(path)
        if ledger.lines.empty:
            raise SourceError(f"{path}: holds no ledger line that can be read.")
        found = NAME.match(path.name)
        months = ledger.lines["date"].dt.strftime("%Y-%m").value_counts()
        busy = months[months * STRAY >= len(ledger.lines)]
        book = Book(
            path.name, ledger, found[1] if found else "", busy.index.min(), busy.index.max()
        )
        progress(path.name, len(ledger.lines))
        clash = next((one for one in books if _overlap(one, book)), None)
        if clash is None:
            books.append(book)
        elif not _same(clash.ledger, ledger):
            raise SourceError(
                f"{path.name} and {clash.file} both hold the ledger of {book.begins} to "
                f"{book.ends} and differ. Keep the one that is right."
            )
    return books


def _overlap(one: Book, other: Book) -> bool:
    strangers = one.company and other.company and one.company != other.company
    return not strangers and one.begins <= other.ends and other.begins <= one.ends


def _same(one: Ledger, other: Ledger) -> bool:
    return one.lines[LINE[1:]].equals(other.lines[LINE[1:]])


def write(
    books: list[Book], records: Records, progress: Callable[[str, int], None]
) -> tuple[list[Counts], dt.date | None]:
    """Write ledgers' customers and lines.

    Returns:
        What became of each, and the latest date of a line.

    Raises:
        SourceError: a ledger overlaps with an earlier one that began in another month.
    """
    known = _known(records)
    for book in books:
        _recognise(book, known)
    customers = pd.concat([book.ledger.customers for book in books])
    customers = customers.drop_duplicates("code", keep="last").reset_index(drop=True)
    named = customers if customers["name"].notna().any() else customers[["code"]]
    start = pd.Series(history.START, index=customers.index)
    people = records.write("ledger_customer", named, start, history.empty())
    people.read = len(customers)
    lines = pd.concat([_lines(book, records) for book in books], ignore_index=True)
    vanished = _vanished(books, lines, records)
    done = records.write(
        "ledger_entry",
        lines,
        lines["date"].dt.strftime("%Y-%m-%d"),
        history.empty(),
    )
    records.remove("ledger_entry", vanished)
    done.deleted = len(vanished)
    done.rejected = sum(len(book.ledger.rejected) for book in books)
    done.read = len(lines) + done.rejected
    done.sums = {
        name: round(sum(getattr(book.ledger.totals, name) for book in books), 2)
        for name in ("debit", "credit", "balance")
    }
    progress("ledger_entry", len(lines))
    return [people, done], lines["date"].max().date()


def _known(records: Records) -> pd.DataFrame:
    """The ledgers that the store has of this source: `key`, company, first and last month."""
    rows: list[tuple[Any, ...]] = records.pairs("ledger_entry", "code", "date")
    lines = pd.DataFrame(rows, columns=["code", "date"])
    if lines.empty:
        return pd.DataFrame(columns=["key", "company", "begins", "ends"])
    lines["key"] = lines["code"].str.split("/", n=1).str[0]
    lines["month"] = pd.to_datetime(lines["date"]).dt.strftime("%Y-%m")
    months = lines.groupby(["key", "month"]).size().rename("lines").reset_index()
    whole = months.groupby("key")["lines"].transform("sum")
    busy = months[months["lines"] * STRAY >= whole]
    spans = busy.groupby("key")["month"].agg(begins="min", ends="max").reset_index()
    return spans.assign(
        company=spans["key"].str.extract(r"^(\d{9,10})-\d", expand=False).fillna("")
    )


def _recognise(book: Book, known: pd.DataFrame) -> None:
    """Find the book among the ledgers that the store has: the same company, beginning alike."""
    spans: list[list[str]] = known[["company", "begins", "ends"]].to_numpy().tolist()
    for company, begins, ends in spans:
        stranger = company and book.company and company != book.company
        if stranger or begins > book.ends or book.begins > ends:
            continue
        if begins != book.begins:
            raise SourceError(
                f"{book.file} holds {book.begins} to {book.ends}, and the store already has "
                f"{begins} to {ends} of that ledger. Load the file of the whole year."
            )
        book.company = company


def _lines(book: Book, records: Records) -> pd.DataFrame:
    lines = book.ledger.lines
    place = lines.groupby(["journal", "entry"]).cumcount() + 1
    code = book.key + "/" + lines["journal"] + "/" + lines["entry"] + "/" + place.astype("str")
    customer = lines["customer"].map(records.codes("ledger_customer")).astype("Int64")
    return lines[FIELDS].assign(code=code, customer_id=customer)


def _vanished(books: list[Book], lines: pd.DataFrame, records: Records) -> list[str]:
    """Lines that the store has of these ledgers and the files don't.

    Raises:
        SourceError: they are most of a ledger; such a file is a part, not a correction.
    """
    codes = [code for (code,) in records.pairs("ledger_entry", "code")]
    held = pd.DataFrame({"code": codes, "key": [code.split("/", 1)[0] for code in codes]})
    held["gone"] = ~held["code"].isin(lines["code"])
    for book in books:
        mine = held[held["key"] == book.key]
        if mine["gone"].sum() * 2 > len(mine):
            raise SourceError(
                f"{book.file} lacks {int(mine['gone'].sum())} of the {len(mine)} lines that the "
                f"store has of the ledger of {book.begins}. Load the file of the whole year."
            )
    return sorted(held.loc[held["gone"] & held["key"].isin([book.key for book in books]), "code"])
