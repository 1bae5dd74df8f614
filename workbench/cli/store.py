"""Commands about the store: make it, load it, what it holds, whether it is sound."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import typer

from workbench.cli.base import REFUSED, Config, Database, app, examples, settings_of
from workbench.errors import SettingsError


@app.command(epilog=examples("workbench init", "workbench init -d sqlite:///sales.db"))
def init(database: Database = None, config: Config = None) -> None:
    """Make the store, or bring it up to this version; data are kept."""
    from workbench.store import create

    engine = create(settings_of(config, database).database)
    typer.echo(f"Store ready: {engine.url.render_as_string(hide_password=True)}")


@app.command(
    epilog=examples(
        "workbench load",
        "workbench load -d sqlite:///sales.db --crm exports --preset maven",
        "workbench load -d sqlite:///sales.db --fec 210000006FEC20251231.txt",
    )
)
def load(
    *,
    crm: Annotated[
        list[Path] | None, typer.Option(help="Folder of CRM tables, CSV or XLSX.", metavar="FOLDER")
    ] = None,
    preset: Annotated[
        str, typer.Option(help="How the CRM's columns are called.", metavar="NAME")
    ] = "generic",
    fec: Annotated[
        list[Path] | None, typer.Option(help="FEC file of the ledger.", metavar="FILE")
    ] = None,
    rejected: Annotated[
        Path | None,
        typer.Option(
            help="Where to write rows that don't fit, to be mended and loaded again.",
            metavar="FOLDER",
            show_default=False,
        ),
    ] = None,
    if_changed: Annotated[
        bool, typer.Option("--if-changed", help="Only if files changed since their last load.")
    ] = False,
    database: Database = None,
    config: Config = None,
) -> None:
    """Load what workbench.toml lists, or the files named here; the same file twice changes nothing.

    The store is made where there is none. All is loaded or, on an error, nothing; rows that don't
    fit are kept aside with their reason.
    """
    from workbench import open as open_data
    from workbench import terminal
    from workbench.metrics.control import unmatched_customers
    from workbench.settings import SourceSettings
    from workbench.sources.fresh import unchanged
    from workbench.sources.load import load as load_sources
    from workbench.sources.rejected import write_rejected
    from workbench.store import create
    from workbench.store.privacy import key

    settings = settings_of(config, database)
    named = [SourceSettings(kind="crm", path=path, preset=preset) for path in crm or []]
    named += [SourceSettings(kind="fec", path=path) for path in fec or []]
    sources = named or list(settings.sources)
    if not sources:
        raise SettingsError(
            "Nothing to load: list [[sources]] in workbench.toml, or give --crm or --fec."
        )
    for source in sources:
        _ = source.files  # a path that leads nowhere is told before a store is made
    engine = create(settings.database)
    if if_changed and unchanged(engine, sources):
        typer.echo("Nothing to load: no file has changed since the last load.")
        return
    with terminal.progress() as tell:
        report = load_sources(
            engine,
            sources,
            user=getpass.getuser(),
            progress=tell,
            currency=settings.currency,
            today=settings.today,
            rules=settings.rules,
            key=key.read(settings.privacy.key_file),
        )
    data = open_data(settings.database, as_of=report.data_date, today=settings.today)
    terminal.load_report(report, unmatched_customers.of(data), settings.locale())
    if rejected and len(report.rejected):
        for path in write_rejected(report.rejected, rejected):
            typer.echo(f"Written: {path}")


@app.command(epilog=examples("workbench status", "workbench status -d sqlite:///sales.db"))
def status(database: Database = None, config: Config = None) -> None:
    """Tell what the store holds: version, rows, last loads, freshness, rows kept aside."""
    from workbench import terminal
    from workbench.store.status import read

    settings = settings_of(config, database)
    terminal.status(read(settings.database), settings.locale())


@app.command(epilog=examples("workbench check", "workbench check -d sqlite:///sales.db"))
def check(database: Database = None, config: Config = None) -> None:
    """Replay the journal beside the tables; exit status 1 where they differ."""
    from workbench import terminal
    from workbench.store import connect
    from workbench.store.check import check as compare

    differences = compare(connect(settings_of(config, database).database))
    terminal.differences(differences)
    if differences:
        raise typer.Exit(REFUSED)
