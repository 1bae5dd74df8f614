"""A page's desk: its editable tables, the changes that wait, and the buttons that save them."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui

from dashboards import cards, states
from dashboards.editing import corrections, past
from dashboards.editing.draft import Change, Draft
from dashboards.editing.table import Table
from dashboards.editing.turn import Turn
from dashboards.session import Slot
from workbench.store import journal
from workbench.store.journal import State

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from dashboards.editing.draft import Key
    from dashboards.editing.editgrid import Column
    from dashboards.session import Session
    from workbench.store.journal import Outcome

LISTED = 12
"""So many waiting changes are listed one by one; more are counted."""


class Desk:
    """The page's state and what it is shown in."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.draft = Draft()
        session.on_news.append(self.met)
        # The tables ask for their first rows themselves.
        session.add(Slot(lambda _: self._reload(), seen=True, stale=False))
        loc = session.loc
        self.tables: dict[str, Table] = {}
        self.reason, self.effective = corrections.beside(session)
        self.beside = pn.FlexBox(
            self.reason,
            self.effective,
            gap="12px",
            sizing_mode="stretch_width",
            margin=(8, 0, 0, 0),
        )
        self.lines = pn.Column(sizing_mode="stretch_width", margin=0)
        self._drawn: dict[Key, tuple[Change, Any]] = {}
        self.count = states.html("")
        self.tally = states.html("")
        turn = Turn()
        self.check = self._button(loc.t("Vérifier"), icon="rule")
        turn.on_click(self.check, self._check)
        self.save = self._button(loc.t("Enregistrer"), icon="save", variant="contained")
        turn.on_click(self.save, self._save)
        self.discard = self._button(loc.t("Tout abandonner"), icon="undo")
        turn.on_click(self.discard, self._discard)
        self.dock = pn.FlexBox(
            self.tally,
            self.check,
            self.save,
            self.discard,
            css_classes=["dock"],
            gap="8px",
            align_items="center",
        )
        self.said = states.html("")
        self.past = states.html(past.told(session))
        self._show_draft()

    def table(self, entity: str, columns: list[Column], rows: Callable[[], pd.DataFrame]) -> Table:
        """An editable table of that entity's rows, whose changes wait here."""
        made = Table(
            self.session,
            entity,
            columns,
            rows=rows,
            draft=self.draft,
            waits=self._show_draft,
            say=self.say,
        )
        self.tables[entity] = made
        return made

    def card(self, width: int) -> pn.Column:
        """The card of what waits; beside the page belongs `dock`, with the buttons."""
        loc = self.session.loc
        return cards.framed(
            self.session,
            Slot(lambda _: None),
            [
                states.html(cards.heading(loc, loc.t("Modifications en attente"))),
                self.past,
                self.count,
                self.lines,
                self.beside,
                self.said,
            ],
            width=width,
        )

    def column(self, entity: str, name: str) -> Column:
        """The column of a field."""
        return self.tables[entity].column(name)

    # What waits

    def _button(self, label: str, **params: Any) -> pmui.Button:
        given = {"variant": "outlined", "size": "small", "margin": 0, **params}
        return pmui.Button(label=label, **given)

    def _show_draft(self) -> None:
        loc, waiting = self.session.loc, len(self.draft)
        self.session.browser.unsaved = waiting > 0
        said = loc.plural(waiting, "{n} modification en attente", "{n} modifications en attente")
        hint = loc.t(
            "Modifiez une cellule des tableaux : la modification attend ici d’être enregistrée."
        )
        text = f"<b>{escape(said)}</b>" + ("" if waiting else f"<br><span>{escape(hint)}</span>")
        self.count.object = f'<div class="waiting" role="status">{text}</div>'
        self.tally.object = f'<div class="edit"><b>{escape(said)}</b></div>'
        self.dock.visible = self.beside.visible = waiting > 0
        changes = list(self.draft.changes.values())
        # A line that stands stays: a button that is about to be clicked must not go.
        held, self._drawn = self._drawn, {}
        for change in changes[:LISTED]:
            was, line = held.get(change.key, (None, None))
            self._drawn[change.key] = change, line if was == change else self._line(change)
        self.lines.objects = [line for _, line in self._drawn.values()]
        if waiting > LISTED:
            more = loc.t("… et {n} autres", n=loc.count(waiting - LISTED))
            self.lines.append(states.html(f"<span>{escape(more)}</span>"))

    def _line(self, change: Change) -> pn.Row:
        loc = self.session.loc
        column = self.column(change.entity, change.field)
        old, new = (corrections.said(column, value, loc) for value in (change.old, change.new))
        state, told = "", ""
        if change.outcome is not None:
            state = str(change.outcome.state)
            sound = state in {"saved", "held"}
            told = loc.t("acceptée") if sound else corrections.why(change, column, loc)
        markup = (
            f'<div class="edit {state}"><b>{escape(change.name)}</b> · {escape(column.title)} : '
            f"<del>{escape(old)}</del> → <ins>{escape(new)}</ins>"
            f"{f'<br><small>{escape(told)}</small>' if told else ''}</div>"
        )
        tools: list[Any] = []
        if state == State.CONFLICT:
            tools.append(self._small(loc.t("Garder la mienne"), lambda _: self._insist(change)))
            tools.append(self._small(loc.t("Garder l’autre"), lambda _: self._drop(change)))
        else:
            tools.append(self._small(loc.t("Retirer"), lambda _: self._drop(change)))
        return pn.Row(
            states.html(markup), *tools, sizing_mode="stretch_width", margin=0, css_classes=["line"]
        )

    def _small(self, label: str, act: Any) -> pmui.Button:
        return pmui.Button(label=label, on_click=act, size="small", variant="text", margin=0)

    def _drop(self, change: Change) -> None:
        self.draft.drop(change.key)
        self._show_draft()
        self.tables[change.entity].reload()

    def _insist(self, change: Change) -> None:
        self.draft.insist(change.key)
        self._show_draft()
        self.tables[change.entity].reload()

    async def _check(self) -> None:
        session = self.session
        if not len(self.draft):  # clicked again, and nothing is left
            return
        outcomes = await session.work(self._checked)
        self.draft.hear(outcomes, saved=False)
        loc, sound = session.loc, sum(one.state is State.SAVED for one in outcomes)
        self.say(
            loc.t(
                "{sound} acceptées sur {all}.", sound=loc.count(sound), all=loc.count(len(outcomes))
            )
        )
        self._reload()

    def _checked(self) -> list[Outcome]:
        """What the journal would say of what waits."""
        session = self.session
        return journal.check(
            session.whole().engine,
            self.draft.edits(self.effective.value),
            viewer=session.viewer,
            today=session.settings.today,
            rules=session.settings.rules,
        )

    async def _save(self) -> None:
        session = self.session
        if not len(self.draft):
            return
        edits = self.draft.edits(self.effective.value)
        outcomes = await session.work(lambda: corrections.save(session, edits, self.reason.value))
        saved = self.draft.hear(outcomes, saved=True)
        loc = session.loc
        parts = [
            loc.plural(saved, "{n} modification enregistrée.", "{n} modifications enregistrées.")
        ]
        if len(self.draft):
            parts.append(
                loc.plural(len(self.draft), "{n} reste en attente.", "{n} restent en attente.")
            )
        self.say(" ".join(parts))
        self.reason.value, self.effective.value = "", None
        await self.moved()

    async def _discard(self) -> None:
        self.draft.changes.clear()
        self.say("")
        self._reload()

    def say(self, text: str) -> None:
        """Show a sentence under what waits."""
        self.said.object = f'<div class="told" role="status">{escape(text)}</div>' if text else ""

    def _reload(self) -> None:
        self._show_draft()
        self.past.object = past.told(self.session)
        for table in self.tables.values():
            table.reload()

    async def moved(self) -> None:
        """Something was saved here: read the store again everywhere."""
        for table in self.tables.values():
            table.unpick()
        await self.session.redraw()

    async def met(self) -> None:
        """Somebody else has changed something: show it, and what of ours it meets."""
        if len(self.draft):
            outcomes = await self.session.aside(self._checked)
            met = [one for one in outcomes if one.state is State.CONFLICT]
            self.draft.hear(met, saved=False)
            if met:
                self._reload()
