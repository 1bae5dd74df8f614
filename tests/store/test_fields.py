"""Fields for those named for them alone: in no frame, history or answer of anybody else."""

from __future__ import annotations

import json
import re

import pandas as pd
import pytest
from sqlalchemy import insert

import workbench
from tests.store.company import LOADER, TODAY, address, who
from tests.store.test_settling import met
from workbench.errors import UnknownName
from workbench.exports import person
from workbench.settings import SourceSettings
from workbench.sources.load import load
from workbench.store import fields, journal, masking, settling, users
from workbench.store.batch import batch
from workbench.store.engine import writing
from workbench.store.journal import Edit, State
from workbench.store.schema import ENTITIES, LoadedTable, RejectedRow
from workbench.vocabulary import Role, Surface

IBAN = "FR7630006000011234567890189"
SECRET = "Vente prévue, n’en parler à personne"


@pytest.fixture
def secrets(engine, company):
    """Account A1, of R1, with bank details and rep1's note; A2 with a note that a load brought."""
    with batch(engine, LOADER) as opened:
        opened.add("account", _setting(company.accounts["A1"], "iban", IBAN))
        opened.add("account", _setting(company.accounts["A2"], "confidential_note", SECRET))
    assert save(engine, "rep1", company.accounts["A1"], "confidential_note", SECRET) is State.SAVED
    return company.accounts


def _setting(record, field, value):
    return journal.Setting(record, field, value, TODAY)


def save(engine, username, record, field, value):
    seen = journal.version(engine, "account", record)
    edit = Edit("account", record, seen, field, value)
    viewer = who(engine, username)
    (done,) = journal.save(engine, [edit], viewer=viewer, surface=Surface.CLI, today=TODAY)
    assert SECRET not in str(done.message)
    return done.state


def opened(engine, username):
    return workbench.open(address(engine), viewer=username, today=TODAY)


def every_text(data):
    return "\n".join(data.table(name).to_csv() for name in workbench.tables.TABLES)


def test_each_field_of_each_table_has_its_place():
    for entity, model in ENTITIES.items():
        names = {column.name for column in model.__table__.columns} - fields.RECORD
        kept = {name for of, name in fields.RESTRICTED if of == entity}
        unlisted = names - fields.OPEN.get(entity, frozenset()) - kept
        assert not unlisted, f"{entity}: say in store/fields.py who may see {sorted(unlisted)}"
        assert not fields.OPEN[entity] & kept


def test_a_field_without_a_place_is_in_no_history_of_those_who_see_a_part(monkeypatch):
    monkeypatch.setitem(fields.OPEN, "rep", fields.OPEN["rep"] - {"email"})
    assert fields.hidden(frozenset(), limited=True)["rep"] == ("email",)
    assert "rep" not in fields.hidden(frozenset(), limited=False)


@pytest.mark.parametrize("username", ["director", "manager", "rep1", "rep3", "boss"])
def test_bank_details_are_for_those_named_alone(engine, secrets, username):
    data = opened(engine, username)
    assert data.table("bank_details").empty
    assert IBAN not in every_text(data)
    assert save(engine, username, secrets["A1"], "iban", "FR00") is State.FORBIDDEN
    users.grant(engine, username, "bank_details")
    sees = username != "rep3"  # of another team: named, but not theirs to see
    assert (IBAN in every_text(opened(engine, username))) is sees


def test_a_right_is_withdrawn(engine, secrets):
    users.grant(engine, "rep1", "bank_details")
    users.grant(engine, "rep1", "bank_details")
    assert opened(engine, "rep1").table("bank_details")["iban"].tolist() == [IBAN]
    users.grant(engine, "rep1", "bank_details", withdraw=True)
    assert opened(engine, "rep1").table("bank_details").empty
    with pytest.raises(UnknownName, match="bank_details"):
        users.grant(engine, "rep1", "everything")
    with pytest.raises(UnknownName, match="rep1"):
        users.grant(engine, "nobody", "confidential")


