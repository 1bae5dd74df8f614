"""Overview: what changed, and what needs me?"""

from __future__ import annotations

import calendar
import datetime as dt
from html import escape
from typing import TYPE_CHECKING, Any

import pandas as pd
import panel_material_ui as pmui

from dashboards import cards, states
from dashboards.cards import Number
from dashboards.chips import Chips
from dashboards.session import Slot
from dashboards.shell import Page
from dashboards.tables import Rows
from workbench.figures import funnel as funnel_figures
from workbench.figures import pipeline as pipeline_figures
from workbench.figures import revenue as revenue_figures
from workbench.locale import msg
from workbench.metrics import (
    attention,
    behind,
    dso,
    funnel,
    pipeline,
    quality,
    receivables,
    revenue,
    status,
    wins,
)
from workbench.store import settling
from workbench.vocabulary import Status

if TYPE_CHECKING:
    from collections.abc import Hashable

    import panel as pn
    import plotly.graph_objects as go

    from dashboards.session import Scope, Session

REASONS = {
    "stalled": (msg("Affaires enlisées"), msg("dans l’étape depuis {n} j"), "hourglass_bottom"),
    "slipped": (msg("Signatures repoussées"), msg("repoussée {times} fois"), "event_repeat"),
    "past_close": (msg("Signatures dépassées"), msg("prévue il y a {n} j"), "event_busy"),
    "contract_ends": (
        msg("Contrats concurrents à échéance"),
        msg("contrat concurrent à échéance dans {n} j"),
        "handshake",
    ),
    "late_payer": (msg("Retards de paiement"), msg("facture échue depuis {n} j"), "payments"),
}
MOST = 9
"""So many lines of the list to decide stand on the page; the rest opens."""
THING = ["entity", "id", "name"]
"""What tells one thing that waits from another, whatever its reasons."""


def within(scope: Scope) -> dict[str, dt.date]:
    """The period, as metrics take it."""
    return {"since": scope.span.start, "until": scope.span.end}


# Numbers


def entered(scope: Scope, into: Status) -> Number:
    """Accounts that became prospect, or client, in the period."""
    found = status.new_accounts.of(scope.data, **within(scope)).set_index("kpi").loc[str(into)]
    months = status.new_accounts_by_month.of(scope.data, **within(scope))
    trend = months.loc[months["status"] == str(into), "accounts"]
    return Number(
        scope.loc.count(found["value"]), trend=trend.tolist(), **cards.compared(scope.loc, found)
    )


def in_play(scope: Scope) -> Number:
    """What is open, weighted; against the beginning of the period."""
    now = pipeline.pipeline_totals.of(scope.data).iloc[0]
    past = pipeline.pipeline_history.of(scope.data, months=scope.span.months)
    return Number(
        scope.loc.compact(now["weighted"]),
        exact=scope.loc.money(now["weighted"]),
        **cards.followed(scope.loc, past, "weighted"),
    )


def won(scope: Scope) -> Number:
    """What was won in the period."""
    found = wins.won_in_period.of(scope.data, **within(scope)).set_index("kpi").loc["won_amount"]
    months = wins.won_by_month.of(scope.data, **within(scope))["amount"].tolist()
    said = scope.loc
    return Number(
        said.compact(found["value"]),
        trend=months,
        exact=said.money(found["value"]),
        **cards.compared(said, found),
    )


def turnover(scope: Scope) -> Number:
    """Revenue of the period."""
    found = revenue.revenue_in_period.of(scope.data, **within(scope)).iloc[0]
    months = revenue.revenue_by_month.of(scope.data, **within(scope))["revenue"].tolist()
    said = scope.loc
    return Number(
        said.compact(found["value"]),
        trend=months,
        exact=said.money(found["value"]),
        **cards.compared(said, found),
    )


def late(scope: Scope) -> Number:
    """What clients owe past its due date."""
    found, said = receivables.overdue.of(scope.data).iloc[0], scope.loc
    history = dso.overdue_history.of(scope.data, months=scope.span.months)
    share = said.t("{share} de l’encours", share=said.percent(found["share"]))
    return Number(
        said.compact(found["overdue"]),
        note="" if pd.isna(found["share"]) else share,
        good=False,
        exact=said.money(found["overdue"]),
        **cards.followed(said, history, "overdue"),
    )


# Figures


def by_stage(scope: Scope) -> go.Figure | None:
    """Open deals by stage."""
    frame = pipeline.pipeline_by_stage.of(scope.data)
    if not frame["deals"].sum():
        return None
    return pipeline_figures.pipeline_by_stage(frame, loc=scope.loc)


