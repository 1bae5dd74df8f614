"""The last corrections that somebody saved from the dashboards, to show and to undo.

A form of Excel that was filled in is among them, wherever it was imported.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from workbench.store.schema import Change
from workbench.vocabulary import Surface

if TYPE_CHECKING:
    import datetime as dt

    from sqlalchemy import Engine

SHOWN = ("account", "opportunity")
ROWS = 400
"""So many changes are looked through; a larger save shows as what is left of it."""


@dataclass(frozen=True)
class Saved:
    """A field that was changed."""

    entity: str
    id: int
    field: str
    old: Any
    new: Any


@dataclass(frozen=True)
class Save:
    """What was saved together; `undone` once all of it was taken back."""

    batch: str
    at: dt.datetime
    changes: tuple[Saved, ...]
    undone: bool
    is_undo: bool


def recent(engine: Engine, username: str, most: int = 8) -> list[Save]:
    """That user's last saves from the dashboards and by form, the newest first."""
    query = (
        select(
            Change.id,
            Change.batch,
            Change.recorded_at,
            Change.entity,
            Change.record_id,
            Change.field,
            Change.old,
            Change.new,
            Change.undoes,
        )
        .where(Change.user == username, Change.op == "set", Change.entity.in_(SHOWN))
        .where(Change.surface.in_([str(Surface.DASHBOARD), str(Surface.EXCEL)]))
        .order_by(Change.id.desc())
        .limit(ROWS)
    )
    with engine.connect() as connection:
        rows = connection.execute(query).all()
    undone = {row.undoes for row in rows if row.undoes is not None}
    saves = []
    for batch, held in groupby(rows, key=lambda row: row.batch):
        listed = list(held)
        saves.append(
            Save(
                batch,
                listed[0].recorded_at,
                tuple(
                    Saved(row.entity, row.record_id, row.field, plain(row.old), plain(row.new))
                    for row in reversed(listed)
                ),
                all(row.id in undone for row in listed),
                any(row.undoes is not None for row in listed),
            )
        )
    return saves[:most]


def plain(text: str | None) -> Any:
    """A value as the journal keeps it, read back.

    >>> plain('"latent"'), plain(None)
    ('latent', None)
    """
    return None if text is None else json.loads(text)
