"""What the reps did: around deals, to win suspects, with clients; by the owner of the day."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from typing import TYPE_CHECKING

from make import words
from make.people import FADES_FROM, FADING
from make.world import BOOKS, TODAY, between, chance, workday

if TYPE_CHECKING:
    import random

    from make.companies import Account
    from make.deals import Deal
    from make.sheets import Contact

KEPT_WHEN_FADING = 0.27
KINDS = {
    "deal": (
        ("call", "email", "visit", "meeting", "demo", "sms", "chat"),
        (34, 27, 17, 11, 4, 4, 3),
    ),
    "hunt": (("call", "email", "visit", "mailing", "meeting", "form"), (50, 22, 14, 7, 4, 3)),
    "care": (("visit", "call", "email", "meeting", "sms", "chat"), (34, 32, 18, 9, 4, 3)),
}
ANSWERED = {
    "call": 0.55,
    "visit": 0.92,
    "meeting": 1.0,
    "email": 0.3,
    "sms": 0.25,
    "mailing": 0.0,
    "chat": 1.0,
    "form": 1.0,
    "demo": 1.0,
}
MINUTES = {
    "call": (3, 25),
    "visit": (25, 80),
    "meeting": (40, 110),
    "email": (3, 12),
    "sms": (1, 2),
    "mailing": (2, 5),
    "chat": (4, 20),
    "form": (2, 5),
    "demo": (45, 120),
}
Event = tuple[dt.date, "Account", "Deal | None", str]


def _around(rng: random.Random, deal: Deal) -> list[Event]:
    """A deal's own: at its stages and some every third week; none once it stalls."""
    end = deal.since if deal.stage in ("O", "LOST") else TODAY
    if deal.stalled:
        end = min(deal.since + dt.timedelta(days=8), TODAY)
    dates = [day for day, _ in deal.stages]
    dates += [
        between(rng, deal.created_on, end)
        for _ in range(1 + min(round((end - deal.created_on).days / 22), 9))
    ]
    return [(workday(day), deal.account, deal, "deal") for day in dates if day <= end]


def _hunt(rng: random.Random, account: Account) -> list[Event]:
    """Prospecting: a few tries at every suspect, more before each qualification."""
    events: list[Event] = []
    spans = [*account.statuses, (TODAY, "")]
    for (day, status), (until, following) in pairwise(spans):
        if status != "suspect" or until < BOOKS:
            continue
        first = max(day, BOOKS)
        tries = rng.choices((0, 1, 2, 3, 4), (34, 30, 20, 11, 5))[0]
        if following == "prospect":
            first, tries = max(first, until - dt.timedelta(days=40)), rng.randrange(2, 5)
            events.append((until, account, None, "hunt"))
        events += [(between(rng, first, until), account, None, "hunt") for _ in range(tries)]
    return events


def _care(rng: random.Random, account: Account) -> list[Event]:
    """Clients are seen all the year, the larger the more often."""
    first = max(account.since("client") or TODAY, BOOKS)
    months = (TODAY - first).days / 30
    number = round(months * min(0.16 + 0.14 * account.size, 1.0) * rng.uniform(0.6, 1.3))
    return [(between(rng, first, TODAY), account, None, "care") for _ in range(number)]


def _kept(day: dt.date) -> float:
    """The share of what could be done that is: less in August, and as the sheets grow in number."""
    grown = (day - BOOKS).days / 30
    return min(1.0, 1.15 - 0.017 * grown) * (0.55 if day.month == 8 else 1.0)


def _subject(rng: random.Random, kind: str, why: str) -> str:
    hunting = words.PROSPECTING_SUBJECTS.get(kind)
    return rng.choice(hunting if why == "hunt" and hunting else words.SUBJECTS[kind])


def rows(accounts: list[Account], deals: list[Deal], people: list[Contact]) -> list[list[str]]:
    """All activities in order of date, as the CRM exports them."""
    rng = chance("activities")
    events: list[Event] = []
    for deal in deals:
        events += _around(rng, deal)
    for account in accounts:
        events += _hunt(rng, account)
        if account.status == "client":
            events += _care(rng, account)
    there: dict[str, list[str]] = {}
    for person in people:
        there.setdefault(person.account.code, []).append(person.code)
    events.sort(key=lambda e: (e[0], e[1].code, e[2].code if e[2] else "", e[3]))
    found: list[list[str]] = []
    for day, account, deal, why in events:
        if not BOOKS <= day <= TODAY or rng.random() > _kept(day):
            continue
        rep = deal.owner_on(day) if deal else account.owner_on(day)
        if rep == FADING and day >= FADES_FROM and rng.random() > KEPT_WHEN_FADING:
            continue
        kind = rng.choices(*KINDS[why])[0]
        # Who answers is a prospect from that day: a suspect has not answered yet.
        cold = why == "hunt" and day < (account.since("prospect") or dt.date.max)
        if cold and ANSWERED[kind] == 1.0:
            kind = "call"
        known = there.get(account.code, [])
        found.append(
            [
                f"ACT{len(found) + 1:05d}",
                account.code,
                rng.choice(known) if known and rng.random() < 0.8 else "",
                deal.code if deal else "",
                rep,
                kind,
                day.isoformat(),
                "true" if rng.random() < ANSWERED[kind] and not cold else "false",
                str(rng.randint(*MINUTES[kind])),
                _subject(rng, kind, why),
            ]
        )
    return found
