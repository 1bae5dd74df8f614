"""What a result may be grouped by: an id with its name, a text, or a period of time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw
import pandas as pd

from workbench.errors import UnknownName
from workbench.metrics.frames import no_ids

if TYPE_CHECKING:
    from collections.abc import Iterable

GROUP = {"group_id": "id", "group": "text"}
CALENDAR = ("month", "quarter", "year")
NAMED = {
    "owner": ("owner_id", "owner"),
    "team": ("team_id", "team"),
    "account": ("account_id", "account"),
    "customer": ("customer_id", "customer"),
    "group": ("root_id", "root"),
    "deal": ("id", "name"),
}
ACCOUNT = ("segment", "sector", "city", "postcode", "country", "owner", "team", "supplier", "need",
           "timeline", "status")  # fmt: skip


def choice(what: str, value: str | None, known: Iterable[str]) -> None:
    """Refuse a value that isn't one of the known.

    Raises:
        UnknownName: naming the choices.
    """
    names = list(known)
    if value is not None and value not in names:
        raise UnknownName(what, str(value), names)


def grouped(
    frame: nw.LazyFrame[Any], by: str | None, known: Iterable[str], *, date: str = ""
) -> nw.LazyFrame[Any]:
    """Add `group_id` and `group` to each row; `labelled` makes them what is shown.

    Args:
        frame: with the columns that the dimension needs.
        by: the dimension; None puts all in one group.
        known: the dimensions that the metric has.
        date: the column that month, quarter and year are taken of.

    Raises:
        UnknownName: the metric isn't grouped by that.
    """
    choice("grouping", by, known)
    no_id, no_text = nw.lit(0, dtype=nw.Int64), nw.lit("")
    if by is None:
        return frame.with_columns(group_id=no_id, group=no_text)
    if by in CALENDAR:
        return frame.with_columns(group_id=number(by, date), group=no_text)
    if by in NAMED:
        key, name = NAMED[by]
        return frame.with_columns(group_id=nw.col(key), group=nw.col(name))
    return frame.with_columns(group_id=no_id, group=nw.col(by))


def keyed(
    rows: pd.DataFrame, by: str | None, known: Iterable[str], *, date: str = ""
) -> pd.DataFrame:
    """As `grouped`, of rows in pandas."""
    found = grouped(nw.from_native(rows).lazy(), by, known, date=date)
    result: pd.DataFrame = found.collect().to_native()
    return result


def number(by: str, date: str) -> nw.Expr:
    """The period of a date as a number that sorts: 202609, 20263, 2026; 0 without a date."""
    year = _whole(nw.col(date).dt.year())
    if by == "year":
        return year
    month = _whole(nw.col(date).dt.month())
    return year * 100 + month if by == "month" else year * 10 + (month + 2) // 3


def labelled(frame: pd.DataFrame, by: str | None) -> pd.DataFrame:
    """What `grouped` stands for: periods by name and in order, null where there is nothing."""
    if by in NAMED:
        return frame
    nothing = no_ids(len(frame))
    if by is None:
        return frame.assign(group_id=nothing, group=pd.Series([None] * len(frame), dtype="str"))
    if by in CALENDAR:
        dated = frame["group_id"].astype("Int64")
        frame = frame.assign(group_id=dated.mask(dated == 0)).sort_values("group_id", kind="stable")
        frame = frame.reset_index(drop=True).assign(group=lambda f: named(by, f["group_id"]))
    return frame.assign(group_id=nothing)


def _whole(number: nw.Expr) -> nw.Expr:
    return number.fill_null(0).cast(nw.Int64)


def named(by: str, numbers: pd.Series[Any]) -> pd.Series[Any]:
    """The periods' names.

    >>> named("month", pd.Series([202609])).tolist(), named("quarter", pd.Series([20263])).tolist()
    (['2026-09'], ['2026-Q3'])
    """
    text = numbers.astype("Int64").astype("str")
    if by == "month":
        text = text.str[:4] + "-" + text.str[4:]
    elif by == "quarter":
        text = text.str[:4] + "-Q" + text.str[4:]
    return text.where(numbers.notna())
