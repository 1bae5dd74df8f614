"""What waits in the outbox, as a file that the source can import: its own columns and values.

A preset read backwards: one row per record, with its key, the columns that the source requires and
those that changed. Where another record of the file changed in a column, a record has there what
its source holds, so that importing it changes nothing else.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import os
import zipfile
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlalchemy import Boolean, Date, Integer, select

from workbench.errors import Reason, SettingsError, SourceError
from workbench.locale import msg
from workbench.sources import sheets, tabular, values
from workbench.sources.rejected import Rejected
from workbench.store import outbox
from workbench.store.fields import RESTRICTED
from workbench.store.rows import table_of
from workbench.store.schema import Money
from workbench.vocabulary import field_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from sqlalchemy import Column, Connection, Engine

    from workbench.settings import Currency
    from workbench.sources.preset import Preset, TableMap
    from workbench.store.outbox import Entry

DISPUTED = Reason(msg("La source a changé aussi : à trancher d’abord sur la page Données."))
Cell = str


@dataclass(frozen=True)
class Table:
    """One file for the source.

    Attributes:
        name: as the source calls it, without suffix.
        rows: the head line first.
        entries: what the rows tell.
    """

    name: str
    rows: list[list[Cell]]
    entries: list[Entry]


@dataclass
class Export:
    """What a source can be sent, and what it can't, with the reason.

    `said` has by change what the source holds and our value, as it writes them.
    """

    preset: Preset
    said: dict[int, tuple[str, str]] = field(default_factory=dict)
    tables: list[Table] = field(default_factory=list)
    left: list[tuple[Entry, str]] = field(default_factory=list)

    @property
    def entries(self) -> list[Entry]:
        """What the files tell."""
        return [entry for table in self.tables for entry in table.entries]

    def content(self, table: Table) -> bytes:
        """The file, in the preset's encoding and delimiter."""
        out = io.StringIO(newline="")
        csv.writer(out, delimiter=delimiter(self.preset)).writerows(table.rows)
        encoding = "utf-8-sig" if self.preset.encoding == "auto" else self.preset.encoding
        try:
            return out.getvalue().encode(encoding)
        except UnicodeEncodeError as error:
            sign = error.object[error.start : error.end]
            raise SettingsError(
                f"{table.name}: {sign!r} can't be written in {encoding}, the encoding of the "
                f"preset {self.preset.name!r}. Change the value, or the preset's encoding."
            ) from error

    def archive(self) -> tuple[str, bytes]:
        """All files as one to download: the only one itself, else a ZIP; its name and content."""
        if len(self.tables) == 1:
            return f"{self.tables[0].name}.csv", self.content(self.tables[0])
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
            for table in self.tables:
                packed.writestr(f"{table.name}.csv", self.content(table))
        return f"{self.preset.name}.zip", out.getvalue()


def export(
    engine: Engine, preset: Preset, currency: Currency, rights: frozenset[str] | None = None
) -> Export:
    """What waits for the source that a preset reads, as these rights have it (None: all of it)."""
    found = Export(preset)
    waiting: dict[str, list[Entry]] = defaultdict(list)
    for entry in outbox.waiting(engine, preset.name):
        right = RESTRICTED.get((entry.entity, entry.field))
        if right and rights is not None and right not in rights:
            continue
        if entry.disputed:
            found.left.append((entry, DISPUTED))
        else:
            waiting[entry.entity].append(entry)
    with engine.connect() as connection:
        for entity, entries in waiting.items():
            way = Way.of(preset, entity, connection, currency)
            sent = []
            for entry in entries:
                why = way.refusal(entry) if way else NO_TABLE
                found.left += [(entry, why)] if why else []
                sent += [] if why else [entry]
            if way and sent:
                found.said |= {
                    one.change: (way.text_of(one, one.known) or "", way.text_of(one) or "")
                    for one in sent
                }
                found.tables.append(way.table(sent))
    return found


NO_TABLE = Reason(msg("Le préréglage n’a pas de fichier où l’écrire."))


