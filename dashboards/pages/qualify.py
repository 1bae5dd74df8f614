"""Qualify: what must be corrected or completed?

Edits wait in a draft until they are saved, through the journal, by record and version. What it
refuses stays, with its reason; where somebody was quicker, both values are shown.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui

from dashboards import cards, corrections, history, states, tables
from dashboards.draft import Change, Draft
from dashboards.editgrid import EditGrid
from dashboards.excelform import ExcelForm
from dashboards.session import Slot
from dashboards.shell import Page
from dashboards.tables import Rows
from workbench.locale import msg
from workbench.metrics import quality
from workbench.store import journal
from workbench.store.fields import RESTRICTED
from workbench.store.journal import State
from workbench.vocabulary import Surface

if TYPE_CHECKING:
    import pandas as pd

    from dashboards.editgrid import Column, Edited, Query, Slice
    from dashboards.session import Scope, Session

SHOWS = {
    "gaps": msg("À compléter"),
    "stale": msg("Périmés"),
    "all": msg("Tous les comptes"),
}
LISTED = 12
"""So many waiting changes are listed one by one; more are counted."""


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
    """The page's state and what it is shown in: two grids, what waits, what was saved."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.draft = Draft()
        self.asked = False
        loc = session.loc
        data, viewer = session.whole(), session.viewer
        address = session.link("account", id="ID")
        self.columns: dict[str, list[Column]] = {
            "account": corrections.accounts(data, viewer, loc, address),
            "opportunity": corrections.opportunities(data, viewer, loc, address),
        }
        self.show = pmui.RadioButtonGroup(
            options={loc.t(text): name for name, text in SHOWS.items()},
            value=self._first(),
            size="small",
            margin=0,
        )
        self.show.param.watch(lambda _: self.grids["account"].reload(), "value")
        self.grids = {entity: self._grid(entity) for entity in self.columns}
        self.reason = pmui.TextInput(
            label=loc.t("Motif (facultatif)"), sizing_mode="stretch_width", margin=(8, 0, 0, 0)
        )
        self.lines = pn.Column(sizing_mode="stretch_width", margin=0)
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
        self.saves = pn.Column(sizing_mode="stretch_width", margin=0)
        self._show_draft()

    def _first(self) -> str:
        """What the grid of accounts shows at first: the queue, unless it is empty."""
        asked = self.session.query.get("show")
        if asked in SHOWS:
            return asked
        return "gaps" if to_complete(self.session.present(), "gaps") else "all"

    # Grids

    def _grid(self, entity: str) -> EditGrid:
        loc = self.session.loc
        french = loc.language == "fr"
        columns = self.columns[entity]
        words = {
            "region": "fr-FR" if french else "en-GB",
            "currency": loc.currency,
            "percent": "\N{NARROW NO-BREAK SPACE}%" if french else "%",
            "contains": loc.t("contient…"),
            "all": loc.t("tous"),
            "none": loc.t("aucune valeur"),
            "empty": loc.t("Aucune ligne : retirez un filtre."),
            "loading": loc.t("Chargement…"),
            "error": loc.t("La lecture a échoué."),
            "size": 15,
            "pages": tables.page_words(loc),
        }
        return EditGrid(
            lambda query: self._fetch(entity, query),
            lambda edited: self._edited(entity, edited),
            columns,
            words,
            hidden=[c.field for c in columns if not c.shown],
            sizing_mode="stretch_width",
            margin=(8, 0, 0, 0),
        )

    def _frame(self, entity: str) -> pd.DataFrame:
        scope = self.session.present()
        if entity == "opportunity":
            return with_accounts(scope)
        frame: pd.DataFrame = scope.data.table("accounts")
        wanted = to_complete(scope, self.show.value)
        return frame if wanted is None else frame[frame["id"].isin(wanted)]

    def _fetch(self, entity: str, query: Query) -> Slice:
        frame = self._frame(entity)
        return corrections.page(entity, frame, self.columns[entity], query, self.draft)

    def _edited(self, entity: str, edited: Edited) -> None:
        column = self._column(entity, edited.field)
        try:
            new = corrections.stored(column, edited.new)
        except ValueError:
            new = edited.new
        self.draft.put(
            Change(
                entity,
                edited.id,
                edited.version,
                edited.field,
                edited.name,
                corrections.stored(column, edited.old),
                new,
            )
        )
        self._show_draft()

    def _column(self, entity: str, name: str) -> Column:
        return next(column for column in self.columns[entity] if column.field == name)

    def chooser(self, entity: str) -> pmui.MultiChoice:
        """Which columns are shown."""
        columns = self.columns[entity]
        chooser = pmui.MultiChoice(
            label=self.session.loc.t("Colonnes"),
            options={column.title: column.field for column in columns},
            value=[column.field for column in columns if column.shown],
            chip=False,
            visual_size="small",
            width=200,
            margin=0,
        )

        def choose(event: Any) -> None:
            every = [column.field for column in columns]
            self.grids[entity].hidden = [name for name in every if name not in event.new]

        chooser.param.watch(choose, "value")
        return chooser

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
        self.lines.objects = [self._line(change) for change in changes[:LISTED]]
        if waiting > LISTED:
            more = loc.t("… et {n} autres", n=loc.count(waiting - LISTED))
            self.lines.append(states.html(f"<span>{escape(more)}</span>"))

    def _line(self, change: Change) -> pn.Row:
        loc = self.session.loc
        column = self._column(change.entity, change.field)
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
        self.grids[change.entity].reload()

    def _insist(self, change: Change) -> None:
        self.draft.insist(change.key)
        self._show_draft()
        self.grids[change.entity].reload()

    async def _check(self, _: object) -> None:
        session = self.session
        outcomes = await session.work(
            lambda: journal.check(
                session.whole().engine,
                self.draft.edits(),
                viewer=session.viewer,
                today=session.settings.today,
                rules=session.settings.rules,
            )
        )
        self.draft.hear(outcomes, saved=False)
        loc, sound = session.loc, sum(one.state is State.SAVED for one in outcomes)
        self._say(
            loc.t(
                "{sound} acceptées sur {all}.", sound=loc.count(sound), all=loc.count(len(outcomes))
            )
        )
        self._reload()

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
        self._say(" ".join(parts))
        self.reason.value = ""
        await self.moved()

    async def _discard(self, _: object) -> None:
        self.draft.changes.clear()
        self._say("")
        self._reload()

    def _say(self, text: str) -> None:
        self.said.object = f'<div class="told" role="status">{escape(text)}</div>' if text else ""

    def _reload(self) -> None:
        self._show_draft()
        for grid in self.grids.values():
            grid.reload()

    async def moved(self) -> None:
        """The store has moved: read it again everywhere."""
        await self.session.redraw()
        self._reload()

    # What was saved

    def show_saves(self, found: list[history.Save] | Exception) -> None:
        """List the last saves, each with its undo."""
        loc = self.session.loc
        if isinstance(found, Exception):
            self.saves.objects = [states.html(states.error(loc, found))]
        elif not found:
            why = loc.t("Ce que vous enregistrez d’ici s’affiche ici, et s’annule.")
            self.saves.objects = [states.html(f'<p class="hint">{escape(why)}</p>')]
        else:
            self.saves.objects = [self._saved(save) for save in found]

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

        tools = [] if save.undone or save.is_undo else [self._small(loc.t("Annuler"), undo)]
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
        outcomes = await session.work(
            lambda: journal.undo(
                session.whole().engine,
                save.batch,
                viewer=session.viewer,
                surface=Surface.DASHBOARD,
                today=session.settings.today,
            )
        )
        kept = [one for one in outcomes if one.state is not State.SAVED]
        if kept:
            why = next((one.message for one in kept if one.state is not State.HELD), "")
            self._say(loc.t("Annulation impossible : {why}", why=loc.say(why)))
        else:
            self._say(loc.t("Enregistrement annulé."))
        await self.moved()


