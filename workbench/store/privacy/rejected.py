"""Rejected rows, kept as they were read: what stands in one, and what is left of one that tells."""

from __future__ import annotations

import re

import orjson

from workbench.store.privacy.fields import MASK

_WITHIN = re.compile(r"[|\t]")  # what parts the fields of a ledger's line, kept whole


def cells(raw: str) -> list[str]:
    """The values of a row, one by one.

    >>> cells('{"code": "V7", "contact": " K1", "note": null}'), cells('{"line": "VE|1|C1"}')
    (['V7', 'K1'], ['VE', '1', 'C1'])
    """
    held = (str(cell) for cell in orjson.loads(raw).values() if cell)
    return [part.strip() for cell in held for part in _WITHIN.split(cell)]


def emptied(raw: str) -> str:
    """The row with no value left: names stand in cells of their own."""
    held = orjson.loads(raw)
    return orjson.dumps({name: MASK if cell else cell for name, cell in held.items()}).decode()


def bare(reason: str) -> str:
    """A reason without the value that it shows.

    >>> bare("Valeur inconnue : canal = fax")
    'Valeur inconnue : canal'
    """
    return reason.partition(" = ")[0]
