"""The card of the team tree: who is under whom, since when, and under whom before."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import pandas as pd

from dashboards import cards, states
from dashboards.session import Slot
from workbench.vocabulary import RepKind

if TYPE_CHECKING:
    import panel as pn

    from dashboards.session import Scope, Session
    from workbench.locale import Locale


class Tree:
    """Reps under their managers on a day, as nested lists."""

    def __init__(self, reps: pd.DataFrame, periods: pd.DataFrame, loc: Locale) -> None:
        self.loc = loc
        self.reps = reps.set_index("id")
        self.periods = periods.sort_values("valid_from")
        known = self.reps["manager_id"].where(self.reps["manager_id"].isin(self.reps.index))
        self.under: dict[int, list[int]] = {}
        for rep, manager in known.sort_index().items():
            self.under.setdefault(0 if pd.isna(manager) else int(manager), []).append(int(str(rep)))
        for below in self.under.values():
            below.sort(key=self._name)

    def html(self) -> str:
        """Everybody, from the top."""
        shown: set[int] = set()
        made = self._list(self.under.get(0, []), shown)
        round_ = [rep for rep in self.reps.index if rep not in shown]  # managers of each other
        return f'<div class="tree">{made}{self._list(round_, shown)}</div>'

    def _list(self, reps: list[int], shown: set[int]) -> str:
        items = []
        for rep in reps:
            if rep not in shown:
                shown.add(rep)
                items.append(
                    f"<li>{self._said(rep)}{self._list(self.under.get(rep, []), shown)}</li>"
                )
        return f"<ul>{''.join(items)}</ul>" if items else ""

    def _name(self, rep: int) -> str:
        return str(self.reps["name"][rep])

    def _said(self, rep: int) -> str:
        loc = self.loc
        one: Any = self.reps.loc[rep]
        kind = f" · {loc.label(RepKind, one['kind'])}" if pd.notna(one["kind"]) else ""
        dates = [
            self._period(period)
            for period in self.periods[self.periods["rep_id"] == rep].itertuples()
        ]
        if pd.notna(one["left_on"]):
            dates.append(loc.t("parti le {day}", day=loc.date(one["left_on"])))
        return (
            f"<b>{escape(self._name(rep))}</b>{escape(kind)}"
            f"<small>{escape(' · '.join(part for part in dates if part))}</small>"
        )

    def _period(self, period: Any) -> str:
        loc = self.loc
        if pd.isna(period.manager_id) or int(period.manager_id) not in self.reps.index:
            return ""
        name = self._name(int(period.manager_id))
        since = loc.date(period.valid_from)
        if pd.isna(period.valid_to):
            return loc.t("chez {name} depuis le {since}", name=name, since=since)
        until = loc.date(period.valid_to)
        return loc.t("chez {name} du {since} au {until}", name=name, since=since, until=until)


def tree(scope: Scope) -> str:
    """The tree as markup; nothing where there is nobody."""
    reps = scope.data.table("reps")
    return Tree(reps, scope.data.table("team_periods"), scope.loc).html() if len(reps) else ""


def card(session: Session) -> pn.Column:
    """The card."""
    loc = session.loc
    body = states.html("")

    def show(found: str | Exception) -> None:
        if isinstance(found, Exception):
            body.object = states.error(loc, found)
        else:
            body.object = found or states.empty(loc, loc.t("Aucun commercial n’est chargé."))

    slot = session.add(Slot(show, tree, timeless=True))
    head = cards.heading(
        loc,
        loc.t("Équipes"),
        loc.t("qui est sous qui : un responsable voit les comptes de tous ceux sous lui"),
    )
    return cards.framed(session, slot, [states.html(head), body], width=6)
