"""What who signs in may see, and what they may write.

A rep sees their own accounts, a manager those of everyone under them at any level, everybody else
all. Rights are those of today, whatever date is looked at; they are applied where tables are read
(`dataset`) and where changes come in (`journal`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Engine, or_, select

from workbench.errors import NotAllowed, Reason
from workbench.locale import msg
from workbench.store.schema import OwnerPeriod, TeamPeriod, User
from workbench.vocabulary import Role, field_name

if TYPE_CHECKING:
    import datetime as dt

    from sqlalchemy import Connection, Subquery

LIMITED = frozenset({Role.REP, Role.PARTNER, Role.MANAGER})
READ_ONLY = frozenset({Role.EXECUTIVE})
LOADERS = frozenset({Role.DIRECTOR, Role.ANALYST, Role.ADMIN})  # who may undo a load
ANONYMISERS = frozenset({Role.DIRECTOR, Role.ADMIN})
WATCHERS = frozenset({Role.ADMIN})  # who sees who looked at what
EXPORTERS = frozenset({Role.DIRECTOR, Role.ANALYST, Role.ADMIN})  # of all about a person
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
