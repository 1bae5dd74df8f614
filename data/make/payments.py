"""What customers pay of their invoices, and when: most in time, some late, one not at all."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from make.world import TODAY, chance, workday

if TYPE_CHECKING:
    from make.companies import Account
    from make.documents import Document, Sales

LATE_PAYERS = 24
LATE_FROM = dt.date(2025, 7, 1)
SILENT_FROM = dt.date(2026, 3, 1)
"""From here on the first of the late payers pays nothing at all."""


@dataclass(frozen=True)
class Payment:
    """Money received for an invoice, or given back for a rebate where negative."""

    document: Document
    date: dt.date
    amount: int


def _late_payers(accounts: list[Account]) -> list[str]:
    """The codes of large clients of before 2025, the silent one first."""
    clients = [a for a in accounts if a.status == "client"]
    large = sorted(clients, key=lambda a: (-a.size, a.code))
    settled = [a.code for a in large if (a.since("client") or TODAY) < dt.date(2025, 1, 1)]
    return [settled[3], *chance("late").sample(settled[4:110], LATE_PAYERS - 1)]


def payments(sales: Sales, accounts: list[Account]) -> list[Payment]:
    """Settle the invoices that were paid by today, late where the client is."""
    rng = chance("payments")
    codes = _late_payers(accounts)
    habit: dict[str, float] = {}
    late = {code: rng.uniform(85, 150) for code in codes}
    silent = codes[0]
    made: list[Payment] = []
    returned: dict[int, list[Document]] = {}
    for note in sales.of("credit_note"):
        if note.origin is None:
            day = workday(note.date + dt.timedelta(days=25))
            made.append(Payment(note, day, note.total))
        else:
            returned.setdefault(id(note.origin), []).append(note)
    for invoice in sales.of("invoice"):
        code = invoice.account.code
        usual = habit.setdefault(code, rng.gauss(4, 8))
        notes = returned.get(id(invoice), [])
        owed = invoice.total + sum(note.total for note in notes)
        delay = usual + rng.gauss(0, 5)
        if code in late and invoice.date >= LATE_FROM:
            delay += late[code]
        never = rng.random() < 0.0022 or (code == silent and invoice.date >= SILENT_FROM)
        due = invoice.due or invoice.date
        day = workday(max(due + dt.timedelta(days=round(delay)), invoice.date))
        day = max([day, *(workday(note.date) for note in notes)])
        if never or owed <= 0:
            continue
        if rng.random() < 0.04:
            half = owed // 2
            later = workday(day + dt.timedelta(days=rng.randrange(15, 40)))
            made.append(Payment(invoice, day, half))
            made.append(Payment(invoice, later, owed - half))
        else:
            made.append(Payment(invoice, day, owed))
    return [payment for payment in made if payment.date <= TODAY]
