"""Days and periods: options that name dates, spans that compare, look-ups as of a date."""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np
import pandas as pd

from workbench.errors import SettingsError
from workbench.metrics.frames import NOBODY, collect

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

DAY = dt.timedelta(days=1)
KPI = {
    "kpi": "text",
    "value": "number",
    "since": "date",
    "until": "date",
    "previous": "number",
    "previous_since": "date",
    "previous_until": "date",
    "change": "number",
    "change_rate": "ratio",
}


def day(value: Any) -> dt.date | None:
    """The date of an option: a date, a timestamp, or "2026-09-30".

    Raises:
        SettingsError: it is something else.

    >>> day("2026-09-30")
    datetime.date(2026, 9, 30)
    """
    if value is None:
        return None
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    try:
        return dt.date.fromisoformat(str(value)[:10])
    except ValueError as error:
        raise SettingsError(f"A date is written 2026-09-30, not {value!r}.") from error


def asked(metric: str, as_of: Any) -> dt.date:
    """The day that a metric can't do without.

    Raises:
        SettingsError: it wasn't given.
    """
    found = day(as_of)
    if found is None:
        raise SettingsError(f"{metric} needs as_of: give it, or use {metric}.of(dataset).")
    return found


def midnight(value: dt.date) -> dt.datetime:
    """The moment that stands for the day in a frame."""
    return dt.datetime(value.year, value.month, value.day)  # noqa: DTZ001 - days have no zone


def within(
    frame: nw.LazyFrame[Any], column: str, since: Any = None, until: Any = None
) -> nw.LazyFrame[Any]:
    """The rows dated in the period, both days included; None is no limit."""
    found = limits(column, since, until)
    return frame.filter(*found) if found else frame


def limits(column: str, since: Any = None, until: Any = None) -> list[nw.Expr]:
    """What `within` filters by, to be filtered with other things at once."""
    first, last = day(since), day(until)
    begins = [] if first is None else [nw.col(column) >= midnight(first)]
    ends = [] if last is None else [nw.col(column) < midnight(last + DAY)]
    return begins + ends


def dated(rows: pd.DataFrame, column: str, since: Any = None, until: Any = None) -> pd.DataFrame:
    """As `within`, of rows in pandas."""
    first, last = day(since), day(until)
    on, kept = rows[column], np.ones(len(rows), dtype=bool)
    if first is not None:
        kept &= (on >= midnight(first)).to_numpy()
    if last is not None:
        kept &= (on < midnight(last + DAY)).to_numpy()
    return rows if kept.all() else rows[kept]


def earliest(*values: Any) -> dt.date | None:
    """The first of the days that are given; None where none is."""
    days = [found for value in values if (found := day(value)) is not None]
    return min(days, default=None)


@dataclass(frozen=True)
class Span:
    """A period and the one it is compared with, all four days included."""

    since: dt.date
    until: dt.date
    previous_since: dt.date
    previous_until: dt.date


def span(as_of: Any, since: Any = None, until: Any = None) -> Span:
    """The period asked for, and the one before it.

    Whole calendar months are compared with as many calendar months before; anything else with as
    many days, ending on the eve.

    Args:
        as_of: holds where `until` isn't given.
        since: first day; twelve months up to `until` where it isn't given.
        until: last day.

    >>> span("2026-09-30", "2026-07-01").previous_since
    datetime.date(2026, 4, 1)
    >>> span("2026-09-28", "2026-09-22").previous_since
    datetime.date(2026, 9, 15)
    """
    last = day(until) or day(as_of)
    if last is None:
        raise SettingsError("A period needs until, or as_of.")
    first = day(since) or shifted(last + DAY, -12)
    if first > last:
        raise SettingsError(f"The period ends on {last} before it begins on {first}.")
    if first.day == 1 and (last + DAY).day == 1:
        months = (last.year - first.year) * 12 + last.month - first.month + 1
        return Span(first, last, shifted(first, -months), first - DAY)
    return Span(first, last, first - (last - first) - DAY, first - DAY)


def shifted(value: dt.date, months: int) -> dt.date:
    """The same day that many months on; the month's last day where it has no such day.

    >>> shifted(dt.date(2026, 3, 31), -1)
    datetime.date(2026, 2, 28)
    """
    year, month = divmod(value.year * 12 + value.month - 1 + months, 12)
    return dt.date(year, month + 1, min(value.day, calendar.monthrange(year, month + 1)[1]))


