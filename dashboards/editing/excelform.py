"""The card of the qualification form: download it, send it back filled in, look, then save.

What the file asks for is shown before anything is written; what is saved, refused or met by
somebody else's change is told change by change, and in a copy of the file to download.
"""

from __future__ import annotations

import io
from html import escape
from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui

import workbench
from dashboards import cards, states
from dashboards.filters import told
from workbench.errors import SourceError
from workbench.exports import qualification, received, returned, verdict
from workbench.exports.downloads import file_name
from workbench.exports.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from dashboards.session import Session
    from workbench.exports.returned import Returned
    from workbench.exports.verdict import Said
    from workbench.store.dataset import Dataset

LISTED = 12
"""So many changes of a kind are listed one by one; more are counted, the report has them all."""
CLASSES = {
    Verdict.SAVED: "saved",
    Verdict.REFUSED: "refused",
    Verdict.NOT_YOURS: "forbidden",
    Verdict.CONFLICT: "conflict",
}


class ExcelForm:
    """The card's state: the file that came back, and what became of it.

    Args:
        session: of the page.
        moved: to be called when something was saved.
    """

    def __init__(self, session: Session, moved: Callable[[], Awaitable[None]]) -> None:
        self.session, self.moved = session, moved
        self.found: Returned | None = None
        self.name = ""
        self.told: list[Said] = []
        self.written = False
        loc = session.loc
        self.form = self._download(loc.t("Télécharger le formulaire"), self._form)
        self.answer = self._download(loc.t("Télécharger le rapport"), self._answer)
        self.upload = pmui.FileInput(
            accept=".xlsx",
            label=loc.t("Déposer le formulaire rempli"),
            uploaded_label=loc.t("Déposer un autre formulaire"),
            max_file_size=received.MOST_BYTES,
            variant="outlined",
            size="small",
            margin=(8, 8, 0, 0),
        )
        self.upload.param.watch(self._uploaded, "value")
        self.save = pmui.Button(
            label=loc.t("Importer"),
            icon="save",
            variant="contained",
            size="small",
            margin=(8, 8, 0, 0),
            visible=False,
        )
        self.save.on_click(self._save)
        self.answer.visible = False
        self.said = states.html("")

    def card(self) -> pn.Column:
        """The card."""
        loc = self.session.loc
        how = loc.t("vos fiches à remplir dans Excel ou LibreOffice, puis à déposer ici")
        return pn.Column(
            states.html(cards.heading(loc, loc.t("Excel"), how)),
            pn.FlexBox(self.form, self.upload, self.save, self.answer, margin=0),
            self.said,
            css_classes=["card", "w12", "excel"],
            sizing_mode="stretch_width",
            margin=0,
        )

    def _download(self, label: str, make: Callable[[], io.BytesIO]) -> pmui.FileDownload:
        return pmui.FileDownload(
            callback=make,
            filename="export.xlsx",
            label=label,
            icon="download",
            size="small",
            variant="outlined",
            margin=(8, 8, 0, 0),
        )

    def _form(self) -> io.BytesIO:
        """The form of what the filter bar shows, as it holds today."""
        data = self.session.scope().data
        loc = self.session.loc
        title = loc.t("Formulaire de qualification")
        self.form.filename = file_name(title, data.today, "xlsx")
        today = data.at(data.today)
        return io.BytesIO(
            qualification.write(today, loc=loc, filters=told(loc, today, self.session.filters))
        )

    def _answer(self) -> io.BytesIO:
        self.answer.filename = f"{self.name.removesuffix('.xlsx')}-rapport.xlsx"
        if self.found is None:
            return io.BytesIO()
        loc = self.session.loc
        return io.BytesIO(verdict.report(self.found, self.told, loc, written=self.written))

    def _data(self) -> Dataset:
        settings = self.session.settings
        return workbench.open(settings.database, viewer=self.session.viewer, today=settings.today)

    async def _uploaded(self, event: Any) -> None:
        """Read what was sent, and show what would become of it."""
        if not event.new:
            return
        content, self.name = bytes(event.new), str(self.upload.filename or "")
        self.found = None
        try:
            self.found = await self.session.work(
                lambda: returned.read(content, self._data(), name=self.name)
            )
            await self._tell(written=False)
        except Exception as problem:  # noqa: BLE001 - whatever it is, the card says it
            self._fail(problem)

    async def _save(self, _: object) -> None:
        try:
            await self._tell(written=True)
        except Exception as problem:  # noqa: BLE001 - whatever it is, the card says it
            self._fail(problem)
            return
        await self.moved()

    async def _tell(self, *, written: bool) -> None:
        """Check or save what came back, and show each change."""
        found, loc, rules = self.found, self.session.loc, self.session.settings.rules
        if found is None:
            return

        def work() -> list[Said]:
            told = found.save(rules=rules) if written else found.check(rules=rules)
            return verdict.say(found, told, loc, written=written)

        self.told, self.written = await self.session.work(work), written
        self.said.object = self._listed(found, self.told, written=written)
        self.save.visible = not written and any(one.verdict is Verdict.SAVED for one in self.told)
        self.answer.visible = True

    def _fail(self, problem: Exception) -> None:
        loc = self.session.loc
        self.save.visible = self.answer.visible = False
        if isinstance(problem, SourceError):
            why = escape(loc.say(problem.args[0]))
            self.said.object = f'<div class="edit refused" role="alert"><small>{why}</small></div>'
        else:
            self.said.object = states.error(loc, problem)

    def _listed(self, found: Returned, said: Sequence[Said], *, written: bool) -> str:
        loc = self.session.loc
        summary = verdict.summary(found, said, loc, written=written)
        marks = loc.t(
            "« {file} », exporté par {user} le {day}.",
            file=self.name,
            user=found.marks.user,
            day=loc.date(found.marks.as_of),
        )
        lines = [
            f'<p class="summary" role="status"><b>{escape(summary)}</b></p>',
            f'<p class="hint">{escape(marks)}</p>',
            *(f'<p class="hint">{escape(loc.say(note))}</p>' for note in found.notes),
        ]
        for kind, css in CLASSES.items():
            changes = [one for one in said if one.verdict is kind]
            lines += [_line(one, css) for one in changes[:LISTED]]
            if len(changes) > LISTED:
                more = loc.t("… et {n} autres", n=loc.count(len(changes) - LISTED))
                lines.append(f'<p class="hint">{escape(more)}</p>')
        return "".join(lines)


def _line(one: Said, css: str) -> str:
    place = f"{one.line.sheet} {one.line.row}"
    change = (
        f" · {escape(one.label)} : <del>{escape(one.old)}</del> → <ins>{escape(one.new)}</ins>"
        if one.label
        else ""
    )
    why = f"<br><small>{escape(one.why)}</small>" if one.why else ""
    return (
        f'<div class="edit {css}"><b>{escape(one.name)}</b> ({escape(place)}){change} · '
        f"{escape(one.word)}{why}</div>"
    )
