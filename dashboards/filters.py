"""The filter bar's choices: as of when, over which period, for whom; all of it in the address.

A choice that is not made is not in the address either: a link to a page then shows today, the
usual period and all that its reader may see.
"""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import param

from workbench.locale import missing, msg

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd

    from workbench.locale import Locale
    from workbench.store.dataset import Dataset

YEAR = 12
PERIODS = {
    "month": msg("Mois en cours"),
    "quarter": msg("Trimestre en cours"),
    "year": msg("Année en cours"),
    "3m": msg("3 derniers mois"),
    "12m": msg("12 derniers mois"),
    "24m": msg("24 derniers mois"),
}
USUAL = "12m"


def months_before(day: dt.date, months: int) -> dt.date:
    """The same day so many months earlier, or that month's last where it is shorter.

    >>> months_before(dt.date(2026, 3, 31), 1)
    datetime.date(2026, 2, 28)
    """
    index = day.year * YEAR + day.month - 1 - months
    year, month = divmod(index, YEAR)
    last = calendar.monthrange(year, month + 1)[1]
    return dt.date(year, month + 1, min(day.day, last))


@dataclass(frozen=True)
class Span:
    """A period in whole days, both ends included, and how many months it is measured by."""

    start: dt.date
    end: dt.date
    months: int

    @property
    def before(self) -> Span:
        """The period to compare with: as many months earlier, to the same day.

        >>> Span(dt.date(2026, 9, 1), dt.date(2026, 9, 30), 1).before.start
        datetime.date(2026, 8, 1)
        """
        end = (
            self.start - dt.timedelta(1) if self.is_whole else months_before(self.end, self.months)
        )
        return Span(months_before(self.start, self.months), end, self.months)

    @property
    def is_whole(self) -> bool:
        """Whether it is made of as many whole months as it is measured by."""
        return months_before(self.end + dt.timedelta(1), self.months) == self.start


def span(period: str, as_of: dt.date) -> Span:
    """The period of that name that ends on a date.

    >>> span("12m", dt.date(2026, 9, 30))
    Span(start=datetime.date(2025, 10, 1), end=datetime.date(2026, 9, 30), months=12)
    >>> span("quarter", dt.date(2026, 8, 15)).start
    datetime.date(2026, 7, 1)
    """
    if period.endswith("m"):
        months = int(period[:-1])
        return Span(months_before(as_of + dt.timedelta(1), months), as_of, months)
    first = {
        "month": as_of.month,
        "quarter": 3 * ((as_of.month - 1) // 3) + 1,
        "year": 1,
    }[period]
    months = {"month": 1, "quarter": 3, "year": YEAR}[period]
    return Span(dt.date(as_of.year, first, 1), as_of, months)


class Filters(param.Parameterized):
    """What the viewer has chosen; None and empty mean no restriction."""

    as_of = param.CalendarDate(default=None, allow_None=True, doc="None: today.")
    period: Any = param.Selector(default=USUAL, objects=list(PERIODS))
    team = param.Integer(default=None, allow_None=True, doc="A rep or manager: they and theirs.")
    segments = param.List(default=[], item_type=str)
    pipeline = param.String(default=None, allow_None=True)

    def span(self, as_of: dt.date) -> Span:
        """The chosen period, ending on the dataset's date."""
        return span(self.period, as_of)

    def query(self) -> dict[str, str | list[str]]:
        """What is chosen, as it stands in the address: of several segments each for itself."""
        asked: dict[str, str | list[str]] = {
            "as_of": self.as_of.isoformat() if self.as_of else "",
            "period": "" if self.period == USUAL else self.period,
            "team": "" if self.team is None else str(self.team),
            "segments": list(self.segments),
            "pipeline": self.pipeline or "",
        }
        return {name: value for name, value in asked.items() if value}


NAMES = ("as_of", "period", "team", "segments", "pipeline")


def from_query(asked: Mapping[str, str | Sequence[str]]) -> Filters:
    """The choices that an address tells; what it tells wrongly is as if not told.

    >>> from_query({"period": "3m", "team": "x", "segments": ["Gros œuvre, béton"]}).query()
    {'period': '3m', 'segments': ['Gros œuvre, béton']}
    """
    told: dict[str, Any] = {}
    segments = asked.get("segments", [])
    query = {name: value for name, value in asked.items() if isinstance(value, str)}
    try:
        told["as_of"] = dt.date.fromisoformat(query.get("as_of", ""))
    except ValueError:
        told["as_of"] = None
    if query.get("period") in PERIODS:
        told["period"] = query["period"]
    if query.get("team", "").isdecimal():
        told["team"] = int(query["team"])
    several = [segments] if isinstance(segments, str) else segments
    told["segments"] = [one for one in several if one]
    told["pipeline"] = query.get("pipeline") or None
    return Filters(**told)  # type: ignore[no-untyped-call]  # param's own constructor


def told_by(arguments: Mapping[str, Iterable[bytes]]) -> dict[str, str | list[str]]:
    """What a request's address asks for, as `from_query` takes it.

    >>> told_by({"segments": [b"Bois", b"Toit"], "period": [b"3m"]})
    {'segments': ['Bois', 'Toit'], 'period': '3m'}
    """
    said = {name: [one.decode() for one in values] for name, values in arguments.items()}
    return {name: values if name == "segments" else values[0] for name, values in said.items()}


def reps_under(reps: pd.DataFrame, top: int) -> list[int]:
    """A rep and everyone under them at any level, by the reps' managers."""
    managers = {
        int(rep): None if missing(manager) else int(manager)
        for rep, manager in zip(reps["id"], reps["manager_id"].astype(object), strict=True)
    }
    found = [top]
    for boss in found:
        found += [rep for rep, manager in managers.items() if manager == boss and rep not in found]
    return found


def narrowed(data: Dataset, chosen: Filters) -> Dataset:
    """The dataset as the choices have it."""
    return data.where(
        reps=reps_under(data.table("reps"), chosen.team) if chosen.team else None,
        segments=chosen.segments or None,
        pipelines=[chosen.pipeline] if chosen.pipeline else None,
    )


def told(loc: Locale, data: Dataset, chosen: Filters) -> dict[str, str]:
    """What the choices leave out, as readers of a file meet it."""
    names = data.table("reps").set_index("id")["name"]
    said = {
        loc.t("Équipe"): names.get(chosen.team, "") if chosen.team else "",
        loc.t("Segments"): ", ".join(chosen.segments),
        loc.t("Pipeline"): (chosen.pipeline or "").upper(),
    }
    return {name: text for name, text in said.items() if text}
