"""SPANCO opportunities, played from day to day: stages, amounts, closing dates, probabilities.

An account's first deal follows its status: won on the day it becomes a client, lost with it, open
while it is a prospect. Clients have further ones. Deals begin at A: S and P speak of the account.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from make import words
from make.companies import LAST_FIRST_SALE
from make.people import MOVED
from make.world import BOOKS, SEASON, TODAY, between, chance, days, euros, workday

if TYPE_CHECKING:
    import random

    from make.companies import Account
    from make.world import History

FURTHER = 2650
"""Deals with those who were clients already."""
SLIPPING = (dt.date(2026, 1, 1), dt.date(2026, 3, 31))
"""The quarter whose closing dates slip."""
STALLED = 42
STALLED_OWNERS = ("R02", "R11", "R14", "R16", "R24")
REASONS = ("price", "delay", "product", "competitor", "no_decision", "cancelled")
REASON_WEIGHTS = (34, 12, 8, 20, 18, 8)


@dataclass
class Deal:
    """An opportunity; each list holds (day, value), the first at its creation."""

    code: str
    account: Account
    product: str
    stages: list[tuple[dt.date, str]]
    amounts: list[tuple[dt.date, int]]
    closings: list[tuple[dt.date, dt.date]]
    owners: list[tuple[dt.date, str]]
    probabilities: list[tuple[dt.date, float | None]] = field(default_factory=list)
    name: str = ""
    loss_reason: str = ""
    competitor: str = ""
    next_step: str = ""
    contact: str = ""
    stalled: bool = False

    @property
    def created_on(self) -> dt.date:
        """Its first day."""
        return self.stages[0][0]

    @property
    def stage(self) -> str:
        """Where it stands today."""
        return self.stages[-1][1]

    @property
    def since(self) -> dt.date:
        """Since when it stands there."""
        return self.stages[-1][0]

    @property
    def amount(self) -> int:
        """Today's, in cents."""
        return self.amounts[-1][1]

    def reached(self, stage: str) -> dt.date | None:
        """The first day at a stage."""
        return next((day for day, value in self.stages if value == stage), None)

    def owner_on(self, day: dt.date) -> str:
        """Whose it was on a day."""
        return [rep for since, rep in self.owners if since <= day or since == self.created_on][-1]


def _path(rng: random.Random, final: str) -> list[str]:
    """The stages passed, with steps back and reopenings."""
    if final == "O":
        path = ["A", "N", "O"] if rng.random() < 0.08 else ["A", "N", "C", "O"]
    elif final == "LOST":
        path = [*"ANC"[: rng.choices((1, 2, 3), (28, 46, 26))[0]], "LOST"]
    else:
        path = [*"ANC"[: "ANC".index(final) + 1]]
    if len(path) > 2 and rng.random() < 0.09:
        place = rng.randrange(1, len(path) - (final in ("O", "LOST")))
        path[place + 1 : place + 1] = [path[place - 1], path[place]]
    if final in ("O", "LOST") and len(path) > 2 and rng.random() < 0.05:
        path[-1:] = ["LOST", "N", path[-1]]
    return path


def _dates(
    rng: random.Random, path: list[str], created: dt.date, end: dt.date
) -> list[tuple[dt.date, str]]:
    """Spread a path over its days; one deal in eight passes two stages or more in one."""
    span = (end - created).days
    cuts = sorted(rng.random() for _ in path[2:])
    if cuts and rng.random() < 0.13:
        cuts = [cuts[0]] * len(cuts)
    inner = [min(workday(created + days(1 + cut * max(span - 2, 0))), end) for cut in cuts]
    when = [created, *inner, end][: len(path)] if len(path) > 1 else [created]
    return list(zip(when, path, strict=True))


def _closings(
    rng: random.Random, created: dt.date, end: dt.date, *, over: bool, wanted: dt.date | None
) -> list[tuple[dt.date, dt.date]]:
    """The expected closing, put off as long as it comes before the end; then the real one."""
    expected = wanted or workday(max(end + days(rng.gauss(-8, 36)), created + dt.timedelta(days=9)))
    dates, day = [(created, expected)], created
    while expected < end:
        before = max(day, expected - dt.timedelta(days=rng.randrange(1, 9)))
        day = min(workday(before), end)
        expected = workday(expected + dt.timedelta(days=rng.choice((21, 30, 45, 60))))
        dates.append((day, expected))
    if not over and len(dates) == 1 and rng.random() < 0.12:
        day = between(rng, created + dt.timedelta(days=5), end)
        if day < end:
            dates.append((day, workday(max(day, expected - dt.timedelta(days=20)))))
    if over and dates[-1][1] != end:
        dates.append((end, end))
    return dates


