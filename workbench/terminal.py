"""What the command line prints: frames as a table, CSV or JSON, and what a store holds.

Tables are for the eye, in house style; CSV and JSON are for programs: points for decimals, ISO
dates, nothing where nothing is.
"""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

import orjson
import typer
from rich import box
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
from rich.table import Table

from workbench.locale import DASH, missing, msg

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    import pandas as pd

    from workbench.exports.outbox import Export
    from workbench.exports.returned import Returned
    from workbench.exports.verdict import Said
    from workbench.locale import Locale
    from workbench.metrics.catalog import Metric
    from workbench.sources.load import LoadReport
    from workbench.store.access import Viewer
    from workbench.store.check import Difference
    from workbench.store.groups import Group
    from workbench.store.journal import Outcome
    from workbench.store.outbox import Entry
    from workbench.store.status import Status

    Tell = Callable[[str, int, int], None]

LINES_SHOWN = 10
PIPE_WIDTH = 1000
"""Columns that a table may take where nobody looks: nothing is cut in a file."""


Format = Literal["table", "csv", "json"]


def console() -> Console:
    """Standard output, as wide as the terminal or, in a pipe, as the lines."""
    # No markup: a name in the data may hold brackets.
    out = Console(highlight=False, markup=False)
    return out if out.is_terminal else Console(highlight=False, markup=False, width=PIPE_WIDTH)


@contextmanager
def progress() -> Iterator[Tell]:
    """A bar for long work, on standard error; nothing in a pipe.

    Yields:
        What to call with what is being done, how much is done, and how much there is.
    """
    err = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task("", total=None)

        def tell(what: str, done: int, total: int) -> None:
            bar.update(task, description=what, completed=done, total=total or None)

        yield tell


def frame(
    shown: pd.DataFrame, how: Format, *, columns: Mapping[str, str], loc: Locale, rows: int
) -> None:
    """Print a frame.

    Args:
        shown: the frame.
        how: table, csv or json.
        columns: kind of each column, as the catalog has it: {"amount": "money: …"}.
        loc: for the table's numbers and dates.
        rows: how many the table shows; 0 for all.
    """
    if how == "table":
        _table(shown, columns, loc, rows)
        return
    dated = shown.copy()
    for name in dated.select_dtypes("datetime").columns:
        moments = dated[name]
        whole = (moments.dropna() == moments.dropna().dt.normalize()).all()
        dated[name] = moments.dt.strftime("%Y-%m-%d" if whole else "%Y-%m-%dT%H:%M:%S")
    if how == "csv":
        typer.echo(dated.to_csv(index=False, lineterminator="\n"), nl=False)
        return
    known = dated.astype(object).where(dated.notna(), None)
    options = orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS
    typer.echo(orjson.dumps(known.to_dict("records"), option=options).decode())


def _table(shown: pd.DataFrame, columns: Mapping[str, str], loc: Locale, rows: int) -> None:
    kinds = {str(name): columns.get(str(name), "").partition(":")[0] for name in shown.columns}
    table = Table(box=box.SIMPLE_HEAD)
    for name, kind in kinds.items():
        right = kind in {"count", "money", "ratio", "number", "id"}
        table.add_column(name, justify="right" if right else "left", no_wrap=right)
    cut = shown.head(rows) if rows else shown
    for row in cut.itertuples(index=False):
        table.add_row(*(cell(v, k, loc) for v, k in zip(row, kinds.values(), strict=True)))
    out = console()
    out.print(table)
    if len(cut) < len(shown):
        out.print(f"{loc.count(len(cut))} of {loc.count(len(shown))} rows")


def cell(value: Any, kind: str, loc: Locale) -> str:
    """A value of that kind as a table shows it.

    >>> from workbench.locale import EN
    >>> cell(1234.5, "money", EN), cell(0.5, "ratio", EN), cell(7.0, "id", EN), cell(None, "", EN)
    ('€1,234.50', '50.0%', '7', '–')
    """
    writers: dict[str, Callable[[Any], str]] = {
        "money": lambda amount: loc.money(amount, cents=True),
        "ratio": loc.percent,
        "count": loc.count,
        "number": lambda number: loc.number(number, 1),
        "date": loc.date,
        "moment": loc.moment,
        "id": lambda number: str(int(number)),
    }
    return DASH if missing(value) else writers.get(kind, str)(value)


