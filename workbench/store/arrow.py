"""From what a store answers to the tables' contract in Arrow, and from there to pandas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from workbench.tables import table

if TYPE_CHECKING:
    import datetime as dt

    from sqlalchemy import Engine


def contracted(name: str, read: pa.Table) -> pa.Table:
    """Cast what the driver gave to the contract's types."""
    columns = []
    for wanted in table(name).schema:
        column = read[wanted.name]
        if pa.types.is_boolean(wanted.type) and pa.types.is_string(column.type):
            column = pc.cast(column, pa.int64())
        if pa.types.is_timestamp(column.type) and column.type.tz is not None:
            column = pc.local_timestamp(pc.cast(column, pa.timestamp("us", "UTC")))
        columns.append(pc.cast(column, wanted.type))
    return pa.table(columns, schema=table(name).schema)


def until(arrow: pa.Table, day: dt.date) -> pa.Table:
    """Rows dated up to the day, and periods begun by then; one that ends later lasts."""
    since = "date" if "date" in arrow.column_names else "valid_from"
    kept = arrow.filter(pc.less_equal(arrow[since], pa.scalar(day).cast(arrow[since].type)))
    if since == "date":
        return kept
    ends = kept["valid_to"]
    ended = pc.less_equal(ends, pa.scalar(day).cast(ends.type))
    return kept.set_column(
        kept.column_names.index("valid_to"),
        kept.schema.field("valid_to"),
        pc.if_else(ended, ends, pa.scalar(None, ends.type)),
    )


def of_query(name: str, engine: Engine, query: Any) -> pa.Table:
    """Rows of a query that a person's name is part of: a value beside the statement, not in it."""
    with engine.connect() as connection:
        rows = [dict(row) for row in connection.execute(query).mappings()]
    return pa.Table.from_pylist(rows, schema=table(name).schema)


def to_pandas(arrow: pa.Table) -> pd.DataFrame:
    """Integers that may be missing become Int64, flags boolean; the rest as pandas has it."""
    columns = {}
    for name in arrow.column_names:
        column = arrow[name]
        extension: Any = None
        if pa.types.is_boolean(column.type):
            extension = pd.BooleanDtype()
        elif pa.types.is_integer(column.type) and column.null_count:
            extension = pd.Int64Dtype()
        elif pa.types.is_string(column.type):
            extension = pd.StringDtype(na_value=float("nan"))
        columns[name] = column.to_pandas(types_mapper={column.type: extension}.get)
    return pd.DataFrame(columns, copy=False)
