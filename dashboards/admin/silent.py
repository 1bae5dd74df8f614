"""The card of people kept too long: who has been silent, who was warned, until when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboards import tables
from dashboards.tables import Rows
from workbench.locale import msg
from workbench.metrics.retention import retention
from workbench.vocabulary import Status

if TYPE_CHECKING:
    import panel as pn

    from dashboards.session import Scope, Session

STATES = {
    "due": msg("À avertir"),
    "warned": msg("Averti"),
    "ready": msg("À anonymiser"),
    "anonymised": msg("Anonymisé"),
    "undated": msg("Sans date connue"),
    "unnamed": msg("À vérifier : ni interlocuteur ni SIREN"),
}
LABELS = {
    "name": msg("Interlocuteur"),
    "last_contact": msg("Dernier contact"),
    "due_on": msg("À conserver jusqu’au"),
    "days_over": msg("Jours de trop"),
    "warned_on": msg("Averti le"),
    "until": msg("Délai jusqu’au"),
    "state": msg("Où en est-on"),
}


def card(session: Session) -> pn.Column:
    """The card."""
    loc, rule = session.loc, session.settings.privacy

    def listed(scope: Scope) -> Rows:
        frame = retention.of(scope.data, years=rule.years)
        return Rows(
            loc.t("Conservation des personnes"),
            frame.assign(
                state=[loc.t(STATES[one]) for one in frame["state"]],
                status=[loc.label(Status, one) for one in frame["status"]],
            ),
            ["name", "account", "status", "last_contact", "due_on", "state", "until"],
            more=["days_over", "warned_on", "owner"],
            phone=["name", "last_contact", "state"],
            labels=LABELS,
        )

    return tables.table(
        session,
        loc.t("Conservation des personnes"),
        listed,
        subtitle=loc.t(
            "muets depuis {years} ans ; « workbench privacy retention » avertit, puis anonymise",
            years=rule.years,
        ),
        metric="retention",
        empty=loc.t("Personne n’est conservé trop longtemps."),
    )
