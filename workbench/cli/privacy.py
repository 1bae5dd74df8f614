"""Commands about people's data: give it to them, take them out, and for how long it is kept."""

from __future__ import annotations

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
)

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


@privacy.command(epilog=examples("workbench privacy clean"))
def clean(database: Database = None, config: Config = None) -> None:
    """Take what was deleted out of the store's own files; anonymising does so by itself."""
    from workbench.store import connect
    from workbench.store.privacy.clean import clean as clean_files

    engine = connect(settings_of(config, database).database)
    clean_files(engine)
    typer.echo("Nothing is left in the store's files of what it no longer holds.")
