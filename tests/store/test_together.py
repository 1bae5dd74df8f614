"""Many processes edit the same accounts at once, and some are killed: nothing lost, nothing twice.

In `make test` at a small size; `make campaigns` runs 8 processes of 500 edits on 200 accounts, and
50 kills.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict

import pandas as pd
import pytest

from tests.store.company import LOADER, TODAY, address
from workbench.store.batch import batch
from workbench.store.check import check

FULL = bool(os.environ.get("WORKBENCH_CAMPAIGNS"))
PROCESSES, EDITS, ACCOUNTS = (8, 500, 200) if FULL else (4, 20, 12)
KILLS = 50 if FULL else 4


@pytest.fixture
def crowded(engine, company):
    """A store with as many accounts as the campaign edits; all are R1's."""
    frame = pd.DataFrame({"code": [f"X{n}" for n in range(ACCOUNTS - 4)]})
    frame = frame.assign(
        name=frame["code"], status="suspect", owner_id=company.reps["R1"], effective=TODAY
    )
    with batch(engine, LOADER) as opened:
        opened.create("account", frame)
    return engine


def editor(engine, seed, edits=EDITS):
    return subprocess.Popen(
        [sys.executable, "-m", "tests.store.editor", address(engine), "director", str(edits),
         str(seed)],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def journal_of_editors(engine):
    """What they changed, in the journal's order."""
    sql = (
        "SELECT record_id, field, old, new FROM change"
        " WHERE surface = 'notebook' AND op = 'set' ORDER BY id"
    )
    with engine.connect() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(sql)]


@pytest.mark.timeout(3000 if FULL else 300)
def test_every_accepted_edit_is_there_once_and_none_is_lost(crowded):
    editors = [editor(crowded, seed) for seed in range(PROCESSES)]
    told = [json.loads(line) for one in editors for line in one.communicate()[0].splitlines()]
    assert [one.returncode for one in editors] == [0] * PROCESSES
    became = Counter(state for _, state in told)
    assert became.keys() <= {"saved", "conflict"}
    assert sum(became.values()) == PROCESSES * EDITS
    written = journal_of_editors(crowded)
    saved = {value for value, state in told if state == "saved"}
    assert Counter(json.loads(new) for *_, new in written) == Counter(saved)
    last: dict[tuple[int, str], str | None] = defaultdict(lambda: None)
    for record, field, old, new in written:  # each knew what it replaced: no update is lost
        assert old == last[record, field]
        last[record, field] = new
    assert check(crowded) == []


@pytest.mark.timeout(3000 if FULL else 300)
def test_killed_at_any_moment_nothing_is_half_done(crowded):
    rng = random.Random(7)  # noqa: S311 - moments, not secrets
    survived = set()
    for seed in range(KILLS):
        with editor(crowded, 1000 + seed, edits=10_000) as process:
            first = process.stdout.readline()  # it is at work
            time.sleep(rng.random() * 0.3)
            process.send_signal(signal.SIGKILL)
            lines = [first, *process.stdout]
        told = [json.loads(line) for line in lines if line.endswith("\n")]
        survived |= {value for value, state in told if state == "saved"}
        assert check(crowded) == []
    written = {json.loads(new) for *_, new in journal_of_editors(crowded)}
    assert survived <= written  # what was said to be saved is
