"""Users from a CSV file: username, password, name, role, and the rep that they are, if any."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from sqlalchemy import select

from workbench.errors import SourceError
from workbench.store.schema import User
from workbench.store.users import add_user

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Engine

    from workbench.store.access import Viewer

COLUMNS = ("username", "password", "name", "role", "rep")


def load(engine: Engine, path: Path) -> list[Viewer]:
    """Add the users that aren't there yet; those who are keep their password and rights.

    Returns:
        Those added.

    Raises:
        SourceError: the file can't be read, or lacks a column.
        UnknownName: a role or a rep that isn't known.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SourceError(f"{path}: {error}.") from error
    missing = set(COLUMNS) - set(reader.fieldnames or ())
    if missing:
        raise SourceError(
            f"{path}: no column {', '.join(sorted(missing))}. It needs: {', '.join(COLUMNS)}."
        )
    with engine.connect() as connection:
        known = set(connection.scalars(select(User.username)))
    return [
        add_user(
            engine,
            row["username"],
            row["password"],
            name=row["name"],
            role=row["role"],
            rep=row["rep"] or None,
            language=row.get("language") or "fr",
        )
        for row in rows
        if row["username"] not in known
    ]
