"""Whatever is killed, at whatever moment, leaves nothing half-done: edits, loads, migrations.

In `make test` twice; `make campaigns` kills each 50 times on each kind of database.
"""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field

import pandas as pd
import psycopg
import pytest
from alembic import command
from sqlalchemy import MetaData, select

from tests.parts import CAMPAIGNS
from tests.store.company import LOADER, TODAY, address
from workbench.settings import SourceSettings
from workbench.sources.load import load
from workbench.store.batch import batch
from workbench.store.check import check
from workbench.store.engine import _engine, _url, migrate, migrations, writing
from workbench.store.schema import Account, Base, Load

KILLS = 50 if CAMPAIGNS else 2
AT_ONCE = 20
pytestmark = pytest.mark.timeout(3000 if CAMPAIGNS else 300)

LOADING = """
import sys
from pathlib import Path
from workbench.settings import SourceSettings
from workbench.sources.load import load
from workbench.store import connect

url, folder, ledger = sys.argv[1:]
sources = [
    SourceSettings(kind="crm", path=Path(folder)), SourceSettings(kind="fec", path=Path(ledger))
]
engine = connect(url)
print("ready", flush=True)
sys.stdin.readline()
load(engine, sources, user="x")
print("done", flush=True)
"""
MIGRATING = """
import sys
from workbench.store.engine import migrate

print("ready", flush=True)
sys.stdin.readline()
migrate(sys.argv[1])
print("done", flush=True)
"""


