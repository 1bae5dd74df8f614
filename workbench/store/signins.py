"""Signing in by password or through an OpenID provider, and how long one waits after errors.

Every attempt is in the log before it is judged, as refused; one that succeeds is then called so.
Thus guesses made at the same time count, and neither a restart nor another process forgets them.
"""

from __future__ import annotations

import datetime as dt
import secrets
from functools import cache
from typing import TYPE_CHECKING

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import func, insert, or_, select, update

from workbench.errors import LockedOut, NotAllowed, Reason, UnknownName
from workbench.locale import msg
from workbench.store import access_log, sessions
from workbench.store.engine import ENTRY_LOCK, writing
from workbench.store.schema import AccessEvent, User, UserIdentity
from workbench.vocabulary import Access

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection, Engine

    from workbench.store.sessions import Limits

HASHER = PasswordHasher()  # argon2id
OF_NAME = 5
OF_ADDRESS = 30
"""So many errors are free: of a name, and of an address, which a whole office may share."""
LONGEST = dt.timedelta(hours=1)
NAME_MEMORY = dt.timedelta(days=1)
ADDRESS_MEMORY = dt.timedelta(hours=2)
"""For so long an error counts."""
FORGIVING = (Access.SIGNED_IN, Access.PASSWORD, Access.UNLOCKED)
WRONG = msg("identifiant ou mot de passe faux")
UNKNOWN = msg("inconnu ici, ou désactivé")
ANOTHER = msg("une autre personne, pour le fournisseur OpenID")
NO_ACCESS = msg(
    "{provider} vous connaît sous le nom « {username} », qui n’a pas d’accès ici. "
    "Demandez à un administrateur de vous ajouter."
)
NOT_THEM = msg(
    "Pour {provider}, vous n’êtes pas la personne qui est « {username} » ici. "
    "Demandez à un administrateur : il peut lever le lien."
)


def wait(errors: int, free: int) -> dt.timedelta:
    """How long after the last error the next attempt is heard.

    >>> [wait(errors, 5).total_seconds() / 60 for errors in (4, 5, 6, 7, 10, 11, 99)]
    [0.0, 1.0, 2.0, 4.0, 32.0, 60.0, 60.0]
    """
    if errors < free:
        return dt.timedelta()
    doubled = min(errors - free, 10)
    return min(dt.timedelta(minutes=2**doubled), LONGEST)


def locked_until(
    connection: Connection, username: str, address: str, now: dt.datetime
) -> dt.datetime | None:
    """Until when attempts for the name, or from the address, aren't heard; None if they are."""
    ends = [
        _ends(connection, AccessEvent.username == username, OF_NAME, now - NAME_MEMORY, username)
    ]
    if address:
        ends.append(
            _ends(connection, AccessEvent.address == address, OF_ADDRESS, now - ADDRESS_MEMORY)
        )
    until = max((end for end in ends if end is not None), default=None)
    return until if until is not None and until > now else None


def _ends(
    connection: Connection,
    whose: ColumnElement[bool],
    free: int,
    since: dt.datetime,
    name: str | None = None,
) -> dt.datetime | None:
    wrong = whose & (AccessEvent.event == Access.REFUSED) & (AccessEvent.at > since)
    if name is not None:  # forgiven once it signs in, or an admin says so
        forgiven = select(func.coalesce(func.max(AccessEvent.id), 0)).where(
            AccessEvent.username == name,
            AccessEvent.event.in_(FORGIVING),
        )
        wrong &= AccessEvent.id > forgiven.scalar_subquery()
    errors, last = connection.execute(
        select(func.count(), func.max(AccessEvent.at)).where(wrong)
    ).one()
    return last + wait(errors, free) if errors >= free else None


def check(
    engine: Engine,
    username: str,
    password: str,
    *,
    address: str = "",
    then: Access = Access.SIGNED_IN,
    now: dt.datetime | None = None,
) -> int:
    """The id of the active user whose name and password these are; `then` is what the log says.

    Raises:
        LockedOut: too many errors; the password wasn't looked at.
        NotAllowed: they aren't; the sentence doesn't say which of the two was wrong.
    """
    attempt = _heard(engine, username, address, now or access_log.now())
    with engine.connect() as connection:
        user = connection.execute(
            select(User.id, User.password_hash).where(User.username == username, User.active)
        ).one_or_none()
    held = user.password_hash if user else ""
    try:
        # An unknown name costs the same time as a wrong password: nothing to learn from a clock.
        HASHER.verify(held or _nobody(), password)
    except (VerifyMismatchError, InvalidHashError) as error:
        raise NotAllowed("Unknown user or wrong password.") from error
    if user is None or not held:
        raise NotAllowed("Unknown user or wrong password.")
    rehashed = HASHER.hash(password) if HASHER.check_needs_rehash(held) else None
    with writing(engine, ENTRY_LOCK) as connection:
        connection.execute(
            update(AccessEvent)
            .where(AccessEvent.id == attempt)
            .values(event=str(then), detail=None)
        )
        if rehashed:
            connection.execute(
                update(User).where(User.id == user.id).values(password_hash=rehashed)
            )
    return int(user.id)


