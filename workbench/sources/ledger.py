"""Loads FEC files: which ledger each is, its customers, and its lines as records.

A line is known by its ledger and by what it says, else by its place: journal, entry and rank in the
entry; never by the file's name or encoding. A corrected file puts right what changed and takes away
what it no longer has; a file of mended lines adds them to the ledger that they were rejected from.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from workbench.errors import SourceError
from workbench.sources import fec, history
from workbench.sources.fec import LINE
from workbench.sources.fec_entries import complete
from workbench.sources.rejected import REASON

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable
    from pathlib import Path

    from workbench.sources.fec import Ledger
    from workbench.sources.records import Counts, Records

NAME = re.compile(r"^(\d{9,10})FEC\d{8}", re.IGNORECASE)
STRAY = 200  # a month with fewer than one line in so many doesn't begin or end a fiscal year
FIELDS = [name for name in LINE if name not in ("line", "customer", "customer_name")]
SAID = [name for name in FIELDS if name != "entry"]  # numbers of entries may be given anew
DATES = ("date", "piece_date", "letter_date")


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
    held = _held(records)
    told = sum(len(book.ledger.lines) for book in books)
    for book in books:
        _recognise(book, known)
        if book.ledger.part:
            _join(book, held)
    customers = pd.concat([book.ledger.customers for book in books])
    customers = customers.drop_duplicates("code", keep="last").reset_index(drop=True)
    named = customers if customers["name"].notna().any() else customers[["code"]]
    start = pd.Series(history.START, index=customers.index)
    people = records.write("ledger_customer", named, start, history.empty())
    people.read = len(customers)
    lines = pd.concat([_lines(book, held, records) for book in books], ignore_index=True)
    vanished = _vanished(books, lines, held)
    done = records.write(
        "ledger_entry",
        lines,
        lines["date"].dt.strftime("%Y-%m-%d"),
        history.empty(),
    )
    records.remove("ledger_entry", vanished)
    done.deleted = len(vanished)
    done.rejected = sum(len(book.ledger.rejected) for book in books)
    done.read = told + done.rejected
    # What the store had of the ledger, a file of mended lines doesn't tell.
    done.same = max(done.same - len(lines) + told, 0)
    done.sums = {
        name: round(sum(getattr(book.ledger.totals, name) for book in books), 2)
        for name in ("debit", "credit", "balance")
    }
    progress("ledger_entry", told)
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
    if book.ledger.part:
        _place(book, known)
        return
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


def _place(book: Book, known: pd.DataFrame) -> None:
    """Find the ledger that mended lines are of: the last one to begin before them.

    Raises:
        SourceError: the store has none such, or of several companies.
    """
    mine = known[known["begins"] <= book.begins]
    if book.company:
        mine = mine[mine["company"].isin([book.company, ""])]
    if len(set(mine["company"])) != 1:
        there = "none" if mine.empty else "several companies'"
        raise SourceError(
            f"{book.file} holds mended lines of {book.begins}, and the store has {there} such "
            "ledgers. Load the ledger first, and call the file of its lines as the ledger's."
        )
    found = mine.sort_values("begins").iloc[-1]
    book.company, book.begins = found["company"], found["begins"]


def _held(records: Records) -> pd.DataFrame:
    """The lines that the store has of this source, as they are read from a file, in their order."""
    customers = records.pairs("ledger_customer", "id", "code", "name")
    rows: list[tuple[Any, ...]] = records.pairs(
        "ledger_entry", "id", "code", "customer_id", *FIELDS
    )
    held = pd.DataFrame(rows, columns=["id", "code", "customer_id", *FIELDS]).sort_values("id")
    texts = [name for name in FIELDS if name not in (*DATES, "opening", "debit", "credit")]
    return held.assign(
        **{name: pd.to_datetime(held[name]).astype("datetime64[us]") for name in DATES},
        **{name: held[name].astype("float64") for name in ("debit", "credit")},
        **{name: held[name].astype("str") for name in texts},
        key=held["code"].astype("str").str.split("/", n=1).str[0],
        customer=held["customer_id"].map({id_: code for id_, code, _ in customers}).astype("str"),
        customer_name=held["customer_id"].map({id_: n for id_, _, n in customers}).astype("str"),
    ).reset_index(drop=True)


def _join(book: Book, held: pd.DataFrame) -> None:
    """Make of mended lines the whole ledger: the lines that the store has, and those among them.

    Entries and customers are settled anew, as a line that was missing may bring its entry's.
    """
    mine = held[held["key"] == book.key]
    lines = book.ledger.lines
    fresh = lines[~_content(lines).isin(_content(mine))]
    whole = pd.concat([mine[LINE[1:]], fresh[LINE[1:]]], ignore_index=True)
    settled, _ = complete(whole.assign(number=whole["entry"], line=range(len(whole))))
    book.ledger = replace(book.ledger, lines=settled[LINE], notes=[])


def _content(lines: pd.DataFrame) -> pd.Series[str]:
    """What each line says, and the how-manieth to say it in its ledger it is."""
    said = pd.Series("", index=lines.index, dtype="str")
    for name in SAID:
        column = lines[name]
        if name in DATES:
            text = column.dt.strftime("%Y-%m-%d").fillna("")
        elif name in ("debit", "credit"):
            text = (column * 100).round().astype("int64").astype("str")
        else:
            text = column.astype("object").fillna("").astype("str")
        said = said + text + "\0"
    return said + said.groupby(said).cumcount().astype("str")


def _lines(book: Book, held: pd.DataFrame, records: Records) -> pd.DataFrame:
    """The book's lines as records.

    Each has the code of the line that says the same, else of the line that stands in its place,
    else one that no line of the ledger has.
    """
    lines = book.ledger.lines.reset_index(drop=True)
    customer = lines["customer"].map(records.codes("ledger_customer")).astype("Int64")
    entry = book.key + "/" + lines["journal"] + "/" + lines["entry"] + "/"
    place = lines.groupby(["journal", "entry"]).cumcount() + 1
    code = entry + place.astype("str")
    mine = held[held["key"] == book.key]
    if len(mine):
        by_content = dict(zip(_content(mine), mine["code"], strict=True))
        same = _content(lines).map(by_content).astype("str")
        taken = set(same.dropna())
        free = same.isna() & ~code.isin(taken)
        code = same.where(same.notna(), code.where(free))
        rest = code.isna()
        taken |= set(code[free])
        for at in lines.index[rest]:
            rank = int(place[at])
            while f"{entry[at]}{rank}" in taken:
                rank += 1
            code[at] = f"{entry[at]}{rank}"
            taken.add(code[at])
    return lines[FIELDS].assign(code=code, customer_id=customer)


def _vanished(books: list[Book], lines: pd.DataFrame, held: pd.DataFrame) -> list[str]:
    """Lines that the store has of these ledgers and the files don't.

    Raises:
        SourceError: they are most of a ledger, and the file ends before it or is far shorter; such
            a file is a part, not a correction.
    """
    gone = ~held["code"].isin(lines["code"])
    for book in books:
        mine = held["key"] == book.key
        lost, there = int((gone & mine).sum()), int(mine.sum())
        ends = held.loc[mine, "date"].max()
        short = len(book.ledger.lines) * 2 < there or book.ledger.lines["date"].max() < ends
        if lost * 2 > there and short:
            raise SourceError(
                f"{book.file} lacks {lost} of the {there} lines that the store has of the ledger "
                f"of {book.begins}. Load the file of the whole year; a file of mended lines keeps "
                f"its column {REASON!r}, the first one."
            )
    return sorted(held.loc[gone & held["key"].isin([book.key for book in books]), "code"])
