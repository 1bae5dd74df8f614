"""Drill-through: the rows behind a number, a bar or a cell, adding up to what was clicked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui

from dashboards import states
from dashboards.tables import Grid

if TYPE_CHECKING:
    from collections.abc import Callable

    from dashboards.session import Scope, Session
    from dashboards.tables import Rows


class Drill:
    """The page's one dialog; `open` fills it."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.body = pn.Column(sizing_mode="stretch_width", margin=0)
        self.dialog = pmui.Dialog(
            self.body,
            title=" ",
            title_variant="h6",
            show_close_button=True,
            close_on_click=True,
            width_option="lg",
            sizing_mode="stretch_width",
        )

    async def open(self, rows: Callable[[Scope], Rows | None]) -> None:
        """Show the rows that the function finds in the present scope; nothing if it finds None."""
        session = self.session
        found = await session.ask(rows)
        if found is None:
            return
        if isinstance(found, Exception):
            title = session.loc.t("Détail")
            content: Any = states.html(states.error(session.loc, found))
        else:
            title = found.title
            content = Grid(session, found).view
        with pn.io.hold():
            self.body.objects = [content]
            self.dialog.param.update(title=title, full_screen=session.browser.narrow, open=True)
