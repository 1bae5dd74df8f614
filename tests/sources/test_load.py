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
from tests.store.company import address
from workbench.errors import MissingColumns, SourceError, UnknownName, WorkbenchError
from workbench.locale import EN
from workbench.metrics.control import unmatched_customers
from workbench.settings import Currency, SourceSettings
from workbench.sources import reasons
from workbench.sources.fresh import unchanged
from workbench.sources.load import load
from workbench.sources.rejected import write_rejected
from workbench.store import journal, settling
from workbench.store.access import Viewer
from workbench.store.check import check
from workbench.store.journal import State
from workbench.store.schema import (
    Account,
    Change,
    DealPeriod,
    Document,
    LedgerCustomer,
    LedgerEntry,
    Load,
    Opportunity,
    RejectedRow,
    SourceConflict,
    Stage,
    StatusPeriod,
)
from workbench.vocabulary import Role, Surface

FILES = {
    "reps": "code,name,kind,manager\nM,Mia,manager,\nR,Rémi,field,M\nS,Sara,field,M\n",
    "accounts": "code,name,siren,customer_code,status,entered_on,parent,owner,employees\n"
    'A,"Maçonnerie\nAlba",552100554,C1,client,2024-01-10,,R,12\n'
    "B,Bati,552100555,C2,prospect,2024-02-01,A,S,\n",
    "opportunities": "code,name,account,pipeline,stage,amount,close_date,owner,created_on\n"
    "O,Halle,A,spanco,N,1000.50,2024-09-01,R,2024-03-01\n",
    "documents": "code,kind,account,date,amount,currency\nF1,invoice,A,2024-04-02,100.00,EUR\n",
    "document_lines": "document,position,amount\nF1,1,60\nF1,2,40\n",
    "history": "entity,code,field,effective,value\n"
    "account,A,status,2024-01-10,suspect\naccount,A,status,2024-02-15,prospect\n"
    "account,A,status,2024-04-02,client\n"
    "account,A,owner,2024-01-10,S\naccount,A,owner,2024-03-01,R\n"
    "opportunity,O,stage,2024-03-01,A\nopportunity,O,stage,2024-05-01,N\n",
}
FEC = (
    "JournalCode|EcritureNum|EcritureDate|CompteNum|CompAuxNum|CompAuxLib|EcritureLib|Debit|Credit\n"
    "VE|1|20240402|411000|C1|Alba|F1|120,00|0,00\nVE|1|20240402|707000|||F1|0,00|100,00\n"
    "VE|1|20240402|445710|||F1|0,00|20,00\n"
    "VE|2|20240405|411000|C9|Inconnu|F2|50,00|0,00\nVE|2|20240405|707000|||F2|0,00|50,00\n"
)


ON_SQLITE = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)


@pytest.fixture
def folder(tmp_path):
    """A small company's export."""
    crm = tmp_path / "crm"
    crm.mkdir()
    for name, text in FILES.items():
        (crm / f"{name}.csv").write_text(text, "utf-8")
    (tmp_path / "ledger.txt").write_text(FEC, "utf-8")
    return tmp_path


def sources(folder):
    return [
        SourceSettings(kind="fec", path=folder / "ledger.txt"),
        *crm(folder),
    ]


def crm(folder):
    return [SourceSettings(kind="crm", path=folder / "crm")]


@pytest.fixture
def loaded(store_as, folder):
    """A store into which the export was loaded."""
    return store_as(
        "small_export", lambda engine: load(engine, sources(folder), user="ana") and None
    )[0]


def value(engine, query):
    with engine.connect() as connection:
        return connection.scalar(query)


def changes(engine):
    return value(engine, select(func.count()).select_from(Change))


def put(path, old, new):
    path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")


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


