"""Full-contract frames from short literals, in the kinds that a dataset gives."""

from __future__ import annotations

import datetime as dt
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa

from workbench.tables import Kind, table

NEVER_NULL = {"id"}
DTYPES = {
    Kind.ID: "Int64",
    Kind.COUNT: "Int64",
    Kind.TEXT: "str",
    Kind.FLAG: "boolean",
    Kind.DATE: "datetime64[us]",
    Kind.MOMENT: "datetime64[us]",
    Kind.MONEY: "float64",
    Kind.RATIO: "float64",
    Kind.NUMBER: "float64",
}


def frame(name: str, *rows: dict[str, Any], **same: Any) -> pd.DataFrame:
    """The table with those rows; columns that aren't given are null, `same` holds in each row.

    Text of the form 2026-09-30 becomes a date in date columns.
    """
    contract = table(name)
    unknown = {key for row in rows for key in row} | set(same)
    assert unknown <= set(contract.names), unknown - set(contract.names)
    columns = {}
    for column in contract.columns:
        values = [row.get(column.name, same.get(column.name)) for row in rows]
        dtype = "int64" if column.name in NEVER_NULL and None not in values else DTYPES[column.kind]
        if column.kind in (Kind.DATE, Kind.MOMENT):
            moments = [dt.datetime.fromisoformat(v) if isinstance(v, str) else v for v in values]
            columns[column.name] = pd.Series(moments, dtype="datetime64[us]")
        else:
            columns[column.name] = pd.Series(values, dtype=dtype)
    return pd.DataFrame(columns)


def rows(text: str) -> list[dict[str, Any]]:
    """Rows from a small table written as text: a header, then cells between blanks; - is null."""
    lines = [line.split() for line in text.strip().splitlines()]
    head, *body = lines
    return [dict(zip(head, map(_cell, line), strict=True)) for line in body]


def _cell(text: str) -> Any:
    if text == "-":
        return None
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def written(name: str, text: str, **same: Any) -> pd.DataFrame:
    """`frame` from text: cells between blanks, - for null."""
    kinds = {column.name: column.kind for column in table(name).columns}
    parsed = [
        {k: str(v) if kinds.get(k) is Kind.TEXT and v is not None else v for k, v in row.items()}
        for row in rows(text)
    ]
    return frame(name, *parsed, **same)


def records(result: pd.DataFrame, *columns: str) -> list[tuple[Any, ...]]:
    """The rows as tuples, dates as ISO text, null as None, amounts rounded to 6 places."""
    return [tuple(_plain(v) for v in row) for row in result[list(columns)].itertuples(index=False)]


def _plain(value: Any) -> Any:
    if pd.isna(value):
        return None
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    if hasattr(value, "item"):
        value = value.item()
    return round(value, 6) if isinstance(value, float) else value


def as_kind(data: pd.DataFrame, kind: str) -> Any:
    """The frame as pandas, polars, lazy (Polars) or duckdb."""
    if kind == "pandas":
        return data
    arrow = pa.Table.from_pandas(data, preserve_index=False)
    if kind == "duckdb":
        return duckdb.from_arrow(arrow)
    eager = pl.from_arrow(arrow)
    return eager.lazy() if kind == "lazy" else eager


def as_pandas(result: Any) -> pd.DataFrame:
    """Any kind's result in pandas, with the same types for all."""
    if isinstance(result, pd.DataFrame):
        arrow = pa.Table.from_pandas(result, preserve_index=False)
    elif isinstance(result, duckdb.DuckDBPyRelation):
        arrow = result.to_arrow_table()
    else:
        arrow = (result.collect() if isinstance(result, pl.LazyFrame) else result).to_arrow()
    return pd.DataFrame({name: arrow.column(name).to_pylist() for name in arrow.column_names})
