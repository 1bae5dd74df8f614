"""Whatever is asked, by whatever door but the browser: nobody is told what isn't theirs to see."""

from __future__ import annotations

import datetime as dt
import io
import itertools
import re
import shutil
import zipfile
from dataclasses import replace
from typing import Any

import pytest
import typer.main
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import workbench
from tests.metrics.test_conformance import NEEDED
from tests.planted import COMMON, FOREIGN, OURS, PART, TODAY, plant
from workbench.cli import app
from workbench.errors import WorkbenchError
from workbench.metrics.catalog import CATALOG
from workbench.store import connect, create, dataset, groups, journal, settling
from workbench.store.access import viewer
from workbench.store.fields import RESTRICTED
from workbench.store.scope import BY_RIGHT
from workbench.tables import TABLES

PERIOD = {"since": "2025-10-01", "until": "2026-09-30"}
BY = ("owner", "team", "segment", "account", "customer", "group", "month", "kind")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """The planted company, to be read; `own` is a copy to write in."""
    url = f"sqlite:///{tmp_path_factory.mktemp('planted') / 'store.db'}"
    engine = create(url)
    ids = plant(engine)
    engine.dispose()
    shutil.copy(url.removeprefix("sqlite:///"), url.removeprefix("sqlite:///") + ".planted")
    return url, ids


@pytest.fixture
def own(store, tmp_path_factory):
    url, ids = store
    planted = url.removeprefix("sqlite:///") + ".planted"
    return f"sqlite:///{shutil.copy(planted, tmp_path_factory.mktemp('own') / 'store.db')}", ids


def opened(store, username, **options):
    return workbench.open(store[0], viewer=username, today=TODAY, as_of=TODAY, **options)


def held_back(username: str) -> tuple[str, ...]:
    """The words that this user must not be shown."""
    assert username in PART, f"{username} is shown everybody's"
    return (FOREIGN, OURS) if username == "partner" else (FOREIGN,)


def clean(username: str, text: str) -> None:
    for word in held_back(username):
        at = text.find(word)
        assert at < 0, f"{username} is shown {text[max(at - 200, 0) : at + 60]!r}"


def options_of(metric: Any, account: int) -> list[dict[str, Any]]:
    """A metric's options: as they are, over a period, and by each of what it groups by."""
    given = {name: {"account": account}[name] for name in NEEDED.get(metric.name, {})}
    if "since" in metric.options:
        given |= PERIOD
    found = [given]
    if "by" in metric.options:
        found += [{**given, "by": by} for by in BY]
    return found


@pytest.mark.parametrize("username", PART)
def test_no_table_holds_anything_of_others(store, username):
    for known_at in (None, "2099-01-01"):
        data = opened(store, username, known_at=known_at)
        for name in TABLES:
            clean(username, data.table(name).to_csv())


@pytest.mark.parametrize(
    ("username", "notes"),
    [
        ("director", {OURS, FOREIGN}),  # leads both
        ("manager", {OURS}),
        ("rep", {OURS}),  # those of their own activities
        ("partner", set()),
        ("analyst", set()),
        ("executive", set()),
        ("admin", set()),
    ],
)
def test_what_is_for_those_named_is_in_no_table_of_others(store, username, notes):
    secret: dict[str, set[str]] = {"iban": set(), "confidential_note": set()}
    for entity, name in RESTRICTED:
        with connect(store[0]).connect() as connection:
            for (text,) in connection.exec_driver_sql(f'SELECT {name} FROM "{entity}"'):
                secret[name].add(text.rpartition(" ")[2])  # told apart by its number
    assert min(map(len, secret.values())) > 3
    data = opened(store, username)
    told = {
        word
        for name in TABLES
        for word in re.findall(rf"(?:{OURS}|{FOREIGN})\d+", data.table(name).to_csv())
    }
    assert not told & secret["iban"]
    seen = told & secret["confidential_note"]
    assert {word.rstrip("0123456789") for word in seen} == notes


def test_the_walk_can_fail(store):
    """Who sees all is shown it in every table that is anybody's."""
    data = opened(store, "director")
    assert {name for name in TABLES if FOREIGN in data.table(name).to_csv()} == {
        "accounts", "activities", "changes", "confidential_notes", "consents", "contacts",
        "contracts", "document_lines", "documents", "ledger_customers", "ledger_entries",
        "opportunities", "projects", "rejected_rows", "reps",
    }  # fmt: skip
    assert OURS in opened(store, "rep").table("accounts").to_csv()
    assert COMMON in opened(store, "partner").table("loads").to_csv()


