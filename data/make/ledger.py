"""The ledger of three years: light books beside the sales, opening balances, and the FEC files.

Opening balances carry every open item of 411 by itself, lettered like the line that it repeats.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections import defaultdict
from typing import TYPE_CHECKING

from make.entries import (
    JOURNALS,
    LABELS,
    Entry,
    Item,
    item,
    letter,
    odd_entries,
    payment_entries,
    sales_entries,
)
from make.world import BOOKS, TODAY, chance, months, siren, workday

if TYPE_CHECKING:
    from pathlib import Path

    from make.documents import Sales
    from make.payments import Payment

COMPANY_SIREN = siren(0)
YEARS = (2024, 2025, 2026)
COLUMNS = (
    "JournalCode",
    "JournalLib",
    "EcritureNum",
    "EcritureDate",
    "CompteNum",
    "CompteLib",
    "CompAuxNum",
    "CompAuxLib",
    "PieceRef",
    "PieceDate",
    "EcritureLib",
    "Debit",
    "Credit",
    "EcritureLet",
    "DateLet",
    "ValidDate",
    "Montantdevise",
    "Idevise",
)
SUPPLIERS = tuple(
    (f"F{rank:04d}", f"{what} {place}")
    for rank, (what, place) in enumerate(
        (
            (what, place)
            for what in ("Ciments", "Tuiles", "Isolants", "Plâtres", "Bois", "Tubes")
            for place in ("Aquitaine", "Charentes", "Occitanie", "Ibérica")
        ),
        start=1,
    )
)
START = {
    "101000": -330000000,
    "164000": -180000000,
    "213000": 160000000,
    "370000": 190000000,
    "512000": 160000000,
}


def _month_end(day: dt.date) -> dt.date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def _opening() -> Entry:
    entry = Entry("AN", BOOKS, "AN2024", "À nouveaux, reprise du fonds")
    entry.items = [item(number, amount) for number, amount in START.items()]
    return entry


def _purchases(turnover: dict[dt.date, int]) -> list[Entry]:
    """Suppliers' invoices for three quarters of a month's sales, paid 45 days later."""
    rng = chance("purchases")
    entries = []
    for month, sold in turnover.items():
        shares = [rng.uniform(0.3, 1.7) for _ in SUPPLIERS]
        for rank, (code, name) in enumerate(SUPPLIERS):
            net = round(sold * 0.74 * shares[rank] / sum(shares))
            tax = (net * 20 + 50) // 100
            day = min(workday(month.replace(day=rng.randrange(1, 27))), TODAY)
            piece = f"{code}-{month:%y%m}"
            bill = Entry("AC", day, piece, f"Facture {name}")
            bill.items = [
                item("607000", net),
                item("445660", tax),
                item("401000", -net - tax, code, name),
            ]
            entries.append(bill)
            paid = workday(day + dt.timedelta(days=45))
            if paid <= TODAY:
                payment = Entry("BQ", paid, piece, f"Virement {name}")
                payment.items = [
                    item("401000", net + tax, code, name),
                    item("512000", -net - tax),
                ]
                entries.append(payment)
    return entries


def _monthly() -> list[Entry]:
    """Wages, social charges, rent, upkeep; depreciation at each year's end."""
    rng = chance("wages")
    entries = []
    for month in months(BOOKS, TODAY):
        end = _month_end(month)
        gross = rng.randrange(20400000, 22600000)
        net, charges = round(gross * 0.78), round(gross * 0.42)
        wages = Entry("OD", end, f"PAIE{month:%y%m}", "Salaires du mois")
        wages.items = [
            item("641000", gross),
            item("645000", charges),
            item("421000", -net),
            item("431000", net - gross - charges),
        ]
        paid = Entry("BQ", end, f"PAIE{month:%y%m}", "Virement des salaires")
        paid.items = [item("421000", net), item("512000", -net)]
        rent = Entry("BQ", workday(month.replace(day=5)), f"LOY{month:%y%m}", "Loyer des dépôts")
        rent.items = [item("613200", 3850000), item("445660", 770000), item("512000", -4620000)]
        upkeep = rng.randrange(300000, 900000)
        care = Entry("BQ", workday(month.replace(day=18)), f"ENT{month:%y%m}", "Entretien camions")
        care.items = [
            item("615500", upkeep),
            item("445660", upkeep // 5),
            item("512000", -upkeep - upkeep // 5),
        ]
        entries += [wages, paid, rent, care]
        due = workday((end + dt.timedelta(days=1)).replace(day=15))
        if due <= TODAY:
            social = Entry("BQ", due, f"URS{month:%y%m}", "Cotisations sociales")
            social.items = [
                item("431000", gross - net + charges),
                item("512000", net - gross - charges),
            ]
            entries.append(social)
        if month.month == 12:
            wear = Entry("OD", end, f"AMO{month:%Y}", "Dotation de l'exercice")
            wear.items = [item("681100", 8000000), item("281300", -8000000)]
            entries.append(wear)
    return entries


def _tax_returns(entries: list[Entry]) -> list[Entry]:
    """Each month's VAT, cleared on its last day and paid on the 20th of the next."""
    collected: dict[dt.date, int] = defaultdict(int)
    deductible: dict[dt.date, int] = defaultdict(int)
    for entry in entries:
        month = entry.date.replace(day=1)
        for line in entry.items:
            if line.number == "445710":
                collected[month] += line.credit - line.debit
            elif line.number == "445660":
                deductible[month] += line.debit - line.credit
    returns = []
    for month in months(BOOKS, TODAY):
        end = _month_end(month)
        owed = collected[month] - deductible[month]
        clearing = Entry("OD", end, f"TVA{month:%y%m}", "Déclaration de TVA")
        clearing.items = [
            item("445710", collected[month]),
            item("445660", -deductible[month]),
            item("445510", -owed),
        ]
        returns.append(clearing)
        due = workday((end + dt.timedelta(days=1)).replace(day=20))
        if due <= TODAY:
            payment = Entry("BQ", due, f"TVA{month:%y%m}", "Paiement de la TVA")
            payment.items = [item("445510", owed), item("512000", -owed)]
            returns.append(payment)
    return returns


def _carried(entries: list[Entry], year: int) -> Entry:
    """The opening balances of a year: 411 by open item, 401 by supplier, the rest by account."""
    first = dt.date(year, 1, 1)
    opening = Entry("AN", first, f"AN{year}", f"À nouveaux {year}")
    balance: dict[tuple[str, str, str], int] = defaultdict(int)
    for entry in entries:
        if entry.date >= first or (entry.journal == "AN" and entry.date != BOOKS):
            continue
        for line in entry.items:
            amount = line.debit - line.credit
            if line.number == "411000":
                if line.letter_date is None or line.letter_date >= first:
                    again = item("411000", amount, line.auxiliary, line.name)
                    again.piece = line.piece or entry.piece
                    again.piece_date = entry.date
                    again.letter, again.letter_date = line.letter, line.letter_date
                    opening.items.append(again)
            elif line.number[0] in "67":
                balance["120000", "", ""] += amount
            else:
                balance[line.number, line.auxiliary, line.name] += amount
    for (number, auxiliary, name), amount in sorted(balance.items()):
        if amount:
            opening.items.append(item(number, amount, auxiliary, name))
    return opening


def books(sales: Sales, payments: list[Payment]) -> list[Entry]:
    """Every entry of the three years, in order."""
    entries = sales_entries(sales) + odd_entries() + payment_entries(payments)
    letter(entries)
    turnover = dict.fromkeys(months(BOOKS, TODAY), 0)
    for entry in entries:
        for line in entry.items:
            if line.number[:2] == "70":
                turnover[entry.date.replace(day=1)] += line.credit - line.debit
    entries += [_opening(), *_purchases(turnover), *_monthly()]
    entries += _tax_returns(entries)
    entries += [_carried(entries, year) for year in YEARS[1:]]
    ranks = {journal: rank for rank, journal in enumerate(JOURNALS)}
    entries.sort(key=lambda e: (e.date, ranks[e.journal], e.piece, e.label))
    return entries


def _cents(amount: int) -> str:
    return f"{amount // 100},{amount % 100:02d}"


def _line(entry: Entry, number: int, line: Item) -> str:
    fields = (
        entry.journal,
        JOURNALS[entry.journal],
        str(number),
        f"{entry.date:%Y%m%d}",
        line.number,
        LABELS[line.number],
        line.auxiliary,
        line.name,
        line.piece or entry.piece,
        f"{line.piece_date or entry.piece_date or entry.date:%Y%m%d}",
        entry.label,
        _cents(line.debit),
        _cents(line.credit),
        line.letter,
        f"{line.letter_date:%Y%m%d}" if line.letter_date else "",
        f"{_month_end(entry.date):%Y%m%d}",
        "",
        "",
    )
    return "\t".join(fields)


def write(entries: list[Entry], folder: Path) -> list[Path]:
    """One FEC per calendar year; entries are numbered from 1 in each."""
    paths = []
    for year in YEARS:
        end = min(dt.date(year, 12, 31), TODAY)
        rows = ["\t".join(COLUMNS)]
        number = 0
        for entry in entries:
            if entry.date.year == year:
                number += 1
                rows += [_line(entry, number, line) for line in entry.items]
        path = folder / f"{COMPANY_SIREN}FEC{end:%Y%m%d}.txt"
        path.write_text("\r\n".join([*rows, ""]), encoding="utf-8", newline="")
        paths.append(path)
    return paths
