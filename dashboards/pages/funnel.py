"""Funnel: how do suspects become clients, how fast, where do we lose them?"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import panel as pn
import param

from dashboards import cards, states, tables
from dashboards.choice import choice
from dashboards.session import Choices
from dashboards.shell import Page
from workbench.figures import funnel as figures
from workbench.figures import marks
from workbench.locale import SMALLEST_BASE, msg
from workbench.metrics import behind, funnel, status
from workbench.tables import Kind
from workbench.vocabulary import Status

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    import plotly.graph_objects as go

    from dashboards.session import Scope, Session

GROUPS = {
    msg("Par segment"): "segment",
    msg("Par équipe"): "team",
    msg("Par commercial"): "owner",
    msg("Par secteur"): "sector",
}
COHORTS = {msg("Par trimestre d’entrée"): "quarter", msg("Par année d’entrée"): "year"}
TARGETS = {msg("Devenus clients"): "client", msg("Devenus prospects"): "prospect"}


class State(Choices):
    """How the page cuts the accounts."""

    by: Any = param.Selector(default="segment", objects=list(GROUPS.values()))
    cohort: Any = param.Selector(default="quarter", objects=list(COHORTS.values()))
    to: Any = param.Selector(default="client", objects=list(TARGETS.values()))


def stock_number(word: Status) -> Callable[[Scope], cards.Number]:
    """The card of a status: how many, and how many at each month's end."""

    def compute(scope: Scope) -> cards.Number:
        stock = funnel.funnel_stock.of(scope.data).set_index("status")["accounts"]
        history = status.stock_history.of(scope.data, months=scope.span.months)
        history = history[history["status"] == word.value]
        return cards.Number(
            scope.loc.count(stock[word.value]),
            good=word is not Status.SUSPECT,
            **cards.followed(scope.loc, history, "accounts"),
        )

    return compute


def new_number(word: Status) -> Callable[[Scope], cards.Number]:
    """The card of those that newly reached a status in the period."""

    def compute(scope: Scope) -> cards.Number:
        span = {"since": scope.span.start, "until": scope.span.end}
        every = marks.rows(status.new_accounts.of(scope.data, **span))
        found = next(row for row in every if row["kpi"] == word.value)
        months = status.new_accounts_by_month.of(scope.data, **span)
        trend = months.loc[months["status"] == word.value, "accounts"]
        return cards.Number(
            scope.loc.count(found["value"]),
            trend=trend.astype(float).tolist(),
            **cards.compared(scope.loc, found),
        )

    return compute


def new_rows(word: Status) -> Callable[[Scope], tables.Rows]:
    """The accounts that newly reached it in the period."""

    def rows(scope: Scope) -> tables.Rows:
        frame = behind.new_account_rows.of(
            scope.data, since=scope.span.start, until=scope.span.end, reached=word.value
        )
        shown = _accounts(scope, scope.loc.label(word), frame, "reached_on")
        return replace(shown, labels={"reached_on": msg("Depuis le")})

    return rows


def client_rate(scope: Scope) -> cards.Number:
    """The share of those who entered that became clients within a year."""
    found = marks.rows(funnel.funnel_conversion.of(scope.data, by=None))
    if not found or found[0]["client_rate"] is None:
        return cards.Number(scope.loc.percent(None))
    row, months = found[0], funnel.funnel_conversion.of(scope.data, by="month")
    return cards.Number(
        scope.loc.percent(row["client_rate"], base=row["mature"]),
        trend=cards.line(months["client_rate"]),
        note=""
        if row["mature"] < SMALLEST_BASE
        else scope.loc.t(
            "intervalle à 95 % : {interval}",
            interval=marks.interval(scope.loc, row["client_low"], row["client_high"]),
        ),
    )


def stock_rows(word: Status | str) -> Callable[[Scope], tables.Rows]:
    """The accounts that stand there."""

    def rows(scope: Scope) -> tables.Rows:
        frame = funnel.funnel_rows.of(scope.data, status=str(word))
        return _accounts(scope, scope.loc.label(Status, str(word)), frame)

    return rows


