"""Pipeline: what is in play, how sure, what moves?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import panel as pn
import param

from dashboards import cards, states, tables
from dashboards.choice import choice
from dashboards.editing import corrections
from dashboards.editing.desk import Desk
from dashboards.session import Choices
from dashboards.shell import Page
from workbench.figures import marks
from workbench.figures import pipeline as figures
from workbench.locale import DASH, SMALLEST_BASE, msg
from workbench.metrics import attention, behind, pipeline, wins
from workbench.metrics.moves import Move
from workbench.tables import Kind

if TYPE_CHECKING:
    import datetime as dt

    import pandas as pd
    import plotly.graph_objects as go

    from dashboards.session import Scope, Session

MEASURES = {msg("Montant et pondéré"): "amount", msg("Nombre d’affaires"): "deals"}
GROUPS = {
    msg("Par équipe"): "team",
    msg("Par commercial"): "owner",
    msg("Par segment"): "segment",
    msg("Par produit"): "product",
}
KEYS = {"owner": "owner_id", "team": "team_id"}


class State(Choices):
    """How the page cuts the deals."""

    measure: Any = param.Selector(default="amount", objects=list(MEASURES.values()))
    by: Any = param.Selector(default="team", objects=list(GROUPS.values()))


def _period(scope: Scope) -> dict[str, dt.date]:
    return {"since": scope.span.start, "until": scope.span.end}


def _total(scope: Scope) -> marks.Row:
    return marks.rows(pipeline.pipeline_totals.of(scope.data))[0]


def _past(scope: Scope, column: str) -> dict[str, Any]:
    history = pipeline.pipeline_history.of(scope.data, months=scope.span.months)
    return cards.followed(scope.loc, history, column)


def weighted(scope: Scope) -> cards.Number:
    """Open deals, weighted."""
    value = _total(scope)["weighted"]
    return cards.Number(
        scope.loc.compact(value), exact=scope.loc.money(value), **_past(scope, "weighted")
    )


def amount(scope: Scope) -> cards.Number:
    """Open deals at their full amount."""
    value = _total(scope)["amount"]
    return cards.Number(
        scope.loc.compact(value), exact=scope.loc.money(value), **_past(scope, "amount")
    )


def count(scope: Scope) -> cards.Number:
    """How many open deals."""
    return cards.Number(scope.loc.count(_total(scope)["deals"]), **_past(scope, "deals"))


def stalled_count(scope: Scope) -> cards.Number:
    """How many of them are stalled."""
    count = scope.loc.count(_total(scope)["stalled"])
    return cards.Number(count, good=False, **_past(scope, "stalled"))


def age(scope: Scope) -> cards.Number:
    """How old open deals are on average."""
    days, loc = _total(scope)["age_days"], scope.loc
    return cards.Number(
        DASH if days is None else loc.t("{days} j", days=loc.count(days)),
        good=False,
        **_past(scope, "age_days"),
    )


def rate(scope: Scope) -> cards.Number:
    """Won among those closed in the period."""
    found = marks.rows(wins.win_rate.of(scope.data, by=None, **_period(scope)))
    if not found or found[0]["rate"] is None:
        return cards.Number(scope.loc.percent(None))
    row, before = found[0], scope.span.before
    past = marks.rows(wins.win_rate.of(scope.data, by=None, since=before.start, until=before.end))
    then = _shown(past[0]) if past else None
    months = wins.win_rate.of(scope.data, by="month", **_period(scope))
    return cards.Number(
        scope.loc.percent(row["rate"], base=row["won"] + row["lost"]),
        trend=cards.line(months["rate"]),
        exact=marks.interval(scope.loc, row["low"], row["high"]),
        **cards.moved(scope.loc, Move(_shown(row), then), before, points=True),
    )


def _shown(row: marks.Row) -> float | None:
    """A rate where it is on enough deals to be shown."""
    rate: float | None = row["rate"]
    return rate if row["won"] + row["lost"] >= SMALLEST_BASE else None


def _deals(scope: Scope, title: str, frame: pd.DataFrame) -> tables.Rows:
    return tables.Rows(
        f"{title} · {scope.loc.plural(len(frame), '{n} affaire', '{n} affaires')}",
        frame,
        columns=[
            "name",
            "account",
            "stage",
            "amount",
            "weighted",
            "close_date",
            "stage_days",
            "owner",
        ],
        more=["code", "probability", "age_days", "stalled", "team", "segment", "product"],
        totals=["amount", "weighted"],
        phone=["name", "stage", "amount"],
        link=("account", "account_id"),
        labels={"name": msg("Affaire"), "stalled": msg("Enlisée")},
    )


def open_rows(scope: Scope) -> tables.Rows:
    """Every open deal."""
    return _deals(scope, scope.loc.t("Affaires en cours"), pipeline.pipeline_rows.of(scope.data))


def stalled_rows(scope: Scope) -> tables.Rows:
    """Those that have stood in their stage for too long."""
    frame = pipeline.pipeline_rows.of(scope.data)
    return _deals(scope, scope.loc.t("Affaires enlisées"), frame[frame["stalled"]])


def closed_rows(scope: Scope) -> tables.Rows:
    """Those won or lost in the period."""
    return _closed(scope, pipeline.pipeline_rows.of(scope.data, kind=None))


def _closed(scope: Scope, frame: pd.DataFrame) -> tables.Rows:
    start, end = (str(day) for day in (scope.span.start, scope.span.end))
    closed = frame[frame["kind"].isin(["won", "lost"]) & frame["closed_on"].between(start, end)]
    return tables.Rows(
        scope.loc.t("Affaires closes dans la période"),
        closed,
        columns=["name", "account", "kind", "amount", "closed_on", "loss_reason", "owner"],
        more=["code", "team", "segment", "product", "age_days"],
        totals=["amount"],
        phone=["name", "kind", "amount"],
        link=("account", "account_id"),
        labels={"name": msg("Affaire"), "kind": msg("Issue")},
    )


def stage_rows(scope: Scope, point: dict[str, Any]) -> tables.Rows:
    """The open deals in a stage."""
    frame = pipeline.pipeline_rows.of(scope.data)
    here = frame[frame["stage_id"] == point["customdata"]]
    return _deals(scope, str(here["stage"].iloc[0]) if len(here) else "", here)


def by_month(scope: Scope) -> go.Figure | None:
    """Open deals by expected closing month."""
    frame = pipeline.pipeline_by_stage.of(scope.data, by="closing_month")
    valued = frame["amount"].sum()
    return figures.pipeline_by_month(frame, loc=scope.loc) if valued else None


def month_rows(scope: Scope, point: dict[str, Any]) -> tables.Rows:
    """The open deals that are to close in a month, in a stage."""
    month, stage = point["customdata"]
    frame = pipeline.pipeline_rows.of(scope.data)
    if month is None:
        here, title = frame["closing_month"].isna(), scope.loc.t("sans date")
    else:
        here = frame["closing_month"] == f"{month}-01"
        title = marks.named(scope.loc, {"group": month})
    return _deals(scope, title, frame[here & (frame["stage_id"] == stage)])


def conversion(scope: Scope) -> go.Figure | None:
    """From stage to stage."""
    frame = pipeline.stage_conversion.of(scope.data, **_period(scope))
    if not frame["reached"].sum():
        return None
    return figures.stage_conversion(frame, loc=scope.loc)


def reached_rows(scope: Scope, point: dict[str, Any]) -> tables.Rows:
    """The deals that came to a stage."""
    frame = behind.stage_rows.of(scope.data, stage=point["customdata"], **_period(scope))
    return tables.Rows(
        scope.loc.plural(len(frame), "{n} affaire arrivée là", "{n} affaires arrivées là"),
        frame,
        columns=["name", "account", "furthest", "stage", "amount", "begun_on", "owner"],
        more=["code", "pipeline"],
        totals=["amount"],
        phone=["name", "stage", "amount"],
        link=("account", "account_id"),
        labels={
            "name": msg("Affaire"),
            "furthest": msg("Étape la plus avancée"),
            "begun_on": msg("Commencée le"),
        },
        kinds={"begun_on": Kind.DATE},
    )


def losses(scope: Scope) -> go.Figure | None:
    """Why deals were lost in the period."""
    frame = wins.loss_reasons.of(scope.data, **_period(scope))
    return None if frame.empty else figures.loss_reasons(frame, loc=scope.loc)


def loss_rows(scope: Scope, point: dict[str, Any]) -> tables.Rows:
    """The deals lost for a reason."""
    frame = pipeline.pipeline_rows.of(scope.data, kind="lost")
    reason = point["customdata"]
    here = frame["loss_reason"].isna() if reason is None else frame["loss_reason"] == reason
    return _closed(scope, frame[here])


def stalled(scope: Scope) -> tables.Rows:
    """Stalled deals, those that weigh most first."""
    frame = attention.stalled_deals.of(scope.data)
    return tables.Rows(
        scope.loc.t("Affaires enlisées"),
        frame,
        columns=["name", "account", "amount", "date", "days", "owner"],
        more=["team"],
        totals=["amount"],
        phone=["name", "amount", "days"],
        link=("account", "account_id"),
        labels={
            "name": msg("Affaire"),
            "date": msg("Dans l’étape depuis"),
            "days": msg("Jours dans l’étape"),
        },
    )


def view(session: Session) -> pn.Column:
    """The page."""
    loc, state = session.loc, State()
    session.keep(state, "measure", "by")

    def by_stage(scope: Scope) -> go.Figure | None:
        frame = pipeline.pipeline_by_stage.of(scope.data)
        if not frame["deals"].sum():
            return None
        draw = {"amount": figures.pipeline_by_stage, "deals": figures.deals_by_stage}
        return draw[state.measure](frame, loc=loc)

    def rates(scope: Scope, *, every: bool) -> go.Figure | None:
        frame = wins.win_rate.of(scope.data, by=state.by, **_period(scope))
        known = frame["rate"].notna().any()
        return figures.win_rate(frame, loc=loc, every=every) if known else None

    def rate_rows(scope: Scope, point: dict[str, Any]) -> tables.Rows:
        frame = pipeline.pipeline_rows.of(scope.data, kind=None)
        key, group = KEYS.get(state.by, state.by), point["customdata"]
        here = frame[key].isna() if group is None else frame[key] == group
        return _closed(scope, frame[here])

    whole = cards.board(
        cards.number(
            session, loc.t("En cours, pondéré"), weighted, metric="pipeline_totals", rows=open_rows
        ),
        cards.number(
            session, loc.t("En cours, montant"), amount, metric="pipeline_totals", rows=open_rows
        ),
        cards.number(
            session, loc.t("Affaires en cours"), count, metric="pipeline_totals", rows=open_rows
        ),
        cards.number(
            session, loc.t("Enlisées"), stalled_count, metric="pipeline_totals", rows=stalled_rows
        ),
        cards.number(session, loc.t("Âge moyen"), age, metric="pipeline_totals", rows=open_rows),
        cards.number(session, loc.t("Taux de réussite"), rate, metric="win_rate", rows=closed_rows),
        cards.figure(
            session,
            loc.t("Affaires en cours par étape"),
            by_stage,
            subtitle=loc.t("À la date ; clair : montant, foncé : pondéré par la probabilité"),
            metric="pipeline_by_stage",
            rows=stage_rows,
            height=300,
            also=[state.param.measure],
            tools=[choice(session, state.param.measure, msg("Mesure"), MEASURES)],
            empty=loc.t("Aucune affaire en cours dans ce périmètre."),
        ),
        cards.figure(
            session,
            loc.t("Par mois de signature prévue"),
            by_month,
            subtitle=loc.t("Montant des affaires en cours, empilé par étape"),
            metric="pipeline_by_stage",
            rows=month_rows,
            height=340,
            empty=loc.t("Aucune affaire en cours dans ce périmètre n’a de montant."),
        ),
        cards.figure(
            session,
            loc.t("D’une étape à la suivante"),
            conversion,
            subtitle=loc.t("Affaires commencées dans la période ; trait : intervalle à 95 %"),
            metric="stage_conversion",
            rows=reached_rows,
            height=260,
            width=4,
        ),
        cards.figure(
            session,
            loc.t("Qui gagne ?"),
            rates,
            subtitle=loc.t("Gagnées parmi les affaires closes dans la période"),
            metric="win_rate",
            rows=rate_rows,
            opens=True,
            height=300,
            width=4,
            also=[state.param.by],
            tools=[choice(session, state.param.by, msg("Regrouper"), GROUPS)],
        ),
        cards.figure(
            session,
            loc.t("Pourquoi perd-on ?"),
            losses,
            subtitle=loc.t("Affaires perdues dans la période, par motif"),
            metric="loss_reasons",
            rows=loss_rows,
            height=380,
            width=4,
            empty=loc.t("Aucune affaire perdue dans la période."),
        ),
        tables.table(
            session,
            loc.t("Affaires enlisées"),
            stalled,
            subtitle=loc.t("Dans la même étape depuis plus longtemps que prévu"),
            metric="stalled_deals",
            page_size=8,
            empty=loc.t("Aucune affaire n’est enlisée dans ce périmètre."),
        ),
    )
    return cards.later(session, whole, lambda: correcting(session), height=900)


def correcting(session: Session) -> list[Any]:
    """Where open deals are corrected: what waits to be saved, and the deals."""
    loc = session.loc

    def in_play() -> pd.DataFrame:
        data = session.present().data
        every = corrections.with_accounts(data)
        return every[every["id"].isin(pipeline.pipeline_rows.of(data)["id"])]

    desk = Desk(session)
    deals = desk.table(
        "opportunity",
        corrections.opportunities(
            session.whole(), session.viewer, loc, session.link("account", id="ID")
        ),
        in_play,
    )
    return [
        desk.card(12),
        pn.Column(
            states.html(
                cards.heading(
                    loc,
                    loc.t("Affaires en cours"),
                    loc.t("Le nom ouvre la fiche du compte, les autres cellules se corrigent"),
                    "pipeline_rows",
                )
            ),
            deals.view(),
            tables.foot(session, open_rows),
            css_classes=["card", "w12", "open"],
            sizing_mode="stretch_width",
            margin=0,
        ),
        desk.dock,
    ]


PAGE = Page(
    "pipeline",
    msg("Affaires"),
    "trending_up",
    msg("Qu’est-ce qui est en jeu, avec quelle certitude, et qu’est-ce qui bouge ?"),
    view,
    order=4,
)
