"""A session's scope is that of the store as it was last said to have changed."""

from __future__ import annotations

import asyncio
import threading
import time

from dashboards.filters import Filters
from dashboards.session import Session
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
