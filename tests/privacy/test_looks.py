"""Who looked: once per session, kept for a while, for administrators."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.privacy.files import DIRECTOR, account
from tests.store.company import forbidden
from workbench.errors import NotAllowed
from workbench.store.access import Viewer
from workbench.store.privacy import looks
from workbench.vocabulary import LookKind, Role

ADMIN = Viewer("admin", "Admin", Role.ADMIN)
NOW = dt.datetime(2026, 9, 30, 8, tzinfo=dt.UTC)


def test_once_per_user_sheet_and_session(office):
    engine, _ = office
    alba, nord = account(engine, "Maçonnerie Alba"), account(engine, "Bati Nord")
    for session, id_, minute in (
        ("s1", alba, 0),
        ("s1", alba, 5),
        ("s1", nord, 6),
        ("s2", alba, 7),
    ):
        looks.note(engine, "claire", LookKind.VIEW, "account", id_, session=session,
                   now=NOW + dt.timedelta(minutes=minute))  # fmt: skip
    frame = looks.listed(engine, ADMIN)
    assert [(name, at.minute) for name, at in zip(frame["name"], frame["at"], strict=True)] == [
        ("Maçonnerie Alba", 7), ("Bati Nord", 6), ("Maçonnerie Alba", 0),
    ]  # fmt: skip


def test_older_than_is_kept_goes(office):
    engine, _ = office
    alba = account(engine, "Maçonnerie Alba")
    for days in (366, 100, 0):
        looks.note(engine, "claire", LookKind.VIEW, "account", alba, session=f"s{days}",
                   now=NOW - dt.timedelta(days=days))  # fmt: skip
    assert len(looks.listed(engine, ADMIN)) == 2


def test_only_administrators_see_it(office):
    with pytest.raises(NotAllowed):
        looks.listed(office[0], DIRECTOR)
    assert forbidden(office[0]) == [("directrice", "looks")]
