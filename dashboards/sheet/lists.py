"""The lists of an account's sheet: all that happened, deals, documents, contracts, changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from dashboards import tables
from dashboards.sheet import changed
from dashboards.sheet.one import One
from workbench.figures import marks
from workbench.locale import msg
from workbench.metrics import pipeline, sheet
from workbench.store.journal import BEGINNING
from workbench.vocabulary import (
    ActivityKind,
    ContractKind,
    DocumentKind,
    QuoteState,
    Status,
)

if TYPE_CHECKING:
    from dashboards.session import Scope
    from workbench.locale import Locale

EVENTS = {
    "activity": msg("Action"),
    "document": msg("Pièce"),
    "status": msg("Statut"),
    "stage": msg("Affaire"),
    "contract": msg("Contrat"),
}
EDGES = {"begins": msg("début"), "ends": msg("fin")}


class Lists(One):
    """What there is of them, row by row."""

    def timeline(self, scope: Scope) -> tables.Rows:
        """All that happened."""
        loc = scope.loc
        frame = sheet.account_timeline.of(self.scope(scope).data, account=self.account)
        said = [_event(row, loc) for row in marks.rows(frame)]
        frame = frame.assign(
            date=_known(frame["date"]),
            event=[loc.t(EVENTS[event]) for event in frame["event"]],
            word=pd.Series(said, index=frame.index, dtype="str"),
        )
        return tables.Rows(
            loc.t("Chronologie"),
            frame,
            columns=["date", "event", "word", "text", "amount", "who"],
            phone=["date", "word", "text"],
            labels={
                "event": msg("Nature"),
                "word": msg("Quoi"),
                "text": msg("Objet"),
                "who": msg("Qui"),
            },
        )

    def _deals(self, scope: Scope, kind: str | None) -> tables.Rows:
        frame = self.own(pipeline.pipeline_rows.of(self.scope(scope).data, kind=kind))
        return tables.Rows(
            scope.loc.t("Affaires"),
            frame,
            columns=[
                "name",
                "stage",
                "kind",
                "amount",
                "weighted",
                "close_date",
                "stage_days",
                "owner",
            ],
            more=["code", "probability", "created_on", "closed_on", "product", "loss_reason"],
            totals=["amount", "weighted"],
            phone=["name", "stage", "amount"],
            labels={"name": msg("Affaire"), "kind": msg("Issue")},
        )

    def deals(self, scope: Scope) -> tables.Rows:
        """All their deals."""
        return self._deals(scope, None)

    def open_rows(self, scope: Scope) -> tables.Rows:
        """Which they are."""
        return self._deals(scope, "open")

    def documents(self, scope: Scope) -> tables.Rows:
        """Quotes to credit notes, the latest first."""
        frame = self.own(self.scope(scope).data.table("documents"))
        state = [scope.loc.label(QuoteState, value) for value in frame["state"]]
        frame = frame.assign(state=pd.Series(state, index=frame.index, dtype="str"))
        return tables.Rows(
            scope.loc.t("Documents"),
            frame.sort_values("date", ascending=False),
            columns=["date", "kind", "code", "state", "amount", "amount_with_tax", "due_date"],
            phone=["date", "kind", "amount"],
        )

    def contracts(self, scope: Scope) -> tables.Rows:
        """Ours and competitors'."""
        frame = self.own(self.scope(scope).data.table("contracts"))
        kind = [scope.loc.label(ContractKind, value) for value in frame["kind"]]
        frame = frame.assign(kind=pd.Series(kind, index=frame.index, dtype="str"))
        return tables.Rows(
            scope.loc.t("Contrats"),
            frame.sort_values("ends_on", ascending=False),
            columns=["subject", "kind", "competitor", "begins_on", "ends_on", "yearly_amount"],
            totals=["yearly_amount"],
            phone=["subject", "competitor", "ends_on"],
            labels={"kind": msg("Avec qui")},
        )

    def changes(self, scope: Scope) -> tables.Rows:
        """What was changed, by whom."""
        return changed.changes(self.session, self.scope(scope).data, self.account)

    def projects(self, scope: Scope) -> tables.Rows:
        """The deals that were signed and run over months."""
        frame = self.own(self.scope(scope).data.table("projects"))
        return tables.Rows(
            scope.loc.t("Affaires signées"),
            frame.sort_values("starts_on", ascending=False),
            columns=["name", "code", "starts_on", "ends_on", "amount"],
            totals=["amount"],
            phone=["name", "ends_on", "amount"],
            labels={
                "name": msg("Affaire"),
                "starts_on": msg("Début"),
                "ends_on": msg("Fin prévue"),
            },
        )


def _known(days: pd.Series[Any]) -> pd.Series[Any]:
    """The days, none where something held since nobody knows when."""
    return days.mask(days <= pd.Timestamp(BEGINNING))


def _event(row: marks.Row, loc: Locale) -> str:
    word = row["word"]
    kinds = {"activity": ActivityKind, "document": DocumentKind, "status": Status}
    if row["event"] in kinds:
        return loc.label(kinds[row["event"]], word)
    return loc.t(EDGES[word]) if word in EDGES else str(word)