def _amounts(
    rng: random.Random, last: int, created: dt.date, end: dt.date
) -> list[tuple[dt.date, int]]:
    """The amount, raised or lowered on the way to its last one."""
    changes = rng.choices((0, 1, 2), (70, 24, 6))[0]
    moments = sorted({between(rng, created, end) for _ in range(changes)} - {created})
    values = [max(int(round(last * rng.uniform(0.72, 1.22), -4)), 10000) for _ in moments]
    kept = [(created, values[0] if values else last)]
    for moment, value in zip(moments, [*values[1:], last], strict=False):
        if value != kept[-1][1]:
            kept.append((moment, value))
    return kept


def _probabilities(
    rng: random.Random, stages: list[tuple[dt.date, str]]
) -> list[tuple[dt.date, float | None]]:
    """Two deals in three have none of their own; some say 0 outright."""
    if rng.random() > 0.36:
        return []
    usual = {"A": 0.2, "N": 0.5, "C": 0.8}
    own: list[tuple[dt.date, float | None]] = []
    for day, stage in stages:
        if stage in usual and (not own or rng.random() < 0.6):
            near = usual[stage] + rng.choice((-0.15, -0.1, -0.05, 0.05, 0.1, 0.15))
            value = 0.0 if rng.random() < 0.07 else round(near, 2)
            if not own or own[-1][1] != value:
                own.append((day, value))
    if rng.random() < 0.15:
        own.insert(0, (stages[0][0], None))
    return own


