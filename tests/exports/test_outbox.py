"""What is changed here goes back to its source in its own words, once, and nothing is lost."""

from __future__ import annotations

import csv
import datetime as dt

import pandas as pd
import pytest
from sqlalchemy import func, select

from workbench.errors import SettingsError
from workbench.exports import outbox as files
from workbench.settings import Currency, SourceSettings
from workbench.sources import preset as presets
from workbench.sources.load import load
from workbench.store import journal, outbox, settling
from workbench.store.access import Viewer
from workbench.store.outbox import Standing
from workbench.store.schema import (
    Account,
    Change,
    Load,
    Opportunity,
    Outbox,
    Rep,
    SourceConflict,
    Stage,
)
from workbench.vocabulary import Role, Surface

TODAY = dt.date(2026, 9, 30)
BOSS = Viewer("boss", "Boss", Role.ADMIN)
GENERIC = {
    "reps": "code,name\nR,Rémi\nS,Sara\n",
    "accounts": "code,name,status,city,phone,owner,next_step_on,budget,decider_known\n"
    "A,Alba,prospect,Pau,05 59,R,2026-11-02,1000.00,non\nB,Bati,prospect,Dax,,S,,,\n",
}
CRM = """
encoding = "cp1252"
decimal = ","
dates = ["%d/%m/%Y"]
[[tables]]
file = "Agents"
entity = "rep"
columns = { Agent = ["code", "name"] }
[[tables]]
file = "Affaires"
entity = "opportunity"
columns = { Numero = "code", Intitule = "name", Etape = "stage", Montant = "amount", \
Echeance = "close_date", Agent = "owner" }
values.stage = { "Gagnée" = "won", "En cours" = "open" }
constants = { pipeline = "p" }
required = ["code", "name", "stage"]
[[pipelines]]
code = "p"
label = "P"
stages = [
  { code = "open", label = "O", probability = 0.5 },
  { code = "won", label = "W", kind = "won", probability = 1.0 },
]
"""
DEALS = "Numero;Intitule;Etape;Montant;Echeance;Agent\n1;Préau;En cours;1500,50;31/12/2026;Ana\n"


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "crm"
    path.mkdir()
    for name, text in GENERIC.items():
        (path / f"{name}.csv").write_text(text, "utf-8")
    return path


def loaded(engine, folder, preset="generic"):
    source = SourceSettings(kind="crm", path=folder, preset=str(preset))
    return load(engine, [source], user="ana", today=TODAY)


@pytest.fixture
def office(store_as, folder):
    """A store into which the CRM was loaded."""
    return store_as("outbox", lambda engine: loaded(engine, folder) and None)[0]


def ids(engine, model=Account):
    with engine.connect() as connection:
        return dict(connection.execute(select(model.code, model.id)).all())


def edit(engine, code, field, value, model=Account, **options):
    id_ = ids(engine, model)[code]
    entity = model.__tablename__
    seen = journal.version(engine, entity, id_)
    one = journal.Edit(entity, id_, seen, field, value, **options)
    (done,) = journal.save(engine, [one], viewer=BOSS, surface=Surface.DASHBOARD, today=TODAY)
    assert done.state is journal.State.SAVED, done


def waiting(engine):
    return [(e.code, e.field, e.known, e.value, str(e.standing)) for e in outbox.waiting(engine)]


def export(engine, preset="generic"):
    return files.export(engine, presets.find(str(preset)), Currency())


def put(path, old, new):
    path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")


def rows(engine):
    return [table.rows for table in export(engine).tables]


def merged(path, written, key, delimiter=",", encoding="utf-8"):
    """What a CRM does with an import: the columns of the file, row by row of its key."""
    with path.open(encoding=encoding, newline="") as file:
        held = {row[key]: row for row in csv.DictReader(file, delimiter=delimiter)}
    for row in csv.DictReader(written.decode(encoding).splitlines(), delimiter=delimiter):
        held[row[key]] |= row
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, next(iter(held.values())), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(held.values())


def test_edits_of_one_field_are_one_value_and_an_undone_one_is_none(office):
    assert waiting(office) == []
    edit(office, "A", "city", "Lons")
    edit(office, "A", "city", "Billère")
    edit(office, "B", "phone", "06")
    batch = outbox.waiting(office)[1].change
    journal.undo(office, batch, viewer=BOSS, surface=Surface.CLI, today=TODAY)
    assert waiting(office) == [("A", "city", "Pau", "Billère", "waiting")]
    journal.undo(office, batch + 1, viewer=BOSS, surface=Surface.CLI, today=TODAY)  # redo
    assert waiting(office)[1] == ("B", "phone", None, "06", "waiting")


