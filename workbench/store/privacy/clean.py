"""Takes what was deleted or overwritten out of the store's files, and its copies of the past.

A database keeps old bytes in pages that it no longer uses, and in its log, until they are written
again: nobody is gone before that.
"""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from workbench.errors import StoreError
from workbench.store import past
from workbench.store.schema import Base

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from sqlalchemy import Engine

PATIENCE = 60.0
"""Seconds to wait for those who read: the log can't be emptied under them."""


def clean(engine: Engine, tables: Iterable[str] = ()) -> list[Path]:
    """Write the store's files anew.

    Args:
        engine: the store.
        tables: on PostgreSQL, those to write anew; all where none is named.

    Returns:
        Copies of the past that are left, for somebody to delete.

    Raises:
        StoreError: somebody kept reading all the while; what was written is safe, and this can be
            done again.
    """
    left = past.forget(engine)
    if engine.dialect.name == "sqlite":
        _sqlite(engine)
    else:
        _postgresql(engine, list(tables) or list(Base.metadata.tables))
    return left


def _sqlite(engine: Engine) -> None:
    with closing(engine.raw_connection()) as connection:
        cursor: Any = connection.cursor()
        cursor.execute("VACUUM")
    until = time.monotonic() + PATIENCE
    while True:
        with closing(engine.raw_connection()) as connection:
            cursor = connection.cursor()
            busy, _, _ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if not busy:
            return
        if time.monotonic() > until:
            raise StoreError(
                f"{engine.url}: its log can't be emptied while others read. They are taken out of "
                "the store; run `workbench privacy clean` once nobody reads, so that the log "
                "forgets them too."
            )
        time.sleep(0.2)


def _postgresql(engine: Engine, tables: list[str]) -> None:
    """Rewritten tables, and new statistics: those hold sample values."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for name in sorted(tables):
            connection.execute(text(f'VACUUM (FULL, ANALYZE) "{name}"'))