@dataclass
class Way:
    """How an entity's fields are written for a source: a table of its preset, read backwards."""

    preset: Preset
    mapping: TableMap
    connection: Connection
    currency: Currency
    columns: dict[str, str]  # field, without `_id` where it refers to a record -> column
    fields: dict[str, Column[Any]]
    codes: dict[str, dict[int, str]] = field(default_factory=dict)

    @classmethod
    def of(
        cls, preset: Preset, entity: str, connection: Connection, currency: Currency
    ) -> Way | None:
        """The preset's table with a row per record of the entity; None where there is none."""
        mapping = next((m for m in preset.tables if m.entity == entity and not m.distinct), None)
        if mapping is None:
            return None
        fields = tabular.fields(entity)
        columns = {name: name for name in (*fields, "currency")} if mapping.same_names else {}
        for column, target in mapping.columns.items():
            names = [target] if isinstance(target, str) else target
            # A column with the key and something else is the key: to write it would move the row.
            columns |= dict.fromkeys(["code"] if "code" in names else names, column)
        if "code" not in columns:
            return None
        return cls(preset, mapping, connection, currency, columns, fields)

    def refusal(self, entry: Entry) -> str:
        """Why a value can't be written; empty where it can."""
        name = self.name(entry.field)
        if name not in self.columns or name == "code" or name in self.mapping.constants:
            return Reason(
                msg("Le préréglage n’a pas de colonne pour « {field} »."),
                field=field_name(entry.field),
            )
        if not entry.code:
            return Reason(msg("La fiche n’a pas de code dans sa source."))
        if self.text_of(entry) is None:
            return Reason(msg("La source n’a pas de mot pour « {value} »."), value=entry.value)
        return ""

    def table(self, entries: list[Entry]) -> Table:
        """The file of these entries."""
        changed = {self.name(entry.field) for entry in entries}
        needed = {name for name in self.mapping.required if name in self.columns}
        if "currency" in self.columns and any(self._is_money(name) for name in changed):
            needed.add("currency")
        order = [*dict.fromkeys(["code", *self.columns])]
        names = [name for name in order if name in changed | needed | {"code"}]
        by_record: dict[int, dict[str, Entry]] = defaultdict(dict)
        for entry in entries:
            by_record[entry.record_id][self.name(entry.field)] = entry
        entity = self.mapping.entity
        about = outbox.records(self.connection, ((entity, id_) for id_ in by_record))
        rows = [[self.columns[name] for name in names]]
        for id_, mine in by_record.items():
            code = next(iter(mine.values())).code
            row = []
            for name in names:
                if name == "currency":
                    row.append(self._money(id_)[0])
                elif name == "code":
                    row.append(code)
                else:
                    key = (entity, id_, self._field(name))
                    value = mine[name].value if name in mine else about.theirs.get(key)
                    row.append(self._text(name, value, id_) or "")
            rows.append(row)
        return Table(self.mapping.file, rows, entries)

    def name(self, field: str) -> str:
        """A field as presets call it."""
        short = field.removesuffix("_id")
        return short if short in self.fields else field

    def _field(self, name: str) -> str:
        return self.fields[name].name

    def _is_money(self, name: str) -> bool:
        column = self.fields.get(name)
        return column is not None and isinstance(column.type, Money)

    def text_of(self, entry: Entry, value: Any = ...) -> str | None:
        """An entry's value, or another, as the source writes it; None where it has no word."""
        value = entry.value if value is ... else value
        return self._text(self.name(entry.field), value, entry.record_id)

    def _money(self, id_: int) -> tuple[str, float]:
        """In which currency the source has a record's money, and the rate at which it was read."""
        return self.foreign.get(id_, (self.currency.code, 1.0))

    @cached_property
    def foreign(self) -> dict[int, tuple[str, float]]:
        """The records whose money the source has in another currency than ours."""
        of = table_of(self.mapping.entity).c
        if "currency" not in of:
            return {}
        found = select(of.id, of.currency, of.currency_rate).where(of.currency.is_not(None))
        return {id_: (code, rate) for id_, code, rate in self.connection.execute(found)}

    def _text(self, name: str, value: Any, id_: int) -> str | None:
        if value is None:
            return ""
        column = self.fields[name]
        text: str | None
        if column.foreign_keys:
            text = self._code(next(iter(column.foreign_keys)).column.table.name, int(value))
        elif isinstance(column.type, Date):
            text = dt.date.fromisoformat(value).strftime(self.preset.dates[0])
        elif isinstance(column.type, Boolean):
            text = (self.preset.true if value else self.preset.false)[0]
        elif isinstance(column.type, Money):
            text = f"{unconverted(value, self._money(id_)[1]):.2f}".replace(
                ".", self.preset.decimal
            )
        elif isinstance(column.type, Integer):
            text = str(int(value))
        elif isinstance(value, float):
            text = repr(value).replace(".", self.preset.decimal)
        else:
            text = str(value)
        return None if text is None else self._theirs(name, text)

    def _theirs(self, name: str, text: str) -> str | None:
        """The source's own word for ours; None where what it would read is another."""
        words = self.mapping.translations.get(name, {})
        theirs = next((one for one, ours in words.items() if ours == text), text)
        return theirs if words.get(theirs, theirs) == text else None

    def _code(self, table: str, id_: int) -> str | None:
        """A record's code, a stage's without its pipeline's."""
        if table not in self.codes:
            of = table_of(table)
            found = self.connection.execute(select(of.c.id, of.c.code))
            self.codes[table] = {one: code for one, code in found if code}
        code = self.codes[table].get(id_)
        return code.partition("/")[2] if code and table == "stage" else code


