"""What commands share: the app, errors in one line, options, and how settings become data."""

from __future__ import annotations

import datetime as dt
import errno
import getpass
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from typer.core import TyperGroup

from workbench.errors import SettingsError, WorkbenchError

if TYPE_CHECKING:
    from workbench.settings import Settings
    from workbench.store.access import Viewer

FAILED = 2
REFUSED = 1
"""Exit status where the command worked, and not all of what it was given was accepted."""


def _told(message: str) -> None:
    typer.echo(f"workbench: {' '.join(message.split())}", err=True)


class Commands(TyperGroup):
    """Commands whose errors become one line and an exit status."""

    def main(self, *args: Any, **given: Any) -> Any:
        """Run the command line; what can't be understood is told as any other error is."""
        if not given.get("standalone_mode", True):
            return super().main(*args, **{**given, "standalone_mode": False})
        try:
            status = super().main(*args, **{**given, "standalone_mode": False})
        except typer.TyperException as error:
            if said := error.format_message():  # no command at all: the help was shown instead
                context = getattr(error, "ctx", None)
                mark = "" if said.endswith(("?", ".")) else "."
                place = context.command_path if context else "workbench"
                _told(f"{said}{mark} See `{place} --help`.")
            sys.exit(FAILED)
        except typer.Abort:
            sys.exit("Aborted.")
        sys.exit(status if isinstance(status, int) else 0)

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
        _told(message)
        raise typer.Exit(FAILED)


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)

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
KnownAt = Annotated[
    str | None,
    typer.Option(
        "--known-at",
        metavar="MOMENT",
        help="Leave out what was recorded later: 2026-09-30, or 2026-09-30T18:00 (UTC).",
        show_default="all that is known",
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


Record = Annotated[int, typer.Argument(metavar="ID", help="The record's number.")]
Entity = Annotated[str, typer.Argument(help="account, contact, opportunity or ledger_customer.")]


def examples(*lines: str) -> str:
    """Examples as they stand under a command's help."""
    return "**Examples**\n\n" + "\n\n".join(f"`{line}`" for line in lines)


def settings_of(config: Path | None, database: str | None) -> Settings:
    """The settings, with another store where one is named."""
    from workbench.settings import Settings

    settings = Settings.load(config)
    return settings.model_copy(update={"database": database}) if database else settings


def writable(path: Path) -> Path:
    """A path that can be written to, known before the work begins."""
    if not path.absolute().parent.is_dir():
        raise SettingsError(f"{path}: there is no folder {path.parent}. Make it, or name another.")
    return path


def data_of(
    settings: Settings,
    as_of: dt.datetime | None,
    viewer: str | None,
    known_at: str | None = None,
) -> Any:
    """The dataset that a command looks at."""
    import workbench

    return workbench.open(
        settings.database,
        as_of=as_of.date() if as_of else None,
        known_at=known_at,
        viewer=viewer,
        today=settings.today,
    )


def viewer_of(settings: Settings, username: str | None) -> Viewer | None:
    """The user named, if one is."""
    from workbench.store import access, connect

    return access.viewer(connect(settings.database), username) if username else None


def editor_of(settings: Settings, username: str | None) -> Viewer:
    """Who edits: the user named, else whoever runs the machine, who may do all."""
    from workbench.store.access import Viewer
    from workbench.vocabulary import Right, Role

    name = getpass.getuser()
    everything = Viewer(name, name, Role.ADMIN, rights=frozenset(Right))
    return viewer_of(settings, username) or everything
