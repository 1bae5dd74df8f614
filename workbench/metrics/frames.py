"""Between the caller's engine and pandas: heavy work stays there, the small rest is finished here.

Metrics filter, join and aggregate with narwhals in the caller's engine; what is left (a few
thousand rows, or the narrow columns that an iteration needs) is collected, finished with pandas
and NumPy, and given back in the caller's kind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from workbench.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

type_of = {
    "id": "Int64",
    "count": "Int64",
    "text": "str",
    "flag": "bool",
    "date": "datetime64[us]",
    "money": "float64",
    "ratio": "float64",
    "number": "float64",
}


def collect(frame: nw.LazyFrame[Any], *columns: str) -> pd.DataFrame:
    """The frame in pandas: whole numbers as Int64, dates as datetime64[us], text as str.

    Args:
        frame: of any engine.
        columns: those needed; all where none is named.
    """
    narrow = frame.select(*columns) if columns else frame
    found = narrow.collect()
    if found.implementation.is_pandas():
        result: pd.DataFrame = found.to_native().reset_index(drop=True)
    else:
        result = found.to_arrow().to_pandas(types_mapper=_PANDAS.get, date_as_object=False)
    return pd.DataFrame({name: _usual(values) for name, values in result.items()}, copy=False)


def _usual(values: pd.Series[Any]) -> pd.Series[Any]:
    dtype = values.dtype
    if dtype.kind in "iu" and dtype != "Int64":
        return values.astype("Int64")
    if dtype.kind == "M" and dtype != "datetime64[us]":
        return values.astype("datetime64[us]")
    return values


_PANDAS = {
    pa.int64(): pd.Int64Dtype(),
    pa.int32(): pd.Int64Dtype(),
    pa.int8(): pd.Int64Dtype(),
    pa.uint32(): pd.Int64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
    pa.string(): pd.StringDtype(na_value=np.nan),
    pa.large_string(): pd.StringDtype(na_value=np.nan),
    pa.string_view(): pd.StringDtype(na_value=np.nan),
}


def give(
    result: pd.DataFrame, like: nw.LazyFrame[Any], columns: Mapping[str, str]
) -> nw.LazyFrame[Any]:
    """The finished rows in the kind of `like`, with exactly those columns.

    Args:
        result: what was computed; columns that aren't asked for are left out.
        like: a frame that the caller gave.
        columns: name and kind of each, as in the catalog.
    """
    shaped = pd.DataFrame(
        {name: _cast(result[name], kind.partition(":")[0]).array for name, kind in columns.items()},
        copy=False,
    )
    if like.implementation.is_pandas():
        return nw.from_native(shaped).lazy()
    table = pa.Table.from_pandas(shaped, preserve_index=False)
    backend = like.implementation
    given: nw.LazyFrame[Any] = nw.from_native(table).lazy(
        backend if backend.is_duckdb() else "polars"
    )
    return given


def _cast(values: pd.Series[Any], kind: str) -> pd.Series[Any]:
    dtype: Any = type_of[kind]
    if values.dtype == dtype:
        return values
    if kind == "flag":
        values = values.fillna(value=False)
    cast: pd.Series[Any] = values.astype(dtype)
    return cast


def cents(column: str) -> nw.Expr:
    """The amount as whole cents, null as 0: sums of them are exact."""
    return rounded(nw.col(column).fill_null(0.0) * 100)


def rounded(number: nw.Expr) -> nw.Expr:
    """The nearest whole number, halves upwards: engines' own rounding differs on halves."""
    return (number + 0.5).floor().cast(nw.Int64)


def nearest(numbers: pd.Series[Any]) -> pd.Series[Any]:
    """As `rounded`, of numbers in pandas."""
    whole: pd.Series[Any] = np.floor(numbers + 0.5).astype("Int64")
    return whole


def in_cents(amounts: pd.Series[Any]) -> pd.Series[Any]:
    """As `cents`, of amounts in pandas."""
    return nearest(amounts.fillna(0.0) * 100)


def euros(values: Any) -> NDArray[np.float64]:
    """Whole cents as an amount, rounded to the cent."""
    numbers = np.asarray(pd.Series(values).fillna(0), dtype="float64")
    return np.round(numbers / 100, 2)


def told(amounts: NDArray[np.float64], known: pd.Series[Any]) -> NDArray[np.float64]:
    """The amounts, null where nobody told one: that is not 0.

    >>> told(euros([0, 0]), pd.Series([True, False])).tolist()
    [0.0, nan]
    """
    return np.where(known.to_numpy(dtype=bool), amounts, np.nan)