def catalog(metrics: Iterable[Metric], loc: Locale) -> None:
    """Print the catalog: each metric's name, question, unit and options."""
    table = Table("metric", "question", "unit", "options", box=box.SIMPLE_HEAD)
    for one in metrics:
        options = ", ".join(name for name in one.options if name != "as_of")
        table.add_row(one.name, one.question.in_(loc.language), one.unit.in_(loc.language), options)
    console().print(table)


def definition(one: Metric, loc: Locale) -> None:
    """Print all that the catalog knows of a metric."""
    said = {
        "metric": one.name,
        "label": one.label.in_(loc.language),
        "question": one.question.in_(loc.language),
        "unit": one.unit.in_(loc.language),
        "formula": one.formula.in_(loc.language),
        "source": one.source.in_(loc.language),
        "reads": ", ".join(one.tables),
        "options": ", ".join(f"{name}={value}" for name, value in one.options.items()),
    }
    grid = Table(box=None, show_header=False)
    for name, text in said.items():
        grid.add_row(name, text or DASH)
    for name, meaning in one.columns.items():
        grid.add_row("column", f"{name}  {meaning}")
    console().print(grid)


def outcomes(found: Sequence[Outcome], loc: Locale) -> None:
    """Print what became of edits; of many that were saved, how many."""
    table = Table(box=box.SIMPLE_HEAD)
    for name in ("record", "field", "value", "became", "why"):
        table.add_column(name)
    saved = [one for one in found if one.state == "saved"]
    few = found if len(found) <= LINES_SHOWN else [one for one in found if one not in saved]
    for one in few[:LINES_SHOWN]:
        edit = one.edit
        table.add_row(
            f"{edit.entity} {edit.id}", edit.field or DASH, _said(edit.value), str(one.state),
            loc.say(one.message),
        )  # fmt: skip
    if few:
        console().print(table)
    console().print(f"{loc.count(len(saved))} of {loc.count(len(found))} saved")


def differences(found: Sequence[Difference]) -> None:
    """Print where tables and journal differ."""
    for one in found[:LINES_SHOWN]:
        console().print(
            f"{one.entity} {one.record_id}, {one.what}: stored {one.stored}, "
            f"by the journal {one.journal}"
        )
    console().print(
        "The tables say what the journal says."
        if not found
        else f"{len(found)} differences. Keep this store as it is, and restore a sound copy."
    )


def groups(found: Sequence[Group], loc: Locale) -> None:
    """Print groups of accounts, and with whom they are shared."""
    table = Table("group", "accounts", "made by", "shared with", box=box.SIMPLE_HEAD)
    for one in found:
        shares = ", ".join(
            f"{share.user or f'team {share.team}'}{' (writes)' if share.writes else ''}"
            for share in one.shares
        )
        table.add_row(one.name, loc.count(one.accounts), one.owner or DASH, shares or DASH)
    console().print(table if found else "No groups.")


def outbox(entries: Sequence[Entry], loc: Locale) -> None:
    """Print what sources have yet to learn, and what they were told."""
    table = Table(box=box.SIMPLE_HEAD)
    for name in ("change", "source", "record", "field", "theirs", "ours", "state", "by", "why"):
        table.add_column(name, overflow="fold")
    for one in entries:
        why = "disputed" if one.disputed else one.reason or ""
        table.add_row(
            str(one.change), one.source, f"{one.entity} {one.code}", one.field, _said(one.known),
            _said(one.value), str(one.standing), one.user, why,
        )  # fmt: skip
    if entries:
        console().print(table)
    counts = Counter(str(one.standing) for one in entries)
    told = ", ".join(f"{loc.count(n)} {name}" for name, n in sorted(counts.items()))
    console().print(told or "Nothing waits: the sources know what was changed here.")


def outbox_export(found: Export, paths: Sequence[Path], loc: Locale) -> None:
    """Print what was written for a source, and what couldn't be, with the reason."""
    for path, table in zip(paths, found.tables, strict=True):
        console().print(f"Written: {path}, {loc.count(len(table.rows) - 1)} rows")
    for one, why in found.left[:LINES_SHOWN]:
        console().print(f"Not written: {one.entity} {one.code}, {one.field}: {loc.say(why)}")
    if len(found.left) > LINES_SHOWN:
        console().print(f"… {loc.count(len(found.left))} not written in all")
    if not found.tables:
        console().print(f"Nothing waits for {found.preset.name} that could be written.")


