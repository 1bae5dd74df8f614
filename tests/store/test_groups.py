"""Groups of accounts: who sees them, who writes in them, who manages them."""

from __future__ import annotations

import datetime as dt

import pytest

import workbench
from tests.store.company import LOADER, TODAY, address, who
from workbench.errors import NotAllowed, UnknownName
from workbench.store import access_log, groups, journal, users
from workbench.store.batch import batch
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


@pytest.fixture
def kept(shared, company):
    """Rep R1's own group of A1 and A2, shared to be written with themselves and the partner."""
    rep1 = who(shared, "rep1")
    groups.make(shared, "À moi", rep1)
    groups.put(shared, "À moi", ["A1", "A2"], rep1)
    for user in ("rep1", "partner"):
        groups.share(shared, "À moi", rep1, user=user, writes=True)
    return shared


def give(engine, account, rep):
    with batch(engine, LOADER) as opened:
        opened.add("account", journal.Setting(account, "owner_id", rep, dt.date(2026, 1, 1)))


def test_what_is_taken_from_its_maker_is_shared_no_longer(kept, company):
    a1 = company.accounts["A1"]
    assert names(kept, "partner") == {"Alpha", "Alpha Sud"}
    assert edit(kept, "partner", a1) is State.SAVED
    give(kept, a1, company.reps["R3"])
    assert names(kept, "rep1") == {"Alpha Sud"}
    assert names(kept, "partner") == {"Alpha Sud"}
    for username in ("rep1", "partner"):
        assert edit(kept, username, a1) is State.FORBIDDEN
    assert groups.drop(kept, "À moi", ["A1"], who(kept, "rep1")) == 1  # theirs no longer, but in it
    with pytest.raises(UnknownName, match="account of 'À moi'"):
        groups.drop(kept, "À moi", ["A1"], who(kept, "rep1"))


def test_who_is_put_out_shares_nothing(kept):
    users.change(kept, "rep1", by="boss", active=False)
    assert names(kept, "partner") == set()


def test_what_a_director_gave_stays_given(shared, company):
    groups.share(shared, "Clés", who(shared, "director"), user="partner")
    give(shared, company.accounts["A4"], company.reps["R1"])
    assert names(shared, "partner") == {"Gamma"}


def test_who_only_reads_now_gives_nothing_to_write(kept, company):
    users.change(kept, "rep1", by="boss", role=Role.EXECUTIVE)
    assert names(kept, "partner") == {"Alpha", "Alpha Sud"}
    assert edit(kept, "partner", company.accounts["A1"]) is State.FORBIDDEN


def test_what_is_done_to_groups_and_what_is_refused_is_in_the_log(kept, company):
    rep3 = who(kept, "rep3")
    with pytest.raises(NotAllowed):
        groups.remove(kept, "À moi", rep3)
    groups.make(kept, "R3", rep3)
    with pytest.raises(UnknownName):
        groups.put(kept, "R3", ["A1"], rep3)
    with pytest.raises(UnknownName, match=r"'rep9'\. There is none\.$"):  # not who there is
        groups.share(kept, "R3", rep3, user="rep9")
    groups.share(kept, "À moi", who(kept, "rep1"), user="partner", withdraw=True)
    groups.remove(kept, "R3", who(kept, "director"))
    seen = access_log.events(kept, dt.datetime(2020, 1, 1, tzinfo=dt.UTC))[::-1]
    seen = seen[seen["event"].isin(["group", "forbidden"])]
    a1, a2, a4 = (company.accounts[code] for code in ("A1", "A2", "A4"))
    assert list(zip(seen["event"], seen["username"], seen["detail"], strict=True)) == [
        ("group", "director", '{"group": "Clés", "made": true}'),
        ("group", "director", f'{{"group": "Clés", "put": [{a4}]}}'),
        ("group", "rep1", '{"group": "À moi", "made": true}'),
        ("group", "rep1", f'{{"group": "À moi", "put": [{a1}, {a2}]}}'),
        ("group", "rep1", '{"group": "À moi", "to_write": "rep1"}'),
        ("group", "rep1", '{"group": "À moi", "to_write": "partner"}'),
        ("forbidden", "rep3", "group À moi"),
        ("group", "rep3", '{"group": "R3", "made": true}'),
        ("forbidden", "rep3", "group R3: A1"),
        ("forbidden", "rep3", "group R3: rep9"),
        ("group", "rep1", '{"group": "À moi", "withdrawn": "partner"}'),
        ("group", "director", '{"group": "R3", "removed": true}'),
    ]