def ratio(part: Any, whole: Any) -> NDArray[np.float64]:
    """Part of whole; NaN (does not exist) where the whole is 0.

    >>> ratio([1, 0], [4, 0]).tolist()
    [0.25, nan]
    """
    up = np.asarray(pd.Series(part).fillna(0), dtype="float64")
    down = np.asarray(pd.Series(whole).fillna(0), dtype="float64")
    rate: NDArray[np.float64] = np.divide(up, down, out=np.full(len(up), np.nan), where=down != 0)
    return rate


def whole(name: str, value: Any, *, least: int = 0) -> int:
    """A whole number of at least `least`, from an option that may come as text.

    Raises:
        SettingsError: it isn't one.
    """
    try:
        number = int(value)
    except (TypeError, ValueError):
        number = least - 1
    if number < least or isinstance(value, bool):
        raise SettingsError(f"{name} must be a whole number of at least {least}, not {value!r}.")
    return number


def places(keys: pd.Series[Any], among: pd.Series[Any]) -> NDArray[np.int64]:
    """Where each key stands first among the others; -1 where it doesn't, or is null.

    Arrow compares texts without making an object of each.

    >>> places(pd.Series(["b", "c"]), pd.Series(["a", "b", "b"])).tolist()
    [1, -1]
    """
    known = pa.array(among)
    found = pc.index_in(pa.array(keys).cast(known.type), value_set=known, skip_nulls=True)
    return np.asarray(found.fill_null(-1), dtype="int64")


def beside(rows: pd.DataFrame, key: str, others: pd.DataFrame) -> pd.DataFrame:
    """The rows, each with what the one of the others has whose `id` is its key; null without.

    >>> stages = pd.DataFrame({"id": [2], "stage": ["N"]})
    >>> beside(pd.DataFrame({"stage_id": [2, 3]}), "stage_id", stages)["stage"].tolist()
    ['N', nan]
    """
    known = pd.Index(others["id"].to_numpy("int64"))
    place = known.get_indexer(rows[key].to_numpy("int64", na_value=NOBODY))
    found = others.drop(columns="id")
    return rows.assign(
        **{str(name): found[name].array.take(place, allow_fill=True) for name in found}
    )


NOBODY = -1  # the id of no record


def looked_up(keys: pd.Series[Any], values: pd.Series[Any]) -> pd.Series[Any]:
    """The value of each key, null where there is none; on the keys' own index.

    >>> looked_up(pd.Series([2, 3]), pd.Series(["b"], index=[2])).tolist()
    ['b', nan]
    """
    return values.reindex(pd.Index(keys)).set_axis(keys.index)


def largest_first(rows: pd.DataFrame, amount: str, then: str) -> pd.DataFrame:
    """The rows by whole amount, the largest first, equal ones by another column, nulls last.

    Only equals are compared by it: texts take long.

    >>> rows = pd.DataFrame({"cents": [5, 7, 5], "name": ["b", "c", "a"]})
    >>> largest_first(rows, "cents", "name")["name"].tolist()
    ['c', 'a', 'b']
    """
    equal = np.flatnonzero(rows[amount].duplicated(keep=False))
    after = np.zeros(len(rows))
    after[equal] = rows[then].iloc[equal].rank(method="min", na_option="bottom")
    return rows.iloc[np.lexsort((after, -rows[amount].to_numpy("int64")))]


def latest_first(rows: pd.DataFrame, date: str) -> pd.DataFrame:
    """The rows by date, the latest first, equal ones by id; those without a date last.

    >>> rows = pd.DataFrame({"id": [3, 1, 2], "on": pd.to_datetime(["2026-02-01"] * 2 + [None])})
    >>> latest_first(rows, "on")["id"].tolist()
    [1, 3, 2]
    """
    if not rows["id"].is_monotonic_increasing:
        rows = rows.sort_values("id")
    on = rows[date].to_numpy("datetime64[D]").astype("int64")
    known = ~rows[date].isna().to_numpy()
    latest = int(on[known].max()) if known.any() else 0
    back = np.where(known, latest - on, _LONG_AGO).clip(max=_LONG_AGO)
    # Whole numbers of 16 bits are sorted by counting; 65,535 days are 179 years.
    return rows.iloc[np.argsort(back.astype("uint16"), kind="stable")]


_LONG_AGO = 65_535


def no_ids(size: int) -> pd.arrays.IntegerArray:
    """So many null whole numbers.

    >>> no_ids(1)
    <IntegerArray>
    [<NA>]
    Length: 1, dtype: Int64
    """
    return pd.arrays.IntegerArray(np.zeros(size, dtype="int64"), np.ones(size, dtype=bool))
