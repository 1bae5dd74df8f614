"""Consents: loaded, noted by the journal, in scope, and kept where a load says otherwise."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tests.privacy.files import (
    DIRECTOR,
    NAME,
    REP,
    TODAY,
    account,
    contact,
    loaded,
    settings,
    write,
)
from tests.store.company import address
from workbench import open as open_data
from workbench.exports import forgetting
from workbench.store import access_log, journal
from workbench.store.access import Viewer
from workbench.store.check import check
from workbench.store.journal import Edit, State
from workbench.store.privacy import consents
from workbench.store.schema import (
    AccountGroup,
    AccountGroupMember,
    AccountGroupShare,
    Change,
    Consent,
    Rep,
    User,
)
from workbench.vocabulary import Channel, ConsentState, Role, Surface

CONSENTS = (
    "contact,channel,state,date,proof,noted_by\n"
    "KZQ1,email,given,2025-03-03,formulaire du site,Rémi Blanc\n"
    "KZQ1,phone,given,2025-03-04,appel,\n"
    "K2,fax,given,2025-03-04,,\n"
)
LONG_AGO = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
BOSS = Viewer("dirigeant", "Dirigeant", Role.EXECUTIVE)


@pytest.fixture
def agreed(store_as, tmp_path, tmp_path_factory):
    """The office after a load of consents, and its settings."""

    def fill(engine):
        of = settings(write(tmp_path_factory.mktemp("agreed"), consents=CONSENTS), address(engine))
        found = loaded(engine, of).table("consent")
        return found.new, found.rejected

    engine, brought = store_as("agreed", fill)
    assert brought == (2, 1)
    return engine, settings(write(tmp_path, consents=CONSENTS), address(engine))


def table(of):
    frame = open_data(of.database, today=TODAY).table("consents")
    return sorted(
        (row.channel, row.state, f"{row.date:%Y-%m-%d}", row.proof)
        for row in frame.astype("object").where(frame.notna(), None).itertuples()
    )


def note(engine, channel, state, **options):
    return consents.note(
        engine, contact(engine, NAME), channel, state,
        **{"date": dt.date(2026, 9, 1), "proof": "mail du 1er septembre", "viewer": DIRECTOR,
           "surface": Surface.DASHBOARD, "today": TODAY} | options,
    )  # fmt: skip


def test_one_more_channel_and_one_taken_back(agreed):
    engine, of = agreed
    note(engine, Channel.SMS, ConsentState.GIVEN)
    note(engine, Channel.EMAIL, ConsentState.WITHDRAWN)
    assert table(of) == [
        ("email", "withdrawn", "2026-09-01", "mail du 1er septembre"),
        ("phone", "given", "2025-03-04", "appel"),
        ("sms", "given", "2026-09-01", "mail du 1er septembre"),
    ]
    assert check(engine) == []
    # What stood before stands under the old date.
    old = open_data(of.database, as_of="2026-08-01", today=TODAY).table("consents")
    assert set(old["state"]) == {"given"}


def test_a_correction_made_here_outlives_the_next_load(agreed):
    engine, of = agreed
    note(engine, Channel.EMAIL, ConsentState.WITHDRAWN)
    loaded(engine, of)
    assert ("email", "withdrawn", "2026-09-01", "mail du 1er septembre") in table(of)


@pytest.mark.parametrize(
    ("options", "state"),
    [
        ({"viewer": REP}, State.FORBIDDEN),
        ({"viewer": BOSS}, State.FORBIDDEN),
        ({"date": dt.date(2026, 10, 1)}, State.REFUSED),
        ({"proof": None}, State.REFUSED),
        ({"proof": "  "}, State.REFUSED),
    ],
)
def test_what_isnt_accepted(agreed, options, state):
    engine, of = agreed
    before = table(of)
    outcome, *_ = note(engine, Channel.SMS, ConsentState.GIVEN, **options)
    assert outcome.state is state
    assert table(of) == before


def test_it_can_be_undone(agreed):
    engine, of = agreed
    before = table(of)
    note(engine, Channel.EMAIL, ConsentState.WITHDRAWN)
    with engine.connect() as connection:
        batch = connection.exec_driver_sql(
            "SELECT batch FROM change WHERE entity = 'consent' ORDER BY id DESC LIMIT 1"
        ).scalar()
    journal.undo(engine, batch, viewer=DIRECTOR, surface=Surface.CLI, today=TODAY)
    assert table(of) == before


def saved(engine, name, value):
    with engine.connect() as connection:
        held = connection.execute(
            select(Consent.id, Consent.version).where(Consent.channel == "email")
        ).one()
    (done,) = journal.save(
        engine, [Edit("consent", held.id, held.version, name, value)],
        viewer=DIRECTOR, surface=Surface.CLI, today=TODAY,
    )  # fmt: skip
    return done


def test_what_is_given_keeps_a_proof_what_is_taken_back_needs_none(agreed):
    engine, of = agreed
    assert "preuve" in str(saved(engine, "proof", None).message)
    assert ("email", "given", "2025-03-03", "formulaire du site") in table(of)
    note(engine, Channel.EMAIL, ConsentState.WITHDRAWN, proof=None)
    assert ("email", "withdrawn", "2026-09-01", None) in table(of)
    assert saved(engine, "state", "given").state is State.REFUSED


def test_a_load_keeps_what_was_given_without_a_proof_and_tells(office, tmp_path):
    engine, of = office
    write(tmp_path, consents=CONSENTS.replace("formulaire du site", ""))
    told = [note for note in loaded(engine, of).notes if "sans preuve" in note]
    assert told == ["Consentements donnés sans preuve, gardés : 1, dont KZQ1/email"]
    assert ("email", "given", "2025-03-03", None) in table(of)


def test_a_partner_notes_those_of_a_group_that_is_shared_to_be_written(agreed):
    engine, of = agreed
    alba = account(engine, "Maçonnerie Alba")
    user = User(username="partenaire", name="P", password_hash="", role=Role.PARTNER.value)
    group = AccountGroup(name="Clés")
    with Session(engine) as session, session.begin():
        session.add_all([user, group])
        session.flush()
        session.add(AccountGroupMember(group_id=group.id, account_id=alba))
        session.add(AccountGroupShare(group_id=group.id, user_id=user.id))
    partner = Viewer("partenaire", "Partenaire", Role.PARTNER)
    outcome, *_ = note(engine, Channel.SMS, ConsentState.GIVEN, viewer=partner)
    assert outcome.state is State.FORBIDDEN
    with engine.begin() as connection:
        connection.execute(update(AccountGroupShare).values(writes=True))
    outcome, *_ = note(engine, Channel.SMS, ConsentState.GIVEN, viewer=partner)
    assert outcome.state is State.SAVED
    assert ("sms", "given", "2026-09-01", "mail du 1er septembre") in table(of)
    assert {"partenaire"} == set(access_log.events(engine, LONG_AGO)["username"])


def test_whose_they_are_takes_back_the_first_that_they_noted(agreed):
    engine, of = agreed
    before = table(of)
    with engine.connect() as connection:
        rep = connection.scalar(select(Rep.id).where(Rep.code == "R"))
    owner = Viewer("remi", "Rémi", Role.REP, rep)
    note(engine, Channel.SMS, ConsentState.GIVEN, viewer=owner)
    with engine.connect() as connection:
        last = connection.execute(
            select(Change.batch, Change.surface).order_by(Change.id.desc()).limit(1)
        ).one()
    assert last.surface == "dashboard"
    journal.undo(engine, last.batch, viewer=owner, surface=Surface.CLI, today=TODAY)
    assert table(of) == before


def test_nothing_is_added_once_they_are_anonymised(agreed):
    engine, of = agreed
    who = str(contact(engine, NAME))
    forgetting.forget(of, engine, [who], viewer=DIRECTOR, surface=Surface.CLI)
    before = table(of)
    for name, value in (("proof", "Mme Quatrevents, au téléphone"), ("noted_by", "Zéphyrine")):
        done = saved(engine, name, value)
        assert done.state is State.REFUSED
        assert "anonymisée" in done.message
    assert table(of) == before