def _accounts(scope: Scope, title: str, frame: Any, *more: str) -> tables.Rows:
    return tables.Rows(
        f"{title} · {scope.loc.plural(len(frame), '{n} compte', '{n} comptes')}",
        frame,
        columns=["name", "status", "segment", "owner", *more],
        more=["code", "team"],
        phone=["name", "status", "owner"],
        link=("account", "id"),
    )


def conversion(scope: Scope) -> go.Figure | None:
    """Suspect, prospect, client."""
    frame = funnel.funnel_conversion.of(scope.data, by=None)
    return None if frame.empty else figures.funnel_conversion(frame, loc=scope.loc)


def conversion_rows(scope: Scope, point: dict[str, Any]) -> tables.Rows:
    """The accounts counted in a bar of the funnel."""
    frame = behind.conversion_rows.of(scope.data)
    flag = {
        "suspect": "mature",
        "prospect": "became_prospect",
        "client": "became_client",
    }[point["customdata"]]
    titles = {
        "mature": msg("Entrés depuis un an au moins"),
        "became_prospect": msg("Prospects dans l’année"),
        "became_client": msg("Clients dans l’année"),
    }
    return _accounts(
        scope,
        scope.loc.t(titles[flag]),
        frame[frame[flag]],
        "entered_on",
        "prospect_on",
        "client_on",
    )


def stock(scope: Scope) -> go.Figure:
    """Accounts by status."""
    return figures.funnel_stock(funnel.funnel_stock.of(scope.data), loc=scope.loc)


