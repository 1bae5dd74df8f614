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
from workbench.errors import ChangeRefused, NotAllowed, SettingsError, StoreError
from workbench.exports import runs
from workbench.exports.reports import Reports
from workbench.metrics.retention import retention
from workbench.store import access, access_log
from workbench.store.privacy import anonymise, key, people
from workbench.store.privacy import retention as warnings
from workbench.store.privacy.clean import clean
from workbench.store.privacy.key import Key
from workbench.store.privacy.mentions import Mentions
from workbench.store.privacy.people import Person
from workbench.store.privacy.plan import Plan, plan

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import pandas as pd
    from sqlalchemy import Connection, Engine

    from workbench.settings import Settings
    from workbench.store.access import Viewer
    from workbench.vocabulary import Surface

PACKED = (".xlsx", ".xlsm", ".zip", ".ods", ".docx")
_ESCAPED = re.compile(r"\\+(?:u([0-9a-fA-F]{4})|[nrtbf])")


@dataclass
class Forgotten:
    """What goes, or went.

    Attributes:
        plan: of the store.
        reports: folders of runs that name them, or are under way and may yet.
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
    anonymise.allowed(engine, viewer)
    known = key.read(settings.privacy.key_file) or Key(secrets.token_bytes(32))
    with engine.connect() as connection, connection.begin():
        found = _found(connection, asked)
        going = plan(connection, found, known, also)
    mentions = _mentions(going.people)
    return Forgotten(going, _reports(settings, mentions), _left(settings, mentions))


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
        StoreError: another key was used before; a report can't be removed; or the store's log
            can't be emptied now.
    """
    anonymise.allowed(engine, viewer)
    with engine.connect() as connection, connection.begin():
        found = _found(connection, asked)
        key.verify(connection, key.read(settings.privacy.key_file))
        mentions = _mentions(people.known(connection, found, also))
    # Before, so that whatever happens no report is left whose names nobody knows any more; and
    # after, for those begun meanwhile.
    reports = _remove(settings, mentions)
    gone = anonymise.anonymise(
        engine, found, viewer=viewer, surface=surface, key=key.made(settings.privacy.key_file),
        reason=reason, also=also, today=today or settings.today,
    )  # fmt: skip
    try:
        reports += _remove(settings, mentions)
    finally:
        left = clean(engine, {one.table for one in gone.rewrites} | {"change"})
    return Forgotten(gone, reports, [*_left(settings, mentions), *left])


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
            access_log.forbidden(self.engine, self.viewer.username, "retention")
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


def _mentions(known: Sequence[Person]) -> Mentions:
    return Mentions([person.known for person in known])


def _reports(settings: Settings, mentions: Mentions) -> list[Path]:
    """Folders of the runs that name them, or may yet."""
    root = Reports.of(settings).root
    under_way = {run.folder for run in runs.listed(root) if not run.progress.state.over}
    return [
        folder for folder in sorted(path.parent for path in root.glob("*/run.json"))
        if folder in under_way or any(_names(mentions, path) for path in _within(folder))
    ]  # fmt: skip


def _remove(settings: Settings, mentions: Mentions) -> list[Path]:
    """Remove the reports that name them, and stop those under way: both can be run again."""
    reports = Reports.of(settings)
    kept = {run.folder: run for run in runs.listed(reports.root)}
    found = _reports(settings, mentions)
    for folder in found:
        try:
            if folder in kept:
                reports.remove(kept[folder], None)
            else:
                shutil.rmtree(folder)
        except OSError as error:
            raise StoreError(
                f"{folder}: the report names them, or may yet, and can't be removed ({error}). "
                "Remove it, then anonymise again."
            ) from error
    return found


def _left(settings: Settings, mentions: Mentions) -> list[Path]:
    return [path for path in _others(settings) if _names(mentions, path)]


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


def _names(mentions: Mentions, path: Path) -> bool:
    return any(
        mentions.people[who].told_by(text) for text in texts(path) for who in mentions.named(text)
    )


def texts(path: Path) -> Iterator[str]:
    """A file's text, as it is and with what it escapes as it reads; of a workbook, each part's."""
    for data in _parts(path):
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            text = data.decode("latin-1")
        text = html.unescape(text) if "&" in text else text
        yield text
        if "\\" in text:
            yield _ESCAPED.sub(lambda one: chr(int(one[1], 16)) if one[1] else " ", text)


def _parts(path: Path) -> Iterator[bytes]:
    try:
        if path.suffix.lower() in PACKED:
            with zipfile.ZipFile(path) as packed:
                yield from (packed.read(name) for name in packed.namelist())
        else:
            yield path.read_bytes()
    except (OSError, zipfile.BadZipFile):
        return
