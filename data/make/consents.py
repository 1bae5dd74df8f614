"""What people at the accounts have agreed to, channel by channel, and what some took back."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from make.world import TODAY, between, chance, days

if TYPE_CHECKING:
    from collections.abc import Iterable

    from make.people import Rep
    from make.sheets import Contact

SINCE = dt.date(2023, 1, 2)
"""Consents are noted since then; older ones were not carried over."""
CHANNELS = {"email": 0.55, "phone": 0.25, "sms": 0.12, "post": 0.08}
"""How many of a hundred people agreed to each, in parts of one."""
PROOFS = {
    "email": ("formulaire du site", "case cochée sur le devis", "inscription à la lettre"),
    "phone": ("accord donné au téléphone", "fiche du salon"),
    "sms": ("formulaire du site", "accord donné en agence"),
    "post": ("fiche du salon", "bon de commande signé"),
}
BACK = ("lien de désinscription", "demande par e-mail", "demande au téléphone")


def rows(people: list[Contact], force: list[Rep]) -> Iterable[list[str]]:
    """A row per person and channel, with what holds today and who noted it."""
    rng = chance("consents")
    names = {rep.code: rep.name for rep in force}
    for person in people:
        entered = max(person.account.entered_on, SINCE)
        reps = [rep for _, rep in person.account.owners]
        for channel, share in CHANNELS.items():
            if rng.random() >= share or entered >= TODAY:
                continue
            given = between(rng, entered, TODAY)
            withdrawn = rng.random() < 0.09 and given < TODAY - days(30)
            since = between(rng, given + days(1), TODAY) if withdrawn else given
            proof = rng.choice(BACK if withdrawn else PROOFS[channel])
            state = "withdrawn" if withdrawn else "given"
            yield [person.code, channel, state, since.isoformat(), proof, names[reps[-1]]]
