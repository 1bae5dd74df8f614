"""A small company of which every text is hostile and tells whose it is.

Each text field of each record holds something that a browser, a spreadsheet or a template would
run, and the word of its owner: OURS for rep R1, FOREIGN for rep R3, COMMON for what all may see.
What R1 is shown must never hold FOREIGN, whoever looks must never see a payload run.
"""

from __future__ import annotations

import datetime as dt
import itertools
import json
from typing import Any

import pandas as pd
from sqlalchemy import String, insert, select

from workbench.sources.tabular import VOCABULARY
from workbench.store import users
from workbench.store.batch import Author, batch
from workbench.store.engine import writing
from workbench.store.rows import columns_of
from workbench.store.schema import ENTITIES, Load, LoadedTable, RejectedRow, SourceConflict
from workbench.vocabulary import Role, Surface

D = dt.date
TODAY = D(2026, 9, 30)
OURS, FOREIGN, COMMON = "OURS", "FOREIGN", "COMMON"
PASSWORD = "a long password"
PAYLOADS = (
    '<img src=x onerror="window.__ran=1">',
    '"><script>window.__ran=1</script>',
    '=HYPERLINK("http://127.0.0.1/x","x")',
    "{{7*7}}${7*7}",
    "javascript:window.__ran=1",
    "</script><script>window.__ran=1</script>",
    "[x](javascript:window.__ran=1)",
    "'; DROP TABLE account; --",
    '</style><svg onload="window.__ran=1">',
    "@SUM(1+1)*cmd|' /C calc'!A0",
)
FIXED = {("ledger_entry", "account_number"), ("stage", "kind"), ("stage", "grain")}
USERS = (
    ("director", Role.DIRECTOR, "D"),
    ("manager", Role.MANAGER, "M"),
    ("rep", Role.REP, "R1"),
    ("partner", Role.PARTNER, None),
    ("analyst", Role.ANALYST, None),
    ("executive", Role.EXECUTIVE, None),
    ("admin", Role.ADMIN, None),
)
PART = ("manager", "rep", "partner")
"""Those who must not see what is FOREIGN; the partner not even what is OURS."""


class Planter:
    """Fills a store through the journal; each text is used once."""

    def __init__(self, opened: Any) -> None:
        self.batch = opened
        self.number = itertools.count()

    def text(self, whose: str) -> str:
        """The next payload, with its owner's word."""
        number = next(self.number)
        return f"{PAYLOADS[number % len(PAYLOADS)]} {whose}{number}"

    def make(self, entity: str, whose: str, **fields: Any) -> int:
        """A record whose texts, but those given, are hostile."""
        row = {"effective": D(2025, 1, 1), **fields}
        for name, column in columns_of(entity).items():
            word = (entity, name) in VOCABULARY or (entity, name) in FIXED or name == "source"
            if isinstance(column.type, String) and name not in row and not word:
                row[name] = self.text(whose)
        frame = pd.DataFrame([{k: v for k, v in row.items() if v is not None}])
        return int(self.batch.create(entity, frame).iloc[0])


def plant(engine: Any) -> dict[str, int]:
    """Fill a new store; the ids of what matters, by name."""
    with engine.connect() as connection:
        pipeline = connection.exec_driver_sql("SELECT id FROM pipeline").scalar()
        stages = {
            code.split("/")[1]: id_
            for code, id_ in connection.exec_driver_sql("SELECT code, id FROM stage").all()
        }
    ids: dict[str, int] = {}
    with batch(engine, Author("<b onmouseover=window.__ran=1>loader</b>", Surface.LOAD)) as opened:
        one = Planter(opened)
        lead = ids["D"] = one.make("rep", COMMON, kind="director", code="D")
        for code, kind, whose, manager in (
            ("M", "manager", COMMON, lead), ("N", "manager", FOREIGN, lead),
        ):  # fmt: skip
            ids[code] = one.make("rep", whose, kind=kind, manager_id=manager, code=code)
        ids["R1"] = one.make("rep", OURS, kind="field", manager_id=ids["M"], code="R1")
        ids["R3"] = one.make("rep", FOREIGN, kind="field", manager_id=ids["N"], code="R3")
        for rep, whose in (("R1", OURS), ("R3", FOREIGN)):
            head = _account(one, whose, ids[rep], None, pipeline, stages)
            ids[f"{whose} account"] = head
            _account(one, whose, ids[rep], head, pipeline, stages)
        _ledger(one, FOREIGN, None)  # a customer of nobody's account
    for username, role, rep in USERS:
        name = f"{PAYLOADS[0]} {username}"
        users.add_user(engine, username, PASSWORD, name=name, role=role, rep=rep)
    _aside(engine, ids)
    return ids


