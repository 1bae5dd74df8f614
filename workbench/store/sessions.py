"""Who is signed in, from which browser, and until when.

A session is a row: it ends when the row goes, in every process at once. It also ends when nothing
was done in it for long (idle), and some days after it began, whatever was done (absolute).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd
from sqlalchemy import delete, func, insert, or_, select, update

from workbench.locale import msg
from workbench.store import access_log
from workbench.store.access import Viewer, rights_of
from workbench.store.engine import ENTRY_LOCK, writing
from workbench.store.schema import User, UserSession
from workbench.vocabulary import Access, Role

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import ColumnElement, Connection, Engine

RAN_OUT = msg("délai dépassé")


@dataclass(frozen=True)
class Limits:
    """How long a session lasts, and the log of them.

    Attributes:
        idle: after so long without anything done it ends.
        absolute: after so long it ends in any case.
        log: so long the log is kept.
    """

    idle: dt.timedelta = dt.timedelta(hours=8)
    absolute: dt.timedelta = dt.timedelta(days=7)
    log: dt.timedelta = dt.timedelta(days=180)

    def alive(self, now: dt.datetime) -> ColumnElement[bool]:
        """The condition that a session hasn't run out."""
        return (UserSession.seen_at > now - self.idle) & (
            UserSession.started_at > now - self.absolute
        )


@dataclass(frozen=True)
class SignedIn:
    """A session that holds: whose it is, its mark, and when something was last done in it."""

    viewer: Viewer
    mark: str
    seen_at: dt.datetime


def mark(token: str) -> str:
    """What the store knows a token by."""
    return hashlib.sha256(token.encode()).hexdigest()


def begin(
    connection: Connection, user_id: int, *, address: str, limits: Limits, now: dt.datetime
) -> str:
    """A new session's token; sessions that have run out are put away on the way."""
    _put_away(connection, limits, now)
    token = secrets.token_urlsafe(32)
    connection.execute(
        insert(UserSession).values(
            token_hash=mark(token), user_id=user_id, started_at=now, seen_at=now, address=address
        )
    )
    return token


def _put_away(connection: Connection, limits: Limits, now: dt.datetime) -> None:
    out = or_(
        UserSession.seen_at <= now - limits.idle, UserSession.started_at <= now - limits.absolute
    )
    ended = connection.execute(
        select(User.username, UserSession.address).join_from(UserSession, User).where(out)
    ).all()
    for username, address in ended:
        access_log.write(
            connection, Access.ENDED, username, address=address, detail=RAN_OUT, at=now
        )
    connection.execute(delete(UserSession).where(out))
    access_log.forget(connection, now - limits.log)


def find(
    engine: Engine, token: str, limits: Limits, *, now: dt.datetime | None = None
) -> SignedIn | None:
    """The session of that token, if it holds and its user is active."""
    now = now or access_log.now()
    asked = (
        select(
            UserSession.token_hash,
            UserSession.seen_at,
            User.username,
            User.name,
            User.role,
            User.rep_id,
            User.language,
        )
        .join_from(UserSession, User)
        .where(UserSession.token_hash == mark(token), User.active, limits.alive(now))
    )
    with engine.connect() as connection:
        row = connection.execute(asked).one_or_none()
        rights = rights_of(connection, row.username) if row else frozenset()
    if row is None:
        return None
    viewer = Viewer(row.username, row.name, Role(row.role), row.rep_id, row.language, rights)
    return SignedIn(viewer, row.token_hash, row.seen_at)


def holding(
    engine: Engine, marks: Collection[str], limits: Limits, *, now: dt.datetime | None = None
) -> set[str]:
    """Those of the sessions that still hold."""
    now = now or access_log.now()
    asked = (
        select(UserSession.token_hash)
        .join_from(UserSession, User)
        .where(UserSession.token_hash.in_(marks), User.active, limits.alive(now))
    )
    with engine.connect() as connection:
        return set(connection.scalars(asked))


def touch(engine: Engine, marked: str, *, now: dt.datetime | None = None) -> None:
    """Something was done in the session: its idle time begins anew."""
    with writing(engine, ENTRY_LOCK) as connection:
        connection.execute(
            update(UserSession)
            .where(UserSession.token_hash == marked)
            .values(seen_at=now or access_log.now())
        )


def end(engine: Engine, token: str, *, address: str = "") -> None:
    """Its user signs out."""
    with writing(engine, ENTRY_LOCK) as connection:
        username = connection.scalar(
            select(User.username)
            .join_from(UserSession, User)
            .where(UserSession.token_hash == mark(token))
        )
        if username is not None:
            connection.execute(delete(UserSession).where(UserSession.token_hash == mark(token)))
            access_log.write(connection, Access.SIGNED_OUT, username, address=address)


def end_all(
    connection: Connection,
    username: str,
    *,
    by: str | None = None,
    but: str | None = None,
    why: str | None = None,
) -> int:
    """End all of a user's sessions, but the one of the token, in the caller's transaction.

    Returns:
        How many there were.
    """
    theirs = select(User.id).where(User.username == username).scalar_subquery()
    chosen = UserSession.user_id == theirs
    if but is not None:
        chosen &= UserSession.token_hash != mark(but)
    ended = connection.execute(
        delete(UserSession).where(chosen).returning(UserSession.address)
    ).all()
    for (address,) in ended:
        access_log.write(connection, Access.ENDED, username, by=by, address=address, detail=why)
    return len(ended)


def open_now(engine: Engine, limits: Limits) -> pd.DataFrame:
    """Per user who is signed in: username, how many sessions, when something was last done."""
    asked = (
        select(
            User.username,
            func.count().label("sessions"),
            func.max(UserSession.seen_at).label("seen_at"),
        )
        .join_from(UserSession, User)
        .where(limits.alive(access_log.now()))
        .group_by(User.username)
    )
    with engine.connect() as connection:
        rows = connection.execute(asked)
        return pd.DataFrame(rows.all(), columns=list(rows.keys()))
