"""One value for every row that was picked: the strip that appears above the table."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui

from dashboards import theme
from dashboards.editing import corrections

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dashboards.editing.editgrid import Column
    from dashboards.session import Session


class Bulk:
    """The strip.

    Args:
        session: of the page.
        columns: that may be filled.
        fill: gives the picked rows a value of the browser.
        every: picks all rows that the table's filters leave.
        none: picks none.
    """

    def __init__(
        self,
        session: Session,
        columns: Sequence[Column],
        fill: Callable[[Column, Any], None],
        every: Callable[[], None],
        none: Callable[[], None],
    ) -> None:
        self.session, self.columns, self.fill = session, list(columns), fill
        loc = session.loc
        self.count = pn.pane.HTML("", margin=0, stylesheets=[theme.sheet("strip")])
        self.field = pmui.Select(
            label=loc.t("Champ"),
            options={column.title: column.field for column in self.columns},
            size="small",
            variant="outlined",
            width=200,
            margin=0,
        )
        self.place = pn.Column(margin=0)
        self.field.param.watch(self._ask, "value")
        self.every = pmui.Button(size="small", variant="text", margin=0)
        self.every.on_click(lambda _: every())
        self.view = pn.FlexBox(
            self.count,
            self.field,
            self.place,
            self._button(loc.t("Appliquer"), self._fill, variant="outlined"),
            self.every,
            self._button(loc.t("Ne rien choisir"), lambda _: none(), variant="text"),
            css_classes=["strip", "bulk"],
            stylesheets=[theme.sheet("strip")],
            align_items="center",
            gap="12px",
            margin=(12, 0, 0, 0),
            visible=False,
        )
        self._ask()

    def _button(self, label: str, act: Callable[[object], None], **params: Any) -> pmui.Button:
        button = pmui.Button(label=label, size="small", margin=0, **params)
        button.on_click(act)
        return button

    def _column(self) -> Column:
        return next(column for column in self.columns if column.field == self.field.value)

    def _ask(self, _: object = None) -> None:
        self.value = corrections.widget(self._column(), None)
        self.place.objects = [self.value]

    def _fill(self, _: object) -> None:
        column = self._column()
        self.fill(column, corrections.given(column, self.value))

    def show(self, picked: int, rows: int) -> None:
        """Say how many rows of how many are picked; none hides the strip."""
        loc = self.session.loc
        said = loc.plural(picked, "{n} ligne choisie", "{n} lignes choisies")
        self.count.object = f'<div class="edit" role="status"><b>{escape(said)}</b></div>'
        label = loc.plural(rows, "Choisir la {n} ligne filtrée", "Choisir les {n} lignes filtrées")
        self.every.label = label
        self.every.visible = rows > picked
        self.view.visible = picked > 0
