"""An old report back to the cent: every metric, as known before the past was rewritten."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import insert

import workbench
from tests.metrics.test_conformance import NEEDED, OPTIONS
from tests.planted import TODAY, plant
from workbench.metrics.catalog import CATALOG
from workbench.store import create, journal
from workbench.store.access import viewer
from workbench.store.batch import Author, batch
from workbench.store.engine import writing
from workbench.store.journal import Edit, State
from workbench.store.schema import Load, LoadedTable, RejectedRow, RetentionWarning
from workbench.vocabulary import Surface

D = dt.date
AS_OF = D(2026, 8, 31)
PERIOD = {"since": D(2025, 9, 1), "until": AS_OF}


def asked(ids: dict[str, int]) -> list[tuple[str, dict[str, Any]]]:
    """Every metric: as it is, by each of what it groups by, over a period."""
    found = []
    for name, metric in sorted(CATALOG.items()):
        given = {key: {"account": ids["OURS account"]}[key] for key in NEEDED.get(name, {})}
        found += [(name, {**given, **options}) for options in ({}, *OPTIONS.get(name, []))]
        if "since" in metric.options:
            found.append((name, {**given, **PERIOD}))
    return found


def answers(url: str, questions: Any, **options: Any) -> list[pd.DataFrame]:
    """The frame of each; how its rows are numbered is nobody's business."""
    data = workbench.open(url, as_of=AS_OF, today=TODAY, **options)
    return [CATALOG[name].of(data, **given).reset_index(drop=True) for name, given in questions]


@pytest.fixture(scope="module")
def rewritten(tmp_path_factory):
    """A store, the moment of a report, every metric's frame then, and what was asked of each."""
    url = f"sqlite:///{tmp_path_factory.mktemp('known') / 'store.db'}"
    engine = create(url)
    ids = plant(engine)
    with batch(engine, Author("loader", Surface.LOAD)) as opened:
        ids["silent"], ids["silent contact"] = (
            int(opened.create(entity, pd.DataFrame([{**row, "effective": D(2022, 1, 1)}])).iloc[0])
            for entity, row in (
                ("account", {"name": "Muet", "status": "suspect", "entered_on": D(2022, 1, 1)}),
                ("contact", {"last_name": "Muette", "account_id": 5}),
            )
        )
    with writing(engine) as connection:
        connection.execute(
            insert(RetentionWarning),
            {
                "contact_id": ids["silent contact"], "warned_on": D(2026, 8, 1),
                "last_contact": D(2022, 1, 1), "until": D(2026, 9, 1), "warned_by": "director",
            },
        )  # fmt: skip
    questions = asked(ids)
    report = answers(url, questions)
    moment = dt.datetime.now(dt.UTC)
    _rewrite(engine, ids)
    engine.dispose()
    return url, moment, questions, report


