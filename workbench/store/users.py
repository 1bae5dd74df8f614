"""The people who may sign in: added, and listed.

What each may see and write is `access`'s.
"""

from __future__ import annotations

import pandas as pd
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import Engine, insert, or_, select

from workbench.errors import NotAllowed, UnknownName
from workbench.store.access import LIMITED, Viewer, viewer
from workbench.store.engine import writing
from workbench.store.schema import Rep, User
from workbench.vocabulary import Role

HASHER = PasswordHasher()


def hash_password(password: str) -> str:
    """An argon2id hash.

    Raises:
        NotAllowed: the password is too short.
    """
    least = 8
    if len(password) < least:
        raise NotAllowed(f"A password has at least {least} characters.")
    return HASHER.hash(password)


def add_user(
    engine: Engine,
    username: str,
    password: str,
    *,
    name: str,
    role: Role | str,
    rep: str | None = None,
    language: str = "fr",
) -> Viewer:
    """Add someone who may sign in; `rep` is the code or name of the rep that they are.

    Raises:
        UnknownName: no rep is called so, or no such role.
        NotAllowed: the name is taken, or a limited role has no rep.
    """
    if role not in set(Role):
        raise UnknownName("role", str(role), list(Role))
    role = Role(role)
    with writing(engine) as connection:
        rep_id = None
        if rep is not None:
            rep_id = connection.scalar(select(Rep.id).where(or_(Rep.code == rep, Rep.name == rep)))
            if rep_id is None:
                known = connection.scalars(select(Rep.name)).all()
                raise UnknownName("rep", rep, known)
        elif role in LIMITED:
            raise NotAllowed(
                f"A user with the role {role} needs a rep: they see that rep's accounts."
            )
        if connection.scalar(select(User.id).where(User.username == username)):
            raise NotAllowed(f"There is a user {username!r} already.")
        connection.execute(
            insert(User).values(
                username=username,
                name=name,
                password_hash=hash_password(password),
                role=str(role),
                rep_id=rep_id,
                language=language,
                active=True,
            )
        )
    return Viewer(username, name, role, rep_id, language)


def sign_in(engine: Engine, username: str, password: str) -> Viewer:
    """The viewer, if the password is theirs.

    Raises:
        NotAllowed: it isn't; the sentence doesn't say which of the two was wrong.
    """
    with engine.connect() as connection:
        held = connection.scalar(
            select(User.password_hash).where(User.username == username, User.active)
        )
    try:
        # An unknown name costs the same time as a wrong password: nothing to learn from a clock.
        HASHER.verify(held or _NOBODY, password)
    except (VerifyMismatchError, InvalidHashError) as error:
        raise NotAllowed("Unknown user or wrong password.") from error
    if held is None:
        raise NotAllowed("Unknown user or wrong password.")
    return viewer(engine, username)


_NOBODY = HASHER.hash("nobody signs in with this")


def listed(engine: Engine) -> pd.DataFrame:
    """Everyone who may or might sign in, by name: username, name, role, rep, language, active."""
    asked = (
        select(
            User.username,
            User.name,
            User.role,
            User.rep_id,
            Rep.name.label("rep"),
            User.language,
            User.active,
        )
        .outerjoin(Rep, Rep.id == User.rep_id)
        .order_by(User.name)
    )
    with engine.connect() as connection:
        rows = connection.execute(asked)
        return pd.DataFrame(rows.all(), columns=list(rows.keys()))
