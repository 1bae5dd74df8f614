"""Reads a FEC, the ledger file that French law asks of every company, in whatever dress it comes.

Bytes in; lines, rejected lines and control totals out. The form is that of article A. 47 A-1 of
the Livre des procédures fiscales. Which ledger it is and what changed since is `load`'s to say.
"""

from __future__ import annotations

import io
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from operator import itemgetter
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from workbench.errors import Reason, SourceError
from workbench.locale import msg
from workbench.sources import reasons as why
from workbench.sources import values
from workbench.sources.encoding import decode
from workbench.sources.fec_entries import complete
from workbench.sources.fec_mend import Shape, mend
from workbench.sources.rejected import REASON, Form

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS = {
    "journalcode": "journal",
    "journallib": "journal_label",
    "ecriturenum": "number",
    "ecrituredate": "date",
    "comptenum": "account_number",
    "comptelib": "account_label",
    "compauxnum": "customer",
    "compauxlib": "customer_name",
    "pieceref": "piece",
    "piecedate": "piece_date",
    "ecriturelib": "label",
    "debit": "debit",
    "credit": "credit",
    "montant": "amount",
    "sens": "side",
    "ecriturelet": "letter",
    "datelet": "letter_date",
    "validdate": "valid_date",
    "montantdevise": "currency_amount",
    "idevise": "currency",
}
TEXTS = [
    "journal", "journal_label", "number", "account_number", "account_label", "customer",
    "customer_name", "piece", "label", "letter",
]  # fmt: skip
LINE = [
    "line", "journal", "entry", "date", "opening", "account_number", "account_label", "label",
    "piece", "piece_date", "debit", "credit", "letter", "letter_date", "customer", "customer_name",
]  # fmt: skip
OPENING = ("AN", "ANO", "RAN", "ANX")  # what accounting programs call that journal
SIDES = {"D": 1, "C": -1, "+1": 1, "1": 1, "-1": -1, "+": 1, "-": -1}
MENDED = msg("Lignes décalées, redressées : {count}")
MANY = 20  # so many lines with nameless columns at their end are no accident


@dataclass(frozen=True)
class Totals:
    """What a ledger adds up to: lines read, and their money to the cent."""

    lines: int
    debit: float
    credit: float

    @property
    def balance(self) -> float:
        """Debit less credit: 0 in a sound ledger."""
        return round(self.debit - self.credit, 2)


@dataclass(frozen=True)
class Ledger:
    """A FEC as it was read.

    Attributes:
        lines: a row per line read, columns `LINE`; `line` is its number in the file, from 1, and
            `customer` the code of a 411 line's customer, or on a 70x line of its entry's only one.
        rejected: a row per line that didn't fit: `line`, `reason`, `raw`.
        notes: what was mended or left open, in words.
        form: how its rejected lines are to be written.
        part: whether these are lines that were rejected before, and mended; not a whole ledger.
        dialect: the encoding, delimiter and decimal mark that were found.
    """

    lines: pd.DataFrame
    rejected: pd.DataFrame
    form: Form
    notes: list[str] = field(default_factory=list)
    part: bool = False
    dialect: dict[str, str] = field(default_factory=dict)

    @property
    def totals(self) -> Totals:
        """Control totals of the lines read."""
        debit, credit = (
            float((self.lines[c] * 100).round().sum()) / 100 for c in ("debit", "credit")
        )
        return Totals(len(self.lines), debit, credit)

    @property
    def customers(self) -> pd.DataFrame:
        """Customers of the 411 lines: `code`, and the last `name` that the file gives them."""
        named = self.lines[
            self.lines["account_number"].str.startswith("411") & self.lines["customer"].notna()
        ]
        last = named.groupby("customer")["customer_name"].last()
        return pd.DataFrame({"code": last.index, "name": last.array})


