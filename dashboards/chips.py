"""Small buttons in a row: what is chosen and can be removed, or kinds to look at.

One component for the whole row: Material's chips are a model each, and as slow to make as a figure.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import panel as pn
import param
from panel.custom import JSComponent

from dashboards import theme

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine


class Chips(JSComponent):
    """The row; `on_click` gets the key of the chip that was clicked."""

    items = param.List(default=[], doc='Dictionaries: "key", "text", "icon" and "hint" if any.')

    _esm = theme.script("chips")

    _stylesheets = [theme.sheet("chips")]  # noqa: RUF012 - as Panel documents it

    def __init__(self, on_click: Callable[[str], Coroutine[Any, Any, None]], **params: Any) -> None:
        super().__init__(sizing_mode="stretch_width", **params)  # type: ignore[no-untyped-call]  # Panel's own
        self._on_click = on_click

    def _handle_msg(self, data: str) -> None:
        pn.state.execute(partial(self._on_click, data))