def view(session: Session) -> pn.Column:
    """The page."""
    loc, state = session.loc, State()
    session.keep(state, "by", "cohort", "to")

    def by_group(scope: Scope) -> go.Figure | None:
        frame = funnel.funnel_stock.of(scope.data, by=state.by)
        return figures.stock_by_group(frame, loc=loc) if frame["accounts"].sum() else None

    def group_rows(scope: Scope, point: dict[str, Any]) -> tables.Rows | None:
        group, word = point["customdata"]
        frame = funnel.funnel_rows.of(scope.data, status=word)
        key = {"owner": "owner_id", "team": "team_id"}.get(state.by, state.by)
        if group == marks.OTHERS:
            stock = funnel.funnel_stock.of(scope.data, by=state.by)
            rest = [marks.key(row) for row in figures.groups_by_size(stock)[marks.CATEGORIES :]]
            here = frame[key].isin(rest) | (frame[key].isna() & (None in rest))
            title = f"{loc.t('Autres')} · {loc.label(Status, word)}"
            return _accounts(scope, title, frame[here])
        here = _in(frame, key, group)
        stock = funnel.funnel_stock.of(scope.data, by=state.by)
        groups = {marks.key(row): marks.named(loc, row) for row in marks.rows(stock)}
        return _accounts(scope, f"{groups[group]} · {loc.label(Status, word)}", frame[here])

    def rate_by_group(scope: Scope, *, every: bool) -> go.Figure | None:
        frame = funnel.funnel_conversion.of(scope.data, by=state.by)
        if not frame["mature"].sum():
            return None
        return figures.conversion_by_group(frame, loc=loc, to=state.to, every=every)

    def rate_rows(scope: Scope, point: dict[str, Any]) -> tables.Rows:
        frame = behind.conversion_rows.of(scope.data, by=state.by)
        key = "group_id" if state.by in {"owner", "team"} else "group"
        group = point["customdata"]
        here = _in(frame, key, group)
        reached = frame[here & frame[f"became_{state.to}"]]
        title = {"client": msg("Clients dans l’année"), "prospect": msg("Prospects dans l’année")}
        return _accounts(scope, loc.t(title[state.to]), reached, "entered_on", f"{state.to}_on")

    def cohorts(scope: Scope) -> go.Figure | None:
        frame = funnel.cohort_curve.of(scope.data, by=state.cohort, to=state.to)
        return None if frame.empty else figures.cohort_curve(frame, loc=loc)

    def cohort_rows(scope: Scope, point: dict[str, Any]) -> tables.Rows:
        group, after = point["customdata"]
        frame = behind.conversion_rows.of(scope.data, by=state.cohort)
        months = f"months_to_{state.to}"
        reached = frame[(frame["group"] == group) & (frame[months] <= after).fillna(value=False)]
        return _accounts(
            scope, marks.named(loc, {"group": group}), reached, "entered_on", f"{state.to}_on"
        )

    def further() -> list[Any]:
        """How fast, and who is lost."""
        return [
            cards.figure(
                session,
                loc.t("En combien de temps devient-on client ?"),
                lambda scope, *, every: curves(scope, state.by, every=every),
                subtitle=loc.t("Depuis l’entrée ; perdu est une issue concurrente"),
                metric="time_to_client",
                rows=lambda scope, point: curve_rows(scope, state.by, point),
                opens=True,
                height=420,
                also=[state.param.by],
            ),
            cards.figure(
                session,
                loc.t("Passages d’un statut à l’autre"),
                transitions,
                subtitle=loc.t(
                    "Dans la période ; durée médiane dans le statut quitté ; hachuré : recul"
                ),
                metric="status_transitions",
                rows=transition_rows,
                height=420,
            ),
            cards.figure(
                session,
                loc.t("Cohortes d’entrée"),
                cohorts,
                subtitle=loc.t(
                    "Part de chaque cohorte arrivée au statut ; hachuré : tous n’ont pas cet âge"
                ),
                metric="cohort_curve",
                rows=cohort_rows,
                height=420,
                width=12,
                also=[state.param.cohort, state.param.to],
                tools=[choice(session, state.param.cohort, msg("Cohortes"), COHORTS)],
            ),
            tables.table(
                session,
                loc.t("Comptes perdus"),
                lost,
                subtitle=loc.t("Perdus, ou revenus de prospect à suspect, dans la période"),
                metric="lost_accounts",
                page_size=8,
                empty=loc.t("Aucun compte perdu dans la période."),
            ),
        ]

    first = cards.board(
        cards.number(
            session,
            loc.t("Suspects"),
            stock_number(Status.SUSPECT),
            metric="funnel_stock",
            rows=stock_rows(Status.SUSPECT),
        ),
        cards.number(
            session,
            loc.t("Prospects"),
            stock_number(Status.PROSPECT),
            metric="funnel_stock",
            rows=stock_rows(Status.PROSPECT),
        ),
        cards.number(
            session,
            loc.t("Clients"),
            stock_number(Status.CLIENT),
            metric="funnel_stock",
            rows=stock_rows(Status.CLIENT),
        ),
        cards.number(
            session,
            loc.t("Nouveaux prospects"),
            new_number(Status.PROSPECT),
            metric="new_accounts",
            rows=new_rows(Status.PROSPECT),
        ),
        cards.number(
            session,
            loc.t("Nouveaux clients"),
            new_number(Status.CLIENT),
            metric="new_accounts",
            rows=new_rows(Status.CLIENT),
        ),
        cards.number(
            session,
            loc.t("Clients un an après l’entrée"),
            client_rate,
            metric="funnel_conversion",
            rows=lambda scope: conversion_rows(scope, {"customdata": "client"}),
        ),
        cards.figure(
            session,
            loc.t("Du suspect au client"),
            conversion,
            subtitle=loc.t(
                "Comptes entrés depuis un an au moins, et ce qu’ils sont devenus en un an ; "
                "intervalle à 95 %"
            ),
            metric="funnel_conversion",
            rows=conversion_rows,
            height=240,
        ),
        cards.figure(
            session,
            loc.t("Stock par statut"),
            stock,
            subtitle=loc.t("Tous les comptes, à la date"),
            metric="funnel_stock",
            rows=lambda scope, point: stock_rows(point["customdata"])(scope),
            height=240,
        ),
        cards.figure(
            session,
            loc.t("Où convertit-on bien, où mal ?"),
            rate_by_group,
            subtitle=loc.t("Part arrivée au statut en un an ; trait : intervalle à 95 %"),
            metric="funnel_conversion",
            rows=rate_rows,
            opens=True,
            height=380,
            also=[state.param.by, state.param.to],
            tools=[
                choice(session, state.param.by, msg("Regrouper"), GROUPS),
                choice(session, state.param.to, msg("Jusqu’à"), TARGETS),
            ],
        ),
        cards.figure(
            session,
            loc.t("Composition, côte à côte"),
            by_group,
            subtitle=loc.t("Statuts au sein de chaque groupe"),
            metric="funnel_stock",
            rows=group_rows,
            height=380,
            also=[state.param.by],
        ),
        _grain(session),
    )
    return cards.later(session, first, further, height=900)


