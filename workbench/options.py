"""Options that come as text, `key=value`: from the command line, a form or an address."""

from __future__ import annotations

import datetime as dt
import inspect
from typing import TYPE_CHECKING, Any

from workbench.errors import SettingsError, UnknownName

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from workbench.metrics.catalog import Metric

_FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def pairs(given: Iterable[str]) -> dict[str, str]:
    """Read `key=value` texts.

    >>> pairs(["by=segment", "label=a=b"])
    {'by': 'segment', 'label': 'a=b'}

    Raises:
        SettingsError: a text has no `=`.
    """
    read = {}
    for text in given:
        key, mark, value = text.partition("=")
        if not mark or not key.strip():
            raise SettingsError(f"{text!r} is no option: write key=value, as in by=segment.")
        read[key.strip()] = value.strip()
    return read


def typed(metric: Metric, given: dict[str, str]) -> dict[str, Any]:
    """The values in the types that the metric's options have.

    Raises:
        UnknownName: the metric has no such option.
        SettingsError: a value isn't of its option's type.
    """
    parameters = inspect.signature(metric.function).parameters
    for name in given:
        if name not in metric.options:
            raise UnknownName(f"option of {metric.name}", name, metric.options)
    return {
        name: value(name, text, str(parameters[name].annotation)) for name, text in given.items()
    }


def value(name: str, text: str, annotation: str) -> Any:
    """A text as a value of the annotated type; empty or "none" is None where that is allowed.

    >>> value("window", "90", "int"), value("by", "none", "str | None")
    (90, None)
    >>> value("since", "2026-01-31", "dt.date | None")
    datetime.date(2026, 1, 31)
    >>> value("kinds", "call, visit", "Sequence[str]")
    ['call', 'visit']

    Raises:
        SettingsError: it isn't one.
    """
    kinds = [kind.strip() for kind in annotation.split("|")]
    if text.lower() in {"", "none"} and {"None", "Any"} & set(kinds):
        return None
    for kind in kinds:
        if kind.startswith(("Sequence[", "list[", "tuple[", "Iterable[")):
            return [part.strip() for part in text.split(",") if part.strip()]
    failed = ""
    for kind, (read, said) in _READERS.items():
        if kind not in kinds:
            continue
        try:
            return read(text)
        except (ValueError, KeyError):
            failed = said
    if failed and "str" not in kinds:
        raise SettingsError(f"{name}: {text!r} is not {failed}.")
    return text


_READERS: dict[str, tuple[Callable[[str], Any], str]] = {
    "bool": (lambda text: _FLAGS[text.lower()], "true or false"),
    "int": (int, "a whole number"),
    "float": (float, "a number; decimals follow a point"),
    "dt.date": (dt.date.fromisoformat, "a date; write 2026-09-30"),
}