def read(path: Path) -> Ledger:
    """Read a FEC from a file.

    Raises:
        SourceError: it can't be opened, or isn't a FEC.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SourceError(f"{path}: can't be read ({error.strerror}).") from error
    return parse(data, name=str(path))


def parse(data: bytes, *, name: str = "FEC") -> Ledger:
    r"""Read a FEC from its bytes; `name` is what messages call it.

    >>> ledger = parse(
    ...     b"JournalCode|EcritureNum|EcritureDate|CompteNum|CompAuxNum|EcritureLib|Debit|Credit\n"
    ...     b"VE|1|20240131|411000|C001|Facture 1|120,00|\n"
    ...     b"VE|1|20240131|707000||Facture 1||100,00\n"
    ...     b"VE|1|20240131|445710||Facture 1||20,00\n"
    ... )
    >>> ledger.totals
    Totals(lines=3, debit=120.0, credit=120.0)
    >>> ledger.lines["customer"].fillna("").tolist()
    ['C001', 'C001', '']

    Raises:
        SourceError: its first line doesn't name the columns of a FEC.
    """
    text, encoding = decode(data)
    text = re.sub("\r+\n", "\n", text)
    text = text.replace("\r", " " if "\n" in text else "\n").replace("\x1a", "")
    head, _, body = text.partition("\n")
    raw = {n: line for n, line in enumerate(body.split("\n"), start=2) if line.strip()}
    delimiter = max("\t|;", key=head.count)
    part = head.startswith(REASON + delimiter)
    if part:  # why each line was rejected stands before it
        head = head.partition(delimiter)[2]
        raw = {n: line.partition(delimiter)[2] for n, line in raw.items()}
    shape = Shape(_columns(head, delimiter, name), delimiter)
    table, odd = _split(raw, shape)
    decimal = values.decimal_mark(
        values.text(table[column])
        for column in ("debit", "credit", "amount")
        if column in table.column_names
    )
    lines, reasons = _typed(table, decimal)
    lines.index = pd.Index([n for n in raw if n not in odd], dtype="int64")
    reasons.index = lines.index
    wrong = reasons[reasons != ""]
    bad = odd | dict(zip(wrong.index.tolist(), wrong.tolist(), strict=True))
    lines = lines[reasons == ""]
    mended = mend({n: raw[n] for n in bad}, shape, lines, decimal)
    if mended:
        found, doubts = _typed(shape.table(list(mended.values())), decimal)
        found.index = pd.Index(list(mended), dtype="int64")
        lines = pd.concat([lines, found[(doubts == "").to_numpy()]]).sort_index()
    left = sorted(set(bad) - set(lines.index.tolist()))
    straight = len(bad) - len(left)
    notes: list[str] = [Reason(MENDED, count=straight)] if straight else []
    lines, more = complete(lines.assign(opening=opening(lines)))
    return Ledger(
        lines.rename_axis("line").reset_index()[LINE],
        pd.DataFrame(
            {"line": left, "reason": [bad[n] for n in left], "raw": [raw[n] for n in left]}
        ),
        Form([head], delimiter, whole=True),
        notes + more,
        part,
        {"encoding": encoding, "delimiter": delimiter, "decimal": decimal},
    )


def opening(lines: pd.DataFrame) -> pd.Series[bool]:
    """Which lines are of the year's opening entry: those of the journal « à nouveau »."""
    named = lines["journal_label"].str.contains("nouveau", case=False, na=False)
    return lines["journal"].str.upper().isin(OPENING) | named


def _columns(head: str, delimiter: str, name: str) -> list[str]:
    """The first line's columns by our names; those of no use keep a name of their own."""
    plain = unicodedata.normalize("NFKD", head.lower()).encode("ascii", "ignore").decode()
    found = [re.sub(r"[^a-z]", "", cell) for cell in plain.split(delimiter)]
    while found and not found[-1]:
        found.pop()  # a trailing delimiter
    names = [COLUMNS.get(cell, f"extra {i}") for i, cell in enumerate(found)]
    whole = {"journal", "date", "account_number"} <= set(names) and (
        {"debit", "credit"} <= set(names) or {"amount", "side"} <= set(names)
    )
    if not whole:
        raise SourceError(
            f"{name}: not a FEC. Its first line should name the columns (JournalCode, "
            "EcritureNum, EcritureDate, CompteNum, Debit and Credit or Montant and Sens …); "
            f"it reads {head[:80]!r}."
        )
    twice = [one for one, times in Counter(names).items() if times > 1]
    if twice:
        raise SourceError(f"{name}: the column {twice[0]!r} stands twice in its first line.")
    return names


