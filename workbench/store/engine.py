"""Opening a store: SQLAlchemy for changes, ADBC for reading tables, Alembic for its shape.

One writer at a time, on PostgreSQL as on SQLite: journal numbers then follow the order of commits,
so that the highest one is the store's version.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import adbc_driver_postgresql.dbapi
from sqlalchemy import Connection, Engine, column, create_engine, event, inspect, make_url, select
from sqlalchemy import table as named
from sqlalchemy.exc import ArgumentError, DatabaseError

from workbench.errors import StoreError
from workbench.store.sqlite import Libraries

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic.config import Config
    from sqlalchemy import URL

MIGRATIONS = Path(__file__).parent / "migrations"
NEEDED = max(file.name for file in (MIGRATIONS / "versions").glob("[0-9]*.py"))[:4]
"""The version of the schema that this workbench needs: the last migration's."""
LIBRARIES: WeakKeyDictionary[Engine, Libraries] = WeakKeyDictionary()
WRITER_LOCK = 7_041_871  # any number, the same for all: PostgreSQL's advisory lock of the writer
ENTRY_LOCK = 7_041_872  # of who comes in: nobody waits for a load in order to sign in


def _url(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise StoreError(
            f"{url!r} is not a database address. Give sqlite:///path/to/file.db or "
            "postgresql://user@host/name."
        ) from error
    if parsed.get_backend_name() == "sqlite":
        if not parsed.database or parsed.database == ":memory:":
            raise StoreError("The store is a file: sqlite:///path/to/file.db.")
        return parsed
    if parsed.get_backend_name() == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    raise StoreError(f"{url!r}: only SQLite and PostgreSQL are supported.")


@lru_cache
def _engine(parsed: URL) -> Engine:
    """One engine per address and process."""
    if parsed.get_backend_name() != "sqlite":
        engine = create_engine(parsed)
        event.listen(engine, "begin", _begin_on_postgresql)
        return engine
    engine = create_engine(parsed, connect_args={"timeout": 60})
    LIBRARIES[engine] = Libraries(str(parsed.database))
    LIBRARIES[engine].attach(engine)
    return engine


def _begin_on_postgresql(connection: Connection) -> None:
    lock = connection.get_execution_options().get("writes")
    if lock:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({int(lock)})")


def migrate(url: str) -> Engine:
    """Open a store, making it or bringing it to this version of the schema first.

    Raises:
        StoreError: the address is of no known kind, or nothing answers there.
    """
    from alembic import command  # noqa: PLC0415 - where a store is made alone: it is slow to import

    parsed = _url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = _engine(parsed)
    try:
        with writing(engine) as connection:
            command.upgrade(migrations(connection), "head")
    except DatabaseError as error:
        raise StoreError(f"{url}: {error.orig}") from error
    return engine


def migrations(connection: Connection) -> Config:
    """Alembic's settings, for its commands on that connection."""
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def connect(url: str) -> Engine:
    """Open a store that exists.

    Raises:
        StoreError: there is none at the address, or it is of another version.
    """
    parsed = _url(url)
    if (
        parsed.get_backend_name() == "sqlite"
        and parsed.database
        and not Path(parsed.database).exists()
    ):
        raise StoreError(f"No store at {url}. Make one with `workbench init --database {url}`.")
    engine = _engine(parsed)
    try:
        with engine.connect() as connection:
            found = version(connection)
    except DatabaseError as error:
        raise StoreError(f"{url}: {error.orig}") from error
    if found != NEEDED:
        raise StoreError(
            f"The store at {url} is of version {found}, this workbench needs {NEEDED}. "
            f"Run `workbench init --database {url}`: it brings it up to date and keeps the data."
        )
    return engine


def version(connection: Connection) -> str:
    """The version of the schema that a store is of; "none" where nothing was made there."""
    if not inspect(connection).has_table("alembic_version"):
        return "none"
    return (
        connection.scalar(select(column("version_num")).select_from(named("alembic_version")))
        or "none"
    )


@contextmanager
def writing(engine: Engine, lock: int = WRITER_LOCK) -> Iterator[Connection]:
    """A transaction that writes: alone until it commits, rolled back on any error.

    On PostgreSQL alone among those of its lock; SQLite has one writer whatever it writes.
    """
    with engine.connect().execution_options(writes=lock) as connection, connection.begin():
        yield connection


@contextmanager
def arrow_cursor(engine: Engine) -> Iterator[Any]:
    """An ADBC cursor on the store, within one read snapshot."""
    url = engine.url
    if engine.dialect.name == "sqlite":
        opened = LIBRARIES[engine].reading()
        # Column types are inferred from the first batch: one batch large enough to hold a table.
        options = {"adbc.sqlite.query.batch_rows": 4_000_000}
    else:
        plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
        opened = adbc_driver_postgresql.dbapi.connect(plain)
        options = {}
    with opened as connection, connection.cursor() as cursor:
        cursor.adbc_statement.set_options(**{k: str(v) for k, v in options.items()})
        yield cursor
