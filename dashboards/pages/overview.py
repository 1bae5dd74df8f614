"""Overview: what changed, and what needs me?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import plotly.graph_objects as go

from dashboards import cards, tables
from dashboards.shell import Page
from workbench.locale import msg

if TYPE_CHECKING:
    import panel as pn

    from dashboards.session import Scope, Session


def by_status(scope: Scope) -> go.Figure:
    counts = scope.data.table("accounts")["status"].value_counts()
    return go.Figure(go.Bar(x=counts.values, y=counts.index, orientation="h"))


def rows(scope: Scope, status: str | None = None) -> tables.Rows:
    accounts = scope.data.table("accounts")
    if status:
        accounts = accounts[accounts["status"] == status]
    return tables.Rows(
        "Comptes", accounts, ["name", "status", "segment", "owner", "budget", "entered_on"],
        totals=["budget"], link=("account", "id"), more=["city"],
    )


def view(session: Session) -> pn.Column:
    number = lambda s: cards.Number(s.loc.count(len(s.data.table("accounts"))), 0.12, [1, 3, 2, 5, 4])
    return cards.board(
        *(cards.number(session, f"Comptes {i}", number, rows=rows) for i in range(6)),
        *(cards.figure(session, f"Par statut {i}", by_status, subtitle="nombre de comptes",
                     rows=lambda scope, point: rows(scope, point["y"])) for i in range(6)),
        tables.table(session, "Comptes", rows),
    )


PAGE = Page("overview", msg("Vue d’ensemble"), "dashboard", msg("Qu’est-ce qui a changé, et qu’est-ce qui m’attend ?"), view, 1)
