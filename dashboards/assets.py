"""Panel's and our own static files: compressed once, and kept by the browser for good.

Their addresses carry a version, or their names a hash; whichever doesn't is asked for again, and
answered with "not modified".
"""

from __future__ import annotations

import gzip
import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bokeh.embed.bundle import extension_dirs
from bokeh.server.views.multi_root_static_handler import MultiRootStaticHandler
from bokeh.server.views.static_handler import StaticHandler
from tornado.web import RequestHandler, StaticFileHandler

if TYPE_CHECKING:
    import datetime as dt

TEXT = (".js", ".css", ".json", ".svg", ".mjs", ".map")
ROBOTO = re.compile(rb"@font-face\s*\{[^}]*Roboto[^}]*\}")
HASHED = re.compile(r"-[0-9A-Z]{8}\.\w+$")
YEAR = 365 * 24 * 3600


@lru_cache(maxsize=256)
def compressed(path: str, modified: dt.datetime | None) -> bytes:  # noqa: ARG001 - a changed file is another
    """The file, as gzip sends it; of Material's icons without the letters that it brings along.

    It declares each cut of Roboto without saying for which letters: Chromium then fetches one
    after the other and lays the page out anew after each. Another sheet declares them with it.
    """
    content = Path(path).read_bytes()
    if path.endswith("material-icons.css"):
        content = ROBOTO.sub(b"", content)
    return gzip.compress(content, 9, mtime=0)


class Packed(StaticFileHandler):
    """Mixed into a static handler: sends the compressed form where the browser takes it."""

    def set_extra_headers(self, path: str) -> None:
        """Let the browser keep what has its version in its address."""
        if self.request.query or HASHED.search(path):
            self.set_header("Cache-Control", f"public, max-age={YEAR}, immutable")
        else:
            self.set_header("Cache-Control", "public, max-age=3600")
        self.set_header("Vary", "Accept-Encoding")

    async def get(self, path: str, include_body: bool = True) -> None:  # noqa: FBT001, FBT002
        """Send the file, packed where it may be; "not modified" where the browser has it."""
        self.path = self.parse_url_path(path)
        absolute = self.get_absolute_path(self.root, self.path)
        self.absolute_path = self.validate_absolute_path(self.root, absolute)
        accepts = "gzip" in self.request.headers.get("Accept-Encoding", "")
        packs = accepts and self.absolute_path and self.absolute_path.endswith(TEXT)
        if not packs:
            await super().get(path, include_body)
            return
        self.modified = self.get_modified_time()
        self.set_headers()
        if self.should_return_304():
            self.set_status(304)
            return
        self.set_header("Content-Encoding", "gzip")
        if include_body:
            self.finish(compressed(self.absolute_path, self.modified))


class Extensions(Packed, MultiRootStaticHandler):
    """Panel's and Material's files."""


class Bokeh(Packed, StaticHandler):
    """Bokeh's files."""


def patterns() -> list[tuple[str, type[RequestHandler], dict[str, Any]]]:
    """Before the server's own handlers of the same addresses."""
    return [
        (r"/static/extensions/(.*)", Extensions, {"root": extension_dirs}),
        (r"/static/(.*)", Bokeh, {}),
    ]
