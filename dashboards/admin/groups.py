"""The card of groups of accounts: who made them, with whom they are shared; a click lists them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd
import panel as pn

from dashboards import tables
from dashboards.tables import Rows
from workbench.locale import DASH, msg
from workbench.store import groups
from workbench.tables import Kind

if TYPE_CHECKING:
    from dashboards.session import Scope, Session
    from workbench.locale import Locale
    from workbench.store.groups import Share

LABELS = {
    "name": msg("Groupe"),
    "accounts": msg("Comptes"),
    "owner": msg("Fait par"),
    "shares": msg("Partagé avec"),
}


def said(shares: tuple[Share, ...], loc: Locale) -> str:
    """With whom, and whether to write.

    >>> from workbench.locale import EN
    >>> from workbench.store.groups import Share
    >>> said((Share("eve", None, True), Share(None, "Ana", False)), EN)
    'eve (writes), team of Ana'
    """
    whom = [one.user or loc.t("équipe de {name}", name=one.team) for one in shares]
    return ", ".join(
        loc.t("{whom} (écrit)", whom=name) if one.writes else name
        for name, one in zip(whom, shares, strict=True)
    )


def listed(scope: Scope, session: Session) -> Rows:
    """All groups."""
    loc = scope.loc
    found = groups.listed(scope.data.engine, session.viewer)
    return Rows(
        loc.t("Groupes de comptes"),
        pd.DataFrame(
            [
                (one.name, one.accounts, one.owner or DASH, said(one.shares, loc) or DASH)
                for one in found
            ],
            columns=list(LABELS),
        ),
        list(LABELS),
        phone=["name", "accounts", "shares"],
        labels=LABELS,
        kinds={"accounts": Kind.COUNT},
    )


def members(scope: Scope, session: Session, name: str) -> Rows:
    """The accounts of a group."""
    ids = groups.members(scope.data.engine, name, session.viewer)
    accounts = scope.data.table("accounts")
    return Rows(
        name,
        accounts[accounts["id"].isin(ids)].sort_values("name"),
        ["name", "owner", "team", "status", "city"],
        more=["id", "segment"],
        phone=["name", "owner", "status"],
        link=("account", "id"),
    )


def card(session: Session) -> pn.Column:
    """The card."""
    loc = session.loc

    def show(row: dict[str, Any]) -> None:
        within = partial(members, session=session, name=str(row["name"]))
        pn.state.execute(partial(session.drill.open, within))

    return tables.table(
        session,
        loc.t("Groupes de comptes"),
        lambda scope: listed(scope, session),
        subtitle=loc.t("ce qui est partagé au-delà des équipes ; cliquer pour voir les comptes"),
        empty=loc.t("Aucun groupe : « workbench group make » en fait un."),
        on_row=show,
    )
