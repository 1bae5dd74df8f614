"""Commands that change data through the journal, and tell what was changed."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from workbench.cli.base import (
    REFUSED,
    As,
    Config,
    Database,
    Entity,
    Language,
    Record,
    app,
    data_of,
    editor_of,
    examples,
    settings_of,
    writable,
)
from workbench.errors import SettingsError, SourceError

REFERENCES = {
    "stage_id": ("stages", "label"),
    "owner_id": ("reps", "name"),
    "manager_id": ("reps", "name"),
    "account_id": ("accounts", "name"),
    "parent_id": ("accounts", "name"),
}
"""Fields that refer to records: the table, and the column that a history names them by."""
BATCH_LENGTH = 16  # of a batch's id, which may be all digits; no change's number is as long


@app.command(
    epilog=examples(
        "workbench change account 8788 next_step='Visiter le dépôt' next_step_on=2026-10-12",
        "workbench change opportunity 12 stage_id=7 loss_reason=price --as directrice --check",
        "workbench change account 8788 status=prospect --version 4",
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
    version: Annotated[
        int | None,
        typer.Option(
            help="The record's version that you saw: what others changed since is a conflict.",
            min=1,
            show_default="the record's own",
        ),
    ] = None,
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

    settings = settings_of(config, database)
    engine, who = connect(settings.database), editor_of(settings, viewer)
    day = effective.date() if effective else None
    seen = version or journal.version(engine, entity, record)
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
    epilog=examples(
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
    from workbench.cli import changes as printed

    settings = settings_of(config, database)
    data = data_of(settings, None, viewer)
    changes = data.table("changes")
    mine = changes[(changes["entity"] == entity) & (changes["record_id"] == record)]
    if mine.empty:
        raise SettingsError(f"Nothing is known of {entity} {record}, or it isn't yours to see.")
    if field:
        mine = mine[(mine["field"] == field) | (mine["op"] == "create")]
    called = {
        name: data.table(table).set_index("id")[label].to_dict()
        for name, (table, label) in REFERENCES.items()
    }
    printed.history(mine, settings.locale(language), called)


@app.command(epilog=examples("workbench undo 250123", "workbench undo 5f0c2a9b1d3e4f60"))
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

    settings = settings_of(config, database)
    outcomes = journal.undo(
        connect(settings.database),
        int(what) if what.isdecimal() and len(what) < BATCH_LENGTH else what,
        viewer=editor_of(settings, viewer),
        surface=Surface.CLI,
        today=settings.today,
        reason=reason,
        rules=settings.rules,
    )
    terminal.outcomes(outcomes, settings.locale(language))
    if any(outcome.state is not journal.State.SAVED for outcome in outcomes):
        raise typer.Exit(REFUSED)


@app.command(
    "import",
    epilog=examples(
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

    settings = settings_of(config, database)
    loc = settings.locale(language)
    if report:
        writable(report)
    try:
        found = returned.read(path.read_bytes(), data_of(settings, None, viewer), name=path.name)
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
