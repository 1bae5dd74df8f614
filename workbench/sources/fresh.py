"""Whether a source's files have changed since they were last loaded, told by their SHA-256."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import orjson
from sqlalchemy import select

from workbench.sources import preset
from workbench.store.schema import Load

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from sqlalchemy import Engine

    from workbench.settings import SourceSettings


def unchanged(engine: Engine, sources: Iterable[SourceSettings]) -> bool:
    """Whether the store holds each source's files as they are now.

    A load with the same files under the same name is looked for, from the newest on: a file that
    was added, taken away or altered since makes a source changed; so does undoing its load.
    """
    with engine.connect() as connection:
        loads = connection.execute(
            select(Load.source, Load.files).where(Load.undone_by.is_(None)).order_by(Load.id.desc())
        ).all()
    held: dict[tuple[str, frozenset[str]], dict[str, str]] = {}
    for name, files in loads:
        known = {file["name"]: file["sha256"] for file in orjson.loads(files)}
        held.setdefault((name, frozenset(known)), known)
    for source in sources:
        paths = _read_by(source)
        now = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}
        if held.get((_name(source), frozenset(now))) != now:
            return False
    return True


def _name(source: SourceSettings) -> str:
    return "fec" if source.kind == "fec" else preset.find(source.preset).name


def _read_by(source: SourceSettings) -> list[Path]:
    """The source's files that a load reads."""
    if source.kind == "fec":
        return source.files
    chosen = preset.find(source.preset)
    named = {table.file for table in chosen.tables} | {chosen.history}
    return [path for path in source.files if path.name in named or path.stem in named]
