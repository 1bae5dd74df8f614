"""The executives' workbook: a summary with native charts, a sheet per chapter, the definitions.

Every number comes from a metric of the catalog; here they are only arranged. Each sheet says as of
when, for whom and over what period, on screen and on paper.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from openpyxl import Workbook

from workbench.exports import chapters
from workbench.exports.book import Book
from workbench.exports.definitions import definitions
from workbench.exports.summary import charts, summary
from workbench.metrics import revenue

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from workbench.locale import Locale
    from workbench.store.dataset import Dataset

CHAPTERS = (
    chapters.hierarchy,
    chapters.funnel,
    chapters.conversion,
    chapters.pipeline,
    chapters.deals,
    chapters.activity,
    chapters.revenue_months,
    chapters.revenue_accounts,
    chapters.aged_balance,
)


def write(
    data: Dataset,
    path: str | Path,
    *,
    loc: Locale,
    filters: Mapping[str, str] | None = None,
    since: dt.date | None = None,
    until: dt.date | None = None,
) -> Path:
    """Write the workbook of a dataset.

    Args:
        data: in the viewer's scope and filters; its numbers stand at `data.as_of`.
        path: where to write; an existing file is replaced.
        loc: the reader's language.
        filters: what the dataset was restricted to, as it is to be read: {"Équipe": "Sud"}.
        since: first day of the period; twelve months before its end where None.
        until: last day of the period; the dataset's date where None.

    Returns:
        The path written.
    """
    workbook = Workbook(write_only=True)
    workbook.properties.creator = "Sales workbench"
    workbook.properties.title = loc.t("Tableau de bord commercial")
    since, until = _period(data, since, until)
    book = Book(workbook, data, loc, dict(filters or {}), since, until)
    # The summary's charts point at the chapters' cells, so they are drawn once these are placed;
    # the summary stands first all the same.
    front = summary(book)
    places = {chapter.__name__: chapter(book) for chapter in CHAPTERS}
    charts(book, front, places)
    definitions(book)
    workbook.save(path)
    return Path(path)


def _period(data: Dataset, since: dt.date | None, until: dt.date | None) -> tuple[dt.date, dt.date]:
    """The period that the metrics take by themselves, asked from one of them."""
    row = revenue.revenue_in_period.of(data, since=since, until=until).iloc[0]
    return row["since"].date(), row["until"].date()
