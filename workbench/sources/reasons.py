"""Why rows don't fit, in words: kept in French, shown in the reader's language."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from workbench.locale import msg

if TYPE_CHECKING:
    from workbench.locale import Locale

COLUMNS = msg("Nombre de colonnes : {found} au lieu de {wanted}")
QUOTES = msg("Guillemets mal fermés")
MISSING = msg("Valeur manquante : {field}")
TWICE = msg("Code en double : {code}")
UNKNOWN = msg("Référence inconnue : {field} = {code}")
NO_DATE = msg("Date illisible : {field} = {text}")
AHEAD = msg("Date à venir : {field} = {text}")
NO_VALUE = msg("Valeur illisible : {field} = {text}")
NO_WORD = msg("Valeur inconnue : {field} = {text}")
NO_FIELD = msg("Champ inconnu : {field}")
NO_RATE = msg("Taux de change manquant : {currency}, {day}")
NO_RATE_OF = msg("Taux de change manquant pour {code}")
UNDATED = msg("sans date")
NO_JOURNAL = msg("Journal manquant")
LINE_DATE = msg("Date illisible")
LINE_ACCOUNT = msg("Compte illisible")
LINE_AMOUNT = msg("Montant illisible")
ALL = (
    COLUMNS, QUOTES, MISSING, TWICE, UNKNOWN, NO_DATE, AHEAD, NO_VALUE, NO_WORD, NO_FIELD, NO_RATE,
    NO_RATE_OF, NO_JOURNAL, LINE_DATE, LINE_ACCOUNT, LINE_AMOUNT,
)  # fmt: skip


def said(reason: str, loc: Locale) -> str:
    """A reason as it is kept, in a reader's language.

    >>> from workbench.locale import EN
    >>> said("Nombre de colonnes : 2 au lieu de 9", EN)
    'Number of columns: 2 instead of 9'
    """
    for template, form in _forms():
        found = form.fullmatch(reason)
        if found:
            return loc.t(
                template, **{name: loc.t(text) for name, text in found.groupdict().items()}
            )
    return reason


@cache
def _forms() -> list[tuple[str, re.Pattern[str]]]:
    """Each template with the form of what was made of it."""
    return [
        (one, re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>.*?)", re.escape(one)), re.DOTALL))
        for one in ALL
    ]
