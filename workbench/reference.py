"""The lists in the README that follow the code: the catalog's metrics, the commands.

They stand between marks, `<!-- metrics -->` and `<!-- /metrics -->`; the rest is left alone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import typer.main

from workbench.cli import app
from workbench.errors import SourceError
from workbench.metrics.catalog import CATALOG

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def metrics() -> str:
    """Each metric with its question and unit, as a Markdown table."""
    rows = [
        f"| `{name}` | {one.question.en} | {one.unit.en} |" for name, one in sorted(CATALOG.items())
    ]
    return "\n".join(["| metric | question | unit |", "|---|---|---|", *rows])


def commands() -> str:
    """Each command with what it does, as a Markdown table."""
    rows = [f"| `{name}` | {said} |" for name, said in _commands(typer.main.get_command(app))]
    return "\n".join(["| command | what it does |", "|---|---|", *rows])


def _commands(group: Any, prefix: str = "workbench") -> Iterator[tuple[str, str]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, f"{prefix} {name}")
        elif not command.hidden:
            arguments = [
                one.name.upper() if one.required else f"[{one.name.upper()}]"
                for one in command.params
                if one.param_type_name == "argument"
            ]
            yield " ".join([prefix, name, *arguments]), command.help.split("\n")[0]


PARTS = {"metrics": metrics, "commands": commands}


def renewed(text: str) -> str:
    """The README's text with its marked parts as the code has them now.

    Raises:
        SourceError: a mark is absent.
    """
    for name, make in PARTS.items():
        marked = re.compile(f"<!-- {name} -->.*<!-- /{name} -->", re.DOTALL)
        if not marked.search(text):
            raise SourceError(f"No part <!-- {name} -->…<!-- /{name} --> in the README: put one.")
        part = f"<!-- {name} -->\n{make()}\n<!-- /{name} -->"
        text = marked.sub(part.replace("\\", r"\\"), text)
    return text


def update(readme: Path) -> bool:
    """Renew the marked parts of a README.

    Returns:
        Whether that changed it.
    """
    before = readme.read_text("utf-8")
    after = renewed(before)
    if after != before:
        readme.write_text(after, "utf-8")
    return after != before
