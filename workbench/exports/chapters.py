"""The chapters of the executives' workbook: one sheet, one table, one question each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.exports import columns
from workbench.exports.book import by_key
from workbench.exports.columns import Field
from workbench.locale import msg
from workbench.metrics import activity as activities
from workbench.metrics import coverage as coverages
from workbench.metrics import funnel as funnels
from workbench.metrics import hierarchy as hierarchies
from workbench.metrics import pipeline as pipelines
from workbench.metrics import receivables
from workbench.metrics import revenue as revenues
from workbench.tables import Kind
from workbench.vocabulary import Status

if TYPE_CHECKING:
    import pandas as pd

    from workbench.exports.book import Book, Place

DEEPEST = 7
"""Outline levels that a workbook can have."""

BUCKETS = {
    "not_due": msg("Non échu"),
    "1-30": msg("1 à 30 jours"),
    "31-60": msg("31 à 60 jours"),
    "61-90": msg("61 à 90 jours"),
    "over_90": msg("Plus de 90 jours"),
}


def hierarchy(book: Book) -> Place:
    """Groups and their companies, to be folded by level."""
    frame = hierarchies.account_tree.of(book.data, **book.period)
    names = [
        "name", "code", "status", "segment", "owner", "members", "own_revenue", "group_revenue",
        "own_pipeline", "group_pipeline", "own_outstanding", "group_outstanding",
    ]  # fmt: skip
    # A company alone is no group: what would only repeat its own figures is left empty.
    alone = frame["members"] <= 1
    frame = frame.assign(
        members=frame["members"].astype("Int64").mask(alone),
        **{name: frame[name].mask(alone) for name in names if name.startswith("group_")},
    )
    fields = book.fields(frame, names)
    return book.chapter(
        book.loc.t("Hiérarchie"),
        hierarchies.account_tree,
        fields,
        columns.rows(frame, fields, loc=book.loc),
        levels=frame["depth"].clip(0, DEEPEST).astype(int).tolist(),
    )


def funnel(book: Book) -> Place:
    """Accounts per status, a row per segment, and all of them."""
    loc, statuses = book.loc, list(Status)
    stock = by_key(funnels.funnel_stock.of(book.data, by="segment"), "group", "status")
    overall = by_key(funnels.funnel_stock.of(book.data), "status")
    fields = [
        Field("group", loc.t("Segment"), Kind.TEXT),
        *(Field(one.value, loc.label(one), Kind.COUNT) for one in statuses),
        *(
            Field(f"{one.value}_share", loc.t("Part {status}", status=loc.label(one)), Kind.RATIO)
            for one in statuses
        ),
    ]

    def row(name: str, cells: list[dict[str, Any]]) -> list[Any]:
        return [name, *(one["accounts"] for one in cells), *(one["share"] for one in cells)]

    segments = dict.fromkeys(group for group, _ in stock)
    return book.chapter(
        loc.t("Entonnoir"),
        funnels.funnel_stock,
        fields,
        [
            row(group or loc.t("Sans segment"), [stock[group, one.value] for one in statuses])
            for group in segments
        ],
        total=row(loc.t("Tous les comptes"), [overall[one.value] for one in statuses]),
    )


def conversion(book: Book) -> Place:
    """What became of each month's newcomers, within a year of entering."""
    frame = funnels.funnel_conversion.of(book.data, by="quarter")
    names = [
        "group", "entered", "mature", "prospects", "clients", "lost", "prospect_rate",
        "client_rate", "client_low", "client_high", "client_of_prospects", "immature",
    ]  # fmt: skip
    fields = book.fields(frame, names, {"group": book.loc.t("Trimestre d’entrée")})
    rows = columns.rows(frame, fields, loc=book.loc)
    return book.chapter(
        book.loc.t("Conversion"),
        funnels.funnel_conversion,
        fields,
        [(str(quarter).replace("-Q", book.loc.t("-T")), *rest) for quarter, *rest in rows],
    )


def pipeline(book: Book) -> Place:
    """Open deals by stage, and all of them."""
    frame = pipelines.pipeline_by_stage.of(book.data)
    whole = pipelines.pipeline_totals.of(book.data)
    names = ["stage", "deals", "amount", "weighted", "age_days", "stalled"]
    kinds = {"stalled": Kind.COUNT}
    fields = [
        Field(one.name, one.label, kinds.get(one.name, one.kind))
        for one in book.fields(frame, names)
    ]
    return book.chapter(
        book.loc.t("Pipeline"),
        pipelines.pipeline_by_stage,
        fields,
        columns.rows(frame, fields, loc=book.loc),
        total=_total(whole, book.loc.t("Toutes les étapes"), names[1:]),
    )


