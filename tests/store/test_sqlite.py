"""Two SQLite libraries in one process, and other processes at the same file meanwhile."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
import time

import pytest
from sqlalchemy import insert

from workbench.store import create
from workbench.store import engine as engine_module
from workbench.store.engine import LIBRARIES, arrow_cursor, connect, writing
from workbench.store.schema import Account
from workbench.store.sqlite import Turns

COMES_AND_GOES = """
import sys
from workbench.store.engine import arrow_cursor, connect
for _ in range(4):
    engine = connect(sys.argv[1])
    with engine.connect() as connection:
        connection.exec_driver_sql("SELECT count(*) FROM account").scalar()
    with arrow_cursor(engine) as cursor:
        cursor.execute("SELECT count(*) FROM account")
        cursor.fetchall()
    engine.dispose()
"""


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path / 'store.db'}"


def accounts(engine):
    with arrow_cursor(engine) as cursor:
        cursor.execute("SELECT count(*) FROM account")
        return cursor.fetchone()[0]


def add(engine, code):
    with writing(engine) as connection:
        connection.execute(insert(Account), {"code": code, "name": code, "source": "tests"})


def test_a_process_that_comes_and_goes_loses_nothing_of_one_that_stays(url):
    create(url)
    engine = connect(url)
    add(engine, "first")
    visitor = subprocess.Popen([sys.executable, "-c", COMES_AND_GOES, url])
    written = 1
    while visitor.poll() is None:
        add(engine, f"C{written}")
        written += 1
        assert accounts(engine) == written
        time.sleep(0.01)
    assert visitor.returncode == 0
    add(engine, "last")
    seen_elsewhere = subprocess.run(
        [sys.executable, "-c", COMES_AND_GOES + "print(engine.url)", url],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert "store.db" in seen_elsewhere.stdout
    assert accounts(engine) == written + 1
    engine.dispose()
    assert accounts(connect(url)) == written + 1


def test_the_file_holds_all_once_the_last_has_closed(url, tmp_path):
    create(url)
    engine = connect(url)
    add(engine, "first")
    assert accounts(engine) == 1
    engine.dispose()
    assert [path.name for path in tmp_path.iterdir()] == ["store.db"]


def test_both_sides_take_turns():
    turns, seen = Turns(), []
    turns.enter("reading")

    def change():
        with turns.of("changing"):
            seen.append("changed")

    other = threading.Thread(target=change)
    other.start()
    time.sleep(0.05)
    seen.append("read")
    turns.leave()
    other.join(5)
    assert seen == ["read", "changed"]


def test_one_side_may_hold_it_many_times():
    turns = Turns()
    with turns.of("reading"), turns.of("reading"):
        pass
    with turns.of("changing"):
        pass


def test_asking_for_the_other_side_while_holding_one_is_an_error():
    turns = Turns()
    with turns.of("reading"), pytest.raises(RuntimeError, match="Asked for changing"):
        turns.enter("changing")


def test_those_who_wait_are_not_passed_for_ever():
    """A stream of readers lets a writer in between."""
    turns, done = Turns(), threading.Event()
    written = threading.Event()

    def read():
        while not done.is_set():
            with turns.of("reading"):
                time.sleep(0.002)

    def write():
        with turns.of("changing"):
            written.set()

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    writer = threading.Thread(target=write)
    writer.start()
    assert written.wait(5)
    done.set()
    for thread in (*readers, writer):
        thread.join(5)


@pytest.mark.filterwarnings("error::ResourceWarning")
def test_a_store_forgotten_is_closed(url):
    engine = create(url)
    assert accounts(engine) == 0
    kept = LIBRARIES[engine]._kept  # what is to be closed is seen nowhere else
    assert len(kept) == 2
    engine_module._engine.cache_clear()
    del engine
    gc.collect()
    assert kept == []
