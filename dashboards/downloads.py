"""Buttons that give what is on screen as a file, XLSX and CSV."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import panel as pn
import panel_material_ui as pmui

from workbench.exports import downloads

if TYPE_CHECKING:
    from collections.abc import Callable

    from dashboards.session import Session
    from dashboards.tables import Rows


def buttons(session: Session, shown: Callable[[], Rows]) -> pn.Row:
    """Two buttons for the rows that `shown` returns when one is clicked."""

    def file(suffix: str) -> io.BytesIO:
        rows = shown()
        frame = rows.frame[list(rows.columns)]
        labels = rows.titles(session.loc)
        if suffix == "csv":
            made = downloads.csv(frame, loc=session.loc, labels=labels, kinds=rows.kinds)
        else:
            scope = session.words()
            made = downloads.xlsx(
                frame,
                loc=session.loc,
                title=rows.title,
                scope=scope,
                labels=labels,
                kinds=rows.kinds,
            )
        # The name is told with the file: title and date are those of the moment.
        button = made_by[suffix]
        button.filename = downloads.file_name(rows.title, session.scope().data.as_of, suffix)
        return io.BytesIO(made)

    def button(suffix: str) -> pmui.FileDownload:
        return pmui.FileDownload(
            callback=lambda: file(suffix),
            filename=f"export.{suffix}",
            label=suffix.upper(),
            icon="download",
            size="small",
            variant="text",
            margin=0,
        )

    made_by = {suffix: button(suffix) for suffix in ("xlsx", "csv")}
    return pn.Row(*made_by.values(), margin=0, css_classes=["downloads"])
