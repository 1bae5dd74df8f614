"""Saving and checking, one at a time: two at once would write twice.

The buttons are not greyed meanwhile: what is clicked comes after, and finds what is left by then.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import panel_material_ui as pmui


class Turn:
    """Whose turn it is: while one act runs, no other begins."""

    def __init__(self) -> None:
        self._taken = asyncio.Lock()

    def on_click(self, button: pmui.Button, act: Callable[[], Awaitable[None]]) -> None:
        """Have a button do this when it is clicked."""

        async def click(_: Any) -> None:
            await self.take(act)

        button.on_click(click)

    async def take(self, act: Callable[[], Awaitable[None]]) -> None:
        """Do it, after what is being done."""
        async with self._taken:
            await act()
