"""The last sheet: what each number means, from the catalog."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.exports.columns import Field
from workbench.exports.sheet import BOLD
from workbench.metrics.catalog import CATALOG
from workbench.tables import Kind

if TYPE_CHECKING:
    from workbench.exports.book import Book

HEAD = 4


def definitions(book: Book) -> None:
    """A row per metric of the catalog: question, unit, formula in words, source."""
    loc, language = book.loc, book.loc.language
    sheet = book.sheet(loc.t("Définitions"))
    sheet.widths([30, 44, 14, 78, 44, 24])
    sheet.freeze(HEAD)
    sheet.heading()
    heads = ("Indicateur", "Question", "Unité", "Formule", "Source", "Nom dans le catalogue")
    sheet.header([Field(head, loc.t(head), Kind.TEXT) for head in heads])
    for name, one in sorted(CATALOG.items()):
        texts = (one.question, one.unit, one.formula)
        said = [*(text.in_(language) for text in texts), one.source, name]
        sheet.append([
            sheet.text(one.label.in_(language), BOLD, wrap=True),
            *(sheet.text(text, wrap=True) for text in said),
        ])  # fmt: skip
    sheet.ws.auto_filter.ref = f"A{HEAD}:F{max(sheet.row, HEAD + 1)}"
