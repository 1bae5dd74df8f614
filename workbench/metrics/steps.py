"""Steps that several metrics take on the same tables: over a dataset, each is taken once."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from functools import wraps
from inspect import Parameter, signature
from typing import TYPE_CHECKING, Any, TypeVar

import narwhals as nw

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from workbench.metrics.catalog import Dataset

Result = TypeVar("Result")


@dataclass(frozen=True)
class Given:
    """What a metric is being computed from: whole tables of a dataset, by name."""

    data: Dataset
    tables: Mapping[str, nw.LazyFrame[Any]]


GIVEN: ContextVar[Given | None] = ContextVar("given", default=None)


def step(function: Callable[..., Result]) -> Callable[..., Result]:
    """Keep what the function makes of a dataset's tables, for all metrics of the same rows.

    As with metrics, its positional parameters name tables, the keyword-only ones are options. Only
    what a metric was given as it stands is looked up; of any other frame the result is made anew.
    It is a frame in pandas, or a lazy one of the caller's engine.
    """
    names = [
        name
        for name, parameter in signature(function).parameters.items()
        if parameter.kind is Parameter.POSITIONAL_OR_KEYWORD
    ]

    @wraps(function)
    def taken(*frames: nw.LazyFrame[Any], **options: Any) -> Any:
        given = GIVEN.get()
        if (
            given is None
            or frames[0].implementation.is_duckdb()  # a query, not yet a result
            or any(given.tables.get(n) is not f for n, f in zip(names, frames, strict=True))
        ):
            return function(*frames, **options)
        what = (function.__module__, function.__qualname__, repr(sorted(options.items())))
        made = given.data.computed(what, names, lambda: _eager(function(*frames, **options)))
        return made.lazy() if isinstance(made, nw.DataFrame) else made

    return taken


def _eager(made: Any) -> Any:
    return made.collect() if isinstance(made, nw.LazyFrame) else made
