"""Who signs in, what they may see, and what they may write.

A rep sees their own accounts, a manager those of everyone under them at any level, everybody else
all. Rights are those of today, whatever date is looked at; they are applied where tables are read
(`dataset`) and where changes come in (`journal`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import Engine, insert, or_, select

from workbench.errors import NotAllowed, Reason, UnknownName
from workbench.locale import msg
from workbench.store.engine import writing
from workbench.store.schema import OwnerPeriod, Rep, TeamPeriod, User
from workbench.vocabulary import Role, field_name

if TYPE_CHECKING:
    import datetime as dt

    from sqlalchemy import Connection, Subquery

HASHER = PasswordHasher()
LIMITED = frozenset({Role.REP, Role.PARTNER, Role.MANAGER})
READ_ONLY = frozenset({Role.EXECUTIVE})
LOADERS = frozenset({Role.DIRECTOR, Role.ANALYST, Role.ADMIN})  # who may undo a load
# Of the fields that surfaces offer for editing: those that only some roles may write.
RESERVED = {
    ("account", "owner_id"): frozenset({Role.MANAGER, Role.DIRECTOR, Role.ADMIN}),
    ("account", "parent_id"): frozenset({Role.MANAGER, Role.DIRECTOR, Role.ANALYST, Role.ADMIN}),
    ("opportunity", "owner_id"): frozenset({Role.MANAGER, Role.DIRECTOR, Role.ADMIN}),
    ("ledger_customer", "account_id"): frozenset({Role.ANALYST, Role.DIRECTOR, Role.ADMIN}),
}


@dataclass(frozen=True)
class Viewer:
    """Someone signed in."""

    username: str
    name: str
    role: Role
    rep_id: int | None = None
    language: str = "fr"

    @property
    def limited(self) -> bool:
        """Whether they see only a part."""
        return self.role in LIMITED


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


def viewer(engine: Engine, username: str) -> Viewer:
    """The viewer of that user name.

    Raises:
        NotAllowed: there is none, or no longer.
    """
    with engine.connect() as connection:
        user = connection.execute(
            select(User.name, User.role, User.rep_id, User.language, User.active).where(
                User.username == username
            )
        ).one_or_none()
    if user is None or not user.active:
        raise NotAllowed(f"No active user is called {username!r}.")
    return Viewer(username, user.name, Role(user.role), user.rep_id, user.language)


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


def visible_reps(connection: Connection, who: Viewer, today: dt.date) -> frozenset[int] | None:
    """The reps whose accounts the viewer sees; None means all of them."""
    if not who.limited:
        return None
    if who.rep_id is None:
        return frozenset()
    seen = {who.rep_id}
    if who.role is Role.MANAGER:
        under = connection.execute(
            select(TeamPeriod.rep_id, TeamPeriod.manager_id).where(
                TeamPeriod.valid_from <= today,
                or_(TeamPeriod.valid_to.is_(None), TeamPeriod.valid_to > today),
            )
        ).all()
        grown = True
        while grown:
            more = {rep for rep, manager in under if manager in seen} - seen
            seen |= more
            grown = bool(more)
    return frozenset(seen)


def may_write(
    connection: Connection,
    who: Viewer,
    entity: str,
    field: str,
    owners: set[int | None],
    today: dt.date,
) -> Reason | None:
    """Why the viewer may not write this field of a record with these owners; None if they may."""
    if who.role in READ_ONLY:
        return Reason(msg("Le rôle « {role} » lit, il ne modifie pas."), role=who.role)
    allowed = RESERVED.get((entity, field))
    if allowed is not None and who.role not in allowed:
        return Reason(
            msg("Le champ « {field} » se modifie par : {roles}."),
            field=field_name(field),
            roles=sorted(allowed),
        )
    reps = visible_reps(connection, who, today)
    if reps is not None and not owners & reps:
        return Reason(msg("Cette fiche n’est pas l’une des vôtres."))
    return None


def account_owners(today: dt.date) -> Subquery:
    """Subquery: the owner of each account today."""
    return (
        select(OwnerPeriod.account_id, OwnerPeriod.rep_id)
        .where(
            OwnerPeriod.valid_from <= today,
            or_(OwnerPeriod.valid_to.is_(None), OwnerPeriod.valid_to > today),
        )
        .subquery()
    )
