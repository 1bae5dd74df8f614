"""How long customers take to pay: days sales outstanding, and what was owed over time."""

from __future__ import annotations

import calendar
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from workbench.metrics import ledger, receivables
from workbench.metrics.catalog import metric
from workbench.metrics.frames import collect, give, places, ratio, whole
from workbench.metrics.periods import asked, days, midnight, month_ends, number_of
from workbench.metrics.steps import step

if TYPE_CHECKING:
    import datetime as dt

    import narwhals as nw
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

DSO = {
    "dso": "number: days; null where more is owed than was ever billed",
    "balance": "money: of 411, what is counted back",
    "counted": "count: days of the months that were billed in full or in part of it",
}
OVERDUE = {
    "date": "date",
    "total": "money: open items",
    "overdue": "money: of it, past due",
    "share": "ratio: overdue / total",
}
HISTORY = {
    "date": "date",
    "dso": "number: days; null where more was owed than had ever been billed",
    "balance": "money: of 411, what is counted back",
}


@metric(
    label=("Délai moyen de paiement (DSO)", "Days sales outstanding (DSO)"),
    question=(
        "Combien de jours de ventes nous doit-on ?",
        "How many days of sales are we owed?",
    ),
    unit=("jours", "days"),
    formula=(
        (
            "À rebours : du solde du 411 à la date, on retire la facturation TTC de chaque mois, "
            "du plus récent au plus ancien ; les mois épuisés comptent leurs jours, le dernier sa "
            "part (reste / facturation × jours)."
        ),
        (
            "Count-back: from the balance of 411 at the date, each month's billing with tax is "
            "taken off, the latest first; months used up count their days, the last one its part "
            "(rest / billing x days)."
        ),
    ),
    source=receivables.SOURCE,
    columns=DSO,
)
def dso(ledger_entries: nw.LazyFrame[Any], *, as_of: Any = None) -> nw.LazyFrame[Any]:
    """One row: days sales outstanding, by counting back.

    Billing is what the lines of 411 say in entries that sell, so that it bears the balance's tax.

    Args:
        ledger_entries: the ledger.
        as_of: the balance stands at this day; its month counts up to it.
    """
    last = asked("dso", as_of)
    [(span, counted, balance)] = _at(billing(ledger_entries), [last])
    row = {"dso": [span], "balance": [balance / 100], "counted": [counted]}
    return give(pd.DataFrame(row), ledger_entries, DSO)


@step
def billing(ledger_entries: nw.LazyFrame[Any]) -> pd.DataFrame:
    """Lines of 411: on and until, in whole days since 1970, cents, month, and whether they sell."""
    lines = collect(
        ledger.customer_lines(ledger_entries, *_ENTRY, "book"), *_ENTRY, "book", "cents"
    )
    sold = collect(ledger.sales(ledger_entries, *_ENTRY), *_ENTRY)
    return lines.assign(
        on=days(lines["date"]),
        until=ledger.said_until(lines, ledger_entries),
        month=lines["date"].to_numpy("datetime64[M]").astype("int64"),
        sells=_sells(lines, sold),
    )


_ENTRY = ("journal", "entry", "date")


def _sells(lines: pd.DataFrame, sold: pd.DataFrame) -> NDArray[np.bool_]:
    """Whether each line is of an entry that has some of the lines of class 70."""
    first = places(lines["entry"], sold["entry"])
    numbered = first >= 0
    found = numbered.copy()
    for name in ("journal", "date"):
        told = sold[name].array.take(first, allow_fill=True)
        found &= np.asarray(lines[name].array == told, dtype=bool)
    again = numbered & ~found  # a number that several journals or days have
    if again.any():
        whole = lines.loc[again, list(_ENTRY)].merge(
            sold.drop_duplicates(), how="left", on=list(_ENTRY), indicator=True
        )
        found[again] = whole["_merge"] == "both"
    return found


def _at(lines: pd.DataFrame, ends: list[dt.date]) -> list[tuple[float, int, int]]:
    """Days of sales owed on each day, the days of the months counted, and the balance in cents.

    Args:
        lines: `billing`.
        ends: days in order; all but the last end their month.
    """
    asked = np.array([number_of(end) for end in ends])
    since, until = (lines[name].to_numpy("int64") for name in ("on", "until"))
    cents = lines["cents"].to_numpy("int64")
    sold = lines["sells"].to_numpy(dtype=bool) & (since <= asked[-1])
    month = lines["month"].to_numpy("int64")[sold]
    first = int(month.min()) if len(month) else 0
    billed = np.bincount(month - first, weights=cents[sold]).astype("int64")
    return [
        (*_counted_back(int(balance), billed, first, end), int(balance))
        for balance, end in zip(standing(since, until, cents, asked), ends, strict=True)
    ]


