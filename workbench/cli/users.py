"""Commands about who may sign in."""

from __future__ import annotations

import getpass
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workbench.cli.base import Config, Database, Language, app, examples, settings_of
from workbench.errors import NotAllowed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.locale import Locale

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
    with _spoken(settings.locale(language)):
        added = users.add_user(
            engine,
            username,
            secret,
            name=name or username,
            role=role,
            rep=rep,
            language=language or settings.language,
            by=getpass.getuser(),
        )
    terminal.users([added])


@contextmanager
def _spoken(loc: Locale) -> Iterator[None]:
    """A refusal says its reason in the reader's language."""
    try:
        yield
    except NotAllowed as refused:
        raise NotAllowed(loc.say(refused.args[0])) from refused


Username = Annotated[str, typer.Argument(help="What they sign in with.")]


@user.command(epilog=examples("workbench user password claire"))
def password(
    username: Username,
    new: Annotated[
        str | None,
        typer.Option("--password", help="The new password.", show_default="asked for"),
    ] = None,
    language: Language = None,
    database: Database = None,
    config: Config = None,
) -> None:
    """Give a user a new password; wherever they are signed in, they sign in anew."""
    from workbench.store import connect, users

    settings = settings_of(config, database)
    engine = connect(settings.database)
    secret = new or typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    with _spoken(settings.locale(language)):
        users.set_password(engine, username, secret, by=getpass.getuser())
    typer.echo(f"New password set: {username}")


@user.command(
    epilog=examples("workbench user unlock claire", "workbench user unlock claire --openid")
)
def unlock(
    username: Username,
    *,
    openid: Annotated[
        bool, typer.Option("--openid", help="Also forget who they are at the OpenID provider.")
    ] = False,
    database: Database = None,
    config: Config = None,
) -> None:
    """Let a user sign in who is locked out by too many wrong passwords."""
    from workbench.store import connect, signins, users

    engine = connect(settings_of(config, database).database)
    signins.unlock(engine, username, by=getpass.getuser())
    if openid:
        users.forget_identity(engine, username, by=getpass.getuser())
    typer.echo(f"No longer locked out: {username}")


@user.command(
    epilog=examples(
        "workbench user grant claire bank_details",
        "workbench user grant claire bank_details --withdraw",
    )
)
def grant(
    username: Annotated[str, typer.Argument(help="What they sign in with.")],
    right: Annotated[str, typer.Argument(help="bank_details or confidential.")],
    *,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Take it back.")] = False,
    database: Database = None,
    config: Config = None,
) -> None:
    """Name someone for what only those named may see: bank details, confidential notes."""
    from workbench.store import connect, users

    settings = settings_of(config, database)
    users.grant(
        connect(settings.database), username, right, withdraw=withdraw, by=getpass.getuser()
    )
    typer.echo(f"{username}: {right}{' withdrawn' if withdraw else ''}")