def revenue_by_month(scope: Scope) -> go.Figure | None:
    """Revenue of the period's months against the year before."""
    frame = revenue.revenue_by_month.of(scope.data, **within(scope))
    known = frame[["revenue", "last_year"]].any(axis=None)
    return revenue_figures.revenue_by_month(frame, loc=scope.loc) if known else None


def won_by_month(scope: Scope) -> go.Figure | None:
    """What was won in the period's months against the year before."""
    frame = wins.won_by_month.of(scope.data, **within(scope))
    known = frame[["amount", "last_year"]].any(axis=None)
    return pipeline_figures.won_by_month(frame, loc=scope.loc) if known else None


def stock(scope: Scope) -> go.Figure | None:
    """Accounts by status."""
    frame = funnel.funnel_stock.of(scope.data)
    return funnel_figures.funnel_stock(frame, loc=scope.loc) if frame["accounts"].sum() else None


# Rows behind them


def account_rows(scope: Scope, now: str) -> Rows:
    """The accounts of a status."""
    return Rows(
        scope.loc.label(Status, now),
        funnel.funnel_rows.of(scope.data, status=now),
        ["name", "segment", "city", "owner", "entered_on"],
        more=["code", "status", "sector", "team", "qualified_on"],
        phone=["name", "segment", "owner"],
        link=("account", "id"),
    )


def entered_rows(scope: Scope, into: Status) -> Rows:
    """The accounts that became so in the period, each once."""
    found = behind.new_account_rows.of(scope.data, reached=str(into), **within(scope))
    return Rows(
        f"{scope.loc.t('Nouveaux')} · {scope.loc.label(into)}",
        found,
        ["name", "reached_on", "status", "segment", "owner"],
        more=["code", "team"],
        phone=["name", "reached_on", "owner"],
        link=("account", "id"),
        labels={"reached_on": msg("Le")},
    )


def deal_rows(scope: Scope, stage: int | None = None) -> Rows:
    """The open deals, or those of a stage."""
    deals, title = pipeline.pipeline_rows.of(scope.data), scope.loc.t("Affaires en cours")
    if stage is not None:
        deals = deals[deals["stage_id"] == stage]
        title = scope.loc.t(str(deals["stage"].iloc[0])) if len(deals) else title
    return Rows(
        title,
        deals,
        ["account", "name", "stage", "amount", "probability", "weighted", "close_date", "owner"],
        more=["code", "age_days", "stage_days", "stalled", "team", "segment", "product"],
        totals=["amount", "weighted"],
        phone=["account", "stage", "weighted"],
        link=("account", "account_id"),
    )


def won_rows(scope: Scope, span: dict[str, dt.date] | None = None) -> Rows:
    """The deals won in the period, or in another span of days."""
    return Rows(
        scope.loc.t("Affaires gagnées"),
        wins.won_rows.of(scope.data, **(span or within(scope))),
        ["account", "name", "won_on", "amount", "owner", "segment"],
        more=["code", "team", "product"],
        totals=["amount"],
        phone=["account", "won_on", "amount"],
        link=("account", "account_id"),
    )


def revenue_rows(scope: Scope, span: dict[str, dt.date] | None = None) -> Rows:
    """The ledger's lines of the period's revenue."""
    return Rows(
        scope.loc.t("Lignes de chiffre d’affaires"),
        revenue.revenue_rows.of(scope.data, **(span or within(scope))),
        ["customer", "date", "piece", "label", "account_number", "revenue"],
        more=["account", "customer_code", "journal", "entry", "debit", "credit"],
        totals=["revenue"],
        phone=["customer", "date", "revenue"],
        link=("account", "account_id"),
    )


def late_rows(scope: Scope) -> Rows:
    """Open items past their due date."""
    items = receivables.open_item_rows.of(scope.data)
    return Rows(
        scope.loc.t("Pièces échues"),
        items[items["days_past_due"] > 0].sort_values("days_past_due", ascending=False),
        ["customer", "piece", "date", "due_date", "days_past_due", "amount", "owner"],
        more=["account", "customer_code", "label", "journal", "entry", "team", "segment"],
        totals=["amount"],
        phone=["customer", "days_past_due", "amount"],
        link=("account", "account_id"),
        labels={"amount": msg("Restant dû TTC")},
    )


