"""The card of users: who may sign in, as what, whose rows they see; a click opens their form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import panel_material_ui as pmui

from dashboards import tables
from dashboards.admin.userform import UserForm
from dashboards.tables import Rows
from workbench.locale import msg
from workbench.store import sessions, signins, users
from workbench.tables import Kind
from workbench.vocabulary import Right, Role

if TYPE_CHECKING:
    import panel as pn

    from dashboards.session import Scope, Session
    from workbench.store.sessions import Limits

LABELS = {
    "username": msg("Identifiant"),
    "name": msg("Nom"),
    "role": msg("Rôle"),
    "rep": msg("Commercial"),
    "rights": msg("Voit aussi"),
    "language": msg("Langue"),
    "active": msg("Actif"),
    "sessions": msg("Sessions ouvertes"),
    "seen_at": msg("Dernière activité"),
    "locked": msg("Verrouillé jusqu’à"),
}


def listed(scope: Scope, limits: Limits) -> Rows:
    """Everyone who may or might sign in, with their open sessions and locks."""
    loc, engine = scope.loc, scope.data.engine
    frame = users.listed(engine).merge(sessions.open_now(engine, limits), on="username", how="left")
    locked = signins.locked_names(engine)
    return Rows(
        loc.t("Utilisateurs"),
        frame.assign(
            role=[loc.label(Role, role) for role in frame["role"]],
            rights=[
                ", ".join(loc.label(Right, right) for right in rights) for rights in frame["rights"]
            ],
            sessions=frame["sessions"].fillna(0).astype("int64"),
            seen_at=pd.to_datetime(frame["seen_at"], utc=True),
            locked=pd.to_datetime(frame["username"].map(locked), utc=True),
        ),
        ["username", "name", "role", "rep", "rights", "active", "sessions", "seen_at"],
        more=["locked", "language"],
        phone=["name", "role", "active"],
        labels=LABELS,
        kinds={"seen_at": Kind.MOMENT, "locked": Kind.MOMENT, "sessions": Kind.COUNT},
    )


def card(session: Session) -> pn.Column:
    """The card, and the form that it opens."""
    loc, limits = session.loc, session.settings.auth.limits
    form = UserForm(session)

    def edit(row: dict[str, Any]) -> None:
        form.open(str(row["username"]))

    add = pmui.Button(
        label=loc.t("Ajouter un utilisateur"),
        icon="person_add",
        size="small",
        variant="outlined",
        margin=(8, 0, 0, 0),
        on_click=lambda _: form.open(None),
    )
    return tables.table(
        session,
        loc.t("Utilisateurs"),
        lambda scope: listed(scope, limits),
        subtitle=loc.t("qui se connecte, et ce que son rôle lui montre ; cliquer pour modifier"),
        empty=loc.t("Personne encore : « workbench user add » ajoute le premier."),
        on_row=edit,
        tools=[add, form.dialog],
    )
