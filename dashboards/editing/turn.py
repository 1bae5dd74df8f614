"""Saving and checking, one at a time: a second click while one runs would write twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import panel_material_ui as pmui


class Turn:
    """Whose turn it is: while one act runs its buttons are disabled, and no other begins."""

    def __init__(self) -> None:
        self._buttons: list[pmui.Button] = []
        self._taken = False

    def on_click(self, button: pmui.Button, act: Callable[[], Awaitable[None]]) -> None:
        """Have a button do this when it is clicked."""
        self._buttons.append(button)

        async def click(_: Any) -> None:
            await self.take(act)

        button.on_click(click)

    async def take(self, act: Callable[[], Awaitable[None]]) -> None:
        """Do it, unless something is being done."""
        if self._taken:
            return
        try:
            self._set(taken=True)
            await act()
        finally:
            self._set(taken=False)

    def _set(self, *, taken: bool) -> None:
        self._taken = taken
        for button in self._buttons:
            button.disabled = taken
