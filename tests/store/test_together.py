"""Many processes edit the same accounts at once: nothing lost, nothing twice.

In `make test` at a small size; `make campaigns` runs 8 processes of 500 edits on 200 accounts.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter, defaultdict

import pandas as pd
import pytest

from tests.parts import CAMPAIGNS
from tests.store.company import LOADER, TODAY, address
from workbench.store.batch import batch
from workbench.store.check import check

PROCESSES, EDITS, ACCOUNTS = (8, 500, 200) if CAMPAIGNS else (4, 20, 12)


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


def editor(engine, seed):
    return subprocess.Popen(
        [sys.executable, "-m", "tests.store.editor", address(engine), "director", str(EDITS),
         str(seed)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def journal_of_editors(engine):
    """What they changed, in the journal's order, with the version that each change made."""
    sql = "SELECT record_id, op, field, old, new, surface FROM change WHERE entity = 'account'"
    made: dict[int, int] = defaultdict(int)
    with engine.connect() as connection:
        for record, op, field, old, new, surface in connection.exec_driver_sql(
            f"{sql} ORDER BY id"
        ):
            made[record] += 1
            if surface == "notebook" and op == "set":
                yield record, field, old, json.loads(new), made[record]


@pytest.mark.timeout(3000 if CAMPAIGNS else 300)
def test_every_accepted_edit_is_there_once_and_none_is_lost(crowded):
    editors = [editor(crowded, seed) for seed in range(PROCESSES)]
    for one in editors:
        assert one.stdout.readline() == "ready\n"
    for one in editors:  # all at the same moment
        one.stdin.write("\n")
        one.stdin.flush()
    told = [json.loads(line) for one in editors for line in one.communicate()[0].splitlines()]
    assert [one.returncode for one in editors] == [0] * PROCESSES
    became = Counter(state for _, state, *_ in told)
    assert became.keys() == {"saved", "conflict"}
    assert became.total() == PROCESSES * EDITS
    written = list(journal_of_editors(crowded))
    saved = {value for value, state, *_ in told if state == "saved"}
    assert Counter(value for *_, value, _ in written) == Counter(saved)
    last: dict[tuple[int, str], str | None] = defaultdict(lambda: None)
    versions: dict[tuple[int, str], list[int]] = defaultdict(list)
    for record, field, old, new, version in written:  # each knew what it replaced: none is lost
        assert (None if old is None else json.loads(old)) == last[record, field]
        last[record, field] = new
        versions[record, field].append(version)
    for _, state, record, field, version in told:  # who was refused had not seen the newest
        if state == "conflict":
            assert versions[record, field][-1] > version
    assert check(crowded) == []
