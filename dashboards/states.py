"""What a card shows when it has no picture: loading, nothing to show, or an error.

Nothing to show says why and what to change; an error says what happened, what to do, and a
reference under which the log holds the rest.
"""

from __future__ import annotations

import logging
import secrets
from html import escape
from typing import TYPE_CHECKING, Any

import panel as pn

from dashboards import theme
from workbench.errors import (
    ChangeRefused,
    MissingColumns,
    NotAllowed,
    Reason,
    SettingsError,
    SourceError,
    StoreError,
    UnknownName,
    WorkbenchError,
)
from workbench.locale import msg

if TYPE_CHECKING:
    from collections.abc import Iterable

    from workbench.locale import Locale
    from workbench.vocabulary import Role

log = logging.getLogger("dashboards")

_INBOX = (
    "M19 3H5c-1.1 0-2 .9-2 2v14c0 1.1.9 2 2 2h14c1.1 0 2-.9 2-2V5c0-1.1-.9-2-2-2z"
    "m0 12h-4a3 3 0 0 1-6 0H5V5h14v10z"
)
SAID = {
    SettingsError: msg("Un réglage ou un choix ne convient pas."),
    SourceError: msg("Un fichier est illisible, ou n’est pas ce qu’il devrait être."),
    StoreError: msg("La base est absente, occupée, ou d’une autre version."),
    UnknownName: msg("Ce qui est demandé n’existe pas, ou plus."),
    MissingColumns: msg("Il manque des colonnes aux données."),
    NotAllowed: msg("Ce n’est pas ouvert à votre rôle."),
    ChangeRefused: msg("La modification n’est pas acceptée ; rien n’a été écrit."),
}
"""What happened, by the kind of error: its own message is English, for logs and command lines."""
_WARNING = "M1 21h22L12 2 1 21zm12-3h-2v-2h2v2zm0-4h-2v-4h2v4z"


class Html(pn.pane.HTML):
    """Panel's pane, less the style sheets that it would send again with each new text."""

    def _update(self, ref: str, model: Any) -> None:  # noqa: ARG002 - as Panel calls it
        told = self._get_properties(model.document)
        model.update(**{name: value for name, value in told.items() if name != "stylesheets"})


def html(text: str, *sheets: str, **params: object) -> Html:
    """A pane of our own markup, with the cards' style sheet, and others by name."""
    return Html(  # type: ignore[no-untyped-call]  # Panel's own
        text,
        stylesheets=[theme.sheet(name) for name in ("card", *sheets)],
        sizing_mode="stretch_width",
        margin=0,
        **params,
    )


def loading(height: int) -> pn.pane.HTML:
    """A grey box of that height in pixels, which appears after 150 ms."""
    return html('<div class="skeleton" role="status" aria-busy="true"></div>', height=height)


def _state(icon: str, title: str, text: str, css: str = "") -> str:
    return (
        f'<div class="state {css}" role="status"><svg viewBox="0 0 24 24" aria-hidden="true">'
        f'<path d="{icon}"/></svg><b>{escape(title)}</b><span>{text}</span></div>'
    )


def empty(loc: Locale, why: str = "") -> str:
    """Nothing to show: why, and what to change."""
    hint = why or loc.t(
        "Aucune ligne dans ce périmètre. Retirez un filtre ou choisissez une autre période."
    )
    return _state(_INBOX, loc.t("Rien à afficher"), escape(hint))


def unloaded(loc: Locale) -> str:
    """Nothing was ever loaded: what to do first."""
    hint = loc.t(
        "Déclarez vos fichiers dans workbench.toml, lancez « workbench load », puis rechargez la "
        "page."
    )
    return _state(_INBOX, loc.t("Rien n’a encore été chargé"), escape(hint))


def forbidden(loc: Locale, roles: Iterable[Role]) -> str:
    """The page isn't for the viewer: whose it is, and what to do."""
    hint = loc.t(
        "Réservé au rôle : {roles}. Demandez-lui ce qu’il vous faut, ou choisissez une autre page.",
        roles=", ".join(loc.label(role) for role in roles),
    )
    return _state(_WARNING, loc.t("Cette page ne vous est pas ouverte"), escape(hint))


def error(loc: Locale, problem: Exception) -> str:
    """An error: what happened, what to do, and its reference; the log has the rest."""
    reference = secrets.token_hex(4)
    log.error("reference %s", reference, exc_info=problem)
    act = loc.t("Rechargez la page ; si cela persiste, transmettez cette référence à l’analyste :")
    return _state(
        _WARNING,
        loc.t("L’affichage a échoué"),
        f"{_what(loc, problem)}<br>{escape(act)} <code>{reference}</code>",
        "error",
    )


def _what(loc: Locale, problem: Exception) -> str:
    """What happened in the reader's language; what only an English message tells opens below."""
    if not isinstance(problem, WorkbenchError):
        return escape(loc.t("Une erreur imprévue a empêché l’affichage."))
    message = problem.args[0] if problem.args else str(problem)
    if isinstance(message, Reason):
        return escape(loc.say(message))
    if loc.language == "en":
        return escape(str(message))
    said = next((said for kind, said in SAID.items() if isinstance(problem, kind)), None)
    return (
        f"{escape(loc.t(said or 'Une erreur imprévue a empêché l’affichage.'))}"
        f"<details><summary>{escape(loc.t('Détail technique, en anglais'))}</summary>"
        f'<span lang="en">{escape(str(message))}</span></details>'
    )
