"""What `workbench history` prints: each change in the words that people read."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import orjson
from rich import box
from rich.table import Table
from sqlalchemy import Date

from workbench.locale import DASH, missing
from workbench.store.rows import columns_of
from workbench.store.rules import CHOICES
from workbench.terminal import console
from workbench.vocabulary import field_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from workbench.locale import Locale


def history(changes: pd.DataFrame, loc: Locale, names: Mapping[str, Mapping[int, str]]) -> None:
    """Print changes, the newest first.

    Args:
        changes: rows of the table `changes`.
        loc: in which language.
        names: by field that refers to records, these by id.
    """
    table = Table(box=box.SIMPLE_HEAD)
    for name in ("change", "recorded", "effective", "field", "old", "new", "by", "from", "why"):
        table.add_column(name, overflow="fold")
    gone = set(changes["undoes"].dropna().astype(int))
    rows: list[Any] = changes.sort_values("id", ascending=False).to_dict("records")
    for row in rows:
        undoes = "" if missing(row["undoes"]) else f"undoes {int(row['undoes'])} "
        table.add_row(
            f"{row['id']}{' (undone)' if row['id'] in gone else ''}",
            loc.moment(row["recorded_at"].to_pydatetime()),
            loc.date(row["effective"]),
            row["op"] if missing(row["field"]) else loc.t(field_name(row["field"])),
            _shortened(_read(row, row["old"], loc, names)),
            _shortened(_read(row, row["new"], loc, names)),
            row["user"],
            row["surface"],
            undoes + ("" if missing(row["reason"]) else row["reason"]),
        )
    console().print(table)
    batches = ", ".join(dict.fromkeys(row["batch"] for row in rows))
    console().print(f"Batches, the newest first: {batches}")


def _read(
    row: Mapping[str, Any], text: Any, loc: Locale, names: Mapping[str, Mapping[int, str]]
) -> str:
    """A value of the journal as people read it; of a record that came or went all it held."""
    if missing(text):
        return DASH
    value = orjson.loads(text)
    if missing(row["field"]):
        held = (_worded((row["entity"], name), one, loc, names) for name, one in value.items())
        return ", ".join(held)
    return _worded((row["entity"], row["field"]), value, loc, names)


def _worded(
    field: tuple[str, str], value: Any, loc: Locale, names: Mapping[str, Mapping[int, str]]
) -> str:
    column = columns_of(field[0]).get(field[1])
    if field in CHOICES:
        return loc.label(CHOICES[field], value)
    if isinstance(value, bool):
        return loc.t("oui") if value else loc.t("non")
    if column is not None and isinstance(column.type, Date) and value is not None:
        return loc.date(dt.date.fromisoformat(value))
    return DASH if value is None else str(names.get(field[1], {}).get(value, value))


def _shortened(text: Any, most: int = 60) -> str:
    if missing(text):
        return DASH
    return str(text) if len(text) <= most else f"{text[:most]}…"
