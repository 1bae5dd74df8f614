"""The card of what one has saved lately, each with its undo."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui

from dashboards import cards, states
from dashboards.editing import corrections, history
from dashboards.session import Slot
from workbench.errors import UnknownName
from workbench.locale import msg
from workbench.store import access, journal
from workbench.store.fields import RESTRICTED
from workbench.store.journal import State
from workbench.vocabulary import Surface

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from dashboards.editing.editgrid import Column
    from dashboards.session import Session


class Saves:
    """The card.

    Args:
        session: of the page.
        columns: of the tables, by entity, for labels and values.
        say: shows a sentence.
        moved: to be called when something was undone.
    """

    def __init__(
        self,
        session: Session,
        columns: Mapping[str, list[Column]],
        say: Callable[[str], None],
        moved: Callable[[], Awaitable[None]],
    ) -> None:
        self.session, self.columns, self.say, self.moved = session, columns, say, moved
        self.lines = pn.Column(sizing_mode="stretch_width", margin=0, css_classes=["saves"])
        self._rows: dict[Any, pn.Row] = {}

    def card(self) -> Any:
        """The card."""
        session, loc = self.session, self.session.loc
        slot = Slot(
            self._show, lambda scope: history.recent(scope.data.engine, session.viewer.username)
        )
        title = states.html(cards.heading(loc, loc.t("Mes derniers enregistrements")))
        return cards.framed(session, session.add(slot), [title, self.lines], width=12)

    def _show(self, found: list[history.Save] | Exception) -> None:
        """List the last saves, each with its undo."""
        loc = self.session.loc
        if isinstance(found, Exception):
            self.lines.objects = [states.html(states.error(loc, found))]
        elif not found:
            why = loc.t("Ce que vous enregistrez d’ici s’affiche ici, et s’annule.")
            self.lines.objects = [states.html(f'<p class="hint">{escape(why)}</p>')]
        else:
            # A row that stands stays: a button that is about to be clicked must not go.
            held, self._rows = self._rows, {}
            for save in found:
                key = (save.batch, save.undone, len(save.changes))
                self._rows[key] = held.get(key) or self._saved(save)
            self.lines.objects = list(self._rows.values())

    def _saved(self, save: history.Save) -> pn.Row:
        loc = self.session.loc
        lines = []
        for one in save.changes[:3]:
            column = next((c for c in self.columns[one.entity] if c.field == one.field), None)
            name = self._name(one)
            # Theirs then, perhaps no longer: what they wrote isn't told again.
            closed = name is None or (one.entity, one.field) in RESTRICTED
            said = [str(one.old), str(one.new)]
            if closed:
                said = ["…", "…"]
            elif column:
                said = [corrections.said(column, value, loc) for value in (one.old, one.new)]
            label = corrections.field_label(self.columns[one.entity], one.field, loc)
            lines.append(
                f"<b>{escape(name or f'n° {one.id}')}</b> · {escape(label)} : "
                f"<del>{escape(said[0])}</del> → <ins>{escape(said[1])}</ins>"
            )
        if len(save.changes) > len(lines):
            lines.append(
                escape(loc.t("… et {n} autres", n=loc.count(len(save.changes) - len(lines))))
            )
        state = loc.t("annulation") if save.is_undo else loc.t("annulé") if save.undone else ""
        head = " · ".join(part for part in (loc.moment(save.at), state) if part)
        markup = f'<div class="edit"><small>{escape(head)}</small><br>{"<br>".join(lines)}</div>'

        async def undo(_: object) -> None:
            await self._undo(save)

        tools = []
        if not save.undone:
            label = loc.t("Rétablir") if save.is_undo else loc.t("Annuler")
            tools = [
                pmui.Button(label=label, on_click=undo, size="small", variant="text", margin=0)
            ]
        return pn.Row(
            states.html(markup), *tools, sizing_mode="stretch_width", margin=0, css_classes=["line"]
        )

    def _name(self, one: history.Saved) -> str | None:
        table = {"account": "accounts", "opportunity": "opportunities"}[one.entity]
        frame = self.session.whole().table(table)
        names = frame.loc[frame["id"] == one.id, "name"]
        return str(names.iloc[0]) if len(names) else None

    async def _undo(self, save: history.Save) -> None:
        session, loc = self.session, self.session.loc
        try:
            outcomes = await session.work(
                lambda: journal.undo(
                    session.whole().engine,
                    save.batch,
                    viewer=session.viewer,
                    surface=Surface.DASHBOARD,
                    today=session.settings.today,
                    rules=session.settings.rules,
                )
            )
        except UnknownName:  # nothing of it is theirs any more
            why = loc.say(access.NOT_THEIRS)
            self.say(loc.t("Annulation impossible : {why}", why=why))
            return
        kept = [one for one in outcomes if one.state is not State.SAVED]
        if kept:
            why = next((one.message for one in kept if one.state is not State.HELD), "")
            self.say(loc.t("Annulation impossible : {why}", why=loc.say(why)))
        else:
            done = msg("Rétabli.") if save.is_undo else msg("Enregistrement annulé.")
            self.say(loc.t(done))
        await self.moved()
