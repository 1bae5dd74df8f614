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
from workbench.vocabulary import Access, Right, Role

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
    "right": msg("droit"),
    "identity": msg("identité OpenID"),
    "group": msg("groupe"),
    "made": msg("fait"),
    "removed": msg("supprimé"),
    "put": msg("comptes mis"),
    "dropped": msg("comptes retirés"),
    "to_read": msg("partagé, à lire, avec"),
    "to_write": msg("partagé, à écrire, avec"),
    "withdrawn": msg("n’est plus partagé avec"),
}
CHANGES = frozenset({Access.USER_ADDED, Access.USER_CHANGED, Access.GROUP})
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
        CHANGES | {Access.PASSWORD, Access.UNLOCKED},
    ),
}


class State(Choices):
    """What the table shows."""

    show: Any = param.Selector(default="all", objects=list(SHOWS))


def said(event: str, detail: Any, loc: Locale) -> str:
    """A line's detail in words; a change of a user as "role: Rep → Manager".

    What isn't of our own making, an address or a provider's answer, is shown as it came.

    >>> from workbench.locale import EN
    >>> said("user_changed", '{"role": ["rep", "manager"]}', EN)
    'role: Rep → Manager'
    >>> said("forbidden", '{"role": ["rep", "manager"]}', EN)
    '{"role": ["rep", "manager"]}'
    """
    if missing(detail) or not detail:
        return ""
    try:
        changed = json.loads(detail) if event in CHANGES else None
    except ValueError:
        changed = None
    if not isinstance(changed, dict):
        return loc.t(str(detail))
    parts = []
    for key, value in changed.items():
        name = str(key)
        values = value if isinstance(value, list) else [value]
        between = ", " if event == Access.GROUP else " → "
        told = between.join(_value(name, one, loc) for one in values)
        parts.append(loc.t("{field} : {value}", field=loc.t(CHANGED.get(name, name)), value=told))
    return ", ".join(parts)


def _value(name: str, value: Any, loc: Locale) -> str:
    if isinstance(value, bool):
        return loc.t("oui") if value else loc.t("non")
    if name in {"role", "right"}:
        return loc.label(Role if name == "role" else Right, value)
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
            detail=[
                said(event, detail, loc)
                for event, detail in zip(frame["event"], frame["detail"], strict=True)
            ],
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
