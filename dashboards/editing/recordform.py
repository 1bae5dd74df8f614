"""Editing one record where it is read: a field each, saved through the journal.

Only what was entered here is saved, each field by the version that it was seen in; the other
fields follow what others save. What the journal refuses stays in its field with the reason; where
somebody was quicker both values are shown, and the reader chooses.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui

from dashboards import states
from dashboards.editing import corrections, past
from dashboards.editing.draft import Change, Draft
from dashboards.editing.turn import Turn
from workbench.store.journal import State

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from dashboards.editing.editgrid import Column
    from dashboards.session import Session


class RecordForm:
    """A form of one record; `view` is but a button until it is opened.

    Args:
        session: of the page.
        entity: account or contact.
        columns: its fields; those that aren't editable are left out.
        read: the record's values now, its id, name and version among them; None where it is gone.
        on_saved: to be called when something was saved.
        label: of the button that opens it.
    """

    def __init__(
        self,
        session: Session,
        entity: str,
        columns: Sequence[Column],
        read: Callable[[], Mapping[str, Any] | None],
        on_saved: Callable[[], Awaitable[None]],
        label: str,
    ) -> None:
        self.session, self.entity, self.read, self.on_saved = session, entity, read, on_saved
        self.columns = [column for column in columns if column.editable]
        self.draft = Draft()
        self.widgets: dict[str, Any] = {}
        self.row: Mapping[str, Any] | None = None
        # Of each field: what it was when it was last read into its widget, and in which version.
        self.seen: dict[str, tuple[Any, int]] = {}
        self.fields = pn.FlexBox(gap="12px", sizing_mode="stretch_width", margin=(8, 0))
        self.said = pn.Column(sizing_mode="stretch_width", margin=0)
        self.opener = pmui.Button(
            label=label,
            icon="edit",
            size="small",
            variant="outlined",
            margin=(8, 0, 0, 0),
            visible=bool(self.columns) and not past.closed(session),
        )
        self.opener.on_click(self._open)
        self.turn = Turn()
        self.body = pn.Column(sizing_mode="stretch_width", margin=0, visible=False)
        self.view = pn.Column(
            self.opener, self.body, self.said, sizing_mode="stretch_width", margin=0
        )
        session.on_news.append(self.met)

    def _make(self) -> None:
        """What stands in the form: most readers of a record never open it."""
        self.reason, self.effective = corrections.beside(self.session)
        beside = {"gap": "12px", "sizing_mode": "stretch_width", "margin": 0}
        self.body.objects = [
            self.fields,
            pn.FlexBox(self.reason, self.effective, **beside),
            self._buttons(),
        ]

    def _buttons(self) -> pn.FlexBox:
        loc = self.session.loc
        save = pmui.Button(
            label=loc.t("Enregistrer"), icon="save", size="small", variant="contained", margin=0
        )
        self.turn.on_click(save, self._save)
        close = pmui.Button(
            label=loc.t("Fermer sans enregistrer"), size="small", variant="text", margin=0
        )
        close.on_click(lambda _: self.close())
        return pn.FlexBox(save, close, gap="8px", margin=(8, 0, 0, 0))

    # Opening and closing

    def _open(self, _: object) -> None:
        self.row = self.read()
        if self.row is None:
            return
        if not self.body.objects:
            self._make()
        self.draft, self.seen, self.widgets = Draft(), {}, {}
        self._follow()
        self.said.objects = []
        self.body.visible, self.opener.visible = True, False

    def close(self) -> None:
        """Give up what was entered."""
        self.draft = Draft()
        self.session.browser.unsaved = False
        self.body.visible, self.opener.visible = False, True
        self.said.objects = []

    def _typed(self, _: object) -> None:
        """Something was entered: leaving asks first, unless it is what was there."""
        self._collect()
        self.session.browser.unsaved = len(self.draft) > 0

    def _follow(self) -> None:
        """Show the record as it was just read, wherever nothing was entered."""
        if self.row is None:
            return
        version = int(self.row["version"])
        for column in self.columns:
            if (self.entity, int(self.row["id"]), column.field) in self.draft.changes:
                continue
            shown = corrections.sent(column, self.row[column.field])
            value = corrections.stored(column, shown)
            if column.field not in self.seen or value != self.seen[column.field][0]:
                self.widgets[column.field] = corrections.widget(column, shown)
                self.widgets[column.field].param.watch(self._typed, "value")
            self.seen[column.field] = (value, version)
        self.fields.objects = list(self.widgets.values())

    async def met(self) -> None:
        """Somebody else has changed something: show it where nothing was entered."""
        if self.body.visible:
            self._collect()
            self.row = await self.session.aside(self.read) or self.row
            self._follow()

    # Saving

    def _collect(self) -> None:
        """What was entered that isn't what had been read."""
        if self.row is None:
            return
        id_, name = int(self.row["id"]), str(self.row["name"])
        for column in self.columns:
            given = corrections.given(column, self.widgets[column.field])
            new = corrections.stored(column, given)
            old, version = self.seen[column.field]
            held = self.draft.changes.get((self.entity, id_, column.field))
            if held is not None and held.new == new:
                continue
            self.draft.drop((self.entity, id_, column.field))
            version = held.version if held else version
            self.draft.put(Change(self.entity, id_, version, column.field, name, old, new))

    async def _save(self) -> None:
        session, loc = self.session, self.session.loc
        if not self.body.visible:  # clicked again, and all was saved
            return
        self._collect()
        if not len(self.draft):
            self.said.objects = [_told(loc.t("Aucune modification à enregistrer."))]
            return
        edits = self.draft.edits(self.effective.value)
        outcomes = await session.work(lambda: corrections.save(session, edits, self.reason.value))
        saved = self.draft.hear(outcomes, saved=True)
        session.browser.unsaved = len(self.draft) > 0
        self.row = await session.work(self.read) or self.row
        self._follow()
        told = loc.plural(saved, "{n} modification enregistrée.", "{n} modifications enregistrées.")
        self.said.objects = [_told(told), *map(self._line, self.draft.changes.values())]
        if not len(self.draft):
            self.reason.value, self.effective.value = "", None
            self.body.visible, self.opener.visible = False, True
        if saved:
            await self.on_saved()

    def _line(self, change: Change) -> pn.Row:
        """What became of a change that wasn't saved, and what can be done."""
        loc, met = self.session.loc, change.outcome
        column = next(one for one in self.columns if one.field == change.field)
        tools: list[Any] = []
        if met is not None and met.state is State.CONFLICT:
            tools = [
                self._small(loc.t("Garder la mienne"), lambda event: self._insist(change, event)),
                self._small(loc.t("Garder l’autre"), lambda _: self._yield(change)),
            ]
        why = corrections.why(change, column, loc)
        return pn.Row(
            _told(f"{column.title} : {why}"), *tools, sizing_mode="stretch_width", margin=0
        )

    def _small(self, label: str, act: Any) -> pmui.Button:
        return pmui.Button(label=label, on_click=act, size="small", variant="text", margin=0)

    async def _insist(self, change: Change, _: object) -> None:
        self.draft.insist(change.key)
        await self.turn.take(self._save)

    def _yield(self, change: Change) -> None:
        self.draft.drop(change.key)
        self.session.browser.unsaved = len(self.draft) > 0
        del self.seen[change.field]
        self._follow()
        self.said.objects = [self._line(one) for one in self.draft.changes.values()]


def _told(text: str) -> pn.pane.HTML:
    return states.html(f'<div class="told" role="status">{escape(text)}</div>')
