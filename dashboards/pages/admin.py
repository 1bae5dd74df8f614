"""Admin: who sees and does what?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboards import cards
from dashboards.admin import groups, looks, rules, signins, silent, team, users
from dashboards.shell import Page
from workbench.locale import msg
from workbench.vocabulary import Role

if TYPE_CHECKING:
    import panel as pn

    from dashboards.session import Session


def view(session: Session) -> pn.Column:
    """The page."""
    return cards.board(
        users.card(session),
        team.card(session),
        cards.stack(rules.card(session), rules.stage_card(session), width=6),
        groups.card(session),
        signins.card(session),
        looks.card(session),
        silent.card(session),
    )


PAGE = Page(
    "admin",
    msg("Administration"),
    "admin_panel_settings",
    msg("Qui voit et fait quoi ?"),
    view,
    11,
    filters=False,
    roles=frozenset({Role.ADMIN}),
    unloaded=True,
)