@dataclass
class Killer:
    """Kills a process at random moments of what takes it so long; the same moments each run."""

    seconds: float = 0.5
    rng: random.Random = field(default_factory=lambda: random.Random(7))  # noqa: S311 - moments

    def start(self, *arguments):
        """The process, set off."""
        process = subprocess.Popen(
            [sys.executable, *map(str, arguments)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert process.stdout.readline() == "ready\n"
        process.stdin.write("\n")
        process.stdin.flush()
        return process

    def time(self, *arguments):
        """Let it end, and note how long it takes."""
        with self.start(*arguments) as process:
            began = time.monotonic()
            assert process.stdout.read() == "done\n"
            self.seconds = time.monotonic() - began

    def kill(self, *arguments):
        """Kill it; what it had said by then, line by line."""
        with self.start(*arguments) as process:
            time.sleep(self.rng.random() * self.seconds)
            process.send_signal(signal.SIGKILL)
            return [line for line in process.stdout if line.endswith("\n")]


@pytest.fixture
def crowded(engine, company):
    """A store with accounts of a source to complete; all are R1's."""
    frame = pd.DataFrame({"code": [f"X{n}" for n in range(200)]}).assign(source="crm")
    frame = frame.assign(
        name=frame["code"], status="suspect", owner_id=company.reps["R1"], effective=TODAY
    )
    with batch(engine, LOADER) as opened:
        opened.create("account", frame)
    return engine


def test_killed_edits_are_whole_or_not_there(crowded):
    killer, survived = Killer(), set()
    for seed in range(KILLS):
        told = killer.kill(
            "-m", "tests.store.editor", address(crowded), "director", 10_000, seed, AT_ONCE
        )
        found = [json.loads(line) for line in told]
        survived |= {value for value, state, *_ in found if state == "saved"}
        assert check(crowded) == []
    with crowded.connect() as connection:
        rows = connection.exec_driver_sql(
            "SELECT c.batch, c.field, c.new, c.surface, c.record_id, o.change_id FROM change c"
            " LEFT JOIN outbox o ON o.change_id = c.id JOIN account a ON a.id = c.record_id"
            " WHERE c.op = 'set' AND c.entity = 'account' AND a.source = 'crm'"
        ).all()
    assert survived
    steps = [row for row in rows if row.field in {"next_step", "supplier"}]
    assert survived <= {json.loads(row.new) for row in _every_step(crowded)}
    assert {row.change_id is None for row in rows} == {False}  # the outbox has each of them
    assert steps
    sizes = Counter(row.batch for row in _every_step(crowded))
    assert set(sizes.values()) == {AT_ONCE}  # no batch is there in part
    complete = {row.record_id for row in rows if row.field == "decider_known"}
    promoted = {row.record_id for row in rows if row.surface == "rule" and row.field == "status"}
    assert promoted == complete  # what follows by rule came with it


def _every_step(engine):
    sql = (
        "SELECT batch, new FROM change WHERE op = 'set' AND surface = 'notebook'"
        " AND field IN ('next_step', 'supplier')"
    )
    with engine.connect() as connection:
        return connection.exec_driver_sql(sql).all()


def _export(folder, turn):
    """A small company's files; each turn of them changes every account and adds as many calls."""
    accounts = 150
    lines = [f"C{n},Compte {n} bis {turn},2024-01-05,suspect,K{n}" for n in range(accounts)]
    _csv(folder, "accounts", "code,name,entered_on,status,customer_code", lines)
    calls = [
        f"A{turn}-{n},C{n},call,2024-02-{1 + n % 28:02d},{str(n % 3 == 0).lower()}"
        for n in range(accounts)
    ]
    _csv(folder, "activities", "code,account,kind,date,two_way", calls)
    head = "JournalCode|EcritureNum|EcritureDate|CompteNum|CompAuxNum|EcritureLib|Debit|Credit"
    entries = [
        f"VE|{n}|2024{1 + m % 12:02d}15|{account}|F{n}|{debit}|{credit}"
        for m in range(turn + 1)
        for n in range(100 * m, 100 * m + 100)
        for account, debit, credit in (
            (f"411000|K{n % accounts}", "120,00", "0,00"), ("707000|", "0,00", "120,00"),
        )
    ]  # fmt: skip
    (folder.parent / "ledger.txt").write_text("\n".join([head, *entries]) + "\n", "utf-8")


def _csv(folder, name, head, lines):
    (folder / f"{name}.csv").write_text("\n".join([head, *lines]) + "\n", "utf-8")


def test_a_killed_load_is_whole_or_not_there(engine, store_url, tmp_path):
    folder = tmp_path / "crm"
    folder.mkdir()
    arguments = "-c", LOADING, store_url, folder, tmp_path / "ledger.txt"
    _export(folder, 0)
    killer = Killer()
    killer.time(*arguments)
    turn = 1
    for _ in range(KILLS):
        _export(folder, turn)
        before = _held(engine)
        killer.kill(*arguments)
        assert check(engine) == []
        after = _held(engine)
        if after != before:
            assert after == (f"Compte 0 bis {turn}", 150 * (turn + 1), 200 * (turn + 1), turn + 1)
            turn += 1
    _export(folder, turn)
    sources = [
        SourceSettings(kind="crm", path=folder),
        SourceSettings(kind="fec", path=tmp_path / "ledger.txt"),
    ]
    load(engine, sources, user="x")  # and it can be done again
    assert _held(engine)[0] == f"Compte 0 bis {turn}"
    assert check(engine) == []


def _held(engine):
    """What the loads have brought: a name, activities, lines of the ledger, loads."""
    with engine.connect() as connection:
        name = connection.scalar(select(Account.name).where(Account.code == "C0"))
        counts = [
            connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar()
            for table in ("activity", "ledger_entry")
        ]
        loads = len(connection.execute(select(Load.batch).distinct()).all())
    return (name, *counts, loads)


@pytest.fixture
def old_store(engine, store_url, tmp_path):
    """`old_store(number)`: the address of a store of the first version, with the company in it."""
    tables = _rows(engine)

    def make(number):
        if engine.dialect.name == "sqlite":
            url = f"sqlite:///{tmp_path / f'old-{number}.db'}"
        else:
            url = store_url.replace("/t_", f"/old{number}_")
            with psycopg.connect(
                engine.url.set(drivername="postgresql", database="postgres").render_as_string(
                    hide_password=False
                ),
                autocommit=True,
            ) as server:
                server.execute(f'CREATE DATABASE "{_url(url).database}"')
        old = _engine(_url(url))
        with writing(old) as connection:
            command.upgrade(migrations(connection), "0001")
            there = MetaData()
            there.reflect(connection)
            for table in reversed(there.sorted_tables):  # the pipeline that comes with a new store
                if table.name != "alembic_version":
                    connection.execute(table.delete())
            for table in there.sorted_tables:
                rows = tables.get(table.name, [])
                known = [{name: row[name] for name in table.columns.keys()} for row in rows]  # noqa: SIM118
                if known:
                    connection.execute(table.insert(), known)
        old.dispose()
        return url

    return make


def _rows(engine):
    """All rows of the tables of business data and of what is derived from them."""
    with engine.connect() as connection:
        return {
            table.name: [dict(row) for row in connection.execute(table.select()).mappings()]
            for table in Base.metadata.sorted_tables
        }


def test_a_killed_migration_is_whole_or_not_there(engine, old_store):
    """From the first version on, with data, to this one."""
    held = _names(engine)
    killer = Killer()
    killer.time("-c", MIGRATING, old_store(0))
    for number in range(1, 1 + KILLS):
        url = old_store(number)
        killer.kill("-c", MIGRATING, url)
        migrated = migrate(url)
        assert _names(migrated) == held
        assert check(migrated) == []
        migrated.dispose()


def _names(engine):
    with engine.connect() as connection:
        return connection.execute(
            select(Account.id, Account.name, Account.status, Account.version).order_by(Account.id)
        ).all()
