"""Quotes, orders, deliveries, invoices and credit notes.

A won deal's accepted quote is ordered, delivered in parts and invoiced part by part; clients also
order without a deal. Amounts are whole cents; quantity times unit price is a line's amount.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from make import words
from make.world import BOOKS, SEASON, TODAY, between, chance, euros, months, workday

if TYPE_CHECKING:
    import random

    from make.companies import Account
    from make.deals import Deal

DIRECT = 8000
"""Orders without a deal."""
REBATED = 40
PREFIX = {"quote": "DV", "order": "BC", "delivery": "BL", "invoice": "FA", "credit_note": "AV"}


@dataclass(frozen=True)
class Line:
    """So many of a product at a price in cents."""

    product: str
    family: str
    quantity: int
    price: int

    @property
    def amount(self) -> int:
        """Without tax, in cents."""
        return self.quantity * self.price


@dataclass
class Document:
    """A sales document; amounts in cents, negative on credit notes."""

    kind: str
    account: Account
    date: dt.date
    lines: list[Line]
    deal: Deal | None = None
    state: str = ""
    due: dt.date | None = None
    code: str = ""
    origin: Document | None = None

    @property
    def amount(self) -> int:
        """Without tax."""
        return sum(line.amount for line in self.lines)

    @property
    def tax(self) -> int:
        """VAT at 20 %, rounded half away from zero."""
        size = (abs(self.amount) * 20 + 50) // 100
        return size if self.amount >= 0 else -size

    @property
    def total(self) -> int:
        """With tax."""
        return self.amount + self.tax


@dataclass
class Sales:
    """All documents, in order."""

    documents: list[Document] = field(default_factory=list)

    def of(self, kind: str) -> list[Document]:
        """The documents of a kind."""
        return [d for d in self.documents if d.kind == kind]


def _lines(rng: random.Random, target: int, families: tuple[str, ...]) -> list[Line]:
    """Goods worth about a target in cents, with transport and now and then a service."""
    count = rng.choices((1, 2, 3), (52, 36, 12))[0]
    found: dict[str, Line] = {}
    for _ in range(count):
        family = rng.choice(families)
        product, list_price = rng.choice(words.PRODUCTS[family])
        price = round(list_price * rng.uniform(84, 108))
        quantity = max(1, round(target / count / price))
        found[product] = Line(product, family, quantity, price)
    if rng.random() < 0.32:
        price = rng.choice((4500, 6900, 8900, 12500, 18000))
        found[words.DELIVERY_LINE] = Line(words.DELIVERY_LINE, words.TRANSPORT, 1, price)
    if rng.random() < 0.05:
        service = rng.choice(words.SERVICES)
        price = rng.randrange(120, 900) * 100
        found[service] = Line(service, words.SERVICE, 1, price)
    return list(found.values())


def _parts(rng: random.Random, lines: list[Line], count: int) -> list[list[Line]]:
    """Share the quantities of an order out to its deliveries, none of them empty."""
    parts: list[list[Line]] = [[] for _ in range(count)]
    for line in lines:
        left = line.quantity
        for place in range(count):
            last = place == count - 1
            taken = (
                left if last else min(left, round(line.quantity / count * rng.uniform(0.7, 1.3)))
            )
            if taken:
                part = Line(line.product, line.family, taken, line.price)
                parts[place].append(part)
            left -= taken
    return [part for part in parts if part]


class Office:
    """Writes the documents, one chain after another."""

    def __init__(self) -> None:
        self.rng = chance("documents")
        self.sales = Sales()
        self.terms: dict[str, int] = {}

    def term(self, account: Account) -> int:
        """The days that an account has to pay."""
        if account.code not in self.terms:
            self.terms[account.code] = self.rng.choices((30, 45, 60), (25, 45, 30))[0]
        return self.terms[account.code]

    def quote(self, deal: Deal) -> Document | None:
        """The quote of a deal that reached negotiation; its amount becomes the deal's."""
        reached = deal.reached("N")
        if reached is None:
            return None
        rng = self.rng
        state = {"O": "accepted", "LOST": rng.choices(("refused", "expired"), (7, 3))[0]}
        last, _ = deal.amounts[-1]
        day = max(reached, last)
        families = words.FAMILY_OF_SEGMENT[deal.account.segment]
        document = Document(
            "quote",
            deal.account,
            day,
            _lines(rng, deal.amount, (deal.product, *families)),
            deal,
            state.get(deal.stage, "draft" if (TODAY - day).days < 6 else "sent"),
            day + dt.timedelta(days=45),
        )
        deal.amounts[-1] = (last, document.amount)
        self.sales.documents.append(document)
        return document

    def order(self, account: Account, day: dt.date, lines: list[Line], deal: Deal | None) -> None:
        """An order with its deliveries and invoices, as far as they were made by today."""
        rng = self.rng
        documents = self.sales.documents
        documents.append(Document("order", account, day, lines, deal))
        large = sum(line.amount for line in lines) > 1200000
        count = rng.choices((1, 2, 3), (20, 45, 35) if large else (78, 20, 2))[0]
        wait = rng.randrange(1, 5)
        for part in _parts(rng, lines, count):
            delivered = workday(day + dt.timedelta(days=wait))
            invoiced = workday(delivered + dt.timedelta(days=rng.choice((0, 0, 0, 1, 2))))
            if delivered > TODAY:
                break
            documents.append(Document("delivery", account, delivered, part, deal))
            if invoiced <= TODAY:
                due = invoiced + dt.timedelta(days=self.term(account))
                invoice = Document("invoice", account, invoiced, part, deal, due=due)
                documents.append(invoice)
                if rng.random() < 0.042:
                    self.take_back(invoice)
            wait += rng.randrange(4, 26)

    def take_back(self, invoice: Document) -> None:
        """A credit note for goods returned."""
        rng = self.rng
        day = workday(invoice.date + dt.timedelta(days=rng.randrange(3, 24)))
        if day > TODAY:
            return
        whole = rng.random() < 0.06
        picked = invoice.lines if whole else [rng.choice(invoice.lines)]
        lines = []
        for line in picked:
            most = max(1, round(line.quantity * rng.uniform(0.05, 0.4)))
            back = line.quantity if whole else most
            lines.append(Line(line.product, line.family, -back, line.price))
        note = Document("credit_note", invoice.account, day, lines, invoice.deal, origin=invoice)
        self.sales.documents.append(note)

    def rebates(self, year: int) -> None:
        """The best clients' rebate for a year, as credit notes of the next January."""
        turnover: dict[str, int] = {}
        owner: dict[str, Account] = {}
        for invoice in self.sales.of("invoice"):
            if invoice.date.year == year:
                code = invoice.account.code
                turnover[code] = turnover.get(code, 0) + invoice.amount
                owner[code] = invoice.account
        best = sorted(turnover, key=lambda code: (-turnover[code], code))[:REBATED]
        for code in sorted(best):
            amount = round(turnover[code] * 0.015)
            line = Line("Remise de fin d'année", "Remise", -1, amount)
            day = workday(dt.date(year + 1, 1, 20))
            self.sales.documents.append(Document("credit_note", owner[code], day, [line]))