def _rewrite(engine: Any, ids: dict[str, int]) -> None:
    """Change the past: by hand, by a corrected load, by undoing."""
    director = viewer(engine, "director")
    ours, foreign = ids["OURS account"], ids["FOREIGN account"]
    stage, of_ours = "JOIN stage s ON s.id = o.stage_id", f"account_id = {ours}"
    with engine.connect() as connection:

        def found(query: str) -> Any:
            return connection.exec_driver_sql(f"SELECT {query}").scalar()

        deals = f"FROM opportunity o {stage} WHERE o.{of_ours}"
        won = found(f"min(o.id) {deals} AND s.kind = 'won'")
        raised = found(f"min(o.id) {deals} AND s.kind = 'open'")
        lost = found(f"max(o.id) {deals} AND s.kind = 'open'")
        negotiation = found("id FROM stage WHERE code LIKE '%/N'")
        out = found("id FROM stage WHERE kind = 'lost'")
        invoice = found(f"min(id) FROM document WHERE kind = 'invoice' AND {of_ours}")
        line = found(f"min(id) FROM document_line WHERE document_id = {invoice}")
        sale = found(
            "min(e.id) FROM ledger_entry e JOIN ledger_customer c ON c.id = e.customer_id "
            f"WHERE account_number LIKE '70%' AND date > '2026' AND c.{of_ours}"
        )
        due = sale - 1  # the 411 line of the same entry
        call = found(f"min(id) FROM activity WHERE {of_ours}")
        nobodys = found("id FROM ledger_customer WHERE account_id IS NULL")
        of_nobody = found(f"min(id) FROM ledger_entry WHERE customer_id = {nobodys}")
        client = found(
            "id FROM change WHERE entity = 'account' AND field = 'status' "
            f"AND new LIKE '%client%' AND record_id = {foreign}"
        )
    wanted = [
        ("account", ours, "owner_id", ids["R3"], D(2025, 1, 1)),
        ("account", ours, "segment", "autre", D(2025, 1, 1)),
        ("account", ours, "need", "expressed", D(2025, 6, 1)),
        ("account", ours, "qualified_on", D(2025, 6, 1), D(2025, 6, 1)),
        ("account", foreign, "parent_id", ours, D(2025, 1, 1)),
        ("opportunity", raised, "amount", 77.77, D(2026, 2, 1)),
        ("opportunity", raised, "stage_id", negotiation, D(2026, 3, 1)),
        ("opportunity", won, "amount", 55.55, D(2026, 2, 1)),
        ("opportunity", lost, "stage_id", out, D(2026, 4, 1)),
        ("account", ids["silent"], "status", "lost", D(2026, 5, 1)),
    ]
    edits = [
        Edit(entity, id_, journal.version(engine, entity, id_), *rest)
        for entity, id_, *rest in wanted
    ]
    outcomes = journal.save(engine, edits, viewer=director, surface=Surface.NOTEBOOK, today=TODAY)
    assert [one.message for one in outcomes if one.state is State.REFUSED] == []
    with batch(engine, Author("loader", Surface.LOAD)) as corrected:
        _set(corrected, "ledger_entry", sale, "credit", 33.33)
        _set(corrected, "ledger_entry", due, "debit", 33.33)
        _set(corrected, "opportunity", raised, "close_date", "2026-08-01")
        _set(corrected, "activity", call, "date", "2025-08-15")
        _set(corrected, "ledger_customer", nobodys, "account_id", ours)
        _set(corrected, "ledger_entry", of_nobody + 1, "customer_id", None)
        _set(corrected, "contact", ids["silent contact"], "last_name", "Bavarde")
        corrected.delete("document_line", [line], D(2026, 1, 1))
        corrected.delete("document", [invoice], D(2026, 1, 1))
        loaded = insert(Load).returning(Load.id).values(
            source="crm", started_at=dt.datetime.now(dt.UTC), user="loader", batch=corrected.id,
            files="[]", report='{"tables": []}', data_date=D(2026, 8, 30),
        )  # fmt: skip
        load_id, file = corrected.connection.scalar(loaded), "accounts.csv"
        for row in (
            insert(LoadedTable).values(load_id=load_id, file=file, name="accounts", form="{}"),
            insert(RejectedRow).values(
                load_id=load_id, file=file, line=2, table="account", reason="?", raw="{}"
            ),
        ):
            corrected.connection.execute(row)
    undone = journal.undo(engine, client, viewer=director, surface=Surface.NOTEBOOK, today=TODAY)
    assert [one.state for one in undone] == [State.SAVED]


def _set(opened: Any, entity: str, record: int, field: str, value: Any) -> None:
    row = {"record_id": [record], "field": [field], "value": [value], "effective": [D(2026, 1, 10)]}
    opened.set(entity, pd.DataFrame(row))


def test_every_metric_is_as_it_was_known(rewritten):
    url, moment, questions, report = rewritten
    again = answers(url, questions, known_at=moment)
    for (name, options), then, now in zip(questions, report, again, strict=True):
        pd.testing.assert_frame_equal(now, then, check_exact=True, obj=f"{name} {options}")


def test_the_report_of_today_is_another(rewritten):
    """Else the test above would compare what nothing had changed."""
    url, _, questions, report = rewritten
    moved = set()
    for question, then in zip(questions, report, strict=True):
        if question[0] not in moved:  # one of its answers says it
            [now] = answers(url, [question])
            moved |= set() if now.equals(then) else {question[0]}
    assert moved == set(CATALOG)
