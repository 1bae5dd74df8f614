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
from workbench.store import create

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
    name = f"t_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(
        f"host={postgresql_server} user=postgres dbname=postgres", autocommit=True
    ) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return f"postgresql://postgres@/{name}?host={postgresql_server}"


@pytest.fixture(
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)],
)
def store_url(request, tmp_path) -> str:
    """The address of a store that isn't there yet, on each kind of database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    return request.getfixturevalue("postgresql_url")


@pytest.fixture
def engine(store_url):
    """A new store."""
    made = create(store_url)
    yield made
    made.dispose()
