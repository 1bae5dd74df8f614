"""The card of looks: who opened which sheet, and who took a person's data out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboards import tables
from dashboards.tables import Rows
from workbench.locale import msg
from workbench.store.privacy import looks
from workbench.tables import Kind
from workbench.vocabulary import LookKind

if TYPE_CHECKING:
    import panel as pn

    from dashboards.session import Scope, Session

ENTITIES = {"account": msg("Compte"), "contact": msg("Interlocuteur")}
LABELS = {
    "at": msg("Quand"),
    "user": msg("Qui"),
    "kind": msg("Quoi"),
    "entity": msg("Fiche"),
    "name": msg("Nom"),
    "record_id": msg("Numéro"),
}


def card(session: Session) -> pn.Column:
    """The card."""
    loc = session.loc

    def listed(scope: Scope) -> Rows:
        frame = looks.listed(scope.data.engine, session.viewer)
        return Rows(
            loc.t("Fiches consultées"),
            frame.assign(
                kind=[loc.label(LookKind, kind) for kind in frame["kind"]],
                entity=[loc.t(ENTITIES[one]) for one in frame["entity"]],
            ),
            ["at", "user", "kind", "entity", "name"],
            more=["record_id"],
            phone=["at", "user", "name"],
            labels=LABELS,
            kinds={"at": Kind.MOMENT, "kind": Kind.TEXT},
        )

    days = session.settings.privacy.log_days
    return tables.table(
        session,
        loc.t("Fiches consultées"),
        listed,
        subtitle=loc.t(
            "une fois par session et par fiche ; gardé {days} jours", days=loc.count(days)
        ),
        empty=loc.t("Personne n’a encore ouvert de fiche."),
    )
