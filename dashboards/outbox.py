"""The card of what the source has yet to learn: how much waits, the file to import there."""

from __future__ import annotations

import io
from html import escape
from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui

from dashboards import cards, states
from dashboards.session import Slot
from workbench.exports import outbox as files
from workbench.locale import DASH
from workbench.sources import preset as presets
from workbench.store import access, outbox
from workbench.store.outbox import Standing
from workbench.vocabulary import field_name

if TYPE_CHECKING:
    from dashboards.session import Scope, Session
    from workbench.exports.outbox import Export
    from workbench.store.outbox import Entry

SHOWN = 8


class Outbox:
    """The card, for those who may load: it is about everybody's records."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.lines = pn.Column(states.loading(80), sizing_mode="stretch_width", margin=0)
        self.said = states.html("")
        self.slot = session.add(Slot(self._show, self._find, timeless=True))
        loc = session.loc
        title = cards.heading(
            loc,
            loc.t("À renvoyer à la source"),
            loc.t("corrigé ici, pas encore connu du CRM ; le fichier porte ses noms de colonnes"),
        )
        self.view = cards.framed(
            session, self.slot, [states.html(title), self.lines, self.said], width=12, lazy=True
        )

    @staticmethod
    def shown_to(session: Session) -> bool:
        """Whether the viewer has anything to do with it."""
        return session.viewer.role in access.LOADERS

    def _find(self, scope: Scope) -> list[Export]:
        settings = self.session.settings
        named = {one.preset for one in settings.sources if one.kind == "crm"}
        engine = scope.data.engine
        waiting = {entry.source for entry in outbox.waiting(engine)}
        found = {preset.name: preset for preset in map(presets.find, sorted(named))}
        for source in sorted(waiting - set(found)):
            if (presets.FOLDER / f"{source}.toml").is_file():
                found[source] = presets.find(source)
        exports = [
            files.export(engine, preset, settings.currency, self.session.viewer.rights)
            for name, preset in found.items()
            if name in waiting
        ]
        return [one for one in exports if one.entries or one.left]

    def _show(self, found: Any) -> None:
        loc = self.session.loc
        if isinstance(found, Exception):
            self.lines.objects = [states.html(states.error(loc, found))]
        elif not found:
            none = loc.t("Rien à renvoyer : la source connaît tout ce qui a été corrigé ici.")
            self.lines.objects = [states.html(states.empty(loc, none))]
        else:
            self.lines.objects = [part for one in found for part in self._source(one)]

    def _source(self, found: Export) -> list[Any]:
        loc = self.session.loc
        entries = found.entries
        records = len({(one.entity, one.record_id) for one in entries})
        many = loc.plural(len(entries), "{n} valeur", "{n} valeurs")
        of = loc.plural(records, "de {n} fiche", "de {n} fiches")
        told = [f"<b>{escape(found.preset.name)}</b> · {escape(many)} {escape(of)}"]
        failed = [one for one in entries if one.standing is Standing.FAILED]
        if failed:
            refused = loc.plural(
                len(failed), "{n} refusée par la source", "{n} refusées par la source"
            )
            told.append(escape(refused))
        if found.left:
            more = loc.plural(
                len(found.left), "{n} ne peut être renvoyée", "{n} ne peuvent être renvoyées"
            )
            told.append(escape(more))
        lines = "".join(self._line(one, *found.said[one.change]) for one in entries[:SHOWN])
        lines += "".join(
            f'<div class="told">{escape(one.code)} · {escape(loc.t(field_name(one.field)))} : '
            f"{escape(loc.say(why))}</div>"
            for one, why in found.left[:SHOWN]
        )
        rest = max(len(entries) - SHOWN, 0) + max(len(found.left) - SHOWN, 0)
        if rest:
            more = loc.t("et {n} autres", n=loc.count(rest))
            lines += f'<div class="told">{escape(more)}</div>'
        head = states.html(f'<div class="told">{" · ".join(told)}</div>')
        tools = self._tools(found) if entries else []
        return [pn.FlexBox(head, *tools, margin=(0, 0, 8, 0)), states.html(lines)]

    def _line(self, one: Entry, known: str, value: str) -> str:
        loc = self.session.loc
        known, value = known or DASH, value or DASH
        why = f" · {escape(one.reason)}" if one.reason else ""
        return (
            f'<div class="edit"><b>{escape(one.code)}</b> · '
            f"{escape(loc.t(field_name(one.field)))} : {escape(known)} → {escape(value)}{why}</div>"
        )

    def _tools(self, found: Export) -> list[Any]:
        loc = self.session.loc
        done = pmui.Button(
            label=loc.t("Marquer comme importées"),
            icon="check",
            size="small",
            variant="text",
            margin=0,
            visible=False,
        )
        name, _ = found.archive()

        def give() -> io.BytesIO:
            done.visible = True
            return io.BytesIO(found.archive()[1])

        async def mark(_: object) -> None:
            session = self.session
            engine = session.whole().engine
            count = await session.work(
                lambda: outbox.mark(engine, found.entries, Standing.DELIVERED)
            )
            told = loc.plural(count, "{n} valeur marquée", "{n} valeurs marquées")
            self.said.object = f'<div class="told" role="status">{escape(told)}</div>'
            await session.redraw()

        done.on_click(mark)
        file = pmui.FileDownload(
            callback=give,
            filename=name,
            label=loc.t("Télécharger pour la source"),
            icon="download",
            size="small",
            variant="outlined",
            margin=0,
        )
        return [file, done]