def month_of(point: dict[str, Any], scope: Scope) -> dict[str, dt.date]:
    """The days of a clicked month that lie within the period."""
    year, month = map(int, str(point["customdata"]).split("-"))
    last = dt.date(year, month, calendar.monthrange(year, month)[1])
    return {
        "since": max(dt.date(year, month, 1), scope.span.start),
        "until": min(last, scope.span.end),
    }


# To decide


def to_decide(scope: Scope) -> pd.DataFrame:
    """What waits for a decision, the heaviest first."""
    found: pd.DataFrame = attention.to_decide.of(scope.data)
    return found.sort_values("amount", ascending=False, na_position="last", kind="stable")


def once(found: pd.DataFrame, between: str = ", ") -> pd.DataFrame:
    """Each thing that waits once, with its reasons together."""
    reasons = found.groupby(THING, dropna=False, sort=False)["reason"].transform(between.join)
    return found.assign(reason=reasons).drop_duplicates(THING)


def decision_rows(scope: Scope, reason: str | None = None) -> Rows:
    """All that waits for a decision, or what waits for one reason."""
    found = to_decide(scope)
    if reason:
        found = found[found["reason"] == reason]
    title = scope.loc.t(REASONS[reason][0] if reason else "À décider")
    said = {name: scope.loc.t(texts[0]) for name, texts in REASONS.items()}
    return Rows(
        title,
        once(found.assign(reason=found["reason"].map(said))),
        ["account", "reason", "name", "days", "date", "amount", "owner"],
        more=["times", "team"],
        totals=["amount"],
        phone=["account", "reason", "amount"],
        link=("account", "account_id"),
        labels={"name": msg("Objet"), "amount": msg("Montant")},
    )


def why(row: dict[Hashable, Any], scope: Scope) -> str:
    """Why a line waits, in words: "dans l’étape depuis 37 j"."""
    days = 0 if pd.isna(row["days"]) else abs(int(row["days"]))
    times = 0 if pd.isna(row["times"]) else int(row["times"])
    said = scope.loc
    return said.t(REASONS[row["reason"]][1], n=said.count(days), times=said.count(times))


def decisions(session: Session) -> pn.Column:
    """The list to decide: a count for each reason, then the heaviest lines."""
    loc = session.loc
    lines = states.html('<div class="skeleton"></div>', min_height=300)
    every = pmui.Button(label=loc.t("Tout voir"), variant="text", size="small", margin=(4, 0, 0, 0))

    async def open_all(_: object) -> None:
        await session.drill.open(decision_rows)

    every.on_click(open_all)

    async def open_reason(reason: str) -> None:
        await session.drill.open(lambda scope: decision_rows(scope, reason))

    reasons = Chips(open_reason, margin=(8, 0, 4, 0))

    def chip(reason: str, count: int) -> dict[str, str]:
        title, _, icon = REASONS[reason]
        return {"key": reason, "text": f"{loc.t(title)} · {loc.count(count)}", "icon": icon}

    def show(found: tuple[pd.Series[int], int, str] | Exception) -> None:
        if isinstance(found, Exception):
            lines.object = states.error(loc, found)
            return
        counts, things, markup = found
        reasons.items = [chip(reason, counts[reason]) for reason in REASONS if reason in counts]
        lines.object = markup
        every.visible = things > MOST
        every.label = loc.t("Tout voir ({n})", n=loc.count(things))

    def compute(scope: Scope) -> tuple[pd.Series[int], int, str]:
        found = to_decide(scope)
        things = found[THING].drop_duplicates()
        shown = found.merge(things.head(MOST), on=THING)
        said = [why(row, scope) for row in shown.to_dict("records")]
        lines = once(shown.assign(reason=pd.Series(said, shown.index, dtype="str")), " · ")
        return found["reason"].value_counts(), len(things), listed(session, scope, lines)

    slot = session.add(Slot(show, compute, timeless=True))
    head = states.html(
        cards.heading(loc, loc.t("À décider"), loc.t("les plus lourds d’abord"), "to_decide")
    )
    return cards.framed(session, slot, [head, reasons, lines, every], width=7)


