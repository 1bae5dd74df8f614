"""The doors: signing in and out, one's password, and whether one is still signed in."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import math
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import OperationalError

from dashboards.login.auth import COOKIE, Door, inside
from workbench.errors import LockedOut, NotAllowed
from workbench.store import access_log, sessions, signins, users

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.locale import Locale

log = logging.getLogger("dashboards.login")

AT_ONCE = asyncio.Semaphore(2)
"""Argon2 takes time and memory by design: so many passwords are looked at together."""


async def on_a_thread(act: Callable[[], Any]) -> Any:
    """Do what is slow by design, so that it stops nobody else."""
    async with AT_ONCE:
        return await asyncio.to_thread(act)


def later(loc: Locale, until: dt.datetime) -> str:
    """When to try again."""
    minutes = max(1, math.ceil((until - access_log.now()) / dt.timedelta(minutes=1)))
    return loc.t(
        "Trop d’essais infructueux. Réessayez dans {time}, ou demandez à un administrateur.",
        time=loc.plural(minutes, "{n} minute", "{n} minutes"),
    )


class Login(Door):
    """The sign-in page."""

    def get(self) -> None:
        """Show the form."""
        self.form()

    async def post(self) -> None:
        """Check name and password; on to where the visitor was going."""
        auth = self.settings_.auth
        username = self.get_body_argument("username", "").strip()
        password = self.get_body_argument("password", "", strip=False)[: users.LONGEST + 1]
        loc = self.loc
        if not auth.passwords:
            self.set_status(403)
            self.form(loc.t("On ne se connecte pas ici par mot de passe."))
            return
        try:
            token = await on_a_thread(
                lambda: signins.sign_in(
                    self.provider.engine,
                    username,
                    password,
                    address=self.address,
                    limits=auth.limits,
                )
            )
        except LockedOut as locked:
            self.set_status(429)
            seconds = max(1, round((locked.until - access_log.now()).total_seconds()))
            self.set_header("Retry-After", str(seconds))
            self.form(later(loc, locked.until), username)
        except NotAllowed:
            self.set_status(401)
            self.form(loc.t("Identifiant ou mot de passe incorrect."), username)
        except OperationalError:  # a load holds the store for long
            log.warning("a sign-in could not be written", exc_info=True)
            self.set_status(503)
            self.form(loc.t("Un chargement est en cours. Réessayez dans un instant."), username)
        else:
            await self.let_in(token)
            self.redirect(inside(self.get_argument("next", None)))

    def form(self, problem: str = "", username: str = "") -> None:
        """The page, with what went wrong."""
        auth = self.settings_.auth
        self.show(
            "login.html",
            problem=problem,
            username=username,
            next=inside(self.get_argument("next", None)),
            passwords=auth.passwords,
            oidc=auth.oidc.label if auth.oidc else "",
        )


class Logout(Door):
    """The way out."""

    def get(self) -> None:
        """Ask: an address alone, in a mail for instance, signs nobody out."""
        self.show("logout.html")

    async def post(self) -> None:
        """End the session, and forget its token."""
        token = self.get_cookie(COOKIE)
        if token:
            await asyncio.to_thread(sessions.end, self.provider.engine, token, address=self.address)
            await self.provider.watch.sweep()
        self.clear_cookie(COOKIE)
        self.redirect("/login")


class Password(Door):
    """One's own password, and one's sessions elsewhere."""

    def get(self) -> None:
        """Show the form."""
        found = self.provider.signed_in(self)
        if found is None:
            self.redirect("/login?next=/password")
            return
        self.form(found.viewer.name, found.viewer.username)

    async def post(self) -> None:
        """Change the password, or end the other sessions."""
        found = self.provider.signed_in(self)
        token = self.get_cookie(COOKIE)
        if found is None or token is None:
            self.redirect("/login?next=/password")
            return
        loc, viewer = self.loc, found.viewer
        said, problem = "", ""
        try:
            if self.get_body_argument("everywhere", ""):
                ended = await asyncio.to_thread(
                    users.end_sessions, self.provider.engine, viewer.username, but=token
                )
                said = loc.plural(
                    ended, "{n} autre session terminée.", "{n} autres sessions terminées."
                )
            else:
                await on_a_thread(lambda: self._change(viewer.username, token))
                said = loc.t("Mot de passe changé ; vos autres sessions sont terminées.")
        except LockedOut as locked:
            self.set_status(429)
            problem = later(loc, locked.until)
        except NotAllowed as refused:
            self.set_status(400)
            problem = loc.say(refused.args[0])
        await self.provider.watch.sweep()
        self.form(viewer.name, viewer.username, said=said, problem=problem)

    def _change(self, username: str, token: str) -> None:
        users.change_password(
            self.provider.engine,
            username,
            self.get_body_argument("old", "", strip=False)[: users.LONGEST + 1],
            self.get_body_argument("new", "", strip=False)[: users.LONGEST + 1],
            self.get_body_argument("again", "", strip=False)[: users.LONGEST + 1],
            address=self.address,
            but=token,
        )

    def form(self, name: str, username: str, *, said: str = "", problem: str = "") -> None:
        """The page, with what came of it."""
        self.show(
            "password.html",
            name=name,
            username=username,
            said=said,
            problem=problem,
            least=users.SHORTEST,
            passwords=self.settings_.auth.passwords,
        )


class Still(Door):
    """Whether one is still signed in, for a page that has lost its connection."""

    by_itself = True

    def get(self) -> None:
        """Say so."""
        self.set_header("Cache-Control", "no-store")
        self.write({"signed_in": self.provider.signed_in(self) is not None})


DOORS: list[tuple[str, type[Door]]] = [
    ("/login", Login),
    ("/logout", Logout),
    ("/password", Password),
    ("/session", Still),
]
