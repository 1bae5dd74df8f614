"""Revenue: what do clients buy, owe and pay?"""

from __future__ import annotations

import calendar
import datetime as dt
from typing import TYPE_CHECKING, Any

import param

from dashboards import cards, tables
from dashboards.choice import choice
from dashboards.session import Choices
from dashboards.shell import Page
from workbench.figures import marks
from workbench.figures import revenue as figures
from workbench.locale import DASH, msg
from workbench.metrics import dso, receivables, revenue
from workbench.tables import Kind

if TYPE_CHECKING:
    import pandas as pd
    import panel as pn
    import plotly.graph_objects as go

    from dashboards.session import Scope, Session

GROUPS = {
    msg("Par compte"): "account",
    msg("Par groupe"): "group",
    msg("Par segment"): "segment",
    msg("Par commercial"): "owner",
}


class State(Choices):
    """By what revenue is listed."""

    by: Any = param.Selector(default="account", objects=list(GROUPS.values()))


def _period(scope: Scope) -> dict[str, dt.date]:
    return {"since": scope.span.start, "until": scope.span.end}


def _money(scope: Scope, value: float | None, **more: Any) -> cards.Number:
    return cards.Number(scope.loc.compact(value), exact=scope.loc.money(value, cents=True), **more)


def turnover(scope: Scope) -> cards.Number:
    """Revenue of the period."""
    found = marks.rows(revenue.revenue_in_period.of(scope.data, **_period(scope)))[0]
    months = revenue.revenue_by_month.of(scope.data, **_period(scope))
    return _money(
        scope,
        found["value"],
        trend=months["revenue"].astype(float).tolist(),
        **cards.compared(scope.loc, found),
    )


def _due(scope: Scope) -> marks.Row:
    return marks.rows(receivables.overdue.of(scope.data))[0]


def _past(scope: Scope, column: str, *, points: bool = False) -> dict[str, Any]:
    history = dso.overdue_history.of(scope.data, months=scope.span.months)
    return cards.followed(scope.loc, history, column, points=points)


def owed(scope: Scope) -> cards.Number:
    """What is owed in all."""
    return _money(scope, _due(scope)["total"], good=False, **_past(scope, "total"))


def late(scope: Scope) -> cards.Number:
    """What is past its due date."""
    return _money(scope, _due(scope)["overdue"], good=False, **_past(scope, "overdue"))


def late_share(scope: Scope) -> cards.Number:
    """How much of what is owed is late."""
    said = scope.loc.percent(_due(scope)["share"])
    return cards.Number(said, good=False, **_past(scope, "share", points=True))


def waited(scope: Scope) -> cards.Number:
    """Days of sales that what is owed stands for."""
    found = marks.rows(dso.dso.of(scope.data))[0]
    if found["dso"] is None:
        return cards.Number(DASH, note=scope.loc.t("l’encours dépasse toutes les ventes"))
    history = dso.dso_history.of(scope.data, months=scope.span.months)
    return cards.Number(
        scope.loc.t("{days} j", days=scope.loc.count(found["dso"])),
        note=scope.loc.t("de ventes TTC"),
        good=False,
        **cards.followed(scope.loc, history, "dso"),
    )


def unallocated(scope: Scope) -> cards.Number:
    """Revenue that no one customer can be named for."""
    found = revenue.revenue_by_account.of(scope.data, by=None, **_period(scope))
    value = marks.rows(found)[0]["unallocated"] if len(found) else 0.0
    months = revenue.revenue_by_account.of(scope.data, by="month", **_period(scope))
    return _money(scope, value, good=False, trend=cards.line(months["unallocated"]))


def _lines(scope: Scope, title: str, frame: pd.DataFrame) -> tables.Rows:
    return tables.Rows(
        f"{title} · {scope.loc.plural(len(frame), '{n} écriture', '{n} écritures')}",
        frame,
        columns=["date", "piece", "label", "account", "customer_code", "account_number", "revenue"],
        more=["journal", "entry", "debit", "credit", "customer"],
        totals=["revenue"],
        phone=["date", "label", "revenue"],
        link=("account", "account_id"),
        labels={"account_number": msg("Compte général")},
        kinds={"account_number": Kind.TEXT},
    )


def lines(scope: Scope) -> tables.Rows:
    """The ledger's lines of class 70 in the period."""
    frame = revenue.revenue_rows.of(scope.data, **_period(scope))
    return _lines(scope, scope.loc.t("Écritures de vente"), frame)


def unallocated_lines(scope: Scope) -> tables.Rows:
    """The entries that no one customer can be named for."""
    frame = revenue.unallocated_revenue.of(scope.data, **_period(scope))
    reasons = {"none": scope.loc.t("aucun client"), "several": scope.loc.t("plusieurs clients")}
    return tables.Rows(
        scope.loc.t("Chiffre d’affaires non affecté"),
        frame.assign(reason=frame["reason"].map(reasons)),
        columns=["date", "piece", "label", "reason", "revenue"],
        more=["journal", "entry", "customers", "lines"],
        totals=["revenue"],
        phone=["date", "label", "revenue"],
    )


