"""Conflicts with a source that nobody need settle any more: they end by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import update

from workbench.store.schema import SourceConflict

if TYPE_CHECKING:
    import datetime as dt

    from sqlalchemy import ColumnElement, Connection

BY_ITSELF = "workbench"  # who has settled what ended so


def end(connection: Connection, at: dt.datetime, *which: ColumnElement[bool]) -> None:
    """End those of some that wait: ours stands, and nobody chose it."""
    connection.execute(
        update(SourceConflict)
        .where(*which, SourceConflict.settled_at.is_(None))
        .values(settled_at=at, settled_by=BY_ITSELF, kept="ours")
    )
