"""Groups of accounts: kept lists, shared with users or a rep's whole team, to read or write.

Directors and administrators manage all groups, others those that they made, of accounts that are
theirs: nobody passes on what was only shared with them, nor what is theirs no longer
(`access.shared`). Whatever is done to a group, and whatever is refused, is in the log.
"""

from __future__ import annotations

import datetime as dt
import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, insert, or_, select

from workbench.errors import NotAllowed, UnknownName
from workbench.store import access, access_log
from workbench.store.engine import writing
from workbench.store.schema import (
    Account,
    AccountGroup,
    AccountGroupMember,
    AccountGroupShare,
    Rep,
    User,
)
from workbench.vocabulary import Access

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy import Connection, Engine, Select

    from workbench.store.access import Viewer


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
        access_log.forbidden(engine, viewer.username, f"group {name}")
        raise NotAllowed(f"The role {viewer.role} reads; it makes no groups.")
    with writing(engine) as connection:
        if connection.scalar(select(AccountGroup.id).where(AccountGroup.name == name)):
            raise NotAllowed(f"There is a group {name!r} already.")
        owner = connection.scalar(select(User.id).where(User.username == viewer.username))
        connection.execute(insert(AccountGroup).values(name=name, owner_id=owner))
        _log(connection, viewer, group=name, made=True)


def remove(engine: Engine, name: str, viewer: Viewer) -> None:
    """Remove a group: what it shared is no longer shared.

    Raises:
        UnknownName: no group is called so.
        NotAllowed: it isn't the viewer's.
    """
    with _managed(engine, name, viewer) as (connection, group):
        for model in (AccountGroupShare, AccountGroupMember):
            connection.execute(delete(model).where(model.group_id == group))
        connection.execute(delete(AccountGroup).where(AccountGroup.id == group))
        _log(connection, viewer, group=name, removed=True)


def put(engine: Engine, name: str, accounts: Iterable[str], viewer: Viewer) -> int:
    """Put accounts, by number or code, into a group.

    Returns:
        How many it has now.

    Raises:
        UnknownName: no such group, or no account of the viewer's is called so.
        NotAllowed: the group isn't the viewer's.
    """
    with _managed(engine, name, viewer) as (connection, group):
        ids = _named(accounts, _own(connection, viewer), "account of yours")
        there = set(_members(connection, group).values())
        rows = [{"group_id": group, "account_id": id_} for id_ in sorted(ids - there)]
        if rows:
            connection.execute(insert(AccountGroupMember), rows)
            _log(connection, viewer, group=name, put=sorted(ids - there))
        return len(there | ids)


def drop(engine: Engine, name: str, accounts: Iterable[str], viewer: Viewer) -> int:
    """Take accounts out of a group.

    Returns:
        How many it has left.

    Raises:
        UnknownName: no such group, or no account in it is called so.
        NotAllowed: the group isn't the viewer's.
    """
    member = AccountGroupMember
    with _managed(engine, name, viewer) as (connection, group):
        there = _members(connection, group)
        ids = _named(accounts, there, f"account of {name!r}")
        connection.execute(
            delete(member).where(member.group_id == group, member.account_id.in_(sorted(ids)))
        )
        _log(connection, viewer, group=name, dropped=sorted(ids))
        return len(set(there.values()) - ids)


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
    told = viewer.role in access.GROUP_MANAGERS  # who the others are
    with _managed(engine, name, viewer) as (connection, group):
        user_id = rep_id = None
        if user is not None:
            user_id = connection.scalar(select(User.id).where(User.username == user))
            if user_id is None:
                names = connection.scalars(select(User.username)) if told else ()
                raise UnknownName("user", user, names)
        else:
            rep_id = connection.scalar(
                select(Rep.id).where(or_(Rep.code == team, Rep.name == team)).order_by(Rep.id)
            )
            if rep_id is None:
                names = connection.scalars(select(Rep.name)) if told else ()
                raise UnknownName("rep", str(team), names)
        held = one.group_id == group, one.user_id == user_id, one.rep_id == rep_id
        connection.execute(delete(one).where(*held))
        if not withdraw:
            connection.execute(
                insert(one).values(group_id=group, user_id=user_id, rep_id=rep_id, writes=writes)
            )
        done = "withdrawn" if withdraw else "to_write" if writes else "to_read"
        _log(connection, viewer, group=name, **{done: user or team})


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
            if viewer.role in access.GROUP_MANAGERS or owner == viewer.username
        ]


def members(engine: Engine, name: str, viewer: Viewer) -> set[int]:
    """The accounts of a group, by their ids.

    Raises:
        UnknownName: no such group.
        NotAllowed: the group isn't the viewer's.
    """
    with engine.connect() as connection:
        return set(_members(connection, _group(connection, name, viewer)).values())


@contextmanager
def _managed(engine: Engine, name: str, viewer: Viewer) -> Iterator[tuple[Connection, int]]:
    """The group, to be altered by who manages it; what is refused is noted all the same."""
    try:
        with writing(engine) as connection:
            yield connection, _group(connection, name, viewer)
    except NotAllowed:
        access_log.forbidden(engine, viewer.username, f"group {name}")
        raise
    except UnknownName as unknown:
        if viewer.limited:  # of whom it may be the account, group or name of somebody else
            access_log.forbidden(engine, viewer.username, f"group {name}: {unknown.name}")
        raise


def _group(connection: Connection, name: str, viewer: Viewer) -> int:
    found = connection.execute(
        select(AccountGroup.id, User.username)
        .outerjoin(User, User.id == AccountGroup.owner_id)
        .where(AccountGroup.name == name)
    ).one_or_none()
    if found is None:
        own = AccountGroup.owner_id.in_(select(User.id).where(User.username == viewer.username))
        names = select(AccountGroup.name)
        all_ = viewer.role in access.GROUP_MANAGERS
        raise UnknownName("group", name, connection.scalars(names if all_ else names.where(own)))
    if viewer.role not in access.GROUP_MANAGERS and found.username != viewer.username:
        raise NotAllowed(f"The group {name!r} is managed by who made it, a director or an admin.")
    return int(found.id)


def _log(connection: Connection, viewer: Viewer, **what: Any) -> None:
    access_log.write(
        connection, Access.GROUP, viewer.username, detail=json.dumps(what, ensure_ascii=False)
    )


def _members(connection: Connection, group: int) -> dict[str, int]:
    """The group's accounts, by number and code."""
    member = AccountGroupMember
    within = select(Account.id, Account.code).join(member, member.account_id == Account.id)
    return _by_name(connection, within.where(member.group_id == group))


def _own(connection: Connection, viewer: Viewer) -> dict[str, int]:
    """The viewer's own accounts, by number and code."""
    today = dt.datetime.now(dt.UTC).date()
    reps = access.visible_reps(connection, viewer, today)
    query = select(Account.id, Account.code)
    if reps is not None:
        held = access.account_owners(today)
        query = query.join(held, held.c.account_id == Account.id).where(
            held.c.rep_id.in_(sorted(reps))
        )
    return _by_name(connection, query)


def _by_name(connection: Connection, query: Select[int, str]) -> dict[str, int]:
    known: dict[str, int] = {}
    for id_, code in connection.execute(query):
        known |= {str(id_): id_}
        known |= {code: id_} if code else {}
    return known


def _named(wanted: Iterable[str], known: dict[str, int], what: str) -> set[int]:
    names = list(wanted)
    for one in names:
        if one not in known:
            raise UnknownName(what, one, ())
    return {known[one] for one in names}