def edited(engine, field, new):
    """Somebody here sets a field of account A."""
    id_ = value(engine, select(Account.id).where(Account.code == "A"))
    edit = pd.DataFrame(
        {
            "record_id": [id_],
            "field": [field],
            "value": [new],
            "effective": [dt.date(2024, 6, 1)],
        }
    )
    with journal.batch(engine, journal.Author("zoe", Surface.DASHBOARD)) as batch:
        batch.set("account", edit)


def conflicts(engine):
    columns = (
        SourceConflict.field, SourceConflict.before, SourceConflict.theirs, SourceConflict.ours,
    )  # fmt: skip
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(select(*columns))]


def test_what_both_changed_stays_ours_and_waits_to_be_settled(loaded, folder):
    edited(loaded, "employees", 99)
    report = load(loaded, sources(folder), user="ana")
    assert (report.table("account").kept, report.table("account").conflicts) == (1, 0)
    put(folder / "crm" / "accounts.csv", ",R,12", ",R,13")
    report = load(loaded, sources(folder), user="ana")
    assert (report.table("account").kept, report.table("account").conflicts) == (0, 1)
    assert value(loaded, select(Account.employees).where(Account.code == "A")) == 99
    assert conflicts(loaded) == [("employees", "12", "13", "99")]
    report = load(loaded, sources(folder), user="ana")  # the same again is no other conflict
    assert (report.table("account").kept, report.table("account").conflicts) == (1, 0)
    assert len(conflicts(loaded)) == 1


def waiting(engine):
    columns = (SourceConflict.theirs, SourceConflict.ours)
    with engine.connect() as connection:
        query = select(*columns).where(SourceConflict.settled_at.is_(None))
        return [tuple(row) for row in connection.execute(query)]


def says(engine, folder, old, new):
    """The source moves account A's employees, and is loaded; what stands here then."""
    put(folder / "crm" / "accounts.csv", f",R,{old}", f",R,{new}")
    load(engine, crm(folder), user="ana")
    return value(engine, select(Account.employees).where(Account.code == "A"))


def settled(engine, keep):
    boss = Viewer("boss", "Boss", Role.ADMIN)
    (one,) = settling.waiting(engine, boss, dt.date.today())  # noqa: DTZ011
    settling.settle(
        engine,
        one.id,
        keep,
        viewer=boss,
        surface=Surface.DASHBOARD,
        today=dt.date.today(),  # noqa: DTZ011
    )


def test_what_the_source_says_last_waits_and_nothing_that_it_said_before(loaded, folder):
    edited(loaded, "employees", 99)
    assert says(loaded, folder, 12, 13) == says(loaded, folder, 13, 14) == 99
    assert waiting(loaded) == [("14", "99")]
    assert says(loaded, folder, 14, 13) == 99
    assert waiting(loaded) == [("13", "99")]
    assert says(loaded, folder, 13, 12) == 99  # as it was when we corrected it
    assert waiting(loaded) == []
    assert says(loaded, folder, 12, 13) == 99
    assert says(loaded, folder, 13, 99) == 99
    assert waiting(loaded) == []


def test_what_we_gave_up_before_the_source_was_told_of_it_is_its_own_word(loaded, folder):
    """We had 99, then 50; nobody sent the 99, to which the source comes by itself."""
    edited(loaded, "employees", 99)
    edited(loaded, "employees", 50)
    assert says(loaded, folder, 12, 99) == 50
    assert waiting(loaded) == [("99", "50")]


def test_what_we_set_for_a_past_day_keeps_no_later_word_away(loaded, folder):
    """13 stands since it was loaded, our 99 of 2024 before it; then the source says 99 itself."""
    assert says(loaded, folder, 12, 13) == 13
    edited(loaded, "employees", 99)
    assert value(loaded, select(Account.employees).where(Account.code == "A")) == 13
    assert says(loaded, folder, 13, 99) == 99
    assert waiting(loaded) == []


