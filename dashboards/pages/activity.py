"""Activity: what do the reps do, and does it pay?"""

from __future__ import annotations

import datetime as dt
from html import escape
from typing import TYPE_CHECKING, Any

import panel as pn
import param

from dashboards import cards, states, tables
from dashboards.choice import choice
from dashboards.session import Choices, Slot
from dashboards.shell import Page
from workbench.figures import activity as figures
from workbench.figures import marks
from workbench.locale import DASH, SMALLEST_BASE, missing, msg
from workbench.metrics import activity, behind
from workbench.metrics import coverage as coverages
from workbench.metrics.moves import Move
from workbench.vocabulary import ActivityKind

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    import plotly.graph_objects as go

    from dashboards.session import Scope, Session
    from workbench.locale import Locale

LEVELS = {msg("Par commercial"): "rep", msg("Par équipe"): "team"}
GROUPS = {
    msg("Par commercial"): "owner",
    msg("Par équipe"): "team",
    msg("Par segment"): "segment",
}
KEYS = {"owner": "owner_id", "team": "team_id", "segment": "segment"}
WEEKS = 13
LATELY = 90


class State(Choices):
    """How the page cuts the activity."""

    level: Any = param.Selector(default="rep", objects=list(LEVELS.values()))
    by: Any = param.Selector(default="owner", objects=list(GROUPS.values()))


def _period(scope: Scope) -> dict[str, dt.date]:
    return {"since": scope.span.start, "until": scope.span.end}


def _weeks(scope: Scope) -> dict[str, dt.date]:
    """The last quarter of the period, in whole weeks: what a heat map can show on a phone."""
    monday = scope.span.end - dt.timedelta(days=scope.span.end.weekday())
    return {
        "since": max(scope.span.start, monday - dt.timedelta(weeks=WEEKS - 1)),
        "until": scope.span.end,
    }


def kpi(name: str) -> Callable[[Scope], cards.Number]:
    """The card of one number of the period, against the one before."""

    def compute(scope: Scope) -> cards.Number:
        every = marks.rows(activity.activity_in_period.of(scope.data, **_period(scope)))
        found = next(row for row in every if row["kpi"] == name)
        months = activity.activity_by_month.of(scope.data, **_period(scope))
        return cards.Number(
            scope.loc.count(found["value"]),
            trend=cards.line(months[name]),
            **cards.compared(scope.loc, found),
        )

    return compute


def coverage(scope: Scope) -> cards.Number:
    """The share of accounts touched lately."""
    found = marks.rows(coverages.activity_coverage.of(scope.data, by=None, days=LATELY))
    if not found or found[0]["coverage"] is None:
        return cards.Number(scope.loc.percent(None))
    row, chosen = found[0], dict(scope.data.filters)
    history = coverages.coverage_history.of(
        scope.data.where(),  # whose accounts were whose then is known of all alone
        days=LATELY,
        months=scope.span.months,
        reps=chosen.get("reps"),
        segments=chosen.get("segments"),
    )
    return cards.Number(
        scope.loc.percent(row["coverage"], base=row["owned"]),
        exact=marks.interval(scope.loc, row["low"], row["high"]),
        **cards.followed(scope.loc, enough(history), "coverage", points=True),
    )


def enough(history: pd.DataFrame) -> pd.DataFrame:
    """The days with enough accounts to show a rate of; none where today has too few."""
    owned = history["owned"] >= SMALLEST_BASE
    return history[owned & owned.iloc[-1]]


def touches(scope: Scope) -> cards.Number:
    """Activities that a won deal took."""
    span = _period(scope)
    found = marks.rows(activity.touches_per_won.of(scope.data, by=None, **span))
    if not found:
        return cards.Number(scope.loc.number(None))
    row, before = found[0], scope.span.before
    past = marks.rows(
        activity.touches_per_won.of(scope.data, by=None, since=before.start, until=before.end)
    )
    then = _each(past[0]) if past else None
    months = activity.touches_per_won.of(scope.data, by="month", **span)
    return cards.Number(
        scope.loc.number(row["touches_per_deal"], 1, base=row["deals"]),
        trend=cards.line(months["touches_per_deal"]),
        good=False,
        **cards.moved(scope.loc, Move(_each(row), then), before),
    )


