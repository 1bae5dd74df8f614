"""How long customers take to pay: days sales outstanding, and what was owed over time."""

from __future__ import annotations

import calendar
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from workbench.metrics import ledger
from workbench.metrics.catalog import metric
from workbench.metrics.frames import collect, give, places, ratio, whole
from workbench.metrics.periods import asked, days, midnight, month_ends, number_of
from workbench.metrics.receivables import SOURCE, bills
from workbench.metrics.steps import step

if TYPE_CHECKING:
    import datetime as dt

    import narwhals as nw
    from numpy.typing import NDArray

DSO = {
    "dso": "number: days; null where more is owed than was ever billed",
    "balance": "money: of 411, what is counted back",
    "counted": "count: days of the months that were billed in full or in part of it",
}
HISTORY = {
    "date": "date",
    "total": "money: open items",
    "overdue": "money: of it, past due",
    "share": "ratio: overdue / total",
    "dso": "number: days; null where more was owed than had ever been billed",
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
    source=SOURCE,
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
    span, balance, counted = _counted(billing(ledger_entries), last)
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


def _counted(lines: pd.DataFrame, last: dt.date) -> tuple[float, int, int]:
    """Days of sales owed at the day, the balance in cents, and the days of the months counted."""
    moment = number_of(last)
    known = lines["on"].to_numpy() <= moment
    cents = lines["cents"].to_numpy("int64")
    balance = int(cents[known & (lines["until"].to_numpy() > moment)].sum())
    sold = known & lines["sells"].to_numpy(dtype=bool)
    month = lines["month"].to_numpy()[sold]
    if not len(month):
        return (0.0 if balance <= 0 else float("nan")), balance, 0
    billed = np.bincount(month - month.min(), weights=cents[sold]).astype("int64")
    span, counted = _counted_back(balance, billed, int(month.min()), last)
    return span, balance, counted


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


def _counted_back(
    balance: int, billed: NDArray[np.int64], first: int, last: dt.date
) -> tuple[float, int]:
    """Days that the balance stands for, and those of all months that it reaches into.

    Args:
        balance: in cents.
        billed: in each month from the first on, in cents.
        first: month since 1970.
        last: the day; its month counts up to it.
    """
    rest, days = balance, 0
    if rest <= 0:
        return 0.0, 0
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
    label=("Évolution de l’encours", "Outstanding over time"),
    question=(
        "Que nous devait-on à chaque fin de mois, et combien en retard ?",
        "What were we owed at each month's end, and how much of it late?",
    ),
    unit=("€, jours", "€, days"),
    formula=(
        (
            "Retards de paiement et délai moyen de paiement au dernier jour de chaque mois, puis à "
            "la date, chacun comme ce jour-là."
        ),
        (
            "Overdue and days sales outstanding on each month's last day, then on the date, each "
            "as of that day."
        ),
    ),
    source=SOURCE,
    columns=HISTORY,
)
def receivables_history(
    ledger_entries: nw.LazyFrame[Any],
    documents: nw.LazyFrame[Any],
    *,
    as_of: Any = None,
    months: int = 12,
    terms: int = 30,
) -> nw.LazyFrame[Any]:
    """`overdue` and `dso` at each month's end and at the date.

    Args:
        ledger_entries: the ledger.
        documents: give due dates.
        as_of: the last day shown.
        months: how many month ends before it.
        terms: days to pay where no invoice says.
    """
    ends = month_ends(asked("receivables_history", as_of), whole("months", months))
    rows = bills(ledger_entries, documents, terms=whole("terms", terms))
    since, until = rows["since"].to_numpy(), rows["until"].to_numpy()
    due, cents = days(rows["due_date"]), rows["cents"].to_numpy("int64")
    lines, points = billing(ledger_entries), []
    for end in ends:
        moment = number_of(end)
        there = (since <= moment) & (until > moment)
        total, late = int(cents[there].sum()), int(cents[there & (due < moment)].sum())
        share, span = ratio([late], [total])[0], _counted(lines, end)[0]
        points.append((midnight(end), total / 100, late / 100, share, span))
    result = pd.DataFrame(points, columns=list(HISTORY))
    return give(result, ledger_entries, HISTORY)
