"""The 9,000 account sheets: who they are, whose they are, and what became of them.

Statuses are lived through from a sheet's entry on, then brought to exactly 7,800 suspects, 200
prospects and 1,000 clients by letting a few of the surplus be lost instead.
"""

from __future__ import annotations

import datetime as dt
import math
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from make import words
from make.people import NEWCOMERS, TEAMS, Names, Rep
from make.world import (
    BOOKS,
    OPENED,
    TODAY,
    between,
    chance,
    days,
    iban,
    months,
    siren,
    siret,
    workday,
)

if TYPE_CHECKING:
    import random

SHEETS = 9000
CLIENTS = 1000
PROSPECTS = 200
TAKEN_OVER = 5150
"""Sheets of before 2024, when the ledger begins."""
LAST_FIRST_SALE = dt.date(2026, 9, 18)
"""After this day nobody becomes a client: the first invoice must still be seen."""
RETARGETED = dt.date(2026, 9, 28)
"""Autumn targeting: accounts lost in the quarter are suspects again."""


@dataclass
class Account:
    """A sheet, with what happened to it."""

    code: str
    name: str
    area: str
    segment: str
    sector: str
    city: str
    postcode: str
    street: str
    entered_on: dt.date
    employees: int
    siren: str
    siret: str
    statuses: list[tuple[dt.date, str]]
    owners: list[tuple[dt.date, str]] = field(default_factory=list)
    parents: list[tuple[dt.date, str]] = field(default_factory=list)
    customer_code: str = ""
    iban: str = ""
    size: float = 1.0

    @property
    def status(self) -> str:
        """Today's."""
        return self.statuses[-1][1]

    @property
    def parent(self) -> str:
        """Today's, empty where there is none."""
        return self.parents[-1][1] if self.parents else ""

    def since(self, status: str) -> dt.date | None:
        """The first day on which it had a status."""
        return next((day for day, value in self.statuses if value == status), None)

    def owner_on(self, day: dt.date) -> str:
        """The rep whose it was on a day; its first one before that."""
        place = bisect_right([since for since, _ in self.owners], day)
        return self.owners[max(place - 1, 0)][1]


