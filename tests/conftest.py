"""Fixtures that all tests share: a new store on each database, the demo and the real files."""

from __future__ import annotations

import datetime as dt
import fcntl
import os
import shutil
import subprocess
import tempfile
import uuid
from pathlib import Path

import psycopg
import pytest
from hypothesis import settings

import workbench
from tests.parts import CI, need
from workbench.settings import Settings
from workbench.sources.load import load
from workbench.store import connect, create

# In CI the same examples each time: a new one that fails is found by whoever changes the code.
settings.register_profile("ci", derandomize=True)
if CI:
    settings.load_profile("ci")

ROOT = Path(__file__).parent.parent
SHARED = Path(os.environ.get("WORKBENCH_SHARED", ROOT.parent / "shared" / "data"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real files; tests that need it are skipped where it isn't."""
    if not SHARED.is_dir():
        pytest.skip(f"no real files at {SHARED}; WORKBENCH_SHARED says where they are")
    return SHARED


@pytest.fixture(scope="session")
def demo() -> Path:
    """The demo company's files."""
    return ROOT / "data"


@pytest.fixture(scope="session")
def demo_copy(demo, tmp_path_factory):
    """`demo_copy(name)`: the address of a store with the demo company, for one's own use.

    It is loaded once, for all workers.
    """
    folder = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        folder = folder.parent
    whole = folder / "demo.db"
    with (folder / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not whole.exists():
            making = folder / "making.db"
            engine = create(f"sqlite:///{making}")
            load(engine, Settings.load(demo / "workbench.toml").sources, user="tests")
            engine.dispose()
            making.rename(whole)

    def copy(name):
        path = tmp_path_factory.mktemp(name) / "demo.db"
        shutil.copy(whole, path)
        return f"sqlite:///{path}"

    return copy


@pytest.fixture(scope="session")
def demo_url(demo_copy):
    """A store with the demo company, to be read."""
    return demo_copy("demo")


@pytest.fixture(scope="session")
def demo_data(demo_url):
    """The demo company as of its last day."""
    day = dt.date(2026, 9, 30)
    return workbench.open(demo_url, as_of=day, today=day)


@pytest.fixture(scope="session")
def postgresql_server():
    """A PostgreSQL server on a socket of its own, for the whole session."""
    pg_ctl = need("postgresql")
    folder = Path(tempfile.mkdtemp(prefix="wb-pg-"))  # short: socket paths have a limit
    as_server = []
    if os.getuid() == 0:  # the server refuses to run as root
        shutil.chown(folder, "postgres", "postgres")
        as_server = ["runuser", "-u", "postgres", "--"]
    data = folder / "data"
    run = lambda *command: subprocess.run([*as_server, *command], check=True, capture_output=True)  # noqa: E731
    run(str(pg_ctl.parent / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust", "-N")
    options = f"-k {folder} -c listen_addresses='' -c fsync=off -c max_connections=60"
    run(str(pg_ctl), "-D", str(data), "-w", "-l", str(folder / "log"), "-o", options, "start")
    yield folder
    run(str(pg_ctl), "-D", str(data), "-m", "immediate", "stop")
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgresql_url(postgresql_server):
    """An empty database."""
    return _database(postgresql_server, f"t_{uuid.uuid4().hex[:12]}")


def _database(server, name, template="template1"):
    """A new database of the server, as that other stands; its address."""
    dsn = f"host={server} user=postgres dbname=postgres"
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name}")
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    return f"postgresql://postgres@/{name}?host={server}"


@pytest.fixture(
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)],
)
def store_url(request, tmp_path) -> str:
    """The address of a store that isn't there yet, on each kind of database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    return request.getfixturevalue("postgresql_url")


@pytest.fixture(scope="session")
def _templates(request, tmp_path_factory):
    """Makes the stores that others are copies of, each once per kind of database."""
    made = {}

    def template(kind, name, fill):
        if (kind, name) not in made:
            if kind == "sqlite":
                url = f"sqlite:///{tmp_path_factory.mktemp('template') / name}.db"
            else:
                url = _database(request.getfixturevalue("postgresql_server"), name)
            engine = create(url)
            filled = fill(engine)
            engine.dispose()  # the last one to close empties the write-ahead log into the file
            made[kind, name] = url, filled
        return made[kind, name]

    return template


@pytest.fixture
def store_as(request, store_url, _templates):
    """`store_as(name, fill)`: a store as `fill(engine)` leaves a new one, and what it gave back.

    Filling is done once for all tests that name it so; each has a copy of its own.
    """
    opened = []

    def copied(name, fill):
        url, filled = _templates(store_url.partition(":")[0], name, fill)
        if url.startswith("sqlite"):
            shutil.copy(url.removeprefix("sqlite:///"), store_url.removeprefix("sqlite:///"))
        else:
            mine = store_url.split("/")[3].partition("?")[0]
            _database(request.getfixturevalue("postgresql_server"), mine, name)
        opened.append(connect(store_url))
        return opened[-1], filled

    yield copied
    for engine in opened:
        engine.dispose()


@pytest.fixture
def engine(store_as):
    """A new store."""
    return store_as("empty", lambda _: None)[0]
