"""Conflicts with a source, settled one by one: ours is kept, or what the source says is taken."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any, Literal

import panel as pn
import panel_material_ui as pmui

from dashboards import cards, states
from dashboards.editing import corrections
from dashboards.session import Slot
from workbench.errors import WorkbenchError
from workbench.locale import DASH
from workbench.store import access, settling
from workbench.store.journal import State
from workbench.store.rules import CHOICES
from workbench.vocabulary import Surface, field_name

if TYPE_CHECKING:
    from dashboards.session import Scope, Session
    from workbench.store.settling import Waiting

SHOWN = 20


class Settling:
    """The card of conflicts with a source."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.lines = pn.Column(states.loading(80), sizing_mode="stretch_width", margin=0)
        self.said = states.html("")
        self.slot = session.add(Slot(self._show, self._find, timeless=True))
        loc = session.loc
        title = cards.heading(
            loc,
            loc.t("Conflits avec la source"),
            loc.t("changé ici et dans la source ; notre valeur tient tant que rien n’est tranché"),
        )
        self.view = cards.framed(
            session, self.slot, [states.html(title), self.lines, self.said], width=12
        )

    def _find(self, scope: Scope) -> list[tuple[Waiting, tuple[str, str, str]]]:
        session = self.session
        found = settling.waiting(scope.data.engine, session.viewer, scope.data.today)
        whole = session.whole()
        stages = whole.table("stages")
        names = {
            "owner_id": corrections.reps(whole),
            "stage_id": dict(zip(stages["id"].astype(str), stages["label"], strict=True)),
        }
        return [
            (
                one,
                (
                    self._spoken(one, one.before, names),
                    self._spoken(one, one.theirs, names),
                    self._spoken(one, one.ours, names),
                ),
            )
            for one in found
        ]

    def _spoken(self, one: Waiting, value: Any, names: dict[str, dict[str, str]]) -> str:
        loc = self.session.loc
        if value is None:
            return DASH
        words = CHOICES.get((one.entity, one.field))
        if words is not None:
            return loc.label(words, value)
        if one.field in names:
            return names[one.field].get(str(value), str(value))
        if isinstance(value, float):
            return loc.number(value, 2)
        return str(value)

    def _show(self, found: Any) -> None:
        loc = self.session.loc
        if isinstance(found, Exception):
            self.lines.objects = [states.html(states.error(loc, found))]
            return
        if not found:
            none = loc.t("Rien à trancher : aucune correction faite ici n’est contredite.")
            self.lines.objects = [states.html(states.empty(loc, none))]
            return
        lines: list[Any] = [self._line(one, said) for one, said in found[:SHOWN]]
        if len(found) > SHOWN:
            more = loc.t("et {n} autres", n=loc.count(len(found) - SHOWN))
            lines.append(states.html(f'<div class="told">{escape(more)}</div>'))
        self.lines.objects = lines

    def _line(self, one: Waiting, said: tuple[str, str, str]) -> pn.Row:
        loc = self.session.loc
        before, theirs, ours = map(escape, said)
        what = escape(loc.t(field_name(one.field)))
        told = loc.t(
            "la source disait « {before} » et dit « {theirs} » ; ici : « {ours} ».",
            before=before, theirs=theirs, ours=ours,
        )  # fmt: skip
        markup = f'<div class="edit conflict"><b>{escape(one.name)}</b> · {what} : {told}</div>'
        tools = []
        if self.session.viewer.role not in access.READ_ONLY:
            tools = [
                self._button(loc.t("Garder la nôtre"), one, "ours"),
                self._button(loc.t("Prendre la source"), one, "theirs"),
            ]
        return pn.Row(states.html(markup), *tools, sizing_mode="stretch_width", margin=0)

    def _button(self, label: str, one: Waiting, keep: Literal["ours", "theirs"]) -> pmui.Button:
        async def settle(_: object) -> None:
            await self._settle(one, keep)

        return pmui.Button(label=label, on_click=settle, size="small", variant="text", margin=0)

    async def _settle(self, one: Waiting, keep: Literal["ours", "theirs"]) -> None:
        session, loc = self.session, self.session.loc
        try:
            outcome = await session.work(
                lambda: settling.settle(
                    session.whole().engine,
                    one.id,
                    keep,
                    viewer=session.viewer,
                    surface=Surface.DASHBOARD,
                    today=session.whole().today,
                    rules=session.settings.rules,
                )
            )
        except WorkbenchError as problem:
            self.said.object = states.error(loc, problem)
            return
        refused = outcome is not None and outcome.state is not State.SAVED
        told = loc.say(outcome.message) if outcome and refused else loc.t("C’est tranché.")
        self.said.object = f'<div class="told" role="status">{escape(told)}</div>'
        await session.redraw()
