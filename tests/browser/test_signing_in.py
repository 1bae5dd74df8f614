"""Signing in and out: what holds, what ends, and what is refused; by password and by OpenID."""

from __future__ import annotations

import base64
import datetime as dt
import http.client
import json
import re
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import closing
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect
from sqlalchemy import select, update

from tests.browser.conftest import DESK, READY, free_port, serving
from workbench.store import access_log, connect, create, sessions, signins, users
from workbench.store.schema import User, UserSession
from workbench.store.sessions import Limits

PASSWORD = "a long password"
IDLE = dt.timedelta(seconds=80)  # so that what is done is written down every four
NAMES = {"ana": "admin", "claire": "analyst", "lea": "analyst", "max": "analyst", "zoe": "analyst"}


@pytest.fixture(scope="module")
def provider():
    """An OpenID provider on loopback."""
    port = free_port()
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "oidc_provider_mock",
            "--port",
            str(port),
            "--require-nonce",
            "true",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://localhost:{port}"
    until = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(f"{address}/.well-known/openid-configuration").read()  # noqa: S310
            break
        except OSError:
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.2)
    for sub, name in (("7", "claire"), ("8", "stranger")):
        claims = json.dumps({"preferred_username": name}).encode()
        request = urllib.request.Request(  # noqa: S310
            f"{address}/users/{sub}", claims, {"Content-Type": "application/json"}, method="PUT"
        )
        urllib.request.urlopen(request).read()  # noqa: S310
    yield address
    process.terminate()
    process.wait(10)


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    """A store without data: only who may sign in."""
    made = create(f"sqlite:///{tmp_path_factory.mktemp('door') / 'store.db'}")
    for username, role in NAMES.items():
        users.add_user(made, username, PASSWORD, name=username.title(), role=role)
    return made


@pytest.fixture(scope="module")
def door(engine, provider, tmp_path_factory):
    """The address of a server behind a proxy, with a provider and a public name."""
    config = tmp_path_factory.mktemp("door") / "workbench.toml"
    config.write_text(
        f'database = "{engine.url}"\n'
        '[auth]\nsecret_file = "secret"\nbehind_proxy = true\nhosts = ["crm.example"]\n'
        f"idle_hours = {IDLE / dt.timedelta(hours=1)}\n"
        f'[auth.oidc]\nissuer = "{provider}"\nclient_id = "workbench"\nclient_secret = "s"\n'
        'label = "Keycloak"\n',
        encoding="utf-8",
    )
    with serving(config) as address:
        yield address


@pytest.fixture
def visit(chromium, door):
    """`visit()`: a browser of its own on the sign-in page."""
    opened = []

    def open_(path="/login"):
        context = chromium.new_context(viewport=DESK)
        opened.append(context)
        page = context.new_page()
        page.goto(door + path)
        return page

    yield open_
    for context in opened:
        context.close()


def enter(page, username, password=PASSWORD):
    page.fill("#username", username)
    page.fill("#password", password)
    page.get_by_role("button", name="Se connecter").click()


def signed_in(page, username):
    enter(page, username)
    page.wait_for_url("**/overview")
    page.wait_for_function(READY)
    return page


