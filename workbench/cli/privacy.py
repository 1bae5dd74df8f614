"""Commands about people's data: give it to them, take them out, and for how long it is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workbench.cli.base import (
    As,
    Config,
    Database,
    Language,
    app,
    editor_of,
    examples,
    settings_of,
    writable,
)
from workbench.errors import SettingsError

privacy = typer.Typer(
    no_args_is_help=True,
    help="People's data: export, anonymisation, retention.",
    epilog=examples("workbench privacy anonymise zoe@exemple.fr", "workbench privacy retention"),
)
app.add_typer(privacy, name="privacy")

Person = Annotated[
    str,
    typer.Argument(help="A contact's number or e-mail; account:8788 for a company that is one."),
]


@privacy.command(
    epilog=examples(
        "workbench privacy anonymise zoe@exemple.fr",
        "workbench privacy anonymise 4812 --reason 'demande du 12/10' --yes",
        "workbench privacy anonymise account:8788 --also 'Chez Zoé' --yes",
    )
)
def anonymise(
    person: Person,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; it can't be undone.")] = False,
    also: Annotated[
        list[str] | None,
        typer.Option(help="Another word that is theirs; may be repeated.", metavar="TEXT"),
    ] = None,
    reason: Annotated[str | None, typer.Option(help="Why, for the journal.")] = None,
    viewer: As = None,
    language: Language = None,
    database: Database = None,
    config: Config = None,
) -> None:
    """Take a person out of the store, journal and files included; every total stays. Dry run first.

    Without --yes it only tells what would go. Ids, dates, amounts and statuses are kept; the next
    load of the same files leaves the person out.
    """
    from workbench.cli import told
    from workbench.exports import forgetting
    from workbench.store import connect
    from workbench.vocabulary import Surface

    settings = settings_of(config, database)
    engine, who = connect(settings.database), editor_of(settings, viewer)
    if yes:
        found = forgetting.forget(
            settings, engine, [person], viewer=who, surface=Surface.CLI, reason=reason,
            also=also or [],
        )  # fmt: skip
    else:
        found = forgetting.look(settings, engine, [person], also or [], viewer=who)
    told.forgotten(found, settings.locale(language), done=yes)


@privacy.command(
    epilog=examples(
        "workbench privacy export zoe@exemple.fr --out zoe.zip",
        "workbench privacy export 4812 --out dossier.zip --as directrice",
    )
)
def export(
    person: Person,
    *,
    out: Annotated[Path, typer.Option(help="The zip to write.", metavar="FILE")],
    viewer: As = None,
    language: Language = None,
    database: Database = None,
    config: Config = None,
) -> None:
    """Write all that is known of a person, to give to them: JSON and HTML in a zip.

    Their sheet with its history, consents, activities, deals, documents, other texts that name
    them, and who looked at it. Directors, analysts and administrators may; it is noted.
    """
    from workbench.exports import person as persons
    from workbench.store import connect

    settings = settings_of(config, database)
    writable(out)
    made = persons.export(
        connect(settings.database),
        person,
        viewer=editor_of(settings, viewer),
        loc=settings.locale(language),
        keep_days=settings.privacy.log_days,
    )
    out.write_bytes(made)
    out.chmod(0o600)
    typer.echo(f"Written: {out}")


@privacy.command(epilog=examples("workbench privacy clean"))
def clean(database: Database = None, config: Config = None) -> None:
    """Take what was deleted out of the store's own files; anonymising does so by itself."""
    from workbench.store import connect
    from workbench.store.privacy.clean import clean as clean_files

    engine = connect(settings_of(config, database).database)
    left = clean_files(engine)
    for path in left:
        typer.echo(f"Left to you, it can't be removed: {path}")
    typer.echo("Nothing is left in the store's files of what it no longer holds.")


@privacy.command(
    epilog=examples(
        "workbench privacy retention",
        "workbench privacy retention --warn --grace 45d",
        "workbench privacy retention --anonymise --reason 'conservation, 2026'",
    )
)
def retention(
    *,
    years: Annotated[
        int | None,
        typer.Option(help="Kept for so long after the last contact.", min=1, show_default="as set"),
    ] = None,
    grace: Annotated[
        str | None,
        typer.Option(help="From warning to anonymisation.", metavar="30d", show_default="as set"),
    ] = None,
    warn: Annotated[bool, typer.Option("--warn", help="Warn of those who are due.")] = False,
    anonymise: Annotated[
        bool, typer.Option("--anonymise", help="Anonymise those whose grace period is over.")
    ] = False,
    reason: Annotated[str, typer.Option(help="Why, for the journal.")] = "retention",
    rows: Annotated[int, typer.Option(help="Rows shown; 0 for all.", min=0)] = 50,
    viewer: As = None,
    language: Language = None,
    database: Database = None,
    config: Config = None,
) -> None:
    """List people silent for too long at accounts that aren't clients; warn, then anonymise.

    Without --warn and --anonymise nothing is written. A new contact lifts a warning; whoever is
    warned today isn't anonymised today, whatever the grace period.
    """
    from workbench.cli import told
    from workbench.exports import forgetting
    from workbench.store import connect
    from workbench.vocabulary import Surface

    settings = settings_of(config, database)
    engine, who = connect(settings.database), editor_of(settings, viewer)
    rule = settings.privacy
    days = rule.grace_days if grace is None else _days(grace)
    loc = settings.locale(language)
    found = forgetting.Retention(settings, engine, who, years or rule.years, days)
    if warn:
        typer.echo(f"Warned: {found.warn()}")
    if anonymise:
        gone = found.anonymise(surface=Surface.CLI, reason=reason)
        typer.echo(f"Anonymised: {gone}")
    told.silent(found.listed(), loc, rows=rows, dry=not (warn or anonymise))


def _days(text: str) -> int:
    number = text.strip().removesuffix("d")
    if not number.isdecimal():
        raise SettingsError(f"--grace {text!r}: write a number of days, 30d.")
    return int(number)
