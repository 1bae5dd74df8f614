"""Loads, whole: what they bring, that they repeat without trace, and what they set apart."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import random
import signal
import subprocess
import sys
from decimal import Decimal

import openpyxl
import pandas as pd
import pytest
from sqlalchemy import func, select

import workbench
from tests.sources.loading import FEC, FILES, ON_SQLITE, changes, crm, put, sources, value
from tests.store.company import address
from workbench.errors import MissingColumns, SourceError, UnknownName, WorkbenchError
from workbench.locale import EN
from workbench.metrics.control import unmatched_customers
from workbench.settings import Currency, SourceSettings
from workbench.sources import reasons
from workbench.sources.load import load
from workbench.store.check import check
from workbench.store.schema import (
    Account,
    Change,
    DealPeriod,
    Document,
    LedgerCustomer,
    LedgerEntry,
    Load,
    Opportunity,
    Stage,
    StatusPeriod,
)


def test_a_load_brings_records_with_their_past(engine, folder):
    report = load(engine, sources(folder), user="ana")
    assert [(t.table, t.read, t.new) for t in report.tables] == [
        ("rep", 3, 3), ("account", 2, 2), ("opportunity", 1, 1), ("document", 1, 1),
        ("document_line", 2, 2), ("ledger_customer", 2, 2), ("ledger_entry", 5, 5),
    ]  # fmt: skip
    assert report.table("ledger_entry").sums == {"debit": 170.0, "credit": 170.0, "balance": 0.0}
    assert report.table("document").sums == {"amount": 100.0}
    assert report.rejected.empty
    assert report.data_date == dt.date(2024, 5, 1)
    alone = unmatched_customers.of(workbench.open(address(engine)))
    assert alone[["customer_code", "customer", "revenue", "balance"]].to_numpy().tolist() == [
        ["C9", "Inconnu", 50.0, 50.0]
    ]
    assert "SIREN dont la clé est fausse, gardés : 1, dont B" in report.notes
    with engine.connect() as connection:
        periods = connection.execute(
            select(StatusPeriod.status, StatusPeriod.valid_from)
            .join(Account, Account.id == StatusPeriod.account_id)
            .where(Account.code == "A")
            .order_by(StatusPeriod.valid_from)
        ).all()
    assert [tuple(row) for row in periods] == [
        ("suspect", dt.date(2024, 1, 10)),
        ("prospect", dt.date(2024, 2, 15)),
        ("client", dt.date(2024, 4, 2)),
    ]
    tied = select(LedgerCustomer.account_id).where(LedgerCustomer.code == "C1")
    assert value(engine, tied) == value(engine, select(Account.id).where(Account.code == "A"))
    assert value(engine, select(Account.name).where(Account.code == "A")) == "Maçonnerie\nAlba"


def test_the_same_files_again_change_nothing(loaded, folder):
    before = changes(loaded)
    (folder / "ledger.txt").write_bytes(
        FEC.replace("|", "\t").replace("\n", "\r\n").encode("cp1252")
    )
    (folder / "ledger.txt").rename(folder / "123456789FEC20241231.txt")
    again = [
        SourceSettings(kind="crm", path=folder / "crm"),
        SourceSettings(kind="fec", path=folder / "123456789FEC20241231.txt"),
    ]
    report = load(loaded, again, user="ana")
    assert changes(loaded) == before
    assert sum(t.new + t.changed + t.deleted for t in report.tables) == 0
    assert sum(t.same for t in report.tables) == 16
    assert value(loaded, select(func.count()).select_from(Load)) == 4


def test_a_corrected_file_changes_what_it_corrects(loaded, folder):
    before = changes(loaded)
    put(folder / "crm" / "accounts.csv", "C1,client,2024-01-10,,R,12", "C1,client,2024-01-10,,R,15")
    put(
        folder / "crm" / "history.csv",
        "2024-05-01,N",
        "2024-05-01,N\naccount,B,status,2024-02-01,suspect",
    )
    put(folder / "ledger.txt", "445710|||F1|0,00|20,00", "445710|||F1 corrigée|0,00|20,00")
    report = load(loaded, sources(folder), user="ana", today=dt.date(2024, 6, 1))
    with loaded.connect() as connection:
        found = connection.execute(
            select(Change.entity, Change.field, Change.new, Change.effective)
            .where(Change.id > before)
            .order_by(Change.id)
        ).all()
    assert [tuple(row) for row in found] == [
        ("account", "employees", "15", dt.date(2024, 6, 1)),
        ("account", "status", '"suspect"', dt.date(2024, 2, 1)),
        ("ledger_entry", "label", '"F1 corrigée"', dt.date(2024, 4, 2)),
    ]
    assert (report.table("account").changed, report.table("ledger_entry").changed) == (2, 1)


def test_a_line_that_a_corrected_ledger_lacks_is_deleted(loaded, folder):
    put(folder / "ledger.txt", "VE|2|20240405|411000|C9|Inconnu|F2|50,00|0,00\n", "")
    put(folder / "ledger.txt", "VE|2|20240405|707000|||F2|0,00|50,00\n", "")
    report = load(loaded, sources(folder), user="ana")
    assert report.table("ledger_entry").deleted == 2
    assert value(loaded, select(func.count()).select_from(LedgerEntry)) == 3


def test_a_part_of_a_ledger_is_refused(loaded, folder):
    (folder / "ledger.txt").write_text("\n".join(FEC.split("\n")[:2]), "utf-8")
    before = changes(loaded)
    with pytest.raises(SourceError, match="lacks 4 of the 5 lines"):
        load(loaded, sources(folder), user="ana")
    assert changes(loaded) == before


@ON_SQLITE
def test_foreign_money_is_taken_at_the_rate_of_its_day(engine, folder):
    put(folder / "crm" / "documents.csv", "EUR", "USD")
    rates = {"USD": {dt.date(2024, 1, 1): Decimal("0.9"), dt.date(2024, 5, 1): Decimal("0.5")}}
    report = load(engine, crm(folder), user="ana", currency=Currency(rates=rates))
    assert value(engine, select(Document.amount)) == Decimal("90.00")
    assert report.table("document_line").sums == {"amount": 90.0}


@ON_SQLITE
def test_accounts_that_are_each_others_parent_are_kept(engine, folder):
    put(folder / "crm" / "accounts.csv", "2024-01-10,,R", "2024-01-10,B,R")
    load(engine, crm(folder), user="ana")
    assert value(engine, select(func.count(Account.parent_id))) == 2


@ON_SQLITE
@pytest.mark.parametrize(
    ("name", "data", "error"),
    [
        ("accounts.csv", b"", SourceError),
        ("accounts.csv", b"a\x00b\n1\n", SourceError),
        ("accounts.csv", b"code,name,name\nA,B,C\n", SourceError),
        ("accounts.xlsx", b"not a workbook", SourceError),
        ("others.csv", b"a,b\n1,2\n", SourceError),
        ("history.csv", b"a,b\n1,2\n", MissingColumns),
    ],
)
def test_what_cannot_be_read_leaves_no_trace(engine, tmp_path, name, data, error):
    before = changes(engine)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / name).write_bytes(data)
    with pytest.raises(error, match=r"csv|xlsx"):
        load(engine, [SourceSettings(kind="crm", path=tmp_path / "in")], user="ana")
    with pytest.raises(UnknownName, match="generic"):
        load(
            engine, [SourceSettings(kind="crm", path=tmp_path / "in", preset="genric")], user="ana"
        )
    assert changes(engine) == before
    assert value(engine, select(func.count()).select_from(Load)) == 0


@ON_SQLITE
def test_a_workbook_reads_as_its_sheets(engine, tmp_path, folder):
    with pd.ExcelWriter(tmp_path / "crm.xlsx") as book:
        for name in FILES:
            dates = {"entered_on", "created_on", "close_date", "date"}
            frame = pd.read_csv(
                folder / "crm" / f"{name}.csv", dtype={"siren": "str", "value": "str"}
            )
            frame = frame.assign(**{c: pd.to_datetime(frame[c]) for c in frame if c in dates})
            frame.to_excel(book, sheet_name=name, index=False)
    load(engine, sources(folder), user="ana")
    before = changes(engine)
    report = load(engine, [SourceSettings(kind="crm", path=tmp_path / "crm.xlsx")], user="ana")
    assert report.rejected.empty
    assert changes(engine) == before


@ON_SQLITE
def test_progress_ends_at_its_total(engine, folder):
    seen = []
    load(engine, sources(folder), user="ana", progress=lambda *step: seen.append(step))
    assert seen[-1][1] == seen[-1][2]
    assert [done for _, done, _ in seen] == sorted(done for _, done, _ in seen)


MAVEN = {"won": 4_238, "lost": 2_473, "engaging": 1_589, "prospecting": 500}


def test_maven_has_its_control_totals(engine, shared):
    source = [SourceSettings(kind="crm", path=shared / "maven_crm", preset="maven")]
    report = load(engine, source, user="ana")
    assert report.rejected.empty
    assert (report.table("opportunity").new, report.data_date) == (8_800, dt.date(2017, 12, 31))
    with engine.connect() as connection:
        stages = connection.execute(
            select(Stage.code, func.count(), func.sum(Opportunity.amount))
            .join(Opportunity, Opportunity.stage_id == Stage.id)
            .group_by(Stage.code)
        ).all()
        open_ = {
            day: connection.scalar(
                select(func.count())
                .select_from(DealPeriod)
                .join(Stage, Stage.id == DealPeriod.stage_id)
                .where(
                    Stage.code == "maven/engaging",
                    DealPeriod.valid_from <= day,
                    (DealPeriod.valid_to > day) | DealPeriod.valid_to.is_(None),
                )
            )
            for day in (dt.date(2017, 3, 31), dt.date(2017, 6, 30), dt.date(2017, 9, 30))
        }
    assert {code.removeprefix("maven/"): n for code, n, _ in stages} == MAVEN
    assert {c: int(s) for c, _, s in stages if c == "maven/won"} == {"maven/won": 10_005_534}
    assert list(open_.values()) == [1_330, 1_686, 2_409]
    alone = select(func.count()).where(Opportunity.account_id.is_(None))
    assert value(engine, alone) == 1_425
    assert value(engine, select(func.count()).where(Opportunity.product == "GTX Pro")) > 0
    assert value(engine, select(func.count()).where(Account.sector == "technolgy")) == 0
    before = changes(engine)
    load(engine, source, user="ana")
    assert changes(engine) == before


KILLED = """
import os, signal, sys
from pathlib import Path
from sqlalchemy import event
from workbench.settings import SourceSettings
from workbench.sources.load import load
from workbench.store import connect

