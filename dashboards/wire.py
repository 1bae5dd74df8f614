"""Messages to the browser: one mend of Panel 1.9, which leaves the last of a burst unsent.

Panel writes at once where it can. While an earlier write is under way it queues the message, marks
the document and starts a task for the queue. The earlier task takes the mark away when it ends, and
the later one, which finds no mark, leaves the queue as it is, until something else is sent. So a
page could say that it works long after it did, or show what was saved only at the next click.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from panel.io import document

if TYPE_CHECKING:
    from bokeh.document import Document

panel: Any = document
_as_panel_does = panel._dispatch_msgs  # noqa: SLF001 - what is to be mended


async def _send_what_waits(page: Document) -> None:
    if page in panel._WRITE_MSGS:  # noqa: SLF001
        panel._WRITE_BLOCK[page] = True  # noqa: SLF001
    await _as_panel_does(page)


def install() -> None:
    """Have what waits sent, mark or not."""
    panel._dispatch_msgs = _send_what_waits  # noqa: SLF001
