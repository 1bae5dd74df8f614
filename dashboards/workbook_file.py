"""The executives' workbook over HTTP: what the filter bar shows, to whoever asks, no more."""

from __future__ import annotations

import asyncio
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tornado.web import RequestHandler

import workbench
from dashboards.filters import from_query, narrowed, told, told_by
from dashboards.session import POOL
from workbench.exports import excel
from workbench.exports.downloads import file_name
from workbench.store import access, connect

if TYPE_CHECKING:
    from collections.abc import Callable

    from dashboards.filters import Filters
    from workbench.locale import Locale
    from workbench.settings import Settings
    from workbench.store.access import Viewer

ADDRESS = "/workbook"
KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class WorkbookFile(RequestHandler):
    """The workbook, made on a thread: other sessions go on meanwhile."""

    def initialize(self, settings: Settings, user: Callable[[RequestHandler], str | None]) -> None:
        """Take the settings, and how to tell who asks."""
        self.settings_ = settings
        self.user = user

    async def get(self) -> None:
        """Send it, in the viewer's scope and the address's filters."""
        username = self.user(self)
        if username is None:
            self.redirect("/login")
            return
        viewer = access.viewer(connect(self.settings_.database), username)
        asked = told_by(self.request.arguments)
        language = self.get_cookie("language")
        loc = self.settings_.locale(language if language in {"fr", "en"} else viewer.language)
        make = partial(_make, self.settings_, viewer, from_query(asked), loc)
        name, content = await asyncio.get_running_loop().run_in_executor(POOL, make)
        self.set_header("Content-Type", KIND)
        self.set_header("Content-Disposition", f"attachment; filename*=UTF-8''{quote(name)}")
        self.set_header("Cache-Control", "private, no-store")
        self.finish(content)


def _make(settings: Settings, viewer: Viewer, chosen: Filters, loc: Locale) -> tuple[str, bytes]:
    """The file's name and content."""
    whole = workbench.open(
        settings.database, as_of=chosen.as_of, viewer=viewer, today=settings.today
    )
    data, span = narrowed(whole, chosen), chosen.span(whole.as_of)
    with tempfile.TemporaryDirectory() as folder:
        path = excel.write(
            data,
            Path(folder) / "workbook.xlsx",
            loc=loc,
            filters=told(loc, whole, chosen),
            since=span.start,
            until=span.end,
        )
        return file_name(settings.company.name, data.as_of, "xlsx"), path.read_bytes()


def patterns(
    settings: Settings, user: Callable[[RequestHandler], str | None]
) -> list[tuple[str, type[RequestHandler], dict[str, Any]]]:
    """Its address."""
    return [(ADDRESS, WorkbookFile, {"settings": settings, "user": user})]
