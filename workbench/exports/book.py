"""The workbook being made: its data, period and language, and how a chapter adds its sheet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import narwhals as nw

from workbench.exports import columns
from workbench.exports.downloads import sheet_name
from workbench.exports.sheet import Sheet, widths

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Sequence

    import pandas as pd
    from openpyxl import Workbook

    from workbench.exports.columns import Field
    from workbench.locale import Locale
    from workbench.metrics.catalog import Metric
    from workbench.store.dataset import Dataset

HEAD = 5
"""The row of a chapter's table head: below title, scope, question, and an empty row."""


@dataclass(frozen=True)
class Place:
    """Where a chapter put its table, for charts to point at."""

    sheet: Sheet
    first: int
    last: int

    @property
    def total(self) -> int:
        """The row after the last, where a chapter has its total."""
        return self.last + 1


@dataclass(frozen=True)
class Book:
    """A workbook being made of a dataset, for a period, in a language."""

    workbook: Workbook
    data: Dataset
    loc: Locale
    filters: dict[str, str]
    since: dt.date
    until: dt.date

    @property
    def period(self) -> dict[str, dt.date]:
        """The period as options of a metric."""
        return {"since": self.since, "until": self.until}

    @property
    def scope(self) -> str:
        """As of when, over what period, and of whom, in words."""
        said = [
            self.loc.t("Au {date}", date=self.loc.date(self.data.as_of)),
            *self._known,
            self.loc.t(
                "Période du {since} au {until}",
                since=self.loc.date(self.since),
                until=self.loc.date(self.until),
            ),
            *(f"{name} : {chosen}" for name, chosen in self.filters.items()),
        ]
        return " · ".join(said)

    @property
    def _known(self) -> list[str]:
        """As known when, where that is not now."""
        moment = self.data.known_at
        if moment is None:
            return []
        return [self.loc.t("Tel que connu le {moment}", moment=self.loc.moment(moment))]

    def sheet(self, title: str, *, cents: bool = False) -> Sheet:
        """A new sheet, empty."""
        return Sheet(self.workbook, sheet_name(title), title, self.scope, self.loc, cents=cents)

    def fields(
        self, frame: Any, names: Sequence[str], labels: dict[str, str] | None = None
    ) -> list[Field]:
        """The fields of these columns of a frame, some by a label of the chapter's own."""
        own = labels or {}
        chosen = columns.fields(nw.from_native(frame).select(names).to_native(), loc=self.loc)
        return [columns.Field(one.name, own.get(one.name, one.label), one.kind) for one in chosen]

    def chapter(
        self,
        title: str,
        metric: Metric,
        fields: Sequence[Field],
        rows: Sequence[Sequence[Any]],
        *,
        total: Sequence[Any] | None = None,
        levels: Iterable[int] | None = None,
    ) -> Place:
        """Add a sheet with one table that answers a metric's question."""
        sheet = self.sheet(title)
        everything = [*rows, total] if total is not None else rows
        sheet.widths(widths(fields, everything, self.loc))
        sheet.freeze(HEAD)
        if levels is not None:
            levels = list(levels)
            sheet.ws.sheet_format.outlineLevelRow = max(levels, default=0)
            sheet.ws.sheet_properties.outlinePr.summaryBelow = False
        sheet.heading(metric.question.in_(self.loc.language))
        first, last = sheet.table(fields, rows, total=total, levels=levels)
        return Place(sheet, first, last)


def by_key(frame: pd.DataFrame, *keys: str) -> dict[Any, Any]:
    """The rows of a frame by the values of one or more columns; null is None."""
    found = {}
    for row in frame.astype(object).where(frame.notna(), None).to_dict("records"):
        key = tuple(row[name] for name in keys)
        found[key if len(keys) > 1 else key[0]] = row
    return found