def test_what_a_load_said_has_not_arrived_as_ours(loaded, folder):
    """Its 99 covers our 99 of 2024; with that load undone, its 99 is a move of its own again."""
    assert says(loaded, folder, 12, 13) == 13
    edited(loaded, "employees", 99)
    assert says(loaded, folder, 13, 99) == 99
    last = value(loaded, select(Load.batch).order_by(Load.id.desc()).limit(1))
    put(folder / "crm" / "accounts.csv", "Bati", "Batim")
    assert says(loaded, folder, 99, 99) == 99
    journal.undo(loaded, last, viewer=Viewer("ada", "Ada", Role.ADMIN), surface=Surface.CLI)
    assert value(loaded, select(Account.employees).where(Account.code == "A")) == 13
    assert says(loaded, folder, 99, 99) == 99
    assert waiting(loaded) == []


def test_a_source_whose_word_was_taken_is_followed_on(loaded, folder):
    """We had 99 and took its 13: that is ours no more than it is its own."""
    edited(loaded, "employees", 99)
    assert says(loaded, folder, 12, 13) == 99
    settled(loaded, "theirs")
    assert says(loaded, folder, 13, 14) == 14
    assert waiting(loaded) == []


def test_a_source_whose_word_was_refused_says_it_anew_only_once_it_has_moved(loaded, folder):
    edited(loaded, "employees", 99)
    assert says(loaded, folder, 12, 13) == 99
    settled(loaded, "ours")
    assert says(loaded, folder, 13, 13) == 99
    assert waiting(loaded) == []
    assert says(loaded, folder, 13, 12) == 99
    assert waiting(loaded) == [("12", "99")]


def test_a_load_undone_leaves_nothing_to_settle(loaded, folder):
    edited(loaded, "employees", 99)
    put(folder / "crm" / "accounts.csv", "Bati", "Batim")
    assert says(loaded, folder, 12, 13) == 99
    assert waiting(loaded) == [("13", "99")]
    with loaded.connect() as connection:
        last = connection.scalar(select(Load.batch).order_by(Load.id.desc()).limit(1))
    journal.undo(loaded, last, viewer=Viewer("ada", "Ada", Role.ADMIN), surface=Surface.CLI)
    assert waiting(loaded) == []
    assert says(loaded, folder, 13, 13) == 99
    assert waiting(loaded) == [("13", "99")]


def test_what_both_changed_to_the_same_is_no_conflict(loaded, folder):
    edited(loaded, "employees", 13)
    put(folder / "crm" / "accounts.csv", ",R,12", ",R,13")
    load(loaded, sources(folder), user="ana")
    assert conflicts(loaded) == []


def test_the_source_says_something_else_and_is_followed_where_nobody_edited(loaded, folder):
    put(folder / "crm" / "accounts.csv", ",R,12", ",R,13")
    report = load(loaded, sources(folder), user="ana")
    assert report.table("account").changed == 1
    assert value(loaded, select(Account.employees).where(Account.code == "A")) == 13


def test_a_load_undone_can_be_loaded_again(loaded, folder):
    put(folder / "crm" / "accounts.csv", ",R,12", ",R,13")
    load(loaded, sources(folder), user="ana")
    with loaded.connect() as connection:
        second = connection.scalar(select(Load.batch).order_by(Load.id.desc()).limit(1))
    admin = Viewer("ada", "Ada", Role.ADMIN)
    undone = journal.undo(loaded, second, viewer=admin, surface=Surface.CLI)
    assert {outcome.state for outcome in undone} == {State.SAVED}
    assert value(loaded, select(Account.employees).where(Account.code == "A")) == 12
    assert not unchanged(loaded, sources(folder))
    report = load(loaded, sources(folder), user="ana")
    assert report.table("account").changed == 1
    assert value(loaded, select(Account.employees).where(Account.code == "A")) == 13
    assert check(loaded) == []