def _each(row: marks.Row) -> float | None:
    """Touches per deal where it is of enough deals to be shown."""
    each: float | None = row["touches_per_deal"]
    return each if row["deals"] >= SMALLEST_BASE else None


def _activities(scope: Scope, title: str, frame: pd.DataFrame) -> tables.Rows:
    return tables.Rows(
        f"{title} · {scope.loc.plural(len(frame), '{n} action', '{n} actions')}",
        frame,
        columns=["date", "kind", "account", "subject", "rep", "two_way", "minutes"],
        more=["team", "author"],
        totals=["minutes"],
        phone=["date", "kind", "account"],
        link=("account", "account_id"),
    )


def _done(scope: Scope, **span: dt.date) -> pd.DataFrame:
    return figures.seen(activity.activity_rows.of(scope.data, **span), loc=scope.loc)


def all_rows(scope: Scope) -> tables.Rows:
    """Every activity of the period."""
    frame = _done(scope, **_period(scope))
    return _activities(scope, scope.loc.t("Actions"), frame.sort_values("date", ascending=False))


def two_way_rows(scope: Scope) -> tables.Rows:
    """Those in which the other side took part."""
    frame = _done(scope, **_period(scope))
    return _activities(scope, scope.loc.t("Avec échange"), frame[frame["two_way"]])


def kind_rows(scope: Scope, point: dict[str, Any]) -> tables.Rows:
    """The activities of a kind."""
    kind = point["customdata"]
    frame = _done(scope, **_period(scope))
    if kind == marks.OTHERS:
        all_kinds = activity.activity_by_rep.of(scope.data, by="kind", **_period(scope))
        rest = figures.kinds_by_size(all_kinds, loc=scope.loc)[marks.CATEGORIES :]
        among = frame["kind"].isin([marks.key(row) for row in rest])
        return _activities(scope, scope.loc.t("Autres"), frame[among])
    title = scope.loc.label(ActivityKind, kind)
    return _activities(scope, title, frame[frame["kind"] == kind])


def touched_rows(scope: Scope) -> tables.Rows:
    """The accounts touched in the period, with how often; one may since have changed hands."""
    found = coverages.touched_accounts.of(scope.data, **_period(scope))
    return tables.Rows(
        f"{scope.loc.t('Comptes touchés')} · "
        f"{scope.loc.plural(len(found), '{n} compte', '{n} comptes')}",
        found,
        columns=["account", "status", "segment", "owner", "last_touch", "touches"],
        more=["team"],
        totals=["touches"],
        phone=["account", "last_touch", "touches"],
        link=("account", "account_id"),
    )


def _touched(scope: Scope, title: str, frame: pd.DataFrame) -> tables.Rows:
    return tables.Rows(
        f"{title} · {scope.loc.plural(len(frame), '{n} compte', '{n} comptes')}",
        frame,
        columns=["name", "status", "segment", "owner", "last_touch", "days_since", "touches"],
        more=["code", "team", "touched"],
        totals=["touches"],
        phone=["name", "last_touch", "touches"],
        link=("account", "id"),
    )


def covered_rows(scope: Scope) -> tables.Rows:
    """All accounts, with whether and when they were touched."""
    frame = coverages.account_touches.of(scope.data, days=LATELY)
    return _touched(scope, scope.loc.t("Comptes"), frame[frame["touched"]])


def deal_rows(scope: Scope) -> tables.Rows:
    """The won deals, with the activities that each took."""
    return _won(scope, behind.touch_rows.of(scope.data, **_period(scope)))


def _won(scope: Scope, frame: pd.DataFrame) -> tables.Rows:
    return tables.Rows(
        scope.loc.plural(len(frame), "{n} affaire gagnée", "{n} affaires gagnées"),
        frame,
        columns=["name", "account", "amount", "won_on", "touches", "owner"],
        more=["code", "team", "segment", "product"],
        totals=["amount", "touches"],
        phone=["name", "amount", "touches"],
        link=("account", "account_id"),
        labels={"name": msg("Affaire")},
    )


def by_kind(scope: Scope) -> go.Figure | None:
    """Activities by kind."""
    frame = activity.activity_by_rep.of(scope.data, by="kind", **_period(scope))
    return None if frame.empty else figures.activity_by_kind(frame, loc=scope.loc)


