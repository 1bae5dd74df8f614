"""Groups of accounts: who sees them, who writes in them, who manages them."""

from __future__ import annotations

import pytest

import workbench
from tests.store.company import TODAY, address, who
from workbench.errors import NotAllowed, UnknownName
from workbench.store import groups, journal, users
from workbench.store.journal import Edit, State
from workbench.vocabulary import Role, Surface


@pytest.fixture
def shared(engine, company):
    """A4, of R3, in a group; a partner who is nobody's rep."""
    users.add_user(engine, "partner", "a long password", name="P", role=Role.PARTNER)
    director = who(engine, "director")
    groups.make(engine, "Clés", director)
    assert groups.put(engine, "Clés", ["A4"], director) == 1
    return engine


def names(engine, username, table="accounts", **options):
    data = workbench.open(address(engine), viewer=username, today=TODAY, **options)
    return set(data.table(table)["name"])


def edit(engine, username, record, field="next_step", value="Rappeler"):
    seen = journal.version(engine, "account", record)
    one = Edit("account", record, seen, field, value)
    viewer = who(engine, username)
    (done,) = journal.save(engine, [one], viewer=viewer, surface=Surface.CLI, today=TODAY)
    return done.state


def test_nothing_is_seen_that_was_not_given(shared, company):
    assert names(shared, "partner") == set()
    assert names(shared, "partner", "reps") == set()
    assert names(shared, "rep1") == {"Alpha", "Alpha Sud"}


def test_a_group_is_seen_by_the_user_it_is_shared_with_and_written_where_said(shared, company):
    director = who(shared, "director")
    groups.share(shared, "Clés", director, user="partner")
    assert names(shared, "partner") == {"Gamma"}
    assert names(shared, "rep1") == {"Alpha", "Alpha Sud"}
    assert edit(shared, "partner", company.accounts["A4"]) is State.FORBIDDEN
    groups.share(shared, "Clés", director, user="partner", writes=True)
    assert edit(shared, "partner", company.accounts["A4"]) is State.SAVED
    assert edit(shared, "partner", company.accounts["A1"]) is State.FORBIDDEN
    changes = workbench.open(address(shared), viewer="partner", today=TODAY).table("changes")
    assert set(changes["record_id"]) == {company.accounts["A4"]}
    groups.share(shared, "Clés", director, user="partner", withdraw=True)
    assert names(shared, "partner") == set()
    assert edit(shared, "partner", company.accounts["A4"]) is State.FORBIDDEN


def test_a_team_has_its_manager_and_everyone_under_them(shared, company):
    groups.share(shared, "Clés", who(shared, "director"), team="M")
    assert "Gamma" in names(shared, "manager")
    assert "Gamma" in names(shared, "rep1")  # under M
    assert names(shared, "partner") == set()
    # Rights are today's, whatever had been known when.
    assert "Gamma" in names(shared, "rep1", known_at="2099-01-01")


def test_a_partner_who_is_a_rep_sees_their_own_too(shared, company):
    users.add_user(shared, "agent", "a long password", name="A", role=Role.PARTNER, rep="R2")
    assert names(shared, "agent") == {"Beta"}
    groups.share(shared, "Clés", who(shared, "director"), user="agent")
    assert names(shared, "agent") == {"Beta", "Gamma"}


def test_deals_contacts_and_histories_of_shared_accounts_come_along(engine, company):
    director = who(engine, "director")
    groups.make(engine, "G", director)
    groups.put(engine, "G", [str(company.accounts["A1"])], director)
    groups.share(engine, "G", director, user="rep3")
    assert names(engine, "rep3", "opportunities") == {"Toiture", "Sans compte"}
    data = workbench.open(address(engine), viewer="rep3", today=TODAY)
    assert set(data.table("status_periods")["account_id"]) == {
        company.accounts["A1"], company.accounts["A4"],
    }  # fmt: skip


def test_a_maker_shares_their_own_accounts_and_manages_their_own_groups(shared, company):
    rep1, rep3 = who(shared, "rep1"), who(shared, "rep3")
    groups.make(shared, "Mes clés", rep1)
    assert groups.put(shared, "Mes clés", ["A1", "A2"], rep1) == 2
    assert groups.drop(shared, "Mes clés", ["A2"], rep1) == 1
    with pytest.raises(UnknownName, match="A4"):
        groups.put(shared, "Mes clés", ["A4"], rep1)
    groups.share(shared, "Clés", who(shared, "director"), user="rep1", writes=True)
    with pytest.raises(UnknownName, match="A4"):  # shared with them, not theirs to pass on
        groups.put(shared, "Mes clés", ["A4"], rep1)
    for act in (groups.remove, lambda e, n, v: groups.put(e, n, ["A4"], v)):
        with pytest.raises(NotAllowed, match="managed by"):
            act(shared, "Mes clés", rep3)
    with pytest.raises(NotAllowed, match="reads"):
        groups.make(shared, "X", who(shared, "boss"))
    with pytest.raises(NotAllowed, match="already"):
        groups.make(shared, "Mes clés", rep3)
    assert [one.name for one in groups.listed(shared, rep1)] == ["Mes clés"]
    assert [(one.name, one.accounts) for one in groups.listed(shared, who(shared, "director"))] == [
        ("Clés", 1), ("Mes clés", 1),
    ]  # fmt: skip
    groups.remove(shared, "Mes clés", who(shared, "director"))
    assert groups.listed(shared, rep1) == []


def test_names_that_nobody_has_are_told(shared):
    director = who(shared, "director")
    with pytest.raises(UnknownName, match="Clés"):
        groups.share(shared, "Cles", director, user="rep1")
    with pytest.raises(UnknownName, match="rep1"):
        groups.share(shared, "Clés", director, user="rep9")
    with pytest.raises(UnknownName, match="Rep M"):
        groups.share(shared, "Clés", director, team="Z")
