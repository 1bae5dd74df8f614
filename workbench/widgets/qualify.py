"""An editor for JupyterLab: a frame's records in a grid, changes collected, checked, saved.

Whatever is saved goes through the journal, by id and version, as on the dashboards.
"""

from __future__ import annotations

import html
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import narwhals as nw

import workbench
from workbench.errors import MissingColumns, NotAllowed, SettingsError, StoreError
from workbench.locale import FR
from workbench.settings import Settings
from workbench.store.journal import Outcome, State
from workbench.store.origin import origin
from workbench.store.proposal import Proposal, entity_of, of_today, seen, someone, versions_of
from workbench.vocabulary import field_name
from workbench.widgets.editors import editor, held
from workbench.widgets.pending import Pending

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.locale import Locale
    from workbench.store.access import Viewer
    from workbench.store.dataset import Dataset

ROWS = 12
"""Records on a page of the grid."""
FIELDS = {
    "account": ("status", "segment", "need", "budget", "timeline", "decider_known", "next_step"),
    "opportunity": ("stage_id", "amount", "close_date", "probability", "loss_reason"),
    "contact": ("job", "decision_role", "email", "phone"),
}
MARKS = {
    State.SAVED: ("✓", "#00825F"),
    State.REFUSED: ("✕", "#B4440B"),
    State.FORBIDDEN: ("✕", "#B4440B"),
    State.CONFLICT: ("⇄", "#8A5A00"),
    State.HELD: ("…", "#5B6472"),
}