def test_what_a_rule_made_is_told_and_the_undoing_of_a_load_is_not(office, folder):
    put = GENERIC["accounts"].replace("Pau", "Lons").replace("prospect,Dax", "suspect,Dax")
    (folder / "accounts.csv").write_text(put.replace("Bati,prospect", "Bati,suspect"), "utf-8")
    assert loaded(office, folder).table("account").changed == 2
    with office.connect() as connection:
        batch = connection.scalar(select(Load.batch).order_by(Load.id.desc()))
    for field, value in (("need", "latent"), ("budget", 5.0), ("timeline", "now")):
        edit(office, "B", field, value)
    edit(office, "B", "decider_known", True)  # complete: by rule a prospect
    assert ("B", "status", "suspect", "prospect", "waiting") in waiting(office)
    undone = {one.change for one in outbox.waiting(office) if one.entity == "account"}
    for change in sorted(undone, reverse=True):
        journal.undo(office, change, viewer=BOSS, surface=Surface.CLI, today=TODAY)
    assert waiting(office) == []
    done = journal.undo(office, batch, viewer=BOSS, surface=Surface.CLI, today=TODAY)
    assert {one.state for one in done} == {journal.State.SAVED}
    assert waiting(office) == []


def test_what_a_load_said_undone_and_redone_is_nothing_to_tell(office, folder):
    put(folder / "accounts.csv", "Pau", "Lons")
    loaded(office, folder)
    for _ in range(3):  # undone, redone, undone again
        with office.connect() as connection:
            last = connection.scalar(select(Change.batch).order_by(Change.id.desc()).limit(1))
        outcomes = journal.undo(office, last, viewer=BOSS, surface=Surface.CLI, today=TODAY)
        assert [one.state for one in outcomes] == [journal.State.SAVED]
        assert waiting(office) == []
    with office.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(Outbox)) == 0
    loaded(office, folder)  # it still says Lons: nobody here said otherwise
    with office.connect() as connection:
        assert connection.scalar(select(Account.city).where(Account.code == "A")) == "Lons"


def test_the_file_has_keys_required_and_changed_columns_and_holds_what_the_source_does(office):
    edit(office, "A", "owner_id", ids(office, Rep)["S"])
    edit(office, "A", "budget", 2000.5)
    edit(office, "B", "city", None)
    edit(office, "B", "decider_known", True)
    edit(office, "B", "next_step_on", dt.date(2026, 10, 1))
    (table,) = export(office).tables
    assert table.name == "accounts"
    head = ["code", "name", "city", "owner", "budget", "decider_known", "next_step_on", "currency"]
    first = dict(zip(table.rows[0], table.rows[1], strict=True))
    second = dict(zip(table.rows[0], table.rows[2], strict=True))
    assert sorted(table.rows[0]) == sorted(head)
    assert first == {
        "code": "A", "name": "Alba", "city": "Pau", "owner": "S", "budget": "2000.50",
        "decider_known": "false", "next_step_on": "2026-11-02", "currency": "EUR",
    }  # fmt: skip
    assert second == {
        "code": "B", "name": "Bati", "city": "", "owner": "S", "budget": "",
        "decider_known": "true", "next_step_on": "2026-10-01", "currency": "EUR",
    }  # fmt: skip


def test_the_rows_loaded_back_change_nothing_and_have_arrived(office, folder):
    edit(office, "A", "owner_id", ids(office, Rep)["S"])
    edit(office, "A", "city", "Bordeaux, « Nord »; \n=1+1")
    edit(office, "B", "next_step_on", dt.date(2026, 10, 1))
    edit(office, "A", "phone", None)
    files.write(export(office), folder.parent / "back")
    report = loaded(office, folder.parent / "back")
    found = report.table("account")
    assert (found.new, found.changed, found.kept, found.conflicts, len(report.rejected)) == (
        0, 0, 0, 0, 0,
    )  # fmt: skip
    assert waiting(office) == []
    assert {str(one.standing) for one in outbox.told(office)} == {"arrived"}
    # The source has our value: where it moves on alone, it is followed.
    (folder / "accounts.csv").write_text(
        "code,name,next_step_on\nA,Alba,2026-11-02\nB,Bati,2026-12-24\n", "utf-8"
    )
    (folder / "reps.csv").unlink()
    assert loaded(office, folder).table("account").conflicts == 0
    with office.connect() as connection:
        assert connection.scalar(
            select(Account.next_step_on).where(Account.code == "B")
        ) == dt.date(2026, 12, 24)


