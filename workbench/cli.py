"""The command line: each command calls one function that lives elsewhere and prints what it gave.

What a command needs is imported when it runs, so that `--help` stays quick. Here, and only here,
an error becomes one line on standard error and exit status 2.
"""

from __future__ import annotations

import datetime as dt
import errno
import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from typer.core import TyperGroup

from workbench.errors import NotAllowed, SettingsError, SourceError, WorkbenchError

if TYPE_CHECKING:
    from workbench.settings import Settings
    from workbench.store.access import Viewer

FAILED = 2
REFUSED = 1
"""Exit status where the command worked, and not all of what it was given was accepted."""
BATCH_LENGTH = 16  # of a batch's id, which may be all digits; no change's number is as long


class Commands(TyperGroup):
    """Commands whose errors become one line and an exit status."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except WorkbenchError as error:
            message = str(error)
        except OSError as error:
            if error.errno == errno.EPIPE:  # whoever read our output has gone: click ends quietly
                raise
            message = f"{error.filename}: {error.strerror}." if error.filename else str(error)
        typer.echo(f"workbench: {' '.join(message.split())}", err=True)
        raise typer.Exit(FAILED)


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
user = typer.Typer(no_args_is_help=True, help="Who may sign in.")
app.add_typer(user, name="user")

Database = Annotated[
    str | None,
    typer.Option(
        "--database",
        "-d",
        help="The store: sqlite:///path or postgresql://user@host/name.",
        show_default="the one in workbench.toml",
    ),
]
Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        help="Settings to use.",
        show_default="$WORKBENCH_CONFIG, else ./workbench.toml",
    ),
]
AsOf = Annotated[
    dt.datetime | None,
    typer.Option(
        "--as-of", formats=["%Y-%m-%d"], help="The date to look at.", show_default="today"
    ),
]
As = Annotated[
    str | None,
    typer.Option("--as", help="A user: only what they may see.", show_default="everything"),
]
Language = Annotated[
    Literal["fr", "en"] | None,
    typer.Option("--language", help="Of texts and numbers.", show_default="as set"),
]
Parameters = Annotated[
    list[str] | None,
    typer.Option("--parameter", "-p", metavar="KEY=VALUE", help="An option; may be repeated."),
]


def _examples(*lines: str) -> str:
    """Examples as they stand under a command's help."""
    return "**Examples**\n\n" + "\n\n".join(f"`{line}`" for line in lines)


def _settings(config: Path | None, database: str | None) -> Settings:
    from workbench.settings import Settings

    settings = Settings.load(config)
    return settings.model_copy(update={"database": database}) if database else settings


def _file(path: Path) -> Path:
    """A path that can be written to, known before the work begins."""
    if not path.absolute().parent.is_dir():
        raise SettingsError(f"{path}: there is no folder {path.parent}. Make it, or name another.")
    return path


def _data(settings: Settings, as_of: dt.datetime | None, viewer: str | None) -> Any:
    import workbench

    return workbench.open(
        settings.database,
        as_of=as_of.date() if as_of else None,
        viewer=viewer,
        today=settings.today,
    )


@app.callback()
def workbench_() -> None:
    """Sales analytics: CRM and accounting files in, one number everywhere out."""


@app.command(epilog=_examples("workbench init", "workbench init -d sqlite:///sales.db"))
def init(database: Database = None, config: Config = None) -> None:
    """Make the store, or bring it up to this version; data are kept."""
    from workbench.store import create

    engine = create(_settings(config, database).database)
    typer.echo(f"Store ready: {engine.url.render_as_string(hide_password=True)}")