def sign_in(
    engine: Engine,
    username: str,
    password: str,
    *,
    address: str = "",
    limits: Limits | None = None,
    now: dt.datetime | None = None,
) -> str:
    """The token of a new session, if the password is theirs.

    Raises:
        LockedOut: too many errors.
        NotAllowed: it isn't theirs.
    """
    now = now or access_log.now()
    user = check(engine, username, password, address=address, now=now)
    with writing(engine, ENTRY_LOCK) as connection:
        return sessions.begin(
            connection, user, address=address, limits=limits or sessions.Limits(), now=now
        )


def _heard(engine: Engine, username: str, address: str, now: dt.datetime) -> int:
    """The log's line of an attempt, which counts as an error until it has succeeded."""
    with writing(engine, ENTRY_LOCK) as connection:
        until = locked_until(connection, username, address, now)
        if until is None:
            event, detail = Access.REFUSED, WRONG
        elif not _told(connection, username, address, now):
            event, detail = Access.LOCKED, None
        else:
            raise LockedOut(until)
        line = access_log.write(connection, event, username, address=address, detail=detail, at=now)
    if until is not None:
        raise LockedOut(until)
    return line


def _told(connection: Connection, username: str, address: str, now: dt.datetime) -> bool:
    """Whether the log of the last minute says already that this isn't heard."""
    said = select(AccessEvent.id).where(
        AccessEvent.event == Access.LOCKED,
        AccessEvent.username == username[: access_log.LONGEST],
        AccessEvent.address == address,
        AccessEvent.at > now - dt.timedelta(minutes=1),
    )
    return connection.scalar(said.limit(1)) is not None


def admit(
    engine: Engine,
    username: str,
    *,
    how: str,
    issuer: str,
    subject: str,
    address: str = "",
    limits: Limits | None = None,
) -> str:
    """The token of a new session for someone whom an OpenID provider has vouched for.

    Args:
        engine: the store.
        username: the name that they have there, and are to have here.
        how: the provider's name.
        issuer: the provider.
        subject: who they are there, whatever they are called.
        address: where they ask from.
        limits: how long sessions last.

    Raises:
        NotAllowed: nobody here is called so, or no longer, or it is somebody else.
    """
    now = access_log.now()
    with writing(engine, ENTRY_LOCK) as connection:
        user = connection.scalar(select(User.id).where(User.username == username, User.active))
        if user is None:
            event, detail, why = Access.REFUSED, UNKNOWN, NO_ACCESS
        elif not _same(connection, user, issuer, subject):
            event, detail, why = Access.FORBIDDEN, ANOTHER, NOT_THEM  # no error of the name's owner
        else:
            event, detail, why = Access.SIGNED_IN, how, ""
        access_log.write(connection, event, username, address=address, detail=detail, at=now)
        if user is not None and not why:
            return sessions.begin(
                connection, user, address=address, limits=limits or sessions.Limits(), now=now
            )
    raise NotAllowed(Reason(why, provider=how, username=username))


def _same(connection: Connection, user: int, issuer: str, subject: str) -> bool:
    """Whether the user is that person; at the first time it is kept that they are."""
    one = UserIdentity
    known = connection.execute(
        select(one.user_id, one.subject).where(
            one.issuer == issuer, or_(one.user_id == user, one.subject == subject)
        )
    ).all()
    if not known:
        connection.execute(insert(one).values(user_id=user, issuer=issuer, subject=subject))
        return True
    return all(tuple(row) == (user, subject) for row in known)


def locked_names(engine: Engine, *, now: dt.datetime | None = None) -> dict[str, dt.datetime]:
    """The names whose attempts aren't heard now, and until when."""
    now = now or access_log.now()
    with engine.connect() as connection:
        names = connection.scalars(
            select(AccessEvent.username)
            .where(AccessEvent.event == Access.REFUSED, AccessEvent.at > now - NAME_MEMORY)
            .group_by(AccessEvent.username)
            .having(func.count() >= OF_NAME)
        ).all()
        ends = {name: locked_until(connection, name, "", now) for name in names}
    return {name: end for name, end in ends.items() if end is not None}


def unlock(engine: Engine, username: str, *, by: str) -> None:
    """Forgive a user their errors.

    Raises:
        UnknownName: no such user.
    """
    with writing(engine, ENTRY_LOCK) as connection:
        names = connection.scalars(select(User.username)).all()
        if username not in names:
            raise UnknownName("user", username, names)
        access_log.write(connection, Access.UNLOCKED, username, by=by)


@cache
def _nobody() -> str:
    """What a password is held against where there is no such user."""
    return HASHER.hash(secrets.token_urlsafe())
