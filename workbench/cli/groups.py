"""Commands about groups of accounts, and with whom they are shared."""

from __future__ import annotations

from typing import Annotated

import typer

from workbench.cli.base import As, Config, Database, app, editor_of, examples, settings_of
from workbench.errors import NotAllowed

group = typer.Typer(
    no_args_is_help=True,
    help="Groups of accounts, shared with users or teams.",
    epilog=examples("workbench group make 'Grands comptes'", "workbench group list"),
)
app.add_typer(group, name="group")

Name = Annotated[str, typer.Argument(help="The group.")]
Accounts = Annotated[list[str], typer.Argument(help="Accounts, by number or code.")]
User = Annotated[str | None, typer.Option(help="A user, by the name that they sign in with.")]
Team = Annotated[
    str | None, typer.Option(help="A rep, by code or name: they and everyone under them.")
]


@group.command("list", epilog=examples("workbench group list --as directrice"))
def list_(viewer: As = None, database: Database = None, config: Config = None) -> None:
    """List the groups, how many accounts each has, and with whom it is shared."""
    from workbench import terminal
    from workbench.store import connect, groups

    settings = settings_of(config, database)
    found = groups.listed(connect(settings.database), editor_of(settings, viewer))
    terminal.groups(found, settings.locale())


@group.command(epilog=examples("workbench group make 'Grands comptes' --as directrice"))
def make(name: Name, viewer: As = None, database: Database = None, config: Config = None) -> None:
    """Make an empty group."""
    from workbench.store import connect, groups

    settings = settings_of(config, database)
    groups.make(connect(settings.database), name, editor_of(settings, viewer))


@group.command(epilog=examples("workbench group remove 'Grands comptes'"))
def remove(name: Name, viewer: As = None, database: Database = None, config: Config = None) -> None:
    """Remove a group: what it shared is no longer shared."""
    from workbench.store import connect, groups

    settings = settings_of(config, database)
    groups.remove(connect(settings.database), name, editor_of(settings, viewer))


@group.command(epilog=examples("workbench group put 'Grands comptes' CPT00001 8788"))
def put(
    name: Name,
    accounts: Accounts,
    viewer: As = None,
    database: Database = None,
    config: Config = None,
) -> None:
    """Put accounts into a group."""
    from workbench.store import connect, groups

    settings = settings_of(config, database)
    engine = connect(settings.database)
    count = groups.put(engine, name, accounts, editor_of(settings, viewer))
    typer.echo(f"{name}: {count} accounts")


@group.command(epilog=examples("workbench group drop 'Grands comptes' CPT00001"))
def drop(
    name: Name,
    accounts: Accounts,
    viewer: As = None,
    database: Database = None,
    config: Config = None,
) -> None:
    """Take accounts out of a group."""
    from workbench.store import connect, groups

    settings = settings_of(config, database)
    engine = connect(settings.database)
    count = groups.drop(engine, name, accounts, editor_of(settings, viewer))
    typer.echo(f"{name}: {count} accounts")


@group.command(
    epilog=examples(
        "workbench group share 'Grands comptes' --user partenaire",
        "workbench group share 'Grands comptes' --team R06 --write",
        "workbench group share 'Grands comptes' --team R06 --withdraw",
    )
)
def share(
    name: Name,
    *,
    user: User = None,
    team: Team = None,
    write: Annotated[bool, typer.Option("--write", help="To write, too.")] = False,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="No longer share it.")] = False,
    viewer: As = None,
    database: Database = None,
    config: Config = None,
) -> None:
    """Share a group with a user or a team, or no longer."""
    from workbench.store import connect, groups

    if (user is None) == (team is None):
        raise NotAllowed("With whom? Give --user or --team, one of the two.")
    settings = settings_of(config, database)
    groups.share(
        connect(settings.database),
        name,
        editor_of(settings, viewer),
        user=user,
        team=team,
        writes=write,
        withdraw=withdraw,
    )
