"""The small company, filled once per kind of database and copied for each test."""

from __future__ import annotations

import itertools
import shutil
import uuid

import psycopg
import pytest
from argon2 import PasswordHasher

from tests.store.company import fill
from workbench.store import connect, create, signins

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture(scope="session")
def quickly():
    """`quickly(monkeypatch)`: passwords are hashed by argon2id as ever, but in no time."""
    nobody = QUICK.hash("nobody's password")

    def hashed(monkeypatch):
        monkeypatch.setattr(signins, "HASHER", QUICK)
        monkeypatch.setattr(signins, "_nobody", lambda: nobody)

    return hashed


@pytest.fixture(autouse=True)
def quick_passwords(quickly, monkeypatch):
    """Passwords are guessed by the dozen here."""
    quickly(monkeypatch)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory, quickly):
    path = tmp_path_factory.mktemp("template") / "company.db"
    made = create(f"sqlite:///{path}")
    with pytest.MonkeyPatch.context() as patched:
        quickly(patched)
        company = fill(made)
    made.dispose()  # the last connection to close empties the write-ahead log into the file
    return path, company


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server, quickly):
    _database(postgresql_server, "CREATE DATABASE company")
    made = create(f"postgresql://postgres@/company?host={postgresql_server}")
    with pytest.MonkeyPatch.context() as patched:
        quickly(patched)
        company = fill(made)
    made.dispose()
    return company


def _database(server, statement):
    dsn = f"host={server} user=postgres dbname=postgres"
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(statement)


@pytest.fixture
def filled(request, store_url):
    """A store with the small company, and its ids."""
    if store_url.startswith("sqlite"):
        path, company = request.getfixturevalue("sqlite_template")
        shutil.copy(path, store_url.removeprefix("sqlite:///"))
    else:
        company = request.getfixturevalue("postgresql_template")
        server = request.getfixturevalue("postgresql_server")
        name = store_url.split("/")[3].split("?")[0]
        _database(server, f"DROP DATABASE {name}")
        _database(server, f"CREATE DATABASE {name} TEMPLATE company")
    opened = connect(store_url)
    yield opened, company
    opened.dispose()


@pytest.fixture
def fresh(request, database, tmp_path):
    """Makes one new store with the small company after the other, on the test's database."""
    numbers = itertools.count()

    def copied():
        path, company = request.getfixturevalue("sqlite_template")
        return connect(f"sqlite:///{shutil.copy(path, tmp_path / f'{next(numbers)}.db')}"), company

    def created():
        company = request.getfixturevalue("postgresql_template")
        server = request.getfixturevalue("postgresql_server")
        name = f"s_{uuid.uuid4().hex[:12]}"
        _database(server, f"CREATE DATABASE {name} TEMPLATE company")
        return connect(f"postgresql://postgres@/{name}?host={server}"), company

    return copied if database == "sqlite" else created


@pytest.fixture
def engine(filled):
    return filled[0]


@pytest.fixture
def company(filled):
    return filled[1]