def test_a_crm_with_words_of_its_own_gets_them(engine, tmp_path):
    preset = tmp_path / "own.toml"
    preset.write_text(CRM, "utf-8")
    crm = tmp_path / "crm"
    crm.mkdir()
    (crm / "Affaires.csv").write_text(DEALS, "cp1252")
    (crm / "Agents.csv").write_text("Agent\nAna\nZoé\n", "cp1252")
    loaded(engine, crm, preset)
    edit(engine, "1", "amount", 1750.25, Opportunity)
    edit(engine, "1", "stage_id", ids(engine, Stage)["p/won"], Opportunity)
    edit(engine, "1", "close_date", dt.date(2026, 9, 29), Opportunity)
    edit(engine, "1", "owner_id", ids(engine, Rep)["Zoé"], Opportunity)
    edit(engine, "1", "competitor", "Bâti+", Opportunity)
    found = export(engine, preset)
    assert [(one.field, str(why)) for one, why in found.left] == [
        ("competitor", "Le préréglage n’a pas de colonne pour « Concurrent ».")
    ]
    content = found.content(found.tables[0])
    assert content.decode("cp1252") == (
        "Numero;Intitule;Etape;Montant;Echeance;Agent\r\n1;Préau;Gagnée;1750,25;29/09/2026;Zoé\r\n"
    )
    merged(crm / "Affaires.csv", content, "Numero", ";", "cp1252")
    report = loaded(engine, crm, preset).table("opportunity")
    assert (report.changed, report.conflicts, report.rejected) == (0, 0, 0)
    assert [one.field for one in outbox.waiting(engine)] == ["competitor"]
    edit(engine, "1", "name", "日本", Opportunity)
    again = export(engine, preset)
    with pytest.raises(SettingsError, match="cp1252"):
        again.content(again.tables[0])


def test_what_was_changed_after_the_export_waits_on(office, folder):
    edit(office, "A", "city", "Lons")
    found = export(office)
    edit(office, "A", "city", "Billère")  # before the first is marked
    outbox.mark(office, found.entries, Standing.DELIVERED)
    assert waiting(office) == [("A", "city", "Lons", "Billère", "waiting")]
    # The CRM has imported the first: neither a change nor a conflict.
    put = GENERIC["accounts"].replace("Pau", "Lons")
    (folder / "accounts.csv").write_text(put, "utf-8")
    report = loaded(office, folder).table("account")
    assert (report.changed, report.conflicts) == (0, 0)
    assert waiting(office) == [("A", "city", "Lons", "Billère", "waiting")]


def test_back_to_what_the_source_had_is_sent_once_it_was_told_otherwise(office):
    edit(office, "A", "city", "Lons")
    outbox.mark(office, export(office).entries, Standing.DELIVERED)
    assert waiting(office) == []
    edit(office, "A", "city", "Pau")
    assert waiting(office) == [("A", "city", "Lons", "Pau", "waiting")]


def test_a_written_file_tells_what_was_delivered_and_an_answer_what_failed(office, folder):
    edit(office, "A", "city", "Lons")
    edit(office, "B", "city", "Tarbes")
    edit(office, "B", "phone", "06")
    (path,) = files.write(export(office), folder.parent / "back")
    assert len(waiting(office)) == 3  # written is not yet delivered: a crash loses nothing
    edit(office, "A", "city", "Billère")
    generic = presets.find("generic")
    read = files.read(office, path, generic, Currency())
    assert [(e.code, e.field, e.value) for e in read] == [
        ("A", "city", "Lons"), ("B", "city", "Tarbes"), ("B", "phone", "06"),
    ]  # fmt: skip
    outbox.mark(office, read, Standing.DELIVERED)
    assert waiting(office) == [("A", "city", "Lons", "Billère", "waiting")]
    answer = folder.parent / "errors.csv"
    answer.write_text("code,city,error\nB,Tarbes,unknown city\n", "utf-8")
    refused = files.read(office, answer, generic, Currency(), table="accounts")
    outbox.mark(office, refused, Standing.FAILED, "unknown city")
    assert waiting(office)[1] == ("B", "city", "Dax", "Tarbes", "failed")
    assert [row[0] for row in rows(office)[0]] == ["code", "A", "B"]  # and is sent again


