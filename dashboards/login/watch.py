"""The pages that stand open: each goes when its session ends, whoever ended it and wherever.

Only what a person does puts off the idle end: asking for a page or a file, or a hand on it, which
the page tells (`browser`). What a page says by itself, answering what the server draws, doesn't.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import time
from typing import TYPE_CHECKING, Protocol

from sqlalchemy.exc import SQLAlchemyError

from workbench.store import access_log, sessions

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from workbench.store.sessions import Limits

log = logging.getLogger("dashboards.login")

EVERY_MS = 3_000
FRESH = 1.0
"""So many seconds a session that held is taken to hold: a click sends several messages."""
STEPS = 20
"""Doing something is written down when that part of the idle time has gone since the last time."""
LONGEST_PAUSE = dt.timedelta(minutes=1)
"""A page that somebody's hand is on says so at least as often."""


class Open(Protocol):
    """A page that stands open."""

    @property
    def mark(self) -> str:
        """Of the session that it belongs to."""

    def leave(self) -> None:
        """Show nothing any more."""


class Watch:
    """Looks after open pages.

    Args:
        engine: the store, which knows the sessions.
        limits: how long these last.
    """

    def __init__(self, engine: Engine, limits: Limits) -> None:
        self.engine, self.limits = engine, limits
        self.pages: set[Open] = set()
        self._checked: dict[str, float] = {}
        self._touched: dict[str, dt.datetime] = {}
        self._writing: set[asyncio.Future[None]] = set()

    @property
    def pause(self) -> dt.timedelta:
        """Between two times that a page says that somebody's hand is on it."""
        return min(self.limits.idle / STEPS, LONGEST_PAUSE)

    async def holds(self, page: Open) -> bool:
        """A page says something; whether its session still holds."""
        mark = page.mark
        if time.monotonic() - self._checked.get(mark, -FRESH) >= FRESH:
            if not await asyncio.to_thread(self._holding, {mark}):
                return False
            self._checked[mark] = time.monotonic()
        return True

    def touched(self, mark: str, before: dt.datetime | None = None) -> None:
        """Somebody does something in a session: write that down, now and then, on a thread."""
        now = access_log.now()
        last = self._touched.setdefault(mark, before or now)
        if now - last < self.limits.idle / STEPS:
            return
        self._touched[mark] = now
        loop = asyncio.get_running_loop()
        writing = loop.run_in_executor(None, self._touch, mark)
        self._writing.add(writing)
        writing.add_done_callback(self._writing.discard)

    def _touch(self, mark: str) -> None:
        try:
            sessions.touch(self.engine, mark)
        except SQLAlchemyError:  # a load holds the store; the next time will do
            log.warning("the time of a visit was not written", exc_info=True)

    async def sweep(self) -> None:
        """Close the pages whose session has ended."""
        marks = {page.mark for page in self.pages}
        self._checked = {mark: at for mark, at in self._checked.items() if mark in marks}
        self._touched = {mark: at for mark, at in self._touched.items() if mark in marks}
        if not marks:
            return
        held = await asyncio.to_thread(self._holding, marks)
        for page in list(self.pages):
            if page.mark in marks - held:
                self._checked.pop(page.mark, None)
                page.leave()

    def _holding(self, marks: set[str]) -> set[str]:
        return sessions.holding(self.engine, marks, self.limits)
