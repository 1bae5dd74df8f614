"""What in a person's own record tells who they are, and what stands in its place afterwards.

What is empty stays empty and what is filled stays filled wherever a metric counts it, so that
every total is the same before and after.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ANONYMISED = "anonymised_on"
MASK = "[anonymisé]"
"""What stands for a person's name in a text."""

PERSONAL: dict[str, tuple[str, ...]] = {
    "contact": ("first_name", "last_name", "job", "email", "phone"),
    "account": (
        "name", "siren", "siret", "customer_code", "street", "phone", "website", "iban",
        "next_step", "notes", "confidential_note",
    ),
}  # fmt: skip
"""Fields of an anonymised record that nobody may fill in again."""

_INSTEAD: dict[str, dict[str, str | None]] = {
    "contact": {
        "first_name": "Personne",
        "last_name": "anonymisée {id}",
        "job": None,
        "email": "personne-{id}@anonyme.invalid",
        "phone": "00 00 00 00 00",
    },
    "account": {
        "name": "Compte anonymisé {id}",
        "siren": "000000000",
        "siret": "00000000000000",
        "street": None,
        "phone": "00 00 00 00 00",
        "website": None,
        "iban": None,
        "next_step": MASK,
        "notes": MASK,
        "confidential_note": MASK,
    },
    "consent": {"proof": MASK},
    "activity": {"subject": MASK, "confidential_note": MASK},
    "ledger_customer": {"name": "Compte anonymisé"},
    "ledger_entry": {"label": MASK},
}


def instead(entity: str, id_: int) -> Mapping[str, str | None]:
    """By field of a record that is about the person, what stands there afterwards.

    >>> instead("contact", 7)["last_name"], instead("contact", 7)["job"]
    ('anonymisée 7', None)
    """
    return {
        name: text.replace("{id}", str(id_)) if text else text
        for name, text in _INSTEAD.get(entity, {}).items()
    }


_PLACEHOLDERS = re.compile(
    "|".join(
        re.escape(text).replace(r"\{id\}", r"\d+")
        for fields in _INSTEAD.values()
        for text in fields.values()
        if text
    )
    + "|anonyme-[0-9a-f]{24}"
)


def placeholder(text: str) -> bool:
    """Whether a value is one that stands in the place of a person's.

    >>> placeholder("personne-12@anonyme.invalid"), placeholder("zoe@exemple.fr")
    (True, False)
    """
    return _PLACEHOLDERS.fullmatch(text) is not None
