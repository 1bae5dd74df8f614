"""What others change shows without a reload: open pages are told when the store has moved.

One look at the store for all pages of the process, every other second. Where data are corrected
the page draws what moved at once; elsewhere figures don't move under a reader's eyes: a line says
that there is news, and a click draws it. A page that shows what its viewer may no longer see is
loaded anew, whatever it is.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from functools import partial
from html import escape
from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui
from sqlalchemy.exc import SQLAlchemyError

from dashboards import theme
from dashboards.filters import NAMES
from workbench.store import access, versions

if TYPE_CHECKING:
    from bokeh.document import Document
    from sqlalchemy import Engine

    from dashboards.session import Session

log = logging.getLogger("dashboards.live")
EVERY_MS = 2_000


class News:
    """The line that says that there is something new; empty while there isn't.

    Args:
        session: of the page.
        live: whether what is new is drawn at once instead.
    """

    def __init__(self, session: Session, *, live: bool) -> None:
        self.session, self.live = session, live
        loc = session.loc
        said = escape(loc.t("Les données ont changé depuis l’affichage de cette page."))
        refresh = pmui.Button(
            label=loc.t("Actualiser"), icon="refresh", size="small", variant="text", margin=0
        )
        refresh.on_click(self._refresh)
        self.view = pn.FlexBox(
            pn.pane.HTML(f'<div role="status">{said}</div>', margin=0),
            refresh,
            css_classes=["strip", "news"],
            stylesheets=[theme.sheet("strip")],
            align_items="center",
            gap="8px",
            margin=0,
            visible=False,
        )
        session.filters.param.watch(self._read, list(NAMES))

    def _read(self, _: object) -> None:
        """A filter was changed: what is drawn from here on is new."""
        self.view.visible = False

    async def _refresh(self, _: object) -> None:
        self.view.visible = False
        await self.session.redraw()

    async def tell(self, news: int) -> None:
        """The store's `news` are these: draw what moved, or say that it did."""
        session = self.session
        shown = session.shown
        if await session.aside(session.overtaken):
            if not session.browser.unsaved:  # what was entered stays, over what is theirs still
                session.renew()
                return
        elif shown is None or shown >= news:
            return
        elif not self.live:
            self.view.visible = True
            return
        await session.redraw()
        for act in session.on_news:
            await act()


class Pulse:
    """Looks at the store for every open page.

    Args:
        engine: the store.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._pages: dict[Document, News] = {}
        self._seen: tuple[int, int, dt.date] | None = None

    def follow(self, document: Document, page: News) -> None:
        """Tell this page from now on, until it is closed."""
        self._pages[document] = page

        def forget(_: object) -> None:
            self._pages.pop(document, None)

        document.on_session_destroyed(forget)

    async def beat(self) -> None:
        """Look, and tell those who stand open if the store has moved, or rights, or the day."""
        if not self._pages:
            return
        try:
            seen = await asyncio.to_thread(self._look)
        except SQLAlchemyError:
            log.warning("the store could not be looked at", exc_info=True)
            return
        if seen == self._seen:
            return
        self._seen = seen
        news, *_ = seen
        for document, page in list(self._pages.items()):
            if _looked_at(document):
                tell: Any = partial(page.tell, news)
                document.add_next_tick_callback(tell)

    def _look(self) -> tuple[int, int, dt.date]:
        today = dt.datetime.now(dt.UTC).date()  # of whose teams rights are
        return versions.news(self.engine), access.moved(self.engine), today


def _looked_at(document: Document) -> bool:
    """Whether a browser still shows it: the server keeps a page for a while after it is left."""
    context: Any = document.session_context
    return bool(context and context.session and context.session.connection_count)
