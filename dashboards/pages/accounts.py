"""Accounts: who are our accounts and groups, and what is each worth?"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui
import param

from dashboards import cards, states, tables
from dashboards.choice import choice
from dashboards.pages import pipeline as deals
from dashboards.pages import revenue as sales
from dashboards.session import Choices, Slot
from dashboards.shell import Page
from workbench.figures import hierarchy as figures
from workbench.figures import marks, palette
from workbench.locale import msg
from workbench.metrics import funnel, hierarchy, pipeline, revenue, status
from workbench.vocabulary import Status

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

    from dashboards.session import Scope, Session
    from workbench.locale import Locale

MEASURES = {
    msg("Chiffre d’affaires"): "revenue",
    msg("Affaires en cours"): "pipeline",
    msg("Encours"): "outstanding",
}
SHORT = {"revenue": msg("CA"), "pipeline": msg("affaires"), "outstanding": msg("encours")}
LISTED, MORE = 15, 50
"""So many groups, or accounts found, stand in the tree; so many more with each click."""
SHORTEST = 2
TREE_HEIGHT = 560
OPEN = "sheet"


class State(Choices):
    """What gives accounts their weight."""

    measure: Any = param.Selector(default="revenue", objects=list(MEASURES.values()))


def tree(scope: Scope) -> pd.DataFrame:
    """Every account under its parent, with own and group totals; revenue is the period's."""
    found: pd.DataFrame = hierarchy.account_tree.of(
        scope.data, since=scope.span.start, until=scope.span.end
    )
    return found


def accounts(scope: Scope) -> cards.Number:
    """How many accounts."""
    frame = tree(scope)
    groups = int((frame["parent_id"].isna() & (frame["members"] > 1)).sum())
    history = status.stock_history.of(scope.data, by=None, months=scope.span.months)
    return cards.Number(
        scope.loc.count(len(frame)),
        note=scope.loc.plural(groups, "{n} groupe de sociétés", "{n} groupes de sociétés"),
        **cards.followed(scope.loc, history, "accounts"),
    )


def clients(scope: Scope) -> cards.Number:
    """How many are clients."""
    stock = marks.rows(funnel.funnel_stock.of(scope.data))
    found = next(row for row in stock if row["status"] == Status.CLIENT)
    history = status.stock_history.of(scope.data, months=scope.span.months)
    history = history[history["status"] == Status.CLIENT]
    return cards.Number(
        scope.loc.count(found["accounts"]),
        **cards.followed(scope.loc, history, "accounts"),
    )


def turnover(scope: Scope) -> cards.Number:
    """Revenue of the period."""
    span = {"since": scope.span.start, "until": scope.span.end}
    found = marks.rows(revenue.revenue_in_period.of(scope.data, **span))[0]
    months = revenue.revenue_by_month.of(scope.data, **span)
    return cards.Number(
        scope.loc.compact(found["value"]),
        trend=months["revenue"].astype(float).tolist(),
        exact=scope.loc.money(found["value"], cents=True),
        **cards.compared(scope.loc, found),
    )


def open_amount(scope: Scope) -> cards.Number:
    """Open deals at their full amount."""
    value = marks.rows(pipeline.pipeline_totals.of(scope.data))[0]["amount"]
    history = pipeline.pipeline_history.of(scope.data, months=scope.span.months)
    return cards.Number(
        scope.loc.compact(value),
        exact=scope.loc.money(value),
        **cards.followed(scope.loc, history, "amount"),
    )


def _table(scope: Scope, title: str, frame: pd.DataFrame) -> tables.Rows:
    return tables.Rows(
        f"{title} · {scope.loc.plural(len(frame), '{n} compte', '{n} comptes')}",
        frame,
        columns=[
            "name",
            "status",
            "root",
            "segment",
            "owner",
            "own_revenue",
            "own_pipeline",
            "own_outstanding",
        ],
        more=[
            "code",
            "members",
            "depth",
            "path",
            "group_revenue",
            "group_pipeline",
            "group_outstanding",
        ],
        totals=["own_revenue", "own_pipeline", "own_outstanding"],
        phone=["name", "status", "own_revenue"],
        link=("account", "id"),
        labels={"name": msg("Compte")},
    )


def every_row(scope: Scope) -> tables.Rows:
    """Every account, those that buy most first."""
    frame = tree(scope).sort_values("own_revenue", ascending=False, kind="stable")
    return _table(scope, scope.loc.t("Comptes"), frame)