class Book:
    """The deals as they are made, in no order yet."""

    def __init__(self) -> None:
        self.rng = chance("deals")
        self.deals: list[Deal] = []

    def play(
        self,
        account: Account,
        created: dt.date,
        end: dt.date,
        final: str,
        wanted: dt.date | None = None,
    ) -> Deal:
        """Play a deal from its creation to its end, or to where it stands."""
        rng = self.rng
        over = final in ("O", "LOST")
        stages = _dates(rng, _path(rng, final), created, end)
        star = 2.5 if account.owner_on(end) == MOVED and end.year == 2025 else 1.0
        mean = math.log(950000 * star * account.size**0.35)
        last = min(max(round(rng.lognormvariate(mean, 0.75)), 60000), 18000000)
        horizon = end if over else TODAY
        families = words.FAMILY_OF_SEGMENT[account.segment]
        owner = [(created, account.owner_on(created))]
        owner += [(day, rep) for day, rep in account.owners if created < day < horizon]
        deal = Deal(
            code="",
            account=account,
            product=rng.choice(families),
            stages=stages,
            amounts=_amounts(rng, round(last, -3), created, end),
            closings=_closings(rng, created, horizon, over=over, wanted=wanted),
            owners=owner,
            probabilities=_probabilities(rng, stages),
        )
        deal.name = f"{deal.product} - {rng.choice(words.SITES)}"
        if final == "LOST":
            if rng.random() < 0.9:
                deal.loss_reason = rng.choices(REASONS, REASON_WEIGHTS)[0]
            if deal.loss_reason == "competitor":
                deal.competitor = rng.choice(words.COMPETITORS)
        elif final != "O" and rng.random() < 0.8:
            deal.next_step = rng.choice(words.NEXT_STEPS)
        self.deals.append(deal)
        return deal

    def follow(self, account: Account) -> None:
        """The deals that an account's statuses tell of."""
        rng = self.rng
        for (day, status), following in zip(
            account.statuses, [*account.statuses[1:], (TODAY, "")], strict=True
        ):
            end, outcome = following
            if status != "prospect" or end < BOOKS:
                continue
            created = between(rng, day, min(day + dt.timedelta(days=25), end))
            if outcome == "client":
                self.play(account, created, end, "O")
            elif outcome == "lost" and rng.random() < 0.75:
                self.play(account, created, end, "LOST")
            elif not outcome and rng.random() < 0.82:
                self.wait(account, created)

    def wait(self, account: Account, created: dt.date) -> None:
        """A deal still open today, as a rule not long where it stands."""
        rng = self.rng
        fresh = (TODAY - created).days <= 28
        stage = rng.choices("ANC", (70, 22, 8) if fresh else (6, 60, 34))[0]
        recent = TODAY - dt.timedelta(days=19 if stage == "C" else 28)
        lazy = rng.random() < 0.06
        reached = between(rng, created if lazy else max(created, recent), TODAY)
        self.play(account, created, created if stage == "A" else reached, stage)

    def further(self, clients: list[Account]) -> None:
        """Deals with clients, won two times in five, or still open."""
        rng = self.rng
        weights = [a.size**0.5 * (0.35 if a.segment == words.BAD_SEGMENT else 1) for a in clients]
        for account in rng.choices(clients, weights, k=FURTHER):
            since = account.since("client") or BOOKS
            first = max(since + dt.timedelta(days=30), BOOKS)
            if first >= TODAY:
                continue
            created = between(rng, first, TODAY)
            if rng.random() > SEASON[created.month - 1]:
                created = between(rng, first, TODAY)
            cycle = round(max(4, rng.lognormvariate(math.log(58), 0.6)))
            end = workday(created + dt.timedelta(days=cycle))
            wanted = None
            if created < SLIPPING[0] and SLIPPING[0] <= end <= SLIPPING[1] and rng.random() < 0.75:
                wanted, end = end, workday(end + dt.timedelta(days=rng.randrange(70, 125)))
            if end <= LAST_FIRST_SALE:
                won = rng.random() < 0.47
                self.play(account, created, end, "O" if won else "LOST", wanted)
            elif (TODAY - created).days < 200:
                self.wait(account, created)

    def stall(self, clients: list[Account]) -> None:
        """Deals in negotiation or conclusion that nobody has touched for over four months."""
        theirs = [a for a in clients if a.owners[-1][1] in STALLED_OWNERS]
        for account in self.rng.sample(theirs, STALLED):
            since = between(self.rng, dt.date(2026, 1, 12), dt.date(2026, 5, 22))
            created = max(account.since("client") or BOOKS, workday(since - dt.timedelta(days=50)))
            deal = self.play(account, created, max(since, created), self.rng.choice("NC"))
            deal.closings = deal.closings[:1]
            deal.stalled = True


def deals(accounts: list[Account]) -> list[Deal]:
    """All deals, numbered by creation."""
    book = Book()
    for account in accounts:
        book.follow(account)
    clients = [a for a in accounts if a.status == "client"]
    book.further(clients)
    settled = [a for a in clients if (a.since("client") or TODAY) < dt.date(2025, 12, 1)]
    book.stall(settled)
    book.deals.sort(key=lambda d: (d.created_on, d.account.code, d.name))
    for rank, deal in enumerate(book.deals, start=1):
        deal.code = f"OPP{rank:05d}"
    return book.deals


def note(history: History, deal: Deal) -> None:
    """Note a deal's dated values."""
    own = [(day, "" if p is None else f"{p:g}") for day, p in deal.probabilities]
    history.note("opportunity", deal.code, "stage", deal.stages)
    history.note(
        "opportunity", deal.code, "amount", [(day, euros(cents)) for day, cents in deal.amounts]
    )
    history.note(
        "opportunity", deal.code, "close_date", [(d, end.isoformat()) for d, end in deal.closings]
    )
    history.note("opportunity", deal.code, "probability", own)
    history.note("opportunity", deal.code, "owner", deal.owners)


def row(deal: Deal) -> list[str]:
    """A deal as the CRM exports it."""
    own = deal.probabilities[-1][1] if deal.probabilities else None
    return [
        deal.code,
        deal.name,
        deal.account.code,
        deal.contact,
        "spanco",
        deal.stage,
        euros(deal.amount),
        "" if own is None else f"{own:g}",
        deal.closings[-1][1].isoformat(),
        deal.owners[-1][1],
        deal.created_on.isoformat(),
        deal.loss_reason,
        deal.product,
        deal.competitor,
        deal.next_step,
    ]
