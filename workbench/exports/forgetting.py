"""Anonymising whole: the store, its files, the reports kept of it; and what is left to others.

Reports are removed, not rewritten: they can be run again. Files of a source are not ours to change:
they are named, so that somebody deletes them.
"""

from __future__ import annotations

import datetime as dt
import html
import re
import secrets
import shutil
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import workbench
from workbench.errors import ChangeRefused, NotAllowed, SettingsError
from workbench.exports.reports import Reports
from workbench.metrics.retention import retention
from workbench.store import access
from workbench.store.privacy import anonymise, key, people
from workbench.store.privacy import retention as warnings
from workbench.store.privacy.clean import clean
from workbench.store.privacy.key import Key
from workbench.store.privacy.mentions import Mentions
from workbench.store.privacy.people import Person

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    import pandas as pd
    from sqlalchemy import Connection, Engine

    from workbench.settings import Settings
    from workbench.store.access import Viewer
    from workbench.store.privacy.anonymise import Plan
    from workbench.vocabulary import Surface

PACKED = (".xlsx", ".xlsm", ".zip", ".ods", ".docx")
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")


@dataclass
class Forgotten:
    """What goes, or went.

    Attributes:
        plan: of the store.
        reports: folders of runs that name them.
        left: other files that do, for somebody to delete or correct.
    """

    plan: Plan
    reports: list[Path] = field(default_factory=list)
    left: list[Path] = field(default_factory=list)


def look(
    settings: Settings,
    engine: Engine,
    asked: Sequence[str | Person],
    also: Sequence[str] = (),
    *,
    viewer: Viewer,
) -> Forgotten:
    """What would go; nothing is written.

    Raises:
        NotAllowed: the viewer may not anonymise.
        UnknownName: nobody is found by a number or e-mail.
        ChangeRefused: they are anonymised already.
    """
    anonymise.allowed(viewer)
    known = key.read(settings.privacy.key_file) or Key(secrets.token_bytes(32))
    with engine.connect() as connection, connection.begin():
        found = _found(connection, asked)
        plan = anonymise.plan(connection, found, known, also)
    return _files(settings, plan)


def forget(
    settings: Settings,
    engine: Engine,
    asked: Sequence[str | Person],
    *,
    viewer: Viewer,
    surface: Surface,
    reason: str | None = None,
    also: Sequence[str] = (),
    today: dt.date | None = None,
) -> Forgotten:
    """Anonymise people for good.

    Args:
        settings: where the key and the reports are.
        engine: the store.
        asked: who: a contact's number or e-mail, `account:8788`, or a person found already.
        viewer: who does it.
        surface: from where.
        reason: why; a name of theirs in it is left out.
        also: other words that are theirs: a maiden name, a nickname.
        today: the day that the journal notes.

    Raises:
        UnknownName: nobody is found by a number or e-mail.
        ChangeRefused: they are anonymised already.
        NotAllowed: the viewer may not.
        StoreError: another key was used before; or the store's log can't be emptied now.
    """
    with engine.connect() as connection, connection.begin():
        found = _found(connection, asked)
        anonymise.allowed(viewer)
        key.verify(connection, key.read(settings.privacy.key_file))
    plan = anonymise.anonymise(
        engine, found, viewer=viewer, surface=surface, key=key.made(settings.privacy.key_file),
        reason=reason, also=also, today=today or settings.today,
    )  # fmt: skip
    done = _files(settings, plan)
    for folder in done.reports:
        shutil.rmtree(folder, ignore_errors=True)
    clean(engine, {one.table for one in plan.rewrites} | {"change"})
    return done


@dataclass(frozen=True)
class Retention:
    """People kept too long: who, warned of, then anonymised.

    Attributes:
        settings: as for `forget`.
        engine: the store.
        viewer: who looks and does it.
        years: for how long people are kept after their last contact.
        grace_days: between the warning and the anonymisation.
    """

    settings: Settings
    engine: Engine
    viewer: Viewer
    years: int
    grace_days: int

    @property
    def _today(self) -> dt.date:
        return self.settings.today or dt.datetime.now(dt.UTC).date()

    def listed(self) -> pd.DataFrame:
        """The metric, over all that the store holds.

        Raises:
            NotAllowed: the viewer may not see a person's data whole.
        """
        if self.viewer.role not in access.EXPORTERS:
            raise NotAllowed(
                f"Who is kept too long is for {', '.join(sorted(access.EXPORTERS))} to see; "
                f"{self.viewer.username} is {self.viewer.role}."
            )
        data = workbench.open(self.settings.database, today=self._today)
        found: pd.DataFrame = retention.of(data, years=self.years)
        return found

    def warn(self) -> int:
        """Warn of those who are due; how many."""
        return warnings.warn(
            self.engine,
            self.listed(),
            viewer=self.viewer,
            today=self._today,
            grace_days=self.grace_days,
        )

    def anonymise(self, *, surface: Surface, reason: str) -> int:
        """Anonymise those whose grace period is over; how many."""
        found = self.listed()
        ready = [Person((int(id_),)) for id_ in found.loc[found["state"] == "ready", "id"]]
        if ready:
            forget(
                self.settings, self.engine, ready, viewer=self.viewer, surface=surface,
                reason=reason, today=self._today,
            )  # fmt: skip
        return len(ready)


def _found(connection: Connection, asked: Sequence[str | Person]) -> list[Person]:
    found = [people.find(connection, one) if isinstance(one, str) else one for one in asked]
    left = [people.still_known(connection, person) for person in found]
    for one, person in zip(asked, left, strict=True):
        if not person.contacts and not person.accounts:
            raise ChangeRefused(f"{one} is anonymised already: nothing tells who it was.")
    return left


def _files(settings: Settings, plan: Plan) -> Forgotten:
    mentions = Mentions([person.known for person in plan.people])
    root = Reports.of(settings).root
    folders = sorted(path for path in root.glob("*") if (path / "run.json").is_file())
    found = Forgotten(plan)
    found.reports = [
        folder for folder in folders
        if any(_names(mentions, text) for path in _within(folder) for text in texts(path))
    ]  # fmt: skip
    found.left = [
        path for path in _others(settings) if any(_names(mentions, text) for text in texts(path))
    ]
    return found


def _within(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_file()]


def _others(settings: Settings) -> Iterator[Path]:
    """Files of the sources, and notebooks with what they last showed."""
    for source in settings.sources:
        try:
            yield from source.files
        except SettingsError:
            continue
    yield from sorted(settings.notebooks.glob("*.ipynb"))


def _names(mentions: Mentions, text: str) -> bool:
    return any(mentions.people[who].told_by(text) for who in mentions.named(text))


def texts(path: Path) -> Iterable[str]:
    """A file's text, with what it escapes as it reads; of a workbook, that of each part."""
    if path.suffix.lower() in PACKED:
        try:
            with zipfile.ZipFile(path) as packed:
                return [_plain(packed.read(name)) for name in packed.namelist()]
        except (OSError, zipfile.BadZipFile):
            return []
    try:
        return [_plain(path.read_bytes())]
    except OSError:
        return []


def _plain(data: bytes) -> str:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    if "\\u" in text:
        text = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
    return html.unescape(text) if "&" in text else text
