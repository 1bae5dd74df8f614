"""Somebody is taken out: found nowhere, brought back by nothing, and every total is as it was."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import String, select

import workbench
import workbench.metrics
from tests.privacy.files import (
    CRM,
    DIRECTOR,
    NAME,
    REP,
    TODAY,
    TRACES,
    account,
    contact,
    loaded,
    write,
)
from tests.store.company import address, forbidden
from workbench.errors import ChangeRefused, NotAllowed, StoreError, UnknownName
from workbench.exports import forgetting
from workbench.metrics import activity, control, receivables, revenue
from workbench.metrics.catalog import CATALOG
from workbench.store import dataset, journal, outbox
from workbench.store.check import check
from workbench.store.journal import Edit, State
from workbench.store.privacy import key as keys
from workbench.store.schema import Base, Change, Contact, Load, RejectedRow
from workbench.vocabulary import Surface


def forget(office, *asked, **options):
    engine, of = office
    return forgetting.forget(
        of, engine, asked, **{"viewer": DIRECTOR, "surface": Surface.CLI} | options
    )


def both(office):
    engine, _ = office
    return str(contact(engine, NAME)), f"account:{account(engine, 'Croquembouche Quatrevents')}"


def opened(office, **options):
    return workbench.open(address(office[0]), today=TODAY, **options)


def every_text(engine):
    with engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            columns = [c for c in table.columns if isinstance(c.type, String)]
            if columns:
                for row in connection.execute(select(*columns)):
                    yield table.name, " ".join(str(value) for value in row)


def traces(engine):
    found = [
        (table, text, trace)
        for table, text in every_text(engine)
        for trace in TRACES
        if trace in text.lower()
    ]
    if engine.dialect.name == "sqlite":
        path = engine.url.database
        for file in [Path(path), Path(f"{path}-wal")]:
            data = file.read_bytes().lower() if file.exists() else b""
            found += [(file.name, "bytes", t) for t in TRACES if t.encode() in data]
    return found


def test_nothing_tells_who_it_was(office):
    engine, _ = office
    assert {trace for _, _, trace in traces(engine)} >= {"quatrevents", "croquembouche"}
    forget(office, *both(office), reason="demande de Mme Quatrevents")
    assert traces(engine) == []
    assert check(engine) == []


def test_others_keep_their_names_and_texts(office):
    engine, _ = office
    forget(office, *both(office))
    data = opened(office)
    names = set(data.table("contacts")["last_name"].dropna())
    assert {"Martin"} < names
    subjects = data.table("activities").set_index("code")["subject"]
    assert subjects["V1"] == "[anonymisé]"
    assert subjects["V2"] == "Paul transmet à [anonymisé]"
    assert subjects["V3"] == "Recommandé par [anonymisé] ([anonymisé])"
    assert subjects["V4"] == "Blanc de chantier"
    deals = data.table("opportunities").set_index("code")["name"]
    assert deals["O1"] == "Halle de [anonymisé]"
    with engine.connect() as connection:
        row = connection.execute(select(Contact).where(Contact.last_name.like("anonym%"))).first()
    assert row.job is None
    assert row.decision_role == "decider"


def figures(data):
    found = {}
    for name, metric in CATALOG.items():
        options = {"account": 1} if name == "account_timeline" else {}
        frame = metric.of(data, **options)
        kinds = {c: str(k).partition(":")[0] for c, k in metric.columns.items()}
        kept = frame[[c for c in frame.columns if kinds[c] != "text"]].astype("str")
        found[name] = sorted(map(tuple, kept.itertuples(index=False)))
    return found


TOLD = {}


def told_before(office):
    """What every metric says of the office while everybody is in it, by kind of database."""
    kind = office[0].dialect.name
    if kind not in TOLD:
        TOLD[kind] = figures(opened(office))
    return TOLD[kind]


def test_trap_16_every_metric_gives_the_same_totals(office):
    told = told_before(office)
    forget(office, *both(office))
    after = opened(office)
    assert figures(after) == told
    # Planted: an invoice of 100 and one of 50, of which the second is the anonymised company's.
    bought = revenue.revenue_by_account.of(after, by="customer")["revenue"]
    assert sorted(bought) == [50.0, 100.0]
    assert receivables.outstanding.of(after)["balance"].sum() == 180.0
    assert activity.activity_rows.of(after).shape[0] == 4
    filled = control.field_completeness.of(after).set_index(["table", "field"])["missing"]
    # Four contacts, of whom K4 was refused: KZQ1 and K2 have an address, K3 hasn't.
    assert filled["contacts", "email"] == 1


def test_an_old_report_forgets_too(office):
    engine, _ = office
    moment = pd.Timestamp.now("UTC").to_pydatetime()
    id_ = contact(engine, NAME)
    outcome, = journal.save(
        engine, [Edit("contact", id_, 1, "job", "Présidente Quatrevents")],
        viewer=DIRECTOR, surface=Surface.CLI, today=TODAY,
    )  # fmt: skip
    assert outcome.state is State.SAVED
    old = opened(office, known_at=moment).table("contacts").set_index("id")
    assert old.loc[id_, "last_name"] == NAME
    forget(office, str(id_))
    again = opened(office, known_at=moment).table("contacts").set_index("id")
    assert again.loc[id_, "last_name"] == f"anonymisée {id_}"
    assert opened(office).table("contacts").set_index("id").loc[id_, "last_name"] != NAME
    for frame, _ in dataset.SHELF._held.values():
        if hasattr(frame, "column_names") and "last_name" in frame.column_names:
            assert NAME not in frame["last_name"].to_pylist()


def test_undo_brings_nobody_back(office):
    engine, _ = office
    id_ = contact(engine, NAME)
    journal.save(
        engine, [Edit("contact", id_, 1, "last_name", "Quatrevents-Dupuy")],
        viewer=DIRECTOR, surface=Surface.CLI, today=TODAY,
    )  # fmt: skip
    forget(office, str(id_))
    with engine.connect() as connection:
        mine = select(Change.id).where(Change.entity == "contact", Change.record_id == id_)
        changes = list(connection.scalars(mine.order_by(Change.id)))
        load = connection.scalar(select(Load.batch))
    for number in changes[1:]:
        journal.undo(engine, number, viewer=DIRECTOR, surface=Surface.CLI, today=TODAY)
    outcomes = journal.undo(engine, changes[-1], viewer=DIRECTOR, surface=Surface.CLI, today=TODAY)
    assert [one.state for one in outcomes] == [State.REFUSED]
    journal.undo(engine, load, viewer=DIRECTOR, surface=Surface.CLI, today=TODAY)
    theirs = {"zq@alba.example", "05 56 11 22 33", "gérante", "dupuy"}
    assert not [text for _, text in every_text(engine) for one in theirs if one in text.lower()]
    assert check(engine) == []


def test_nobody_types_them_in_again(office):
    engine, _ = office
    id_ = contact(engine, NAME)
    forget(office, str(id_))
    seen = journal.version(engine, "contact", id_)
    outcome, = journal.save(
        engine, [Edit("contact", id_, seen, "last_name", NAME)],
        viewer=DIRECTOR, surface=Surface.CLI, today=TODAY,
    )  # fmt: skip
    assert outcome.state is State.REFUSED
    assert "anonymisée" in outcome.message


def test_the_next_load_of_the_same_files_changes_nothing(office):
    engine, of = office
    told = told_before(office)
    forget(office, *both(office))
    report = loaded(engine, of)
    assert {
        (one.table, one.new, one.changed) for one in report.tables if one.new or one.changed
    } == set()
    now = figures(opened(office))
    assert {name for name in CATALOG if now[name] != told[name]} == {"freshness"}  # counts loads
    assert traces(engine) == []
    assert check(engine) == []
    assert "Anonymised, left out: 3 rows" in report.notes


def test_a_later_file_that_goes_on_naming_them_brings_nobody_back(office, tmp_path):
    engine, of = office
    forget(office, *both(office))
    write(
        tmp_path,
        activities=CRM["activities"]
        + "V5,A,KZQ1,R,call,2026-03-05,true,Zéphyrine rappelle\n"
        + "V6,N,,R,call,2026-03-06,true,Parlé à Zéphyrine Quatrevents\n"
        + "V7,nulle part,KZQ1,R,call,2026-03-06,true,Zéphyrine Quatrevents\n",
        contacts=CRM["contacts"].replace("Gérante", "Présidente"),
    )
    report = loaded(engine, of)
    assert report.table("activity").new == 2
    assert traces(engine) == []
    subjects = opened(office).table("activities").set_index("code")
    assert subjects.loc["V5", "subject"] == "[anonymisé]"
    assert subjects.loc["V6", "subject"] == "Parlé à [anonymisé]"
    assert subjects.loc["V5", "contact_id"] == subjects.loc["V1", "contact_id"]
    with engine.connect() as connection:
        raws = connection.scalars(select(RejectedRow.raw)).all()
    assert all("gardien" not in raw or "zq@" not in raw for raw in raws)


def test_a_store_without_its_key_takes_no_load(office):
    engine, of = office
    forget(office, str(contact(engine, NAME)))
    of.privacy.key_file.unlink()
    with pytest.raises(StoreError, match="key"):
        loaded(engine, of)
    keys.made(of.privacy.key_file)
    with pytest.raises(StoreError, match="key"):
        loaded(engine, of)


def test_a_namesake_stays(office, tmp_path):
    engine, of = office
    write(
        tmp_path,
        contacts=CRM["contacts"] + "K9,N,Zéphyrine,Quatrevents,,user,autre@nord.example,\n",
        activities=CRM["activities"] + "V9,N,K9,R,call,2026-03-05,true,Zéphyrine Quatrevents ici\n",
    )
    loaded(engine, of)
    with engine.connect() as connection:
        first, other = connection.scalars(
            select(Contact.id).where(Contact.last_name == NAME).order_by(Contact.id)
        )
    forget(office, str(first))
    data = opened(office)
    names = data.table("contacts").set_index("id")["last_name"]
    assert names[other] == NAME
    subjects = data.table("activities").set_index("code")["subject"]
    assert subjects["V9"] == "Zéphyrine Quatrevents ici"
    assert subjects["V1"] == "[anonymisé]"
    assert loaded(engine, of).table("activity").changed == 0


def test_an_address_stands_for_all_who_have_it(office):
    found = forget(office, "ZQ@alba.example")
    assert [len(person.contacts) for person in found.plan.people] == [1]
    with pytest.raises(UnknownName):
        forget(office, "zq@alba.example")


def test_one_entry_of_the_journal_says_so_and_names_nobody(office):
    engine, _ = office
    id_ = contact(engine, NAME)
    forget(office, str(id_), reason="demande de Zéphyrine")
    with engine.connect() as connection:
        entries = connection.execute(select(Change).where(Change.field == "anonymised_on")).all()
    assert [
        (e.record_id, e.user, e.surface, e.new, e.reason) for e in entries
    ] == [(id_, "directrice", "cli", '"2026-09-30"', "demande de [anonymisé]")]  # fmt: skip
    with pytest.raises(ChangeRefused, match="already"):
        forget(office, str(id_))


def test_nothing_of_them_goes_back_to_the_source(office):
    engine, _ = office
    id_ = contact(engine, NAME)
    journal.save(
        engine, [Edit("contact", id_, 1, "job", "Présidente")],
        viewer=DIRECTOR, surface=Surface.CLI, today=TODAY,
    )  # fmt: skip
    assert [one.value for one in outbox.waiting(engine)] == ["Présidente"]
    forget(office, str(id_))
    assert outbox.waiting(engine) == []


def test_who_may(office):
    engine, _ = office
    who = str(contact(engine, NAME))
    with pytest.raises(NotAllowed):
        forget(office, who, viewer=REP)
    assert contact(engine, NAME) == int(who)
    assert forbidden(engine) == [("commercial", "anonymise")]


def test_looking_writes_nothing(office):
    engine, of = office
    before = list(every_text(engine))
    found = forgetting.look(of, engine, both(office), viewer=DIRECTOR)
    assert found.plan.counts["contact.last_name"] == 2
    assert found.plan.counts["activity.subject"] == 3
    assert [path.name for path in found.left] == [
        "accounts.csv", "activities.csv", "contacts.csv", "opportunities.csv", "ledger.txt",
    ]  # fmt: skip
    assert list(every_text(engine)) == before
    assert not of.privacy.key_file.exists()
