"""Loads sources into the store: one transaction, a report at the end, nothing half done.

Reading comes before the transaction, so that a file that can't be read leaves no trace.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

import orjson
import pandas as pd
from sqlalchemy import insert, select

from workbench.errors import Reason, SourceError
from workbench.locale import msg
from workbench.settings import Currency, SourceSettings
from workbench.sources import crm, ledger, matching, preset
from workbench.sources.keptout import KeptOut
from workbench.sources.records import Counts, Records
from workbench.sources.rejected import LINE, Rejected, name_of
from workbench.store import journal
from workbench.store.schema import Account, LedgerCustomer, Load, LoadedTable, RejectedRow
from workbench.vocabulary import Surface

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Engine

    from workbench.sources.crm import Tables
    from workbench.sources.ledger import Book
    from workbench.sources.preset import Preset
    from workbench.store.journal import Batch
    from workbench.store.privacy.key import Key
    from workbench.store.rules import Rules

Progress = Callable[[str, int, int], None]
REJECTED = ["file", "line", "table", "reason", "raw"]
OF_FILE = msg("{file} : {note}")


@dataclass
class LoadReport:
    """What became of what was read.

    Attributes:
        tables: counts and control totals of each table, in the order of writing.
        rejected: a row per row that didn't fit: file, line, table, reason, raw and form (JSON).
        notes: what else should be known, in words: each a `Reason`.
        data_date: the latest date of an event in the files.
        loads: ids of the rows in `load`.
        seconds: how long it took.
    """

    tables: list[Counts] = field(default_factory=list)
    rejected: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame(columns=[*REJECTED, "form"])
    )
    notes: list[str] = field(default_factory=list)
    data_date: dt.date | None = None
    loads: list[int] = field(default_factory=list)
    seconds: float = 0.0

    def table(self, name: str) -> Counts:
        """What became of one table, all sources together."""
        found = Counts(name)
        for counts in self.tables:
            found = found + counts if counts.table == name else found
        return found


@dataclass
class _Read:
    """A source as it was read, before anything is written."""

    name: str
    files: list[Path]
    preset: Preset | None = None
    tables: Tables | None = None
    books: list[Book] = field(default_factory=list)

    @property
    def forms(self) -> dict[str, str]:
        """In which form each file, or sheet of one, is written."""
        books = {book.file: book.ledger.form.json for book in self.books}
        sheets = self.tables.sheets if self.tables else []
        closed: dict[str, dict[str, str]] = {}
        for rows in self.tables.rows if self.tables else []:
            closed.setdefault(rows.sheet.file, {}).update(rows.mapping.closed)
        return books | {
            sheet.file: replace(sheet.form, closed=closed.get(sheet.file, {})).json
            for sheet in sheets
        }


class _Steps:
    """Tells `progress` what is being done, and how many rows of how many are."""

    def __init__(self, progress: Progress | None) -> None:
        self.progress = progress
        self.done = self.total = 0

    def reads(self, what: str, rows: int) -> None:
        """Rows were read; each is still to be written."""
        self.total += 2 * rows
        self.writes(what, rows)

    def writes(self, what: str, rows: int) -> None:
        """Rows were dealt with."""
        self.done += rows
        if self.progress:
            self.progress(what, self.done, self.total)

    def ends(self, what: str) -> None:
        """All is dealt with, rows that were left out or read twice included."""
        self.writes(what, self.total - self.done)


def load(
    engine: Engine,
    sources: Sequence[SourceSettings],
    *,
    user: str,
    progress: Progress | None = None,
    currency: Currency | None = None,
    today: dt.date | None = None,
    rules: Rules | None = None,
    key: Key | None = None,
) -> LoadReport:
    """Load sources: CRM tables first, then ledgers, then customers are tied to accounts.

    The same files again change nothing; a corrected file changes what it corrects.

    Args:
        engine: the store.
        sources: what to read.
        user: who loads.
        progress: called with what is being done, rows dealt with, and rows in all.
        currency: the reporting currency and the rates of others; euro without rates if left out.
        today: since when a value holds that changed without a date, and up to when others may; the
            load's own day, in UTC, if left out.
        rules: those that act on what is loaded; the usual ones if left out.
        key: by which those who were anonymised are known again, and left out.

    Raises:
        SourceError: a file can't be read; nothing was written.
        StoreError: people were anonymised, and this isn't the key that it was done with.
    """
    started = time.perf_counter()
    steps = _Steps(progress)
    ordered = sorted(sources, key=lambda source: source.kind != "crm")
    day = today or dt.datetime.now(dt.UTC).date()
    read = [_read(source, steps, day) for source in ordered]
    report = LoadReport()
    with journal.batch(engine, journal.Author(user, Surface.LOAD), rules, day) as batch:
        parts = [
            _write(
                one,
                Records(batch, one.name, day),
                currency or Currency(),
                steps,
                KeptOut.of(batch.connection, key, one.name),
            )
            for one in read
        ]
        _tie(batch)
        for one, part in zip(read, parts, strict=True):
            report.loads.append(_keep(batch, user, one, part))
            report.tables += part.tables
            report.notes += part.notes
            report.rejected = pd.concat([report.rejected, part.rejected], ignore_index=True)
        steps.ends("journal")
    dates = [part.data_date for part in parts if part.data_date]
    report.data_date = max(dates, default=None)
    report.seconds = time.perf_counter() - started
    return report


def _read(source: SourceSettings, steps: _Steps, today: dt.date) -> _Read:
    files = source.files
    if source.kind == "fec":
        texts = [path for path in files if path.suffix.lower() in (".txt", ".csv", ".tsv", "")]
        if not texts:
            raise SourceError(f"{source.path}: no FEC file (.txt) there.")
        return _Read("fec", texts, books=ledger.read(texts, steps.reads))
    chosen = preset.find(source.preset)
    tables = crm.read(files, chosen, today)
    for rows in tables.rows:
        steps.reads(rows.sheet.file, rows.read)
    named = {rows.sheet.file for rows in tables.rows} | {chosen.history or ""}
    used = [path for path in files if path.name in named or path.stem in named]
    return _Read(chosen.name, used, chosen, tables)


def _write(
    read: _Read, records: Records, currency: Currency, steps: _Steps, kept: KeptOut | None
) -> LoadReport:
    if kept and read.tables is not None:
        kept.screen(read.tables)
    elif kept:
        kept.screen_books(read.books)
    if read.tables is None or read.preset is None:
        counts, latest = ledger.write(read.books, records, steps.writes)
        misfits = Rejected()
        for book in read.books:
            for line, reason, raw in book.ledger.rejected.itertuples(index=False):
                misfits.put("ledger_entry", book.file, int(line), reason, {LINE: raw})
        rejected = misfits.rows
        notes: list[str] = [
            Reason(OF_FILE, file=book.file, note=note)
            for book in read.books
            for note in book.ledger.notes
        ]
    else:
        counts, latest = crm.write(read.tables, records, read.preset, currency, steps.writes)
        rejected, notes = read.tables.rejected.rows, read.tables.notes
    frame = pd.DataFrame(rejected, columns=REJECTED)
    if kept:
        frame = kept.rejected(frame)
    frame = frame.assign(form=frame["file"].map(read.forms))
    return LoadReport(counts, frame, notes=notes, data_date=latest)


def _tie(batch: Batch) -> None:
    """Tie ledger customers to accounts by code."""
    connection = batch.connection
    customers = pd.DataFrame(
        connection.execute(
            select(
                LedgerCustomer.id,
                LedgerCustomer.code,
                LedgerCustomer.account_id,
            )
        ),
        columns=["id", "code", "account_id"],
    ).set_index("id")
    accounts = pd.DataFrame(
        connection.execute(
            select(Account.id, Account.customer_code).where(Account.customer_code.is_not(None))
        ),
        columns=["id", "code"],
    ).set_index("id")["code"]
    found = matching.match(customers["code"], accounts)
    held = customers["account_id"].astype("Int64")
    moved = found[found.fillna(0) != held.fillna(0)]
    if len(moved):
        batch.set(
            "ledger_customer",
            pd.DataFrame(
                {
                    "record_id": moved.index,
                    "field": "account_id",
                    "value": moved.astype("object").where(moved.notna(), None).array,
                    "effective": journal.BEGINNING,
                }
            ),
        )


def _keep(batch: Batch, user: str, read: _Read, part: LoadReport) -> int:
    """Write the load itself, and the rows that didn't fit."""
    files = [
        {"name": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
        for path in read.files
    ]
    told: dict[str, Any] = {
        "tables": [asdict(counts) for counts in part.tables],
        "rejected": len(part.rejected),
        "notes": part.notes,
    }
    row = batch.connection.execute(
        insert(Load).returning(Load.id),
        {
            "source": read.name,
            "started_at": batch.recorded_at,
            "user": user,
            "batch": batch.id,
            "files": orjson.dumps(files).decode(),
            "report": orjson.dumps(told).decode(),
            "data_date": part.data_date,
        },
    )
    load_id = int(row.scalar_one())
    read_tables = [
        {"load_id": load_id, "file": file, "name": name_of(file), "form": form}
        for file, form in read.forms.items()
    ]
    batch.connection.execute(insert(LoadedTable), read_tables)
    if len(part.rejected):
        rows: Any = part.rejected[REJECTED].assign(load_id=load_id).to_dict("records")
        batch.connection.execute(insert(RejectedRow), rows)
    return load_id