def test_what_is_disputed_is_sent_when_ours_is_kept(office, folder):
    edit(office, "A", "city", "Lons")
    outbox.mark(office, export(office).entries, Standing.DELIVERED)
    put = GENERIC["accounts"].replace("Pau", "Orthez")
    (folder / "accounts.csv").write_text(put, "utf-8")
    assert loaded(office, folder).table("account").conflicts == 1
    edit(office, "A", "city", "Billère")
    (left,) = export(office).left
    assert (left[0].code, left[0].known) == ("A", "Orthez")
    with office.connect() as connection:
        number = connection.scalar(select(SourceConflict.id))
    settling.settle(office, number, "ours", viewer=BOSS, surface=Surface.CLI, today=TODAY)
    assert rows(office) == [[["code", "name", "city"], ["A", "Alba", "Billère"]]]


def test_theirs_taken_is_nothing_to_tell_them(office, folder):
    edit(office, "A", "city", "Lons")
    put = GENERIC["accounts"].replace("Pau", "Orthez")
    (folder / "accounts.csv").write_text(put, "utf-8")
    loaded(office, folder)
    with office.connect() as connection:
        number = connection.scalar(select(SourceConflict.id))
    settling.settle(office, number, "theirs", viewer=BOSS, surface=Surface.CLI, today=TODAY)
    assert waiting(office) == []
    # From now on the source is followed again.
    (folder / "accounts.csv").write_text(put, "utf-8")
    loaded(office, folder)
    (folder / "accounts.csv").write_text(GENERIC["accounts"].replace("Pau", "Gan"), "utf-8")
    report = loaded(office, folder).table("account")
    assert (report.changed, report.conflicts) == (1, 0)


def test_a_record_of_no_source_is_nobodys_to_tell(engine):
    with journal.batch(engine, journal.Author("x", Surface.DASHBOARD)) as batch:
        frame = pd.DataFrame({"code": ["N"], "name": ["Neuf"], "effective": [TODAY]})
        batch.create("account", frame)
    edit(engine, "N", "city", "Pau")
    assert waiting(engine) == []


def test_foreign_deals_are_sent_in_their_own_currency(engine, tmp_path):
    """Read at 0.9 and 0.0061: what nobody changed here is written as the source had it."""
    deals = (
        "code,name,pipeline,stage,amount,currency,created_on\n"
        "1,Toit,spanco,A,1234.40,USD,2026-01-10\n2,Mur,spanco,A,1234,JPY,2026-01-10\n"
        "3,Sol,spanco,A,50.00,,2026-01-10\n"
    )
    (tmp_path / "opportunities.csv").write_text(deals, "utf-8")
    money = Currency(rates={"USD": {"2026-01-01": "0.9"}, "JPY": {"2026-01-01": "0.0061"}})
    source = SourceSettings(kind="crm", path=tmp_path)

    def again():
        return load(engine, [source], user="ana", today=TODAY, currency=money)

    again()
    edit(engine, "1", "amount", 900.0, Opportunity)
    edit(engine, "2", "name", "Muret", Opportunity)
    edit(engine, "3", "amount", 60.0, Opportunity)
    found = files.export(engine, presets.find("generic"), money)
    (table,) = found.tables
    told = [dict(zip(table.rows[0], row, strict=True)) for row in table.rows[1:]]
    assert [(row["code"], row["amount"], row["currency"]) for row in told] == [
        ("1", "1000.00", "USD"), ("2", "1234.00", "JPY"), ("3", "60.00", "EUR"),
    ]  # fmt: skip
    changes = [entry.change for entry in found.entries]
    assert [found.said[one] for one in changes] == [
        ("1234.40", "1000.00"), ("Mur", "Muret"), ("50.00", "60.00"),
    ]  # fmt: skip
    (path,) = files.write(found, tmp_path / "back")
    told = files.read(engine, path, presets.find("generic"), money)
    assert {entry.change for entry in told} == set(changes)
    merged(tmp_path / "opportunities.csv", found.content(table).removeprefix(b"\xef\xbb\xbf"),
           "code")  # fmt: skip
    again()
    assert waiting(engine) == []
