"""Who asks: the cookie that a browser holds, and the session of the store that it stands for.

The cookie is a random token that says nothing by itself. Whether it holds, and for whom, is asked
of the store at each page and while a page stands open (`watch`), so that whoever is put out is out.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from bokeh.server.auth_provider import AuthProvider
from tornado.web import HTTPError, RequestHandler

from dashboards.login.watch import Watch
from dashboards.theme import TEMPLATES
from workbench.store import connect, sessions

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    from sqlalchemy import Engine

    from workbench.locale import Locale
    from workbench.settings import Settings
    from workbench.store.sessions import SignedIn

COOKIE = "session"
HOME = "/overview"


def secret(file: Path) -> str:
    """The key that signs what browsers keep; made at first use, readable by its owner alone."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:  # another process was quicker
            return file.read_text("ascii")
        with os.fdopen(handle, "w", encoding="ascii") as out:
            out.write(secrets.token_urlsafe(48))
    return file.read_text("ascii")


def inside(address: str | None) -> str:
    """Where to go after signing in: a path of this site, else the first page.

    >>> inside("/funnel?team=3"), inside("//elsewhere.example"), inside("https://x.example")
    ('/funnel?team=3', '/overview', '/overview')
    """
    if not address or not address.startswith("/") or address[1:2] in {"/", "\\"}:
        return HOME
    if any(ord(letter) < ord(" ") for letter in address):  # a browser leaves a tab out of "/\t/x"
        return HOME
    return address


def from_here(origin: str | None, hosts: Collection[str]) -> bool:
    """Whether a form was sent by a page of one of these; an old browser may not say.

    >>> ours = ["crm.example:5006"]
    >>> from_here("http://crm.example:5006", ours), from_here("null", ours), from_here(None, ours)
    (True, False, True)
    """
    return origin is None or urlsplit(origin).netloc.lower() in hosts


class Door(RequestHandler):
    """What all doors share: the settings, the visitor's language, careful cookies and forms.

    Attributes:
        by_itself: whether a page comes here of its own accord, with nobody before it.
    """

    by_itself = False

    def initialize(self, provider: Provider) -> None:
        """Take what tells who asks."""
        self.provider = provider
        self.settings_ = provider.settings

    def prepare(self) -> None:
        """A form counts only if a page of ours sent it.

        Raises:
            HTTPError: another site's page did.
        """
        if self.request.method == "POST":
            ours = {self.request.host.lower(), *self.settings_.auth.hosts}
            if not from_here(self.request.headers.get("Origin"), ours):
                raise HTTPError(403, "a form of another site")
            self.check_xsrf_cookie()

    def set_cookie(self, name: str, value: str | bytes, *args: Any, **options: Any) -> None:
        """No script reads it, no other site's form carries it, no open line if there is a safe one.

        All but the form's own token, which the page's sign-out reads.
        """
        options = {"samesite": "Lax", "httponly": name != "_xsrf", **options}
        options["secure"] = self.request.protocol == "https"
        super().set_cookie(name, value, *args, **options)

    @property
    def loc(self) -> Locale:
        """In the language of the cookie, else of the settings."""
        asked = self.get_cookie("language")
        return self.settings_.locale(asked if asked in {"fr", "en"} else None)

    @property
    def address(self) -> str:
        """Where the request comes from."""
        return str(self.request.remote_ip or "")

    async def let_in(self, token: str) -> None:
        """Give the browser its token; the session that it had ends."""
        before = self.get_cookie(COOKIE)
        if before:
            await asyncio.to_thread(
                sessions.end, self.provider.engine, before, address=self.address
            )
        self.set_cookie(COOKIE, token, expires_days=self.settings_.auth.absolute_days)

    def show(self, template: str, **values: Any) -> None:
        """A page of plain HTML, never kept."""
        loc = self.loc
        self.set_header("Cache-Control", "no-store")
        self.write(
            TEMPLATES.get_template(template).render(
                t=loc.t,
                language=loc.language,
                other="en" if loc.language == "fr" else "fr",
                dark=self.get_cookie("theme") == "dark",
                company=self.settings_.company.name,
                token=self.xsrf_token.decode("ascii"),
                **values,
            )
        )


class Provider(AuthProvider):
    """Tells the server who is asking, and where to sign in."""

    def __init__(self, settings: Settings, doors: list[Any] | None = None) -> None:
        self.settings = settings
        self.doors = doors or []
        self.limits = settings.auth.limits
        super().__init__()

    @cached_property
    def engine(self) -> Engine:
        """The store."""
        return connect(self.settings.database)

    @cached_property
    def watch(self) -> Watch:
        """Over the pages that stand open."""
        return Watch(self.engine, self.limits)

    def signed_in(self, handler: RequestHandler) -> SignedIn | None:
        """The session that a request's cookie stands for; it rides along with the request."""
        token = handler.get_cookie(COOKIE)
        found = sessions.find(self.engine, token, self.limits) if token else None
        handler.request.signed_in = found  # type: ignore[attr-defined]
        if found is not None and not getattr(handler, "by_itself", False):
            self.watch.touched(found.mark, found.seen_at)
        return found

    @property
    def get_user(self) -> Callable[[Any], Any]:
        """The active user that a request's cookie stands for."""

        def user(handler: RequestHandler) -> str | None:
            found = self.signed_in(handler)
            return found.viewer.username if found else None

        return user

    @property
    def login_url(self) -> str:
        """Where to sign in."""
        return "/login"

    @property
    def endpoints(self) -> list[Any]:
        """All doors."""
        return [(address, door, {"provider": self}) for address, door in self.doors]

    @property
    def get_login_url(self) -> None:
        """The address doesn't depend on who asks."""
        return

    @property
    def get_user_async(self) -> None:
        """`get_user` is quick enough."""
        return

    @property
    def login_handler(self) -> None:
        """Served as an endpoint of our own."""
        return

    @property
    def logout_handler(self) -> None:
        """Served as an endpoint of our own."""
        return

    @property
    def logout_url(self) -> str:
        """The way out."""
        return "/logout"
