"""What reps note down: contacts, contracts and the qualification of each account."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from make import words
from make.people import Names, slug
from make.world import TODAY, between, chance, euros

if TYPE_CHECKING:
    import random

    from make.companies import Account
    from make.deals import Deal

MISSING = 48
"""Prospects whose qualification lacks something."""
STALE = 34
"""Prospects whose next step lies in the past."""
OURS, THEIRS = 300, 420
OURS_ENDING, THEIRS_ENDING = 38, 46
"""Contracts that end within 90 days of today."""


@dataclass
class Contact:
    """A person at an account."""

    code: str
    account: Account
    first: str
    last: str
    job: str
    role: str
    phone: str

    def row(self) -> list[str]:
        """As the CRM exports it."""
        domain = slug(self.account.name)[:30].strip("-")
        email = f"{slug(self.first, '-')}.{slug(self.last, '-')}@{domain}.example"
        names = [self.first, self.last, self.job, self.role]
        return [self.code, self.account.code, *names, email, self.phone]


@dataclass
class Qualification:
    """What is known of an account's need."""

    need: str = ""
    budget: str = ""
    timeline: str = ""
    supplier: str = ""
    decider_known: str = ""
    next_step: str = ""
    next_step_on: str = ""
    qualified_on: str = ""
    notes: str = ""

    def row(self) -> list[str]:
        """Its fields, in order."""
        return list(vars(self).values())


@dataclass
class Files:
    """The rows of this module, ready to be written."""

    contacts: list[Contact] = field(default_factory=list)
    contracts: list[list[str]] = field(default_factory=list)
    qualifications: dict[str, Qualification] = field(default_factory=dict)


def phone(rng: random.Random, *, mobile: bool) -> str:
    """A number of those kept for fiction (05 36 49 and 06 39 98)."""
    start = "06 39 98" if mobile else "05 36 49"
    return f"{start} {rng.randrange(100):02d} {rng.randrange(100):02d}"


def contacts(accounts: list[Account], pool: Names) -> list[Contact]:
    """One to four at clients, one to three at prospects, one at half of the suspects."""
    rng = chance("contacts")
    counts = {"client": ((1, 2, 3, 4), (20, 40, 28, 12)), "prospect": ((1, 2, 3), (45, 40, 15))}
    made: list[Contact] = []
    for account in accounts:
        numbers, weights = counts.get(account.status, ((0, 1, 2), (46, 48, 6)))
        for rank in range(rng.choices(numbers, weights)[0]):
            role = rng.choices(list(words.JOBS), (40, 20, 10, 18, 7, 5))[0]
            role = "decider" if rank == 0 and rng.random() < 0.5 else role
            job = rng.choice(words.JOBS[role])
            woman = job.endswith(("e", "ante", "trice")) and job not in (
                "Conducteur de travaux",
                "Chef d'équipe",
                "Comptable",
                "Chef de chantier",
            )
            first = rng.choice(pool.women if woman else pool.men)
            code = f"CT{len(made) + 1:05d}"
            number = phone(rng, mobile=rng.random() < 0.7)
            made.append(Contact(code, account, first, rng.choice(pool.last), job, role, number))
    return made


def introduce(deals: list[Deal], people: list[Contact]) -> None:
    """Give most deals a principal contact of their account."""
    rng = chance("introductions")
    there: dict[str, list[Contact]] = {}
    for person in people:
        there.setdefault(person.account.code, []).append(person)
    for deal in deals:
        known = there.get(deal.account.code)
        if known and rng.random() < 0.92:
            deal.contact = rng.choice(known).code


