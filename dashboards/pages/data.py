"""Data: can I trust this?

It is about all that was loaded, whatever the filter bar says elsewhere: a part of the ledger
doesn't balance. What only the whole can tell isn't told to those who see a part.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pandas as pd

from dashboards import cards, mapping, rejected_file, states, tables
from dashboards.cards import Number
from dashboards.editing.settling import Settling
from dashboards.outbox import Outbox
from dashboards.shell import Page
from dashboards.tables import Rows
from workbench.locale import msg
from workbench.metrics import control
from workbench.sources import reasons
from workbench.tables import Kind
from workbench.vocabulary import FIELDS

if TYPE_CHECKING:
    import panel as pn

    from dashboards.session import Scope, Session
    from workbench.store.dataset import Dataset

ENTITY = {"accounts": "account", "contacts": "contact", "opportunities": "opportunity"}

COUNTS = ("read", "new", "changed", "same", "rejected", "deleted")
CONTROL = {
    "debit": msg("débit"),
    "credit": msg("crédit"),
    "balance": msg("solde"),
    "amount": msg("montant HT"),
    "amount_with_tax": msg("montant TTC"),
    "unit_price": msg("prix unitaires"),
    "yearly_amount": msg("montant annuel"),
    "budget": msg("budget"),
}
LABELS = {
    "started_at": msg("Chargé le"),
    "source": msg("Source"),
    "table": msg("Table"),
    "user": msg("Par"),
    "controls": msg("Totaux de contrôle"),
    "read": msg("Lues"),
    "new": msg("Nouvelles"),
    "changed": msg("Modifiées"),
    "same": msg("Inchangées"),
    "rejected": msg("Refusées"),
    "deleted": msg("Supprimées"),
}
NAMES = {
    "account_id": msg("Compte"),
    "created_on": msg("Créée le"),
    "siren": msg("SIREN"),
    "decision_role": msg("Rôle de décision"),
    "email": msg("E-mail"),
}


def everything(scope: Scope) -> Dataset:
    """All that the viewer may see, today: no filter and no date of elsewhere."""
    return scope.data.where().at(scope.data.today)


def loads(scope: Scope) -> Rows:
    """What each load read of each table, and its control totals."""
    loc = scope.loc
    rows = []
    for load in everything(scope).table("loads").sort_values("id", ascending=False).itertuples():
        for part in json.loads(load.report)["tables"]:
            sums = [
                f"{loc.t(FIELDS.get(name, CONTROL.get(name, name)))} {loc.number(value, 2)}"
                for name, value in part["sums"].items()
            ]
            rows.append(
                {
                    "started_at": load.started_at,
                    "source": load.source,
                    "table": loc.t(mapping.TABLES.get(part["table"], part["table"])),
                    "controls": " · ".join(sums),
                    "user": load.user,
                    **{name: part.get(name, 0) for name in COUNTS},
                }
            )
    columns = ["started_at", "source", "table", "user", "controls", *COUNTS]
    return Rows(
        loc.t("Chargements"),
        pd.DataFrame(rows, columns=columns),
        ["started_at", "table", "controls", "read", "new", "rejected"],
        more=["changed", "same", "deleted", "source", "user"],
        phone=["table", "read", "rejected"],
        totals=["read", "new", "changed", "same", "rejected"],
        labels=LABELS,
        kinds={**dict.fromkeys(COUNTS, Kind.COUNT), "started_at": Kind.MOMENT},
    )


def rejected(scope: Scope) -> Rows:
    """The rows that didn't fit, each with its file, line and reason."""
    loc = scope.loc
    frame = everything(scope).table("rejected_rows")
    return Rows(
        loc.t("Lignes refusées"),
        frame.assign(
            table=[loc.t(mapping.TABLES.get(name, name)) for name in frame["table"]],
            reason=[reasons.said(reason, loc) for reason in frame["reason"]],
        ),
        ["file", "line", "table", "reason", "raw"],
        phone=["file", "line", "reason"],
    )


def unmatched(scope: Scope) -> Rows:
    """Customers of the ledger that no account has the code of, with what they bought and owe."""
    return Rows(
        scope.loc.t("Clients du grand livre sans compte"),
        control.unmatched_customers.of(everything(scope)),
        ["customer_code", "customer", "revenue", "balance"],
        phone=["customer", "revenue", "balance"],
        totals=["revenue", "balance"],
        labels={"balance": msg("Encours"), "customer_code": msg("Code client")},
    )


def unmatched_rows(scope: Scope) -> Rows:
    """The lines behind the amount without account."""
    return Rows(
        scope.loc.t("Ventes à des clients sans compte"),
        control.unmatched_sales.of(everything(scope)),
        ["customer_code", "customer", "date", "piece", "label", "revenue"],
        phone=["customer", "date", "revenue"],
        totals=["revenue"],
    )