def client_rows(scope: Scope) -> tables.Rows:
    """The clients."""
    frame = tree(scope)
    return _table(scope, scope.loc.t("Clients"), frame[frame["status"] == Status.CLIENT])


def under(frame: pd.DataFrame, account: int) -> pd.DataFrame:
    """An account and all below it; the frame goes down each branch in turn."""
    place = int((frame["id"] == account).to_numpy().argmax())
    depths = frame["depth"].to_numpy()
    end = place + 1
    while end < len(depths) and depths[end] > depths[place]:
        end += 1
    return frame.iloc[place:end]


def block_rows(scope: Scope, point: dict[str, Any], measure: str) -> tables.Rows:
    """The companies in a block of the icicle, sized by that measure."""
    frame, key = tree(scope), point["customdata"]
    if key in {figures.ALL, marks.OTHERS}:
        groups = figures.heads(frame, measure)
        if key == marks.OTHERS:
            groups = groups.iloc[figures.ROOTS :]
        alone = (groups["members"] == 1).all()
        title = scope.loc.t("Comptes") if alone else scope.loc.t("Groupes")
        return _table(scope, title, frame[frame["root_id"].isin(groups["id"])])
    found = under(frame, int(key))
    return _table(scope, str(found["name"].iloc[0]), found)


class Groups:
    """The tree of groups beside the icicle: search as you type, a click opens the sheet."""

    def __init__(self, session: Session, state: State) -> None:
        self.session = session
        self.state = state
        self.frame: pd.DataFrame | None = None
        loc = session.loc
        self.search = pmui.TextInput(
            label=loc.t("Chercher un compte ou un groupe"),
            size="small",
            sizing_mode="stretch_width",
            margin=(12, 0, 4, 0),
        )
        self.search.param.watch(self._anew, "value_input")
        self.note = states.html("")
        self.tree = pmui.Tree(items=[], multi_select=False, sizing_mode="stretch_width", margin=0)
        # A click on a group opens its branch, one on its button or on a company the sheet.
        self.tree.on_action(OPEN, self._open)
        self.listed = LISTED
        self.more = pmui.Button(
            label=loc.t("Montrer plus"),
            icon="expand_more",
            variant="text",
            size="small",
            margin=0,
            styles=cards.AWAY,
            on_click=self._more,
        )
        self.tree.param.watch(self._chosen, "value")
        slot = session.add(Slot(self.show, tree))
        head = cards.heading(
            loc,
            loc.t("Groupes et comptes"),
            loc.t("Avec tout ce qui est dessous (et en propre) ; un clic ouvre la fiche"),
            "account_tree",
        )
        inside = pn.Column(
            self.note,
            self.tree,
            self.more,
            sizing_mode="stretch_width",
            margin=0,
            height=TREE_HEIGHT - 60,
            scroll="y-auto",
        )
        self.view = cards.framed(session, slot, [states.html(head), self.search, inside], width=5)
        state.param.watch(self._anew, "measure")

    def show(self, found: pd.DataFrame | Exception) -> None:
        """Take the accounts of the present scope."""
        if isinstance(found, Exception):
            self.note.object = states.error(self.session.loc, found)
            return
        self.frame = found
        self._anew()

    def _anew(self, _: object = None) -> None:
        """List from the start: what is on top has changed."""
        self.listed = LISTED
        self.fill()

    def _more(self, _: object) -> None:
        self.listed += MORE
        self.fill()

    def fill(self) -> None:
        """List the largest groups, or what the search finds."""
        if self.frame is None:
            return
        loc, frame = self.session.loc, self.frame
        asked = (self.search.value_input or "").strip().lower()
        if len(asked) >= SHORTEST:
            named = frame["path"].str.lower().str.contains(asked, regex=False)
            coded = frame["code"].str.lower() == asked
            tops = frame[frame["root_id"].isin(frame.loc[named | coded, "root_id"])]
            tops = tops[tops["parent_id"].isna()]
            more = loc.plural(len(tops), "{n} trouvé", "{n} trouvés")
        else:
            tops = frame[frame["parent_id"].isna() & (frame["members"] > 1)]
            more = loc.plural(len(tops), "{n} groupe", "{n} groupes")
            asked = ""
        if tops.empty and not asked:
            self.tree.items, self.more.styles = [], cards.AWAY
            self.note.object = states.empty(
                loc,
                loc.t(
                    "Aucun groupe dans ce périmètre : les comptes seuls sont au tableau, ou se "
                    "trouvent par la recherche."
                ),
            )
            return
        column = f"group_{self.state.measure}"
        tops = tops.sort_values(column, ascending=False, kind="stable")
        if len(tops) > self.listed:
            more += " · " + loc.t("les {n} premiers", n=loc.count(self.listed))
        self.more.styles = cards.HERE if len(tops) > self.listed else cards.AWAY
        self.note.object = f'<div class="head"><p>{more}</p></div>'
        kept = tops["id"].head(self.listed)
        listed = frame[frame["root_id"].isin(kept)]
        self.tree.items = nodes(marks.rows(listed), kept.tolist(), loc, opened=bool(asked))

    def _open(self, item: Any) -> None:
        self.session.go("account", id=item["id"])

    def _chosen(self, event: Any) -> None:
        for item in event.new:
            if not item.get("items"):
                self._open(item)