def contracts(accounts: list[Account]) -> list[list[str]]:
    """Framework contracts of ours with clients, and competitors' wherever we heard of them."""
    rng = chance("contracts")
    clients = [
        a for a in accounts if a.status == "client" and a.statuses[-1][0] < TODAY.replace(year=2025)
    ]
    prospects = [a for a in accounts if a.status == "prospect"]
    suspects = [a for a in accounts if a.status == "suspect"]
    held = rng.sample(prospects, 70) + rng.sample(clients, 110)
    held += rng.sample(suspects, THEIRS - len(held))
    rng.shuffle(held)
    plans = [("ours", a, rank < OURS_ENDING) for rank, a in enumerate(rng.sample(clients, OURS))]
    plans += [("competitor", a, rank < THEIRS_ENDING) for rank, a in enumerate(held)]
    rows = []
    for rank, (kind, account, soon) in enumerate(plans, start=1):
        distance = rng.randrange(5, 91) if soon else rng.choice((-1, 1)) * rng.randrange(95, 700)
        ends = TODAY + dt.timedelta(days=distance)
        length = rng.choice((365, 730, 1095))
        begins = ends - dt.timedelta(days=length - 1)
        if kind == "ours":
            since = account.since("client") or begins
            begins = max(begins, since)
            ends = max(ends, begins + dt.timedelta(days=180)) if not soon else ends
        amount = round(rng.lognormvariate(10, 0.6) * account.size**0.5, -3)
        rows.append(
            [
                f"CTR{rank:04d}",
                account.code,
                kind,
                rng.choice(words.COMPETITORS) if kind == "competitor" else "",
                rng.choice(("Contrat-cadre matériaux", "Accord tarifaire annuel", "Référencement")),
                begins.isoformat(),
                ends.isoformat(),
                euros(int(amount) * 100),
            ]
        )
    return rows


def _full(rng: random.Random, account: Account, day: dt.date) -> Qualification:
    ahead = TODAY + dt.timedelta(days=rng.randrange(1, 60))
    budget = max(2, round(12 * account.size * rng.uniform(0.6, 1.6))) * 1000
    return Qualification(
        need=rng.choices(("latent", "expressed", "specified"), (30, 50, 20))[0],
        budget=euros(budget * 100),
        timeline=rng.choices(("now", "soon", "later"), (35, 40, 25))[0],
        supplier=rng.choice((*words.COMPETITORS, "Plusieurs négoces")),
        decider_known=rng.choices(("true", "false"), (75, 25))[0],
        next_step=rng.choice(words.NEXT_STEPS),
        next_step_on=between(rng, ahead, ahead + dt.timedelta(days=4)).isoformat(),
        qualified_on=day.isoformat(),
    )


def qualifications(
    accounts: list[Account], agreements: list[list[str]]
) -> dict[str, Qualification]:
    """All of it for most prospects, part for clients, little for suspects."""
    rng = chance("qualification")
    found = {}
    for account in accounts:
        day = account.since("prospect")
        if account.status == "prospect" and day:
            latest = max(d for d, status in account.statuses if status == "prospect")
            found[account.code] = _full(rng, account, latest)
        elif account.status == "client" and day:
            known = _full(rng, account, day)
            if rng.random() < 0.7:
                known.next_step = known.next_step_on = ""
            if rng.random() < 0.25:
                known.timeline = "unknown"
            found[account.code] = known
        elif day:
            found[account.code] = Qualification(
                need="none" if rng.random() < 0.5 else "latent",
                timeline="unknown",
                qualified_on=day.isoformat(),
                notes="Perdu puis remis en ciblage",
            )
        else:
            supplier = rng.choice(words.COMPETITORS) if rng.random() < 0.15 else ""
            found[account.code] = Qualification(supplier=supplier)
    _spoil(rng, accounts, found)
    for agreement in agreements:
        if agreement[2] == "competitor" and agreement[6] > TODAY.isoformat():
            found[agreement[1]].supplier = agreement[3]
    return found


def _spoil(rng: random.Random, accounts: list[Account], found: dict[str, Qualification]) -> None:
    """Leave gaps and forgotten next steps for the Qualify page to find."""
    prospects = [a.code for a in accounts if a.status == "prospect"]
    for code in rng.sample(prospects, MISSING):
        for name in rng.sample(
            ("need", "budget", "timeline", "decider_known"), rng.randrange(1, 4)
        ):
            setattr(found[code], name, "")
    for code in rng.sample(prospects, STALE):
        past = TODAY - dt.timedelta(days=rng.randrange(20, 150))
        found[code].next_step_on = between(rng, past, past + dt.timedelta(days=5)).isoformat()
