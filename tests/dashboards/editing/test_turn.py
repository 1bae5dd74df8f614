"""One act at a time, however often its button is clicked."""

from __future__ import annotations

import asyncio

import pytest

from dashboards.editing.turn import Turn
from tests.dashboards.conftest import run


def test_what_is_clicked_while_one_runs_comes_after_it():
    turn, seen = Turn(), []

    async def act():
        seen.append("begins")
        await asyncio.sleep(0)
        seen.append("ends")

    async def twice():
        await asyncio.gather(turn.take(act), turn.take(act))

    run(twice())
    assert seen == ["begins", "ends", "begins", "ends"]


def test_an_act_that_fails_gives_the_turn_back():
    turn, done = Turn(), []

    async def fails():
        raise ValueError("no")

    async def works():
        done.append(True)

    with pytest.raises(ValueError, match="no"):
        run(turn.take(fails))
    run(turn.take(works))
    assert done == [True]
