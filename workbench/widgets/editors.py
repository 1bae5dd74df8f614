"""The widget that edits one field of one record, by what the field holds."""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from workbench.store.proposal import TABLE_OF
from workbench.store.rules import CHOICES
from workbench.tables import TABLES, Kind

if TYPE_CHECKING:
    from workbench.locale import Locale
    from workbench.store.dataset import Dataset

NUMBERS = {Kind.MONEY, Kind.RATIO, Kind.NUMBER, Kind.COUNT}
LAYOUT = {"width": "auto", "min_width": "90px"}


def editor(entity: str, name: str, value: Any, *, data: Dataset, loc: Locale) -> widgets.Widget:
    """A widget that holds the field's value, None where there is none.

    Args:
        entity: the store's table.
        name: the field.
        value: what it holds now.
        data: for the lists to choose from: reps, stages.
        loc: the reader's language.
    """
    options = choices(entity, name, data=data, loc=loc)
    if options is not None:
        known = {one for _, one in options}
        listed = options if value in known else [*options, (str(value), value)]
        return widgets.Dropdown(options=listed, value=value, layout=LAYOUT)
    kind = _kind(entity, name)
    if kind is Kind.DATE:
        return widgets.DatePicker(value=day(value), layout=LAYOUT)
    text = "" if value is None else _written(value, kind, loc)
    return widgets.Text(value=text, continuous_update=False, layout=LAYOUT)


def held(widget: widgets.Widget, entity: str, name: str) -> Any:
    """What a widget holds, as the journal takes it.

    Raises:
        ValueError: what was typed is no number.
    """
    if not isinstance(widget, widgets.Text):
        return widget.value
    typed = widget.value.strip()
    if not typed:
        return None
    if _kind(entity, name) not in NUMBERS:
        return typed
    number = float("".join(typed.split()).rstrip("€%").replace(",", "."))
    if not math.isfinite(number):
        raise ValueError(typed)
    if _kind(entity, name) is Kind.RATIO and typed.endswith("%"):
        return number / 100
    return int(number) if _kind(entity, name) is Kind.COUNT else number


def choices(entity: str, name: str, *, data: Dataset, loc: Locale) -> list[tuple[str, Any]] | None:
    """Labels and values to choose from; None where anything may be written."""
    words = CHOICES.get((entity, name))
    empty: list[tuple[str, Any]] = [("–", None)]
    if words is not None:
        return empty + [(loc.label(words, one.value), one.value) for one in words]
    if _kind(entity, name) is Kind.FLAG:
        return [*empty, (loc.t("oui"), True), (loc.t("non"), False)]
    if name == "owner_id":
        reps = data.table("reps").sort_values("name")
        return empty + [(row.name_, int(row.id)) for row in _named(reps, "name")]
    if name == "stage_id":
        stages = data.table("stages").sort_values(["pipeline", "position"])
        return [(row.name_, int(row.id)) for row in _named(stages, "label")]
    return None


def _named(frame: Any, column: str) -> Any:
    return frame[["id", column]].rename(columns={column: "name_"}).itertuples(index=False)


def day(value: Any) -> dt.date | None:
    """A stored day as a date."""
    return dt.date.fromisoformat(value[:10]) if isinstance(value, str) else value


def _kind(entity: str, name: str) -> Kind:
    columns = {column.name: column.kind for column in TABLES[TABLE_OF[entity]].columns}
    return columns.get(name, Kind.TEXT)


def _written(value: Any, kind: Kind, loc: Locale) -> str:
    if kind not in NUMBERS:
        return str(value)
    number = float(value)
    text = str(int(number)) if number.is_integer() else str(number)
    return text.replace(".", ",") if loc.language == "fr" else text
