"""Rejected rows less what only those named may see, which stands in them under any heading.

A cell is hidden where its column fills such a field, as the row's form tells (`closed`), where its
heading says as much, or where an account number stands in it, however written.
"""

from __future__ import annotations

import json
import re
import unicodedata
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from workbench.store.fields import RESTRICTED
from workbench.vocabulary import Right

if TYPE_CHECKING:
    from collections.abc import Mapping

HIDDEN = "…"
FIELDS = {field: right for (_, field), right in RESTRICTED.items()}
WORDS = {
    **dict.fromkeys(("iban", "rib", "bban", "bic", "swift"), Right.BANK_DETAILS),
    **dict.fromkeys(("banque", "bancaire", "bancaires", "bank"), Right.BANK_DETAILS),
    **dict.fromkeys(("confidentiel", "confidentielle", "confidential"), Right.CONFIDENTIAL),
}
"""What a heading says: rows were rejected before their forms told, and files have other columns."""
_PART = "[ \u00a0\u202f.\\-_/]?"  # a tab parts the fields of a ledger's line
NUMBER = re.compile(
    rf"\b[a-z]{{2}}{_PART}\d{_PART}\d(?:{_PART}[a-z0-9]){{11,30}}\b"
    rf"|\b\d(?:{_PART}\d){{9}}(?:{_PART}[a-z0-9]){{11}}(?:{_PART}\d){{2}}\b"
    rf"|\b\d(?:{_PART}\d){{17,29}}\b",
    re.IGNORECASE,
)
DIGITS = 12
"""So many digits a number has at least, for a piece and the words after it not to be one."""


def without(rows: pa.Table, rights: frozenset[str] | None) -> pa.Table:
    """The rows of table `rejected_rows` as somebody with these rights may see them."""
    lacking = frozenset() if rights is None else frozenset(Right) - rights
    if not lacking:
        return rows
    told = [
        shown(raw, reason, json.loads(form or "{}").get("closed", {}), lacking)
        for raw, reason, form in zip(
            *(rows[name].to_pylist() for name in ("raw", "reason", "form")), strict=True
        )
    ]
    for at, name in enumerate(("raw", "reason")):
        column = pa.array([one[at] for one in told], pa.string())
        rows = rows.set_column(rows.column_names.index(name), rows.schema.field(name), column)
    return rows


def shown(
    raw: str, reason: str, closed: Mapping[str, str], lacking: frozenset[str]
) -> tuple[str, str]:
    """A row and its reason, less what those who lack these rights aren't shown.

    >>> shown('{"Nom": "Alpha", "RIB": "12"}', "RIB = 12", {}, frozenset({"bank_details"}))
    ('{"Nom":"Alpha","RIB":"…"}', 'RIB = …')
    """
    cells: dict[str, Any] = json.loads(raw)
    about = {FIELDS[str(cell)] for cell in cells.values() if str(cell) in FIELDS}
    kept = {}
    for heading, cell in cells.items():
        rights = {closed.get(heading), *_said(heading)} | (
            about if str(cell) not in FIELDS else set()
        )
        kept[heading] = HIDDEN if cell and rights & lacking else cell
        if kept[heading] != cell:
            reason = reason.replace(str(cell), HIDDEN)
    if Right.BANK_DETAILS in lacking:
        kept = {
            name: _masked(cell) if isinstance(cell, str) else cell for name, cell in kept.items()
        }
        reason = _masked(reason)
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":")), reason


def _said(heading: str) -> set[Right]:
    """The rights that a heading calls for by its words."""
    plain = unicodedata.normalize("NFKD", heading).encode("ascii", "ignore").decode().casefold()
    return {right for word in re.split("[^a-z]+", plain) if (right := WORDS.get(word))}


def _masked(text: str) -> str:
    """A text less the account numbers in it.

    >>> _masked("payé sur fr76-3000 6000 0112 3456 7890 189, au 12 rue des Lilas")
    'payé sur …, au 12 rue des Lilas'
    """
    return NUMBER.sub(
        lambda found: HIDDEN if sum(map(str.isdigit, found[0])) >= DIGITS else found[0], text
    )
