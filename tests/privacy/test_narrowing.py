"""The database passes over no row that names somebody: read whole or narrowed, the same goes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some
from sqlalchemy import Column, MetaData, String, Table, create_engine, insert, or_, select, true

from tests.privacy.files import DIRECTOR, NAME, TODAY, account, contact
from tests.privacy.test_mentions import PEOPLE, TEXTS
from workbench.store import journal
from workbench.store.journal import Edit, State
from workbench.store.privacy import narrowing, people, plan
from workbench.store.privacy.key import Key
from workbench.store.privacy.mentions import Mentions
from workbench.vocabulary import Surface

SAID = Table("said", MetaData(), Column("text", String))
NOTES = (
    "vu ZÉPHYRINE QUATREVENTS", "voir Zephy\u0301rine  Quatreve\u0301nts", "puis\nQuatrevents, Z.",
    "rappeler le +33 (0)5.56.11.22.33", "écrire à ZQ@alba.example", "passé au salon", "plain",
)  # fmt: skip


@given(some.lists(TEXTS, max_size=8), some.sampled_from(range(len(PEOPLE))))
def test_what_may_name_them_is_let_through(texts, who):
    mentions = Mentions([PEOPLE[who]])
    column = SAID.c.text
    may = or_(narrowing._plainly("sqlite", mentions, column), narrowing._unplain("sqlite", column))
    made = create_engine("sqlite://")
    with made.begin() as connection:
        SAID.create(connection)
        connection.execute(insert(SAID), [{"text": text} for text in [*texts, ""]])
        passed = set(connection.scalars(select(column).where(may)))
    made.dispose()
    assert {text for text in texts if mentions.named(text)} <= passed


@pytest.mark.parametrize("about", ["contact", "company"])
def test_narrowed_is_as_read_whole(office, about, monkeypatch):
    """Notes written over, so that the journal alone has them; in accents, capitals, two lines."""
    engine, _ = office
    nord = account(engine, "Bati Nord")
    for text in NOTES:
        edit = Edit("account", nord, journal.version(engine, "account", nord), "notes", text)
        (one,) = journal.save(
            engine, [edit], viewer=DIRECTOR, surface=Surface.CLI, today=TODAY, reason=text
        )
        assert one.state is State.SAVED
    company = f"account:{account(engine, 'Croquembouche Quatrevents')}"
    asked = str(contact(engine, NAME)) if about == "contact" else company

    def found():
        with engine.connect() as connection, connection.begin():
            person = people.find(connection, asked)
            made = plan.plan(connection, [person], Key(b"k"))
        rows = sorted((one.table, one.key, sorted(one.values.items())) for one in made.rewrites)
        return rows, made.records, made.fields, made.codes, made.raws, set(made.unclear)

    narrowed = found()
    monkeypatch.setattr(plan, "conditions", lambda *_: [true()])
    assert narrowed == found()
    assert len(narrowed[0]) > 5
