"""What follows by rule: promotions named with their cause, undone once for all, projects opened."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from tests.store.company import LOADER, TODAY, who
from workbench.errors import UnknownName
from workbench.store import journal
from workbench.store.batch import Author, batch
from workbench.store.journal import Edit, State
from workbench.store.rules import Rules
from workbench.vocabulary import Surface

D = dt.date


def rows(engine, sql):
    with engine.connect() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(sql)]


def by_rule(engine):
    return rows(
        engine,
        'SELECT entity, record_id, field, new, effective, reason, "user" FROM change'
        " WHERE surface = 'rule' AND entity <> 'pipeline' AND entity <> 'stage'"
        " AND undoes IS NULL ORDER BY id",
    )


def day(text):
    """A date as the driver gives it."""
    return {text, D.fromisoformat(text)}


def create(engine, entity, rules=None, **fields):
    fields.setdefault("effective", fields.get("date", TODAY))
    with batch(engine, LOADER, rules) as opened:
        return int(opened.create(entity, pd.DataFrame([fields])).iloc[0])


def contact(engine, account, when, *, two_way=True, rules=None):
    return create(
        engine, "activity", rules, code=f"{account}/{when}", account_id=account, kind="call",
        date=when, two_way=two_way,
    )  # fmt: skip


def status(engine, account):
    return rows(engine, f"SELECT status FROM account WHERE id = {account}")[0][0]


def save(engine, *edits, **options):
    return journal.save(
        engine, edits, viewer=who(engine, "director"), surface=Surface.DASHBOARD, today=TODAY,
        **options,
    )  # fmt: skip


def undo(engine, what):
    return journal.undo(
        engine, what, viewer=who(engine, "director"), surface=Surface.DASHBOARD, today=TODAY
    )


def test_a_first_exchange_makes_a_suspect_a_prospect_from_its_day(engine, company):
    id_ = company.accounts["A4"]
    contact(engine, id_, D(2026, 5, 1), two_way=False)
    assert status(engine, id_) == "suspect"
    call = contact(engine, id_, D(2026, 5, 4))
    assert status(engine, id_) == "prospect"
    ((entity, record, name, new, effective, reason, user),) = by_rule(engine)
    assert (entity, record, name, new) == ("account", id_, "status", '"prospect"')
    assert effective in day("2026-05-04")
    assert (reason, user) == (f"first_contact: activity {call}", "workbench")


def test_undone_a_promotion_stays_undone_for_its_cause_alone(engine, company):
    id_ = company.accounts["A4"]
    call = contact(engine, id_, D(2026, 5, 4))
    (number,) = rows(engine, "SELECT max(id) FROM change")[0]
    assert [o.state for o in undo(engine, number)] == [State.SAVED]
    assert status(engine, id_) == "suspect"
    again = {"record_id": [call], "field": ["two_way"], "value": [True], "effective": [TODAY]}
    with batch(engine, LOADER) as opened:
        opened.set("activity", pd.DataFrame(again))
    assert status(engine, id_) == "suspect"  # the same call
    contact(engine, id_, D(2026, 6, 4))
    assert status(engine, id_) == "prospect"  # another


def test_a_win_undone_with_its_project_and_won_again_opens_one(engine, company):
    deal, won = company.deals["O1"], company.stages["O"]
    save(engine, Edit("opportunity", deal, 2, "duration_months", 6))
    save(engine, Edit("opportunity", deal, 3, "stage_id", won))
    (together,) = rows(engine, "SELECT batch FROM change ORDER BY id DESC LIMIT 1")[0]
    assert {one.state for one in undo(engine, together)} == {State.SAVED}
    assert rows(engine, "SELECT count(*) FROM project") == [(0,)]
    seen = journal.version(engine, "opportunity", deal)
    save(engine, Edit("opportunity", deal, seen, "stage_id", won))
    assert rows(engine, "SELECT opportunity_id FROM project") == [(deal,)]


def test_a_project_undone_alone_is_not_opened_again(engine, company):
    deal = company.deals["O1"]
    save(engine, Edit("opportunity", deal, 2, "duration_months", 6))
    save(engine, Edit("opportunity", deal, 3, "stage_id", company.stages["O"]))
    (project,) = rows(engine, "SELECT max(id) FROM change WHERE entity = 'project'")[0]
    assert [one.state for one in undo(engine, project)] == [State.SAVED]
    save(engine, Edit("opportunity", deal, 4, "duration_months", 9))
    assert rows(engine, "SELECT count(*) FROM project") == [(0,)]


def test_a_paper_older_than_the_last_change_takes_effect_from_that(engine, company):
    account = company.accounts["A3"]  # prospect since 1 February
    create(
        engine, "document", code="F1", kind="invoice", account_id=account, date=D(2026, 1, 10),
        amount=100,
    )  # fmt: skip
    assert status(engine, account) == "client"
    ((_, _, _, new, effective, _, _),) = by_rule(engine)
    assert new == '"client"'
    assert effective in day("2026-02-01")


def test_a_quote_accepted_before_the_deal_last_moved_wins_it_from_that_day(engine, company):
    deal, account = company.deals["O1"], company.accounts["A1"]  # in negotiation since 1 April
    create(
        engine, "document", code="D1", kind="quote", state="accepted", account_id=account,
        opportunity_id=deal, date=D(2026, 3, 1), amount=1000,
    )  # fmt: skip
    won = rows(engine, f"SELECT stage_id FROM opportunity WHERE id = {deal}")
    assert won == [(company.stages["O"],)]
    ((entity, _, name, _, effective, _, _),) = by_rule(engine)
    assert (entity, name) == ("opportunity", "stage_id")
    assert effective in day("2026-04-01")


def test_no_promotion_is_dated_after_today(engine, company):
    account = company.accounts["A4"]
    with batch(engine, LOADER, today=TODAY) as opened:
        paper = {"code": "F9", "kind": "invoice", "account_id": account, "date": D(2026, 10, 15)}
        opened.create("document", pd.DataFrame([paper | {"amount": 1, "effective": TODAY}]))
    ((_, _, _, _, effective, _, _),) = by_rule(engine)
    assert effective in day("2026-09-30")


def test_an_exchange_of_before_promotes_nobody_who_was_sent_back(engine, company):
    id_ = company.accounts["A3"]  # prospect since February
    save(engine, Edit("account", id_, 2, "status", "suspect", effective=D(2026, 8, 1)))
    contact(engine, id_, D(2026, 3, 1))
    assert status(engine, id_) == "suspect"


def test_a_rule_left_out_does_not_act(engine, company):
    id_ = company.accounts["A4"]
    contact(engine, id_, D(2026, 5, 4), rules=Rules(promotions=["first_invoice"]))
    assert status(engine, id_) == "suspect"
    with pytest.raises(UnknownName, match="first_contact"):
        Rules(promotions=["first_contakt"])


def test_a_completed_qualification_makes_a_prospect_and_one_undo_takes_all_back(engine, company):
    id_ = company.accounts["A4"]
    values = {"need": "latent", "budget": 20000, "timeline": "soon"}
    outcomes = save(engine, *(Edit("account", id_, 1, k, v) for k, v in values.items()))
    assert [o.state for o in outcomes] == [State.SAVED] * 3, outcomes
    assert status(engine, id_) == "suspect"
    (last,) = save(engine, Edit("account", id_, 4, "decider_known", value=True))
    assert status(engine, id_) == "prospect"
    # One version for the edit, one for what followed from it.
    assert last.version == 6
    assert rows(engine, f"SELECT version FROM account WHERE id = {id_}") == [(6,)]
    (together,) = rows(engine, "SELECT batch FROM change ORDER BY id DESC LIMIT 1")[0]
    assert {o.state for o in undo(engine, together)} == {State.SAVED}
    assert status(engine, id_) == "suspect"
    assert rows(engine, f"SELECT decider_known FROM account WHERE id = {id_}") == [(None,)]


def test_an_accepted_quote_makes_a_client_wins_the_deal_and_opens_the_project(engine, company):
    deal, account = company.deals["O2"], company.accounts["A3"]
    save(engine, Edit("opportunity", deal, 1, "duration_months", 6))
    quote = create(
        engine, "document", code="D1", kind="quote", state="accepted", account_id=account,
        opportunity_id=deal, date=D(2026, 9, 1), amount=2000.5,
    )  # fmt: skip
    assert status(engine, account) == "client"
    won = rows(engine, f"SELECT stage_id FROM opportunity WHERE id = {deal}")
    assert won == [(company.stages["O"],)]
    assert [row[5] for row in by_rule(engine)] == [
        f"quote_accepted: document {quote}",
        f"quote_accepted: document {quote}",
        f"signed: opportunity {deal}",
    ]
    ((name, of, starts, ends),) = rows(
        engine, "SELECT name, account_id, starts_on, ends_on FROM project"
    )
    assert (name, of) == ("Isolation", account)
    assert starts in day("2026-09-01")
    assert ends in day("2027-03-01")


def test_a_first_invoice_makes_a_client(engine, company):
    account = company.accounts["A4"]
    create(
        engine, "document", code="F1", kind="invoice", account_id=account, date=D(2026, 9, 2),
        amount=100,
    )  # fmt: skip
    assert status(engine, account) == "client"
    assert [row[5].partition(":")[0] for row in by_rule(engine)] == ["first_invoice"]


def test_undoing_a_load_takes_away_what_it_brought_and_redoing_brings_it_back(engine, company):
    account = company.accounts["A4"]
    with batch(engine, Author("loader", Surface.LOAD)) as opened:
        ids = opened.create(
            "account",
            pd.DataFrame({"code": ["N1", "N2"], "name": ["Neuf", "Neuve"], "effective": TODAY}),
        )
        opened.set(
            "account",
            pd.DataFrame(
                {"record_id": [account], "field": ["city"], "value": ["Pau"], "effective": [TODAY]}
            ),
        )
        opened.create(
            "activity",
            pd.DataFrame(
                {"code": ["X"], "account_id": [int(ids.iloc[0])], "kind": ["call"],
                 "date": [TODAY], "two_way": [True], "effective": [TODAY]}
            ),
        )  # fmt: skip
    (before,) = rows(engine, "SELECT count(*) FROM account")[0]
    assert status(engine, int(ids.iloc[0])) == "prospect"
    assert {o.state for o in undo(engine, opened.id)} == {State.SAVED}
    assert rows(engine, "SELECT count(*) FROM account") == [(before - 2,)]
    assert rows(engine, "SELECT count(*) FROM activity") == [(0,)]
    assert rows(engine, f"SELECT city FROM account WHERE id = {account}") == [(None,)]
    (undoing,) = rows(engine, "SELECT batch FROM change ORDER BY id DESC LIMIT 1")[0]
    assert {o.state for o in undo(engine, undoing)} == {State.SAVED}
    assert rows(engine, "SELECT count(*) FROM account") == [(before,)]
    assert status(engine, int(ids.iloc[0])) == "prospect"
    assert rows(engine, f"SELECT city FROM account WHERE id = {account}") == [("Pau",)]


def test_a_load_that_people_worked_on_since_is_not_undone(engine, company):
    with batch(engine, Author("loader", Surface.LOAD)) as opened:
        frame = pd.DataFrame({"code": ["N1"], "name": ["Neuf"], "effective": [TODAY]})
        id_ = int(opened.create("account", frame).iloc[0])
    save(engine, Edit("account", id_, 1, "city", "Dax"))
    (outcome,) = undo(engine, opened.id)
    assert (outcome.state, outcome.current) == (State.CONFLICT, "Dax")
    assert rows(engine, f"SELECT city FROM account WHERE id = {id_}") == [("Dax",)]
