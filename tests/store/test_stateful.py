"""Any sequence of edits, undoings, loads and looks back keeps what the journal promises.

In `make test` a few sequences on each database; `make campaigns` runs many long ones.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

import workbench
from tests.parts import CAMPAIGNS
from tests.store.company import LOADER, TODAY, address, who
from tests.store.crm import ACCOUNTS, STARTS, Agreed, Crm
from workbench.store import journal, settling
from workbench.store.batch import batch
from workbench.store.check import check
from workbench.store.journal import Edit, State
from workbench.store.past import past
from workbench.store.replay import by_record
from workbench.store.rows import events_of
from workbench.vocabulary import Surface

FIELDS = {
    "segment": st.sampled_from(["gros", "petit", "moyen"]),
    "next_step": st.text(st.characters(codec="utf-8"), max_size=8),
    "budget": st.integers(0, 10**9).map(lambda cents: cents / 100),
    "status": st.sampled_from(["suspect", "prospect", "client", "lost"]),
    "need": st.sampled_from(["latent", "identified", None]),
}
EDITS = st.one_of(*(st.tuples(st.just(name), values) for name, values in FIELDS.items()))
DAYS = st.dates(dt.date(2025, 1, 1), TODAY)
ASKED = st.one_of(DAYS, st.dates(TODAY, TODAY + dt.timedelta(30)))
TOLD = {  # what the CRM may say of a field, and people may make of it
    "segment": st.sampled_from(["gros", "petit", "moyen"]),
    "amount": st.sampled_from([100.0, 200.5, 300.0]),
    "stage": st.sampled_from(["A", "N", "C"]),
}
WORDS = st.sampled_from(list(STARTS)).flatmap(lambda key: st.tuples(st.just(key), TOLD[key[2]]))
TABLES = {
    "account": "id, version, name, status, segment, need, budget, next_step",
    "opportunity": "id, version, name, stage_id, amount, close_date",
}


class Journal(RuleBasedStateMachine):
    """People edit, undo, settle and load; whatever they do, tables and journal agree."""

    fresh = None  # makes a new store with the small company

    @initialize()
    def open_store(self):
        self.folder = tempfile.TemporaryDirectory()
        self.engine, company = self.fresh()
        self.viewer = who(self.engine, "director")
        self.stages = {id_: code for code, id_ in company.stages.items()}
        self.crm, self.agreed = Crm(Path(self.folder.name)), Agreed()
        self.batches, self.moments, self.loads = [], [], 0
        self.crm.load(self.engine)
        self.agreed.words = {key: [(None, value)] for key, value in STARTS.items()}

    def rows(self, engine=None, *, versions=False):
        """The records as they stand; versions only grow."""
        found = {}
        with (engine or self.engine).connect() as connection:
            for table, names in TABLES.items():
                query = f"SELECT {names} FROM {table} ORDER BY id"
                for id_, version, *values in connection.exec_driver_sql(query):
                    found[table, id_] = (version if versions else 0, *map(plain, values))
        return found

    def value(self, key):
        """What stands here in a field of which the CRM tells."""
        entity, code, name = key
        column = "stage_id" if name == "stage" else name
        query = f"SELECT id, {column} FROM {entity} WHERE code = '{code}' AND source = 'generic'"
        with self.engine.connect() as connection:
            ((id_, value),) = connection.exec_driver_sql(query)
        return id_, self.stages[value] if name == "stage" else plain(value)

    def ruled(self, id_, key):
        """What a rule last made of a field, and still stands."""
        if key[2] != "stage":
            return None
        with self.engine.connect() as connection:
            by_rule = {
                number
                for (number,) in connection.exec_driver_sql(
                    "SELECT id FROM change WHERE surface = 'rule'"
                )
            }
            held = dict(by_record(events_of(connection, key[0], [id_])))[id_]
        made = [one.value for one in held if one.id in by_rule and one.field == "stage_id"]
        return self.stages[made[-1]] if made else None

    def newest(self):
        with self.engine.connect() as connection:
            return connection.exec_driver_sql(
                "SELECT batch FROM change ORDER BY id DESC LIMIT 1"
            ).scalar()

    def save(self, asked):
        """Save, and tell the batch that it made: none where all was there already."""
        newest = self.newest()
        outcomes = journal.save(
            self.engine, asked, viewer=self.viewer, surface=Surface.DASHBOARD, today=TODAY
        )
        made = self.newest()
        return outcomes, made if made != newest else None

    def undo(self, what):
        return journal.undo(
            self.engine, what, viewer=self.viewer, surface=Surface.DASHBOARD, today=TODAY
        )

    def undone(self, what):
        """Undo a batch, which nothing forbids."""
        assert {one.state for one in self.undo(what)} == {State.SAVED}
        made = self.newest()
        self.agreed.undoes[made] = what
        return made

    def account(self, at):
        ids = [id_ for table, id_ in self.rows() if table == "account"]
        return ids[at % len(ids)]

    def edits(self, at, asked, day):
        id_ = self.account(at)
        version = journal.version(self.engine, "account", id_)
        return [Edit("account", id_, version, name, value, day) for name, value in asked]

    @rule(at=st.integers(0, 30), asked=st.lists(EDITS, min_size=1, max_size=3), day=ASKED)
    def edit(self, at, asked, day):
        before = self.rows(versions=True)
        outcomes, made = self.save(self.edits(at, asked, day))
        if any(outcome.state is not State.SAVED for outcome in outcomes):
            assert self.rows(versions=True) == before
            return
        assert day <= TODAY
        if made:
            self.batches.append(made)

    @rule(word=WORDS)
    def correct(self, word):
        """Somebody here knows better than the CRM."""
        (entity, _, name), value = word
        id_, _ = self.value(word[0])
        if name == "stage":
            name, value = "stage_id", {code: id_ for id_, code in self.stages.items()}[value]
        version = journal.version(self.engine, entity, id_)
        _, made = self.save([Edit(entity, id_, version, name, value, TODAY)])
        if made:
            self.batches.append(made)

    @rule(at=st.integers(0, 30), asked=EDITS, day=ASKED)
    def edit_undo_and_redo(self, at, asked, day):
        before = self.rows()
        _, made = self.save(self.edits(at, [asked], day))
        if made:
            after = self.rows()
            undone = self.undone(made)
            assert self.rows() == before
            redone = self.undone(undone)
            assert self.rows() == after
            self.undone(redone)
        assert self.rows() == before

    @rule(codes=st.sets(st.integers(1, 6), min_size=1, max_size=3), two_way=st.booleans(), day=DAYS)
    def calls(self, codes, two_way, day):
        """A load of new accounts, each with a call: answered, it makes a prospect."""
        self.loads += 1
        frame = pd.DataFrame({"code": [f"L{self.loads}/{code}" for code in sorted(codes)]})
        with batch(self.engine, LOADER) as opened:
            ids = opened.create("account", frame.assign(name=frame["code"], effective=day))
            calls = frame.assign(
                account_id=ids.to_numpy(), kind="call", date=day, two_way=two_way, effective=day
            )
            opened.create("activity", calls)
        self.batches.append(opened.id)
        states = {self.rows()["account", id_][2] for id_ in ids}
        assert states == {"prospect" if two_way else "suspect"}

    @rule(words=st.lists(WORDS, max_size=3))
    def load(self, words):
        """The CRM's files again, some of it changed: three ways, field by field."""
        self.crm.says |= dict(words)
        wanted = {}
        for key in STARTS:
            id_, ours = self.value(key)
            wanted[key] = self.agreed.judge(key, ours, self.crm.says[key], self.ruled(id_, key))
        again = self.quoted_again()
        made = self._load()
        for key, (value, disputed) in wanted.items():
            won = key[2] == "stage" and key[1] in again
            assert self.value(key)[1] == ("O" if won else value)
            if not disputed and value == self.crm.says[key] != self.agreed.last(key):
                self.agreed.words[key].append((made, value))
        assert self.waiting() == {key for key, (_, disputed) in wanted.items() if disputed}

    def quoted_again(self):
        """The deals whose accepted quote went with a load that was undone: it comes again."""
        with self.engine.connect() as connection:
            there = {code for (code,) in connection.exec_driver_sql("SELECT code FROM document")}
        gone = [p for at, p in enumerate(self.crm.papers) if f"P{at}" not in there]
        return {deal for kind, *_, deal in gone if kind == "quote"}

    def _load(self):
        newest = self.newest()
        self.crm.load(self.engine)
        made = self.newest()
        if made == newest:
            return None
        self.batches.append(made)
        return made

    @rule(at=st.sampled_from([0, 1]), quote=st.booleans())
    def paper(self, at, quote):
        """The CRM has an accepted quote, or an invoice: its account is a client, its deal won."""
        account, deal = ACCOUNTS[at], ("D1", "D2")[at]
        assume(self.crm.says == {key: self.agreed.last(key) for key in STARTS})
        self.crm.papers.append(("quote" if quote else "invoice", "accepted", account, deal))
        _, stage = self.value(("opportunity", deal, "stage"))
        self._load()
        id_, _ = self.value(("account", account, "segment"))
        assert self.rows()["account", id_][2] == "client"
        if quote:
            assert self.value(("opportunity", deal, "stage"))[1] == "O" or stage == "O"

    def waiting(self):
        """The fields in which the CRM and we differ; what it says waits there."""
        codes = {self.value(key)[0]: key[1] for key in STARTS if key[0] == "account"}
        deals = {self.value(key)[0]: key[1] for key in STARTS if key[0] == "opportunity"}
        found = set()
        for one in settling.waiting(self.engine, self.viewer, TODAY):
            code = (codes if one.entity == "account" else deals)[one.record_id]
            key = (one.entity, code, one.field.removesuffix("_id"))
            theirs = self.stages[one.theirs] if key[2] == "stage" else one.theirs
            assert theirs == self.crm.says[key]
            found.add(key)
        return found

    @precondition(lambda self: settling.waiting(self.engine, self.viewer, TODAY))
    @rule(at=st.integers(0, 5), keep=st.sampled_from(["ours", "theirs"]))
    def settle(self, at, keep):
        waiting = settling.waiting(self.engine, self.viewer, TODAY)
        one = waiting[at % len(waiting)]
        before, newest = self.rows(), self.newest()
        outcome = settling.settle(
            self.engine, one.id, keep, viewer=self.viewer, surface=Surface.DASHBOARD, today=TODAY
        )
        left = {other.id for other in settling.waiting(self.engine, self.viewer, TODAY)}
        if keep == "ours" or outcome.state is not State.SAVED:
            assert self.rows() == before
        elif self.newest() != newest:
            self.batches.append(self.newest())
        done = keep == "ours" or outcome.state is State.SAVED
        assert left == {other.id for other in waiting} - ({one.id} if done else set())
        if done:
            code = {self.value(key)[0]: key[1] for key in STARTS if key[0] == one.entity}
            key = (one.entity, code[one.record_id], one.field.removesuffix("_id"))
            self.agreed.words[key].append((None, self.crm.says[key]))
            assert keep == "ours" or self.value(key)[1] == self.crm.says[key]

    @precondition(lambda self: self.batches)
    @rule(at=st.integers(0, 30))
    def undo_something(self, at):
        before, what = self.rows(versions=True), self.batches[at % len(self.batches)]
        if any(outcome.state is not State.SAVED for outcome in self.undo(what)):
            assert self.rows(versions=True) == before  # all or none
        else:
            self.batches.append(self.newest())
            self.agreed.undoes[self.newest()] = what

    @rule()
    def remember(self):
        self.moments.append((dt.datetime.now(dt.UTC), self.rows(versions=True)))

    @precondition(lambda self: self.moments)
    @rule(at=st.integers(0, 30))
    def look_back(self, at):
        moment, seen = self.moments[at % len(self.moments)]
        assert self.rows(past(self.engine, moment), versions=True) == seen

    @invariant()
    def the_tables_say_what_the_journal_says(self):
        assert check(self.engine) == []

    @invariant()
    def as_of_today_is_what_stands(self):
        data = workbench.open(address(self.engine), as_of=TODAY, today=TODAY)
        accounts = data.table("accounts")[["id", "name", "status", "segment"]]
        deals = data.table("opportunities")[["id", "name", "stage_id", "amount"]]
        seen = {
            (table, id_): tuple(None if pd.isna(value) else value for value in values)
            for table, frame in (("account", accounts), ("opportunity", deals))
            for id_, *values in frame.itertuples(index=False)
        }
        assert seen == {key: row[1:4] for key, row in self.rows().items()}

    def teardown(self):
        if hasattr(self, "engine"):
            self.engine.dispose()
            self.folder.cleanup()


def plain(value):
    """Money as floats and dates as text, on either database."""
    if isinstance(value, dt.date):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else value


EXAMPLES = {"sqlite": 200, "postgresql": 80} if CAMPAIGNS else {"sqlite": 7, "postgresql": 4}


@pytest.mark.timeout(3000 if CAMPAIGNS else 300)
@pytest.mark.parametrize(
    "database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]
)
def test_any_sequence_keeps_the_journals_promises(database, fresh):
    class OnOne(Journal):
        pass

    OnOne.fresh = staticmethod(fresh)
    machine = OnOne.TestCase
    machine.settings = settings(
        max_examples=EXAMPLES[database], stateful_step_count=40 if CAMPAIGNS else 15, deadline=None
    )
    machine().runTest()
