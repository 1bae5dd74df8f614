"""What others change shows without a reload: open pages are told when the store has moved.

One look at the store for all pages of the process, every other second. Where data are corrected
the page draws what moved at once; elsewhere figures don't move under a reader's eyes: a line says
that there is news, and a click draws it.
"""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from html import escape
from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui
from sqlalchemy.exc import SQLAlchemyError

from dashboards import theme
from dashboards.filters import NAMES
from workbench.store import dataset

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
        if shown is None or shown >= news:
            return
        if not self.live:
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
        self._news = 0

    def follow(self, document: Document, page: News) -> None:
        """Tell this page from now on, until it is closed."""
        self._pages[document] = page

        def forget(_: object) -> None:
            self._pages.pop(document, None)

        document.on_session_destroyed(forget)

    async def beat(self) -> None:
        """Look, and tell those who stand open if the store has moved."""
        if not self._pages:
            return
        try:
            news = await asyncio.to_thread(dataset.news, self.engine)
        except SQLAlchemyError:
            log.warning("the store could not be looked at", exc_info=True)
            return
        if news == self._news:
            return
        self._news = news
        for document, page in list(self._pages.items()):
            if _looked_at(document):
                tell: Any = partial(page.tell, news)
                document.add_next_tick_callback(tell)


def _looked_at(document: Document) -> bool:
    """Whether a browser still shows it: the server keeps a page for a while after it is left."""
    context: Any = document.session_context
    return bool(context and context.session and context.session.connection_count)
