"""What the server must know of the browser, and ask of it: two small components.

`Sight` tells when its place comes into view, so that what stands lower down is drawn only then.
`Browser` tells a phone from a desk and that a hand is on the page, keeps the address in step, goes
to another page, remembers a choice in a cookie, and asks before unsaved changes are left behind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import param
from panel.custom import JSComponent

from dashboards import theme

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


class Sight(JSComponent):
    """An invisible mark in a card; `seen` turns true when the card comes in sight."""

    seen = param.Boolean(default=False)
    height = param.Integer(default=1)

    _esm = theme.script("sight")

    def __init__(self, on_seen: Callable[[], Awaitable[None]], **params: Any) -> None:
        super().__init__(  # type: ignore[no-untyped-call]  # Panel's own
            margin=0, sizing_mode="stretch_width", **params
        )

        async def tell(_: Any) -> None:
            await on_seen()

        self.param.watch(tell, "seen")


class Browser(JSComponent):
    """The browser's side of a session."""

    narrow = param.Boolean(default=False, doc="Whether the window is a phone's.")
    unsaved = param.Boolean(default=False, doc="Whether leaving would lose changes.")
    acted = param.Integer(default=0, doc="Grows when a key, a pointer or a wheel is used.")
    pause = param.Integer(default=60_000, doc="Milliseconds between two times that it grows.")

    _esm = theme.script("browser")

    def visit(self, address: str) -> None:
        """Go there."""
        self._send_msg({"visit": address})

    def address(self, address: str) -> None:
        """Show this in the address bar, without loading it."""
        self._send_msg({"address": address})

    def remember(self, name: str, value: str) -> None:
        """Keep a choice in a cookie for a year."""
        self._send_msg({"cookie": f"{name}={value}"})

    def working(self) -> None:
        """Say that something is being computed, if it takes long enough to wonder."""
        self._send_msg({"working": True})

    def rested(self) -> None:
        """No longer."""
        self._send_msg({"working": False})

    def post(self, address: str) -> None:
        """Send an empty form there, with the token that forms of this site carry."""
        self._send_msg({"post": address})

    def reload(self) -> None:
        """Load the page again."""
        self._send_msg({"reload": True})
