"""What who signs in may see, and what they may write.

A rep sees their own accounts, a manager those of everyone under them at any level, a partner only
what is shared with them and what they own; to all of these come the accounts of groups that who
may give them shares with them or their team. Everybody else sees all. Some fields are for those
named for them alone (`fields`). Rights are those of today, whatever date is looked at; they are
applied where tables are read (`dataset`) and where changes come in (`journal`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Engine, func, or_, select
from sqlalchemy.orm import aliased

from workbench.errors import NotAllowed, Reason
from workbench.locale import msg
from workbench.store.fields import RESTRICTED
from workbench.store.schema import (
    AccessEvent,
    AccountGroup,
    AccountGroupMember,
    AccountGroupShare,
    Change,
    OwnerPeriod,
    TeamPeriod,
    User,
    UserRight,
)
from workbench.vocabulary import Access, Right, Role, field_name

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection

    from sqlalchemy import Connection, Subquery

LIMITED = frozenset({Role.REP, Role.PARTNER, Role.MANAGER})
READ_ONLY = frozenset({Role.EXECUTIVE})
LOADERS = frozenset({Role.DIRECTOR, Role.ANALYST, Role.ADMIN})  # who may undo a load
ANONYMISERS = frozenset({Role.DIRECTOR, Role.ADMIN})
WATCHERS = frozenset({Role.ADMIN})  # who sees who looked at what
GROUP_MANAGERS = frozenset({Role.DIRECTOR, Role.ADMIN})  # of all groups of accounts
EXPORTERS = frozenset({Role.DIRECTOR, Role.ANALYST, Role.ADMIN})  # of all about a person
# Of the fields that surfaces offer for editing: those that only some roles may write.
RESERVED = {
    ("account", "owner_id"): frozenset({Role.MANAGER, Role.DIRECTOR, Role.ADMIN}),
    ("account", "parent_id"): frozenset({Role.MANAGER, Role.DIRECTOR, Role.ANALYST, Role.ADMIN}),
    ("opportunity", "owner_id"): frozenset({Role.MANAGER, Role.DIRECTOR, Role.ADMIN}),
    ("ledger_customer", "account_id"): frozenset({Role.ANALYST, Role.DIRECTOR, Role.ADMIN}),
}

NOT_THEIRS = Reason(msg("Cette fiche n’est pas l’une des vôtres, ou n’existe plus."))
"""What is somebody else's and what isn't there are told alike to those who see a part."""


@dataclass(frozen=True)
class Viewer:
    """Someone signed in."""

    username: str
    name: str
    role: Role
    rep_id: int | None = None
    language: str = "fr"
    rights: frozenset[str] = frozenset()

    @property
    def limited(self) -> bool:
        """Whether they see only a part."""
        return self.role in LIMITED


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
        rights = rights_of(connection, username)
    if user is None or not user.active:
        raise NotAllowed(f"No active user is called {username!r}.")
    return Viewer(username, user.name, Role(user.role), user.rep_id, user.language, rights)


def rights_of(connection: Connection, username: str) -> frozenset[str]:
    """What a user is named for, beside their role."""
    asked = select(UserRight.right).join(User, User.id == UserRight.user_id)
    return frozenset(connection.scalars(asked.where(User.username == username)))


def visible_reps(connection: Connection, who: Viewer, today: dt.date) -> frozenset[int] | None:
    """The reps whose accounts the viewer sees; None means all of them."""
    if not who.limited:
        return None
    if who.rep_id is None:
        return frozenset()
    below = led(connection, who.rep_id, today) if who.role is Role.MANAGER else frozenset()
    return below | {who.rep_id}


def led(connection: Connection, rep: int, today: dt.date) -> frozenset[int]:
    """Everyone under a rep at any level."""
    teams = connection.execute(
        select(TeamPeriod.rep_id, TeamPeriod.manager_id).where(
            TeamPeriod.valid_from <= today,
            or_(TeamPeriod.valid_to.is_(None), TeamPeriod.valid_to > today),
        )
    ).all()
    seen = {rep}
    grown = True
    while grown:
        more = {one for one, manager in teams if manager in seen} - seen
        seen |= more
        grown = bool(more)
    return frozenset(seen - {rep})


def moved(engine: Engine) -> int:
    """A number that changes with what gives rights by itself: groups, their shares, users.

    Teams and owners are business data: `versions.news` tells of these.
    """
    changed = AccessEvent.event.in_((str(Access.GROUP), str(Access.USER_CHANGED)))
    with engine.connect() as connection:
        return connection.scalar(select(func.max(AccessEvent.id)).where(changed)) or 0


def leads(connection: Connection, who: Viewer, today: dt.date) -> frozenset[int]:
    """Everyone whose manager, at any level, the viewer is."""
    manages = who.rep_id is not None and who.role in {Role.MANAGER, Role.DIRECTOR}
    return led(connection, who.rep_id or 0, today) if manages else frozenset()


def shared(
    connection: Connection, who: Viewer, today: dt.date, *, writing: bool = False
) -> frozenset[int]:
    """The accounts of groups shared with a limited viewer or a team of theirs.

    What somebody who sees a part has shared counts as long as it is theirs, and they are here.

    Args:
        connection: of the store.
        who: the viewer.
        today: the day of whose teams it is.
        writing: those alone that are shared to be written, too.
    """
    if not who.limited:
        return frozenset()
    share, member = AccountGroupShare, AccountGroupMember
    maker = aliased(User)
    query = (
        select(member.account_id, share.rep_id, User.username, maker.username.label("maker"))
        .join(share, share.group_id == member.group_id)
        .join(AccountGroup, AccountGroup.id == share.group_id)
        .outerjoin(User, User.id == share.user_id)
        .outerjoin(maker, maker.id == AccountGroup.owner_id)
        .where(or_(share.rep_id.is_not(None), User.username == who.username))
    )
    if writing:
        query = query.where(share.writes)
    rows = connection.execute(query).all()
    teams = {row.rep_id for row in rows if row.rep_id is not None}
    mine = {
        rep
        for rep in teams
        if who.rep_id is not None
        and (rep == who.rep_id or who.rep_id in led(connection, rep, today))
    }
    given: dict[str | None, set[int]] = {}
    for row in rows:
        if row.username == who.username or row.rep_id in mine:
            given.setdefault(row.maker, set()).add(row.account_id)
    kept = (
        _still_given(connection, maker_, accounts, today, writing=writing)
        for maker_, accounts in given.items()
    )
    return frozenset().union(*kept)


def _still_given(
    connection: Connection, maker: str | None, accounts: set[int], today: dt.date, *, writing: bool
) -> set[int]:
    """As much of what is in groups of a maker as is theirs to give today."""
    if maker is None:  # whoever runs the machine
        return accounts
    user = connection.execute(
        select(User.name, User.role, User.rep_id, User.active).where(User.username == maker)
    ).one()
    giver = Viewer(maker, user.name, Role(user.role), user.rep_id)
    if giver.role in GROUP_MANAGERS:
        return accounts
    if not user.active or (writing and giver.role in READ_ONLY):
        return set()
    reps = visible_reps(connection, giver, today)
    if reps is None:
        return accounts
    held = account_owners(today)
    return accounts & set(
        connection.scalars(select(held.c.account_id).where(held.c.rep_id.in_(sorted(reps))))
    )


def may_see(
    connection: Connection,
    who: Viewer,
    entity: str,
    field: str,
    record: int,
    owners: set[int | None],
    today: dt.date,
) -> bool:
    """Whether a viewer of a record may see this field of it.

    A confidential note is seen by whoever wrote it, by the managers of its record's owner, and by
    those who have the right.
    """
    right = RESTRICTED.get((entity, field))
    if right is None or right in who.rights:
        return True
    if right is not Right.CONFIDENTIAL:
        return False
    author = connection.scalar(
        select(Change.user)
        .where(Change.entity == entity, Change.record_id == record, Change.field == field)
        .order_by(Change.id.desc())
        .limit(1)
    )
    return author == who.username or bool(owners & leads(connection, who, today))


def may_write(
    connection: Connection,
    who: Viewer,
    entity: str,
    field: str,
    owners: set[int | None],
    today: dt.date,
    account: int | None = None,
) -> Reason | None:
    """Why the viewer may not write this field of a record; None if they may.

    Args:
        connection: of the store.
        who: the viewer.
        entity: the record's table.
        field: its field.
        owners: to whom the record belongs.
        today: the day of whose rights it is.
        account: of the record, which may be shared with them.
    """
    why = barred(who, entity, field)
    if why:
        return why
    reps = visible_reps(connection, who, today)
    if (
        reps is not None
        and not owners & reps
        and account not in shared(connection, who, today, writing=True)
    ):
        return NOT_THEIRS
    return None


def barred(who: Viewer, entity: str, field: str) -> Reason | None:
    """Why the viewer's role may write this field of no record; None if it may."""
    if who.role in READ_ONLY:
        return Reason(msg("Le rôle « {role} » lit, il ne modifie pas."), role=who.role)
    allowed = RESERVED.get((entity, field))
    return reserved(field, allowed) if allowed is not None and who.role not in allowed else None


def reserved(field: str, roles: Collection[Role]) -> Reason:
    """Why a field isn't written: that is for these roles."""
    return Reason(
        msg("Le champ « {field} » se modifie par : {roles}."),
        field=field_name(field),
        roles=sorted(roles),
    )


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
