"""Reports over HTTP: the page of a run, to its reader alone, and the script that it draws by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import plotly
from tornado.web import HTTPError, RequestHandler

from dashboards.assets import Packed
from workbench.errors import UnknownName
from workbench.exports.reports import Reports
from workbench.store import access, connect

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.settings import Settings

SCRIPT = "report/plotly.min.js"
ALONE = (
    "sandbox allow-scripts allow-popups allow-modals; default-src 'none'; base-uri 'none'; "
    "form-action 'none'; script-src 'unsafe-inline' {host}; style-src 'unsafe-inline'; "
    "img-src data:"
)
"""A report may draw and nothing else: it reaches neither its reader's session nor another host."""


class ReportPage(RequestHandler):
    """The page of a run."""

    def initialize(self, settings: Settings, user: Callable[[RequestHandler], str | None]) -> None:
        """Take the settings, and how to tell who asks."""
        self.settings_ = settings
        self.user = user

    def get(self, name: str) -> None:
        """Send it to its reader; to anybody else it isn't there."""
        username = self.user(self)
        if username is None:
            self.redirect("/login")
            return
        viewer = access.viewer(connect(self.settings_.database), username)
        try:
            run = Reports.of(self.settings_).find(name, viewer)
            page = run.html.read_bytes()
        except (UnknownName, FileNotFoundError) as error:
            raise HTTPError(404) from error
        host = f"{self.request.protocol}://{self.request.host}/{SCRIPT}"
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Content-Security-Policy", ALONE.format(host=host))
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cache-Control", "private, no-store")
        self.finish(page)


def address(run: str) -> str:
    """Where a run's page is read.

    >>> address("20260930-7f")
    '/report/20260930-7f/page'
    """
    return f"/report/{run}/page"


def patterns(
    settings: Settings, user: Callable[[RequestHandler], str | None]
) -> list[tuple[str, type[RequestHandler], dict[str, Any]]]:
    """The addresses of reports."""
    package = f"{plotly.__path__[0]}/package_data"
    return [
        (r"/report/(plotly\.min\.js)", Packed, {"path": package}),
        (r"/report/([\w-]+)/page", ReportPage, {"settings": settings, "user": user}),
    ]
