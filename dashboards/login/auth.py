"""Signing in and out: argon2 through the store's users, one signed cookie, no file from outside.

The cookie tells the user's name; whether that user is active is asked of the store again at each
page, so that whoever is put out is out.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
from functools import cached_property
from typing import TYPE_CHECKING, Any

from bokeh.server.auth_provider import AuthProvider
from tornado.web import RequestHandler

from dashboards.theme import TEMPLATES
from workbench.errors import NotAllowed
from workbench.store import access, connect, users

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sqlalchemy import Engine

    from workbench.locale import Locale
    from workbench.settings import Settings

log = logging.getLogger("dashboards.login")

COOKIE = "user"
DAYS = 7
HOME = "/overview"


def secret(file: Path) -> str:
    """The key that signs cookies; made at first use, readable by its owner alone."""
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
    return address


class Handler(RequestHandler):
    """What both doors share: the settings, and the visitor's language."""

    def initialize(self, settings: Settings) -> None:
        """Take the settings."""
        self.settings_ = settings

    @property
    def loc(self) -> Locale:
        """In the language of the cookie, else of the settings."""
        asked = self.get_cookie("language")
        return self.settings_.locale(asked if asked in {"fr", "en"} else None)


class Login(Handler):
    """The sign-in page."""

    def get(self) -> None:
        """Show the form."""
        self._show()

    async def post(self) -> None:
        """Check name and password; on to where the visitor was going."""
        username = self.get_body_argument("username", "").strip()
        password = self.get_body_argument("password", "", strip=False)
        self.check_xsrf_cookie()
        try:
            # Argon2 is slow by design: on a thread, so that it stops nobody else.
            await asyncio.to_thread(
                users.sign_in, connect(self.settings_.database), username, password
            )
        except NotAllowed:
            log.warning("sign-in refused from %s", self.request.remote_ip)
            self.set_status(401)
            self._show(self.loc.t("Identifiant ou mot de passe incorrect."), username)
            return
        self.set_signed_cookie(
            COOKIE,
            username,
            expires_days=DAYS,
            httponly=True,
            samesite="Lax",
            secure=self.request.protocol == "https",
        )
        self.redirect(inside(self.get_argument("next", None)))

    def _show(self, problem: str = "", username: str = "") -> None:
        loc = self.loc
        self.set_header("Cache-Control", "no-store")
        self.write(
            TEMPLATES.get_template("login.html").render(
                t=loc.t,
                language=loc.language,
                other="en" if loc.language == "fr" else "fr",
                dark=self.get_cookie("theme") == "dark",
                company=self.settings_.company.name,
                problem=problem,
                username=username,
                token=self.xsrf_token.decode("ascii"),
                next=inside(self.get_argument("next", None)),
            )
        )


class Logout(Handler):
    """The way out."""

    def get(self) -> None:
        """Forget who it was."""
        self.clear_cookie(COOKIE)
        self.redirect("/login")


class Provider(AuthProvider):
    """Tells the server who is asking, and where to sign in."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        super().__init__()

    @cached_property
    def engine(self) -> Engine:
        """The store."""
        return connect(self.settings.database)

    @property
    def get_user(self) -> Callable[[Any], Any]:
        """The active user that a request's cookie names."""

        def user(handler: RequestHandler) -> str | None:
            signed = handler.get_signed_cookie(COOKIE, max_age_days=DAYS)
            if not signed:
                return None
            try:
                return access.viewer(self.engine, signed.decode()).username
            except NotAllowed:
                return None

        return user

    @property
    def login_url(self) -> str:
        """Where to sign in."""
        return "/login"

    @property
    def endpoints(self) -> list[Any]:
        """Both doors."""
        given = {"settings": self.settings}
        return [("/login", Login, given), ("/logout", Logout, given)]

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
