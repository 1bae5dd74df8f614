"""Write the demo company's files: the CSVs of its CRM and ERP, and its FEC files.

`python data/make_demo.py` writes them beside this script, `python data/make_demo.py FOLDER`
elsewhere; the same bytes each time. What they hold is told in README.md.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from make import (
    activities,
    companies,
    consents,
    deals,
    documents,
    groups,
    ledger,
    payments,
    people,
    sheets,
)
from make.world import History, chance, euros

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

COLUMNS = {
    "reps": "code,name,kind,manager,email,entered_on,left_on",
    "accounts": "code,name,siren,siret,customer_code,status,entered_on,segment,sector,street,"
    "postcode,city,country,phone,website,iban,employees,parent,owner,need,budget,timeline,"
    "supplier,decider_known,next_step,next_step_on,qualified_on,notes",
    "contacts": "code,account,first_name,last_name,job,decision_role,email,phone",
    "consents": "contact,channel,state,date,proof,noted_by",
    "opportunities": "code,name,account,contact,pipeline,stage,amount,probability,close_date,"
    "owner,created_on,loss_reason,product,competitor,next_step",
    "documents": "code,kind,state,account,opportunity,date,due_date,amount,amount_with_tax",
    "document_lines": "document,position,product,family,quantity,unit_price,amount",
    "contracts": "code,account,kind,competitor,subject,begins_on,ends_on,yearly_amount",
    "activities": "code,account,contact,opportunity,rep,kind,date,two_way,minutes,subject",
    "history": "entity,code,field,effective,value",
}


def _account_rows(
    made: list[companies.Account], known: dict[str, sheets.Qualification]
) -> Iterable[list[str]]:
    rng = chance("sheets")
    for account in made:
        site = f"https://{people.slug(account.name)[:30].strip('-')}.example"
        yield [
            account.code,
            account.name,
            account.siren,
            account.siret,
            account.customer_code,
            account.status,
            account.entered_on.isoformat(),
            account.segment,
            account.sector,
            account.street,
            account.postcode,
            account.city,
            "FR",
            sheets.phone(rng, mobile=False),
            site if rng.random() < 0.3 else "",
            account.iban,
            str(account.employees),
            account.parent,
            account.owners[-1][1],
            *known[account.code].row(),
        ]


def _line_rows(sales: documents.Sales) -> Iterable[list[str]]:
    for document in sales.documents:
        for position, line in enumerate(document.lines, start=1):
            yield [
                document.code,
                str(position),
                line.product,
                line.family,
                str(line.quantity),
                euros(line.price),
                euros(line.amount),
            ]


def _write(folder: Path, name: str, rows: Iterable[Sequence[object]]) -> None:
    with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS[name].split(","))
        writer.writerows(rows)


def make(folder: Path) -> None:
    """Make the company and write its files into a folder."""
    history = History()
    pool = people.names()
    force = people.reps(pool, history)
    made = companies.accounts(pool)
    groups.build(made, pool)
    companies.assign(made, force)
    sold = deals.deals(made)
    sales = documents.sales(made, sold)
    persons = sheets.contacts(made, pool)
    sheets.introduce(sold, persons)
    agreements = sheets.contracts(made)
    known = sheets.qualifications(made, agreements)
    for account in made:
        history.note("account", account.code, "status", account.statuses)
        history.note("account", account.code, "owner", account.owners)
        history.note("account", account.code, "parent", account.parents)
    for deal in sold:
        deals.note(history, deal)

    folder.mkdir(parents=True, exist_ok=True)
    rep_rows = ([r.code, r.name, r.kind, r.manager, r.email, r.entered_on, ""] for r in force)
    _write(folder, "reps", rep_rows)
    _write(folder, "accounts", _account_rows(made, known))
    _write(folder, "contacts", (person.row() for person in persons))
    _write(folder, "consents", consents.rows(persons, force))
    _write(folder, "opportunities", (deals.row(deal) for deal in sold))
    _write(folder, "documents", (documents.row(document) for document in sales.documents))
    _write(folder, "document_lines", _line_rows(sales))
    _write(folder, "contracts", agreements)
    _write(folder, "activities", activities.rows(made, sold, persons))
    _write(folder, "history", history.rows)
    ledger.write(ledger.books(sales, payments.payments(sales, made)), folder)


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
