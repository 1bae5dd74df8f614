"""Rows of the store's tables: values as the journal writes them, read and written in bulk."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import pandas as pd
from sqlalchemy import Boolean, Date, Float, Integer
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from workbench.locale import missing
from workbench.store import schema
from workbench.store.replay import (
    Event,
    decode,
)
from workbench.store.schema import Money

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from sqlalchemy import Column, Connection, Table

NOT_BUSINESS = ("id", "version")  # columns that the journal doesn't carry


AT_ONCE = 5_000  # ids listed in one statement


def table_of(entity: str) -> Table:
    """The SQL table of an entity."""
    found: Table = schema.Base.metadata.tables[entity]
    return found


@cache
def columns_of(entity: str) -> dict[str, Column[Any]]:
    """The columns that the journal carries for an entity, by name."""
    return {c.name: c for c in table_of(entity).columns if c.name not in NOT_BUSINESS}


def plain(values: pd.Series[Any], column: Column[Any]) -> list[Any]:
    """A column as JSON-plain values: dates in ISO form, money to the cent, None for missing."""
    missing = values.isna().to_numpy()
    if isinstance(column.type, Date):
        days = pd.to_datetime(values).to_numpy().astype("datetime64[D]")
        out: Any = np.datetime_as_string(days, unit="D").astype(object)
    elif isinstance(column.type, Money):
        cents = pd.to_numeric(values.astype(object).where(~missing, 0)).astype(float)
        out = cents.round(2).to_numpy().astype(object)
    elif isinstance(column.type, Boolean):
        out = (
            values.astype(object)
            .where(~missing, other=False)
            .astype(bool)
            .to_numpy()
            .astype(object)
        )
    elif isinstance(column.type, Integer):
        out = values.astype(object).where(~missing, 0).astype("int64").to_numpy().astype(object)
    elif isinstance(column.type, Float):
        out = values.astype(object).where(~missing, 0).astype(float).to_numpy().astype(object)
    else:
        out = values.astype(object).to_numpy(copy=True)
    out[missing] = None
    return list(out.tolist())


def _day(value: Any) -> str:
    if not isinstance(value, str):
        value = pd.Timestamp(value).isoformat()
    return str(dt.datetime.fromisoformat(value).date().isoformat())


def _cents(value: Any) -> float:
    cents = float(Decimal(str(value)).quantize(schema.CENT))
    if not abs(cents) < MOST:
        raise ValueError(value)
    return cents


def _flag(value: Any) -> bool:
    """True or false, as people write them too.

    >>> _flag("oui"), _flag("FALSE"), _flag(0)
    (True, False, False)
    """
    return FLAGS[str(value).strip().lower()]


def _whole(value: Any) -> int:
    whole = int(value)
    if not abs(whole) < LARGEST or (not isinstance(value, str) and whole != value):
        raise ValueError(value)
    return whole


def _number(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(value)
    return number


MOST = 10**12  # of money, in euros: what the column holds


LARGEST = 2**63


FLAGS = dict.fromkeys(("true", "oui", "yes", "vrai", "1", "1.0"), True) | dict.fromkeys(
    ("false", "non", "no", "faux", "0", "0.0"), False
)


PLAIN: tuple[tuple[type[Any], Callable[[Any], Any]], ...] = (
    (Date, _day),
    (Money, _cents),
    (Boolean, _flag),
    (Integer, _whole),
    (Float, _number),
)


@cache
def _plainly(column: Column[Any]) -> Callable[[Any], Any]:
    for kind, plainly in PLAIN:
        if isinstance(column.type, kind):
            return plainly
    return str


def plain_value(value: Any, column: Column[Any]) -> Any:
    """One value as the journal writes it.

    Raises:
        ValueError, TypeError, LookupError, ArithmeticError: the value isn't of the column's kind.
    """
    return None if missing(value) else _plainly(column)(value)


def insert(connection: Connection, table: Table, names: Sequence[str], rows: Iterable[Any]) -> None:
    """Insert plain rows: COPY on PostgreSQL, executemany on SQLite."""
    quoted = ", ".join(f'"{name}"' for name in names)
    cursor: Any = connection.connection.cursor()
    if connection.dialect.name == "postgresql":
        with cursor.copy(f'COPY "{table.name}" ({quoted}) FROM STDIN') as copy:
            for row in rows:
                copy.write_row(row)
        return
    marks = ", ".join("?" for _ in names)
    listed = list(rows)
    if listed:
        cursor.executemany(
            f'INSERT INTO "{table.name}" ({quoted}) VALUES ({marks})',  # noqa: S608 - our names
            listed,
        )


def chunks(ids: Iterable[int]) -> Iterator[list[int]]:
    """Ids in order, as many at a time as one statement lists."""
    listed = sorted(set(ids))
    for start in range(0, len(listed), AT_ONCE):
        yield listed[start : start + AT_ONCE]


def rows_of(
    connection: Connection, statement: str, ids: Iterable[int], *more: Any
) -> Iterator[Any]:
    """Rows of a statement that ends before its list of ids; `more` are its own values, before them.

    Asked of the driver itself: what each edit asks is to cost what the database takes for it.
    """
    for some in chunks(ids):
        marks = ", ".join([mark(connection)] * len(some))
        yield from fetched(connection, f"{statement} ({marks})", (*more, *some))


def fetched(connection: Connection, statement: str, values: Sequence[Any] = ()) -> list[Any]:
    """The rows of a statement with the driver's own marks, as the driver gives them."""
    if not connection.in_transaction():
        connection.begin()
    cursor: Any = connection.connection.cursor()
    cursor.execute(statement, values)
    rows: list[Any] = cursor.fetchall()
    cursor.close()
    return rows


