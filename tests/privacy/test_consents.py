"""Consents: loaded, noted by the journal, in scope, and kept where a load says otherwise."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.privacy.files import DIRECTOR, NAME, REP, TODAY, contact, loaded, write
from workbench import open as open_data
from workbench.store import journal
from workbench.store.access import Viewer
from workbench.store.check import check
from workbench.store.journal import State
from workbench.store.privacy import consents
from workbench.vocabulary import Channel, ConsentState, Role, Surface

CONSENTS = (
    "contact,channel,state,date,proof,noted_by\n"
    "KZQ1,email,given,2025-03-03,formulaire du site,Rémi Blanc\n"
    "KZQ1,phone,given,2025-03-04,appel,\n"
    "K2,fax,given,2025-03-04,,\n"
)
BOSS = Viewer("dirigeant", "Dirigeant", Role.EXECUTIVE)


@pytest.fixture
def agreed(office, tmp_path):
    engine, of = office
    write(tmp_path, consents=CONSENTS)
    report = loaded(engine, of)
    assert (report.table("consent").new, report.table("consent").rejected) == (2, 1)
    return engine, of


def table(of):
    frame = open_data(of.database, today=TODAY).table("consents")
    return sorted(
        (row.channel, row.state, f"{row.date:%Y-%m-%d}", row.proof) for row in frame.itertuples()
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
