"""Saving edits through the journal: one, and a thousand at once, in a small store and a large one.

The floor writes the same rows into the same file by sqlite3, as durably. That neither grows with
the journal is seen by the large store's time over the small one's.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd

from tests.bench.rows import Row, Took, by_turns
from workbench.store import access, create, journal, users
from workbench.store.batch import Author, batch
from workbench.vocabulary import Role, Surface

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Engine

    from tests.bench.demo import Demo
    from workbench.store.access import Viewer

SETS = 9  # changes of each account beside its creation
SIZES = {"10,000": 1_000, "1,000,000": 100_000}  # rows of the journal: accounts
ONE, MANY = 50, 1_000
SAME = 1.25
"""Between two sizes a machine's noise is allowed so much."""


@dataclass
class Store:
    """A store filled for the bench: what edits it, and a bare connection to the same file."""

    engine: Engine
    viewer: Viewer
    bare: sqlite3.Connection
    turn: int = 0

    def edit(self, count: int, at_once: int) -> None:
        """Edit as many accounts through the journal, some in each batch."""
        self.turn += 1
        versions = self.bare.execute(
            "SELECT id, version FROM account ORDER BY id LIMIT ?", (count,)
        ).fetchall()
        edits = [
            journal.Edit("account", id_, version, "next_step", f"step {self.turn}")
            for id_, version in versions
        ]
        for first in range(0, count, at_once):
            outcomes = journal.save(
                self.engine, edits[first : first + at_once],
                viewer=self.viewer, surface=Surface.DASHBOARD,
            )  # fmt: skip
            assert {outcome.state for outcome in outcomes} == {journal.State.SAVED}

    def write(self, count: int, at_once: int) -> None:
        """Write the rows that such edits leave, by sqlite3 alone."""
        self.turn += 1
        columns = [row[1] for row in self.bare.execute("PRAGMA table_info(change)")]
        marks = ", ".join("?" * len(columns))
        held = self.bare.execute(
            "SELECT * FROM change WHERE surface = 'dashboard' ORDER BY id DESC LIMIT ?", (count,)
        ).fetchall()
        assert len(held) == count, "edit first"
        value = f'"step {self.turn}"'
        like = [dict(zip(columns, row, strict=True)) for row in held]
        (newest,) = self.bare.execute("SELECT max(id) FROM change").fetchone()
        rows = [{**row, "id": newest + n, "new": value} for n, row in enumerate(like, 1)]
        for first in range(0, count, at_once):
            some = rows[first : first + at_once]
            self.bare.execute("BEGIN IMMEDIATE")
            self.bare.executemany(
                "UPDATE account SET next_step = ?, version = version + 1 WHERE id = ?",
                [(value, row["record_id"]) for row in some],
            )
            self.bare.executemany(
                f"INSERT INTO change VALUES ({marks})", [tuple(row.values()) for row in some]
            )
            self.bare.executemany(
                "INSERT INTO outbox (change_id, source, state) VALUES (?, 'bench', 'waiting')",
                [(row["id"],) for row in some],
            )
            self.bare.execute("COMMIT")


def _filled(folder: Path, accounts: int) -> Store:
    """A store of so many accounts, each created by a load and changed some times since."""
    path = folder / f"journal-{accounts}.db"
    engine = create(f"sqlite:///{path}")
    with batch(engine, Author("load", Surface.LOAD)) as opened:
        day = pd.Timestamp("2024-01-01").date()
        rep = opened.create(
            "rep",
            pd.DataFrame([{"code": "D", "name": "D", "kind": "director", "effective": day}]),
        ).iloc[0]
        codes = [f"C{n}" for n in range(accounts)]
        frame = pd.DataFrame({"code": codes, "name": codes, "source": "bench"})
        opened.create("account", frame.assign(status="suspect", owner_id=rep, effective=day))
    users.add_user(engine, "d", "a long password", name="D", role=Role.DIRECTOR, rep="D")
    bare = sqlite3.connect(path, isolation_level=None, timeout=60)
    bare.execute("PRAGMA synchronous=FULL")
    bare.execute("BEGIN IMMEDIATE")
    (newest,) = bare.execute("SELECT max(id) FROM change").fetchone()
    ids = [id_ for (id_,) in bare.execute("SELECT id FROM account ORDER BY id")]
    bare.executemany(
        "INSERT INTO change (id, batch, recorded_at, effective, entity, record_id, op, field,"
        ' "old", "new", "user", surface) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
        _sets(newest, ids),
    )
    bare.execute("UPDATE account SET next_step = ?, version = ?", (f"was {SETS - 1}", 1 + SETS))
    bare.execute("COMMIT")
    return Store(engine, access.viewer(engine, "d"), bare)


def _sets(newest: int, ids: list[int]) -> Iterator[tuple[Any, ...]]:
    """Rows of the journal that change each account's next step some times over."""
    for turn in range(SETS):
        old = None if turn == 0 else f'"was {turn - 1}"'
        for at, id_ in enumerate(ids, 1):
            yield (
                newest + turn * len(ids) + at, f"past-{turn}-{at % 97}",
                "2024-06-01 12:00:00.000000", f"2024-06-0{turn + 1}", "account", id_, "set",
                "next_step", old, f'"was {turn}"', "d", "dashboard",
            )  # fmt: skip


def saving(demo: Demo) -> Iterator[Row]:
    """One edit, and a thousand at once, beside bare transactions of the same rows."""
    stores = {size: _filled(demo.folder, accounts) for size, accounts in SIZES.items()}
    for work, count, at_once in (
        ("an edit saved", ONE, 1),
        ("1,000 edits saved in one batch", MANY, MANY),
    ):
        took: dict[str, Took] = {}
        for size, store in stores.items():
            mine, theirs = by_turns(
                partial(store.edit, count, at_once), partial(store.write, count, at_once)
            )
            took[size] = mine
            batches = count // at_once
            yield Row(
                f"{work}, {size} rows in the journal",
                mine.wall / batches, (mine.cpu or 0) / batches, theirs.wall / batches,
                "sqlite3, the same three rows each, as durable", times=3,
            )  # fmt: skip
        small, large = (took[size].wall / (count // at_once) for size in SIZES)
        yield Row(
            f"{work}: the large journal beside the small",
            large, floor=small, by="ours, 10,000 rows", times=SAME,
        )  # fmt: skip
    for store in stores.values():
        store.bare.close()
        store.engine.dispose()
