"""Who looked at which sheet, and who took a person's data out: noted, kept for a while, told."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pandas as pd
from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from workbench.errors import NotAllowed
from workbench.store import access, access_log
from workbench.store.engine import writing
from workbench.store.schema import Account, Contact, Look

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from workbench.store.access import Viewer
    from workbench.vocabulary import LookKind

COLUMNS = ["at", "user", "kind", "entity", "record_id", "name"]
SESSION_LETTERS = 64


def note(
    engine: Engine,
    username: str,
    kind: LookKind,
    entity: str,
    id_: int,
    *,
    session: str,
    keep_days: int = 365,
    now: dt.datetime | None = None,
) -> None:
    """Note that somebody looked, once per session; what is older than is kept goes."""
    moment = now or dt.datetime.now(dt.UTC)
    dialect = sqlite if engine.dialect.name == "sqlite" else postgresql
    row = {
        "at": moment,
        "user": username,
        "kind": kind.value,
        "entity": entity,
        "record_id": id_,
        "session": session[:SESSION_LETTERS],
    }
    with writing(engine) as connection:
        connection.execute(dialect.insert(Look).values(row).on_conflict_do_nothing())
        connection.execute(delete(Look).where(Look.at < moment - dt.timedelta(days=keep_days)))


def listed(engine: Engine, viewer: Viewer) -> pd.DataFrame:
    """All that is noted, the newest first, with the name that the sheet has now.

    Raises:
        NotAllowed: the viewer is no administrator.
    """
    if viewer.role not in access.WATCHERS:
        access_log.forbidden(engine, viewer.username, "looks")
        raise NotAllowed("Who looked at what is for administrators to see.")
    with engine.connect() as connection:
        rows = connection.execute(
            select(Look.at, Look.user, Look.kind, Look.entity, Look.record_id, Account.name,
                   Contact.first_name, Contact.last_name)
            .outerjoin(Account, (Look.entity == "account") & (Account.id == Look.record_id))
            .outerjoin(Contact, (Look.entity == "contact") & (Contact.id == Look.record_id))
            .order_by(Look.id.desc())
        ).all()  # fmt: skip
    told = [
        (at.replace(tzinfo=None), user, kind, entity, record,
         name or " ".join(part for part in person if part))
        for at, user, kind, entity, record, name, *person in rows
    ]  # fmt: skip
    frame = pd.DataFrame(told, columns=COLUMNS)
    return frame.assign(at=pd.to_datetime(frame["at"]))
