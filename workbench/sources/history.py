"""Values with a date: what a source knows of the past of its records.

A timeline is a frame of `code`, `field`, `effective` (ISO text) and `value` (JSON-plain), the first
row of a field being its value when the record began.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
from sqlalchemy import Date

from workbench.sources import reasons, tabular
from workbench.store.journal import BEGINNING
from workbench.store.rows import plain
from workbench.store.schema import ENTITIES

if TYPE_CHECKING:
    import datetime as dt

    from sqlalchemy import Column

    from workbench.sources.preset import Preset
    from workbench.sources.rejected import Rejected
    from workbench.sources.sheets import Sheet
    from workbench.sources.tabular import Rows

COLUMNS = ["code", "field", "effective", "value"]
START = BEGINNING.isoformat()
NAMES = {name: entity for entity in ENTITIES for name in (entity, f"{entity}s")} | {
    "opportunities": "opportunity"
}


def empty() -> pd.DataFrame:
    """A timeline that says nothing."""
    return pd.DataFrame({name: pd.Series(dtype="object") for name in [*COLUMNS, "line"]})


def read(
    sheet: Sheet, preset: Preset, rejected: Rejected, today: dt.date
) -> dict[str, pd.DataFrame]:
    """The history file's rows as timelines by entity; those that don't fit set apart.

    Nor does one that takes effect after today: it tells what is planned, not what was.

    `line` is the row's place in the sheet, for what `load` rejects later.
    """
    cells = sheet.cells.apply(lambda column: column.str.strip())
    tabular.require(sheet, ["entity", *COLUMNS])
    found: dict[str, list[pd.DataFrame]] = {}
    day = tabular.typed(cells["effective"], Date(), preset)
    why = pd.Series("", index=cells.index, dtype="str").mask(
        day.isna(), tabular.each(reasons.NO_DATE, field="effective", text=cells["effective"])
    )
    ahead = tabular.each(reasons.AHEAD, field="effective", text=cells["effective"])
    why = why.mask(day > pd.Timestamp(today), ahead)
    for (name, field), group in cells[why == ""].groupby(["entity", "field"], sort=False):
        entity = NAMES.get(str(name))
        column = tabular.fields(entity).get(str(field)) if entity else None
        if entity is None or column is None:
            why[group.index] = reasons.NO_FIELD.format(field=f"{name}.{field}")
            continue
        value = tabular.typed(group["value"], tabular.kind(column), preset)
        misfits = tabular.misfits(entity, str(field), group["value"], value)
        if not column.nullable:
            empty = group["value"] == ""
            misfits = misfits.mask(empty, reasons.MISSING.format(field=str(field)))
        why[group.index] = misfits
        fits = group.index[why[group.index] == ""]
        found.setdefault(entity, []).append(
            pd.DataFrame(
                {
                    "code": group["code"][fits],
                    "field": field,
                    "effective": day[fits].dt.strftime("%Y-%m-%d"),
                    "value": _plain(value[fits], column),
                    "line": fits,
                }
            )
        )
    rejected.add("history", sheet, why[why != ""])
    return {entity: pd.concat(parts).sort_index() for entity, parts in found.items()}


def of_row(rows: Rows) -> pd.DataFrame:
    """The timeline that each row tells of itself: fields that took their value on a date in it."""
    since = rows.mapping.since
    if since is None:
        return empty()
    frame = rows.frame[rows.frame[since.when].notna()]
    begins = _iso(frame, rows.mapping.begins)
    parts = []
    for field in since.fields:
        column = tabular.fields(rows.entity)[field]
        value = _plain(frame[field], column)
        before = pd.Series(since.before.get(field), index=frame.index, dtype="object")
        for effective, held in ((begins, before), (_iso(frame, since.when), value)):
            parts.append(
                pd.DataFrame(
                    {
                        "code": frame["code"],
                        "field": field,
                        "effective": effective,
                        "value": held,
                        "line": frame.index,
                    }
                )
            )
    return pd.concat(parts, ignore_index=True)


def status_from_deals(accounts: Rows, deals: Rows) -> pd.DataFrame:
    """Give accounts `status` and `entered_on` from their deals, and return the timeline.

    Suspect from the beginning, prospect from the first deal's date on, client from the date of the
    first won one; they entered the file with their first deal.
    """
    frame = deals.frame
    named = frame[frame["account"].notna()]
    first = named.groupby("account")["created_on"].min().dropna()
    won = named[named["stage"] == "won"].groupby("account")["close_date"].min().dropna()
    code = accounts.frame["code"]
    steps = {"prospect": code.map(first), "client": code.map(won)}
    status = pd.Series("suspect", index=code.index, dtype="str")
    parts = [_step(code, "suspect", pd.Series(START, index=code.index))]
    for name, day in steps.items():
        reached = day.notna()
        status = status.mask(reached, name)
        parts.append(_step(code[reached], name, day[reached].dt.strftime("%Y-%m-%d")))
    accounts.frame = accounts.frame.assign(status=status, entered_on=steps["prospect"])
    return pd.concat(parts, ignore_index=True)


def _step(code: pd.Series[str], status: str, effective: pd.Series[str]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "code": code,
            "field": "status",
            "effective": effective,
            "value": status,
            "line": code.index,
        }
    )


def _plain(values: pd.Series[Any], column: Column[Any]) -> pd.Series[Any]:
    """Values as the journal writes them; references stay codes."""
    if column.foreign_keys:
        return values.astype("object").where(values.notna(), None)
    return pd.Series(plain(values, column), index=values.index, dtype="object")


def _iso(frame: pd.DataFrame, name: str | None) -> pd.Series[Any]:
    """A date column as ISO text, the beginning of time where it is empty."""
    if name is None or name not in frame:
        return pd.Series(START, index=frame.index, dtype="object")
    day: pd.Series[Any] = frame[name].dt.strftime("%Y-%m-%d").astype("object").fillna(START)
    return day


def begins(rows: Rows, frame: pd.DataFrame, timeline: pd.DataFrame) -> pd.Series[str]:
    """Since when each record is there: its date, or its first dated value where that is earlier."""
    day = _iso(frame, rows.mapping.begins)
    first = frame["code"].map(timeline.groupby("code")["effective"].min()).astype("object")
    first = first.where(first.notna(), day)
    return day.where((day != START) & (day <= first), first)