def _said(value: Any) -> str:
    return DASH if value is None else str(value)


COUNTS = {
    "read": msg("Lues"),
    "new": msg("Nouvelles"),
    "changed": msg("Modifiées"),
    "same": msg("Identiques"),
    "rejected": msg("Refusées"),
    "deleted": msg("Supprimées"),
    "kept": msg("Gardées"),
    "conflicts": msg("Conflits"),
}


def load_report(report: LoadReport, alone: pd.DataFrame, loc: Locale) -> None:
    """Print what became of a load: counts, control totals, what didn't fit, what is unmatched."""
    from workbench.sources import reasons  # noqa: PLC0415 - so that `--help` stays quick

    out = console()
    table = Table(loc.t("Table"), box=box.SIMPLE_HEAD)
    for label in COUNTS.values():
        table.add_column(loc.t(label), justify="right")
    table.add_column(loc.t("Totaux de contrôle"))
    for one in report.tables:
        sums = ", ".join(f"{name} {loc.number(total, 2)}" for name, total in one.sums.items())
        table.add_row(one.table, *(loc.count(getattr(one, name)) for name in COUNTS), sums)
    out.print(table)
    for note in report.notes:
        out.print(loc.say(note))
    rejected = report.rejected
    refused = msg("Refusée : {file}, ligne {line} : {reason}")
    for row in rejected.head(LINES_SHOWN).itertuples(index=False):
        why = reasons.said(str(row.reason), loc)
        out.print(loc.t(refused, file=row.file, line=row.line, reason=why))
    if len(rejected) > LINES_SHOWN:
        more = msg(
            "… {n} lignes refusées en tout ; --rejected DOSSIER les écrit dans des fichiers."
        )
        out.print(loc.t(more, n=loc.count(len(rejected))))
    if len(alone):
        out.print(
            loc.plural(
                len(alone),
                "{n} client du grand livre sans compte :",
                "{n} clients du grand livre sans compte :",
            )
        )
        columns = {"revenue": "money", "balance": "money"}
        _table(alone.drop(columns="customer_id"), columns, loc, LINES_SHOWN)
    if len(alone) > LINES_SHOWN:
        out.print(loc.t("Tous : workbench metric unmatched_customers --rows 0"))
    until = msg("Données jusqu’au {day}, {seconds} s")
    out.print(loc.t(until, day=loc.date(report.data_date), seconds=loc.number(report.seconds, 1)))


def status(found: Status, loc: Locale) -> None:
    """Print what a store holds and how fresh it is."""
    out = console()
    out.print(f"Store {found.url}")
    out.print(f"Schema {found.schema}, newest change {loc.count(found.version)}")
    table = Table("table", box=box.SIMPLE_HEAD)
    table.add_column("rows", justify="right")
    for name, rows in found.rows.items():
        table.add_row(name, loc.count(rows))
    out.print(table)
    loads = Table("load", "when", "who", "data until", box=box.SIMPLE_HEAD)
    loads.add_column("rejected", justify="right")
    for load in found.loads:
        loads.add_row(
            load.source,
            loc.moment(load.started_at),
            load.user,
            loc.date(load.data_date),
            loc.count(load.rejected),
        )
    out.print(loads if found.loads else "Nothing loaded yet.")
    out.print(f"Data until {loc.date(found.data_date)}")


def verdicts(found: Returned, said: Sequence[Said], loc: Locale, *, written: bool) -> None:
    """Print what became of a form that came back, change by change, then in all."""
    from workbench.exports import verdict  # noqa: PLC0415 - so that `--help` stays quick

    out = console()
    if said:
        heads = ("sheet", "row", "record", "field", "before", "after", "result", "why")
        table = Table(*heads, box=box.SIMPLE_HEAD)
        for one in said:
            place = (one.line.sheet, str(one.line.row), one.name, one.label)
            table.add_row(*place, one.old, one.new, one.word, one.why)
        out.print(table)
    for note in found.notes:
        out.print(loc.say(note))
    out.print(verdict.summary(found, said, loc, written=written))


def users(added: Iterable[Viewer]) -> None:
    """Print the users that were added."""
    for viewer in added:
        console().print(f"{viewer.username}: {viewer.name}, {viewer.role}")
