"""Qualify: what must be corrected or completed?

Edits wait in a draft until they are saved, through the journal, by record and version. What it
refuses stays, with its reason; where somebody was quicker, both values are shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui

from dashboards import cards, tables
from dashboards.editing import corrections
from dashboards.editing.desk import Desk
from dashboards.editing.excelform import ExcelForm
from dashboards.editing.saves import Saves
from dashboards.shell import Page
from dashboards.tables import Rows
from workbench.locale import msg
from workbench.metrics import quality

if TYPE_CHECKING:
    import pandas as pd

    from dashboards.session import Scope, Session


SHOWS = {
    "gaps": msg("À compléter"),
    "stale": msg("Périmés"),
    "all": msg("Tous les comptes"),
}


def to_complete(scope: Scope, show: str) -> set[int] | None:
    """The accounts with gaps, or those qualified long ago; None for all."""
    if show == "all":
        return None
    found = quality.qualification_gaps.of(scope.data)
    if show == "stale":
        found = found[found["stale"]]
    return set(found["id"])


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
    show = pmui.RadioButtonGroup(
        options={loc.t(text): name for name, text in SHOWS.items()},
        value=_first(session),
        size="small",
        margin=0,
        sx={"& button": {"whiteSpace": "nowrap"}},
    )
    show.param.watch(lambda _: accounts.reload(), "value")

    def listed() -> pd.DataFrame:
        scope = session.present()
        frame: pd.DataFrame = scope.data.table("accounts")
        wanted = to_complete(scope, show.value)
        return frame if wanted is None else frame[frame["id"].isin(wanted)]

    whole, address = session.whole(), session.link("account", id="ID")
    accounts = desk.table(
        "account", corrections.accounts(whole, session.viewer, loc, address), listed
    )
    deals = desk.table(
        "opportunity",
        corrections.opportunities(whole, session.viewer, loc, address),
        lambda: corrections.with_accounts(session.present().data),
    )
    owners = accounts.column("owner_id").choices

    def pick(record: dict[str, Any]) -> None:
        owner = record.get("group_id")
        if str(owner) in owners:
            show.value = "gaps"
            accounts.grid.filter(owner_id=str(owner))

    grid = pn.Column(
        pmui.Tabs(
            (loc.t("Comptes"), accounts.view(show)),
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
        desk.card(7),
        grid,
        ExcelForm(session, desk.moved).card(),
        saves.card(),
        desk.dock,
    )


def _first(session: Session) -> str:
    """What the table of accounts shows at first: the queue, unless it is empty."""
    asked = session.query.get("show")
    if asked in SHOWS:
        return asked
    return "gaps" if to_complete(session.present(), "gaps") else "all"


PAGE = Page(
    "qualify",
    msg("Qualification"),
    "edit_note",
    msg("Que faut-il corriger ou compléter ?"),
    view,
    8,
    live=True,
)
