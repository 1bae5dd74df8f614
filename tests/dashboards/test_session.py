"""A session's scope is that of the store as it was last said to have changed."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from dashboards.filters import Filters
from dashboards.session import Session, Slot
from tests.dashboards.conftest import run
from workbench.locale import FR


class Slow(Session):
    """A session whose scopes are numbered, and are made when they may be."""

    made = 0

    def scope(self):
        """The next number, once it may be."""
        self.made += 1
        number = self.made
        self.begun.set()
        self.may.wait(5)
        return number


def test_a_scope_begun_before_a_change_is_not_kept_after_it():
    session = Slow(None, None, FR, "qualify", {}, {}, Filters())
    session.begun, session.may = threading.Event(), threading.Event()
    reading = threading.Thread(target=session.present)
    reading.start()
    session.begun.wait(5)
    changing = threading.Thread(target=lambda: asyncio.run(session.redraw()))
    changing.start()
    time.sleep(0.1)  # it would be through by now, did it not wait for the reader
    session.may.set()
    reading.join(5)
    changing.join(5)
    assert session.present() == 2


def slot(session, name, drawn, **how):
    """A slot that notes when it is computed and shown, and of which scope."""

    def compute(scope):
        drawn.append(("computed", name, scope))
        return scope

    return session.add(Slot(lambda found: drawn.append(("shown", name, found)), compute, **how))


@pytest.fixture
def counted():
    """A session whose scopes are 1, 2, 3 …, made at once."""
    session = Slow(None, None, FR, "qualify", {}, {}, Filters())
    session.begun, session.may = threading.Event(), threading.Event()
    session.may.set()
    return session


def test_what_was_prepared_is_shown_without_being_computed_again(counted):
    drawn = []
    counted.first = [slot(counted, "low", drawn), slot(counted, "high", drawn, ahead=True)]
    counted.prepare()
    counted.first[0].ready.result(5)
    run(counted.begin())
    assert drawn == [
        ("computed", "high", 1),
        ("computed", "low", 1),
        ("shown", "high", 1),
        ("shown", "low", 1),
    ]
    run(counted.redraw())
    assert drawn[4:6] == [("computed", "high", 2), ("shown", "high", 2)]
    assert drawn[6:] == [("computed", "low", 2), ("shown", "low", 2)]


def test_what_was_prepared_before_a_change_is_not_shown_after_it(counted):
    drawn = []
    counted.first = [slot(counted, "one", drawn)]
    counted.prepare()
    counted.first[0].ready.result(5)
    run(counted.redraw())
    run(counted.begin())
    assert [step for step in drawn if step[0] == "shown"] == [("shown", "one", 2)]


def test_a_scope_that_can_t_be_read_is_told_when_it_is_drawn(counted):
    drawn = []
    counted.scope = lambda: 1 / 0
    counted.first = [slot(counted, "one", drawn)]
    counted.prepare()
    run(counted.begin())
    [(step, name, found)] = drawn
    assert (step, name, type(found)) == ("shown", "one", ZeroDivisionError)


def test_what_is_not_in_sight_is_left_out_when_choices_change_meanwhile(counted):
    drawn = []
    high, low = slot(counted, "high", drawn, ahead=True), slot(counted, "low", drawn)
    high.seen = low.seen = True

    async def both():
        begun, show = asyncio.Event(), high.show
        high.show = lambda found: (show(found), begun.set())
        first = asyncio.create_task(counted.redraw())
        await begun.wait()
        await asyncio.gather(first, counted.redraw())

    run(both())
    shown = [step for step in drawn if step[0] == "shown"]
    assert shown == [("shown", "high", 1), ("shown", "high", 2), ("shown", "low", 2)]