def _items(scope: Scope, title: str, frame: pd.DataFrame) -> tables.Rows:
    return tables.Rows(
        f"{title} · {scope.loc.plural(len(frame), '{n} écriture', '{n} écritures')}",
        frame,
        columns=["customer", "piece", "date", "due_date", "days_past_due", "amount", "owner"],
        more=["customer_code", "label", "journal", "entry", "team", "segment"],
        totals=["amount"],
        phone=["customer", "days_past_due", "amount"],
        link=("account", "account_id"),
        labels={"amount": msg("Montant TTC")},
    )


def open_items(scope: Scope) -> tables.Rows:
    """Every open item."""
    return _items(scope, scope.loc.t("Encours"), receivables.open_item_rows.of(scope.data))


def late_items(scope: Scope) -> tables.Rows:
    """The items past their due date."""
    frame = receivables.open_item_rows.of(scope.data)
    return _items(scope, scope.loc.t("Échu"), frame[frame["bucket"] != "not_due"])


def _nobodys(scope: Scope, by: str) -> pd.DataFrame:
    """The lines of no account, or of one that has no segment where these are listed."""
    rows: pd.DataFrame = revenue.revenue_rows.of(scope.data, **_period(scope))
    if by != "segment":
        return rows[rows["account_id"].isna()]
    accounts = scope.data.table("accounts")
    return rows[~rows["account_id"].isin(accounts.loc[accounts[by].notna(), "id"])]


def bucket_items(scope: Scope, point: dict[str, Any]) -> tables.Rows:
    """The open items of an age."""
    bucket = point["customdata"]
    frame = receivables.open_item_rows.of(scope.data)
    title = figures.bucket_name(bucket, loc=scope.loc)
    return _items(scope, title, frame[frame["bucket"] == bucket])


def by_month(scope: Scope) -> go.Figure | None:
    """Revenue by month, against the year before."""
    frame = revenue.revenue_by_month.of(scope.data, **_period(scope))
    known = frame["revenue"].abs().sum() + frame["last_year"].abs().sum()
    return figures.revenue_by_month(frame, loc=scope.loc) if known else None


def month_lines(scope: Scope, point: dict[str, Any]) -> tables.Rows:
    """The lines of a month."""
    month = point["customdata"]
    frame = revenue.revenue_rows.of(scope.data, **_period(scope))
    title = marks.named(scope.loc, {"group": month})
    return _lines(scope, title, frame[frame["date"].dt.strftime("%Y-%m") == month])


def aged(scope: Scope) -> go.Figure | None:
    """What is owed, by age."""
    frame = receivables.aged_balance.of(scope.data)
    return figures.aged_balance(frame, loc=scope.loc) if frame["items"].sum() else None


def won(scope: Scope) -> go.Figure | None:
    """Won deals, and what became of them."""
    frame = revenue.won_versus_invoiced.of(scope.data, **_period(scope))
    return figures.won_versus_invoiced(frame, loc=scope.loc) if frame["deals"].sum() else None


def won_rows(scope: Scope, point: dict[str, Any]) -> tables.Rows:
    """The deals won in a month, with what was ordered, invoiced and paid."""
    month = point["customdata"][0]
    first = dt.date.fromisoformat(f"{month}-01")
    last = first.replace(day=calendar.monthrange(first.year, first.month)[1])
    frame = revenue.won_versus_invoiced.of(
        scope.data,
        by="deal",
        since=max(first, scope.span.start),
        until=min(last, scope.span.end),
    )
    return tables.Rows(
        marks.named(scope.loc, {"group": month}),
        frame,
        columns=["group", "won", "ordered", "invoiced", "paid", "gap", "invoiced_share"],
        totals=["won", "ordered", "invoiced", "paid", "gap"],
        phone=["group", "won", "invoiced"],
        labels={"group": msg("Affaire"), "won": msg("Gagné")},
        kinds={"won": Kind.MONEY},
    )


def balances(scope: Scope) -> tables.Rows:
    """What each customer owes."""
    frame = receivables.outstanding.of(scope.data)
    return tables.Rows(
        scope.loc.t("Encours par client"),
        frame,
        columns=[
            "customer",
            "account",
            "owner",
            "balance",
            "open_items",
            "items",
            "lettered_without_balance",
        ],
        more=["customer_code"],
        totals=["balance", "open_items", "items", "lettered_without_balance"],
        phone=["customer", "balance", "items"],
        link=("account", "account_id"),
    )


