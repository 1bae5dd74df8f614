"""The sign-in page as it is set: by password, through a provider, or both."""

from __future__ import annotations

import asyncio
import datetime as dt
import http.client
import json
import re
import threading
from contextlib import closing
from urllib.parse import urlencode

import pytest
from sqlalchemy.exc import OperationalError
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, create_signed_value

from dashboards.login import auth, doors, oidc
from dashboards.login.watch import Watch
from workbench.settings import Auth, Oidc, Settings
from workbench.store import access_log, create, sessions, signins, users

PROVIDER = Oidc(issuer="https://id.example", client_id="workbench", label="Keycloak")
RIGHT = "a long password"


class Site:
    """The doors, and files if any, served by a thread, on a store of one user."""

    def __init__(self, settings, *files):
        create(settings.database)
        through = oidc.DOORS if settings.auth.oidc else []
        provider = self.provider = auth.Provider(settings, doors.DOORS + through)
        users.add_user(provider.engine, "ana", RIGHT, name="Ana", role="analyst")
        patterns = [one for file in files for one in file.patterns(settings, provider.get_user)]
        self.app = Application([*provider.endpoints, *patterns], cookie_secret="x" * 32)
        self.sockets = bind_sockets(0, "127.0.0.1")
        self.ready = threading.Event()
        self.thread = threading.Thread(target=lambda: asyncio.run(self.serve()))
        self.thread.start()
        self.ready.wait(10)

    async def serve(self):
        server = HTTPServer(self.app)
        server.add_sockets(self.sockets)
        self.loop, self.done = asyncio.get_running_loop(), asyncio.Event()
        self.ready.set()
        await self.done.wait()
        server.stop()
        await server.close_all_connections()

    def close(self):
        self.loop.call_soon_threadsafe(self.done.set)
        self.thread.join(10)

    def ask(self, path, method="GET", fields=None, **headers):
        """Status, headers and body of an answer."""
        form = {"Content-Type": "application/x-www-form-urlencoded"} if fields else {}
        port = self.sockets[0].getsockname()[1]
        with closing(http.client.HTTPConnection("127.0.0.1", port)) as connection:
            connection.request(method, path, urlencode(fields or {}), headers | form)
            with connection.getresponse() as found:
                return found.status, found.headers, found.read().decode()

    def form(self):
        """The page, and what sending its form needs."""
        _, headers, body = self.ask("/login")
        cookie = headers["Set-Cookie"].split(";")[0]
        token = re.search(r'name="_xsrf" value="([^"]+)"', body)
        return body, cookie, token[1] if token else cookie.partition("=")[2]

    def send(self, password=RIGHT, next_="/funnel", **headers):
        _, cookie, token = self.form()
        fields = {"_xsrf": token, "username": "ana", "password": password, "next": next_}
        status, answered, _ = self.ask("/login", "POST", fields, Cookie=cookie, **headers)
        return status, answered["Location"]


@pytest.fixture
def site(tmp_path):
    """`site(passwords=False)`: the doors under such settings."""
    opened = []

    def open_(**given):
        database = f"sqlite:///{tmp_path / f'{len(opened)}.db'}"
        opened.append(Site(Settings(database=database, auth=Auth(**given))))
        return opened[-1]

    yield open_
    for made in opened:
        made.close()


def test_by_password_alone_unless_more_is_set(site):
    here = site()
    body, _, _ = here.form()
    assert 'id="password"' in body
    assert "oidc" not in body
    assert here.ask("/oidc/start")[0] == 404
    assert here.send() == (302, "/funnel")
    assert here.send(next_="//elsewhere.example") == (302, "/overview")
    assert here.send("a guess") == (401, None)


def test_through_a_provider_alone(site):
    here = site(passwords=False, oidc=PROVIDER)
    body, cookie, token = here.form()
    assert 'id="password"' not in body
    assert "Se connecter par Keycloak" in body
    fields = {"_xsrf": token, "username": "ana", "password": RIGHT}
    status, headers, body = here.ask("/login", "POST", fields, Cookie=cookie)
    assert (status, "On ne se connecte pas ici par mot de passe." in body) == (403, True)
    assert "session=" not in headers.as_string()


def test_both(site):
    here = site(oidc=PROVIDER)
    body, _, _ = here.form()
    assert 'id="password"' in body
    assert "Se connecter par Keycloak" in body
    assert here.send() == (302, "/funnel")


def test_forms_come_from_pages_of_the_site(site):
    here = site(hosts=("crm.example",))
    assert here.send(Origin="https://crm.example") == (302, "/funnel")
    for origin in ("https://crm.example.evil", "https://evil.example", "null"):
        assert here.send(Origin=origin) == (403, None)


def test_asking_whether_one_is_still_signed_in_does_not_put_off_the_end(site, monkeypatch):
    touched = []
    monkeypatch.setattr(Watch, "touched", lambda _, mark, __: touched.append(mark))
    here = site()
    token = signins.sign_in(here.provider.engine, "ana", RIGHT)
    assert here.ask("/session", Cookie=f"session={token}")[2] == '{"signed_in": true}'
    assert touched == []
    assert here.ask("/password", Cookie=f"session={token}")[0] == 200
    assert touched == [sessions.mark(token)]


def back(here, **query):
    """Back from the provider's: status, and what the log then says last."""
    going = {"state": "s", "nonce": "n", "verifier": "v", "next": "/funnel"}
    kept = create_signed_value("x" * 32, oidc.COOKIE, json.dumps(going)).decode()
    status, _, _ = here.ask(f"/oidc/callback?{urlencode(query)}", Cookie=f"{oidc.COOKIE}={kept}")
    seen = access_log.events(here.provider.engine, dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
    return status, seen["event"].iloc[0], seen["detail"].iloc[0]


def test_whatever_comes_back_from_a_provider_is_refused_and_noted(site):
    here = site(oidc=PROVIDER)
    assert back(here, state="é", code="x") == (403, "forbidden", oidc.STALE)
    assert back(here, state="s", error="{x") == (403, "forbidden", "oidc: {x")


def test_whoever_was_put_out_stays_out_whatever_the_provider_says(site, monkeypatch):
    claims = {"iss": "https://id.example", "sub": "7", "preferred_username": "ana"}
    monkeypatch.setattr(oidc.Provider, "claims", lambda *_: claims)
    here = site(oidc=PROVIDER)
    users.change(here.provider.engine, "ana", by="root", active=False)
    assert back(here, state="s", code="x") == (403, "refused", signins.UNKNOWN)
    with here.provider.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM user_session").scalar() == 0
        assert connection.exec_driver_sql("SELECT count(*) FROM user_identity").scalar() == 0
    users.change(here.provider.engine, "ana", by="root", active=True)
    assert back(here, state="s", code="x") == (302, "signed_in", "Keycloak")


def test_a_sign_in_that_cannot_be_written_asks_to_come_back(site, monkeypatch):
    def locked(*_, **__):
        raise OperationalError("INSERT", {}, Exception("database is locked"))

    claims = {"iss": "https://id.example", "sub": "7", "preferred_username": "ana"}
    monkeypatch.setattr(oidc.Provider, "claims", lambda *_: claims)
    here = site(oidc=PROVIDER)
    assert back(here, state="s", code="x") == (302, "signed_in", "Keycloak")
    monkeypatch.setattr(signins, "admit", locked)
    assert back(here, state="s", code="x")[0] == 503