def _split(raw: dict[int, str], shape: Shape) -> tuple[pa.Table, dict[int, str]]:
    """Lines into columns of text; apart, by line number, those with another count of fields."""
    counts = {n: line.count(shape.delimiter) + 1 for n, line in raw.items()}
    width = len(shape.names)
    usual, times = max(Counter(counts.values()).items(), key=itemgetter(1), default=(width, 0))
    tail = shape.delimiter * (usual - width)
    ended = {n for n, count in counts.items() if count == usual and raw[n].endswith(tail)}
    trailing = len(ended) * 2 > len(raw)  # delimiters that the first line may lack
    if usual > width and (trailing or (times * 2 > len(raw) and times >= MANY)):
        width = usual
    beyond = width - len(shape.names)
    odd = {
        n: why.COLUMNS.format(found=count, wanted=len(shape.names))
        for n, count in counts.items()
        if count != width or (beyond and trailing and n not in ended)
    }
    every = [*shape.names, *(f"beyond {i}" for i in range(beyond))]
    regular = [line for n, line in raw.items() if n not in odd]
    if not regular:
        return shape.table([]), odd
    table = csv.read_csv(
        io.BytesIO("\n".join(regular).encode()),
        read_options=csv.ReadOptions(column_names=every, block_size=1 << 30),
        parse_options=csv.ParseOptions(delimiter=shape.delimiter, quote_char=False),
        convert_options=csv.ConvertOptions(
            column_types=dict.fromkeys(every, pa.string()), strings_can_be_null=False
        ),
    )
    return table, odd


def _typed(table: pa.Table, decimal: str) -> tuple[pd.DataFrame, pd.Series[str]]:
    """Columns of text into their kinds, and what is wrong with each row: empty where nothing."""
    texts = {name: values.text(table[name]) for name in table.column_names}
    empty = values.text([""] * table.num_rows)
    frame = pd.DataFrame(
        {
            name: pc.if_else(pc.equal(column, ""), None, column).to_pandas()
            for name in TEXTS
            for column in [texts.get(name, empty)]
        },
        dtype="str",
    )
    for name in ("date", "piece_date", "letter_date"):
        frame[name] = values.fec_dates(texts.get(name, empty))
    if "debit" in texts:
        for name in ("debit", "credit"):
            frame[name] = _money(texts[name], decimal)
    else:
        amount = _money(texts["amount"], decimal)
        side = texts["side"].to_pandas().str.upper().map(SIDES).to_numpy(dtype="float64")
        frame["debit"] = np.where(side == 1, amount, side * 0)
        frame["credit"] = np.where(side == -1, amount, side * 0)
    wrong = {
        why.NO_JOURNAL: frame["journal"].isna(),
        why.LINE_DATE: frame["date"].isna(),
        why.LINE_ACCOUNT: ~frame["account_number"]
        .str.match("[0-9]")
        .fillna(value=False)
        .astype(bool),
        why.LINE_AMOUNT: frame["debit"].isna() | frame["credit"].isna(),
    }
    reasons = pd.Series("", index=frame.index, dtype="str")
    for reason, where in wrong.items():
        reasons = reasons.mask(where & (reasons == ""), reason)
    return frame, reasons


def _money(column: pa.ChunkedArray, decimal: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Amounts to the cent: 0 where empty, NaN where they don't read."""
    found = values.cents(values.numbers(column, decimal))
    return np.where(np.asarray(pc.equal(column, "")), 0.0, found)