def unconverted(amount: float, rate: float) -> float:
    """Money in the currency that it was read in: the roundest amount that comes to ours.

    >>> unconverted(7.53, 0.0061), unconverted(1110.96, 0.9), unconverted(1000.0, 1.17)
    (1234.0, 1234.4, 854.7)
    """
    exact = amount / rate
    rounded = (round(exact, digits) for digits in range(3))
    return next((one for one in rounded if values.cents(one * rate) == amount), round(exact, 2))


def delimiter(preset: Preset) -> str:
    """What separates the columns: a semicolon where commas mark decimals."""
    if preset.delimiter != "auto":
        return preset.delimiter
    return ";" if preset.decimal == "," else ","


def write(found: Export, target: Path) -> list[Path]:
    """Write the files, whole or not at all: into a folder, or the only one where `target` names it.

    Raises:
        SettingsError: the path names one file, and there are several tables.
    """
    if target.suffix and not target.is_dir():
        if len(found.tables) > 1:
            names = ", ".join(f"{table.name}.csv" for table in found.tables)
            raise SettingsError(f"{target}: there are several files, {names}. Name a folder.")
        paths = [target for _ in found.tables]
    else:
        target.mkdir(parents=True, exist_ok=True)
        paths = [target / f"{table.name}.csv" for table in found.tables]
    for path, table in zip(paths, found.tables, strict=True):
        part = path.with_name(f".{path.name}.part")
        with part.open("wb") as file:
            file.write(found.content(table))
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    return paths


def read(
    engine: Engine, path: Path, preset: Preset, currency: Currency, *, table: str | None = None
) -> list[Entry]:
    """The entries that a file tells, one that `write` wrote or the source gave back of it.

    A value counts where it is what an edit in the outbox made: what was changed here since the
    file was written is not told by it.

    Args:
        engine: the store.
        path: a file, or a folder of files.
        preset: of the source.
        currency: the reporting currency.
        table: which of the preset's tables the file is, where its name doesn't say.

    Raises:
        SourceError: a file can't be read, or is none of the preset's.
    """
    files = sorted(path.glob("*.csv")) if path.is_dir() else [path]
    found: list[Entry] = []
    for file in files:
        name = table or file.stem
        mapping = next((m for m in preset.tables if m.file == name and not m.distinct), None)
        if mapping is None:
            known = ", ".join(sorted({m.file for m in preset.tables}))
            raise SourceError(f"{file}: which table is it? Say --table with one of {known}.")
        sheet = sheets.csv_sheet(file, preset, Rejected())
        with engine.connect() as connection:
            way = Way.of(preset, mapping.entity, connection, currency)
            if way is None or way.columns["code"] not in sheet.cells:
                raise SourceError(f"{file}: has no column with the records' key.")
            rows = sheet.cells.set_index(way.columns["code"], drop=False)
            told = {str(code): row for code, row in rows.iterrows()}
            found += _told(outbox.sent(connection, preset.name, mapping.entity), way, told)
    return found


def _told(entries: Iterable[Entry], way: Way, rows: Mapping[str, Any]) -> list[Entry]:
    """Of each field's changes, the newest whose value stands in the file."""
    found: dict[outbox.Key, Entry] = {}
    for entry in entries:  # the newest last
        row = rows.get(entry.code)
        column = way.columns.get(way.name(entry.field))
        if row is None or column not in row or way.refusal(entry):
            continue
        if row[column].strip() == (way.text_of(entry) or "").strip():
            found[entry.key] = entry
    return list(found.values())