def report(scope: Scope) -> str:
    """What each rep did in the period, in a sentence each, the busiest first."""
    loc = scope.loc
    frame = activity.activity_by_rep.of(scope.data, by="total", **_period(scope))
    if frame.empty:
        return states.empty(loc, loc.t("Aucune action dans ce périmètre."))
    covered = _by_id(coverages.activity_coverage.of(scope.data, by="owner", days=LATELY))
    won = _by_id(activity.touches_per_won.of(scope.data, by="owner", **_period(scope)))
    said = ""
    for row in figures.reps_by_size(frame, loc=loc):
        # A rep who changed team has a row in each; what they own now is told once.
        own = covered.pop(row["rep_id"], None), won.pop(row["rep_id"], None)
        name = " · ".join(name for name in (row["rep"] or loc.t("Sans"), row["team"]) if name)
        said += f"<li><b>{escape(name)}</b> {escape(_sentence(loc, row, *own))}</li>"
    return f'<ul class="report">{said}</ul>{STYLE}'


STYLE = (
    "<style>.report{margin:0;padding:0;list-style:none;columns:360px;column-gap:32px;"
    "font-size:14px;line-height:1.5}.report li{break-inside:avoid;padding:0 0 10px}</style>"
)


def _by_id(frame: pd.DataFrame) -> dict[Any, marks.Row]:
    return {row["group_id"]: row for row in marks.rows(frame)}


def _sentence(
    loc: Locale, done: marks.Row, covered: marks.Row | None, won: marks.Row | None
) -> str:
    done_so = loc.plural(done["activities"], "a mené {n} action", "a mené {n} actions")
    exchanged = loc.t("dont {count} avec échange", count=loc.count(done["two_way"]))
    parts = [f"{done_so}, {exchanged}"]
    if covered and not missing(covered["coverage"]):
        parts.append(
            loc.t(
                "a touché {touched} de ses {owned} comptes en {days} jours ({part})",
                touched=loc.count(covered["touched"]),
                owned=loc.count(covered["owned"]),
                days=loc.count(LATELY),
                part=loc.percent(covered["coverage"], base=covered["owned"]),
            )
        )
    if won and won["deals"]:
        gained = loc.plural(won["deals"], "a gagné {n} affaire", "a gagné {n} affaires")
        if won["deals"] >= SMALLEST_BASE:
            each = loc.number(won["touches_per_deal"], 1)
            gained += ", " + loc.t("en {touches} actions par affaire", touches=each)
        parts.append(gained)
    return loc.t(" ; ").join(parts) + "."


def _report_card(session: Session) -> pn.Column:
    loc = session.loc
    body = states.html("")

    def show(found: str | Exception) -> None:
        body.object = states.error(loc, found) if isinstance(found, Exception) else found

    slot = session.add(Slot(show, report))
    head = cards.heading(
        loc, loc.t("En phrases"), loc.t("Ce que chacun a fait dans la période"), "activity_by_rep"
    )
    return cards.framed(session, slot, [states.html(head), pn.Spacer(height=8), body], width=12)


