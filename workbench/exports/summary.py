"""The first sheet: the figures that an executive asks for first, and four charts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from openpyxl.chart import Reference

from workbench.exports import charts as draw
from workbench.exports.book import by_key
from workbench.exports.cells import number_format
from workbench.exports.chapters import BUCKETS
from workbench.exports.columns import Field
from workbench.exports.sheet import INDENT
from workbench.figures import palette
from workbench.metrics import activity, funnel, pipeline, receivables, revenue, status, wins
from workbench.tables import Kind
from workbench.vocabulary import Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.exports.book import Book, Place
    from workbench.exports.sheet import Sheet
    from workbench.metrics.catalog import Metric

HEAD = 4
GAP = 17
"""Rows from the top of a chart to that of the one below."""


def summary(book: Book) -> Sheet:
    """The figures, each beside its equal a period before where it has one."""
    loc = book.loc
    sheet = book.sheet(loc.t("Synthèse"))
    sheet.widths([44, 18, 18, 14, 30, 34])
    sheet.freeze(HEAD)
    sheet.ws.page_setup.fitToHeight = 1
    sheet.heading()
    sheet.header([
        Field("label", loc.t("Indicateur"), Kind.TEXT),
        Field("value", loc.t("Valeur"), Kind.NUMBER),
        Field("previous", loc.t("Période précédente"), Kind.NUMBER),
        Field("change_rate", loc.t("Évolution"), Kind.RATIO),
        Field("period", loc.t("Du – au"), Kind.TEXT),
        Field("compared", loc.t("Comparé à"), Kind.TEXT),
    ])  # fmt: skip
    for label, kind, row in _figures(book):
        sheet.append([
            sheet.text(label),
            sheet.number(row["value"], kind, bold=True),
            sheet.number(row.get("previous"), kind),
            sheet.number(row.get("change_rate"), Kind.RATIO),
            sheet.text(_days(book, row, "since", "until"), indent=INDENT),
            sheet.text(_days(book, row, "previous_since", "previous_until"), indent=INDENT),
        ])  # fmt: skip
    return sheet


def _figures(book: Book) -> Iterator[tuple[str, Kind, dict[str, Any]]]:
    """Label, kind, and a row with the value and what it compares to."""
    loc, data = book.loc, book.data
    for name, row in by_key(funnel.funnel_stock.of(data), "status").items():
        label = loc.t("Comptes : {status}", status=loc.label(Status, name))
        yield label, Kind.COUNT, {"value": row["accounts"]}
    indicators: list[tuple[Metric, dict[str, tuple[str, Kind]]]] = [
        (status.new_accounts, {
            "prospect": (loc.t("Nouveaux prospects"), Kind.COUNT),
            "client": (loc.t("Nouveaux clients"), Kind.COUNT),
        }),
        (wins.won_in_period, {
            "won_deals": (loc.t("Affaires gagnées"), Kind.COUNT),
            "won_amount": (loc.t("Montant gagné HT"), Kind.MONEY),
        }),
        (revenue.revenue_in_period, {"revenue": (loc.t("Chiffre d’affaires HT"), Kind.MONEY)}),
        (activity.activity_in_period, {
            "activities": (loc.t("Actions commerciales"), Kind.COUNT),
            "accounts": (loc.t("Comptes contactés"), Kind.COUNT),
        }),
    ]  # fmt: skip
    for metric, wanted in indicators:
        found = by_key(metric.of(data, **book.period), "kpi")
        for name, (label, kind) in wanted.items():
            if name in found:
                yield label, kind, found[name]
    for row in by_key(pipeline.pipeline_totals.of(data), "group").values():
        yield loc.t("Affaires en cours"), Kind.COUNT, {"value": row["deals"]}
        yield loc.t("Montant en cours HT"), Kind.MONEY, {"value": row["amount"]}
        yield loc.t("Montant pondéré HT"), Kind.MONEY, {"value": row["weighted"]}
    for row in receivables.overdue.of(data).to_dict("records"):
        yield loc.t("Encours clients TTC"), Kind.MONEY, {"value": row["total"]}
        yield loc.t("dont échu"), Kind.MONEY, {"value": row["overdue"]}
        yield loc.t("Part échue"), Kind.RATIO, {"value": row["share"]}


def _days(book: Book, row: dict[str, Any], since: str, until: str) -> str:
    loc = book.loc
    if since not in row:
        return "" if "previous" in since else loc.t("au {date}", date=loc.date(book.data.as_of))
    return f"{loc.date(row[since])} – {loc.date(row[until])}"


def charts(book: Book, sheet: Sheet, places: dict[str, Place]) -> None:
    """Stock, pipeline, revenue and aged balance, two by two below the figures."""
    loc = book.loc
    money, count = (number_format(kind, loc, cents=False) for kind in (Kind.MONEY, Kind.COUNT))
    top = sheet.row + 2
    stock, deals = places["funnel"], places["pipeline"]
    months, owed = places["revenue_months"], places["aged_balance"]
    statuses = list(Status)
    sheet.ws.add_chart(
        draw.bars(
            loc.t("Comptes par statut"),
            _across(stock, stock.total, len(statuses)),
            _across(stock, stock.first - 1, len(statuses)),
            colours=[palette.STATUS[one].lstrip("#") for one in statuses],
            unit=loc.t("comptes"),
            number_format=count,
            across=True,
        ),
        f"A{top}",
    )
    if deals.last >= deals.first:
        stages = deals.last - deals.first + 1
        sheet.ws.add_chart(
            draw.bars(
                loc.t("Montant en cours par étape"),
                _down(deals, 3),
                _down(deals, 1),
                colours=[colour.lstrip("#") for colour in palette.stage_ramp(stages)],
                unit=loc.t("montant HT"),
                number_format=money,
            ),
            f"D{top}",
        )
    if months.last >= months.first:
        sheet.ws.add_chart(
            draw.lines(
                loc.t("Chiffre d’affaires par mois"),
                Reference(
                    months.sheet.ws,
                    min_col=2,
                    max_col=3,
                    min_row=months.first - 1,
                    max_row=months.last,
                ),
                _down(months, 1),
                colours=[palette.NOW.lstrip("#"), palette.BEFORE.lstrip("#")],
                unit=loc.t("CA HT"),
                number_format=money,
            ),
            f"A{top + GAP}",
        )
    sheet.ws.add_chart(
        draw.bars(
            loc.t("Pièces ouvertes par retard"),
            _across(owed, owed.total, len(BUCKETS)),
            _across(owed, owed.first - 1, len(BUCKETS)),
            colours=[palette.RED.lstrip("#")],
            unit=loc.t("montant TTC"),
            number_format=money,
            across=True,
        ),
        f"D{top + GAP}",
    )


def _across(place: Place, row: int, cells: int) -> Reference:
    return Reference(place.sheet.ws, min_col=2, max_col=1 + cells, min_row=row, max_row=row)


def _down(place: Place, column: int) -> Reference:
    return Reference(
        place.sheet.ws, min_col=column, max_col=column, min_row=place.first, max_row=place.last
    )