def events(engine, username):
    frame = access_log.events(engine, dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
    return list(frame[frame["username"] == username]["event"])[::-1]


def test_too_many_wrong_passwords_lock_the_name_until_an_admin_lifts_it(visit, engine):
    page = visit()
    for _ in range(5):
        enter(page, "zoe", "a guess")
        expect(page.get_by_role("alert")).to_have_text("Identifiant ou mot de passe incorrect.")
    enter(page, "zoe")
    expect(page.get_by_role("alert")).to_contain_text("Réessayez dans 1 minute")
    signins.unlock(engine, "zoe", by="ana")
    signed_in(page, "zoe")
    assert events(engine, "zoe") == [
        "user_added", *["refused"] * 5, "locked", "unlocked", "signed_in",
    ]  # fmt: skip


def test_a_page_that_stands_open_goes_when_its_session_runs_out(visit, engine):
    page = signed_in(visit(), "lea")
    expect(page.get_by_text("Rien n’a encore été chargé")).to_be_visible()
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        long_ago = access_log.now() - dt.timedelta(hours=8)
        connection.execute(update(UserSession).values(seen_at=long_ago))
    page.wait_for_url("**/login?next=%2Foverview")
    expect(page.get_by_label("Identifiant")).to_be_visible()
    page.go_back()
    expect(page.get_by_text("Rien n’a encore été chargé")).to_have_count(0)


def comes(page, true):
    until = time.monotonic() + 20
    while not true():
        assert time.monotonic() < until
        page.wait_for_timeout(100)


def test_a_hand_on_a_page_puts_off_its_end_and_what_the_page_says_by_itself_does_not(visit, engine):
    page, sent = visit(), []
    page.on("websocket", lambda one: one.on("framesent", lambda _: sent.append(1)))
    signed_in(page, "lea")

    def seen():
        with engine.connect() as connection:
            mine = select(UserSession.seen_at).join(User).where(User.username == "lea")
            return max(connection.scalars(mine))

    page.wait_for_timeout(4_500)
    before, said = seen(), len(sent)
    page.set_viewport_size({"width": 390, "height": 844})  # it tells that it is a phone's now
    comes(page, lambda: len(sent) > said)
    page.wait_for_timeout(500)
    assert seen() == before
    page.keyboard.press("Tab")
    comes(page, lambda: seen() > before)


def test_a_new_password_ends_the_sessions_elsewhere(visit, door):
    here, elsewhere = signed_in(visit(), "max"), signed_in(visit(), "max")
    here.get_by_role("button", name="Max").click()
    here.get_by_text("Mot de passe et sessions").click()

    def change(old, new):
        here.get_by_label("Mot de passe actuel").fill(old)
        here.get_by_label("Nouveau mot de passe").fill(new)
        here.get_by_label("Le nouveau, une seconde fois").fill(new)
        here.get_by_role("button", name="Changer le mot de passe").click()

    change("not this one", "a new password")
    expect(here.get_by_role("alert")).to_have_text("L’ancien mot de passe n’est pas le bon.")
    change(PASSWORD, "a new password")
    expect(here.get_by_role("status")).to_contain_text("Mot de passe changé")
    elsewhere.wait_for_url("**/login?next=%2Foverview")
    here.goto(f"{door}/overview")
    here.wait_for_function(READY)
    assert here.url == f"{door}/overview"
    enter(elsewhere, "max", "a new password")
    elsewhere.wait_for_url("**/overview")


def test_signing_out_ends_every_tab_of_the_browser(visit, door, engine):
    page = signed_in(visit(), "claire")
    tab = page.context.new_page()
    tab.goto(f"{door}/funnel")
    tab.wait_for_function(READY)
    page.get_by_role("button", name="Claire").click()
    page.get_by_text("Se déconnecter").click()
    page.wait_for_url("**/login")
    tab.wait_for_url("**/login?next=%2Ffunnel")
    assert events(engine, "claire")[-1] == "signed_out"


def answer(door, path="/login", **headers):
    with closing(http.client.HTTPConnection(urlsplit(door).netloc)) as connection:
        connection.request("GET", path, headers=headers)
        with connection.getresponse() as found:
            return found.headers


def test_cookies_are_careful_and_pages_stay_out_of_frames(visit, door):
    page = signed_in(visit(), "claire")
    [cookie] = [one for one in page.context.cookies() if one["name"] == "session"]
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["secure"]) == (True, "Lax", False)
    assert cookie["value"] not in page.content()
    headers = answer(door, "/overview", Cookie=f"session={cookie['value']}")
    assert "frame-ancestors 'self'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "Strict-Transport-Security" not in headers
    encrypted = answer(door, **{"X-Forwarded-Proto": "https"})
    assert "; Secure" in encrypted["Set-Cookie"]
    assert "max-age=" in encrypted["Strict-Transport-Security"]


def upgraded(door, **headers):
    """The status that a websocket's request is answered with."""
    asked = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "x3JJHMbDL1EzLkh9GBhXDw==",
    }
    with closing(http.client.HTTPConnection(urlsplit(door).netloc)) as connection:
        connection.request("GET", "/overview/ws", headers=asked | headers)
        with connection.getresponse() as found:
            return found.status


@pytest.mark.parametrize(
    ("origin", "status"),
    [("http://evil.example", 403), ("null", 403), ("https://crm.example", 101), ("", 101)],
)
def test_only_a_page_of_this_site_opens_a_websocket(door, engine, origin, status):
    token = signins.sign_in(engine, "claire", PASSWORD)
    assert upgraded(door, Origin=origin or door, Cookie=f"session={token}") == status
    assert upgraded(door, Origin=door, Cookie="session=guess") == 403


