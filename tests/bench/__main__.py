"""`python -m tests.bench`: print work, ours, floor and ratio; no time decides an exit status."""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from tests.bench import edits, metrics, pages, store, workbook
from tests.bench.demo import Demo
from tests.bench.rows import Row, amount

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TONES = {"ok": "green", "over": "red", "": ""}


def groups(*, each: bool) -> dict[str, Callable[[Demo], Iterator[Row]]]:
    """What can be asked for, in the order of the table."""
    return {
        "dataset": store.reading,
        "metrics": partial(metrics.on_demo, each=each),
        "large": partial(metrics.on_large, each=each),
        "pages": pages.viewing,
        "saved": pages.correcting,
        "load": store.loading,
        "start": pages.starting,
        "workbook": workbook.writing,
        "edit": edits.saving,
        "past": store.remembering,
    }


def table(rows: list[Row], *, plain: bool = False) -> Table:
    """The rows as a table."""
    from rich import box  # noqa: PLC0415

    shown = Table(box=box.MARKDOWN if plain else box.SIMPLE)
    for name in (
        "work",
        "ours",
        "floor",
        "ratio",
        "bound",
        "",
        "processor",
        "floor made with",
        "seen",
    ):
        right = name in {"ours", "floor", "ratio", "processor"}
        shown.add_column(name, justify="right" if right else "left", overflow="fold")
    for row in rows:
        shown.add_row(
            row.work,
            amount(row.ours, row.unit),
            amount(row.floor, row.unit),
            "" if row.ratio is None else f"{row.ratio:.2f}",
            row.bound,
            row.verdict,
            amount(row.cpu),
            row.by,
            row.note,
            style=TONES[row.verdict],
        )
    return shown


def main() -> None:
    """Run what is asked for, print it, and keep it as JSON where a file is named."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    known = groups(each=False)
    parser.add_argument("names", nargs="*", choices=[[], *known], help="all where none is named")
    parser.add_argument("--all", action="store_true", help="every metric, not only the slowest")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the rows here")
    asked = parser.parse_args()
    console = Console(width=None if Console().is_terminal else 200)
    aside = Console(stderr=True, highlight=False, soft_wrap=True)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="workbench-bench-") as folder:
        demo = Demo(Path(folder))
        for name, measure in groups(each=asked.all).items():
            if asked.names and name not in asked.names:
                continue
            for row in measure(demo):
                beside = "" if row.ratio is None else f", {row.ratio:.2f} x the floor"
                aside.print(f"{name}: {row.work}: {amount(row.ours, row.unit)}{beside}")
                rows.append(row)
    console.print(table(rows, plain=not console.is_terminal))
    load = " ".join(f"{one:.1f}" for one in os.getloadavg())
    console.print(f"{os.cpu_count()} cores, Python {platform.python_version()}, load {load}")
    if asked.json:
        told = [{**asdict(row), "ratio": row.ratio, "verdict": row.verdict} for row in rows]
        asked.json.write_text(json.dumps(told, indent=1, ensure_ascii=False), "utf-8")


if __name__ == "__main__":
    main()
