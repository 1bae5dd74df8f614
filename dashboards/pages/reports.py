"""Reports: what has an analyst prepared for me?"""

from __future__ import annotations

import asyncio
import io
from html import escape
from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui

from dashboards import cards, states
from dashboards import report_words as words
from dashboards.report_files import address
from dashboards.report_form import Form
from dashboards.report_frame import ReportFrame
from dashboards.shell import Page
from workbench.errors import WorkbenchError
from workbench.exports.downloads import file_name
from workbench.exports.reports import Reports
from workbench.exports.runs import Progress, Run, State
from workbench.locale import msg

if TYPE_CHECKING:
    from collections.abc import Callable

    from dashboards.session import Session
    from workbench.exports.notebooks import Notebook

LOOK_MS = 400
"""Between two looks at a run that is under way."""
PAST = 12
"""Past runs that are listed."""


class Desk:
    """What one visitor does with reports: chooses one, fills in its form, reads the result."""

    def __init__(self, session: Session) -> None:
        self.session, self.loc = session, session.loc
        self.reports = Reports.of(session.settings)
        self.run: Run | None = None
        self.form: Form | None = None
        self.look: Any = None
        self.view = pn.Column(sizing_mode="stretch_width", margin=0)
        self.result = pn.Column(sizing_mode="stretch_width", margin=0)
        self.past = pn.Column(sizing_mode="stretch_width", margin=0)
        self.said = states.html("")
        self.bar = pmui.LinearProgress(sizing_mode="stretch_width", margin=(8, 0))
        notebook = self.reports.notebooks.get(session.query.get("notebook", ""))
        if notebook is None:
            self.gallery()
        else:
            self.open(notebook, session.query.get("run"))

    # The gallery

    def gallery(self, _: object = None) -> None:
        """All notebooks, as cards."""
        self._forget()
        found = self.reports.notebooks
        self.session.browser.address(self.session.link("reports"))
        if not found:
            why = self.loc.t(
                "Aucun notebook dans {folder} : celui qu’un analyste y dépose paraît ici. "
                "Le dossier se règle dans workbench.toml, à « notebooks ».",
                folder=self.session.settings.notebooks,
            )
            self.view.objects = [states.html(states.empty(self.loc, why))]
            return
        last: dict[str, Run] = {}
        for run in self.reports.runs(self.session.viewer):
            last.setdefault(run.notebook, run)
        self.view.objects = [
            cards.board(*(self._card(one, last.get(one.name)) for one in found.values()))
        ]

    def _card(self, notebook: Notebook, last: Run | None) -> Any:
        loc = self.loc
        said = loc.t("Pas encore établi par vous.")
        if last is not None:
            state = loc.t(words.STATES[last.progress.state])
            said = loc.t(
                "Dernier : {when} · {state}", when=words.moment(last, loc), state=state.lower()
            )
        return pmui.Clickable(
            states.html(
                cards.heading(loc, loc.t(notebook.title), loc.t(notebook.question))
                + f'<div class="head"><div><p>{escape(said)}</p></div></div>'
            ),
            on_click=lambda _: self.open(notebook),
            css_classes=["card", "w4", "report"],
            sizing_mode="stretch_width",
            margin=0,
        )

    # One notebook

    def open(self, notebook: Notebook, run: str | None = None) -> None:
        """A notebook: its form, its past runs, and the result of one of them."""
        loc = self.loc
        self._forget()
        shown = None
        if run is not None:
            try:
                shown = self.reports.find(run, self.session.viewer)
            except WorkbenchError:
                shown = None
        self.form = Form(self.session, notebook, shown.parameters if shown else None)
        go = self._button(loc.t("Établir le rapport"), "play_arrow", lambda: self._start(notebook))
        go.variant = "contained"
        back = self._button(loc.t("Tous les rapports"), "arrow_back", self.gallery)
        form = pn.Column(
            states.html(cards.heading(loc, loc.t(notebook.title), loc.t(notebook.question))),
            pn.Column(*self.form.widgets.values(), go, margin=(12, 0, 0, 0)),
            css_classes=["card", "w12"],
            sizing_mode="stretch_width",
            margin=0,
        )
        past = pn.Column(
            self.past, css_classes=["card", "w12"], sizing_mode="stretch_width", margin=0
        )
        result = pn.Column(
            self.result, css_classes=["card", "w8"], sizing_mode="stretch_width", margin=0
        )
        self.view.objects = [back, cards.board(cards.stack(form, past, width=4), result)]
        self._list(notebook)
        if shown is not None:
            self._follow(shown)
        else:
            self._address(notebook.name)
            why = loc.t("Choisissez les paramètres, puis établissez le rapport : il se lira ici.")
            self.result.objects = [states.html(states.empty(loc, why), min_height=320)]

    def _start(self, notebook: Notebook) -> None:
        assert self.form is not None  # noqa: S101 - the button stands below it
        viewer = self.session.viewer
        try:
            run = self.reports.start(notebook.name, self.form.values, viewer=viewer)
        except WorkbenchError as problem:
            self.result.objects = [states.html(states.error(self.loc, problem))]
            return
        self._follow(run)

    def _again(self, run: Run) -> None:
        try:
            self._follow(self.reports.again(run, viewer=self.session.viewer))
        except WorkbenchError as problem:
            self.result.objects = [states.html(states.error(self.loc, problem))]

    def _follow(self, run: Run) -> None:
        """Show how a run goes until it is over, then its result."""
        self._forget()
        self.run = run
        self._address(run.notebook, run.id)
        self._show(run.progress)
        if not run.progress.state.over:
            self.look = pn.state.add_periodic_callback(self._look, period=LOOK_MS)

    def _look(self) -> None:
        if self.run is None:
            return
        progress = self.run.progress
        if progress.state.over:
            self._forget(keep=True)
        self._show(progress)

    def _forget(self, *, keep: bool = False) -> None:
        """Look no longer at a run; it goes on by itself."""
        if self.look is not None:
            self.look.stop()
            self.look = None
        if not keep:
            self.run = None

    def _show(self, progress: Progress) -> None:
        run = self.run
        assert run is not None  # noqa: S101 - whoever shows has one
        if progress.state.over:
            self.result.objects = self._outcome(run, progress)
            self._list(self.reports.notebooks.get(run.notebook))
            return
        said = self.loc.t("Le rapport démarre ; si deux autres sont en cours, il attend son tour.")
        if progress.state is State.RUNNING:
            said = self.loc.t("Préparation…")
        if progress.cells:
            said = self.loc.t("Cellule {n} sur {all}", n=progress.cell, all=progress.cells)
        self.said.object = self._status(run, said)
        self.bar.param.update(**words.filled(progress))
        if self.said in self.result.objects:
            return
        stop = self._button(self.loc.t("Arrêter"), "stop", None)

        async def stopped(_: object) -> None:
            stop.disabled = True
            await asyncio.to_thread(self.reports.stop, run, self.session.viewer)

        stop.on_click(stopped)
        self.result.objects = [self.said, self.bar, stop]

    def _status(self, run: Run, said: str) -> str:
        return cards.heading(self.loc, self.loc.t(run.title), said)

    def _outcome(self, run: Run, progress: Progress) -> list[Any]:
        """The report; or why there is none, in the words that its reader needs."""
        loc = self.loc
        again = self._button(loc.t("Refaire"), "replay", lambda: self._again(run))
        head = states.html(cards.heading(loc, loc.t(run.title), words.choices(run, loc)))
        if progress.state is State.DONE:
            return [head, pn.Row(*self._reads(run), again, margin=0), self._frame(run)]
        if progress.state is State.STOPPED:
            said = words.told(loc.t("Rapport arrêté"), loc.t("Il a été arrêté avant la fin."))
        else:
            said = words.failure(run, progress, self.session)
        return [head, again, states.html(said)]

    def _frame(self, run: Run) -> ReportFrame:
        return ReportFrame(  # type: ignore[no-untyped-call]
            address=address(run.id),
            label=self.loc.t(run.title),
            sizing_mode="stretch_width",
            margin=0,
        )

    def _reads(self, run: Run) -> list[Any]:
        loc = self.loc
        name = file_name(loc.t(run.title), words.day(run), "html")
        return [
            pmui.FileDownload(
                callback=lambda: self._file(run),
                filename=name,
                label=loc.t("Télécharger"),
                icon="download",
                variant="text",
                size="small",
                margin=0,
            ),
            pmui.Button(
                label=loc.t("Ouvrir à part"),
                icon="open_in_new",
                href=address(run.id),
                target="_blank",
                variant="text",
                size="small",
                margin=0,
            ),
        ]

    def _file(self, run: Run) -> io.BytesIO:
        """The report as one file, if its reader may see it still."""
        return io.BytesIO(self.reports.download(self.reports.find(run.id, self.session.viewer)))

    # Past runs

    def _list(self, notebook: Notebook | None) -> None:
        loc = self.loc
        if notebook is None:
            return
        runs = self.reports.runs(self.session.viewer, notebook.name)[:PAST]
        head = states.html(cards.heading(loc, loc.t("Déjà établis")))
        if not runs:
            self.past.objects = [
                head,
                states.html(cards.heading(loc, "", loc.t("Aucun pour l’instant."))),
            ]
            return
        self.past.objects = [head, *(self._line(notebook, run) for run in runs)]

    def _line(self, notebook: Notebook, run: Run) -> Any:
        loc = self.loc
        when, state = words.moment(run, loc), loc.t(words.STATES[run.progress.state])
        said = (
            f'<div class="head"><div><p><b>{escape(when)}</b> · {escape(state)}<br>'
            f"{escape(words.choices(run, loc))}</p></div></div>"
        )
        return pmui.Clickable(
            states.html(said),
            on_click=lambda _: self.open(notebook, run.id),
            css_classes=["past-run"],
            sizing_mode="stretch_width",
            margin=0,
        )

    def _button(self, label: str, icon: str, act: Callable[..., None] | None) -> Any:
        button = pmui.Button(label=label, icon=icon, variant="text", size="small", margin=0)
        if act is not None:
            button.on_click(lambda _: act())
        return button

    def _address(self, notebook: str, run: str | None = None) -> None:
        self.session.browser.address(self.session.link("reports", notebook=notebook, run=run))


def view(session: Session) -> pn.Column:
    """The page."""
    return Desk(session).view


PAGE = Page(
    "reports",
    msg("Rapports"),
    "description",
    msg("Qu’est-ce qu’un analyste a préparé pour moi ?"),
    view,
    order=9,
    filters=False,
)
