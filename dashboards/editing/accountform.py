"""Editing one account where it is read: a field each, saved through the journal by its version.

What the journal refuses stays in its field with the reason; where somebody was quicker both values
are shown, and the reader chooses.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui

from dashboards import states
from dashboards.editing import corrections
from dashboards.editing.draft import Change, Draft
from dashboards.editing.editgrid import Column
from workbench.store import access, journal
from workbench.store.journal import State
from workbench.vocabulary import Right, Surface

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import pandas as pd

    from dashboards.session import Session

ENTITY = "account"


class AccountForm:
    """The form of one account; `view` is empty until it is opened."""

    def __init__(
        self, session: Session, account: int, on_saved: Callable[[], Awaitable[None]]
    ) -> None:
        self.session = session
        self.account = account
        self.on_saved = on_saved
        self.draft = Draft()
        self.columns = [
            column
            for column in corrections.accounts(
                session.whole(), session.viewer, session.loc, session.link("account", id="ID")
            )
            if column.editable
        ]
        if session.viewer.role not in access.READ_ONLY:
            self.columns += self._restricted()
        self.widgets: dict[str, Any] = {}
        self.row: pd.Series[Any] | None = None
        self.fields = pn.FlexBox(gap="12px", sizing_mode="stretch_width", margin=(8, 0))
        self.said = pn.Column(sizing_mode="stretch_width", margin=0)
        loc = session.loc
        self.opener = pmui.Button(
            label=loc.t("Modifier"),
            icon="edit",
            size="small",
            variant="outlined",
            margin=(8, 0, 0, 0),
            visible=bool(self.columns),
        )
        self.opener.on_click(self._open)
        self.reason = pmui.TextInput(
            label=loc.t("Motif (facultatif)"),
            size="small",
            sizing_mode="stretch_width",
            margin=(0, 0, 8, 0),
        )
        save = pmui.Button(
            label=loc.t("Enregistrer"), icon="save", size="small", variant="contained", margin=0
        )
        save.on_click(self._save)
        close = pmui.Button(
            label=loc.t("Fermer sans enregistrer"), size="small", variant="text", margin=0
        )
        close.on_click(self._close)
        self.body = pn.Column(
            self.fields,
            self.reason,
            pn.FlexBox(save, close, gap="8px", margin=0),
            sizing_mode="stretch_width",
            margin=0,
            visible=False,
        )
        self.view = pn.Column(
            self.opener, self.body, self.said, sizing_mode="stretch_width", margin=0
        )

    # Opening and closing

    def _read(self) -> pd.Series[Any]:
        frame = self.session.whole().table("accounts")
        row: pd.Series[Any] = frame[frame["id"] == self.account].iloc[0]
        for table, column, field in (
            ("bank_details", "iban", "iban"),
            ("confidential_notes", "note", "confidential_note"),
        ):
            held = self.session.whole().table(table)
            own = held["account_id"] == self.account
            if "entity" in held:
                own &= held["entity"] == ENTITY
            row[field] = next(iter(held.loc[own, column]), None)
        return row

    def _restricted(self) -> list[Column]:
        """Fields for those named; a confidential note anybody may begin."""
        loc = self.session.loc
        note = Column("confidential_note", loc.t("Note confidentielle"))
        named = Right.BANK_DETAILS in self.session.viewer.rights
        return [*([Column("iban", "IBAN")] if named else []), note]

    def _open(self, _: object) -> None:
        self.row = self._read()
        self.draft = Draft()
        self.widgets = {column.field: self._widget(column) for column in self.columns}
        for widget in self.widgets.values():
            widget.param.watch(self._typed, "value")
        self.fields.objects = list(self.widgets.values())
        self.said.objects = []
        self.body.visible, self.opener.visible = True, False

    def _typed(self, _: object) -> None:
        """Something was entered: leaving asks first, unless it is what was there."""
        self._collect()
        self.session.browser.unsaved = len(self.draft) > 0

    def _close(self, _: object) -> None:
        self.session.browser.unsaved = False
        self.body.visible, self.opener.visible = False, True
        self.said.objects = []

    def _widget(self, column: Column) -> Any:
        return corrections.widget(column, corrections.sent(column, self._value(column)))

    def _value(self, column: Column) -> Any:
        return None if self.row is None else self.row[column.field]

    # Saving

    def _collect(self) -> None:
        """What the fields say that the account doesn't."""
        if self.row is None:
            return
        for column in self.columns:
            given = corrections.given(column, self.widgets[column.field])
            new = corrections.stored(column, given)
            old = corrections.stored(column, corrections.sent(column, self._value(column)))
            key = (ENTITY, self.account, column.field)
            held = self.draft.changes.get(key)
            if held is not None and held.new == new:
                continue
            self.draft.drop(key)
            version = held.version if held else int(self.row["version"])
            name = str(self.row["name"])
            self.draft.put(Change(ENTITY, self.account, version, column.field, name, old, new))

    async def _save(self, _: object) -> None:
        session, loc = self.session, self.session.loc
        self._collect()
        if not len(self.draft):
            self.said.objects = [_told(loc.t("Aucune modification à enregistrer."))]
            return
        outcomes = await session.work(
            lambda: journal.save(
                session.whole().engine,
                self.draft.edits(),
                viewer=session.viewer,
                surface=Surface.DASHBOARD,
                each=True,
                today=session.settings.today,
                rules=session.settings.rules,
                reason=self.reason.value or None,
            )
        )
        saved = self.draft.hear(outcomes, saved=True)
        session.browser.unsaved = len(self.draft) > 0
        self.row = await session.work(self._read)
        told = [
            _told(
                loc.plural(
                    saved, "{n} modification enregistrée.", "{n} modifications enregistrées."
                )
            )
        ]
        self.said.objects = told + [self._line(change) for change in self.draft.changes.values()]
        if not len(self.draft):
            self.reason.value = ""
            self.body.visible, self.opener.visible = False, True
        if saved:
            await self.on_saved()

    def _line(self, change: Change) -> pn.Row:
        """What became of a change that wasn't saved, and what can be done."""
        loc, met = self.session.loc, change.outcome
        column = next(one for one in self.columns if one.field == change.field)
        tools: list[Any] = []
        why = ""
        if met is not None and met.state is State.CONFLICT:
            why = loc.t(
                "{who} a saisi « {theirs} » le {moment} ; vous : « {mine} ».",
                who=met.by,
                theirs=corrections.said(column, met.current, loc),
                moment=loc.moment(met.at),
                mine=corrections.said(column, change.new, loc),
            )
            tools = [
                self._small(loc.t("Garder la mienne"), lambda event: self._insist(change, event)),
                self._small(loc.t("Garder l’autre"), lambda _: self._yield(change, column)),
            ]
        elif met is not None:
            why = loc.say(met.message)
        return pn.Row(
            _told(f"{column.title} : {why}"), *tools, sizing_mode="stretch_width", margin=0
        )

    def _small(self, label: str, act: Any) -> pmui.Button:
        return pmui.Button(label=label, on_click=act, size="small", variant="text", margin=0)

    async def _insist(self, change: Change, event: object) -> None:
        self.draft.insist(change.key)
        await self._save(event)

    def _yield(self, change: Change, column: Column) -> None:
        self.draft.drop(change.key)
        self.session.browser.unsaved = len(self.draft) > 0
        widget = self._widget(column)
        widget.param.watch(self._typed, "value")
        self.widgets[change.field] = widget
        self.fields.objects = list(self.widgets.values())
        self.said.objects = [self._line(one) for one in self.draft.changes.values()]


def _told(text: str) -> pn.pane.HTML:
    return states.html(f'<div class="told" role="status">{escape(text)}</div>')