def _account(
    one: Planter, whose: str, rep: int, parent: int | None, pipeline: int, stages: dict[str, int]
) -> int:
    account = one.make(
        "account", whose, status="suspect", entered_on=D(2025, 1, 1), owner_id=rep,
        parent_id=parent, need="latent", timeline="soon", budget=1000.0, employees=3,
    )  # fmt: skip
    for value, day in (("prospect", D(2025, 3, 1)), ("client", D(2025, 9, 1))):
        one.batch.set("account", _set(account, "status", value, day))
    contact = one.make("contact", whose, account_id=account, decision_role="decider")
    one.make(
        "consent", whose, contact_id=contact, channel="email", state="given", date=D(2026, 1, 1)
    )
    deals = []
    for stage, reason in (("A", None), ("N", None), ("O", None), ("lost", "price")):
        deal = one.make(
            "opportunity", whose, account_id=account, contact_id=contact, pipeline_id=pipeline,
            stage_id=stages["A"], amount=1000.0, close_date=D(2026, 12, 1), owner_id=rep,
            created_on=D(2026, 1, 10), loss_reason=reason, effective=D(2026, 1, 10),
        )  # fmt: skip
        if stage in stages and stage != "A":
            one.batch.set("opportunity", _set(deal, "stage_id", stages[stage], D(2026, 8, 1)))
        deals.append(deal)
    for kind, state, day in (
        ("quote", "sent", D(2026, 7, 1)), ("order", None, D(2026, 8, 2)),
        ("invoice", None, D(2026, 8, 10)),
    ):  # fmt: skip
        document = one.make(
            "document", whose, kind=kind, state=state, account_id=account, date=day,
            due_date=D(2026, 9, 1), amount=100.0, amount_with_tax=120.0, opportunity_id=deals[2],
        )  # fmt: skip
        one.make("document_line", whose, document_id=document, position=1, amount=100.0)
    one.make(
        "project", whose, account_id=account, opportunity_id=deals[2], starts_on=D(2026, 8, 1),
        ends_on=D(2027, 8, 1), amount=1000.0,
    )  # fmt: skip
    one.make(
        "contract", whose, account_id=account, kind="competitor", begins_on=D(2024, 1, 1),
        ends_on=D(2026, 11, 1), yearly_amount=500.0,
    )  # fmt: skip
    for day in (D(2026, 2, 1), D(2026, 9, 20)):
        one.make(
            "activity", whose, account_id=account, contact_id=contact, rep_id=rep, kind="call",
            date=day, two_way=True, minutes=10, opportunity_id=deals[0],
        )  # fmt: skip
    _ledger(one, whose, account)
    return account


def _ledger(one: Planter, whose: str, account: int | None) -> None:
    customer = one.make("ledger_customer", whose, account_id=account)
    for year in (2025, 2026):
        entry = one.text(whose)
        for number, debit, credit in (("411000", 120.0, 0.0), ("707000", 0.0, 120.0)):
            one.make(
                "ledger_entry", whose, entry=entry, date=D(year, 4, 2), account_number=number,
                debit=debit, credit=credit, letter=None, customer_id=customer, opening=False,
            )  # fmt: skip


def _set(record: int, field: str, value: Any, day: D) -> pd.DataFrame:
    return pd.DataFrame(
        {"record_id": [record], "field": [field], "value": [value], "effective": [day]}
    )


def _aside(engine: Any, ids: dict[str, int]) -> None:
    """What stands beside the records: loads, rejected rows, conflicts, an edit with its reason."""
    script, image = PAYLOADS[1], PAYLOADS[0]
    moment = dt.datetime(2026, 9, 30, 8, tzinfo=dt.UTC)
    with writing(engine) as connection:
        report = {
            "tables": [{"table": f"{image} {COMMON}", "read": 1, "new": 1, "sums": {script: 1.0}}],
            "rejected": 1,
            "notes": [script],
        }
        load = connection.execute(
            insert(Load).returning(Load.id),
            {
                "source": f"{script} {COMMON}", "started_at": moment, "user": image, "batch": "b",
                "files": json.dumps([{"name": f"{image}.csv", "sha256": "0"}]),
                "report": json.dumps(report), "data_date": TODAY,
            },
        ).scalar()  # fmt: skip
        connection.execute(
            insert(LoadedTable),
            {"load_id": load, "file": f"{image} {FOREIGN}", "name": script, "form": "{}"},
        )
        connection.execute(
            insert(RejectedRow),
            {
                "load_id": load, "file": f"{image} {FOREIGN}", "line": 2, "table": script,
                "reason": f"{script} {FOREIGN}", "raw": json.dumps({image: f"{script} {FOREIGN}"}),
            },
        )  # fmt: skip
        for whose in (OURS, FOREIGN):
            connection.execute(
                insert(SourceConflict),
                {
                    "load_batch": "b", "met_at": moment, "entity": "account",
                    "record_id": ids[f"{whose} account"], "field": "next_step",
                    "before": json.dumps(f"{image} {whose}"),
                    "theirs": json.dumps(f"{script} {whose}"), "ours": None,
                },
            )  # fmt: skip
    reasons = Author(f"{script} somebody", Surface.DASHBOARD, f"{image} reason")
    with batch(engine, reasons) as opened:
        one = Planter(opened)
        for whose in (OURS, FOREIGN):
            account = ids[f"{whose} account"]
            opened.set("account", _set(account, "supplier", one.text(whose), TODAY))
    with engine.connect() as connection:
        for entity, model in ENTITIES.items():
            assert connection.scalar(select(model.id).limit(1)), entity
