"""The card of users: who may sign in, as what, and whose rows they see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboards import tables
from dashboards.tables import Rows
from workbench.locale import msg
from workbench.store import users
from workbench.vocabulary import Role

if TYPE_CHECKING:
    import panel as pn

    from dashboards.session import Scope, Session

LABELS = {
    "username": msg("Identifiant"),
    "name": msg("Nom"),
    "role": msg("Rôle"),
    "rep": msg("Commercial"),
    "language": msg("Langue"),
    "active": msg("Actif"),
}


def listed(scope: Scope) -> Rows:
    """Everyone who may or might sign in."""
    loc = scope.loc
    frame = users.listed(scope.data.engine)
    return Rows(
        loc.t("Utilisateurs"),
        frame.assign(role=[loc.label(Role, role) for role in frame["role"]]),
        ["username", "name", "role", "rep", "language", "active"],
        phone=["name", "role", "active"],
        labels=LABELS,
    )


def card(session: Session) -> pn.Column:
    """The card."""
    loc = session.loc
    return tables.table(
        session,
        loc.t("Utilisateurs"),
        listed,
        subtitle=loc.t("qui se connecte, et ce que son rôle lui montre"),
        empty=loc.t("Personne encore : « workbench user add » ajoute le premier."),
    )
