"""The people who may sign in: added, listed, changed, put out; each change is in the log.

What each may see and write is `access`'s. Whatever changes what someone may do ends their
sessions: the next page that they open is made under their new rights.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pandas as pd
from sqlalchemy import Engine, delete, func, insert, or_, select, update

from workbench.errors import LockedOut, NotAllowed, Reason, UnknownName
from workbench.locale import msg
from workbench.store import access_log, sessions, signins
from workbench.store.access import LIMITED, Viewer
from workbench.store.engine import ENTRY_LOCK, writing
from workbench.store.schema import Rep, User, UserIdentity, UserRight
from workbench.vocabulary import Access, Right, Role

if TYPE_CHECKING:
    from sqlalchemy import Connection

SHORTEST, LONGEST = 8, 500
FIELDS = ("name", "role", "rep_id", "language", "active")
RIGHTS = {"role", "rep_id", "active"}
CHANGED = msg("droits modifiés")
NEW_PASSWORD = msg("mot de passe changé")


def hash_password(password: str, username: str = "") -> str:
    """An argon2id hash.

    Raises:
        NotAllowed: the password is too short, endless, or the user name.
    """
    if len(password) < SHORTEST:
        raise NotAllowed(
            Reason(msg("Un mot de passe a au moins {least} caractères."), least=SHORTEST)
        )
    if len(password) > LONGEST:
        raise NotAllowed(Reason(msg("Un mot de passe a au plus {most} caractères."), most=LONGEST))
    if password.casefold() == username.casefold():
        raise NotAllowed(Reason(msg("Le mot de passe ne peut pas être l’identifiant.")))
    return signins.HASHER.hash(password)


def add_user(
    engine: Engine,
    username: str,
    password: str | None,
    *,
    name: str,
    role: Role | str,
    rep: str | None = None,
    rep_id: int | None = None,
    language: str = "fr",
    by: str | None = None,
) -> Viewer:
    """Add someone who may sign in.

    Args:
        engine: the store.
        username: what they sign in with.
        password: None where they come through an OpenID provider alone.
        name: theirs.
        role: what they may see and write.
        rep: code or name of the rep that they are.
        rep_id: the same by its number.
        language: of their screens.
        by: who adds them.

    Raises:
        UnknownName: no rep is called so, or no such role.
        NotAllowed: the name is taken or empty, or a limited role has no rep.
    """
    if role not in set(Role):
        raise UnknownName("role", str(role), list(Role))
    role = Role(role)
    if not username.strip() or username != username.strip():
        raise NotAllowed(Reason(msg("Un identifiant n’est pas vide, et n’a pas de blanc au bord.")))
    with writing(engine, ENTRY_LOCK) as connection:
        rep_id = _rep(connection, rep) or rep_id
        _fits(role, rep_id)
        if connection.scalar(select(User.id).where(User.username == username)):
            raise NotAllowed(
                Reason(msg("L’identifiant « {username} » est déjà pris."), username=username)
            )
        connection.execute(
            insert(User).values(
                username=username,
                name=name,
                password_hash="" if password is None else hash_password(password, username),
                role=str(role),
                rep_id=rep_id,
                language=language,
                active=True,
            )
        )
        access_log.write(connection, Access.USER_ADDED, username, by=by, detail=_json(role=role))
    return Viewer(username, name, role, rep_id, language)


def _rep(connection: Connection, rep: str | None) -> int | None:
    if rep is None:
        return None
    found = connection.scalar(select(Rep.id).where(or_(Rep.code == rep, Rep.name == rep)))
    if found is None:
        raise UnknownName("rep", rep, connection.scalars(select(Rep.name)).all())
    return found


def _fits(role: Role, rep_id: int | None) -> None:
    if role in LIMITED - {Role.PARTNER} and rep_id is None:
        raise NotAllowed(
            Reason(
                msg("Le rôle « {role} » demande un commercial : on voit les comptes de celui-ci."),
                role=role,
            )
        )


def _json(**values: Any) -> str:
    return json.dumps(values, ensure_ascii=False, default=str)


def _found(connection: Connection, username: str) -> Any:
    user = connection.execute(
        select(User.id, User.password_hash, *(getattr(User, name) for name in FIELDS)).where(
            User.username == username
        )
    ).one_or_none()
    if user is None:
        names = connection.scalars(select(User.username)).all()
        raise UnknownName("user", username, names)
    return user


def change(engine: Engine, username: str, *, by: str | None, **values: Any) -> list[str]:
    """Change some of a user's name, role, rep_id, language and active.

    Args:
        engine: the store.
        username: whose.
        by: who changes it.
        values: the new values, by field.

    Returns:
        The fields that did change.

    Raises:
        UnknownName: no such user, or no such field.
        NotAllowed: a limited role without rep, or nobody would be left to administrate.
    """
    for name in values:
        if name not in FIELDS:
            raise UnknownName("field of a user", name, FIELDS)
    with writing(engine, ENTRY_LOCK) as connection:
        user = _found(connection, username)
        changed = {name: new for name, new in values.items() if getattr(user, name) != new}
        if not changed:
            return []
        after = {**user._asdict(), **changed}
        _fits(Role(after["role"]), after["rep_id"])
        connection.execute(update(User).where(User.id == user.id).values(**changed))
        if not connection.scalar(
            select(func.count()).where(User.role == str(Role.ADMIN), User.active)
        ) and (user.active and user.role == Role.ADMIN):
            raise NotAllowed(
                Reason(
                    msg("« {username} » est le dernier administrateur : nommez-en un autre."),
                    username=username,
                )
            )
        told = {name: [getattr(user, name), new] for name, new in changed.items()}
        access_log.write(connection, Access.USER_CHANGED, username, by=by, detail=_json(**told))
        if RIGHTS & changed.keys():
            sessions.end_all(connection, username, by=by, why=CHANGED)
    return list(changed)


def grant(
    engine: Engine, username: str, right: str, *, withdraw: bool = False, by: str | None = None
) -> None:
    """Name someone for what only those named may see, or no longer; they sign in anew.

    Raises:
        UnknownName: no such user or right.
    """
    if right not in set(Right):
        raise UnknownName("right", right, list(Right))
    with writing(engine, ENTRY_LOCK) as connection:
        user = _found(connection, username)
        held = UserRight.user_id == user.id, UserRight.right == right
        there = connection.scalar(select(UserRight.right).where(*held)) is not None
        if there is not withdraw:
            return
        if withdraw:
            connection.execute(delete(UserRight).where(*held))
        else:
            connection.execute(insert(UserRight).values(user_id=user.id, right=str(right)))
        told = _json(right=[str(right), None] if withdraw else [None, str(right)])
        access_log.write(connection, Access.USER_CHANGED, username, by=by, detail=told)
        sessions.end_all(connection, username, by=by, why=CHANGED)


def forget_identity(engine: Engine, username: str, *, by: str | None) -> None:
    """Forget who a user is at the OpenID provider: whoever next comes under the name is them.

    Raises:
        UnknownName: no such user.
    """
    with writing(engine, ENTRY_LOCK) as connection:
        user = _found(connection, username)
        subjects = connection.scalars(
            delete(UserIdentity)
            .where(UserIdentity.user_id == user.id)
            .returning(UserIdentity.subject)
        ).all()
        if subjects:
            told = _json(identity=[", ".join(subjects), None])
            access_log.write(connection, Access.USER_CHANGED, username, by=by, detail=told)
            sessions.end_all(connection, username, by=by, why=CHANGED)


def set_password(
    engine: Engine, username: str, new: str, *, by: str | None, but: str | None = None
) -> None:
    """Give a user a new password; their sessions end, but the one of the token.

    Raises:
        UnknownName: no such user.
        NotAllowed: the password won't do.
    """
    held = hash_password(new, username)
    with writing(engine, ENTRY_LOCK) as connection:
        user = _found(connection, username)
        connection.execute(update(User).where(User.id == user.id).values(password_hash=held))
        access_log.write(connection, Access.PASSWORD, username, by=by)
        sessions.end_all(connection, username, by=by, but=but, why=NEW_PASSWORD)


def change_password(
    engine: Engine,
    username: str,
    old: str,
    new: str,
    again: str,
    *,
    address: str = "",
    but: str | None = None,
) -> None:
    """A user changes their own password; their sessions end, but the one of the token.

    Raises:
        LockedOut: the old one was wrong too often.
        NotAllowed: it is wrong, or the new one won't do or isn't the same twice.
    """
    if new != again:
        raise NotAllowed(Reason(msg("Le nouveau mot de passe n’est pas deux fois le même.")))
    if new == old:
        raise NotAllowed(Reason(msg("Le nouveau mot de passe est l’ancien.")))
    held = hash_password(new, username)
    try:
        user = signins.check(engine, username, old, address=address, then=Access.PASSWORD)
    except LockedOut:
        raise
    except NotAllowed as error:
        raise NotAllowed(Reason(msg("L’ancien mot de passe n’est pas le bon."))) from error
    with writing(engine, ENTRY_LOCK) as connection:
        connection.execute(update(User).where(User.id == user).values(password_hash=held))
        sessions.end_all(connection, username, but=but, why=NEW_PASSWORD)


def end_sessions(
    engine: Engine, username: str, *, by: str | None = None, but: str | None = None
) -> int:
    """Sign a user out everywhere, but from the session of the token; how many sessions ended."""
    with writing(engine, ENTRY_LOCK) as connection:
        return sessions.end_all(connection, username, by=by, but=but)


def listed(engine: Engine) -> pd.DataFrame:
    """Everyone who may or might sign in, by name.

    Returns:
        username, name, role, rep_id, rep, language, active, rights (a list), and whether they have
        come through an OpenID provider (`provider`).
    """
    rights: dict[str, list[str]] = {}
    asked = (
        select(
            User.username,
            User.name,
            User.role,
            User.rep_id,
            Rep.name.label("rep"),
            User.language,
            User.active,
            User.id.in_(select(UserIdentity.user_id)).label("provider"),
        )
        .outerjoin(Rep, Rep.id == User.rep_id)
        .order_by(User.name)
    )
    named = select(User.username, UserRight.right).join_from(UserRight, User)
    with engine.connect() as connection:
        rows = connection.execute(asked)
        found = pd.DataFrame(rows.all(), columns=list(rows.keys()))
        for username, right in connection.execute(named.order_by(UserRight.right)):
            rights.setdefault(username, []).append(right)
    held: Any = [rights.get(username, []) for username in found["username"]]
    return found.assign(rights=held)