def listed(session: Session, scope: Scope, frame: pd.DataFrame) -> str:
    """The first lines as a list, and what else waits on other pages."""
    loc = scope.loc
    if frame.empty:
        others = elsewhere(session, scope)
        nothing = states.empty(loc, loc.t("Rien n’attend de décision dans ce périmètre."))
        return nothing + (f'<ul class="todo">{others}</ul>' if others else "")
    items = []
    for row in frame.to_dict("records"):
        account = None if pd.isna(row["account_id"]) else int(row["account_id"])
        # A deal of nobody stands among the deals; what else has no account is in the ledger only.
        alone = "pipeline" if row["entity"] == "opportunity" else "revenue"
        page = alone if account is None else "account"
        address = escape(session.link(page, id=account))
        who = row["account"] if isinstance(row["account"], str) else row["name"]
        owner = row["owner"] if isinstance(row["owner"], str) else "–"
        reason = row["reason"]
        about = reason if row["name"] == who else f"{row['name']} · {reason}"
        items.append(
            f'<li><a href="{address}"><b>{escape(str(who))}</b><span>{escape(about)}</span></a>'
            f"<em>{escape(loc.money(row['amount']))}</em><small>{escape(owner)}</small></li>"
        )
    return f'<ul class="todo">{"".join(items)}{elsewhere(session, scope)}</ul>'


def elsewhere(session: Session, scope: Scope) -> str:
    """What waits on other pages: conflicts with a source, and gaps in qualifications."""
    loc = scope.loc
    conflicts = len(settling.waiting(scope.data.engine, session.viewer, scope.data.today))
    gaps = len(quality.qualification_gaps.of(scope.data))
    waiting = [
        (
            conflicts,
            loc.plural(
                conflicts,
                "{n} changement en conflit avec la source",
                "{n} changements en conflit avec la source",
            ),
            loc.t("Ouvrir la page Données"),
            "data",
        ),
        (
            gaps,
            loc.plural(gaps, "{n} qualification à compléter", "{n} qualifications à compléter"),
            loc.t("Ouvrir la page Qualification"),
            "qualify",
        ),
    ]
    return "".join(
        f'<li class="more"><a href="{escape(session.link(page))}"><b>{escape(said)}</b>'
        f"<span>{escape(where)}</span></a></li>"
        for count, said, where, page in waiting
        if count
    )


def view(session: Session) -> pn.Column:
    """The page."""
    loc = session.loc
    return cards.board(
        cards.number(
            session,
            loc.t("Nouveaux prospects"),
            lambda scope: entered(scope, Status.PROSPECT),
            metric="new_accounts",
            rows=lambda scope: entered_rows(scope, Status.PROSPECT),
        ),
        cards.number(
            session,
            loc.t("Nouveaux clients"),
            lambda scope: entered(scope, Status.CLIENT),
            metric="new_accounts",
            rows=lambda scope: entered_rows(scope, Status.CLIENT),
        ),
        cards.number(
            session,
            loc.t("En cours, pondéré"),
            in_play,
            metric="pipeline_totals",
            rows=deal_rows,
        ),
        cards.number(session, loc.t("Gagné"), won, metric="won_in_period", rows=won_rows),
        cards.number(
            session,
            loc.t("Chiffre d’affaires"),
            turnover,
            metric="revenue_in_period",
            rows=revenue_rows,
        ),
        cards.number(session, loc.t("Échu"), late, metric="overdue", rows=late_rows),
        decisions(session),
        cards.stack(
            cards.figure(
                session,
                loc.t("Affaires en cours par étape"),
                by_stage,
                subtitle=loc.t("clair : montant, foncé : pondéré"),
                metric="pipeline_by_stage",
                rows=lambda scope, point: deal_rows(scope, int(point["customdata"])),
                timeless=True,
            ),
            cards.figure(
                session,
                loc.t("Chiffre d’affaires par mois"),
                revenue_by_month,
                subtitle=loc.t("face à l’année précédente"),
                metric="revenue_by_month",
                rows=lambda scope, point: revenue_rows(scope, month_of(point, scope)),
                empty=loc.t("Le grand livre n’a aucune vente dans ce périmètre."),
            ),
            width=5,
        ),
        cards.figure(
            session,
            loc.t("Gagné par mois"),
            won_by_month,
            subtitle=loc.t("face à l’année précédente"),
            metric="won_by_month",
            rows=lambda scope, point: won_rows(scope, month_of(point, scope)),
            empty=loc.t("Aucune affaire gagnée dans la période."),
        ),
        cards.figure(
            session,
            loc.t("Comptes par statut"),
            stock,
            subtitle=loc.t("à la date choisie"),
            metric="funnel_stock",
            rows=lambda scope, point: account_rows(scope, point["customdata"]),
            timeless=True,
        ),
    )


PAGE = Page(
    "overview",
    msg("Vue d’ensemble"),
    "dashboard",
    msg("Qu’est-ce qui a changé, et qu’est-ce qui m’attend ?"),
    view,
    1,
)