MISFITS = {
    "accounts": [
        (
            "C,Cie,,,client,2024-01-10,Z,R,", "Référence inconnue : parent = Z",
            "C,Cie,,,client,2024-01-10,A,R,",
        ),
        (
            "D,Cie,,,client,2024-13-10,,R,", "Date illisible : entered_on = 2024-13-10",
            "D,Cie,,,client,2024-12-10,,R,",
        ),
        (
            "E,Cie,,,client,2024-01-10,,R,many", "Valeur illisible : employees = many",
            "E,Cie,,,client,2024-01-10,,R,7",
        ),
        (
            "F,Cie,,,client,2024-01-10,,R,#N/A", "Valeur illisible : employees = #N/A",
            "F,Cie,,,client,2024-01-10,,R,7",
        ),
        (
            "G,Cie,,,friend,2024-01-10,,R,", "Valeur inconnue : status = friend",
            "G,Cie,,,client,2024-01-10,,R,",
        ),
        (
            "H,,,,client,2024-01-10,,R,", "Valeur manquante : name",
            "H,Cie,,,client,2024-01-10,,R,",
        ),
        (
            "A,Twin,,,client,2024-01-10,,R,", "Code en double : A",
            "I,Twin,,,client,2024-01-10,,R,",
        ),
        ("J,Cie", "Nombre de colonnes : 2 au lieu de 9", "J,Cie,,,,,,,"),
        (
            'K,"Cie,,,client,2024-01-10,,R,', "Guillemets mal fermés",
            "K,Cie,,,client,2024-01-10,,R,",
        ),
    ],
    "documents": [
        (
            "F2,invoice,A,2024-04-02,1.00,USD", "Taux de change manquant : USD, 2024-04-02",
            "F2,invoice,A,2024-04-02,1.00,EUR",
        ),
    ],
    "history": [
        (
            "account,Z,status,2024-05-10,prospect", "Référence inconnue : account = Z",
            "account,A,status,2024-05-10,prospect",
        ),
        (
            "account,B,colour,2024-05-20,suspect", "Champ inconnu : account.colour",
            "account,B,status,2024-05-20,suspect",
        ),
        (
            "opportunity,O,stage,2024-05-32,A", "Date illisible : effective = 2024-05-32",
            "opportunity,O,stage,2024-05-30,A",
        ),
    ],
    "opportunities": [
        (
            "P,Pont,A,spanco,X,1,,R,2024-03-01", "Référence inconnue : stage = X",
            "P,Pont,A,spanco,N,1,,R,2024-03-01",
        ),
    ],
}  # fmt: skip
ENTITY = {"accounts": "account", "documents": "document", "opportunities": "opportunity"}


def mend(written, *rows):
    """Put right all rows of a file of rejected rows, and leave the reasons where they stand."""
    head, *rejected = written.read_text("utf-8-sig").rstrip("\n").split("\n")
    assert head.endswith(",reason")
    reasons = [row.rpartition(",")[2] for row in rejected]
    lines = [f"{row},{reason}\n" for row, reason in zip(rows, reasons, strict=True)]
    written.write_text(f"{head}\n{''.join(lines)}", "utf-8")


def standing(engine):
    return workbench.open(address(engine)).table("rejected_rows")


@ON_SQLITE
@pytest.mark.parametrize("file", MISFITS)
def test_rows_that_do_not_fit_are_kept_mended_and_loaded(engine, tmp_path, folder, file):
    rows, told, mended = zip(*MISFITS[file], strict=True)
    path = folder / "crm" / f"{file}.csv"
    first = path.read_text("utf-8").count("\n") + 1
    path.write_text(path.read_text("utf-8") + "\n".join(rows) + "\n", "utf-8")
    report = load(engine, crm(folder), user="ana")
    rejected = report.rejected.sort_values("line")
    assert rejected["reason"].tolist() == [*told]
    assert set(rejected["file"]) == {f"{file}.csv"}
    assert rejected["line"].tolist() == [*range(first, first + len(rows))]
    if file in ENTITY:
        assert report.table(ENTITY[file]).rejected == len(rows)
    with engine.connect() as connection:
        stored = connection.scalars(select(RejectedRow.raw).order_by(RejectedRow.line)).all()
    for row, raw in zip(rows, stored, strict=True):
        assert row.split(",")[0] in json.loads(raw).values()
    [written] = write_rejected(standing(engine), tmp_path / "rejected")
    assert written.name == f"{file}.csv"
    mend(written, *mended)
    before = changes(engine)
    source = [SourceSettings(kind="crm", path=tmp_path / "rejected")]
    again = load(engine, source, user="ana")
    assert again.rejected.empty
    assert sum(table.new + table.changed for table in again.tables) == len(rows)
    assert changes(engine) > before
    assert standing(engine).empty
    assert not any("Absents" in note for note in again.notes)
    before = changes(engine)
    load(engine, source, user="ana")
    assert changes(engine) == before