def view(session: Session) -> pn.Column:
    """The page."""
    loc, state = session.loc, State()
    session.keep(state, "level", "by")

    def heard(scope: Scope) -> bool:
        """Whether any activity was loaded: without, a coverage of 0 % would say too much."""
        return not scope.data.where().table("activities").empty

    def if_heard(compute: Callable[[Scope], cards.Number]) -> Callable[[Scope], cards.Number]:
        nothing = cards.Number(DASH, note=loc.t("aucune action chargée"))
        return lambda scope: compute(scope) if heard(scope) else nothing

    def weeks(scope: Scope) -> go.Figure | None:
        frame = activity.activity_by_rep.of(
            scope.data, by="week", level=state.level, **_weeks(scope)
        )
        return None if frame.empty else figures.activity_by_rep(frame, loc=loc)

    def week_rows(scope: Scope, point: dict[str, Any]) -> tables.Rows:
        who, week = point["customdata"]
        frame = figures.seen(_done(scope, **_weeks(scope)), loc=loc, level=state.level)
        column = f"{state.level}_id"
        own = frame[column].isna() if who is None else frame[column] == who
        title = loc.t("semaine du {day}", day=loc.date(dt.date.fromisoformat(week)))
        return _activities(scope, title, frame[own & (frame["week"] == week)])

    def covered(scope: Scope, *, every: bool) -> go.Figure | None:
        frame = coverages.activity_coverage.of(scope.data, by=state.by, days=LATELY)
        if frame.empty or not heard(scope):
            return None
        return figures.activity_coverage(frame, loc=loc, every=every)

    def group_rows(scope: Scope, point: dict[str, Any]) -> tables.Rows:
        frame = coverages.account_touches.of(scope.data, days=LATELY)
        own = _own(frame, state.by, point["customdata"])
        return _touched(scope, loc.t("Comptes touchés"), frame[own & frame["touched"]])

    def won(scope: Scope, *, every: bool) -> go.Figure | None:
        frame = activity.touches_per_won.of(scope.data, by=state.by, **_period(scope))
        known = frame["touches_per_deal"].notna().any() and heard(scope)
        return figures.touches_per_won(frame, loc=loc, every=every) if known else None

    def won_rows(scope: Scope, point: dict[str, Any]) -> tables.Rows:
        frame = behind.touch_rows.of(scope.data, **_period(scope))
        return _won(scope, frame[_own(frame, state.by, point["customdata"])])

    return cards.board(
        cards.number(
            session,
            loc.t("Actions"),
            kpi("activities"),
            metric="activity_in_period",
            rows=all_rows,
        ),
        cards.number(
            session,
            loc.t("Avec échange"),
            kpi("two_way"),
            metric="activity_in_period",
            rows=two_way_rows,
        ),
        cards.number(
            session,
            loc.t("Comptes touchés"),
            kpi("accounts"),
            metric="activity_in_period",
            rows=touched_rows,
        ),
        cards.number(
            session,
            loc.t("Couverture, 90 jours"),
            if_heard(coverage),
            metric="activity_coverage",
            rows=covered_rows,
            width=3,
        ),
        cards.number(
            session,
            loc.t("Actions par affaire gagnée"),
            if_heard(touches),
            metric="touches_per_won",
            rows=deal_rows,
            width=3,
        ),
        cards.figure(
            session,
            loc.t("Semaine par semaine"),
            weeks,
            subtitle=loc.t("Actions créditées au responsable du compte à leur date"),
            metric="activity_by_rep",
            rows=week_rows,
            width=12,
            height=420,
            also=[state.param.level],
            tools=[choice(session, state.param.level, msg("Lignes"), LEVELS)],
            empty=loc.t("Aucune action dans ce périmètre sur les treize dernières semaines."),
        ),
        cards.figure(
            session,
            loc.t("Par type d’action"),
            by_kind,
            subtitle=loc.t("Actions de la période"),
            metric="activity_by_rep",
            rows=kind_rows,
            width=4,
            height=420,
        ),
        cards.figure(
            session,
            loc.t("Couverture du portefeuille"),
            covered,
            subtitle=loc.t("Comptes touchés en 90 jours, les moins couverts d’abord"),
            metric="activity_coverage",
            rows=group_rows,
            opens=True,
            width=4,
            height=380,
            also=[state.param.by],
            tools=[choice(session, state.param.by, msg("Regrouper"), GROUPS)],
            empty=loc.t("Aucun compte dans ce périmètre, ou aucune action chargée."),
        ),
        cards.figure(
            session,
            loc.t("Ce que coûte une affaire gagnée"),
            won,
            subtitle=loc.t("Actions menées sur les affaires gagnées dans la période"),
            metric="touches_per_won",
            rows=won_rows,
            opens=True,
            width=4,
            height=420,
            also=[state.param.by],
            empty=loc.t("Aucune affaire gagnée dans la période, ou aucune action chargée."),
        ),
        _report_card(session),
        tables.table(
            session,
            loc.t("Actions"),
            all_rows,
            subtitle=loc.t("De la période, les plus récentes d’abord"),
            metric="activity_rows",
        ),
    )


def _own(frame: pd.DataFrame, by: str, group: Any) -> Any:
    column = frame[KEYS[by]]
    return column.isna() if group is None else column == group


PAGE = Page(
    "activity",
    msg("Activité"),
    "event_available",
    msg("Que font les commerciaux, et est-ce que cela paie ?"),
    view,
    order=5,
)