def standing(since: Ints, until: Ints, cents: Ints, asked: Ints) -> Ints:
    """The sum of what stands on each of the days asked for.

    Args:
        since: the first day of each amount.
        until: the first day on which it no longer stands; never, where that is not after `since`.
        cents: the amounts.
        asked: days, in order.

    >>> days = np.array([1, 2, 3])
    >>> standing(np.array([1, 2]), np.array([3, 9]), np.array([10, 5]), days).tolist()
    [10, 15, 5]
    """
    real = until > since
    come, gone = (np.searchsorted(asked, at[real]) for at in (since, until))
    size = len(asked) + 1
    moved = np.bincount(come, cents[real], size) - np.bincount(gone, cents[real], size)
    found: Ints = moved.cumsum()[:-1].astype("int64")
    return found


def _counted_back(balance: int, billed: Ints, first: int, last: dt.date) -> tuple[float, int]:
    """Days that the balance stands for, and those of all months that it reaches into.

    Args:
        balance: in cents.
        billed: in each month from the first on, in cents.
        first: month since 1970.
        last: the day; its month counts up to it.
    """
    rest, days = balance, 0
    if rest <= 0 or not len(billed):
        return (0.0 if rest <= 0 else float("nan")), 0
    this = (last.year - 1970) * 12 + last.month - 1
    for month in range(this, first - 1, -1):
        year, place = divmod(month, 12)
        length = last.day if month == this else calendar.monthrange(1970 + year, place + 1)[1]
        sold = int(billed[month - first]) if month - first < len(billed) else 0
        if sold >= rest:
            return days + length * rest / sold, days + length
        rest -= sold
        days += length
    return float("nan"), days


@metric(
    label=("Évolution du DSO", "DSO over time"),
    question=(
        "Combien de jours de ventes nous devait-on à chaque fin de mois ?",
        "How many days of sales were we owed at each month's end?",
    ),
    unit=("jours", "days"),
    formula=(
        "Le délai moyen de paiement au dernier jour de chaque mois, puis à la date.",
        "Days sales outstanding on each month's last day, then on the date.",
    ),
    source=receivables.SOURCE,
    columns=HISTORY,
)
def dso_history(
    ledger_entries: nw.LazyFrame[Any], *, as_of: Any = None, months: int = 12
) -> nw.LazyFrame[Any]:
    """`dso` at each month's end and at the date.

    Args:
        ledger_entries: the ledger.
        as_of: the last day shown.
        months: how many month ends before it.
    """
    ends = month_ends(asked("dso_history", as_of), whole("months", months))
    points = [
        (midnight(end), span, balance / 100)
        for end, (span, _, balance) in zip(ends, _at(billing(ledger_entries), ends), strict=True)
    ]
    result = pd.DataFrame(points, columns=list(HISTORY))
    return give(result, ledger_entries, HISTORY)


@metric(
    label=("Évolution de l’encours", "Outstanding over time"),
    question=(
        "Que nous devait-on à chaque fin de mois, et combien en retard ?",
        "What were we owed at each month's end, and how much of it late?",
    ),
    unit=("€", "€"),
    formula=(
        (
            "Postes ouverts et retards de paiement au dernier jour de chaque mois, puis à la date, "
            "chacun comme ce jour-là."
        ),
        ("Open items and overdue on each month's last day, then on the date, each as of that day."),
    ),
    source=receivables.SOURCE,
    columns=OVERDUE,
)
def overdue_history(
    ledger_entries: nw.LazyFrame[Any],
    documents: nw.LazyFrame[Any],
    *,
    as_of: Any = None,
    months: int = 12,
    terms: int = 30,
) -> nw.LazyFrame[Any]:
    """`overdue` at each month's end and at the date.

    Args:
        ledger_entries: the ledger.
        documents: give due dates.
        as_of: the last day shown.
        months: how many month ends before it.
        terms: days to pay where no invoice says.
    """
    ends = month_ends(asked("overdue_history", as_of), whole("months", months))
    columns = ("customer_id", "date", "piece", "opening", "book", *ledger.LETTERED)
    # Of the others, none was open on any of these days.
    some = ledger.is_open(ends[0])
    owed = ledger.customer_lines(ledger_entries, *columns, as_of=ends[-1], only=some)
    rows = collect(owed.with_columns(is_open=ledger.is_open()), *columns, "cents", "is_open")
    asked_for = np.array([number_of(end) for end in ends])
    since, lettered = days(rows["date"]), days(rows["letter_date"])
    until = np.where(rows["is_open"].to_numpy(dtype=bool), np.iinfo("int64").max, lettered)
    until = np.minimum(until, ledger.said_until(rows, ledger_entries))
    seen = np.searchsorted(asked_for, since) < np.searchsorted(asked_for, until)
    rows, since, until = rows[seen].reset_index(drop=True), since[seen], until[seen]
    told = receivables.dated(rows, ledger_entries, documents, whole("terms", terms))
    late_from = np.maximum(since, days(told["due_date"]) + 1)
    cents = rows["cents"].to_numpy("int64")
    total = standing(since, until, cents, asked_for)
    late = standing(late_from, until, cents, asked_for)
    result = pd.DataFrame(
        {
            "date": [midnight(end) for end in ends],
            "total": total / 100,
            "overdue": late / 100,
            "share": ratio(late, total),
        }
    )
    return give(result, ledger_entries, OVERDUE)