@app.command(
    epilog=_examples(
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
    from workbench.sources.load import write_rejected
    from workbench.store import create

    settings = _settings(config, database)
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
        )
    data = open_data(settings.database, as_of=report.data_date, today=settings.today)
    terminal.load_report(report, unmatched_customers.of(data), settings.locale())
    if rejected and len(report.rejected):
        for path in write_rejected(report.rejected, rejected):
            typer.echo(f"Written: {path}")


@app.command(epilog=_examples("workbench serve", "workbench serve --port 8080 --address 0.0.0.0"))
def serve(
    port: Annotated[int, typer.Option(help="Port to listen at.", min=1, max=65535)] = 5006,
    address: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    database: Database = None,
    config: Config = None,
) -> None:
    """Serve the dashboards until stopped."""
    from dashboards.app import serve as serve_dashboards
    from workbench.store import connect

    settings = _settings(config, database)
    connect(settings.database)
    typer.echo(f"Dashboards at http://{address}:{port} (Ctrl+C stops them)")
    serve_dashboards(settings, address=address, port=port)


@app.command(
    epilog=_examples(
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

    settings = _settings(config, database)
    path = _file(output or Path(f"{name}.html"))
    reports = Reports.of(settings)
    with terminal.progress() as tell:
        run = reports.run(
            name,
            pairs(parameter or []),
            viewer=_viewer(settings, viewer),
            language=language,
            progress=lambda now: tell(name, now.cell, now.cells),
        )
    if run.progress.error:
        raise WorkbenchError(f"Report {name}: {run.progress.error}")
    path.write_bytes(reports.download(run))
    typer.echo(f"Written: {path}")


def _viewer(settings: Settings, username: str | None) -> Viewer | None:
    from workbench.store import access, connect

    return access.viewer(connect(settings.database), username) if username else None


@app.command(
    epilog=_examples(
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
    viewer: As = None,
    language: Language = None,
    database: Database = None,
    config: Config = None,
) -> None:
    """Write the executives' workbook: summary, chapters, definitions; or a form to fill in."""
    from workbench.exports import excel
    from workbench.exports import qualification as form

    settings = _settings(config, database)
    loc = settings.locale(language)
    _file(path)
    data = _data(settings, as_of, viewer)
    if qualification:
        if viewer is None:
            raise NotAllowed("Whose form is it? Name the user who is to fill it in: --as USER.")
        path.write_bytes(form.write(data, loc=loc))
    else:
        excel.write(data, path, loc=loc)
    typer.echo(f"Written: {path}")


@app.command(
    "import",
    epilog=_examples(
        "workbench import filled.xlsx --as claire.mace --check",
        "workbench import filled.xlsx --as claire.mace --report answer.xlsx",
    ),
)
def import_(
    path: Annotated[Path, typer.Argument(help="A form of `export --qualification`, filled in.")],
    *,
    viewer: Annotated[
        str, typer.Option("--as", "--user", help="Who sends it: only what they may write is saved.")
    ],
    check: Annotated[
        bool, typer.Option("--check", help="Tell what would be saved, no more.")
    ] = False,
    report: Annotated[
        Path | None,
        typer.Option(
            help="Write a copy of the file that tells what became of each row.",
            metavar="FILE",
            show_default=False,
        ),
    ] = None,
    reason: Annotated[
        str | None, typer.Option(help="Why, for the journal.", show_default=False)
    ] = None,
    language: Language = None,
    database: Database = None,
    config: Config = None,
) -> None:
    """Save what was filled in in a form; exit status 1 when some of it was not accepted.

    What is sound is saved, in one batch; the rest is listed with its reason: refused, in conflict
    with a newer value, or not the sender's.
    """
    from workbench import terminal
    from workbench.exports import returned, verdict

    settings = _settings(config, database)
    loc = settings.locale(language)
    if report:
        _file(report)
    try:
        found = returned.read(path.read_bytes(), _data(settings, None, viewer), name=path.name)
    except SourceError as error:
        raise SourceError(loc.say(error.args[0])) from error
    rules = settings.rules
    told = found.check(rules=rules) if check else found.save(reason=reason, rules=rules)
    said = verdict.say(found, told, loc, written=not check)
    terminal.verdicts(found, said, loc, written=not check)
    if report:
        report.write_bytes(verdict.report(found, said, loc, written=not check))
        typer.echo(f"Written: {report}")
    if verdict.refused(said):
        raise typer.Exit(REFUSED)


Record = Annotated[int, typer.Argument(metavar="ID", help="The record's number.")]
Entity = Annotated[str, typer.Argument(help="account, contact, opportunity or ledger_customer.")]


def _editor(settings: Settings, username: str | None) -> Viewer:
    """Who edits: the user named, else whoever runs the machine, who may do all."""
    from workbench.store.access import Viewer
    from workbench.vocabulary import Role

    name = getpass.getuser()
    return _viewer(settings, username) or Viewer(name, name, Role.ADMIN)


@app.command(
    epilog=_examples(
        "workbench change account 8788 next_step='Visiter le dépôt' next_step_on=2026-10-12",
        "workbench change opportunity 12 stage_id=7 loss_reason=price --as directrice --check",
    )
)
def change(
    entity: Entity,
    record: Record,
    values: Annotated[list[str], typer.Argument(metavar="FIELD=VALUE…", help="Empty clears.")],
    *,
    effective: Annotated[
        dt.datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Since when it holds.")
    ] = None,
    reason: Annotated[str | None, typer.Option(help="Why, for the journal.")] = None,
    only_check: Annotated[
        bool, typer.Option("--check", help="Only say what would come of it.")
    ] = False,
    viewer: As = None,
    language: Language = None,
    database: Database = None,
    config: Config = None,
) -> None:
    """Change fields of a record through the journal, all or none; exit status 1 when refused."""
    from workbench import terminal
    from workbench.options import pairs
    from workbench.store import connect, journal
    from workbench.vocabulary import Surface

    settings = _settings(config, database)
    engine, who = connect(settings.database), _editor(settings, viewer)
    day = effective.date() if effective else None
    seen = journal.version(engine, entity, record)
    edits = [
        journal.Edit(entity, record, seen, field, value or None, day)
        for field, value in pairs(values).items()
    ]
    today, rules = settings.today, settings.rules
    outcomes = (
        journal.check(engine, edits, viewer=who, today=today, rules=rules)
        if only_check
        else journal.save(
            engine, edits, viewer=who, surface=Surface.CLI, today=today, rules=rules, reason=reason
        )
    )
    terminal.outcomes(outcomes, settings.locale(language))
    if any(outcome.state is not journal.State.SAVED for outcome in outcomes):
        raise typer.Exit(REFUSED)


@app.command(
    epilog=_examples(
        "workbench history account 8788",
        "workbench history opportunity 12 --field stage_id --as responsable",
    )
)
def history(
    entity: Entity,
    record: Record,
    field: Annotated[str | None, typer.Option(help="One field alone.")] = None,
    viewer: As = None,
    language: Language = None,
    database: Database = None,
    config: Config = None,
) -> None:
    """Tell all changes of a record, the newest first: who, when, from where, why, if undone."""
    from workbench import terminal

    settings = _settings(config, database)
    changes = _data(settings, None, viewer).table("changes")
    mine = changes[(changes["entity"] == entity) & (changes["record_id"] == record)]
    if mine.empty:
        raise SettingsError(f"Nothing is known of {entity} {record}, or it isn't yours to see.")
    if field:
        mine = mine[(mine["field"] == field) | (mine["op"] == "create")]
    terminal.history(mine, settings.locale(language))


@app.command(epilog=_examples("workbench undo 250123", "workbench undo 5f0c2a9b1d3e4f60"))
def undo(
    what: Annotated[str, typer.Argument(metavar="CHANGE|BATCH", help="From `workbench history`.")],
    reason: Annotated[str | None, typer.Option(help="Why, for the journal.")] = None,
    viewer: As = None,
    language: Language = None,
    database: Database = None,
    config: Config = None,
) -> None:
    """Undo a change by its number, or a batch, a whole load too; undoing an undo redoes.

    All or none: what was changed since is a conflict, and nothing is overwritten.
    """
    from workbench import terminal
    from workbench.store import connect, journal
    from workbench.vocabulary import Surface

    settings = _settings(config, database)
    outcomes = journal.undo(
        connect(settings.database),
        int(what) if what.isdecimal() and len(what) < BATCH_LENGTH else what,
        viewer=_editor(settings, viewer),
        surface=Surface.CLI,
        today=settings.today,
        reason=reason,
    )
    terminal.outcomes(outcomes, settings.locale(language))
    if any(outcome.state is not journal.State.SAVED for outcome in outcomes):
        raise typer.Exit(REFUSED)


@app.command(epilog=_examples("workbench check", "workbench check -d sqlite:///sales.db"))
def check(database: Database = None, config: Config = None) -> None:
    """Replay the journal beside the tables; exit status 1 where they differ."""
    from workbench import terminal
    from workbench.store import connect
    from workbench.store.check import check as compare

    differences = compare(connect(_settings(config, database).database))
    terminal.differences(differences)
    if differences:
        raise typer.Exit(REFUSED)


@app.command(epilog=_examples("workbench metrics", "workbench metrics funnel_stock --language en"))
def metrics(
    name: Annotated[str | None, typer.Argument(help="One metric: all that is known of it.")] = None,
    language: Language = None,
    config: Config = None,
) -> None:
    """List the catalog: what can be asked, and what each number means."""
    from workbench import terminal
    from workbench.metrics.catalog import CATALOG, find

    loc = _settings(config, None).locale(language)
    if name:
        terminal.definition(find(name), loc)
    else:
        terminal.catalog([CATALOG[name] for name in sorted(CATALOG)], loc)


@app.command(
    epilog=_examples(
        "workbench metric funnel_stock",
        "workbench metric pipeline_by_stage --as-of 2026-06-30 -p by=segment --format csv",
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
    viewer: As = None,
    language: Language = None,
    database: Database = None,
    config: Config = None,
) -> None:
    """Print a metric: a table for the eye, CSV or JSON for programs."""
    from workbench import terminal
    from workbench.metrics.catalog import find
    from workbench.options import pairs, typed

    settings = _settings(config, database)
    asked = find(name)
    options = typed(asked, pairs(parameter or []))
    frame = asked.of(_data(settings, as_of, viewer), **options)
    loc = settings.locale(language)
    terminal.frame(frame, output, columns=asked.columns, loc=loc, rows=rows)


@app.command(epilog=_examples("workbench status", "workbench status -d sqlite:///sales.db"))
def status(database: Database = None, config: Config = None) -> None:
    """Tell what the store holds: version, rows, last loads, freshness, rows kept aside."""
    from workbench import terminal
    from workbench.store.status import read

    settings = _settings(config, database)
    terminal.status(read(settings.database), settings.locale())


@user.command(
    epilog=_examples(
        "workbench user add claire --name 'Claire Mace' --role rep --rep R06",
        "workbench user add --from users.csv",
    )
)
def add(
    username: Annotated[str | None, typer.Argument(help="What they sign in with.")] = None,
    name: Annotated[str, typer.Option(help="Their name.", show_default="the user name")] = "",
    role: Annotated[
        str,
        typer.Option(help="rep, partner, manager, director, analyst, executive or admin."),
    ] = "rep",
    rep: Annotated[
        str | None, typer.Option(help="The rep that they are: code or name.", show_default=False)
    ] = None,
    password: Annotated[
        str | None, typer.Option(help="Their password.", show_default="asked for")
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            "--from",
            help="Several at once: a CSV of username, password, name, role, rep. "
            "Those who are there already are left as they are.",
            show_default=False,
        ),
    ] = None,
    language: Language = None,
    database: Database = None,
    config: Config = None,
) -> None:
    """Add someone who may sign in, or all of a file."""
    from workbench import terminal
    from workbench.sources import users
    from workbench.store import access, connect

    settings = _settings(config, database)
    engine = connect(settings.database)
    if file:
        terminal.users(users.load(engine, file))
        return
    if not username:
        raise NotAllowed("Whom? Give a user name, or --from FILE.")
    secret = password or typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    added = access.add_user(
        engine,
        username,
        secret,
        name=name or username,
        role=role,
        rep=rep,
        language=language or settings.language,
    )
    terminal.users([added])


@app.command(hidden=True)
def docs(readme: Annotated[Path, typer.Argument()] = Path("README.md")) -> None:
    """Bring the README's lists of metrics and commands up to date."""
    from workbench.reference import update

    typer.echo(f"{readme}: {'updated' if update(readme) else 'was up to date'}")


def main() -> None:
    """Run the command line."""
    app(prog_name="workbench")