@pytest.mark.parametrize(
    ("username", "seen"),
    [
        ("rep1", ["A1"]),  # the author; A2's was brought by a load
        ("manager", ["A1", "A2"]),  # the owner's
        ("director", ["A1", "A2"]),  # the manager's
        ("rep3", []),
        ("boss", []),
    ],
)
def test_a_note_is_for_its_author_and_the_owners_managers(engine, secrets, username, seen):
    data = opened(engine, username)
    assert sorted(data.table("confidential_notes")["record_id"]) == [secrets[one] for one in seen]
    assert SECRET not in data.table("changes").to_csv()
    can = save(engine, username, secrets["A1"], "confidential_note", "Autre") is State.SAVED
    assert can is ("A1" in seen)
    assert save(engine, username, secrets["A4"], "confidential_note", "x") is (
        State.SAVED if username in {"director", "rep3"} else State.FORBIDDEN
    )


def test_the_right_opens_all_notes_in_ones_scope(engine, secrets):
    users.grant(engine, "boss", "confidential")
    assert len(opened(engine, "boss").table("confidential_notes")) == 2
    assert SECRET in opened(engine, "boss").table("changes").to_csv()


def test_nobody_reads_a_note_by_undoing_or_proposing(engine, secrets):
    users.add_user(engine, "ana", "a long password", name="Ana", role=Role.ANALYST)
    data = opened(engine, "ana")
    changes = data.table("changes")
    number = int(changes.loc[changes["field"] == "confidential_note", "id"].max())
    (done,) = journal.undo(engine, number, viewer=who(engine, "ana"), surface=Surface.CLI)
    assert done.state is State.FORBIDDEN
    assert SECRET not in str(done)
    assert save(engine, "rep1", secrets["A1"], "confidential_note", None) is State.SAVED
    (done,) = journal.undo(engine, number, viewer=who(engine, "ana"), surface=Surface.CLI)
    assert done.state is State.FORBIDDEN
    cleared = int(opened(engine, "rep1").table("changes")["id"].max())
    (done,) = journal.undo(engine, cleared, viewer=who(engine, "ana"), surface=Surface.CLI)
    assert (done.state, SECRET in str(done)) == (State.FORBIDDEN, False)
    (done,) = journal.undo(engine, cleared, viewer=who(engine, "rep1"), surface=Surface.CLI)
    assert done.state is State.SAVED
    frame = data.table("accounts")[["id", "version"]].assign(confidential_note="?", iban="?")
    told = data.propose(frame, entity="account")
    assert SECRET not in told.frame.to_csv()
    assert IBAN not in told.frame.to_csv()
    assert IBAN not in str(told.before)


def test_a_record_is_first_seen_less_its_secrets(engine, company):
    with batch(engine, LOADER) as b:
        frame = {"code": ["Z"], "name": ["Zed"], "iban": [IBAN], "confidential_note": [SECRET]}
        b.create("account", pd.DataFrame(frame | {"effective": [TODAY]}))
    told = opened(engine, "director").table("changes")["new"].dropna()
    assert any('"Zed"' in one for one in told)
    assert not any(IBAN in one or SECRET in one for one in told)
    assert any(IBAN in str(one) for one in workbench.open(address(engine)).table("changes")["new"])


def test_rejected_rows_and_conflicts_keep_them_too(engine, secrets):
    with writing(engine) as connection:
        load = connection.exec_driver_sql(
            'INSERT INTO load (source, started_at, "user", batch, files, report) '
            "VALUES ('crm', '2026-09-30 00:00:00', 'x', 'b', '[]', '{\"tables\": []}') RETURNING id"
        ).scalar()
        form = '{"closed": {"x": "confidential"}}'
        read = {"load_id": load, "file": "f", "name": "accounts", "form": form}
        connection.execute(insert(LoadedTable), read)
        row = {"load_id": load, "file": "f", "line": 2, "table": "account", "reason": "r"}
        raw = f'{{"Banque":"{IBAN}","confidential_note":"{SECRET}","ville":"Pau","x":"y"}}'
        connection.execute(insert(RejectedRow), {**row, "raw": raw})
    (told,) = opened(engine, "director").table("rejected_rows")["raw"]
    assert told == '{"Banque":"…","confidential_note":"…","ville":"Pau","x":"…"}'
    met(engine, secrets["A1"], "iban", f'"{IBAN}"')
    assert settling.waiting(engine, who(engine, "director"), TODAY) == []
    users.grant(engine, "director", "bank_details")
    assert len(settling.waiting(engine, who(engine, "director"), TODAY)) == 1


