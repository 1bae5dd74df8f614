"""The Qualify page's desk: two tables, the changes that wait, and the buttons that save them."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui

from dashboards import states
from dashboards.editing import corrections
from dashboards.editing.draft import Change, Draft
from dashboards.editing.table import Table
from dashboards.session import Slot
from workbench.locale import msg
from workbench.metrics import quality
from workbench.store import journal
from workbench.store.journal import State
from workbench.vocabulary import Surface

if TYPE_CHECKING:
    import pandas as pd

    from dashboards.editing.draft import Key
    from dashboards.editing.editgrid import Column
    from dashboards.session import Scope, Session
    from workbench.store.journal import Outcome

SHOWS = {
    "gaps": msg("À compléter"),
    "stale": msg("Périmés"),
    "all": msg("Tous les comptes"),
}
LISTED = 12
"""So many waiting changes are listed one by one; more are counted."""


def to_complete(scope: Scope, show: str) -> set[int] | None:
    """The accounts with gaps, or those qualified long ago; None for all."""
    if show == "all":
        return None
    found = quality.qualification_gaps.of(scope.data)
    if show == "stale":
        found = found[found["stale"]]
    return set(found["id"])


def with_accounts(scope: Scope) -> pd.DataFrame:
    """The deals, each with its account's name."""
    deals = scope.data.table("opportunities")
    names = scope.data.table("accounts").set_index("id")["name"]
    named: pd.DataFrame = deals.assign(account=deals["account_id"].map(names))
    return named


class Desk:
    """The page's state and what it is shown in."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.draft = Draft()
        session.on_news.append(self.met)
        # The tables ask for their first rows themselves.
        session.add(Slot(lambda _: self._reload(), seen=True, stale=False))
        loc = session.loc
        data, viewer = session.whole(), session.viewer
        address = session.link("account", id="ID")
        self.show = pmui.RadioButtonGroup(
            options={loc.t(text): name for name, text in SHOWS.items()},
            value=self._first(),
            size="small",
            margin=0,
            sx={"& button": {"whiteSpace": "nowrap"}},
        )
        self.show.param.watch(lambda _: self.tables["account"].reload(), "value")
        self.tables = {
            "account": self._table("account", corrections.accounts(data, viewer, loc, address)),
            "opportunity": self._table(
                "opportunity", corrections.opportunities(data, viewer, loc, address)
            ),
        }
        self.reason = pmui.TextInput(
            label=loc.t("Motif (facultatif)"), sizing_mode="stretch_width", margin=(8, 0, 0, 0)
        )
        self.lines = pn.Column(sizing_mode="stretch_width", margin=0)
        self._drawn: dict[Key, tuple[Change, Any]] = {}
        self.count = states.html("")
        self.tally = states.html("")
        self.check = self._button(loc.t("Vérifier"), self._check, icon="rule")
        self.save = self._button(loc.t("Enregistrer"), self._save, icon="save", variant="contained")
        self.discard = self._button(loc.t("Tout abandonner"), self._discard, icon="undo")
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
        self._show_draft()

    def _first(self) -> str:
        """What the table of accounts shows at first: the queue, unless it is empty."""
        asked = self.session.query.get("show")
        if asked in SHOWS:
            return asked
        return "gaps" if to_complete(self.session.present(), "gaps") else "all"

    def _table(self, entity: str, columns: list[Column]) -> Table:
        return Table(
            self.session,
            entity,
            columns,
            rows=self._deals if entity == "opportunity" else self._accounts,
            draft=self.draft,
            waits=self._show_draft,
            say=self.say,
        )

    def _accounts(self) -> pd.DataFrame:
        scope = self.session.present()
        frame: pd.DataFrame = scope.data.table("accounts")
        wanted = to_complete(scope, self.show.value)
        return frame if wanted is None else frame[frame["id"].isin(wanted)]

    def _deals(self) -> pd.DataFrame:
        return with_accounts(self.session.present())

    def column(self, entity: str, name: str) -> Column:
        """The column of a field."""
        return self.tables[entity].column(name)

    # What waits

    def _button(self, label: str, act: Any, **params: Any) -> pmui.Button:
        given = {"variant": "outlined", "size": "small", "margin": 0, **params}
        button = pmui.Button(label=label, **given)
        button.on_click(act)
        return button

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
        self.dock.visible = self.reason.visible = waiting > 0
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
            told = loc.t("acceptée") if state in {"saved", "held"} else self._why(change, column)
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

    def _why(self, change: Change, column: Column) -> str:
        """A refusal's reason; of a conflict who set what, and when."""
        loc, met = self.session.loc, change.outcome
        if met is None:
            return ""
        if met.state is not State.CONFLICT:
            return loc.say(met.message)
        return loc.t(
            "{who} a saisi « {theirs} » le {moment} ; vous : « {mine} ».",
            who=met.by,
            theirs=corrections.said(column, met.current, loc),
            moment=loc.moment(met.at),
            mine=corrections.said(column, change.new, loc),
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

    async def _check(self, _: object) -> None:
        session = self.session
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
            self.draft.edits(),
            viewer=session.viewer,
            today=session.settings.today,
            rules=session.settings.rules,
        )

    async def _save(self, _: object) -> None:
        session = self.session
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
        loc = session.loc
        parts = [
            loc.plural(saved, "{n} modification enregistrée.", "{n} modifications enregistrées.")
        ]
        if len(self.draft):
            parts.append(
                loc.plural(len(self.draft), "{n} reste en attente.", "{n} restent en attente.")
            )
        self.say(" ".join(parts))
        self.reason.value = ""
        await self.moved()

    async def _discard(self, _: object) -> None:
        self.draft.changes.clear()
        self.say("")
        self._reload()

    def say(self, text: str) -> None:
        """Show a sentence under what waits."""
        self.said.object = f'<div class="told" role="status">{escape(text)}</div>' if text else ""

    def _reload(self) -> None:
        self._show_draft()
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
            outcomes = await self.session.work(self._checked)
            met = [one for one in outcomes if one.state is State.CONFLICT]
            self.draft.hear(met, saved=False)
            if met:
                self._reload()
