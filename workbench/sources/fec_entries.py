"""Puts the lines of a ledger back together: which make an entry, and whose sale an entry is."""

from __future__ import annotations

import pandas as pd

from workbench.errors import Reason
from workbench.locale import msg

UNBALANCED = msg("Écritures non équilibrées : {count}, dont {some}")
SOME = 5  # entries named in a note
FEW = 3  # an entry may bear some dates; a number that bears more is no number


def complete(lines: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Add `entry` to lines in file order, and settle `customer`.

    Entries are those that the file numbers, per journal and date, as long as they balance. Where
    the number is missing, 0, or one and the same throughout a journal, entries are rebuilt by
    journal, date and piece, and where pieces don't balance by the runs of lines that do.

    Returns:
        The lines, and what was rebuilt or doesn't balance, in words.
    """
    if lines.empty:
        return lines.assign(entry=pd.Series(dtype="str")), []
    lines = lines.copy()
    lines["entry"] = _entries(lines)
    _settle_customers(lines)
    return lines, _notes(lines)


def _notes(lines: pd.DataFrame) -> list[str]:
    balance = _cents(lines).groupby([lines["journal"], lines["entry"]]).sum()
    wrong = balance[balance != 0]
    if wrong.empty:
        return []
    some = ", ".join(
        f"{journal} {entry} ({cents / 100:.2f})"
        for (journal, entry), cents in zip(wrong.index.tolist(), wrong[:5].tolist(), strict=False)
    )
    return [Reason(UNBALANCED, count=len(wrong), some=some)]


def _cents(lines: pd.DataFrame) -> pd.Series[int]:
    return ((lines["debit"] - lines["credit"]) * 100).round().astype("int64")


def _entries(lines: pd.DataFrame) -> pd.Series[str]:
    """The name of each line's entry, unique within its journal."""
    journal, piece, number = lines["journal"], lines["piece"].fillna(""), lines["number"].fillna("")
    day = lines["date"].dt.strftime("%Y%m%d")
    cents = _cents(lines)
    entry = pd.Series(pd.NA, index=lines.index, dtype="str")

    def settle(name: pd.Series[str], where: pd.Series[bool]) -> None:
        """Take the groups of that name, among lines still without entry, that balance."""
        left = entry.isna() & where
        sums = cents[left].groupby([journal[left], name[left]]).transform("sum")
        taken = sums.index[sums == 0]
        entry[taken] = name[taken]

    alone = number.groupby(journal).transform("nunique").eq(1)
    days = day.groupby(journal).transform("nunique")
    numbered = ~number.str.fullmatch("0*") & ~(alone & (days > FEW))
    again = day.groupby([journal, number]).transform("nunique") > 1
    by_piece = day + " " + piece
    settle(number.where(~again, number + " " + day), numbered)
    settle(number, numbered)
    settle(by_piece, piece != "")
    rest = entry.isna() & ~numbered
    keys = [journal[rest], day[rest]]
    ended = cents[rest].groupby(keys).cumsum().eq(0)
    run = ended.astype("int64").groupby(keys).cumsum() - ended + 1
    settle((day[rest] + " #" + run.astype("str")).reindex(lines.index).fillna(""), rest)
    settle("* " + piece, ~numbered & (piece != ""))
    return entry.fillna(number.where(numbered, by_piece))


def _settle_customers(lines: pd.DataFrame) -> None:
    """Keep `customer` where it is one: on 411 lines, and on 70x lines of an entry that has one."""
    due = lines["account_number"].str.startswith("411")
    sale = lines["account_number"].str.startswith("70")
    code = lines["customer"].where(due)
    known = lines[due & code.notna()].groupby("customer_name")["customer"].agg(["nunique", "first"])
    sure = known.loc[known["nunique"] == 1, "first"]
    code = code.fillna(lines["customer_name"].where(due).map(sure).astype("str"))
    # Small companies keep an account per customer, 411DUPONT, and no auxiliary code.
    own = due & code.isna() & lines["account_number"].str.contains("[A-Za-z]", regex=True)
    code = code.where(~own, lines["account_number"])
    lines["customer_name"] = lines["customer_name"].where(~own, lines["account_label"])
    keys = [lines.loc[due, "journal"], lines.loc[due, "entry"]]
    groups = code[due].fillna("").groupby(keys).agg(["nunique", "first"])
    only = groups.loc[(groups["nunique"] == 1) & (groups["first"] != ""), "first"]
    at = pd.MultiIndex.from_frame(lines.loc[sale, ["journal", "entry"]])
    code[sale] = only.reindex(at).to_numpy()
    lines["customer"] = code
