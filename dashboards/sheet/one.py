"""One account as its sheet has it: in the viewer's scope, of the last 12 months."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dashboards.filters import USUAL, span
from workbench.figures import marks
from workbench.metrics import hierarchy

if TYPE_CHECKING:
    import pandas as pd

    from dashboards.session import Scope, Session
    from workbench.store.dataset import Dataset


class One:
    """One account, in the viewer's scope; the filter bar's team and segment don't narrow it."""

    def __init__(self, session: Session, account: int) -> None:
        self.session = session
        self.account = account

    def scope(self, scope: Scope) -> Scope:
        """The same date, without the other filters; of 12 months, whatever period was chosen."""
        data = self.session.whole()
        return replace(scope, data=data, span=span(USUAL, data.as_of))

    def alone(self, scope: Scope) -> Dataset:
        """The rows of this account alone."""
        return self.scope(scope).data.where(accounts=[self.account])

    def row(self, scope: Scope) -> marks.Row:
        """The account."""
        frame = self.scope(scope).data.table("accounts")
        return marks.rows(frame[frame["id"] == self.account])[0]

    def own(self, frame: pd.DataFrame, column: str = "account_id") -> pd.DataFrame:
        """The rows of this account."""
        return frame[(frame[column] == self.account).fillna(value=False)]

    def family(self, scope: Scope) -> pd.DataFrame:
        """The group that they belong to, themselves included."""
        own = self.scope(scope)
        frame: pd.DataFrame = hierarchy.account_tree.of(
            own.data, since=own.span.start, until=own.span.end
        )
        root: pd.Series[Any] = frame.loc[frame["id"] == self.account, "root_id"]
        group: pd.DataFrame = frame[frame["root_id"] == root.iloc[0]]
        return group

    def tree(self, scope: Scope) -> marks.Row | None:
        """The account in its group."""
        frame = self.family(scope)
        own = marks.rows(self.own(frame, "id"))
        return own[0] if own else None
