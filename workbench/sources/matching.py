"""Ties customers of the ledger to accounts by their customer code. Nothing is guessed."""

from __future__ import annotations

import pandas as pd

BLANKS = r"[\s.\-/]"
PREFIX = r"^(411|[A-Z]+)0*"


def match(customers: pd.Series[str], accounts: pd.Series[str]) -> pd.Series[int]:
    """The account of each ledger customer.

    Codes are the same but for case, blanks and points; then but for leading zeros; then but for
    the prefix that the account's own code has (411DUPONT or C0012 for DUPONT and 12). A code that
    several accounts have, or several customers at that step, ties nothing.

    Args:
        customers: codes of ledger customers, by their id.
        accounts: customer codes of accounts, by their id.

    Returns:
        Account ids by customer id, missing where there is none.

    >>> match(pd.Series({1: "c 12", 2: "007", 3: "X"}), pd.Series({8: "C12", 9: "7"})).tolist()
    [8, 9, <NA>]
    """
    theirs = _plain(customers)
    ours = _plain(accounts)
    found = pd.Series(pd.NA, index=customers.index, dtype="Int64")
    steps = (
        (theirs, ours),
        (_no_zeros(theirs), _no_zeros(ours)),
        (_no_zeros(theirs), ours.str.replace(PREFIX, "", regex=True)),
    )
    for left, right in steps:
        free = right[(right != "") & ~right.index.isin(found.dropna())]
        single = free[~free.duplicated(keep=False)]
        by_code = pd.Series(single.index, index=single.array, dtype="Int64")
        open_ = left[found.isna() & (left != "")]
        open_ = open_[~open_.duplicated(keep=False)]
        found = found.fillna(open_.map(by_code).astype("Int64"))
    return found


def _plain(codes: pd.Series[str]) -> pd.Series[str]:
    return codes.fillna("").astype("str").str.upper().str.replace(BLANKS, "", regex=True)


def _no_zeros(codes: pd.Series[str]) -> pd.Series[str]:
    return codes.str.lstrip("0")
