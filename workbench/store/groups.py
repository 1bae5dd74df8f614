"""Groups of accounts: kept lists, shared with users or a rep's whole team, to read or write.

Directors and administrators manage all groups, others those that they made, of accounts that are
theirs: nobody passes on what was only shared with them.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, insert, or_, select

from workbench.errors import NotAllowed, UnknownName
from workbench.store import access
from workbench.store.engine import writing
from workbench.store.schema import (
    Account,
    AccountGroup,
    AccountGroupMember,
    AccountGroupShare,
    Rep,
    User,
)
from workbench.vocabulary import Role

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection, Engine

    from workbench.store.access import Viewer

MANAGERS = frozenset({Role.DIRECTOR, Role.ADMIN})


@dataclass(frozen=True)
class Share:
    """With whom a group is shared: a user, or a team by its manager's name."""

    user: str | None
    team: str | None
    writes: bool


@dataclass(frozen=True)
class Group:
    """A group, how many accounts it has, who made it, and with whom it is shared."""

    name: str
    accounts: int
    owner: str | None
    shares: tuple[Share, ...]


def make(engine: Engine, name: str, viewer: Viewer) -> None:
    """Make an empty group.

    Raises:
        NotAllowed: the viewer only reads, or there is one of that name.
    """
    if viewer.role in access.READ_ONLY:
        raise NotAllowed(f"The role {viewer.role} reads; it makes no groups.")
    with writing(engine) as connection:
        if connection.scalar(select(AccountGroup.id).where(AccountGroup.name == name)):
            raise NotAllowed(f"There is a group {name!r} already.")
        owner = connection.scalar(select(User.id).where(User.username == viewer.username))
        connection.execute(insert(AccountGroup).values(name=name, owner_id=owner))


def remove(engine: Engine, name: str, viewer: Viewer) -> None:
    """Remove a group: what it shared is no longer shared.

    Raises:
        UnknownName: no group is called so.
        NotAllowed: it isn't the viewer's.
    """
    with writing(engine) as connection:
        group = _managed(connection, name, viewer)
        for model in (AccountGroupShare, AccountGroupMember):
            connection.execute(delete(model).where(model.group_id == group))
        connection.execute(delete(AccountGroup).where(AccountGroup.id == group))


def put(engine: Engine, name: str, accounts: Iterable[str], viewer: Viewer) -> int:
    """Put accounts, by number or code, into a group.

    Returns:
        How many it has now.

    Raises:
        UnknownName: no such group, or no account of the viewer's is called so.
        NotAllowed: the group isn't the viewer's.
    """
    with writing(engine) as connection:
        group = _managed(connection, name, viewer)
        ids = _accounts(connection, accounts, viewer)
        there = _members(connection, group)
        rows = [{"group_id": group, "account_id": id_} for id_ in sorted(ids - there)]
        if rows:
            connection.execute(insert(AccountGroupMember), rows)
        return len(there | ids)


def drop(engine: Engine, name: str, accounts: Iterable[str], viewer: Viewer) -> int:
    """Take accounts out of a group.

    Returns:
        How many it has left.

    Raises:
        UnknownName: no such group, or no account of the viewer's is called so.
        NotAllowed: the group isn't the viewer's.
    """
    member = AccountGroupMember
    with writing(engine) as connection:
        group = _managed(connection, name, viewer)
        ids = _accounts(connection, accounts, viewer)
        connection.execute(
            delete(member).where(member.group_id == group, member.account_id.in_(sorted(ids)))
        )
        return len(_members(connection, group))


def share(
    engine: Engine,
    name: str,
    viewer: Viewer,
    *,
    user: str | None = None,
    team: str | None = None,
    writes: bool = False,
    withdraw: bool = False,
) -> None:
    """Share a group with a user or a rep's team, to read or to write; or no longer.

    Raises:
        UnknownName: no such group, user or rep.
        NotAllowed: the group isn't the viewer's.
    """
    one = AccountGroupShare
    with writing(engine) as connection:
        group = _managed(connection, name, viewer)
        user_id = rep_id = None
        if user is not None:
            user_id = connection.scalar(select(User.id).where(User.username == user))
            if user_id is None:
                raise UnknownName("user", user, connection.scalars(select(User.username)))
        else:
            rep_id = connection.scalar(
                select(Rep.id).where(or_(Rep.code == team, Rep.name == team)).order_by(Rep.id)
            )
            if rep_id is None:
                raise UnknownName("rep", str(team), connection.scalars(select(Rep.name)))
        held = one.group_id == group, one.user_id == user_id, one.rep_id == rep_id
        connection.execute(delete(one).where(*held))
        if not withdraw:
            connection.execute(
                insert(one).values(group_id=group, user_id=user_id, rep_id=rep_id, writes=writes)
            )


def listed(engine: Engine, viewer: Viewer) -> list[Group]:
    """The groups that the viewer manages, by name."""
    with engine.connect() as connection:
        query = (
            select(AccountGroup.id, AccountGroup.name, User.username, func.count(Account.id))
            .outerjoin(User, User.id == AccountGroup.owner_id)
            .outerjoin(AccountGroupMember, AccountGroupMember.group_id == AccountGroup.id)
            .outerjoin(Account, Account.id == AccountGroupMember.account_id)
            .group_by(AccountGroup.id, AccountGroup.name, User.username)
            .order_by(AccountGroup.name)
        )
        shares: dict[int, list[Share]] = {}
        for group, user, team, writes in connection.execute(
            select(AccountGroupShare.group_id, User.username, Rep.name, AccountGroupShare.writes)
            .outerjoin(User, User.id == AccountGroupShare.user_id)
            .outerjoin(Rep, Rep.id == AccountGroupShare.rep_id)
            .order_by(AccountGroupShare.id)
        ):
            shares.setdefault(group, []).append(Share(user, team, writes))
        return [
            Group(name, count, owner, tuple(shares.get(id_, ())))
            for id_, name, owner, count in connection.execute(query)
            if viewer.role in MANAGERS or owner == viewer.username
        ]


def _managed(connection: Connection, name: str, viewer: Viewer) -> int:
    found = connection.execute(
        select(AccountGroup.id, User.username)
        .outerjoin(User, User.id == AccountGroup.owner_id)
        .where(AccountGroup.name == name)
    ).one_or_none()
    if found is None:
        own = AccountGroup.owner_id.in_(select(User.id).where(User.username == viewer.username))
        names = select(AccountGroup.name)
        known = connection.scalars(names if viewer.role in MANAGERS else names.where(own))
        raise UnknownName("group", name, known)
    if viewer.role not in MANAGERS and found.username != viewer.username:
        raise NotAllowed(f"The group {name!r} is managed by who made it, a director or an admin.")
    return int(found.id)


def _members(connection: Connection, group: int) -> set[int]:
    member = AccountGroupMember
    return set(connection.scalars(select(member.account_id).where(member.group_id == group)))


def _accounts(connection: Connection, named: Iterable[str], viewer: Viewer) -> set[int]:
    """The viewer's own accounts by number or code."""
    today = dt.datetime.now(dt.UTC).date()
    reps = access.visible_reps(connection, viewer, today)
    query = select(Account.id, Account.code)
    if reps is not None:
        held = access.account_owners(today)
        query = query.join(held, held.c.account_id == Account.id).where(
            held.c.rep_id.in_(sorted(reps))
        )
    known: dict[str, int] = {}
    for id_, code in connection.execute(query):
        known |= {str(id_): id_}
        known |= {code: id_} if code else {}
    wanted = list(named)
    for one in wanted:
        if one not in known:
            raise UnknownName("account of yours", one, ())
    return {known[one] for one in wanted}
