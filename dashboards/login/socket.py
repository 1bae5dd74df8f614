"""The websocket of a page: for the session that the page was made for, as long as that holds."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from bokeh.protocol.exceptions import ProtocolError
from bokeh.server.urls import per_app_patterns
from bokeh.util.token import get_session_id
from panel.io.server import DocHandler, WSHandler
from tornado.web import HTTPError

from workbench.store import access_log

if TYPE_CHECKING:
    from bokeh.document import Document

    from dashboards.login.watch import Watch
    from workbench.store.sessions import SignedIn

log = logging.getLogger("dashboards.login")

ENDED = 4401
"""The websocket's closing code; browsers ask afterwards whether they are still signed in."""


def signed_in(document: Document) -> SignedIn:
    """The session that a page was asked for in."""
    context: Any = document.session_context
    found: SignedIn = context.request.signed_in
    return found


class Socket(WSHandler):
    """Refuses another site's page and another session's; leaves when the session has ended."""

    application: Any
    request: Any
    by_itself = True

    def check_origin(self, origin: str) -> bool:
        """Whether a page of this site opens it: of an address it serves, or of `[auth] hosts`."""
        if super().check_origin(origin):
            return True
        log.warning("a page of %s was refused; [auth] hosts in workbench.toml lists ours", origin)
        found = self.application.auth_provider.signed_in(self)
        access_log.forbidden_later(
            self.watch.engine,
            found.viewer.username if found else "",
            f"Origin: {origin}",
            address=self.request.remote_ip or "",
        )
        return False

    @property
    def watch(self) -> Watch:
        """Over all open pages."""
        watch: Watch = self.application.auth_provider.watch
        return watch

    @property
    def mark(self) -> str:
        """Of the session that opened it."""
        return str(self.request.signed_in.mark)

    async def _async_open(self, token: str) -> None:
        try:
            session = self.application_context.get_session(get_session_id(token))
        except ProtocolError:  # none yet: it will be made for whoever asks now
            session = None
        if session is not None and signed_in(session.document).mark != self.mark:
            log.warning("a page of another session was asked for")
            self.leave()
            return
        await super()._async_open(token)
        self.watch.pages.add(self)

    async def _handle(self, message: Any) -> Any:
        if not await self.watch.holds(self):
            self.leave()
            return None
        return await super()._handle(message)

    def leave(self) -> None:
        """Close: the page then sees that its session has ended, and goes to the sign-in page."""
        self.close(ENDED, "the session has ended")

    def on_close(self) -> None:
        """Forget it."""
        self.watch.pages.discard(self)
        super().on_close()


class OwnPage(DocHandler):
    """A page, made for whoever asks; an address may name one that is there already."""

    request: Any

    async def get_session(self) -> Any:
        """The page's session on the server.

        Raises:
            HTTPError: it is a page of somebody else's.
        """
        asked: Any = super().get_session()
        session = await asked
        if session is not None and signed_in(session.document).mark != self.request.signed_in.mark:
            raise HTTPError(403, "a page of another session")
        return session


def install() -> None:
    """Serve pages through these: Panel offers no other way to name them.

    Its doors for embedding a page in another site's are left out.
    """
    per_app_patterns[:] = [(r"/ws", Socket), (r"/?", OwnPage)]