def deals(book: Book) -> Place:
    """The open deals themselves."""
    frame = pipelines.pipeline_rows.of(book.data, kind="open")
    names = [
        "name", "account", "stage", "amount", "probability", "weighted", "close_date", "age_days",
        "stage_days", "stalled", "owner", "team", "segment",
    ]  # fmt: skip
    fields = book.fields(
        frame, names, {"name": book.loc.t("Affaire"), "stalled": book.loc.t("Enlisée")}
    )
    return book.chapter(
        book.loc.t("Affaires en cours"),
        pipelines.pipeline_rows,
        fields,
        columns.rows(frame, fields, loc=book.loc),
    )


def activity(book: Book) -> Place:
    """What each rep did, month by month, and how much of their accounts they touched."""
    loc = book.loc
    options = {"level": "rep", **book.period}
    whole = activities.activity_by_rep.of(book.data, by="total", **options)
    monthly = activities.activity_by_rep.of(book.data, by="month", **options)
    counts = by_key(monthly, "rep_id", "team_id", "period")
    coverage = by_key(coverages.activity_coverage.of(book.data, by="owner"), "group_id")
    months = sorted(monthly["period"].dropna().unique())
    fields = [
        *book.fields(whole, ["rep", "team", "activities", "two_way"], {
            "activities": loc.t("Actions sur la période"),
        }),
        Field("owned", loc.t("En portefeuille"), Kind.COUNT),
        Field("coverage", loc.t("Couverture à 90 jours"), Kind.RATIO),
        *(Field(f"{month:%Y-%m}", loc.month(month), Kind.COUNT) for month in months),
    ]  # fmt: skip
    fields[3] = Field("two_way", fields[3].label, Kind.COUNT)
    rows = []
    for one in by_key(whole, "rep_id", "team_id").values():
        covered = coverage.get(one["rep_id"], {})
        rows.append([
            *(one[name] for name in ("rep", "team", "activities", "two_way")),
            covered.get("owned"),
            covered.get("coverage"),
            *(
                counts.get((one["rep_id"], one["team_id"], month), {}).get("activities", 0)
                for month in months
            ),
        ])  # fmt: skip
    return book.chapter(loc.t("Activité"), activities.activity_by_rep, fields, rows)


def revenue_months(book: Book) -> Place:
    """Revenue by month, beside the year before."""
    frame = revenues.revenue_by_month.of(book.data, **book.period)
    fields = book.fields(frame, ["month", "revenue", "last_year", "change_rate", "partial"])
    fields[0] = Field("month", fields[0].label, Kind.TEXT)
    rows = columns.rows(frame, fields, loc=book.loc)
    return book.chapter(
        book.loc.t("Chiffre d’affaires"),
        revenues.revenue_by_month,
        fields,
        [(book.loc.month(month), *rest) for month, *rest in rows],
    )


def revenue_accounts(book: Book) -> Place:
    """Revenue by account, what no account explains included, and the ledger's total."""
    loc = book.loc
    frame = revenues.revenue_by_account.of(book.data, by="account", **book.period)
    whole = revenues.revenue_by_account.of(book.data, by=None, **book.period)
    names = ["group", "revenue", "share", "unmatched", "unallocated", "lines"]
    fields = book.fields(frame, names, {"group": loc.t("Compte")})
    rows = columns.rows(frame, fields, loc=loc)
    return book.chapter(
        loc.t("CA par compte"),
        revenues.revenue_by_account,
        fields,
        [(_or(group, loc.t("Sans compte")), *rest) for group, *rest in rows],
        total=_total(whole, loc.t("Total du grand livre"), names[1:]),
    )


def aged_balance(book: Book) -> Place:
    """What each customer owes, by days past due, and all of them."""
    loc = book.loc
    owed = by_key(
        receivables.aged_balance.of(book.data, by="customer"), "group_id", "group", "bucket"
    )
    overall = by_key(receivables.aged_balance.of(book.data), "bucket")
    items = by_key(receivables.outstanding.of(book.data), "customer_id")
    whole = receivables.overdue.of(book.data).iloc[0]
    fields = [
        Field("group", loc.t("Client du grand livre"), Kind.TEXT),
        *(Field(name, loc.t(label), Kind.MONEY) for name, label in BUCKETS.items()),
        Field("total", loc.t("Pièces ouvertes"), Kind.MONEY),
    ]
    customers = dict.fromkeys((key, name) for key, name, _ in owed)
    return book.chapter(
        loc.t("Balance âgée"),
        receivables.aged_balance,
        fields,
        [
            [
                name,
                *(owed[key, name, bucket]["amount"] for bucket in BUCKETS),
                items.get(key, {}).get("open_items"),
            ]
            for key, name in customers
        ],
        total=[
            loc.t("Tous les clients"),
            *(overall[bucket]["amount"] for bucket in BUCKETS),
            whole["total"],
        ],
    )


def _or(said: Any, otherwise: str) -> str:
    return said if isinstance(said, str) else otherwise


def _total(whole: pd.DataFrame, label: str, names: list[str]) -> list[Any] | None:
    """The metric's own total as a row; none where there is nothing to add up."""
    return None if whole.empty else [label, *(whole.iloc[0][name] for name in names)]