def first_byte(door, token, session):
    """What a websocket that shows a page's token answers with at first: text, or a close."""
    host = urlsplit(door)
    request = (
        f"GET /overview/ws HTTP/1.1\r\nHost: {host.netloc}\r\nOrigin: {door}\r\n"
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\n"
        f"Sec-WebSocket-Protocol: bokeh, {token}\r\nCookie: session={session}\r\n\r\n"
    )
    with socket.create_connection((host.hostname, host.port)) as wire:
        wire.settimeout(20)
        wire.sendall(request.encode())
        answer = wire.makefile("rb")
        while answer.readline().strip():
            pass
        return answer.read(1)


def test_a_page_serves_the_session_that_it_was_made_for(door, engine):
    ana, claire = (signins.sign_in(engine, name, PASSWORD) for name in ("ana", "claire"))
    with closing(http.client.HTTPConnection(urlsplit(door).netloc)) as connection:
        connection.request("GET", "/overview", headers={"Cookie": f"session={ana}"})
        page = connection.getresponse().read().decode()
        token = re.search(r'"token":"([^"]+)"', page)[1]
        payload = token.split(".")[0]
        id_ = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        address = f"/overview?bokeh-session-id={id_['session_id']}"
        statuses = []
        for session in (ana, claire):
            connection.request("GET", address, headers={"Cookie": f"session={session}"})
            found = connection.getresponse()
            found.read()
            statuses.append(found.status)
    assert statuses == [200, 403]
    assert first_byte(door, token, claire) == b"\x88"
    assert first_byte(door, token, ana) == b"\x81"


def test_forms_of_other_sites_and_modules_named_in_addresses_are_refused(visit, door):
    page = visit()
    for headers in ({"Origin": "http://evil.example"}, {}):
        got = page.request.post(
            f"{door}/login", form={"username": "claire", "password": PASSWORD}, headers=headers
        )
        assert got.status == 403
    assert page.request.get(f"{door}/components/this/x/css/y").status == 404
    for path in ("/overview", "/admin", "/workbook", "/password"):
        got = page.request.get(door + path, max_redirects=0)
        assert (got.status, "login" in got.headers["location"]) == (302, True)


def through(page, sub):
    page.get_by_role("link", name="Se connecter par Keycloak").click()
    page.fill("input[name=sub]", sub)
    page.get_by_role("button", name="Authorize").click()


def test_openid_lets_in_whoever_is_a_user_here(visit, door, engine):
    page = visit("/funnel?period=3m")
    through(page, "7")
    page.wait_for_url(f"{door}/funnel?period=3m")
    expect(page.get_by_role("button", name="Claire")).to_be_visible()
    assert events(engine, "claire")[-1] == "signed_in"
    page = visit()
    through(page, "8")
    expect(page.get_by_role("alert")).to_contain_text("« stranger », qui n’a pas d’accès ici")
    assert events(engine, "stranger") == ["refused"]


def test_openid_answers_count_once_and_only_where_they_were_asked_for(visit, door):
    page = visit()
    answers = []
    page.on("request", lambda one: "/callback?" in one.url and answers.append(one.url))
    through(page, "7")
    page.wait_for_url(f"{door}/overview")
    for address in (
        answers[0],  # a second time
        f"{door}/oidc/callback?code=x&state=forged",
        f"{door}/oidc/callback?error=access_denied",
    ):
        elsewhere = visit(address.removeprefix(door))
        expect(elsewhere.get_by_role("alert")).to_contain_text("n’a pas commencé ici")
    begun = visit()
    begun.get_by_role("link", name="Keycloak").click()
    begun.goto(answers[0])  # another sign-in's answer
    expect(begun.get_by_role("alert")).to_contain_text("n’a pas commencé ici")


def test_a_session_of_somebody_put_out_shows_nothing(visit, engine):
    page = signed_in(visit(), "lea")
    users.change(engine, "lea", by="ana", active=False)
    page.wait_for_url("**/login?next=%2Foverview")
    assert sessions.open_now(engine, Limits()).query("username == 'lea'").empty
    users.change(engine, "lea", by="ana", active=True)
    assert connect(str(engine.url)) is engine