@ON_SQLITE
def test_a_mended_row_of_the_midst_of_a_history_is_put_there(engine, tmp_path, folder):
    """Suspect, prospect, [suspect again, on a date that doesn't read], client."""
    again = "account,A,status,2024-02-15,prospect\naccount,A,status,2024-03-32,suspect\n"
    put(folder / "crm" / "history.csv", "account,A,status,2024-02-15,prospect\n", again)
    load(engine, crm(folder), user="ana")
    [written] = write_rejected(standing(engine), tmp_path / "rejected")
    mend(written, "account,A,status,2024-03-02,suspect")
    load(engine, [SourceSettings(kind="crm", path=tmp_path / "rejected")], user="ana")
    query = (
        select(StatusPeriod.status, StatusPeriod.valid_from)
        .join(Account, Account.id == StatusPeriod.account_id)
        .where(Account.code == "A")
        .order_by(StatusPeriod.valid_from)
    )
    with engine.connect() as connection:
        assert [tuple(row) for row in connection.execute(query)] == [
            ("suspect", dt.date(2024, 1, 10)),
            ("prospect", dt.date(2024, 2, 15)),
            ("suspect", dt.date(2024, 3, 2)),
            ("client", dt.date(2024, 4, 2)),
        ]


FRENCH = """
encoding = "cp1252"
delimiter = ";"
decimal = ","
dates = ["%d/%m/%Y"]

[[tables]]
file = "clients"
entity = "account"
columns = { numero = "code", nom = "name", entree = "entered_on", effectif = "employees" }
required = ["name"]

[[tables]]
file = "factures"
entity = "document"
columns = { piece = "code", client = "account", jour = "date", montant = "amount" }
constants = { kind = "invoice" }
required = ["amount"]
"""
CLIENTS = [["numero", "nom", "entree", "effectif"], ["A", "Été €", "31/01/2024", "3"]]
INVOICES = [
    ["piece", "client", "jour", "montant", "remarque"],
    ["F1", "A", "01/02/2024", "1.200,50", ""],
    ["F2", "Z", "03/02/2024", "7,25", "à voir"],
]


@ON_SQLITE
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_preset_in_its_own_form_is_written_in_it(engine, tmp_path, kind):
    preset = tmp_path / "french.toml"
    preset.write_text(FRENCH, "utf-8")
    crm = tmp_path / "crm"
    crm.mkdir()
    if kind == "csv":
        for name, rows in (("clients", CLIENTS), ("factures", INVOICES)):
            text = "".join(";".join(row) + "\n" for row in rows)
            (crm / f"{name}.csv").write_text(text, "cp1252")
    else:
        with pd.ExcelWriter(crm / "book.xlsx") as book:
            for name, rows in (("clients", CLIENTS), ("factures", INVOICES)):
                frame = pd.DataFrame(rows[1:], columns=rows[0])
                if name == "factures":
                    frame["jour"] = pd.to_datetime(frame["jour"], format="%d/%m/%Y")
                    frame["montant"] = [1200.5, 7.25]
                frame.to_excel(book, sheet_name=name, index=False)
    report = load(engine, [SourceSettings(kind="crm", path=crm, preset=str(preset))], user="ana")
    assert report.rejected["reason"].tolist() == ["Référence inconnue : account = Z"]
    [written] = write_rejected(standing(engine), tmp_path / "rejected")
    assert written.read_bytes().decode("cp1252") == (
        "piece;client;jour;montant;remarque;reason\n"
        "F2;Z;03/02/2024;7,25;à voir;Référence inconnue : account = Z\n"
    )
    written.write_bytes(written.read_bytes().replace(b"F2;Z", b"F2;A"))
    mended = [SourceSettings(kind="crm", path=tmp_path / "rejected", preset=str(preset))]
    assert load(engine, mended, user="ana").table("document").new == 1
    assert value(engine, select(func.sum(Document.amount))) == Decimal("1207.75")
    assert standing(engine).empty


