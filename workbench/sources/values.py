"""Reads numbers and dates out of columns of text, a whole column at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Iterable

BLANKS = "[ \t\u00a0\u2009\u202f']"  # also what French and Swiss exports put between thousands
EARLIEST = 1000  # a year before that lacks a digit
PLAIN = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)$"
FEC_DATES = (
    (r"^([0-9]{4})-([0-9]{2})-([0-9]{2})([ T].*)?$", r"\1\2\3"),
    (r"^([0-9]{2})[/.-]([0-9]{2})[/.-]([0-9]{4})$", r"\3\2\1"),
)


def text(values: Iterable[Any] | pa.ChunkedArray) -> pa.ChunkedArray:
    """A column of trimmed text, empty where there was nothing."""
    if not isinstance(values, pa.ChunkedArray):
        found = pa.array(values, pa.string())
        chunks = found.chunks if isinstance(found, pa.ChunkedArray) else [found]
        values = pa.chunked_array(chunks, pa.string())  # a column without rows has no chunk to ask
    return pc.utf8_trim_whitespace(pc.fill_null(values, ""))


def decimal_mark(columns: Iterable[pa.ChunkedArray]) -> str:
    """Comma or point, whichever ends more numbers; three digits behind it may be thousands.

    >>> decimal_mark([text(["1.200,50", "3"])])
    ','
    """
    comma = point = 0
    for column in columns:
        comma += pc.sum(pc.match_substring_regex(column, r",([0-9]{1,2}|[0-9]{4,})$")).as_py() or 0
        point += pc.sum(pc.match_substring_regex(column, r"\.([0-9]{1,2}|[0-9]{4,})$")).as_py() or 0
    return "." if point > comma else ","


def numbers(column: pa.ChunkedArray, decimal: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Numbers as floats; NaN where the text is none, and where it is empty.

    >>> numbers(text(["1 234,50", "-1.234,50", "12.5", "7,00-", "abc", ""]), ",").tolist()
    [1234.5, -1234.5, 12.5, -7.0, nan, nan]
    """
    thousands = "." if decimal == "," else ","
    plain = pc.replace_substring_regex(column, BLANKS, "")
    grouped = pc.match_substring_regex(
        plain, rf"^[+-]?[0-9]{{1,3}}(\{thousands}[0-9]{{3}})+(\{decimal}[0-9]*)?-?$"
    )
    plain = pc.if_else(grouped, pc.replace_substring(plain, thousands, ""), plain)
    plain = pc.replace_substring(plain, ",", ".")
    plain = pc.replace_substring_regex(plain, r"^([0-9.]+)-$", r"-\1")
    plain = pc.replace_substring_regex(plain, r"^\+", "")
    reads = pc.match_substring_regex(plain, PLAIN)
    found = pc.cast(pc.if_else(reads, plain, None), pa.float64())
    return np.asarray(found.to_numpy(), dtype="float64")


def cents(values: Any) -> Any:
    """Money rounded to the cent."""
    return np.round(values * 100) / 100


def fec_dates(column: pa.ChunkedArray) -> pd.Series[pd.Timestamp]:
    """Dates written YYYYMMDD, as the law has it, or in the usual forms; NaT where they don't read.

    >>> fec_dates(text(["20240131", "2024-01-31", "31/01/2024", "20240231"])).dt.day.tolist()
    [31.0, 31.0, 31.0, nan]
    """
    for pattern, order in FEC_DATES:
        column = pc.replace_substring_regex(column, pattern, order)
    return dates(column, ["%Y%m%d"])


def dates(column: pa.ChunkedArray, formats: Iterable[str]) -> pd.Series[pd.Timestamp]:
    """Dates in the first of the formats that reads them; NaT where none does.

    >>> read = dates(text(["31/01/2024", "2024-02-29", "soon"]), ["%Y-%m-%d", "%d/%m/%Y"])
    >>> read.dt.month.tolist()
    [1.0, 2.0, nan]
    """
    written = pd.Series(column.to_pandas(), dtype="str")
    found = pd.Series(pd.NaT, index=written.index, dtype="datetime64[us]")
    for form in formats:
        left = found.isna() & (written != "")
        if not left.any():
            break
        read = pd.to_datetime(written[left], format=form, errors="coerce")
        read = read.where(read.dt.year >= EARLIEST)
        found[left] = read.dt.normalize().astype("datetime64[us]")
    return found
