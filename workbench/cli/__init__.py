"""The command line: each command calls one function that lives elsewhere and prints what it gave.

What a command needs is imported when it runs, so that `--help` stays quick. Here, and only here,
an error becomes one line on standard error and exit status 2.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workbench.cli.base import app, examples

# Commands stand in the help in this order.
# isort: off
from workbench.cli import store, look, edit, outbox, users, groups, privacy
# isort: on

__all__ = ["app", "edit", "groups", "look", "main", "outbox", "privacy", "store", "users"]


@app.callback(
    epilog=examples(
        "workbench init",
        "workbench load --crm exports --preset maven",
        "workbench metric funnel_stock",
        "workbench serve",
    )
)
def workbench_() -> None:
    """Sales analytics: CRM and accounting files in, one number everywhere out."""


@app.command(hidden=True)
def docs(readme: Annotated[Path, typer.Argument()] = Path("README.md")) -> None:
    """Bring the README's lists of metrics and commands up to date."""
    from workbench.reference import update

    typer.echo(f"{readme}: {'updated' if update(readme) else 'was up to date'}")


def main() -> None:
    """Run the command line."""
    app(prog_name="workbench")
