"""SQLite, used by two libraries in one process: Python's own to change, ADBC's to read tables.

SQLite's locks belong to the process. Each library minds its own connections and knows nothing of
the other's: a file that one closes drops the locks of both, and another process may then check in
or remove the write-ahead log under a reader or a writer here. So each library keeps one
connection open, which makes it put off such closing, and the two take turns.
"""

from __future__ import annotations

import sqlite3
import threading
import weakref
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import adbc_driver_sqlite.dbapi
from sqlalchemy import event

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine

# A load writes pages many times over: 64 MB of them in memory spare it a quarter of its time.
PRAGMAS = ("journal_mode=WAL", "foreign_keys=ON", "synchronous=FULL", "cache_size=-65536")


class Turns:
    """A lock that any number on one side hold together, never both sides at once."""

    def __init__(self) -> None:
        self._free = threading.Condition()
        self._side = ""
        self._holders = 0
        self._queue: list[tuple[str, object]] = []
        self._mine = threading.local()

    def enter(self, side: str) -> None:
        """Wait for the other side to leave, and for those of it who came first."""
        held = getattr(self._mine, "held", 0)
        with self._free:
            if held and self._side != side:
                raise RuntimeError(f"Asked for {side} while holding {self._side}: end that first.")
            if not held:
                self._wait(side)
            self._side, self._holders = side, self._holders + 1
            self._free.notify_all()  # others of this side may follow
        self._mine.held = held + 1

    def _wait(self, side: str) -> None:
        mine = (side, object())

        def ours() -> bool:
            before = self._queue[: self._queue.index(mine)]
            free = not self._holders or self._side == side
            return free and all(other == side for other, _ in before)

        self._queue.append(mine)
        self._free.wait_for(ours)
        self._queue.remove(mine)

    def leave(self) -> None:
        """Give up one hold."""
        self._mine.held -= 1
        with self._free:
            self._holders -= 1
            if not self._holders:
                self._free.notify_all()

    @contextmanager
    def of(self, side: str) -> Iterator[None]:
        """A hold of one side."""
        self.enter(side)
        try:
            yield
        finally:
            self.leave()


class Libraries:
    """Both libraries on one file: kept open, and never at work at the same time."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._turns = Turns()
        self._kept: list[Any] = []
        self._opening = threading.Lock()
        weakref.finalize(self, _close, self._kept)

    def attach(self, engine: Engine) -> None:
        """Follow an engine's connections."""
        event.listen(engine, "connect", self._connected)
        event.listen(engine, "begin", _begin)
        event.listen(engine, "checkout", lambda *_: self._turns.enter("changing"))
        event.listen(engine, "checkin", lambda *_: self._turns.leave())
        event.listen(engine, "engine_disposed", self._disposed)

    def _connected(self, connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, below
        with self._turns.of("changing"):
            for pragma in PRAGMAS:
                connection.execute(f"PRAGMA {pragma}")
        self._keep()

    def _keep(self) -> None:
        if self._kept:
            return
        with self._opening, self._turns.of("opening"):
            if self._kept:
                return
            kept = [sqlite3.connect(self.path, timeout=60, check_same_thread=False), self._open()]
            for connection in kept:  # having read is what makes it hold the file
                cursor = connection.cursor()
                cursor.execute("SELECT count(*) FROM sqlite_schema")
                cursor.fetchall()
                cursor.close()
            self._kept.extend(kept)

    def _disposed(self, _engine: Engine) -> None:
        with self._opening, self._turns.of("opening"):
            _close(self._kept)

    def _open(self) -> Any:
        return adbc_driver_sqlite.dbapi.connect(f"file:{self.path}?mode=ro")

    @contextmanager
    def reading(self) -> Iterator[Any]:
        """An ADBC connection of one's own."""
        self._keep()
        with self._turns.of("reading"), self._open() as connection:
            yield connection


def _close(kept: list[Any]) -> None:
    # Python's first: the last to close empties the log into the file, which ADBC's, opened to
    # read only, can't do.
    while kept:
        kept.pop(0).close()


def _begin(connection: Connection) -> None:
    # A transaction that will write takes the lock at once: one that starts by reading could not
    # be upgraded once another has written.
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
