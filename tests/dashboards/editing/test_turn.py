"""One act at a time, however often its button is clicked."""

from __future__ import annotations

import asyncio

import panel_material_ui as pmui
import pytest

from dashboards.editing.turn import Turn


def test_a_second_click_while_one_runs_does_nothing():
    turn, button, done = Turn(), pmui.Button(), []

    async def act():
        done.append(button.disabled)
        await asyncio.sleep(0)

    turn.on_click(button, act)

    async def twice():
        await asyncio.gather(turn.take(act), turn.take(act))
        await turn.take(act)

    asyncio.run(twice())
    assert done == [True, True]
    assert not button.disabled


def test_an_act_that_fails_gives_the_turn_back():
    turn, done = Turn(), []

    async def fails():
        raise ValueError("no")

    async def works():
        done.append(True)

    with pytest.raises(ValueError, match="no"):
        asyncio.run(turn.take(fails))
    asyncio.run(turn.take(works))
    assert done == [True]
