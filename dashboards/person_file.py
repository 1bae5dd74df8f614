"""Everything about a person over HTTP, to whoever may ask for it."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

from tornado.web import HTTPError, RequestHandler

from dashboards.session import POOL
from workbench.errors import NotAllowed, UnknownName
from workbench.exports import person
from workbench.store import access, connect

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.settings import Settings


class PersonFile(RequestHandler):
    """The zip, made on a thread: other sessions go on meanwhile."""

    def initialize(self, settings: Settings, user: Callable[[RequestHandler], str | None]) -> None:
        """Take the settings, and how to tell who asks."""
        self.settings_ = settings
        self.user = user

    async def get(self, contact: str) -> None:
        """Send it; to whoever may not ask, it isn't there."""
        username = self.user(self)
        if username is None:
            self.redirect("/login")
            return
        settings = self.settings_
        engine = connect(settings.database)
        viewer = access.viewer(engine, username)
        language = self.get_cookie("language")
        loc = settings.locale(language if language in {"fr", "en"} else viewer.language)
        signed_in = getattr(self.request, "signed_in", None)
        make = partial(
            person.export,
            engine,
            contact,
            viewer=viewer,
            loc=loc,
            session=signed_in.mark if signed_in else "",
            keep_days=settings.privacy.log_days,
        )
        try:
            made = await asyncio.get_running_loop().run_in_executor(POOL, make)
        except (NotAllowed, UnknownName) as error:
            raise HTTPError(404) from error
        self.set_header("Content-Type", "application/zip")
        self.set_header("Content-Disposition", f"attachment; filename=person-{contact}.zip")
        self.set_header("Cache-Control", "private, no-store")
        self.finish(made)


def address(contact: int) -> str:
    """Where a contact's file is asked for.

    >>> address(12)
    '/person/12'
    """
    return f"/person/{contact}"


def patterns(
    settings: Settings, user: Callable[[RequestHandler], str | None]
) -> list[tuple[str, type[RequestHandler], dict[str, Any]]]:
    """Its address."""
    return [(r"/person/(\d{1,12})", PersonFile, {"settings": settings, "user": user})]
