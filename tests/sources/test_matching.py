"""Ledger customers find their account by code, or stay alone."""

from __future__ import annotations

import pandas as pd
import pytest

from workbench.sources.matching import match


@pytest.mark.parametrize(
    ("ledger", "accounts", "found"),
    [
        (["C1"], ["C1"], [0]),
        (["c 1"], ["C-1"], [0]),
        (["0042"], ["42"], [0]),
        (["0042", "042"], ["42"], [None, None]),
        (["DUPONT"], ["411DUPONT"], [0]),
        (["42"], ["C00042"], [0]),
        (["411DUPONT"], ["DUPONT"], [None]),
        (["C1"], ["C1", "C1"], [None]),
        (["C9"], ["C1", None], [None]),
        ([""], [""], [None]),
    ],
)
def test_codes_tie_where_nothing_must_be_guessed(ledger, accounts, found):
    got = match(pd.Series(ledger, dtype="str"), pd.Series(accounts, dtype="str"))
    assert [None if pd.isna(one) else int(one) for one in got] == found
