"""Ledger entries of sales and bank: invoices, credit notes, payments, and their lettering.

Also the oddities that a real ledger has: counter sales without a customer, a few entries for two
customers at once, customers that the CRM doesn't know.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from make import words
from make.world import BOOKS, TODAY, chance, months, workday

if TYPE_CHECKING:
    from make.documents import Document, Sales
    from make.payments import Payment

LABELS = {
    "101000": "Capital",
    "120000": "Résultat de l'exercice",
    "164000": "Emprunts",
    "213000": "Constructions",
    "281300": "Amortissements des constructions",
    "370000": "Stocks de marchandises",
    "401000": "Fournisseurs",
    "411000": "Clients",
    "421000": "Personnel, rémunérations dues",
    "431000": "Sécurité sociale",
    "445510": "TVA à décaisser",
    "445660": "TVA déductible",
    "445710": "TVA collectée",
    "512000": "Banque",
    "531000": "Caisse",
    "607000": "Achats de marchandises",
    "613200": "Locations immobilières",
    "615500": "Entretien du matériel",
    "624100": "Transports sur achats",
    "641000": "Rémunérations du personnel",
    "645000": "Charges sociales",
    "681100": "Dotations aux amortissements",
    "706000": "Prestations de services",
    "707000": "Ventes de marchandises",
    "708500": "Ports facturés",
    "709700": "RRR accordés sur ventes",
}
JOURNALS = {
    "AN": "À nouveaux",
    "VT": "Ventes",
    "AC": "Achats",
    "BQ": "Banque",
    "CA": "Caisse",
    "OD": "Opérations diverses",
}
STRANGERS = (
    ("C90017", "Ets Lafourcade (ancien code)"),
    ("C90042", "Mairie de Saint-Projet"),
    ("CDIVERS", "Clients divers"),
)
"""Customers of the ledger that no account sheet knows."""
SHARED = 5
"""Entries that carry the invoices of two customers."""


@dataclass
class Item:
    """A line of an entry, in cents; lines of one `group` are lettered once they balance."""

    number: str
    debit: int
    credit: int
    auxiliary: str = ""
    name: str = ""
    group: str = ""
    piece: str = ""
    piece_date: dt.date | None = None
    letter: str = ""
    letter_date: dt.date | None = None


@dataclass
class Entry:
    """An entry: a journal, a day, a piece, and lines that balance."""

    journal: str
    date: dt.date
    piece: str
    label: str
    items: list[Item] = field(default_factory=list)
    piece_date: dt.date | None = None


def item(number: str, amount: int, auxiliary: str = "", name: str = "", group: str = "") -> Item:
    """A line: debit where the amount is positive, else credit."""
    return Item(number, max(amount, 0), max(-amount, 0), auxiliary, name, group)


def _revenue(document: Document) -> list[Item]:
    amounts: dict[str, int] = {}
    for line in document.lines:
        number = {words.SERVICE: "706000", words.TRANSPORT: "708500", "Remise": "709700"}.get(
            line.family, "707000"
        )
        amounts[number] = amounts.get(number, 0) + line.amount
    return [item(number, -amount) for number, amount in sorted(amounts.items())]


def _sale(document: Document) -> list[Item]:
    account = document.account
    group = (document.origin or document).code
    receivable = item("411000", document.total, account.customer_code, account.name, group)
    return [receivable, *_revenue(document), item("445710", -document.tax)]


def _shared(invoices: list[Document]) -> dict[str, Document]:
    """The second invoice of each entry of two, by the code of the first."""
    pairs: dict[str, Document] = {}
    small = [i for i in invoices if i.amount < 250000]
    for one, other in pairwise(small):
        together = one.date == other.date and one.account is not other.account
        taken = any(second is one for second in pairs.values())
        if together and not taken and one.date.day == 12:
            pairs[one.code] = other
        if len(pairs) == SHARED:
            break
    return pairs


def sales_entries(sales: Sales) -> list[Entry]:
    """The sales journal, one entry per invoice or credit note but for the few shared ones."""
    entries = []
    pairs = _shared(sales.of("invoice"))
    seconds = {document.code for document in pairs.values()}
    for document in sales.documents:
        if document.kind not in ("invoice", "credit_note") or document.code in seconds:
            continue
        what = "Facture" if document.kind == "invoice" else "Avoir"
        entry = Entry("VT", document.date, document.code, f"{what} {document.account.name}")
        entry.items = _sale(document)
        if document.code in pairs:
            other = pairs[document.code]
            entry.label = f"Factures groupées {document.code} et {other.code}"
            for line in _sale(other):
                line.piece = other.code
                entry.items.append(line)
        entries.append(entry)
    return entries


def payment_entries(payments: list[Payment]) -> list[Entry]:
    """The bank journal's receipts and refunds."""
    entries = []
    for payment in payments:
        document, account = payment.document, payment.document.account
        entry = Entry("BQ", payment.date, document.code, f"Règlement {account.name}")
        if payment.amount < 0:
            entry.label = f"Remboursement {account.name}"
        entry.items = [
            item("512000", payment.amount),
            item("411000", -payment.amount, account.customer_code, account.name, document.code),
        ]
        entries.append(entry)
    return entries


def odd_entries() -> list[Entry]:
    """Counter sales each quarter, and the sales to customers that the CRM doesn't know."""
    rng = chance("odd entries")
    entries = []
    for rank, month in enumerate(months(BOOKS, TODAY)):
        if month.month % 3 == 0:
            day = workday(month.replace(day=27))
            net = rng.randrange(900, 2600) * 100
            tax = net // 5
            entry = Entry("CA", day, f"CAI{month:%y%m}", "Ventes comptoir au comptant")
            entry.items = [item("531000", net + tax), item("707000", -net), item("445710", -tax)]
            entries.append(entry)
        if rank % 4 == 1:
            code, name = STRANGERS[(rank // 4) % len(STRANGERS)]
            day = workday(month.replace(day=rng.randrange(3, 20)))
            net = rng.randrange(300, 1900) * 100
            tax = net // 5
            piece = f"FX{month:%y%m}"
            sale = Entry("VT", day, piece, f"Facture {name}")
            sale.items = [
                item("411000", net + tax, code, name, piece),
                item("707000", -net),
                item("445710", -tax),
            ]
            entries.append(sale)
            paid = workday(day + dt.timedelta(days=38))
            if paid <= TODAY and rank % 3:
                receipt = Entry("BQ", paid, piece, f"Règlement {name}")
                receipt.items = [
                    item("512000", net + tax),
                    item("411000", -net - tax, code, name, piece),
                ]
                entries.append(receipt)
    return entries


def letter(entries: list[Entry]) -> None:
    """Letter the groups that balance, on the day of their last line; AAA, AAB … per customer."""
    groups: dict[tuple[str, str], list[tuple[dt.date, Item]]] = {}
    for entry in entries:
        for line in entry.items:
            if line.group:
                key = line.auxiliary, line.group
                groups.setdefault(key, []).append((entry.date, line))
    settled = [
        (max(day for day, _ in lines), key)
        for key, lines in groups.items()
        if sum(line.debit - line.credit for _, line in lines) == 0
    ]
    count: dict[str, int] = {}
    for day, key in sorted(settled):
        rank = count.get(key[0], 0)
        count[key[0]] = rank + 1
        code = "".join(chr(65 + rank // 26**place % 26) for place in (2, 1, 0))
        for _, line in groups[key]:
            line.letter, line.letter_date = code, day
