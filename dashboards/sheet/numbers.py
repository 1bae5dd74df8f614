"""The numbers at the head of an account's sheet, and the rows behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboards import cards, tables
from dashboards.sheet.one import One
from workbench.figures import marks
from workbench.locale import msg
from workbench.metrics import activity, coverage, dso, pipeline, receivables, revenue
from workbench.metrics.moves import Move
from workbench.tables import Kind

if TYPE_CHECKING:
    from dashboards.filters import Span
    from dashboards.session import Scope


class Numbers(One):
    """What they bought, owe and may buy, and when they were last spoken to."""

    def revenue(self, scope: Scope) -> cards.Number:
        """What they bought in the 12 months up to the date."""
        span = self.scope(scope).span
        move = Move(self._bought(scope, span), self._bought(scope, span.before))
        months = revenue.revenue_by_month.of(self.alone(scope), since=span.start, until=span.end)
        return cards.Number(
            scope.loc.compact(move.now),
            trend=cards.line(months["revenue"]),
            exact=scope.loc.money(move.now, cents=True),
            **cards.moved(scope.loc, move, span.before),
        )

    def _bought(self, scope: Scope, span: Span) -> float:
        data = self.scope(scope).data
        frame = revenue.revenue_by_account.of(data, since=span.start, until=span.end)
        found = self.own(frame, "group_id")["revenue"]
        return float(found.iloc[0]) if len(found) else 0.0

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
        items = self.own(receivables.open_item_rows.of(self.scope(scope).data))
        late = items.loc[items["days_past_due"] > 0, "amount"].sum()
        tree, loc = self.tree(scope), scope.loc
        value = tree["own_outstanding"] if tree else 0.0
        history = dso.dso_history.of(self.alone(scope), months=self.scope(scope).span.months)
        return cards.Number(
            loc.compact(value),
            exact=loc.money(value, cents=True),
            note=loc.t("dont échu : {amount}", amount=loc.compact(late)) if late else "",
            good=False,
            **cards.followed(loc, history, "balance"),
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
        deals = len(self.own(pipeline.pipeline_rows.of(self.scope(scope).data)))
        tree = self.tree(scope)
        value = tree["own_pipeline"] if tree else 0.0
        history = pipeline.pipeline_history.of(
            self.alone(scope), months=self.scope(scope).span.months
        )
        return cards.Number(
            scope.loc.compact(value),
            exact=scope.loc.money(value),
            note=scope.loc.plural(deals, "{n} affaire", "{n} affaires"),
            **cards.followed(scope.loc, history, "amount"),
        )

    def last_contact(self, scope: Scope) -> cards.Number:
        """When somebody last spoke to them."""
        found = marks.rows(self.own(coverage.account_touches.of(self.scope(scope).data), "id"))
        last = found[0]["last_touch"] if found else None
        days = found[0]["days_since"] if found else None
        if days is None:
            said = scope.loc.t("aucune action connue")
        elif days == 0:
            said = scope.loc.t("aujourd’hui")
        else:
            said = scope.loc.plural(days, "il y a {n} jour", "il y a {n} jours")
        span = self.scope(scope).span
        months = activity.activity_by_month.of(self.alone(scope), since=span.start, until=span.end)
        return cards.Number(scope.loc.date(last), note=said, trend=cards.line(months["activities"]))

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
