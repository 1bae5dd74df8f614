"""Any sequence of edits, undoings, loads and looks back keeps what the journal promises."""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

import workbench
from tests.store.company import LOADER, TODAY, address, who
from workbench.store import connect, journal
from workbench.store.batch import batch
from workbench.store.check import check
from workbench.store.journal import Edit, State
from workbench.vocabulary import Surface

FIELDS = {
    "segment": st.sampled_from(["gros", "petit", "moyen", None]),
    "next_step": st.text(st.characters(codec="utf-8"), max_size=8),
    "budget": st.integers(0, 10**9).map(lambda cents: cents / 100),
    "status": st.sampled_from(["suspect", "prospect", "client", "lost"]),
    "need": st.sampled_from(["latent", "identified", None]),
}
EDITS = st.one_of(*(st.tuples(st.just(name), values) for name, values in FIELDS.items()))
DAYS = st.dates(dt.date(2025, 1, 1), TODAY)
ASKED = st.one_of(DAYS, st.dates(TODAY, TODAY + dt.timedelta(30)))


class Journal(RuleBasedStateMachine):
    """People edit, undo and load; whatever they do, tables and journal agree."""

    template: Path

    @initialize()
    def open_store(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name) / "store.db"
        shutil.copy(self.template, path)
        self.engine = connect(f"sqlite:///{path}")
        self.viewer = who(self.engine, "director")
        self.batches: list[str] = []
        self.loads = 0

    def rows(self):
        with self.engine.connect() as connection:
            accounts = connection.exec_driver_sql(
                "SELECT id, name, status, segment, need, budget, next_step FROM account ORDER BY id"
            ).all()
        return [tuple(row) for row in accounts]

    def newest(self):
        with self.engine.connect() as connection:
            return connection.exec_driver_sql(
                "SELECT batch FROM change ORDER BY id DESC LIMIT 1"
            ).scalar()

    @rule(at=st.integers(0, 30), edits=st.lists(EDITS, min_size=1, max_size=3), day=ASKED)
    def edit(self, at, edits, day):
        before, newest = self.rows(), self.newest()
        id_ = before[at % len(before)][0]
        version = journal.version(self.engine, "account", id_)
        asked = [Edit("account", id_, version, name, value, day) for name, value in edits]
        outcomes = journal.save(
            self.engine, asked, viewer=self.viewer, surface=Surface.DASHBOARD, today=TODAY
        )
        if any(outcome.state is not State.SAVED for outcome in outcomes):
            assert self.rows() == before
            return
        assert day <= TODAY
        if self.newest() != newest:  # it was not there already
            self.batches.append(self.newest())

    @rule(at=st.integers(0, 30), edit=EDITS, day=ASKED)
    def edit_and_undo_is_as_before(self, at, edit, day):
        before, newest = self.rows(), self.newest()
        id_ = before[at % len(before)][0]
        version = journal.version(self.engine, "account", id_)
        asked = [Edit("account", id_, version, *edit, day)]
        (outcome,) = journal.save(
            self.engine, asked, viewer=self.viewer, surface=Surface.DASHBOARD, today=TODAY
        )
        if outcome.state is State.SAVED and self.newest() != newest:
            undone = self.undo(self.newest())
            assert {one.state for one in undone} == {State.SAVED}
        assert self.rows() == before

    @rule(codes=st.sets(st.integers(1, 6), min_size=1, max_size=3), two_way=st.booleans(), day=DAYS)
    def load(self, codes, two_way, day):
        self.loads += 1
        frame = pd.DataFrame({"code": [f"L{self.loads}/{code}" for code in sorted(codes)]})
        with batch(self.engine, LOADER) as opened:
            ids = opened.create("account", frame.assign(name=frame["code"], effective=day))
            calls = frame.assign(
                account_id=ids.to_numpy(), kind="call", date=day, two_way=two_way, effective=day
            )
            opened.create("activity", calls)
        self.batches.append(opened.id)

    @rule(at=st.integers(0, 30))
    def undo_something(self, at):
        if not self.batches:
            return
        before = self.rows()
        outcomes = self.undo(self.batches[at % len(self.batches)])
        if any(outcome.state is not State.SAVED for outcome in outcomes):
            assert self.rows() == before  # all or none
        else:
            self.batches.append(self.newest())

    def undo(self, what):
        return journal.undo(
            self.engine, what, viewer=self.viewer, surface=Surface.DASHBOARD, today=TODAY
        )

    @invariant()
    def the_tables_say_what_the_journal_says(self):
        if hasattr(self, "engine"):
            assert check(self.engine) == []

    @invariant()
    def as_of_today_is_what_stands(self):
        if hasattr(self, "engine"):
            seen = workbench.open(address(self.engine), as_of=TODAY, today=TODAY).table("accounts")
            told = seen.sort_values("id")[["id", "name", "status", "segment"]]
            assert [
                tuple(None if pd.isna(value) else value for value in row)
                for row in told.itertuples(index=False)
            ] == [row[:4] for row in self.rows()]

    def teardown(self):
        if hasattr(self, "engine"):
            self.engine.dispose()
            self.folder.cleanup()


@pytest.mark.timeout(300)
def test_any_sequence_keeps_the_journals_promises(sqlite_template):
    Journal.template = sqlite_template[0]
    machine = Journal.TestCase
    machine.settings = settings(max_examples=25, stateful_step_count=15, deadline=None)
    machine().runTest()
