"""The card of sign-ins: who came in, who was refused, what was changed about users."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

import panel_material_ui as pmui
import param

from dashboards import tables
from dashboards.session import Choices
from dashboards.tables import Rows
from workbench.locale import DASH, missing, msg
from workbench.store import access_log
from workbench.tables import Kind
from workbench.vocabulary import Access, Role

if TYPE_CHECKING:
    import panel as pn

    from dashboards.session import Scope, Session
    from workbench.locale import Locale

DAYS = 30
LABELS = {
    "at": msg("Quand"),
    "event": msg("Quoi"),
    "username": msg("Identifiant"),
    "name": msg("Nom"),
    "by": msg("Par"),
    "address": msg("Adresse"),
    "detail": msg("Détail"),
}
CHANGED = {
    "name": msg("nom"),
    "role": msg("rôle"),
    "rep_id": msg("commercial n°"),
    "language": msg("langue"),
    "active": msg("actif"),
}
SHOWS: dict[str, tuple[str, frozenset[Access]]] = {
    "all": (msg("Tout"), frozenset(Access)),
    "signins": (
        msg("Connexions"),
        frozenset({Access.SIGNED_IN, Access.SIGNED_OUT, Access.ENDED}),
    ),
    "refusals": (
        msg("Refus"),
        frozenset({Access.REFUSED, Access.LOCKED, Access.FORBIDDEN}),
    ),
    "users": (
        msg("Utilisateurs"),
        frozenset({Access.USER_ADDED, Access.USER_CHANGED, Access.PASSWORD, Access.UNLOCKED}),
    ),
}


class State(Choices):
    """What the table shows."""

    show: Any = param.Selector(default="all", objects=list(SHOWS))


def said(detail: Any, loc: Locale) -> str:
    """A line's detail in words; a change of a user as "role: Rep → Manager".

    >>> from workbench.locale import EN
    >>> said('{"role": ["rep", "manager"]}', EN)
    'role: Rep → Manager'
    """
    if missing(detail) or not detail:
        return ""
    if not detail.startswith("{"):
        return loc.t(detail)
    parts = []
    for name, value in json.loads(detail).items():
        values = value if isinstance(value, list) else [value]
        told = " → ".join(_value(name, one, loc) for one in values)
        parts.append(loc.t("{field} : {value}", field=loc.t(CHANGED.get(name, name)), value=told))
    return ", ".join(parts)


def _value(name: str, value: Any, loc: Locale) -> str:
    if isinstance(value, bool):
        return loc.t("oui") if value else loc.t("non")
    if name == "role":
        return loc.label(Role, value)
    return DASH if value is None else str(value)


def happened(scope: Scope, show: str) -> Rows:
    """What happened in the last days, the newest first."""
    loc = scope.loc
    since = access_log.now() - dt.timedelta(days=DAYS)
    frame = access_log.events(scope.data.engine, since)
    frame = frame[frame["event"].isin(SHOWS[show][1])]
    return Rows(
        loc.t("Connexions et refus"),
        frame.assign(
            event=[loc.label(Access, event) for event in frame["event"]],
            detail=[said(detail, loc) for detail in frame["detail"]],
        ),
        ["at", "event", "username", "address", "detail", "by"],
        more=["name"],
        phone=["at", "event", "username"],
        labels=LABELS,
        kinds={"at": Kind.MOMENT},
    )


def card(session: Session) -> pn.Column:
    """The card."""
    loc, state = session.loc, State()
    show = pmui.RadioButtonGroup.from_param(
        state.param.show,
        options={loc.t(text): name for name, (text, _) in SHOWS.items()},
        label="",
        size="small",
        margin=(8, 0, 0, 0),
    )
    return tables.table(
        session,
        loc.t("Connexions et refus"),
        lambda scope: happened(scope, str(state.show)),
        subtitle=loc.t("des {n} derniers jours ; jamais un mot de passe", n=DAYS),
        tools=[show],
        also=[state.param.show],
        empty=loc.t("Rien de tel ces derniers jours."),
    )