def quality(scope: Scope) -> Rows:
    """How much of each field is filled in."""
    loc = scope.loc
    frame = control.field_completeness.of(everything(scope))
    return Rows(
        loc.t("Qualité par champ"),
        frame.assign(
            table=[loc.t(mapping.TABLES[ENTITY[name]]) for name in frame["table"]],
            field=[loc.t(NAMES.get(name) or FIELDS.get(name, name)) for name in frame["field"]],
        ),
        ["table", "field", "filled", "missing", "rows"],
        phone=["field", "filled", "missing"],
        labels={
            "field": msg("Champ"),
            "filled": msg("Rempli"),
            "missing": msg("Manquants"),
            "rows": msg("Lignes"),
        },
        kinds={
            "filled": Kind.RATIO,
            "missing": Kind.COUNT,
            "rows": Kind.COUNT,
            "field": Kind.TEXT,
        },
    )


def fresh(scope: Scope) -> Number:
    """The newest date in the data, and when they were loaded."""
    data = everything(scope)
    found = control.freshness.of(data).iloc[0]
    if not found["loads"]:
        return Number(scope.loc.date(None))
    moment = scope.loc.moment(data.table("loads")["started_at"].max().to_pydatetime())
    return Number(
        scope.loc.date(found["data_date"]),
        note=scope.loc.t("chargées le {moment}", moment=moment),
    )


def refused(scope: Scope) -> Number:
    """How many rows were refused."""
    found = control.rejected_total.of(everything(scope)).iloc[0]
    note = scope.loc.t("gardées avec leur motif") if found["rows"] else ""
    return Number(scope.loc.count(found["rows"]), good=False, note=note)


def without_account(scope: Scope) -> Number:
    """What was sold to customers without account."""
    found = control.unmatched_total.of(everything(scope)).iloc[0]
    return Number(
        scope.loc.compact(found["revenue"]),
        exact=scope.loc.money(found["revenue"], cents=True),
        note=scope.loc.plural(found["customers"], "{n} client", "{n} clients"),
    )


def balanced(scope: Scope) -> Number:
    """Debit less credit of the ledger, which is zero."""
    found = control.ledger_balance.of(everything(scope)).iloc[0]
    lines = scope.loc.plural(found["lines"], "{n} écriture", "{n} écritures")
    return Number(scope.loc.money(found["difference"], cents=True), note=lines)


def view(session: Session) -> pn.Column:
    """The page: controls for those who see everything, and for all what was loaded and when."""
    loc, whole = session.loc, not session.viewer.limited
    made: list[Any] = [
        cards.number(session, loc.t("Données du"), fresh, metric="freshness", width=3),
        *(_controls(session) if whole else [_reserved(session)]),
        tables.table(
            session,
            loc.t("Chargements"),
            loads,
            subtitle=loc.t("ce qui a été lu, et les totaux de contrôle"),
            empty=loc.t("Rien n’a encore été chargé : lancez « workbench load »."),
        ),
        Settling(session).view,
        *([Outbox(session).view] if Outbox.shown_to(session) else []),
        *(_misfits(session) if whole else []),
        tables.table(
            session,
            loc.t("Qualité par champ"),
            quality,
            subtitle=loc.t("part des lignes où le champ est rempli"),
            metric="field_completeness",
            empty=loc.t("Aucune donnée chargée."),
        ),
        tables.table(
            session,
            loc.t("Correspondance des colonnes"),
            lambda scope: mapping.rows(scope, session.settings),
            subtitle=loc.t("d’où vient chaque champ, par les préréglages de ce qui a été chargé"),
            empty=loc.t("Aucun fichier de CRM n’a été chargé par un préréglage connu."),
        ),
    ]
    return cards.board(*made)


def _controls(session: Session) -> list[Any]:
    """The cards that say whether the whole holds together."""
    loc = session.loc
    return [
        cards.number(
            session,
            loc.t("Lignes refusées"),
            refused,
            metric="rejected_total",
            rows=rejected,
            width=3,
        ),
        cards.number(
            session,
            loc.t("Ventes sans compte"),
            without_account,
            metric="unmatched_customers",
            rows=unmatched_rows,
            width=3,
        ),
        cards.number(
            session,
            loc.t("Débit − crédit du grand livre"),
            balanced,
            metric="ledger_balance",
            width=3,
        ),
    ]


def _reserved(session: Session) -> Any:
    """Why the controls aren't there."""
    said = session.loc.t(
        "Lignes refusées, clients sans compte et équilibre du grand livre se contrôlent sur toute "
        "l’entreprise : réservés à qui la voit entière. Demandez-les à la direction ou à "
        "l’analyste."
    )
    return cards.still(states.html(f'<div class="head"><p>{said}</p></div>'), width=9)


def _misfits(session: Session) -> list[Any]:
    """What didn't fit: rows refused, and customers of the ledger without account."""
    loc = session.loc
    return [
        tables.table(
            session,
            loc.t("Lignes refusées"),
            rejected,
            subtitle=loc.t("à télécharger, corriger et charger de nouveau"),
            tools=[rejected_file.button(session)],
            width=6,
            empty=loc.t("Aucune ligne n’a été refusée : tout ce qui a été lu est chargé."),
        ),
        tables.table(
            session,
            loc.t("Clients du grand livre sans compte"),
            unmatched,
            subtitle=loc.t("aucun compte ne porte leur code client"),
            metric="unmatched_customers",
            width=6,
            empty=loc.t("Chaque client du grand livre a son compte."),
        ),
    ]


PAGE = Page(
    "data",
    msg("Données"),
    "fact_check",
    msg("Puis-je m’y fier ?"),
    view,
    order=10,
    filters=False,
    live=True,
)