def view(session: Session) -> pn.Column:
    """The page."""
    loc, state = session.loc, State()
    session.keep(state, "by")

    def largest(scope: Scope) -> go.Figure | None:
        frame = revenue.revenue_by_account.of(scope.data, by=state.by, **_period(scope))
        return None if frame.empty else figures.revenue_by_account(frame, loc=loc, by=state.by)

    def group_lines(scope: Scope, point: dict[str, Any]) -> tables.Rows:
        group = point["customdata"]
        frame = revenue.revenue_by_account.of(scope.data, by=state.by, **_period(scope))
        if group == figures.NOBODY and state.by != "owner":
            return _lines(scope, loc.t("Sans compte"), _nobodys(scope, state.by))
        if state.by == "account" and group != marks.OTHERS:
            rows = revenue.revenue_rows.of(scope.data, **_period(scope))
            own = rows[rows["account_id"] == group]
            return _lines(scope, str(own["account"].iloc[0]) if len(own) else "", own)
        names = [row["group"] for row in figures.named(frame, loc=loc, by=state.by)]
        is_known = frame["group"].notna() | frame["group_id"].notna()
        known = frame.assign(group=names)[is_known]
        key = "group" if state.by == "segment" else "group_id"
        if group == figures.NOBODY:  # whose a line was depends on its day
            chosen = frame[~is_known]
        elif group == marks.OTHERS:
            chosen = known.iloc[marks.CATEGORIES :]
        else:
            chosen = known[known[key] == group]
        return tables.Rows(
            loc.t("Chiffre d’affaires"),
            chosen,
            columns=["group", "revenue", "share", "lines"],
            totals=["revenue", "lines"],
            phone=["group", "revenue", "share"],
            labels={"group": msg("Nom")},
            link=("account", "group_id") if state.by in {"account", "group"} else None,
        )

    return cards.board(
        cards.number(
            session,
            loc.t("Chiffre d’affaires"),
            turnover,
            metric="revenue_in_period",
            rows=lines,
        ),
        cards.number(session, loc.t("Encours"), owed, metric="overdue", rows=open_items),
        cards.number(
            session,
            loc.t("Délai de paiement (DSO)"),
            waited,
            metric="dso",
            rows=balances,
        ),
        cards.number(session, loc.t("Échu"), late, metric="overdue", rows=late_items),
        cards.number(session, loc.t("Part échue"), late_share, metric="overdue", rows=late_items),
        cards.number(
            session,
            loc.t("Non affecté"),
            unallocated,
            metric="unallocated_revenue",
            rows=unallocated_lines,
        ),
        cards.figure(
            session,
            loc.t("Chiffre d’affaires par mois"),
            by_month,
            subtitle=loc.t("Classe 70 nette des 709, contre les mêmes jours un an plus tôt"),
            metric="revenue_by_month",
            rows=month_lines,
            height=320,
            width=7,
            empty=loc.t("Le grand livre n’a aucune vente dans ce périmètre."),
        ),
        cards.figure(
            session,
            loc.t("Balance âgée"),
            aged,
            subtitle=loc.t("Pièces ouvertes, par jours de retard sur l’échéance"),
            metric="aged_balance",
            rows=bucket_items,
            height=300,
            width=5,
            empty=loc.t("Aucune pièce ouverte dans ce périmètre."),
        ),
        cards.figure(
            session,
            loc.t("Qui achète le plus ?"),
            largest,
            subtitle=loc.t("Chiffre d’affaires de la période"),
            metric="revenue_by_account",
            rows=group_lines,
            height=440,
            also=[state.param.by],
            tools=[choice(session, state.param.by, msg("Regrouper"), GROUPS)],
            empty=loc.t("Le grand livre n’a aucune vente dans ce périmètre."),
        ),
        cards.figure(
            session,
            loc.t("Du gagné au payé"),
            won,
            subtitle=loc.t("Affaires gagnées chaque mois, et ce qui en a été facturé et payé"),
            metric="won_versus_invoiced",
            rows=won_rows,
            height=320,
            empty=loc.t("Aucune affaire gagnée dans la période."),
        ),
        tables.table(
            session,
            loc.t("Encours par client"),
            balances,
            subtitle=loc.t("Solde du 411 à la date, et pièces encore ouvertes"),
            metric="outstanding",
            page_size=8,
        ),
        tables.table(
            session,
            loc.t("Chiffre d’affaires non affecté"),
            unallocated_lines,
            subtitle=loc.t("Écritures sans client, ou avec plusieurs : montrées, jamais devinées"),
            metric="unallocated_revenue",
            page_size=6,
            empty=loc.t("Tout le chiffre d’affaires de la période a son client."),
        ),
        tables.table(
            session,
            loc.t("Écritures de vente"),
            lines,
            subtitle=loc.t("Lignes de la classe 70 dans la période"),
            metric="revenue_rows",
        ),
    )


PAGE = Page(
    "revenue",
    msg("Chiffre d’affaires"),
    "euro",
    msg("Qu’achètent les clients, que doivent-ils, et que paient-ils ?"),
    view,
    order=6,
)
