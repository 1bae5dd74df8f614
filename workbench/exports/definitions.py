"""The last sheet: what each number means, from the catalog."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from workbench.exports.columns import Field
from workbench.exports.sheet import BOLD, INDENT, PLAIN
from workbench.metrics.catalog import CATALOG
from workbench.tables import Kind

if TYPE_CHECKING:
    from workbench.exports.book import Book

HEAD = 4
WIDTHS = (30, 40, 15, 66, 38, 24)
LINE = 13.5
"""Height of a line of text, in points."""


def definitions(book: Book) -> None:
    """A row per metric of the catalog: question, unit, formula in words, source."""
    loc, language = book.loc, book.loc.language
    sheet = book.sheet(loc.t("Définitions"))
    sheet.widths(WIDTHS)
    sheet.freeze(HEAD)
    sheet.heading()
    heads = ("Indicateur", "Question", "Unité", "Formule", "Source", "Nom dans le catalogue")
    sheet.header([Field(head, loc.t(head), Kind.TEXT) for head in heads])
    for name, one in sorted(CATALOG.items()):
        texts = (one.label, one.question, one.unit, one.formula, one.source)
        said = [*(text.in_(language) for text in texts), name]
        # Nobody works out a row's height from its wrapped text but Excel itself, when edited.
        lines = max(ceil(len(text) / width) for text, width in zip(said, WIDTHS, strict=True))
        sheet.append(
            [
                sheet.text(text, PLAIN if index else BOLD, wrap=True, indent=INDENT if index else 0)
                for index, text in enumerate(said)
            ],
            height=LINE * lines + 3,
        )
    sheet.ws.auto_filter.ref = f"A{HEAD}:F{max(sheet.row, HEAD + 1)}"
