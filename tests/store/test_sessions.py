"""Who is signed in, and until when."""

from __future__ import annotations

import datetime as dt

from workbench.store import access, access_log, sessions, signins, users
from workbench.store.sessions import Limits
from workbench.vocabulary import Role

T = dt.datetime(2026, 9, 30, 8, 0, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
LIMITS = Limits(idle=8 * HOUR, absolute=168 * HOUR, log=24 * 180 * HOUR)


def token_of(engine, username, *, now=None):
    return signins.sign_in(engine, username, "a long password", now=now)


def told(engine):
    """The log without the adding of the company's users, the newest first."""
    frame = access_log.events(engine, dt.datetime(2020, 1, 1, tzinfo=dt.UTC)).fillna("")
    return frame[frame["event"] != "user_added"]


def test_a_token_stands_for_its_user(engine, company):
    token = token_of(engine, "rep1", now=T)
    found = sessions.find(engine, token, LIMITS, now=T)
    assert (found.viewer.role, found.viewer.rep_id) == (Role.REP, company.reps["R1"])
    assert sessions.find(engine, token + "x", LIMITS, now=T) is None
    assert sessions.find(engine, found.mark, LIMITS, now=T) is None  # what the store keeps


def test_a_session_has_all_of_its_users_rights(engine, company):
    users.grant(engine, "rep1", "bank_details")
    found = sessions.find(engine, token_of(engine, "rep1", now=T), LIMITS, now=T)
    assert found.viewer == access.viewer(engine, "rep1")
    assert found.viewer.rights == {"bank_details"}


def test_the_store_does_not_hold_the_token(engine, company):
    token = token_of(engine, "rep1")
    with engine.connect() as connection:
        kept = connection.exec_driver_sql("SELECT * FROM user_session").all()
    assert token not in str(kept)


def test_idle_and_absolute_ends(engine, company):
    token = token_of(engine, "rep1", now=T)
    found = sessions.find(engine, token, LIMITS, now=T + 7.9 * HOUR)
    assert found is not None
    assert sessions.find(engine, token, LIMITS, now=T + 8 * HOUR) is None
    sessions.touch(engine, found.mark, now=T + 7 * HOUR)
    assert sessions.find(engine, token, LIMITS, now=T + 14.9 * HOUR) is not None
    sessions.touch(engine, found.mark, now=T + 167 * HOUR)
    assert sessions.find(engine, token, LIMITS, now=T + 167.9 * HOUR) is not None
    assert sessions.find(engine, token, LIMITS, now=T + 168 * HOUR) is None


def test_what_ran_out_is_put_away_and_told_at_the_next_sign_in(engine, company):
    token_of(engine, "rep1", now=T)
    token_of(engine, "boss", now=T + 9 * HOUR)
    assert told(engine)[["username", "event", "detail"]].to_numpy().tolist() == [
        ["rep1", "ended", "délai dépassé"],
        ["boss", "signed_in", ""],
        ["rep1", "signed_in", ""],
    ]
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM user_session").scalar() == 1


def test_signing_out_ends_one_and_everywhere_all_but_this(engine, company):
    one, two, three = (token_of(engine, "rep1") for _ in range(3))
    other = token_of(engine, "boss")
    sessions.end(engine, one)
    assert sessions.find(engine, one, LIMITS) is None
    assert users.end_sessions(engine, "rep1", but=two) == 1
    assert sessions.find(engine, two, LIMITS) is not None
    assert sessions.find(engine, three, LIMITS) is None
    assert sessions.find(engine, other, LIMITS) is not None
    marks = {sessions.mark(token) for token in (one, two, three, other)}
    assert sessions.holding(engine, marks, LIMITS) == {sessions.mark(two), sessions.mark(other)}
    open_now = sessions.open_now(engine, LIMITS).set_index("username")["sessions"]
    assert open_now.to_dict() == {"rep1": 1, "boss": 1}


def test_the_log_is_forgotten_after_its_time(engine, company):
    token_of(engine, "rep1", now=T)
    token_of(engine, "rep1", now=T + 24 * 181 * HOUR)
    assert set(told(engine)["at"]) == {T + 24 * 181 * HOUR}
