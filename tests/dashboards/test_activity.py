"""The activity page's numbers, where a rate would be of too few."""

from __future__ import annotations

import pandas as pd
import pytest

from dashboards.pages.activity import enough


@pytest.mark.parametrize(
    ("owned", "shown"),
    [([40, 9, 10], [40, 10]), ([9, 10, 11], [10, 11]), ([40, 40, 9], []), ([0], [])],
)
def test_a_coverage_of_too_few_accounts_has_no_trend(owned, shown):
    assert enough(pd.DataFrame({"owned": owned}))["owned"].tolist() == shown