def _next_quarter(day: dt.date) -> dt.date:
    first = dt.date(day.year, 3 * ((day.month - 1) // 3) + 1, 1)
    following = (first + dt.timedelta(days=95)).replace(day=1)
    return workday(following) if following <= TODAY else RETARGETED


def lost_on(statuses: list[tuple[dt.date, str]], day: dt.date) -> None:
    """Lose an account on a day, and target it again from the next quarter on."""
    statuses.append((day, "lost"))
    statuses.append((_next_quarter(day), "suspect"))


def _wait(rng: random.Random, median: float, spread: float) -> dt.timedelta:
    return days(max(1, rng.lognormvariate(math.log(median), spread)))


def _live(rng: random.Random, entered: dt.date, segment: str) -> list[tuple[dt.date, str]]:
    """What becomes of a sheet: qualified or not, then client, lost or still in play."""
    bad = segment == words.BAD_SEGMENT
    statuses = [(entered, "suspect")]
    day, qualifies = entered, 0.30 if bad else 0.375
    while rng.random() < qualifies:
        day = workday(day + _wait(rng, 75, 0.9))
        if day > TODAY:
            break
        statuses.append((day, "prospect"))
        if rng.random() < (0.07 if bad else 0.385):
            day = workday(day + _wait(rng, 62, 0.7))
            if day <= LAST_FIRST_SALE:
                statuses.append((day, "client"))
            break
        day = workday(day + _wait(rng, 150, 0.6))
        if day >= RETARGETED - dt.timedelta(days=3):
            break
        lost_on(statuses, day)
        day, qualifies = statuses[-1][0] + dt.timedelta(days=90), 0.12
    return statuses


def _settle(rng: random.Random, accounts: list[Account]) -> None:
    """Bring the stock to its exact figures; the surplus was lost instead.

    Raises:
        ValueError: life gave too few clients or prospects.
    """
    latest = RETARGETED - dt.timedelta(days=13)
    clients = [a for a in accounts if a.status == "client"]
    prospects = [a for a in accounts if a.status == "prospect"]
    over = len(clients) - CLIENTS, len(prospects) - PROSPECTS
    if min(over) < 0:
        raise ValueError(f"{len(clients)} clients, {len(prospects)} prospects: too few")
    settled = [a for a in clients if a.statuses[-1][0] <= latest]
    for account in rng.sample(settled, over[0]):
        day, _ = account.statuses.pop()
        lost_on(account.statuses, day)
    known = [a for a in prospects if a.statuses[-1][0] < latest - dt.timedelta(days=45)]
    for account in rng.sample(known, over[1]):
        first = account.statuses[-1][0] + dt.timedelta(days=20)
        lost_on(account.statuses, between(rng, first, latest))


def _entry_dates(rng: random.Random) -> list[dt.date]:
    old = [between(rng, OPENED, dt.date(2023, 12, 29)) for _ in range(TAKEN_OVER)]
    starts = months(BOOKS, TODAY)
    weights = [1.7 if m.month in (3, 10) else 0.55 if m.month == 8 else 1.0 for m in starts]
    new = []
    for start in rng.choices(starts, weights, k=SHEETS - TAKEN_OVER):
        end = min((start + dt.timedelta(days=32)).replace(day=1) - dt.timedelta(days=1), TODAY)
        new.append(between(rng, start, end))
    return sorted(old + new)


def _name(rng: random.Random, pool: Names, segment: str, city: str, taken: set[str]) -> str:
    last, other = rng.sample(pool.last, 2)
    trade = rng.choice(words.SEGMENTS[segment][2])
    forms = (f"{trade} {last}", f"{last} {trade}", f"SARL {last}", f"Ets {last} et Fils")
    form = rng.choice((*forms, f"{last} & {other}", f"SAS {last} {trade}"))
    for name in (form, f"{form} {city}", f"{form} {other} {city}"):
        if name not in taken:
            taken.add(name)
            return name
    raise ValueError(f"no name left like {form}")


def accounts(pool: Names) -> list[Account]:
    """The 9,000 sheets in order of entry, without owners and groups."""
    rng, life = chance("accounts"), chance("statuses")
    segments = list(words.SEGMENTS)
    shares = [words.SEGMENTS[s][0] for s in segments]
    taken: set[str] = set()
    made = []
    for rank, entered in enumerate(_entry_dates(rng), start=1):
        area = rng.choices(list(words.AREAS), list(words.AREAS.values()))[0]
        segment = rng.choices(segments, shares)[0]
        postcode, city = rng.choice(words.CITIES[area])
        number = siren(rank)
        made.append(
            Account(
                code=f"CPT{rank:05d}",
                name=_name(rng, pool, segment, city, taken),
                area=area,
                segment=segment,
                sector=rng.choice(words.SEGMENTS[segment][1]),
                city=city,
                postcode=postcode,
                street=f"{rng.randrange(1, 180)} {rng.choice(words.STREETS)}",
                entered_on=entered,
                employees=min(max(1, round(rng.lognormvariate(1.9, 0.9))), 400),
                siren=number,
                siret=siret(number),
                statuses=_live(life, entered, segment),
                size=min(rng.lognormvariate(0, 1.0), 8.0),
            )
        )
    _settle(life, made)
    for rank, account in enumerate((a for a in made if a.status == "client"), start=1):
        account.customer_code = f"C{rank:05d}"
        account.iban = iban(rng)
    _blemish(chance("blemishes"), made)
    return made


def _blemish(rng: random.Random, accounts: list[Account]) -> None:
    """Plant what real files have: sheets without numbers, and the same company twice."""
    suspects = [a for a in accounts if len(a.statuses) == 1]
    chosen = rng.sample(suspects, 162)
    for account in chosen[:150]:
        account.siren = account.siret = ""
    for one, other in zip(chosen[150:156], chosen[156:162], strict=True):
        other.name, other.siren, other.siret = one.name.upper(), one.siren, one.siret


def assign(accounts: list[Account], people: list[Rep]) -> None:
    """Give every sheet its rep, and hand some over: newcomers, new sectors, single cases."""
    rng = chance("owners")
    teams = {
        area: [r.code for r in people if r.kind != "manager" and r.managers[:1]
               and r.managers[0][1] == team]
        for team, areas in TEAMS.items()
        for area in areas
    }  # fmt: skip
    for account in accounts:
        there = [
            code
            for code in teams[account.area]
            if NEWCOMERS.get(code, OPENED) <= account.entered_on
        ]
        account.owners.append((account.entered_on, rng.choice(there)))
    for code, day in NEWCOMERS.items():
        theirs = [a for a in accounts if code in teams[a.area] and a.entered_on < day]
        for account in rng.sample(theirs, 150):
            account.owners.append((day, code))
    sectors = dt.date(2025, 9, 1)
    before = [a for a in accounts if a.entered_on < sectors]
    for account in rng.sample(before, 480):
        _hand_over(rng, account, sectors, teams[account.area])
    for account in rng.sample(accounts, 170):
        day = between(rng, max(account.owners[-1][0], BOOKS) + dt.timedelta(days=60), TODAY)
        if day > account.owners[-1][0] + dt.timedelta(days=30):
            _hand_over(rng, account, day, teams[account.area])


def _hand_over(rng: random.Random, account: Account, day: dt.date, team: list[str]) -> None:
    present = account.owners[-1][1]
    others = [c for c in team if c != present and NEWCOMERS.get(c, OPENED) <= day]
    account.owners.append((day, rng.choice(others)))
