"""What commands about people print."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.table import Table

from workbench import terminal
from workbench.terminal import console

if TYPE_CHECKING:
    import pandas as pd

    from workbench.exports.forgetting import Forgotten
    from workbench.locale import Locale


def forgotten(found: Forgotten, loc: Locale, *, done: bool) -> None:
    """Print what goes or went: records, values by field, reports, and what is left to others."""
    out = console()
    plan = found.plan
    records = [
        f"{entity} {id_}"
        for person in plan.people
        for entity, ids in (("contact", person.contacts), ("account", person.accounts))
        for id_ in ids
    ]
    out.print(f"{'Anonymised' if done else 'Would be anonymised'}: {', '.join(records)}")
    table = Table("table", "field", box=box.SIMPLE_HEAD)
    table.add_column("values", justify="right")
    for name, count in plan.counts.items():
        table.add_row(*name.split(".", 1), loc.count(count))
    out.print(table)
    for folder in found.reports:
        out.print(f"{'Removed' if done else 'Would be removed'}: report {folder.name}")
    for entity, id_, text in plan.unclear:
        out.print(f"Look at {entity} {id_}, which may mean somebody else: {text}")
    for path in found.left:
        out.print(f"Left to you, it names them: {path}")
    if not done:
        out.print("Nothing was written. Do it with --yes: it can't be undone.")


def silent(found: pd.DataFrame, loc: Locale, *, rows: int, dry: bool) -> None:
    """Print who has been silent too long, and what is done about it."""
    from workbench.metrics.retention import retention

    names = [
        "id", "name", "account_id", "account", "status", "last_contact", "due_on", "state", "until",
    ]  # fmt: skip
    terminal.frame(found[names], "table", columns=retention.columns, loc=loc, rows=rows)
    counts = found["state"].value_counts()
    console().print(", ".join(f"{loc.count(n)} {state}" for state, n in counts.items()) or "Nobody")
    if counts.get("unnamed"):
        console().print(
            "Unnamed: neither a contact nor a SIREN tells whether it is a person. Where it is: "
            "workbench privacy anonymise account:NUMBER, by its account_id."
        )
    if dry:
        console().print("Nothing was written: --warn warns the due, --anonymise takes the ready.")