def _direct(office: Office, clients: list[Account]) -> None:
    """Everyday orders: the larger the client the more and the larger; some clients fall asleep.

    `habit` keeps turnover from growing as fast as the number of clients.
    """
    rng = office.rng
    starts = months(BOOKS, TODAY)
    habit = {2024: 1.28, 2025: 1.0, 2026: 0.86}
    trend = [SEASON[m.month - 1] * habit[m.year] for m in starts]
    asleep = {
        a.code: between(rng, dt.date(2025, 3, 1), dt.date(2026, 6, 30))
        for a in rng.sample(clients, 110)
    }
    first = {a.code: max(a.since("client") or BOOKS, BOOKS) for a in clients}
    weights = [a.size * (0.3 if a.segment == words.BAD_SEGMENT else 1) for a in clients]
    chosen = [a for a in clients if first[a.code] == BOOKS]
    chosen += rng.choices(clients, weights, k=DIRECT - len(chosen))
    for rank, account in enumerate(chosen):
        month = rng.choices(starts, trend)[0]
        end = min((month + dt.timedelta(days=32)).replace(day=1) - dt.timedelta(days=1), TODAY)
        day = between(rng, month, end)
        sure = rank < len(clients) and first[account.code] == BOOKS
        day = min(day, dt.date(2026, 9, 10)) if sure else day
        stop = asleep.get(account.code, TODAY)
        if day < first[account.code] or (day > stop and not sure):
            continue
        target = rng.lognormvariate(math.log(465000 * account.size**0.45), 0.7)
        families = words.FAMILY_OF_SEGMENT[account.segment]
        office.order(account, day, _lines(rng, round(min(target, 6000000)), families), None)


def sales(accounts: list[Account], deals: list[Deal]) -> Sales:
    """All documents, numbered by kind and year."""
    office = Office()
    clients = [a for a in accounts if a.status == "client"]
    for deal in deals:
        quote = office.quote(deal)
        if quote is not None and deal.stage == "O":
            office.order(deal.account, deal.since, quote.lines, deal)
    _direct(office, clients)
    office.rebates(2024)
    office.rebates(2025)
    result = office.sales
    result.documents.sort(key=lambda d: (d.date, list(PREFIX).index(d.kind), d.account.code))
    count: dict[tuple[str, int], int] = {}
    for document in result.documents:
        key = document.kind, document.date.year
        count[key] = count.get(key, 0) + 1
        document.code = f"{PREFIX[document.kind]}{key[1] % 100}-{count[key]:05d}"
    return result


def row(document: Document) -> list[str]:
    """A document as the ERP exports it."""
    return [
        document.code,
        document.kind,
        document.state,
        document.account.code,
        document.deal.code if document.deal else "",
        document.date.isoformat(),
        document.due.isoformat() if document.due else "",
        euros(document.amount),
        euros(document.total),
    ]
