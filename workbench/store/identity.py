"""Which store it is: what tells it from every other, for files that leave it and come back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from workbench.store.schema import Change

if TYPE_CHECKING:
    from sqlalchemy import Engine


def identity(engine: Engine) -> str:
    """The store's own mark: the random name of the journal's first batch, never altered.

    A copy of a store, or one restored, has the mark of its original: it is the same company's.
    """
    with engine.connect() as connection:
        return connection.scalar(select(Change.batch).order_by(Change.id).limit(1)) or ""
