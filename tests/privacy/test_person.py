"""Everything about a person in one file, for whoever may ask for it."""

from __future__ import annotations

import datetime as dt
import io
import json
import zipfile

import pytest
from sqlalchemy import select

from tests.privacy.files import DIRECTOR, NAME, REP, TODAY, account, contact
from tests.store.company import forbidden
from workbench.errors import NotAllowed, UnknownName
from workbench.exports import person
from workbench.locale import FR
from workbench.store import journal
from workbench.store.access import Viewer
from workbench.store.journal import Edit
from workbench.store.privacy import consents, looks
from workbench.store.schema import Opportunity
from workbench.vocabulary import Channel, ConsentState, LookKind, Role, Surface

ADMIN = Viewer("admin", "Admin", Role.ADMIN)


def opened(office, asked, **options):
    made = person.export(office[0], asked, **{"viewer": DIRECTOR, "loc": FR} | options)
    packed = zipfile.ZipFile(io.BytesIO(made))
    assert sorted(packed.namelist()) == ["person.html", "person.json"]
    return json.loads(packed.read("person.json")), packed.read("person.html").decode()


def test_all_that_is_known_of_them(office):
    engine, _ = office
    id_ = contact(engine, NAME)
    journal.save(
        engine, [Edit("contact", id_, 1, "job", "Présidente")],
        viewer=DIRECTOR, surface=Surface.CLI, today=TODAY,
    )  # fmt: skip
    looks.note(engine, "commercial", LookKind.VIEW, "account", account(engine, "Maçonnerie Alba"),
               session="s1")  # fmt: skip
    told, page = opened(office, "zq@alba.example")
    assert [row["email"] for row in told["contact"]] == ["zq@alba.example"]
    assert [row["name"] for row in told["account"]] == ["Maçonnerie Alba"]
    assert [row["code"] for row in told["activity"]] == ["V1"]
    assert [row["code"] for row in told["opportunity"]] == ["O1"]
    assert [row["code"] for row in told["document"]] == ["F1"]
    assert ("set", "Présidente") in [(row["op"], row["new"]) for row in told["history"]]
    assert [row["user"] for row in told["look"]] == ["commercial"]
    texts = [row["text"] for row in told["mention"]]
    assert "Paul transmet à Mme QUATREVENTS" in texts
    assert "Recommandé par zephyrine quatrevents (05.56.11.22.33)" in texts
    assert not any("Blanc de chantier" in text for text in texts)
    assert "<h1>Données concernant Zéphyrine Quatrevents</h1>" in page
    assert "Présidente" in page


def test_that_it_was_taken_out_is_noted(office):
    engine, _ = office
    opened(office, str(contact(engine, NAME)))
    frame = looks.listed(engine, ADMIN)
    assert frame[["user", "kind", "entity", "name"]].to_numpy().tolist() == [
        ["directrice", "export", "contact", "Zéphyrine Quatrevents"]
    ]


def test_who_may(office):
    with pytest.raises(NotAllowed, match="commercial is rep"):
        opened(office, "zq@alba.example", viewer=REP)
    with pytest.raises(NotAllowed):
        opened(office, "account:1", viewer=REP)
    assert forbidden(office[0]) == [("commercial", "person"), ("commercial", "person account:1")]
    with pytest.raises(UnknownName, match="nobody"):
        opened(office, "nobody@alba.example")


def test_text_of_theirs_is_text_in_the_page(office):
    engine, _ = office
    id_ = contact(engine, NAME)
    journal.save(
        engine, [Edit("contact", id_, 1, "job", "<img src=x onerror=alert(1)>")],
        viewer=DIRECTOR, surface=Surface.CLI, today=TODAY,
    )  # fmt: skip
    _, page = opened(office, str(id_))
    assert "<img" not in page
    assert "&lt;img" in page


def test_what_the_journal_alone_still_holds(office):
    """A consent's first proof, a deal's first name and a note that named them: written over."""
    engine, _ = office
    id_ = contact(engine, NAME)
    for state, day, proof in (
        (ConsentState.GIVEN, dt.date(2026, 1, 5), "bulletin du salon"),
        (ConsentState.WITHDRAWN, dt.date(2026, 9, 1), "mail du 1er septembre"),
    ):
        consents.note(
            engine, id_, Channel.EMAIL, state, date=day, proof=proof, viewer=DIRECTOR,
            surface=Surface.CLI, today=TODAY,
        )  # fmt: skip
    nord = account(engine, "Bati Nord")
    with engine.connect() as connection:
        deal = connection.scalar(select(Opportunity.id).where(Opportunity.code == "O1"))
    for entity, record, name, texts in (
        ("account", nord, "notes", ["Rappeler\nZéphyrine Quatrevents", "vu au salon"]),
        ("opportunity", deal, "name", ["Halle et parvis"]),
    ):
        for text in texts:
            seen = journal.version(engine, entity, record)
            journal.save(
                engine, [Edit(entity, record, seen, name, text)],
                viewer=DIRECTOR, surface=Surface.CLI, today=TODAY,
            )  # fmt: skip
    told, page = opened(office, str(id_))
    assert [row["proof"] for row in told["consent"]] == ["mail du 1er septembre"]
    past = [
        (row["entity"], row["field"], row["old"], row["new"])
        for row in told["history"] if row["field"] in {"proof", "name"}
    ]  # fmt: skip
    assert past == [
        ("consent", "proof", "bulletin du salon", "mail du 1er septembre"),
        ("opportunity", "name", "Halle de Mme Quatrevents", "Halle et parvis"),
    ]
    made = [row["new"] for row in told["history"] if row["op"] == "create"]
    assert {"bulletin du salon"} == {row["proof"] for row in made if row.get("proof")}
    assert "Appel de Zéphyrine au sujet du devis" in {row.get("subject") for row in made}
    said = [
        (row["table"], row["record_id"], row["field"], row["text"], bool(row["recorded_at"]))
        for row in told["mention"] if row["record_id"] == nord and row["table"] == "account"
    ]  # fmt: skip
    assert said == [("account", nord, "notes", "Rappeler\nZéphyrine Quatrevents", True)]
    assert "bulletin du salon" in page
