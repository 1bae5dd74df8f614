"""Qualify: what must be corrected or completed?

Edits wait in a draft until they are saved, through the journal, by record and version. What it
refuses stays, with its reason; where somebody was quicker, both values are shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui

from dashboards import cards, states, tables
from dashboards.editing.desk import Desk
from dashboards.editing.excelform import ExcelForm
from dashboards.editing.saves import Saves
from dashboards.session import Slot
from dashboards.shell import Page
from dashboards.tables import Rows
from workbench.locale import msg
from workbench.metrics import quality

if TYPE_CHECKING:
    from dashboards.session import Scope, Session


def queue(scope: Scope) -> Rows:
    """Who has qualifications to complete, the most first."""
    found = quality.qualification_by_owner.of(scope.data)
    waiting = found[found["complete"] < found["accounts"]]
    return Rows(
        scope.loc.t("À compléter par commercial"),
        waiting.sort_values("with_gaps", ascending=False),
        ["group", "with_gaps", "stale", "complete_share"],
        more=["accounts", "complete"],
        phone=["group", "with_gaps", "stale"],
        totals=["with_gaps", "stale"],
        labels={"group": msg("Commercial")},
        bases={"complete_share": "accounts"},
    )


def view(session: Session) -> pn.Column:
    """The page."""
    loc = session.loc
    desk = Desk(session)
    accounts, deals = desk.tables["account"], desk.tables["opportunity"]
    owners = accounts.column("owner_id").choices

    def pick(record: dict[str, Any]) -> None:
        owner = record.get("group_id")
        if str(owner) in owners:
            desk.show.value = "gaps"
            accounts.grid.filter(owner_id=str(owner))

    waiting = cards.framed(
        session,
        Slot(lambda _: None),
        [
            states.html(cards.heading(loc, loc.t("Modifications en attente"))),
            desk.count,
            desk.lines,
            desk.reason,
            desk.said,
        ],
        width=7,
    )
    grid = pn.Column(
        pmui.Tabs(
            (loc.t("Comptes"), accounts.view(desk.show)),
            (loc.t("Opportunités"), deals.view()),
            sizing_mode="stretch_width",
            margin=0,
        ),
        css_classes=["card", "w12", "open"],
        sizing_mode="stretch_width",
        margin=0,
    )
    columns = {entity: table.columns for entity, table in desk.tables.items()}
    saves = Saves(session, columns, desk.say, desk.moved)
    return cards.board(
        tables.table(
            session,
            loc.t("À compléter par commercial"),
            queue,
            subtitle=loc.t("un clic filtre le tableau"),
            metric="qualification_by_owner",
            width=5,
            page_size=5,
            on_row=pick,
            filters=False,
        ),
        waiting,
        grid,
        ExcelForm(session, desk.moved).card(),
        saves.card(),
        desk.dock,
    )


PAGE = Page(
    "qualify",
    msg("Qualification"),
    "edit_note",
    msg("Que faut-il corriger ou compléter ?"),
    view,
    8,
    live=True,
)
