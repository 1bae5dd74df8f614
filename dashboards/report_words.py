"""What is said of a run: its choices, its moment, how far it is, and why it failed."""

from __future__ import annotations

import datetime as dt
from html import escape
from typing import TYPE_CHECKING, Any

from workbench.exports import columns
from workbench.exports.names import LABELS
from workbench.exports.reports import may_read_errors
from workbench.exports.runs import State
from workbench.locale import msg

if TYPE_CHECKING:
    from dashboards.session import Session
    from workbench.exports.notebooks import Value
    from workbench.exports.runs import Progress, Run
    from workbench.locale import Locale

STATES = {
    State.QUEUED: msg("En attente"),
    State.RUNNING: msg("En cours"),
    State.DONE: msg("Terminé"),
    State.FAILED: msg("Échoué"),
    State.STOPPED: msg("Arrêté"),
}
UNSAID = {"as_of", "language"}
BARE = {"by", "team"}
"""Parameters whose values say what they are."""


def told(title: str, text: str) -> str:
    """Instead of a report: what happened, and what to do."""
    return (
        f'<div class="state error" role="status"><b>{escape(title)}</b>'
        f"<span>{escape(text)}</span></div>"
    )


def failure(run: Run, progress: Progress, session: Session) -> str:
    """To an analyst where it went wrong; to others that it did, and whom to ask."""
    loc = session.loc
    if not may_read_errors(session.viewer):
        why = loc.t(
            "Essayez d’autres paramètres, ou donnez à l’analyste la référence {id}.",
            id=run.id[-8:],
        )
        return told(loc.t("Ce rapport n’a pas pu être établi"), why)
    where = loc.t("Cellule {n} sur {all}", n=progress.cell, all=progress.cells)
    return (
        f"<p><b>{escape(where)}</b> · {escape(progress.error)}</p>"
        f'<pre style="overflow-x:auto">{escape(progress.traceback)}</pre>'
    )


def choices(run: Run, loc: Locale) -> str:
    """The parameters of a run, in words: "au 30/09/2026 · Segment · 12 mois"."""
    parts = [loc.t("au {date}", date=loc.date(day(run)))] if run.as_of else []
    for name, value in run.parameters.items():
        if name in UNSAID or value in {"", None}:
            continue
        if name == "period":
            parts.append(loc.t("{n} mois", n=value))
        elif name in BARE:
            parts.append(columns.named(name, value, loc))
        else:
            parts.append(f"{loc.t(LABELS.get(name, name))} : {_value(name, value, loc)}")
    return " · ".join(parts)


def _value(name: str, value: Value, loc: Locale) -> str:
    if isinstance(value, bool):
        return loc.t("oui") if value else loc.t("non")
    return loc.number(value, 2) if isinstance(value, float) else columns.named(name, value, loc)


def day(run: Run) -> dt.date:
    """The date that its numbers stand at; that of the run where it has none."""
    return dt.date.fromisoformat(run.as_of or run.asked[:10])


def moment(run: Run, loc: Locale) -> str:
    """When it was asked for."""
    return loc.moment(dt.datetime.fromisoformat(run.asked))


def filled(progress: Progress) -> dict[str, Any]:
    """How far the bar is; moving while nobody knows."""
    if not progress.cells:
        return {"variant": "indeterminate"}
    return {"variant": "determinate", "value": round(100 * progress.cell / progress.cells)}