@pytest.mark.parametrize("username", PART)
@pytest.mark.parametrize("name", sorted(CATALOG))
def test_no_metric_tells_of_others(store, username, name):
    metric, ids, computed = CATALOG[name], store[1], 0
    accounts = ids["OURS account"], ids["FOREIGN account"]
    for account in accounts if name in NEEDED else accounts[:1]:
        for options in options_of(metric, account):
            try:
                found = metric.of(opened(store, username), **options)
            except (WorkbenchError, ValueError):
                continue  # it can't be grouped by that
            computed += 1
            clean(username, found.to_csv())
    assert computed


def test_periods_and_ids_are_of_ones_own(store):
    """Rows without a text of their own: by their keys."""
    ids = store[1]
    for username in PART:
        data = opened(store, username)
        for name in TABLES:
            frame = data.table(name)
            if "account_id" in frame:
                foreign = frame["account_id"] == ids["FOREIGN account"]
                assert not foreign.fillna(value=False).any(), name


@pytest.mark.parametrize("username", PART)
def test_filters_do_not_widen_the_scope(store, username):
    ids = store[1]
    for reps in ([ids["R3"]], [ids["R3"], ids["R1"]], list(ids.values())):
        data = opened(store, username).where(reps=reps)
        for name in TABLES:
            clean(username, data.table(name).to_csv())


def inside(file: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(file)) as packed:
        return "\n".join(packed.read(name).decode("utf-8", "replace") for name in packed.namelist())


def test_conflicts_and_groups_are_told_to_those_they_concern(store):
    engine = connect(store[0])
    for username in PART:
        who = viewer(engine, username)
        clean(username, repr(settling.waiting(engine, who, TODAY)))
        assert groups.listed(engine, who) == []
    everybody = repr(settling.waiting(engine, viewer(engine, "director"), TODAY))
    assert OURS in everybody
    assert FOREIGN in everybody


RECIPES = {
    "export": [["{tmp}/a.xlsx"], ["{tmp}/b.xlsx", "--qualification"]],
    "import": [["{tmp}/b.xlsx", "--check"]],
    "metric": [  # some, by the one command; each is computed above
        [name, *(["-p", "account={foreign}"] if name in NEEDED else [])]
        for name in (*sorted(CATALOG)[::8], *sorted(NEEDED))
    ],
    "history": [["account", "{foreign}"], ["account", "{ours}"], ["contact", "{contact}"]],
    "change": [
        ["account", "{foreign}", "next_step=x"],
        ["account", "{foreign}", "next_step=x", "--check"],
        ["account", "{foreign}", "iban=x", "confidential_note=x"],
    ],
    "undo": [["{change}"], ["{batch}"]],
    "privacy anonymise": [["{contact}"], ["account:{foreign}"], ["{contact}", "--yes"]],
    "privacy export": [
        ["{contact}", "--out", "{tmp}/c.zip"],
        ["account:{foreign}", "--out", "{tmp}/d.zip"],
    ],
    "privacy retention": [[], ["--warn"]],
    "report": [],  # each notebook, in tests/notebooks/test_hostile
    "group list": [[]],
    "group make": [["Mine {user}"]],
    "group put": [["Mine {user}", "{foreign}"], ["Others", "{foreign}"]],
    "group drop": [["Mine {user}", "{foreign}"], ["Others", "{foreign}"]],
    "group share": [["Mine {user}", "--user", "partner"], ["Others", "--user", "{user}"]],
    "group remove": [["Others"], ["Mine {user}"]],
}
"""What each command that takes `--as` is asked."""


OF_THE_MACHINE = {
    "init": "makes a store",
    "load": "reads what the machine's user gives it",
    "status": "counts",
    "check": "names what is wrong by number",
    "metrics": "the catalog",
    "docs": "the package's own",
    "serve": "asks who comes in",
    "outbox export": "of all that changed, for the source",
    "outbox delivered": "counts",
    "outbox failed": "counts",
    "user add": "who may come in is the machine's user's business",
    "user password": "as above",
    "user unlock": "as above",
    "user grant": "as above",
    "privacy clean": "counts",
}
"""Commands that look as nobody: for whoever has the store's file, each with its reason."""


def commands(group: Any, prefix: str = "") -> Any:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}", command


