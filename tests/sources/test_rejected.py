"""Rows that don't fit: kept with their reason, written out, mended, and loaded."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal

import pandas as pd
import pytest
from sqlalchemy import func, select

import workbench
from tests.sources.loading import ON_SQLITE, changes, crm, put, value
from tests.store.company import address
from workbench.settings import SourceSettings
from workbench.sources.load import load
from workbench.sources.rejected import write_rejected
from workbench.store import journal
from workbench.store.access import Viewer
from workbench.store.schema import (
    Account,
    Document,
    Load,
    RejectedRow,
    StatusPeriod,
)
from workbench.vocabulary import Role, Surface

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