def curves(scope: Scope, by: str, *, every: bool) -> go.Figure | None:
    """How many became clients, by the days since they entered."""
    frame = status.time_to_client.of(scope.data, by=by)
    return None if frame.empty else figures.time_to_client(frame, loc=scope.loc, every=every)


def curve_rows(scope: Scope, by: str, point: dict[str, Any]) -> tables.Rows:
    """The accounts of a group that had become clients by the day of a curve."""
    group, day = point["customdata"]
    frame = behind.time_rows.of(scope.data, by=by, within_days=int(day))
    key = "group_id" if by in {"owner", "team"} else "group"
    title = scope.loc.plural(day, "Clients en {n} jour au plus", "Clients en {n} jours au plus")
    shown = frame[_in(frame, key, group)]
    return _accounts(scope, title, shown, "entered_on", "days_to_client")


def _in(frame: pd.DataFrame, key: str, group: Any) -> pd.Series[bool]:
    """Which rows are of a group; None is that of those without."""
    return frame[key].isna() if group is None else frame[key] == group


def _grain(session: Session) -> pn.Column:
    """The note where the funnel changes what it counts, with the way to what follows."""
    loc = session.loc
    address = session.link("pipeline")
    return pn.Column(
        states.html(
            f'<div class="head"><div><h2>{loc.t("Après prospect, on compte des affaires")}</h2>'
            f'<p>{loc.t(GRAIN)} <a href="{address}" style="color:inherit">'
            f"{loc.t('Voir les affaires')}</a></p></div></div>"
        ),
        css_classes=["card", "w12"],
        sizing_mode="stretch_width",
        margin=0,
    )


GRAIN = msg(
    "Suspect et Prospect décrivent le compte ; d’Analyse à Ordre d’achat, c’est l’opportunité qui "
    "avance, et un compte peut en avoir plusieurs."
)


def transitions(scope: Scope) -> go.Figure | None:
    """Moves between statuses in the period."""
    frame = status.status_transitions.of(scope.data, since=scope.span.start, until=scope.span.end)
    return None if frame.empty else figures.status_transitions(frame, loc=scope.loc)


def transition_rows(scope: Scope, point: dict[str, Any]) -> tables.Rows:
    """The moves counted in a bar."""
    origin, target = point["customdata"]
    frame = behind.transition_rows.of(
        scope.data,
        since=scope.span.start,
        until=scope.span.end,
        from_status=origin,
        to_status=target,
    )
    title = f"{scope.loc.label(Status, origin)} → {scope.loc.label(Status, target)}"
    return tables.Rows(
        title,
        frame,
        columns=["name", "segment", "owner", "moved_on", "days"],
        more=["code", "team", "status"],
        phone=["name", "moved_on", "days"],
        link=("account", "id"),
        labels={"moved_on": msg("Passé le"), "days": msg("Jours dans le statut quitté")},
        kinds={"moved_on": Kind.DATE},
    )


def lost(scope: Scope) -> tables.Rows:
    """The accounts lost in the period."""
    frame = status.lost_accounts.of(scope.data, since=scope.span.start, until=scope.span.end)
    return tables.Rows(
        scope.loc.t("Comptes perdus"),
        frame,
        columns=["name", "segment", "owner", "lost_on", "from_status", "days"],
        more=["code", "team", "to_status"],
        phone=["name", "owner", "lost_on"],
        link=("account", "id"),
        labels={"days": msg("Jours dans le statut quitté")},
    )


PAGE = Page(
    "funnel",
    msg("Entonnoir"),
    "filter_alt",
    msg("Comment les suspects deviennent-ils clients, à quelle vitesse, et où les perd-on ?"),
    view,
    order=3,
)
