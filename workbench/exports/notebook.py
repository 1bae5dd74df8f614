"""What a notebook begins with and shows by: the data of its parameters, tables in house style."""

from __future__ import annotations

import datetime as dt
import html
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import workbench
from workbench.errors import UnknownName
from workbench.exports import cells, columns
from workbench.locale import DASH
from workbench.settings import Settings
from workbench.tables import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

    from workbench.locale import Locale
    from workbench.store.dataset import Dataset

__all__ = ["Table", "Work", "begin", "draw", "show"]

MONTHS = 12
MONTHLY = {"month", "closing_month"}
LONGEST = 20
"""Rows of a table that are shown; how many more there are is said with it."""


@dataclass(frozen=True)
class Work:
    """What a notebook works with: its data, its period, its language."""

    data: Dataset
    loc: Locale
    since: dt.date
    until: dt.date

    @property
    def period(self) -> dict[str, dt.date]:
        """The period as options of a metric."""
        return {"since": self.since, "until": self.until}


def begin(
    database: str = "",
    *,
    as_of: str | dt.date = "",
    period: int = 12,
    team: str = "",
    language: str = "",
    known_at: str | dt.datetime = "",
) -> Work:
    """Open what the parameters of a notebook say.

    Args:
        database: the store's address; empty takes the settings'.
        as_of: the date that numbers stand at; empty takes today, or the settings' today.
        period: months up to that date, its own included, counted from the first of a month.
        team: name of a manager or rep: their accounts and those of everyone under them; empty
            takes all.
        language: fr or en; empty takes the settings'.
        known_at: leave out what was recorded later than this day or moment; empty takes all.

    Raises:
        StoreError: there is no store at that address.
        UnknownName: no manager or rep is called so.
    """
    settings = Settings.load()
    data = workbench.open(
        database or settings.database,
        as_of=as_of or None,
        known_at=known_at or None,
        today=settings.today,
    )
    if team:
        data = data.where(reps=under(data.table("reps"), team))
    loc = settings.locale(language or None)
    return Work(data, loc, months_back(data.as_of, period), data.as_of)


def under(reps: pd.DataFrame, name: str) -> list[int]:
    """The ids of the rep of that name and of everyone under them, at any level.

    Raises:
        UnknownName: no rep is called so.
    """
    named = reps.loc[reps["name"] == name, "id"].tolist()
    if not named:
        raise UnknownName("team", name, reps["name"])
    found, grown = set(named), True
    while grown:
        below = set(reps.loc[reps["manager_id"].isin(found), "id"])
        grown = not below <= found
        found |= below
    return sorted(int(one) for one in found)


def months_back(day: dt.date, months: int) -> dt.date:
    """The first day of a period of so many calendar months that ends on a day.

    >>> months_back(dt.date(2026, 9, 30), 12), months_back(dt.date(2026, 1, 15), 1)
    (datetime.date(2025, 10, 1), datetime.date(2026, 1, 1))
    """
    count = day.year * MONTHS + day.month - months
    return dt.date(count // MONTHS, count % MONTHS + 1, 1)


@dataclass(frozen=True)
class Table:
    """A frame as a table in house style: labels, French numbers, at most `LONGEST` rows."""

    frame: Any
    loc: Locale
    labels: Mapping[str, str] | None = None

    def _repr_html_(self) -> str:
        """The table, or why there is none."""
        loc = self.loc
        fields = columns.fields(self.frame, loc=loc, labels=self.labels)
        fields = [one for one in fields if one.kind is not Kind.ID]
        rows = columns.rows(self.frame, fields, loc=loc)
        if not rows:
            return f"<p>{html.escape(loc.t('Rien à montrer pour ce choix.'))}</p>"
        head = "".join(f"<th{_side(one.kind)}>{html.escape(one.label)}</th>" for one in fields)
        body = "".join(
            "<tr>"
            + "".join(
                f"<td{_side(one.kind)}>{html.escape(self._text(raw, one))}</td>"
                for raw, one in zip(row, fields, strict=True)
            )
            + "</tr>"
            for row in rows[:LONGEST]
        )
        more = len(rows) - LONGEST
        said = loc.t("{n} lignes de plus.", n=loc.count(more)) if more > 0 else ""
        caption = f"<caption>{html.escape(said)}</caption>" if said else ""
        return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

    def _text(self, raw: Any, one: columns.Field) -> str:
        """A value as it is written; the first of a month stands for the month."""
        if one.name in MONTHLY:
            return self.loc.month(raw)
        return text(raw, one.kind, self.loc)


def show(work: Work, frame: Any, labels: Mapping[str, str] | None = None) -> Table:
    """A frame as a notebook shows it, in the work's language.

    Args:
        work: what the notebook began with.
        frame: a metric's result.
        labels: label of each column, where only these columns are wanted, in order.
    """
    return Table(
        frame, work.loc, labels and {name: work.loc.t(label) for name, label in labels.items()}
    )


def draw(work: Work, figure: Callable[..., Any], frame: Any) -> Any:
    """A figure of a metric's result, in the work's language; a sentence where it is empty.

    Args:
        work: what the notebook began with.
        figure: a function of `workbench.figures`.
        frame: the result of the metric of that name.
    """
    if not len(frame):
        return Table(frame, work.loc)
    picture = figure(frame, loc=work.loc)
    return picture.update_layout(separators=work.loc.separators)


def text(raw: Any, kind: Kind, loc: Locale) -> str:
    """A value as it is written on screen.

    >>> from workbench.locale import EN
    >>> text(0.123, Kind.RATIO, EN), text(None, Kind.MONEY, EN), text(9000, Kind.COUNT, EN)
    ('12.3%', '–', '9,000')
    """
    value = cells.value(raw, kind)
    if isinstance(value, bool):
        return loc.t("oui") if value else loc.t("non")
    if isinstance(value, dt.date):
        return loc.date(value)
    written: dict[Kind, Callable[[Any], str]] = {
        Kind.MONEY: loc.money,
        Kind.RATIO: loc.percent,
        Kind.COUNT: loc.count,
    }
    if kind in written:
        return written[kind](value)
    if kind is Kind.NUMBER:
        return loc.number(value, 1)
    return DASH if value is None else str(value)


def _side(kind: Kind) -> str:
    return ' class="text"' if kind in {Kind.TEXT, Kind.DATE, Kind.FLAG} else ""