def run(connection: Connection, statement: str, rows: Sequence[Sequence[Any]]) -> None:
    """Run a statement with the driver's own marks for each of these rows of values."""
    cursor: Any = connection.connection.cursor()
    cursor.executemany(statement, rows)
    cursor.close()


def mark(connection: Connection) -> str:
    """Where a value goes in a statement."""
    return "?" if connection.dialect.name == "sqlite" else "%s"


def records_of(
    connection: Connection, entity: str, ids: Iterable[int], fields: Iterable[str] | None = None
) -> dict[int, dict[str, Any]]:
    """Records by id, with their `id` and `version`, their values as the journal writes them.

    Args:
        connection: of the store.
        entity: the records' table.
        ids: theirs.
        fields: those that are read; all of them where None.
    """
    columns = columns_of(entity)
    names = ("id", "version", *(columns if fields is None else fields))
    quoted = ", ".join(f'"{name}"' for name in names)
    sqlite = connection.dialect.name == "sqlite"
    flags = [name for name in names[2:] if sqlite and isinstance(columns[name].type, Boolean)]
    found = {}
    statement = f'SELECT {quoted} FROM "{entity}" WHERE id IN'  # noqa: S608 - our names
    for row in rows_of(connection, statement, ids):
        record = dict(zip(names, row if sqlite else plain_row(row), strict=True))
        for name in flags:
            record[name] = None if record[name] is None else bool(record[name])
        found[int(record["id"])] = record
    return found


def events_of(
    connection: Connection,
    entity: str,
    ids: Iterable[int] | None = None,
    upto: int | None = None,
    fields: Iterable[str] = (),
) -> list[Event]:
    """The journal's rows of some records, as events.

    Args:
        connection: of the store.
        entity: the records' table.
        ids: theirs; all of them where None.
        upto: rows with a higher number are left out.
        fields: settings of other fields are left out; none are where none is named.
    """
    here, wanted = mark(connection), list(fields)
    sqlite = connection.dialect.name == "sqlite"
    asked = "SELECT id, record_id, effective, op, field, new, undoes FROM change"
    statement = f"{asked} WHERE entity = {here}"
    values: list[Any] = [entity]
    if upto is not None:
        statement += f" AND id <= {here}"
        values.append(upto)
    if wanted:
        marks = ", ".join([here] * len(wanted))
        statement += f" AND (op <> 'set' OR field IN ({marks}))"
        values += wanted
    rows = (
        fetched(connection, statement, values)
        if ids is None
        else rows_of(connection, f"{statement} AND record_id IN", ids, *values)
    )
    day = dt.date.fromisoformat if sqlite else _same
    return [
        Event(id_, record, day(effective), op, name, decode(new), undoes)
        for id_, record, effective, op, name, new, undoes in rows
    ]


def _same(value: Any) -> Any:
    return value


@cache
def defaults_of(entity: str) -> dict[str, Any]:
    """What a column that can't be empty holds where nothing is said."""
    return {
        name: column.default.arg
        for name, column in columns_of(entity).items()
        if not column.nullable and isinstance(column.default, ScalarElementColumnDefault)
    }


def stored(moment: dt.datetime) -> str:
    """A UTC moment as SQLite keeps it.

    >>> stored(dt.datetime(2026, 9, 30, 18, tzinfo=dt.UTC))
    '2026-09-30 18:00:00.000000'
    """
    return moment.replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")


def moment_of(held: str | dt.datetime) -> dt.datetime:
    """A moment as the database's driver gives it."""
    if isinstance(held, str):
        return dt.datetime.fromisoformat(held).replace(tzinfo=dt.UTC)
    return held


def snapshot(names: Sequence[str], row: Sequence[Any]) -> str:
    """A record as JSON; what is empty is left out."""
    return orjson.dumps(
        {name: value for name, value in zip(names, row, strict=True) if value is not None}
    ).decode()


def plain_row(row: Sequence[Any]) -> list[Any]:
    """A row's values as JSON has them."""
    return [
        value.isoformat() if isinstance(value, dt.date)
        else float(value) if isinstance(value, Decimal)
        else value
        for value in row
    ]  # fmt: skip