def loads(url, folder, at):
    def die(what="commit", done=0, total=0):
        if what == at:
            os.kill(os.getpid(), signal.SIGKILL)
    engine = connect(url)
    event.listen(engine, "commit", lambda connection: die())
    crm = SourceSettings(kind="crm", path=Path(folder) / "crm")
    fec = SourceSettings(kind="fec", path=Path(folder) / "ledger.txt")
    load(engine, [crm, fec], user="x", progress=die)

url, folder = sys.argv[1:]
for line in sys.stdin:
    child = os.fork()
    if child:
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
    else:
        loads(url, folder, line.strip())
        os._exit(0)
"""


def test_a_load_killed_midway_leaves_the_store_as_it_was(engine, store_url, folder):
    """A process of its own each time, forked from one that has imported it all."""
    before = changes(engine)
    command = [sys.executable, "-c", KILLED, store_url, str(folder)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as forks:
        for at in ("account", "document_line", "ledger_entry", "journal", "commit"):
            forks.stdin.write(f"{at}\n")
            forks.stdin.flush()
            assert int(forks.stdout.readline()) == -signal.SIGKILL, at
            assert changes(engine) == before, at
            for table in (Account, LedgerEntry, Load):
                assert value(engine, select(func.count()).select_from(table)) == 0, at
        forks.stdin.close()
        assert forks.wait(60) == 0
    assert load(engine, sources(folder), user="ana").table("account").new == 2


@ON_SQLITE
@pytest.mark.parametrize("name", FILES)
def test_a_table_without_a_row_loads(engine, tmp_path, folder, name):
    (folder / "crm" / f"{name}.csv").write_text(FILES[name].partition("\n")[0] + "\n", "utf-8")
    load(engine, crm(folder), user="ana")
    alone = tmp_path / "alone"
    alone.mkdir()
    (alone / f"{name}.csv").write_text(FILES[name].partition("\n")[0] + "\n", "utf-8")
    report = load(engine, [SourceSettings(kind="crm", path=alone)], user="ana")
    assert sum(table.read for table in report.tables) == 0


RATES = Currency(rates={"USD": {dt.date(2024, 1, 1): Decimal("0.5")}})


@ON_SQLITE
def test_what_hangs_on_foreign_money_and_comes_later_is_at_its_rate(engine, tmp_path, folder):
    """A document and a deal in dollars; a line and a step of history that come by themselves."""
    put(folder / "crm" / "documents.csv", "EUR", "USD")
    put(folder / "crm" / "document_lines.csv", "F1,2,40", "F1,2,forty")
    put(folder / "crm" / "opportunities.csv", ",created_on\n", ",created_on,currency\n")
    put(folder / "crm" / "opportunities.csv", "2024-03-01\n", "2024-03-01,USD\n")
    load(engine, crm(folder), user="ana", currency=RATES)
    assert value(engine, select(Document.amount)) == Decimal("50.00")
    assert value(engine, select(Opportunity.amount)) == Decimal("500.25")
    later = tmp_path / "later"
    later.mkdir()
    (later / "document_lines.csv").write_text("document,position,amount\nF1,2,40\n", "utf-8")
    (later / "history.csv").write_text(
        "entity,code,field,effective,value\nopportunity,O,amount,2024-05-02,800\n", "utf-8"
    )
    report = load(engine, [SourceSettings(kind="crm", path=later)], user="ana", currency=RATES)
    assert report.table("document_line").sums == {"amount": 20.0}
    assert value(engine, select(Opportunity.amount)) == Decimal("400.00")


@ON_SQLITE
def test_history_of_a_deal_without_a_rate_is_rejected(loaded, folder):
    put(folder / "crm" / "opportunities.csv", ",created_on\n", ",created_on,currency\n")
    put(folder / "crm" / "opportunities.csv", "2024-03-01\n", "2024-03-01,USD\n")
    with (folder / "crm" / "history.csv").open("a") as file:
        file.write("opportunity,O,amount,2024-05-02,800\n")
    report = load(loaded, crm(folder), user="ana")
    assert report.rejected[["file", "reason"]].to_numpy().tolist() == [
        ["opportunities.csv", "Taux de change manquant : USD, 2024-03-01"],
        ["history.csv", "Taux de change manquant pour O"],
    ]
    assert value(loaded, select(Opportunity.amount)) == Decimal("1000.50")


@ON_SQLITE
def test_identifiers_are_looked_at_and_what_is_missing_from_an_export_is_told(loaded, folder):
    (folder / "crm" / "accounts.csv").write_text(
        "code,name,siren,siret\n"
        "A,Alba,552 100 554,732 829 320 00074\nC,Cie,123456789,73282932000074\n"
        "D,Dune,,73282932000075\nE,Est,,00000000000000\n",
        "utf-8",
    )
    report = load(loaded, crm(folder), user="ana")
    assert [note for note in report.notes if "SIRE" in note or "Absents" in note] == [
        "SIREN fictifs, vidés : 1, dont C",
        "SIRET fictifs, vidés : 1, dont E",
        "SIRET dont la clé est fausse, gardés : 1, dont D",
        "Doublons possibles, même SIRET : 2, dont A, C",
        "Absents de cet export, gardés : account 1",
    ]
    with loaded.connect() as connection:
        sirets = connection.scalars(select(Account.siret).order_by(Account.code)).all()
    assert sirets == ["73282932000074", None, "73282932000074", "73282932000075", None]


@ON_SQLITE
def test_a_workbook_keeps_nameless_columns_and_tells_its_errors(engine, tmp_path):
    rows = [["code", "name", None, None, "employees"], ["A", "Alba", "x", "", 3]]
    rows.append(["B", "Bati", "y", "", "#N/A"])
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(tmp_path / "accounts.xlsx")
    source = [SourceSettings(kind="crm", path=tmp_path / "accounts.xlsx")]
    report = load(engine, source, user="ana")
    assert report.table("account").new == 1
    assert report.rejected["reason"].tolist() == ["Valeur illisible : employees = #N/A"]
    assert json.loads(report.rejected["raw"][0]) == {
        "code": "B", "name": "Bati", "#3": "y", "employees": "#N/A",
    }  # fmt: skip
    assert reasons.said(report.rejected["reason"][0], EN) == "Unreadable value: employees = #N/A"


@ON_SQLITE
def test_a_damaged_file_loads_or_says_why(engine, folder):
    """Cells, delimiters and lines lost, doubled and moved: no other error than one of ours."""
    chance = random.Random(7)  # noqa: S311 - no secret
    for _ in range(12):
        name = chance.choice([*FILES])
        text = list(FILES[name])
        for _ in range(chance.randint(1, 6)):
            at = chance.randrange(len(text))
            text[at] = chance.choice(["", ",", '"', "\n", "#", "0", ";", "é", text[at] * 2])
        (folder / "crm" / f"{name}.csv").write_text("".join(text), "utf-8")
        with contextlib.suppress(WorkbenchError):
            load(engine, crm(folder), user="ana")
        (folder / "crm" / f"{name}.csv").write_text(FILES[name], "utf-8")
    assert check(engine) == []


def test_what_is_to_come_is_set_apart_until_it_has(engine, folder):
    """A status dated next year, and a consent: planned. An invoice of tomorrow is there today."""
    crm, today = folder / "crm", dt.date(2024, 6, 1)
    put(
        crm / "history.csv", "account,A,status,2024-04-02,client\n",
        "account,A,status,2024-04-02,client\naccount,A,status,2025-01-15,lost\n",
    )  # fmt: skip
    put(crm / "documents.csv", "2024-04-02", "2024-06-30")
    (crm / "contacts.csv").write_text("code,last_name,account\nP,Pons,A\n", "utf-8")
    (crm / "consents.csv").write_text(
        "contact,channel,state,date\nP,email,given,2024-06-02\nP,phone,given,2024-06-01\n", "utf-8"
    )
    report = load(engine, sources(folder), user="ana", today=today)
    told = {(row.table, row.reason) for row in report.rejected.itertuples()}
    assert {
        ("history", "Date à venir : effective = 2025-01-15"),
        ("consent", "Date à venir : date = 2024-06-02"),
    } <= told
    assert value(engine, select(Account.status).where(Account.code == "A")) == "client"
    paper = select(Document.id).where(Document.code == "F1")
    assert value(
        engine, select(Change.effective).where(Change.entity == "document", Change.op == "create",
                                               Change.record_id.in_(paper)),
    ) == today  # fmt: skip
    assert value(engine, select(func.max(Change.effective))) <= today
    assert check(engine) == []
    load(engine, sources(folder), user="ana", today=dt.date(2025, 1, 15))
    assert value(engine, select(Account.status).where(Account.code == "A")) == "lost"