# ipywidgets has no types.
class Qualify(widgets.VBox):  # type: ignore[misc]
    """Edit accounts, opportunities or contacts.

    Args:
        frame: says which records, by `id`, and by `version`, if it has one, what its reader saw
            of them: what others have changed since is met when it is saved. Without, they are
            shown as they stand in the data.
        data: the dataset that they were read from: its store is written to. Where None, the one
            that the frame says it comes from, else the settings' store as it is today.
        entity: account, opportunity or contact; told by the frame's columns where None.
        fields: those to edit; the usual ones where None.
        viewer: who saves: a user name; the dataset's viewer, else WORKBENCH_USER, where None.
            Without anybody, changes can be collected and not saved.
        loc: the reader's language.
        reason: why, for the journal.

    Raises:
        MissingColumns: the frame lacks `id`.
        NotAllowed: no user is called so.
        SettingsError: the frame or the dataset is of another day than today, or the frame doesn't
            say where it comes from and the settings have no store.
        UnknownName: no such entity.
    """

    def __init__(
        self,
        frame: Any,
        *,
        data: Dataset | None = None,
        entity: str | None = None,
        fields: Sequence[str] | None = None,
        viewer: str | Viewer | None = None,
        loc: Locale = FR,
        reason: str | None = None,
    ) -> None:
        source = origin(frame)
        data = data or source or _settings_data()
        of_today(data)
        of_today(source or data)
        self.data = replace(data, filters=(), backend="pandas", _frames={})
        eager = nw.from_native(frame).lazy().collect()
        if "id" not in eager.columns:
            raise MissingColumns("Qualify", ["id"], eager.columns)
        self.entity = entity_of(eager.columns, entity)
        versions = versions_of(eager.rows(named=True))
        found = seen(self.data, self.entity, versions, fields or ())
        records = {id_: found[id_] for id_ in versions if "version" in found.get(id_, ())}
        self.pending = Pending(self.entity, records, reason=reason)
        self.loc, self.page = loc, 0
        self.told: list[Outcome] = []
        self.viewer = _viewer(data, viewer)
        self.fields = list(fields or FIELDS[self.entity])
        self._make()
        super().__init__([self.bar, self.grid, self.actions, self.said])
        self._draw()
        unseen = len(versions) - len(records)
        if unseen:
            self._warn(
                loc.plural(
                    unseen,
                    "{n} fiche n’est pas l’une des vôtres, ou n’existe plus.",
                    "{n} fiches ne sont pas des vôtres, ou n’existent plus.",
                )
            )

    def _make(self) -> None:
        t = self.loc.t
        self.back = _button("‹", self._turn(-1), t("Page précédente"))
        self.forth = _button("›", self._turn(1), t("Page suivante"))
        self.place = widgets.HTML()
        self.bar = widgets.HBox([self.back, self.place, self.forth])
        self.grid = widgets.GridBox()
        self.count = widgets.HTML()
        self.checked = _button(t("Vérifier"), lambda _: self.check())
        self.saved = _button(t("Enregistrer"), lambda _: self.save(), style="primary")
        self.dropped = _button(t("Abandonner"), lambda _: self.discard())
        self.actions = widgets.HBox([self.count, self.checked, self.saved, self.dropped])
        self.said = widgets.VBox()

    def check(self) -> list[Outcome]:
        """What saving would answer, shown below the grid; nothing is written."""
        outcomes = self._proposal().check(viewer=self._someone())
        self._tell(outcomes)
        return outcomes

    def save(self) -> list[Outcome]:
        """Save what is sound; what isn't stays pending, with the reason."""
        outcomes = self._proposal().save(viewer=self._someone(), each=True)
        self.pending.take(outcomes)
        self._draw()
        self._tell(outcomes)
        return outcomes

    def discard(self) -> None:
        """Forget all pending changes."""
        self.pending.changes.clear()
        self._draw()
        self._tell([])

    def _proposal(self) -> Proposal:
        return Proposal(self.data, tuple(self.pending.edits()))

    def _someone(self) -> Viewer:
        if self.viewer is None:
            raise NotAllowed(self.loc.t('Dites qui vous êtes : Qualify(…, viewer="identifiant").'))
        return self.viewer

    def _turn(self, by: int) -> Any:
        def turned(_: Any) -> None:
            self.page += by
            self._draw()

        return turned

    def _draw(self) -> None:
        """The page of the grid as it would be once saved; changed cells stand out."""
        ids = self.pending.ids
        last = max(0, (len(ids) - 1) // ROWS)
        self.page = min(max(self.page, 0), last)
        shown = ids[self.page * ROWS : (self.page + 1) * ROWS]
        self.back.disabled, self.forth.disabled = self.page == 0, self.page == last
        first = self.page * ROWS
        self.place.value = (
            self.loc.t(
                "{first} à {last} sur {all}", first=first + 1, last=first + len(shown), all=len(ids)
            )
            if ids
            else self.loc.t("Rien à corriger pour ce choix.")
        )
        heads = ["", *(self.loc.t(field_name(name)) for name in self.fields)]
        cells = [widgets.HTML(f"<b>{html.escape(head)}</b>") for head in heads]
        for record in shown:
            name = self.pending.stored(record, "name") or self.pending.stored(record, "last_name")
            cells.append(widgets.HTML(html.escape(str(name or record))))
            cells += [self._cell(record, name) for name in self.fields]
        self.grid.children = cells if shown else ()
        self.grid.layout.grid_template_columns = (
            f"minmax(160px, 2fr) repeat({len(self.fields)}, 1fr)"
        )
        self._count()

    def _cell(self, record: int, name: str) -> widgets.Widget:
        cell = editor(
            self.entity, name, self.pending.value(record, name), data=self.data, loc=self.loc
        )
        _mark(cell, changed=(record, name) in self.pending.changes)

        def changed(_: Any) -> None:
            try:
                self.pending.set(record, name, held(cell, self.entity, name))
            except ValueError:
                self.pending.drop(record, name)
                self._warn(self.loc.t("« {typed} » n’est pas un nombre.", typed=cell.value))
            _mark(cell, changed=(record, name) in self.pending.changes)
            self._count()

        cell.observe(changed, names="value")
        return cell

    def _count(self) -> None:
        changes = len(self.pending.changes)
        self.count.value = self.loc.plural(
            changes, "{n} modification en attente", "{n} modifications en attente"
        )
        self.saved.disabled = self.checked.disabled = not changes or self.viewer is None
        self.dropped.disabled = not changes
        if self.viewer is None and changes:
            self._warn(self.loc.t('Dites qui vous êtes : Qualify(…, viewer="identifiant").'))

    def _warn(self, sentence: str) -> None:
        """Say something above what was last answered."""
        self._tell(self.told)
        self.said.children = (widgets.HTML(html.escape(sentence)), *self.said.children)

    def _tell(self, outcomes: list[Outcome]) -> None:
        self.told = outcomes
        self.said.children = tuple(self._line(one) for one in outcomes)

    def _line(self, one: Outcome) -> widgets.Widget:
        mark, colour = MARKS[one.state]
        name = self.pending.stored(one.edit.id, "name") or one.edit.id
        said = self.loc.say(one.message) or self.loc.t("accepté")
        words = f"{name} · {self.loc.t(field_name(one.edit.field))} : {said}"
        text = widgets.HTML(f'<span style="color:{colour}">{mark}</span> {html.escape(words)}')
        if one.state is not State.CONFLICT:
            return text
        mine = _button(self.loc.t("Garder la mienne"), self._settled(self.pending.keep_mine, one))
        theirs = _button(
            self.loc.t("Prendre la leur"), self._settled(self.pending.keep_theirs, one)
        )
        return widgets.HBox([text, mine, theirs])

    def _settled(self, settle: Any, conflict: Outcome) -> Any:
        def clicked(_: Any) -> None:
            settle(conflict)
            self._draw()
            self._tell([one for one in self.told if one is not conflict])

        return clicked


def _settings_data() -> Dataset:
    """The settings' store, as it is today."""
    settings = Settings.load()
    try:
        return workbench.open(settings.database, today=settings.today)
    except StoreError as error:
        raise SettingsError(
            "The frame doesn't say which data it comes from, and the settings' store can't be "
            f"opened: {error} Give them: Qualify(frame, data=workbench.open(…))."
        ) from error


def _viewer(data: Dataset, given: str | Viewer | None) -> Viewer | None:
    """Whoever saves, None where nobody is named yet: changes can be collected all the same."""
    named = data.viewer or given or os.environ.get("WORKBENCH_USER")
    return someone(data, named) if named else None


def _button(text: str, clicked: Any, tooltip: str = "", style: str = "") -> widgets.Button:
    button = widgets.Button(
        description=text, tooltip=tooltip or text, button_style=style, layout={"width": "auto"}
    )
    button.on_click(clicked)
    return button


def _mark(cell: widgets.Widget, *, changed: bool) -> None:
    cell.layout.border_left = "3px solid #E09A00" if changed else "3px solid transparent"