def worth(row: marks.Row, loc: Locale) -> str:
    """What an account is worth by each measure; of a group its total, then the head's own."""
    said = [loc.label(Status, row["status"])]
    for measure, name in SHORT.items():
        own, group = (loc.compact(row[f"{whose}_{measure}"]) for whose in ("own", "group"))
        told = f"{loc.t(name)} {group}"
        if group != own:
            told += f" ({loc.t('propre {own}', own=own)})"
        said.append(told)
    return " · ".join(said)


def nodes(
    listed: list[marks.Row], tops: list[int], loc: Locale, *, opened: bool
) -> list[dict[str, Any]]:
    """The accounts as the tree takes them, each with its own amounts and its group's."""
    made: dict[Any, dict[str, Any]] = {}
    for row in listed:
        node = {
            "id": str(row["id"]),
            "label": row["name"],
            "secondary": worth(row, loc),
            "open": opened,
            "actions": [{"label": OPEN, "icon": "open_in_new", "inline": True}],
        }
        made[row["id"]] = node
        if row["parent_id"] in made:
            made[row["parent_id"]].setdefault("items", []).append(node)
    return [made[top] for top in tops]


def legend(loc: Locale) -> pn.pane.HTML:
    """Which colour stands for which status."""
    keys = "".join(
        f'<span><i style="background:{palette.STATUS[word]}"></i>{escape(loc.label(word))}</span>'
        for word in Status
    )
    return states.html(f'<div class="legend">{keys}</div>')


def view(session: Session) -> pn.Column:
    """The page."""
    loc, state = session.loc, State()
    session.keep(state, "measure")

    def blocks(scope: Scope) -> go.Figure | None:
        frame = tree(scope)
        if not (frame[f"group_{state.measure}"] > 0).any():
            return None
        return figures.account_tree(frame, loc=loc, column=state.measure)

    return cards.board(
        cards.number(
            session, loc.t("Comptes"), accounts, metric="funnel_stock", rows=every_row, width=3
        ),
        cards.number(
            session, loc.t("Clients"), clients, metric="funnel_stock", rows=client_rows, width=3
        ),
        cards.number(
            session,
            loc.t("Chiffre d’affaires"),
            turnover,
            metric="revenue_in_period",
            rows=sales.lines,
            width=3,
        ),
        cards.number(
            session,
            loc.t("Affaires en cours"),
            open_amount,
            metric="pipeline_totals",
            rows=deals.open_rows,
            width=3,
        ),
        Groups(session, state).view,
        cards.figure(
            session,
            loc.t("Le poids des groupes"),
            blocks,
            subtitle=loc.t(
                "Surface : montant ; couleur : statut ; les comptes seuls sont au tableau"
            ),
            metric="account_tree",
            rows=lambda scope, point: block_rows(scope, point, state.measure),
            width=7,
            height=TREE_HEIGHT,
            also=[state.param.measure],
            tools=[legend(loc), choice(session, state.param.measure, msg("Mesure"), MEASURES)],
            empty=loc.t(
                "Aucun montant dans ce périmètre : choisissez une autre mesure ou période."
            ),
        ),
        tables.table(
            session,
            loc.t("Comptes"),
            every_row,
            subtitle=loc.t("Chiffre d’affaires de la période, en propre ; un clic ouvre la fiche"),
            metric="account_tree",
            empty=loc.t("Aucun compte dans ce périmètre : retirez un filtre."),
        ),
    )


PAGE = Page(
    "accounts",
    msg("Comptes"),
    "account_tree",
    msg("Qui sont nos comptes et nos groupes, et que vaut chacun ?"),
    view,
    order=2,
)
