"""Commands about what sources have yet to learn of what was changed here."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workbench.cli.base import Config, Database, Language, app, examples, settings_of

if TYPE_CHECKING:
    from workbench.settings import Settings
    from workbench.store.outbox import Entry

outbox = typer.Typer(
    invoke_without_command=True,
    help="What the sources have yet to learn of what was changed here.",
    epilog=examples("workbench outbox", "workbench outbox export --preset generic --out back"),
)
app.add_typer(outbox, name="outbox")

Preset = Annotated[
    str, typer.Option(help="How the source's columns are called; it names the source.")
]
Table = Annotated[
    str | None,
    typer.Option(help="The preset's table that a file is, where its name doesn't say."),
]
What = Annotated[
    str, typer.Argument(metavar="FILE|CHANGE", help="A file written by `export`, or a number.")
]


@outbox.callback()
def list_(
    context: typer.Context,
    *,
    every: Annotated[bool, typer.Option("--all", help="What has arrived, too.")] = False,
    restricted: Annotated[
        bool, typer.Option("--restricted", help="Show bank details, too.")
    ] = False,
    language: Language = None,
    database: Database = None,
    config: Config = None,
) -> None:
    """List what waits, what failed, and what was delivered."""
    if context.invoked_subcommand:
        return
    from workbench import terminal
    from workbench.store import connect
    from workbench.store import outbox as box
    from workbench.store.fields import RESTRICTED

    settings = settings_of(config, database)
    engine = connect(settings.database)
    told = [one for one in box.told(engine) if every or one.standing is box.Standing.DELIVERED]
    entries = [
        replace(one, value="…", known="…")
        if (one.entity, one.field) in RESTRICTED and not restricted
        else one
        for one in (*box.waiting(engine), *told)
    ]
    terminal.outbox(entries, settings.locale(language))


@outbox.command(
    epilog=examples(
        "workbench outbox export --preset generic --out back",
        "workbench outbox export --preset maven --out sales_pipeline.csv --mark",
    )
)
def export(
    *,
    out: Annotated[
        Path, typer.Option(help="Folder to write to, or the file where there is only one.")
    ],
    preset: Preset = "generic",
    mark: Annotated[
        bool, typer.Option("--mark", help="Mark what was written as delivered at once.")
    ] = False,
    language: Language = None,
    database: Database = None,
    config: Config = None,
) -> None:
    """Write what waits as files that the source can import, in its own columns and values.

    Nothing is marked before the files are written whole; without --mark, `delivered` does it.
    """
    from workbench import terminal
    from workbench.exports import outbox as files
    from workbench.sources import preset as presets
    from workbench.store import connect
    from workbench.store import outbox as box

    settings = settings_of(config, database)
    engine = connect(settings.database)
    found = files.export(engine, presets.find(preset), settings.currency)
    paths = files.write(found, out)
    if mark:
        box.mark(engine, found.entries, box.Standing.DELIVERED)
    terminal.outbox_export(found, paths, settings.locale(language))


@outbox.command(epilog=examples("workbench outbox delivered back --preset generic"))
def delivered(
    what: What,
    preset: Preset = "generic",
    table: Table = None,
    database: Database = None,
    config: Config = None,
) -> None:
    """Mark what a file tells, or one change, as imported by the source."""
    from workbench.store import connect
    from workbench.store import outbox as box

    settings = settings_of(config, database)
    entries = _entries(settings, what, preset, table)
    count = box.mark(connect(settings.database), entries, box.Standing.DELIVERED)
    typer.echo(f"{count} marked as delivered")


@outbox.command(
    epilog=examples(
        "workbench outbox failed errors.csv --table accounts --reason 'unknown city'",
        "workbench outbox failed 250123 --reason 'locked there'",
    )
)
def failed(
    what: What,
    reason: Annotated[str, typer.Option(help="Why the source refused it.")],
    preset: Preset = "generic",
    table: Table = None,
    database: Database = None,
    config: Config = None,
) -> None:
    """Mark what the source refused: it stays, and is in the next export again."""
    from workbench.store import connect
    from workbench.store import outbox as box

    settings = settings_of(config, database)
    entries = _entries(settings, what, preset, table)
    count = box.mark(connect(settings.database), entries, box.Standing.FAILED, reason)
    typer.echo(f"{count} marked as failed")


def _entries(settings: Settings, what: str, preset: str, table: str | None) -> list[Entry]:
    """What a file tells, or the change of that number."""
    from workbench.exports import outbox as files
    from workbench.sources import preset as presets
    from workbench.store import connect
    from workbench.store import outbox as box

    engine = connect(settings.database)
    if what.isdecimal():
        return [box.one(engine, int(what))]
    return files.read(engine, Path(what), presets.find(preset), settings.currency, table=table)
