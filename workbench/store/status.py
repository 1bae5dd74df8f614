"""What a store holds and how fresh it is, at a glance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from workbench.store.engine import connect, version
from workbench.store.schema import Base, Change, Load, RejectedRow

if TYPE_CHECKING:
    import datetime as dt

LOADS_SHOWN = 5


@dataclass(frozen=True)
class LoadFacts:
    """A load: when, by whom, from what, and how many rows it kept aside."""

    source: str
    started_at: dt.datetime
    user: str
    data_date: dt.date | None
    rejected: int


@dataclass(frozen=True)
class Status:
    """A store: its address without password, its shape's version, its newest change, its rows."""

    url: str
    schema: str
    version: int
    rows: dict[str, int]
    loads: list[LoadFacts]

    @property
    def data_date(self) -> dt.date | None:
        """The latest date in the files loaded; None where none tells."""
        return max((load.data_date for load in self.loads if load.data_date), default=None)


def read(url: str) -> Status:
    """Count the rows of each table and name the last loads, newest first.

    Raises:
        StoreError: no store there, or of another version.
    """
    engine = connect(url)
    with engine.connect() as connection:
        rows = {
            table.name: connection.scalar(select(func.count()).select_from(table)) or 0
            for table in Base.metadata.sorted_tables
        }
        rejected = (
            select(func.count(RejectedRow.id))
            .where(RejectedRow.load_id == Load.id)
            .scalar_subquery()
        )
        loads = connection.execute(
            select(Load.source, Load.started_at, Load.user, Load.data_date, rejected)
            .order_by(Load.id.desc())
            .limit(LOADS_SHOWN)
        )
        return Status(
            url=engine.url.render_as_string(hide_password=True),
            schema=version(connection),
            version=connection.scalar(select(func.max(Change.id))) or 0,
            rows=dict(sorted(rows.items())),
            loads=[LoadFacts(*load) for load in loads],
        )