def view(session: Session) -> pn.Column:
    """The page."""
    loc = session.loc
    desk = Desk(session)
    owners = desk.columns["account"][2].choices

    def pick(record: dict[str, Any]) -> None:
        owner = record.get("group_id")
        if str(owner) in owners:
            desk.show.value = "gaps"
            desk.grids["account"].filter(owner_id=str(owner))

    def reload(_: object) -> None:
        # The grids ask for their first rows themselves.
        if desk.asked:
            for grid in desk.grids.values():
                grid.reload()
        desk.asked = True

    waiting = cards.framed(
        session,
        session.add(Slot(reload)),
        [
            states.html(cards.heading(loc, loc.t("Modifications en attente"))),
            desk.count,
            desk.lines,
            desk.reason,
            desk.said,
        ],
        width=7,
    )
    accounts = pn.Column(
        pn.FlexBox(desk.show, desk.chooser("account"), gap="12px", margin=(12, 0, 0, 0)),
        desk.grids["account"],
        sizing_mode="stretch_width",
        margin=0,
    )
    deals = pn.Column(
        pn.FlexBox(desk.chooser("opportunity"), margin=(12, 0, 0, 0)),
        desk.grids["opportunity"],
        sizing_mode="stretch_width",
        margin=0,
    )
    grid = pn.Column(
        pmui.Tabs(
            (loc.t("Comptes"), accounts),
            (loc.t("Opportunités"), deals),
            sizing_mode="stretch_width",
            margin=0,
        ),
        css_classes=["card", "w12", "open"],
        sizing_mode="stretch_width",
        margin=0,
    )
    saves = cards.framed(
        session,
        session.add(
            Slot(
                desk.show_saves,
                lambda scope: history.recent(scope.data.engine, session.viewer.username),
            )
        ),
        [states.html(cards.heading(loc, loc.t("Mes derniers enregistrements"))), desk.saves],
        width=12,
    )
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
        saves,
        desk.dock,
    )


PAGE = Page(
    "qualify",
    msg("Qualification"),
    "edit_note",
    msg("Que faut-il corriger ou compléter ?"),
    view,
    8,
)
