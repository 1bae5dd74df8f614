"""What the ledger says of customers: revenue (class 70) and receivables (411), in whole cents.

Source: Plan comptable général (ANC 2014-03), class 70 net of 709 and account 411. Metrics of
revenue and receivables stand on these rows, so that they add up by construction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np
import pandas as pd

from workbench.metrics.frames import collect, looked_up, places, rounded
from workbench.metrics.periods import day, days, earliest, limits, midnight
from workbench.metrics.steps import step

if TYPE_CHECKING:
    from numpy.typing import NDArray

SALES = "70"
CUSTOMERS = "411"


def sales(
    ledger_entries: nw.LazyFrame[Any],
    *columns: str,
    as_of: Any = None,
    since: Any = None,
    until: Any = None,
) -> nw.LazyFrame[Any]:
    """Lines of class 70 in the period, with `cents` = credit - debit (709 counts against)."""
    lines = ledger_entries.select(*dict.fromkeys((*columns, *_READ))).filter(
        nw.col("account_number").str.starts_with(SALES),
        *limits("date", since, earliest(as_of, until)),
    )
    return lines.with_columns(cents=_net("credit", "debit"))


def customer_lines(
    ledger_entries: nw.LazyFrame[Any], *columns: str, as_of: Any = None, only: nw.Expr | None = None
) -> nw.LazyFrame[Any]:
    """Lines of 411 up to the day, of every year, with `cents` = debit - credit.

    Of them, those for which `only` holds.
    """
    lines = ledger_entries.select(*dict.fromkeys((*columns, *_READ))).filter(
        nw.col("account_number").str.starts_with(CUSTOMERS),
        *limits("date", None, as_of),
        *([] if only is None else [only]),
    )
    return lines.with_columns(cents=_net("debit", "credit"))


def _net(plus: str, minus: str) -> nw.Expr:
    """One amount less another, both to the cent, in whole cents; null is 0."""
    return rounded((nw.col(plus).fill_null(0.0) - nw.col(minus).fill_null(0.0)) * 100)


def closed_books(ledger_entries: nw.LazyFrame[Any], *, as_of: Any = None) -> list[str]:
    """The years that, by the day, a later one has said anew; see `said_anew`."""
    found, last = said_anew(ledger_entries), day(as_of)
    if last is not None:
        found = found[found["on"] <= midnight(last)]
    closed: list[str] = found["book"].tolist()
    return closed


@step
def said_anew(ledger_entries: nw.LazyFrame[Any]) -> pd.DataFrame:
    """The years that a later one of their company says anew, by its opening entry for customers.

    That entry repeats what the years before left, and its lines bear the letters that they got
    since those years' files were written: what is owed stands on it and on what followed.

    Returns:
        book, on: the first day of the first such entry.
    """
    columns = ("book", "date", "opening", "account_number")
    carried = ledger_entries.select(*columns).filter(nw.col("opening"))
    rows = collect(carried, *columns)  # few, where there are any
    rows = rows[rows["account_number"].str.startswith(CUSTOMERS)]
    first = rows.dropna().groupby("book")["date"].min()
    begun = {str(book): on for book, on in first.items()}
    known = collect(ledger_entries.select("book").unique()) if begun else pd.DataFrame({"book": []})
    anew = [
        (book, min(later))
        for book in known["book"].dropna()
        if (later := [on for other, on in begun.items() if _follows(other, book)])
    ]
    return pd.DataFrame(anew, columns=["book", "on"]).astype(
        {"book": "str", "on": "datetime64[us]"}
    )


def _follows(book: str, other: str) -> bool:
    return company(book) == company(other) and book > other


def said_until(lines: pd.DataFrame, ledger_entries: nw.LazyFrame[Any]) -> NDArray[np.int64]:
    """From when each line is said anew, by its `book`, as `said_anew` has it: whole days."""
    until, anew = np.full(len(lines), np.iinfo("int64").max), said_anew(ledger_entries)
    if len(anew):
        place = places(lines["book"], anew["book"])
        until[place >= 0] = days(anew["on"])[place[place >= 0]]
    return until


def company(book: str) -> str:
    """Whose year it is; nothing where nobody knows.

    >>> company("210000006-2025-01"), company("2025-01")
    ('210000006-', '')
    """
    return book[: -len("2025-01")]


def receivables(
    ledger_entries: nw.LazyFrame[Any], *columns: str, as_of: Any = None, only: nw.Expr | None = None
) -> nw.LazyFrame[Any]:
    """Lines as of `customer_lines` that what is owed stands on.

    Those of `closed_books` are left out: with the opening entry they would count twice.
    """
    closed = closed_books(ledger_entries, as_of=as_of)
    if closed:
        of_now = ~nw.col("book").fill_null("").is_in(closed)
        columns, only = (*columns, "book"), of_now if only is None else of_now & only
    return customer_lines(ledger_entries, *columns, as_of=as_of, only=only)


LETTERED = ("letter", "letter_date")


def is_open(as_of: Any = None) -> nw.Expr:
    """Whether a line is still open on the day, of its columns `LETTERED`.

    A line is open until it is lettered; a lettering dated after the day doesn't count yet, one
    without a date does.
    """
    unlettered = nw.col("letter").is_null() | (nw.col("letter") == "")
    last = day(as_of)
    if last is None:
        return unlettered
    return unlettered | (nw.col("letter_date") > midnight(last)).fill_null(value=False)


_READ = ("account_number", "date", "debit", "credit", "customer_id")


def revenue_of_accounts(
    ledger_entries: nw.LazyFrame[Any],
    ledger_customers: nw.LazyFrame[Any],
    *,
    as_of: Any = None,
    since: Any = None,
    until: Any = None,
) -> pd.DataFrame:
    """Revenue in cents per account; customers without one are left out."""
    lines = sales(ledger_entries, as_of=as_of, since=since, until=until)
    return _of_accounts(lines, ledger_customers)


@step
def balance_of_accounts(
    ledger_entries: nw.LazyFrame[Any], ledger_customers: nw.LazyFrame[Any], *, as_of: Any = None
) -> pd.DataFrame:
    """Balance of 411 in cents per account; customers without one are left out."""
    return _of_accounts(receivables(ledger_entries, as_of=as_of), ledger_customers)


def _of_accounts(lines: nw.LazyFrame[Any], ledger_customers: nw.LazyFrame[Any]) -> pd.DataFrame:
    sums = collect(lines.group_by("customer_id").agg(nw.col("cents").sum()))
    tied = collect(ledger_customers, "id", "account_id").set_index("id")["account_id"]
    account = looked_up(sums["customer_id"], tied)
    return sums.groupby(account.rename("account_id"))["cents"].sum().reset_index()
