"""The numbers at the head of an account's sheet, and the rows behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboards import cards, tables
from dashboards.sheet.one import One
from workbench.figures import marks
from workbench.locale import msg
from workbench.metrics import activity, pipeline, receivables, revenue
from workbench.tables import Kind

if TYPE_CHECKING:
    import pandas as pd

    from dashboards.session import Scope


class Numbers(One):
    """What they bought, owe and may buy, and when they were last spoken to."""

    def revenue(self, scope: Scope) -> cards.Number:
        """What they bought in the 12 months up to the date."""
        found = self._bought(scope)
        value = found["revenue"].iloc[0] if len(found) else 0.0
        return cards.Number(scope.loc.compact(value), exact=scope.loc.money(value, cents=True))

    def _bought(self, scope: Scope) -> pd.DataFrame:
        own = self.scope(scope)
        frame = revenue.revenue_by_account.of(own.data, since=own.span.start, until=own.span.end)
        return self.own(frame, "group_id")

    def revenue_rows(self, scope: Scope) -> tables.Rows:
        """The ledger's lines behind it."""
        own = self.scope(scope)
        frame = revenue.revenue_rows.of(own.data, since=own.span.start, until=own.span.end)
        return tables.Rows(
            scope.loc.t("Écritures de vente"),
            self.own(frame),
            columns=["date", "piece", "label", "account_number", "revenue"],
            totals=["revenue"],
            phone=["date", "label", "revenue"],
            labels={"account_number": msg("Compte général")},
            kinds={"account_number": Kind.TEXT},
        )

    def owed(self, scope: Scope) -> cards.Number:
        """What they owe."""
        found = receivables.aged_balance.of(self.scope(scope).data, by="account")
        own = marks.rows(self.own(found, "group_id"))
        late = [row for row in own if row["bucket"] != "not_due" and row["amount"]]
        tree = self.tree(scope)
        value = tree["own_outstanding"] if tree else 0.0
        said = scope.loc.t("dont échu") if late else ""
        return cards.Number(
            scope.loc.compact(value), exact=f"{scope.loc.money(value, cents=True)} {said}".strip()
        )

    def owed_rows(self, scope: Scope) -> tables.Rows:
        """Balance and open items of their ledger customers."""
        frame = receivables.outstanding.of(self.scope(scope).data)
        return tables.Rows(
            scope.loc.t("Encours"),
            self.own(frame),
            columns=[
                "customer",
                "customer_code",
                "balance",
                "open_items",
                "items",
                "lettered_without_balance",
            ],
            totals=["balance", "open_items"],
            phone=["customer", "balance", "items"],
        )

    def open_deals(self, scope: Scope) -> cards.Number:
        """Their open deals."""
        amounts = self.own(pipeline.pipeline_rows.of(self.scope(scope).data))["amount"]
        value = amounts.sum(min_count=min(len(amounts), 1))
        return cards.Number(scope.loc.compact(value), exact=scope.loc.money(value))

    def last_contact(self, scope: Scope) -> cards.Number:
        """When somebody last spoke to them."""
        found = marks.rows(self.own(activity.account_touches.of(self.scope(scope).data), "id"))
        last = found[0]["last_touch"] if found else None
        days = found[0]["days_since"] if found else None
        said = "" if days is None else scope.loc.plural(days, "il y a {n} jour", "il y a {n} jours")
        return cards.Number(scope.loc.date(last), exact=said)

    def touch_rows(self, scope: Scope) -> tables.Rows:
        """The activities with them."""
        data = self.scope(scope).data
        frame = self.own(data.table("activities"))
        reps = data.table("reps").set_index("id")["name"]
        frame = frame.assign(rep=frame["rep_id"].map(reps))
        return tables.Rows(
            scope.loc.t("Actions"),
            frame.sort_values("date", ascending=False),
            columns=["date", "kind", "subject", "rep", "two_way", "minutes"],
            totals=["minutes"],
            phone=["date", "kind", "subject"],
        )
