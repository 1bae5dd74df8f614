"""Reading the store into frames, loading it, going back to what it knew."""

from __future__ import annotations

import datetime as dt
import shutil
import sqlite3
from typing import TYPE_CHECKING

from tests.bench.rows import Row, by_turns, once
from workbench.store import access, create, dataset, journal, past
from workbench.store.engine import arrow_cursor, connect
from workbench.store.frames import QUERIES
from workbench.store.schema import Base
from workbench.store.scope import Scope
from workbench.store.shelf import Shelf
from workbench.tables import TABLES
from workbench.vocabulary import Surface

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bench.demo import Demo


def reading(demo: Demo) -> Iterator[Row]:
    """All tables opened as a dataset; again by a second session."""
    engine = connect(demo.url)
    queries = [
        str(
            query(demo.settings.today, Scope(None, demo.settings.today)).compile(
                dialect=engine.dialect, compile_kwargs={"literal_binds": True}
            )
        )
        for query, _ in QUERIES.values()
    ]

    def ours() -> None:
        data = demo.open()
        for name in TABLES:
            data.table(name)

    def afresh() -> None:
        dataset.SHELF = Shelf()
        ours()

    def floor() -> None:
        with arrow_cursor(engine) as cursor:
            for query in queries:
                cursor.execute(query)
                cursor.fetch_arrow_table()

    mine, theirs = by_turns(afresh, floor)
    yield Row(
        "all tables of the demo opened as a dataset",
        mine.wall, mine.cpu, theirs.wall, "ADBC, the same SELECTs", times=1.5,
    )  # fmt: skip
    read = dataset.SHELF.reads
    second = once(ours)
    again = dataset.SHELF.reads - read
    yield Row(
        "the same by a second session",
        second.wall, second.cpu, theirs.wall, "ADBC, the same SELECTs",
        times=0.1, note=f"{again} tables read again",
    )  # fmt: skip


def loading(demo: Demo) -> Iterator[Row]:
    """The demo from its files, beside the same rows put into the same tables by sqlite3."""
    took = demo.loading
    with sqlite3.connect(demo.folder / "demo.db") as loaded:
        rows = {
            table.name: loaded.execute(f'SELECT * FROM "{table.name}"').fetchall()
            for table in Base.metadata.sorted_tables
        }
    path = demo.folder / "floor.db"
    create(f"sqlite:///{path}").dispose()

    def floor() -> None:
        with sqlite3.connect(path) as empty:
            empty.execute("PRAGMA synchronous=FULL")
            for name, held in rows.items():
                empty.execute(f'DELETE FROM "{name}"')
                if held:
                    marks = ", ".join("?" * len(held[0]))
                    empty.executemany(f'INSERT INTO "{name}" VALUES ({marks})', held)

    theirs = once(floor)
    count = sum(map(len, rows.values()))
    size = (demo.folder / "demo.db").stat().st_size
    yield Row(
        "the demo loaded from its files",
        took.wall, took.cpu, theirs.wall, "sqlite3 executemany, the same rows",
        limit=20, note=f"{count:,} rows, {size / 1e6:.0f} MB",
    )  # fmt: skip


def remembering(demo: Demo) -> Iterator[Row]:
    """The demo as it was known before somebody changed it, replayed from the journal."""
    shutil.copy(demo.url.removeprefix("sqlite:///"), demo.folder / "changed.db")
    engine = connect(f"sqlite:///{demo.folder / 'changed.db'}")
    moment = dt.datetime.now(dt.UTC)
    edit = journal.Edit("account", 1, 1, "next_step", "later")
    viewer = access.viewer(engine, "directrice")
    journal.save(engine, [edit], viewer=viewer, surface=Surface.DASHBOARD, each=True)
    mine = once(lambda: past.past(engine, moment))
    assert past.past(engine, moment) is not engine, "nothing was changed"

    def floor() -> None:
        with sqlite3.connect(demo.folder / "demo.db") as store:
            store.execute("SELECT * FROM change ORDER BY entity, record_id, id").fetchall()

    theirs = once(floor)
    yield Row(
        "the demo as known at a moment, first time",
        mine.wall, mine.cpu, theirs.wall, "sqlite3, the journal read in order",
    )  # fmt: skip
