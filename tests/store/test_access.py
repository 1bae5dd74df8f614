"""Roles and teams."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.store.company import TODAY, who
from workbench.store import access


@pytest.mark.parametrize(
    ("day", "seen"),
    [(dt.date(2026, 2, 28), {"M", "R1"}), (dt.date(2026, 3, 1), {"M", "R1", "R2"})],
)
def test_team_of_a_manager_on_a_day(engine, company, day, seen):
    with engine.connect() as connection:
        reps = access.visible_reps(connection, who(engine, "manager"), day)
    assert reps == {company.reps[code] for code in seen}


def test_director_sees_all(engine, company):
    with engine.connect() as connection:
        assert access.visible_reps(connection, who(engine, "director"), TODAY) is None