@ON_SQLITE
def test_a_row_with_too_few_columns_is_written_with_all(engine, tmp_path, folder):
    source = tmp_path / "maven"
    source.mkdir()
    head = "account,sector,year_established,revenue,employees,office_location,subsidiary_of"
    (source / "accounts.csv").write_text(f"{head}\nAcme,retail\n", "utf-8")
    report = load(engine, [SourceSettings(kind="crm", path=source, preset="maven")], user="ana")
    [written] = write_rejected(report.rejected, tmp_path / "rejected")
    assert written.read_text("utf-8-sig").split("\n")[0] == f"{head},reason"
    mended = [SourceSettings(kind="crm", path=tmp_path / "rejected", preset="maven")]
    assert load(engine, mended, user="ana").table("account").new == 1


@ON_SQLITE
def test_a_quote_that_does_not_close_swallows_no_row(engine, folder):
    text = 'code,name\nA,Alba\nB,"Bad\nC,"Foo ""x"" bar"\nD,12" pipes\n'
    (folder / "crm" / "accounts.csv").write_text(text, "utf-8")
    (folder / "crm" / "opportunities.csv").unlink()
    report = load(engine, [SourceSettings(kind="crm", path=folder / "crm")], user="ana")
    mine = report.rejected[report.rejected["file"] == "accounts.csv"]
    assert mine[["line", "reason"]].to_numpy().tolist() == [[3, "Guillemets mal fermés"]]
    assert mine["raw"].tolist() == ['{"code":"B","name":"\\"Bad"}']
    with engine.connect() as connection:
        names = connection.scalars(select(Account.name).order_by(Account.code)).all()
    assert names == ["Alba", 'Foo "x" bar', '12" pipes']


@ON_SQLITE
def test_rejected_rows_stand_until_their_table_is_loaded_anew(engine, folder):
    put(folder / "crm" / "accounts.csv", "2024-02-01", "2024-02-31")
    put(folder / "crm" / "documents.csv", "100.00", "much")
    for _ in range(2):
        load(engine, crm(folder), user="ana")
        assert sorted(standing(engine)["file"]) == [
            "accounts.csv", "document_lines.csv", "document_lines.csv", "documents.csv",
        ]  # fmt: skip
    assert value(engine, select(func.count()).select_from(RejectedRow)) == 8
    put(folder / "crm" / "documents.csv", "much", "100.00")
    load(engine, crm(folder), user="ana")
    assert standing(engine)["file"].tolist() == ["accounts.csv"]
    put(folder / "crm" / "accounts.csv", "2024-02-31", "2024-02-01")
    load(engine, crm(folder), user="ana")
    assert standing(engine).empty
    with engine.connect() as connection:
        last = connection.scalar(
            select(Load.batch).where(Load.source == "generic").order_by(Load.id.desc()).limit(1)
        )
    admin = Viewer("ada", "Ada", Role.ADMIN)
    journal.undo(engine, last, viewer=admin, surface=Surface.CLI)
    assert standing(engine)["file"].tolist() == ["accounts.csv"]


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