def test_each_command_that_looks_as_somebody_is_walked():
    every = dict(commands(typer.main.get_command(app)))
    asked = {
        name
        for name, command in every.items()
        if any("--as" in option.opts for option in command.params)
    }
    assert asked == set(RECIPES)
    assert set(every) - asked == set(OF_THE_MACHINE)


@pytest.mark.parametrize("username", PART)
def test_no_command_tells_of_others(own, username, tmp_path):
    url, ids = own
    engine = connect(url)
    with engine.connect() as connection:
        number, batch = connection.exec_driver_sql(
            "SELECT id, batch FROM \"change\" WHERE field = 'supplier' ORDER BY id DESC LIMIT 1"
        ).one()
        contact = connection.exec_driver_sql(
            f"SELECT id FROM contact WHERE account_id = {ids['FOREIGN account']}"
        ).scalar()
    values = {
        "tmp": str(tmp_path), "foreign": ids["FOREIGN account"], "ours": ids["OURS account"],
        "contact": contact, "change": number, "batch": batch, "user": username,
    }  # fmt: skip
    runner = CliRunner(env={"WORKBENCH_TODAY": "2026-09-30", "COLUMNS": "500"})
    run = lambda *arguments: runner.invoke(app, [*arguments, "--database", url])  # noqa: E731
    run("group", "make", "Others", "--as", "director")
    before = _state(engine)
    for name, asked in RECIPES.items():
        for arguments in asked:
            filled = [part.format(**values) for part in arguments]
            done = run(*name.split(), *filled, "--as", username)
            clean(username, done.output)
            assert not isinstance(done.exception, Exception) or isinstance(
                done.exception, SystemExit
            ), (name, filled, done.exception)
            for file in tmp_path.iterdir():
                clean(username, inside(file.read_bytes()))
    assert _state(engine) == before
    shared = workbench.open(url, viewer=username, today=TODAY)
    clean(username, shared.table("accounts").to_csv())


def _state(engine):
    with engine.connect() as connection:
        return connection.exec_driver_sql('SELECT count(*), max(id) FROM "change"').one()


SIGNS = ("'", '"', "';--", "') OR 1=1 --", "%", "_", "\\", "$1", ":x", "?", "a;b")
HOSTILE = st.one_of(st.text(max_size=20), st.sampled_from(SIGNS))
DAYS = itertools.count(1)


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=HOSTILE)
def test_no_text_reaches_the_sql(store, text):
    """As a name, a filter, a date or a right, it is a value or an error, and widens nothing."""
    url, _ = store
    data = opened(store, "rep")
    whole = len(data.table("accounts"))
    assert data.where(segments=[text]).table("accounts").empty
    assert data.where(pipelines=[text]).table("opportunities").empty
    assert len(data.table("accounts")) == whole
    engine = connect(url)
    who = viewer(engine, "rep")
    for ask in (
        lambda: workbench.open(url, viewer=text),
        lambda: workbench.open(url, as_of=text or "x"),
        lambda: workbench.open(url, known_at=text or "x"),
        lambda: data.table(text),
        lambda: journal.version(engine, text, 1),
        lambda: groups.put(engine, text, [text], who),
        lambda: groups.put(engine, "none", [text], who),
    ):
        with pytest.raises(WorkbenchError):
            ask()
    odd = replace(who, username=f"zz{text}zz", name=text)

    def read() -> None:
        day = TODAY - dt.timedelta(days=next(DAYS))  # nothing kept of it
        named = workbench.open(url, viewer=odd, as_of=day, today=TODAY)
        assert set(named.table("confidential_notes")["entity"]) == {"activity"}  # the rep's own
        assert all(named.table(name) is not None for name in (*BY_RIGHT, "accounts"))

    statements = _statements(read)
    assert len(statements) == len(BY_RIGHT) + 1
    assert not any(odd.username in one for one in statements)


def _statements(act):
    seen: list[str] = []
    original = dataset.arrow_cursor

    def watched(engine):
        cursor = original(engine)
        return _Watched(cursor, seen)

    dataset.arrow_cursor = watched
    try:
        act()
    finally:
        dataset.arrow_cursor = original
    return seen


class _Watched:
    def __init__(self, context, seen):
        self.context, self.seen = context, seen

    def __enter__(self):
        self.cursor = self.context.__enter__()
        return self

    def __exit__(self, *about):
        return self.context.__exit__(*about)

    def execute(self, sql):
        self.seen.append(sql)
        self.cursor.execute(sql)

    def __getattr__(self, name):
        return getattr(self.cursor, name)
