"""The catalog: every metric with the question it answers, its unit, formula and source.

A metric is one pure function of tables: positional parameters name the tables of `tables.py` that
it reads, keyword-only ones are its options. It is written with narwhals' lazy frames, so that the
same function runs on pandas, Polars and DuckDB; frames of one kind go in, one of that kind comes
out.
"""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import narwhals as nw
from narwhals.exceptions import ColumnNotFoundError

from workbench.errors import MissingColumns, UnknownName
from workbench.metrics.steps import GIVEN, Given
from workbench.tables import table

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Hashable, Iterable, Mapping

CATALOG: dict[str, Metric] = {}


class Dataset(Protocol):
    """What a metric asks of a dataset: its date, and its tables by name."""

    @property
    def as_of(self) -> dt.date:
        """The date that the tables stand at."""

    def table(self, name: str) -> Any:
        """The frame of that name."""

    def computed(self, what: Hashable, tables: Iterable[str], compute: Callable[[], Any]) -> Any:
        """The frame computed from these tables, or the same as it was computed before."""


@dataclass(frozen=True)
class Text:
    """The same sentence in both languages."""

    fr: str
    en: str

    def in_(self, language: str) -> str:
        """In that language; French where it isn't English."""
        return self.en if language == "en" else self.fr


@dataclass(frozen=True)
class Metric:
    """A metric: call it with frames, or ask `of` a dataset."""

    function: Callable[..., nw.LazyFrame[Any]]
    label: Text
    question: Text
    unit: Text
    formula: Text
    source: Text
    columns: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Its name, everywhere."""
        return self.function.__name__

    @cached_property
    def tables(self) -> list[str]:
        """The tables that it reads."""
        parameters = inspect.signature(self.function).parameters.values()
        return [p.name for p in parameters if p.kind is not p.KEYWORD_ONLY]

    @cached_property
    def options(self) -> dict[str, Any]:
        """Its options with their defaults."""
        parameters = inspect.signature(self.function).parameters.values()
        return {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}

    def __call__(self, *frames: Any, **options: Any) -> Any:
        """Compute from frames, in the order of `tables`.

        Returns:
            A frame of the kind of the first one: pandas for pandas, Polars for Polars (eager
            stays eager), a DuckDB relation for DuckDB.

        Raises:
            UnknownName: an option that the metric doesn't have.
            MissingColumns: a frame lacks a column that the metric reads.
        """
        return self._computed(frames, options)

    def _computed(
        self, frames: Iterable[Any], options: dict[str, Any], data: Dataset | None = None
    ) -> Any:
        """As called; steps are shared with other metrics where it is told whose the frames are."""
        for name in options:
            if name not in self.options:
                raise UnknownName(f"option of {self.name}", name, self.options)
        wrapped = [nw.from_native(frame) for frame in frames]
        eager = not wrapped or isinstance(wrapped[0], nw.DataFrame)
        lazy = [frame.lazy() for frame in wrapped]
        given = Given(data, dict(zip(self.tables, lazy, strict=False))) if data else None
        before = GIVEN.set(given)
        try:
            result = self.function(*lazy, **options)
            if eager:
                return result.collect().to_native()
            result.collect_schema()  # a column that isn't there shows now, not when it is read
            return result.to_native()
        except Exception as error:  # each engine has an error of its own for a missing column
            missing = self._missing(wrapped, error)
            if missing is None:
                raise
            raise missing from error
        finally:
            GIVEN.reset(before)

    def _missing(self, frames: list[Any], error: Exception) -> MissingColumns | None:
        """Where the error is about contract columns that a frame lacks: which, and of which table.

        Narwhals doesn't always say which column it missed; then all that lack are named.
        """
        named = set(re.findall(r"""["'`](\w+)["'`]""", f"{error} {error.__cause__}"))
        unnamed = isinstance(error, ColumnNotFoundError)
        lacking = {
            name: (set(table(name).names) - set(present), present)
            for name, frame in zip(self.tables, frames, strict=True)
            if (present := frame.collect_schema().names())
        }
        for known in (named, set().union(*(absent for absent, _ in lacking.values()))):
            for name, (absent, present) in lacking.items():
                if absent & known and (known is named or unnamed):
                    return MissingColumns(f"{self.name}, table {name}", absent & known, present)
        return None

    def of(self, data: Dataset, **options: Any) -> Any:
        """Compute from a dataset: its tables, and its date for `as_of`.

        Computed once for all who look at the same rows with the same options.
        """
        if "as_of" in self.options:
            options.setdefault("as_of", data.as_of)
        return data.computed(
            (self.name, repr(sorted(options.items()))),
            self.tables,
            lambda: self._computed(map(data.table, self.tables), options, data),
        )


def metric(
    *,
    label: tuple[str, str],
    question: tuple[str, str],
    unit: tuple[str, str],
    formula: tuple[str, str],
    source: tuple[str, str],
    columns: Mapping[str, str],
) -> Callable[[Callable[..., nw.LazyFrame[Any]]], Metric]:
    """Register the function below in the catalog; each pair is (French, English)."""

    def register(function: Callable[..., nw.LazyFrame[Any]]) -> Metric:
        entry = Metric(
            function,
            Text(*label),
            Text(*question),
            Text(*unit),
            Text(*formula),
            Text(*source),
            columns,
        )
        for name in entry.tables:
            table(name)
        CATALOG[entry.name] = entry
        return entry

    return register


def find(name: str) -> Metric:
    """The metric of that name.

    Raises:
        UnknownName: the catalog has none.
    """
    if name not in CATALOG:
        raise UnknownName("metric", name, CATALOG)
    return CATALOG[name]