NBSP = "\u00a0"


@pytest.mark.parametrize(
    "cell",
    [
        IBAN.lower(),
        "FR76-3000-6000-0112-3456-7890-189",
        f"FR76{NBSP}3000{NBSP}6000{NBSP}0112{NBSP}3456{NBSP}7890{NBSP}189",
        "30006 00001 1234567890Z 89",  # without country and check digits
        "300060000112345678901 89",
        "virement sur fr7630006000011234567890189 merci",
        "NL91 ABNA 0417 1643 00",
    ],
)
def test_an_account_number_is_hidden_however_it_is_written(cell):
    raw, reason = masking.shown(
        json.dumps({"Divers": cell}), f"Valeur inconnue : x = {cell}", {}, {"bank_details"}
    )
    for told in (raw, reason):
        assert "…" in told
        assert not set(re.findall("[0-9]{4,}", told))


@pytest.mark.parametrize(
    ("cells", "closed", "shown"),
    [
        ({"Note confidentielle": "secret"}, {}, {"Note confidentielle": "…"}),
        ({"RIB": "12", "Ville": "Pau"}, {}, {"RIB": "…", "Ville": "Pau"}),
        ({"À part": "secret"}, {"À part": "confidential"}, {"À part": "…"}),
        ({"field": "iban", "value": "12"}, {}, {"field": "iban", "value": "…"}),
        ({"Distributeur": "Rib SA", "RIB": ""}, {}, {"Distributeur": "Rib SA", "RIB": ""}),
        ({"line": "VE\t20260115\t411000\tFA20260012 Dupont et fils"}, {}, None),
        ({"SIRET": "73282932000074", "Téléphone": "05 56 00 00 00"}, {}, None),
    ],
)
def test_a_rejected_cell_is_hidden_by_what_its_column_fills(cells, closed, shown):
    lacking = {"bank_details", "confidential"}
    raw, _ = masking.shown(json.dumps(cells), "", closed, lacking)
    assert json.loads(raw) == (shown or cells)


def test_an_account_is_exported_less_what_its_exporter_may_not_see(engine, secrets):
    asked = f"account:{secrets['A1']}"
    told = person.as_json(person.tell(engine, asked, viewer=who(engine, "director"))).decode()
    assert "Alpha" in told
    assert IBAN not in told
    assert SECRET not in told
    for right in ("bank_details", "confidential"):
        users.grant(engine, "director", right)
    told = person.as_json(person.tell(engine, asked, viewer=who(engine, "director"))).decode()
    assert IBAN in told
    assert SECRET in told


def test_a_load_keeps_which_of_its_columns_are_closed(engine, tmp_path):
    """Whatever a preset calls them: here the bank's column, and a note made of two."""
    (tmp_path / "own.toml").write_text(
        "[[tables]]\nfile = 'accounts'\nentity = 'account'\nrequired = ['name']\n"
        "columns = { Code = 'code', Nom = 'name', Versement = 'iban', A = 'code', B = 'code' }\n"
        "texts = { confidential_note = '{A} {B}' }\n"
    )
    (tmp_path / "accounts.csv").write_text("Code;Nom;Versement;A;B\n1;;ici;secret;deux\n")
    source = SourceSettings(
        kind="crm", path=tmp_path / "accounts.csv", preset=str(tmp_path / "own.toml")
    )
    load(engine, [source], user="tests")
    users.add_user(engine, "ana", "a long password", name="Ana", role=Role.ANALYST)
    (told,) = opened(engine, "ana").table("rejected_rows")["raw"]
    assert json.loads(told) == {"Code": "1", "Nom": "", "Versement": "…", "A": "…", "B": "…"}
    (whole,) = workbench.open(address(engine)).table("rejected_rows")["raw"]
    assert "secret" in whole
