"""Passwords, and how long one waits after wrong ones."""

from __future__ import annotations

import datetime as dt
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from tests.store.test_sessions import told
from workbench.errors import LockedOut, NotAllowed
from workbench.store import access_log, signins
from workbench.store.engine import connect, writing

T = dt.datetime(2026, 9, 30, 8, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
RIGHT = "a long password"


def attempt(engine, now, *, name="rep1", password="a guess", address=""):  # noqa: S107
    """What came of it, and for so many minutes nothing will be heard."""
    try:
        signins.sign_in(engine, name, password, address=address, now=now)
    except LockedOut as locked:
        return "locked", (locked.until - now) / MINUTE
    except NotAllowed:
        return "wrong", 0
    return "in", 0


@pytest.mark.parametrize(("name", "password"), [("rep1", "wrong one"), ("nobody", "whatever!")])
def test_wrong_name_and_wrong_password_are_told_alike(engine, company, name, password):
    with pytest.raises(NotAllowed, match=r"^Unknown user or wrong password\.$"):
        signins.sign_in(engine, name, password)


def test_each_error_after_the_fifth_doubles_the_wait(engine, company):
    now = T
    assert [attempt(engine, now) for _ in range(5)] == [("wrong", 0)] * 5
    for minutes in (1, 2, 4, 8, 16, 32, 60, 60):
        assert attempt(engine, now, password=RIGHT) == ("locked", minutes)
        now += minutes * MINUTE
        assert attempt(engine, now) == ("wrong", 0)
    assert attempt(engine, now + 60 * MINUTE, password=RIGHT) == ("in", 0)
    assert attempt(engine, now + 60 * MINUTE) == ("wrong", 0)  # forgiven: it counts from one


def test_being_locked_out_is_no_further_error(engine, company):
    for _ in range(5):
        attempt(engine, T)
    for second in range(30):
        assert attempt(engine, T + second * MINUTE / 60)[0] == "locked"
    assert attempt(engine, T + MINUTE, password=RIGHT) == ("in", 0)


def test_unknown_names_are_locked_alike(engine, company):
    assert [attempt(engine, T, name="nobody")[0] for _ in range(6)] == ["wrong"] * 5 + ["locked"]
    assert attempt(engine, T, name="rep1", password=RIGHT) == ("in", 0)


def test_errors_are_forgotten_after_a_day(engine, company):
    for _ in range(4):
        attempt(engine, T)
    later = T + dt.timedelta(days=1)
    assert [attempt(engine, later)[0] for _ in range(5)] == ["wrong"] * 5


def test_an_admin_lifts_the_lock(engine, company):
    for _ in range(5):
        attempt(engine, T)
    assert signins.locked_names(engine, now=T) == {"rep1": T + MINUTE}
    signins.unlock(engine, "rep1", by="ana")
    assert signins.locked_names(engine, now=T) == {}
    assert attempt(engine, T, password=RIGHT) == ("in", 0)
    assert list(told(engine)["by"])[:2] == ["", "ana"]


def test_an_address_is_locked_after_thirty_errors_for_whatever_names(engine, company):
    for guess in range(30):
        assert attempt(engine, T, name=f"name {guess}", address="192.0.2.1")[0] == "wrong"
    here = {"name": "rep1", "password": RIGHT}
    assert attempt(engine, T, **here, address="192.0.2.1") == ("locked", 1)
    assert attempt(engine, T, **here, address="192.0.2.2") == ("in", 0)
    assert attempt(engine, T + MINUTE, **here, address="192.0.2.1") == ("in", 0)
    assert attempt(engine, T + MINUTE, address="192.0.2.1") == ("wrong", 0)
    assert attempt(engine, T + MINUTE, address="192.0.2.1") == ("locked", 2)  # not forgiven


def test_a_restart_forgets_nothing(engine, company, store_url):
    for _ in range(5):
        attempt(engine, T)
    engine.dispose()
    assert attempt(connect(store_url), T)[0] == "locked"


def test_guesses_at_the_same_time_count(engine, company, monkeypatch):
    """However long each is looked at: meanwhile the others are heard."""
    verify = signins.HASHER.verify
    slow = SimpleNamespace(verify=lambda *given: time.sleep(0.1) or verify(*given))
    monkeypatch.setattr(signins, "HASHER", slow)
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: attempt(engine, T)[0], range(12)))
    assert sorted(made) == ["locked"] * 7 + ["wrong"] * 5


@pytest.mark.postgresql
def test_a_load_keeps_nobody_out(company, engine):
    if engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer")
    with writing(engine):
        assert attempt(engine, T, password=RIGHT) == ("in", 0)


def test_the_log_has_each_attempt_and_no_password(engine, company):
    attempt(engine, T, password="a guess", address="192.0.2.1")
    attempt(engine, T, password=RIGHT, address="192.0.2.1")
    lines = told(engine)
    assert lines[["event", "username", "address", "detail"]].to_numpy().tolist() == [
        ["signed_in", "rep1", "192.0.2.1", ""],
        ["refused", "rep1", "192.0.2.1", "identifiant ou mot de passe faux"],
    ]
    assert "guess" not in lines.to_csv()


def test_being_locked_out_is_written_once_a_minute(engine, company):
    now = access_log.now()
    for second in range(5):
        with pytest.raises(NotAllowed):
            signins.check(engine, "rep1", "wrong", now=now + dt.timedelta(seconds=second))
    for second in (10, 11, 12, 13):
        with pytest.raises(LockedOut):
            signins.check(engine, "rep1", "wrong", now=now + dt.timedelta(seconds=second))
    told = access_log.events(engine, now - dt.timedelta(days=1))
    assert list(told["event"]).count("locked") == 1