def month_ends(as_of: dt.date, months: int) -> list[dt.date]:
    """The last days of the `months` months before, then the day itself.

    >>> [str(end) for end in month_ends(dt.date(2026, 9, 30), 2)]
    ['2026-07-31', '2026-08-31', '2026-09-30']
    """
    first = as_of.replace(day=1)
    return [shifted(first, -back) - DAY for back in range(months - 1, -1, -1)] + [as_of]


def months_between(since: dt.date, until: dt.date) -> pd.DatetimeIndex:
    """The first days of the months that the period touches."""
    return pd.date_range(since.replace(day=1), until, freq="MS", unit="us")


def added(daily: pd.DataFrame, column: str, since: dt.date, until: dt.date) -> int:
    """The sum of a column over the rows dated in the period, both days included."""
    on = days(daily["date"])
    chosen = (on >= number_of(since)) & (on <= number_of(until))
    return int(daily[column].to_numpy("int64")[chosen].sum())


def compared(values: Mapping[str, tuple[float, float]], asked: Span) -> pd.DataFrame:
    """Each figure with the one of the period before, in the shape of `KPI`."""
    rows = [
        {
            "kpi": name,
            "value": now,
            "since": asked.since,
            "until": asked.until,
            "previous": before,
            "previous_since": asked.previous_since,
            "previous_until": asked.previous_until,
            "change": round(now - before, 2),
            "change_rate": (now - before) / before if before > 0 else np.nan,
        }
        for name, (now, before) in values.items()
    ]
    return pd.DataFrame(rows, columns=list(KPI))


def days(values: pd.Series[Any]) -> NDArray[np.int64]:
    """Whole days since 1970; the least number there is where there is no date."""
    return values.to_numpy(dtype="datetime64[D]").astype("int64")


NO_DAY = np.iinfo("int64").min


def number_of(value: dt.date) -> int:
    """The day as whole days since 1970.

    >>> number_of(dt.date(1970, 1, 3))
    2
    """
    return (value - dt.date(1970, 1, 1)).days


def held_on(
    keys: pd.Series[Any], on: pd.Series[Any], periods: nw.LazyFrame[Any], key: str, value: str
) -> pd.Series[Any]:
    """What each key had on each day, null where it had none; on the keys' own index.

    Args:
        keys: ids.
        on: a day for each.
        periods: those of a key follow one another; those of no length hold on no day.
        key: their column of ids.
        value: their column that is looked up, ids too.
    """
    rows = collect(periods, key, value, "valid_from", "valid_to")
    rows = rows.dropna(subset=[key, value, "valid_from"])
    rows = rows[rows["valid_to"].isna() | (rows["valid_to"] > rows["valid_from"])]
    rows = rows.sort_values([key, "valid_from"])
    ids, far, size = rows[key].to_numpy("int64"), np.iinfo("int64").max, len(rows)
    # One place more, after the last, stands for "none begun".
    whose, had = np.append(ids, NOBODY), np.append(rows[value].to_numpy("int64"), 0)
    since, until = np.append(days(rows["valid_from"]), far), np.append(days(rows["valid_to"]), far)
    until[until == NO_DAY] = far
    who, when = keys.to_numpy("int64", na_value=NOBODY), days(on)
    names, first = np.unique(ids, return_index=True)
    place = np.append(first, size)[pd.Index(names).get_indexer(who)]
    goes_on = np.append(whose[1:] == whose[:-1], [False])  # whether the next one is theirs too
    climbing = np.flatnonzero(goes_on[place])  # to the next, where that has begun by the day
    while len(climbing):
        after = place[climbing] + 1
        begun = since[after] <= when[climbing]
        climbing, after = climbing[begun], after[begun]
        place[climbing] = after
        climbing = climbing[goes_on[after]]
    gone = (since[place] > when) | (until[place] <= when)
    return pd.Series(pd.arrays.IntegerArray(had[place], gone), index=keys.index)


def teams_on(
    rep_ids: pd.Series[Any], on: pd.Series[Any], team_periods: nw.LazyFrame[Any]
) -> pd.Series[Any]:
    """The manager of each rep on each day; null where there was none."""
    return held_on(rep_ids, on, team_periods, "rep_id", "manager_id")
