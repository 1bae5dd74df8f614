"""Warnings to those who have been silent too long: given once, and lifted by a new contact."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select

from workbench.store.engine import writing
from workbench.store.privacy.anonymise import allowed
from workbench.store.schema import RetentionWarning

if TYPE_CHECKING:
    import pandas as pd
    from sqlalchemy import Engine

    from workbench.store.access import Viewer

HELD = ("warned", "ready")


def warn(
    engine: Engine, silent: pd.DataFrame, *, viewer: Viewer, today: dt.date, grace_days: int
) -> int:
    """Warn of those who are due, and lift the warnings of those who aren't any more.

    Args:
        engine: the store.
        silent: the metric `retention`, of all that the store holds.
        viewer: who warns.
        today: from when the grace period runs.
        grace_days: how long it is.

    Returns:
        How many were warned.

    Raises:
        NotAllowed: the viewer may not.
    """
    allowed(engine, viewer)
    due = silent[silent["state"] == "due"]
    until = today + dt.timedelta(days=grace_days)
    rows: list[dict[str, Any]] = [
        {
            "contact_id": int(id_),
            "warned_on": today,
            "last_contact": last.date(),
            "until": until,
            "warned_by": viewer.username,
        }
        for id_, last in zip(due["id"], due["last_contact"], strict=True)
    ]
    kept = {int(id_) for id_ in silent.loc[silent["state"].isin(HELD), "id"]}
    with writing(engine) as connection:
        held = set(connection.scalars(select(RetentionWarning.contact_id)))
        for id_ in sorted(held - kept):
            connection.execute(delete(RetentionWarning).where(RetentionWarning.contact_id == id_))
        if rows:
            connection.execute(insert(RetentionWarning), rows)
    return len(rows)
