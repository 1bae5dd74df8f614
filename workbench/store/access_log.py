"""The log of who comes in: sign-ins, refusals, ends, and changes of users; never a password."""

from __future__ import annotations

import datetime as dt
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pandas as pd
from sqlalchemy import delete, insert, select
from sqlalchemy.exc import SQLAlchemyError

from workbench.store.engine import ENTRY_LOCK, writing
from workbench.store.schema import AccessEvent, User
from workbench.vocabulary import Access

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Engine

log = logging.getLogger("workbench.store")

ASIDE = ThreadPoolExecutor(1, "access-log")
LONGEST = 200
"""So many characters of a name or a detail are kept: what strangers send has no end."""


def now() -> dt.datetime:
    """This moment, UTC."""
    return dt.datetime.now(dt.UTC)


def write(
    connection: Connection,
    event: Access,
    username: str,
    *,
    by: str | None = None,
    address: str = "",
    detail: str | None = None,
    at: dt.datetime | None = None,
) -> int:
    """Add a line, in the transaction of what it tells; its id."""
    added = connection.execute(
        insert(AccessEvent)
        .values(
            at=at or now(),
            event=str(event),
            username=username[:LONGEST],
            by=by,
            address=address,
            detail=detail,
        )
        .returning(AccessEvent.id)
    )
    return int(added.scalar_one())


def note(
    engine: Engine,
    event: Access,
    username: str,
    *,
    by: str | None = None,
    address: str = "",
    detail: str | None = None,
) -> None:
    """Add a line in a transaction of its own."""
    with writing(engine, ENTRY_LOCK) as connection:
        write(connection, event, username, by=by, address=address, detail=detail)


def forbidden(engine: Engine, username: str, what: str, *, address: str = "") -> None:
    """Someone was refused what isn't theirs, whatever became of what they were doing."""
    note(engine, Access.FORBIDDEN, username, address=address, detail=what[:LONGEST])


def forbidden_later(engine: Engine, username: str, what: str, *, address: str = "") -> None:
    """The same, on a thread: whoever serves pages can't wait, and a load may hold the store."""

    def act() -> None:
        try:
            forbidden(engine, username, what, address=address)
        except SQLAlchemyError:
            log.warning("a refusal could not be written: %s, %s", username, what, exc_info=True)

    ASIDE.submit(act)


def tried(connection: Connection, username: str, what: Sequence[str]) -> None:
    """Someone tried to write what isn't theirs to write: one line for all of it."""
    if what:
        write(connection, Access.FORBIDDEN, username, detail=", ".join(what)[:LONGEST])


def forget(connection: Connection, before: dt.datetime) -> None:
    """Remove what is older: such a log is personal data."""
    connection.execute(delete(AccessEvent).where(AccessEvent.at < before))


def events(engine: Engine, since: dt.datetime) -> pd.DataFrame:
    """What happened since, the newest first: at, event, username, name, by, address, detail."""
    asked = (
        select(
            AccessEvent.at,
            AccessEvent.event,
            AccessEvent.username,
            User.name,
            AccessEvent.by,
            AccessEvent.address,
            AccessEvent.detail,
        )
        .outerjoin(User, User.username == AccessEvent.username)
        .where(AccessEvent.at >= since)
        .order_by(AccessEvent.id.desc())
    )
    with engine.connect() as connection:
        rows = connection.execute(asked)
        return pd.DataFrame(rows.all(), columns=list(rows.keys()))
