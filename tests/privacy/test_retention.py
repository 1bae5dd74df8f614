"""Silent for three years: listed, warned of, and after the grace period anonymised."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.privacy.files import CRM, DIRECTOR, REP, account, loaded, settings, write
from tests.store.company import address, forbidden
from workbench.errors import NotAllowed
from workbench.exports import forgetting
from workbench.exports.forgetting import Retention
from workbench.store.access import Viewer
from workbench.store.check import check
from workbench.vocabulary import Role, Surface

ANALYST = Viewer("analyste", "Analyste", Role.ANALYST)
ACCOUNTS = CRM["accounts"].replace("C3,prospect,2024", "C3,prospect,2020")
CONTACTS = (
    CRM["contacts"]
    + "S1,N,Silvère,Longtemps,,user,silvere@nord.example,\nS2,N,Nora,Récente,,user,,\n"
)
ACTIVITIES = (
    CRM["activities"].replace("visit,2024-03-08", "visit,2021-03-08")
    + "W1,N,S1,R,call,2023-01-05,true,Silvère rappellera\nW2,N,S2,R,call,2026-01-05,true,ok\n"
)


@pytest.fixture
def silent(store_as, tmp_path, tmp_path_factory):
    """N is a prospect since 2020, Silvère's last answer is of January 2023, nobody else's older."""

    def fill(engine):
        folder = tmp_path_factory.mktemp("silent")
        loaded(engine, settings(write(folder), address(engine)))
        loaded(engine, settings(_written(folder), address(engine)))

    engine, _ = store_as("silent", fill)
    return engine, settings(_written(tmp_path), address(engine))


def _written(folder):
    return write(folder, accounts=ACCOUNTS, contacts=CONTACTS, activities=ACTIVITIES)


def at(silent, day, viewer=DIRECTOR, grace=30):
    engine, of = silent
    return Retention(of.model_copy(update={"today": dt.date.fromisoformat(day)}), engine, viewer,
                     3, grace)  # fmt: skip


def states(retention):
    found = retention.listed()
    return dict(zip(found["name"], found["state"], strict=True))


def test_warn_then_grace_then_anonymise(silent):
    assert states(at(silent, "2026-01-04")) == {}
    assert states(at(silent, "2026-09-30")) == {"Silvère Longtemps": "due"}
    assert at(silent, "2026-09-30").anonymise(surface=Surface.CLI, reason="conservation") == 0
    assert at(silent, "2026-09-30").warn() == 1
    assert at(silent, "2026-10-15").warn() == 0
    assert states(at(silent, "2026-10-29")) == {"Silvère Longtemps": "warned"}
    assert states(at(silent, "2026-10-30")) == {"Silvère Longtemps": "ready"}
    assert at(silent, "2026-10-30").anonymise(surface=Surface.CLI, reason="conservation") == 1
    found = at(silent, "2026-10-30").listed()
    assert found["state"].tolist() == ["anonymised"]
    assert "Silvère" not in found["name"].item()
    assert check(silent[0]) == []


def test_a_new_contact_takes_them_off_the_list(silent, tmp_path):
    engine, of = silent
    at(silent, "2026-09-30").warn()
    write(
        tmp_path,
        contacts=CONTACTS,
        activities=ACTIVITIES + "W3,N,S1,R,call,2026-10-10,true,Silvère est revenu\n",
    )
    loaded(engine, of)
    assert states(at(silent, "2026-10-30")) == {}
    assert at(silent, "2026-10-30").anonymise(surface=Surface.CLI, reason="conservation") == 0
    assert at(silent, "2026-10-30").warn() == 0


def test_who_may(silent):
    assert states(at(silent, "2026-09-30", ANALYST)) == {"Silvère Longtemps": "due"}
    with pytest.raises(NotAllowed):
        at(silent, "2026-09-30", REP).listed()
    with pytest.raises(NotAllowed):
        at(silent, "2026-09-30", ANALYST).warn()
    assert forbidden(silent[0]) == [("commercial", "retention"), ("analyste", "anonymise")]


def test_nobody_is_warned_and_anonymised_on_one_day(silent):
    assert at(silent, "2026-09-30", grace=0).warn() == 1
    assert at(silent, "2026-09-30", grace=0).anonymise(surface=Surface.CLI, reason="r") == 0
    assert at(silent, "2026-10-01", grace=0).anonymise(surface=Surface.CLI, reason="r") == 1


def test_an_account_that_may_be_a_person_is_listed_and_anonymised_by_hand(silent, tmp_path):
    engine, of = silent
    more = "Z,Zora Plomberie,,,prospect,2020-01-01,R,0611223344,\n"
    write(tmp_path, accounts=ACCOUNTS + more, contacts=CONTACTS, activities=ACTIVITIES)
    loaded(engine, of)
    assert states(at(silent, "2026-09-30")) == {
        "Silvère Longtemps": "due", "Zora Plomberie": "unnamed",
    }  # fmt: skip
    assert at(silent, "2026-09-30").warn() == 1
    number = account(engine, "Zora Plomberie")
    forgetting.forget(of, engine, [f"account:{number}"], viewer=DIRECTOR, surface=Surface.CLI)
    found = states(at(silent, "2026-09-30"))
    assert found == {"Silvère Longtemps": "warned", f"Compte anonymisé {number}": "anonymised"}
