"""Commands about who may sign in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workbench.cli.base import Config, Database, Language, app, examples, settings_of
from workbench.errors import NotAllowed

user = typer.Typer(
    no_args_is_help=True,
    help="Who may sign in.",
    epilog=examples("workbench user add claire --name 'Claire Mace' --role rep --rep R06"),
)
app.add_typer(user, name="user")


@user.command(
    epilog=examples(
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
    from workbench.sources.users import load
    from workbench.store import connect, users

    settings = settings_of(config, database)
    engine = connect(settings.database)
    if file:
        terminal.users(load(engine, file))
        return
    if not username:
        raise NotAllowed("Whom? Give a user name, or --from FILE.")
    secret = password or typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    added = users.add_user(
        engine,
        username,
        secret,
        name=name or username,
        role=role,
        rep=rep,
        language=language or settings.language,
    )
    terminal.users([added])
