"""Many taken out at once: as one would be, in the tables as in the journal."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select, update

from tests.privacy.files import CRM, DIRECTOR, TODAY, contact, loaded, write
from workbench import open as open_data
from workbench.errors import StoreError
from workbench.exports import forgetting
from workbench.store import journal
from workbench.store.check import check
from workbench.store.journal import Edit
from workbench.store.privacy import key as keys
from workbench.store.privacy.anonymise import anonymise
from workbench.store.privacy.people import Person
from workbench.store.schema import Account, Change, Contact, Opportunity
from workbench.vocabulary import Surface

LETTERS = "abcdefghij"
MANY = [f"Zyx{LETTERS[n // 10]}{LETTERS[n % 10]}" for n in range(70)]
NOTE = "Appeler :\nGrandmoulin\tpuis LeGoff,\nlegoff"


@pytest.fixture
def crowd(office, tmp_path):
    """Seventy people nobody writes of, and two who are in a note of several lines."""
    engine, of = office
    rows = [f"M{n},N,Prénom,{name},,user,,\n" for n, name in enumerate(MANY)]
    rows += ["G1,N,Inès,Grandmoulin,,user,,\n", "G2,N,Zoé,Le Goff,,user,,\n"]
    write(tmp_path, contacts=CRM["contacts"] + "".join(rows))
    loaded(engine, of)
    with engine.connect() as connection:
        id_, version = connection.execute(
            select(Account.id, Account.version).where(Account.name == "Bati Nord")
        ).one()
    for step, text in enumerate((NOTE, "vu au salon")):
        outcome, = journal.save(
            engine, [Edit("account", id_, version + step, "notes", text)],
            viewer=DIRECTOR, surface=Surface.CLI, today=TODAY,
        )  # fmt: skip
        assert outcome.state is journal.State.SAVED
    return engine, of


def gone(crowd, names):
    engine, of = crowd
    asked = [str(contact(engine, name)) for name in names]
    forgetting.forget(of, engine, asked, viewer=DIRECTOR, surface=Surface.CLI)
    with engine.connect() as connection:
        mine = select(Change.new).where(Change.field == "notes").order_by(Change.id)
        return list(connection.scalars(mine))


@pytest.mark.parametrize("others", [[], MANY], ids=["two", "seventy-two"])
def test_the_journal_forgets_as_the_table_does(crowd, others):
    engine, of = crowd
    before = open_data(of.database, today=TODAY).table("opportunities")["amount"].sum()
    told = gone(crowd, [*others, "Grandmoulin", "Le Goff"])
    assert told == [
        r'"Appeler :\n[anonymisé]\tpuis [anonymisé],\n[anonymisé]"',
        '"vu au salon"',
    ]
    assert check(engine) == []
    assert open_data(of.database, today=TODAY).table("opportunities")["amount"].sum() == before


def test_nothing_is_written_where_the_journal_would_tell_otherwise(office):
    engine, of = office
    id_ = contact(engine, "Quatrevents")
    with engine.begin() as connection:
        connection.execute(
            update(Opportunity)
            .where(Opportunity.code == "O1")
            .values(close_date=dt.date(2025, 1, 1))
        )
    with pytest.raises(StoreError, match=r"opportunity 1 close_date\. Nothing was written"):
        anonymise(
            engine, [Person((id_,))], viewer=DIRECTOR, surface=Surface.CLI,
            key=keys.made(of.privacy.key_file), today=TODAY,
        )  # fmt: skip
    with engine.connect() as connection:
        name = connection.scalar(select(Contact.last_name).where(Contact.id == id_))
    assert name == "Quatrevents"
