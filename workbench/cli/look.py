"""Commands that show what the store holds: numbers, pages, reports, workbooks."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Annotated, Literal

import typer

from workbench.cli.base import (
    As,
    AsOf,
    Config,
    Database,
    KnownAt,
    Language,
    Parameters,
    app,
    data_of,
    examples,
    settings_of,
    viewer_of,
    writable,
)
from workbench.errors import NotAllowed, WorkbenchError


@app.command(epilog=examples("workbench metrics", "workbench metrics funnel_stock --language en"))
def metrics(
    name: Annotated[str | None, typer.Argument(help="One metric: all that is known of it.")] = None,
    language: Language = None,
    config: Config = None,
) -> None:
    """List the catalog: what can be asked, and what each number means."""
    from workbench import terminal
    from workbench.metrics.catalog import CATALOG, find

    loc = settings_of(config, None).locale(language)
    if name:
        terminal.definition(find(name), loc)
    else:
        terminal.catalog([CATALOG[name] for name in sorted(CATALOG)], loc)


@app.command(
    epilog=examples(
        "workbench metric funnel_stock",
        "workbench metric pipeline_by_stage --as-of 2026-06-30 -p by=segment --format csv",
        "workbench metric pipeline_by_stage --as-of 2026-06-30 --known-at 2026-07-03",
    )
)
def metric(
    name: Annotated[str, typer.Argument(help="A metric of the catalog.")],
    parameter: Parameters = None,
    output: Annotated[
        Literal["table", "csv", "json"],
        typer.Option("--format", "-f", help="For the eye, or for programs."),
    ] = "table",
    rows: Annotated[int, typer.Option(help="Rows that a table shows; 0 for all.", min=0)] = 50,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    viewer: As = None,
    language: Language = None,
    database: Database = None,
    config: Config = None,
) -> None:
    """Print a metric: a table for the eye, CSV or JSON for programs."""
    from workbench import terminal
    from workbench.metrics.catalog import find
    from workbench.options import pairs, typed

    settings = settings_of(config, database)
    asked = find(name)
    options = typed(asked, pairs(parameter or []))
    frame = asked.of(data_of(settings, as_of, viewer, known_at), **options)
    loc = settings.locale(language)
    terminal.frame(frame, output, columns=asked.columns, loc=loc, rows=rows)


@app.command(epilog=examples("workbench serve", "workbench serve --port 8080 --address 0.0.0.0"))
def serve(
    port: Annotated[int, typer.Option(help="Port to listen at.", min=1, max=65535)] = 5006,
    address: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    database: Database = None,
    config: Config = None,
) -> None:
    """Serve the dashboards until stopped."""
    gc.disable()  # until it serves: what a start makes is here to stay
    from dashboards.app import serve as serve_dashboards
    from workbench.store import connect

    settings = settings_of(config, database)
    connect(settings.database)
    typer.echo(f"Dashboards at http://{address}:{port} (Ctrl+C stops them)")
    serve_dashboards(settings, address=address, port=port)


@app.command(
    epilog=examples(
        "workbench report funnel -p by=segment",
        "workbench report pipeline --output pipeline.html --as claire.mace",
    )
)
def report(
    name: Annotated[str, typer.Argument(help="Name of a notebook of the notebooks folder.")],
    parameter: Parameters = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write.", show_default="NAME.html")
    ] = None,
    viewer: As = None,
    language: Language = None,
    database: Database = None,
    config: Config = None,
) -> None:
    """Run a notebook and write it as one HTML file that works offline."""
    from workbench import terminal
    from workbench.exports.reports import Reports
    from workbench.options import pairs

    settings = settings_of(config, database)
    path = writable(output or Path(f"{name}.html"))
    reports = Reports.of(settings)
    with terminal.progress() as tell:
        run = reports.run(
            name,
            pairs(parameter or []),
            viewer=viewer_of(settings, viewer),
            language=language,
            progress=lambda now: tell(name, now.cell, now.cells),
        )
    if run.progress.error:
        raise WorkbenchError(f"Report {name}: {run.progress.error}")
    path.write_bytes(reports.download(run))
    typer.echo(f"Written: {path}")


@app.command(
    epilog=examples(
        "workbench export sales.xlsx",
        "workbench export s.xlsx --as-of 2026-06-30",
        "workbench export --qualification to-fill.xlsx --as claire.mace",
    )
)
def export(
    path: Annotated[Path, typer.Argument(help="Workbook to write; an existing one is replaced.")],
    *,
    qualification: Annotated[
        bool,
        typer.Option(
            "--qualification",
            help="A form of the user's accounts and deals, to fill in and to import again.",
        ),
    ] = False,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    viewer: As = None,
    language: Language = None,
    database: Database = None,
    config: Config = None,
) -> None:
    """Write the executives' workbook: summary, chapters, definitions; or a form to fill in."""
    from workbench.exports import excel
    from workbench.exports import qualification as form

    settings = settings_of(config, database)
    loc = settings.locale(language)
    writable(path)
    data = data_of(settings, as_of, viewer, known_at)
    if qualification:
        if viewer is None:
            raise NotAllowed("Whose form is it? Name the user who is to fill it in: --as USER.")
        path.write_bytes(form.write(data, loc=loc))
    else:
        excel.write(data, path, loc=loc)
    who = data.viewer
    scope = f"as {who.username} ({who.role}) sees it" if who else "of the whole store"
    typer.echo(f"Written: {path}, {scope}")
