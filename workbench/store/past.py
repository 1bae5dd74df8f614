"""The store as it was known at a moment: a store of its own, replayed from the journal.

Made once per moment in a file of the machine's temporary folder, then read like any other, so
that an old report comes from the same queries as a new one.
"""

from __future__ import annotations

import atexit
import hashlib
import shutil
import tempfile
import threading
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select
from sqlalchemy import insert as insert_into

from workbench.store.batch import JOURNAL_COLUMNS, period_columns, period_rows
from workbench.store.engine import migrate, writing
from workbench.store.identity import identity
from workbench.store.replay import SUBJECTS, by_record, state
from workbench.store.rows import columns_of, defaults_of, events_of, insert, stored, table_of
from workbench.store.schema import (
    ENTITIES,
    Change,
    KeptOut,
    Load,
    LoadedTable,
    RejectedRow,
    RetentionWarning,
)

if TYPE_CHECKING:
    import datetime as dt

    from sqlalchemy import Connection, Engine

PREFIX = "workbench-past-"
_FOLDER = Path(tempfile.mkdtemp(prefix=PREFIX))
_LOCK = threading.Lock()
atexit.register(shutil.rmtree, _FOLDER, ignore_errors=True)


def past(engine: Engine, known_at: dt.datetime) -> Engine:
    """A store that holds what had been recorded by then; itself where nothing was since."""
    with engine.connect() as connection:
        upto = newest_known(connection, known_at)
        if upto == (connection.scalar(select(func.max(Change.id))) or 0):
            return engine
        forgotten = connection.scalar(select(func.max(KeptOut.id))) or 0
    name = f"{engine.url}|{known_at.isoformat()}|{forgotten}"
    path = _FOLDER / _short(identity(engine)) / f"{_short(name)}.db"
    with _LOCK:
        made = path.exists()
        replayed = migrate(f"sqlite:///{path}")
        if not made:
            with engine.connect() as connection, writing(replayed) as target:
                target.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
                for entity in ENTITIES:
                    _replay(connection, target, entity, upto)
                _copy(connection, target, known_at, upto)
    return replayed


def newest_known(connection: Connection, known_at: dt.datetime) -> int:
    """The number of the newest change that was there at a moment; 0 where none was.

    A batch is there whole or not at all, from its end on: that is the moment of its last change,
    while the others bear that of its beginning.
    """
    found = connection.execute(
        select(Change.id, Change.batch)
        .where(Change.recorded_at <= known_at)
        .order_by(Change.id.desc())
        .limit(1)
    ).one_or_none()
    if found is None:
        return 0
    first, last = connection.execute(
        select(func.min(Change.id), func.max(Change.id)).where(Change.batch == found.batch)
    ).one()
    return int(last if last == found.id else first - 1)


def forget(engine: Engine) -> list[Path]:
    """Remove the pasts that this machine's processes have made of a store: they name people.

    They are found by the store's own mark, however its address was written. A process that reads
    one goes on in what is no longer on any disk, and makes itself another.

    Returns:
        What couldn't be removed, or looked into: it is another user's.
    """
    left = []
    mark = _short(identity(engine))
    for made in sorted(Path(tempfile.gettempdir()).glob(f"{PREFIX}*")):
        folder = made / mark
        try:
            if folder.is_dir():
                shutil.rmtree(folder)
        except FileNotFoundError:  # its process ends now, and removes it itself
            continue
        except OSError:
            left.append(folder)
    return left


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _replay(source: Connection, target: Connection, entity: str, upto: int) -> None:
    names = list(columns_of(entity))
    rows = []
    # What a snapshot leaves empty because its column came later.
    usual = defaults_of(entity)
    subjects = [subject for subject in SUBJECTS if subject.entity == entity]
    periods: dict[str, list[tuple[Any, ...]]] = {subject.table: [] for subject in subjects}
    events = events_of(source, entity, upto=upto)
    versions = Counter(event.record_id for event in events)
    for record_id, held in by_record(events):
        for subject in subjects:
            periods[subject.table] += period_rows(subject, record_id, held)
        fields = state(held)
        if fields is not None:
            rows.append((record_id, versions[record_id], *map({**usual, **fields}.get, names)))
    insert(target, table_of(entity), ["id", "version", *names], rows)
    for subject in subjects:
        insert(target, table_of(subject.table), period_columns(subject), periods[subject.table])


def _copy(source: Connection, target: Connection, known_at: dt.datetime, upto: int) -> None:
    """What is kept as it was written: the journal, loads with their rejected rows, warnings."""
    changes = source.execute(select(table_of("change")).where(Change.id <= upto))
    insert(
        target,
        table_of("change"),
        JOURNAL_COLUMNS,
        (
            (id_, batch, stored(recorded_at), effective.isoformat(), *rest)
            for id_, batch, recorded_at, effective, *rest in changes
        ),
    )
    since = select(Change.batch).where(Change.id > upto)
    before = select(Load.id).where(Load.started_at <= known_at, Load.batch.not_in(since))
    for model, condition in (
        (Load, Load.id.in_(before)),
        (LoadedTable, LoadedTable.load_id.in_(before)),
        (RejectedRow, RejectedRow.load_id.in_(before)),
        (RetentionWarning, RetentionWarning.warned_on <= known_at.date()),
    ):
        found = source.execute(select(model.__table__).where(condition)).mappings().all()
        if found:
            target.execute(insert_into(model), [dict(row) for row in found])
