"""A report's run as it is kept: a folder with what was asked, how it goes, and what came out.

`run.json` is what was asked and by whom, `state.json` how far it got, `report.html` and
`report.ipynb` the result. Whether its process still lives is asked of a lock that the process
holds, so that a machine that fell over leaves no run that never ends.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import json
import os
import secrets
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import UnknownName

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.exports.notebooks import Value
    from workbench.store.sight import Plain


class State(StrEnum):
    """How far a run got."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"

    @property
    def over(self) -> bool:
        """Whether nothing more will come."""
        return self not in {State.QUEUED, State.RUNNING}


@dataclass(frozen=True)
class Progress:
    """How a run goes: its state, the cell it is at out of how many, its error when it failed."""

    state: State = State.QUEUED
    cell: int = 0
    cells: int = 0
    ended: str = ""
    error: str = ""
    traceback: str = ""


@dataclass(frozen=True)
class Run:
    """What was asked."""

    id: str
    notebook: str
    path: str
    title: str
    parameters: dict[str, Value]
    viewer: str | None
    """Whose eyes it is seen with; None sees all: the command line of whoever owns the machine."""
    language: str
    asked: str
    sight: Plain | None = None
    """How far the viewer saw then: what came out is theirs for as long as they see as far."""
    folder: Path = field(compare=False, default=Path())

    @property
    def as_of(self) -> str:
        """The date that its numbers stand at, in ISO form; empty where it has none."""
        return str(self.parameters.get("as_of") or "")

    @property
    def html(self) -> Path:
        """The result, to be read."""
        return self.folder / "report.html"

    @property
    def ipynb(self) -> Path:
        """The notebook as it ran."""
        return self.folder / "report.ipynb"

    @property
    def progress(self) -> Progress:
        """How it goes, now."""
        said = read_progress(self.folder)
        if said.state.over or alive(self.folder):
            return said
        # It may have ended between the two looks.
        said = read_progress(self.folder)
        if said.state.over:
            return said
        if stop_asked(self.folder):
            return replace(said, state=State.STOPPED)
        return replace(said, state=State.FAILED, error="interrupted")


def create(
    root: Path,
    *,
    notebook: str,
    path: Path,
    title: str,
    parameters: dict[str, Value],
    viewer: str | None,
    language: str,
    sight: Plain | None = None,
) -> Run:
    """A run with its folder; the id sorts by time and can't be guessed."""
    now = dt.datetime.now(dt.UTC)
    run = Run(
        id=f"{now:%Y%m%d-%H%M%S-%f}-{secrets.token_hex(8)}",
        notebook=notebook,
        path=str(path.resolve()),
        title=title,
        parameters=parameters,
        viewer=viewer,
        language=language,
        asked=now.isoformat(timespec="seconds"),
        sight=sight,
    )
    run = replace(run, folder=root / run.id)
    run.folder.mkdir(parents=True, mode=0o700)
    return run


def keep(run: Run) -> None:
    """Write down what was asked; from here on the run is listed."""
    kept = asdict(run)
    del kept["folder"]
    _write(run.folder / "run.json", kept)


def read(root: Path, name: str) -> Run:
    """The run of that id.

    Raises:
        UnknownName: there is none.
    """
    folder = root / name
    try:
        # The id comes from an address: nothing but a folder right here will do.
        if folder.parent != root or folder.name != name:
            raise FileNotFoundError(name)
        return Run(**json.loads((folder / "run.json").read_text("utf-8")), folder=folder)
    except (OSError, ValueError, TypeError) as error:
        raise UnknownName("run", name, []) from error


def listed(root: Path) -> list[Run]:
    """All runs, the latest first."""
    found = []
    for path in sorted(root.glob("*/run.json"), reverse=True):
        try:
            found.append(read(root, path.parent.name))
        except UnknownName:
            continue
    return found


def read_progress(folder: Path) -> Progress:
    """What the run's process last said."""
    try:
        said: dict[str, Any] = json.loads((folder / "state.json").read_text("utf-8"))
    except FileNotFoundError:
        return Progress()
    return Progress(**{**said, "state": State(said["state"])})


def write_progress(folder: Path, progress: Progress) -> None:
    """Say how the run goes."""
    _write(folder / "state.json", asdict(progress))


def _write(path: Path, said: dict[str, Any]) -> None:
    """Whole or not at all: a reader never meets half a file."""
    draft = path.with_suffix(f".{os.getpid()}.tmp")
    draft.write_text(json.dumps(said, ensure_ascii=False, indent=1), "utf-8")
    draft.replace(path)


def ask_stop(folder: Path) -> None:
    """Note that the run was asked to stop, so that its end is told apart from a failure."""
    (folder / "stop").touch()


def stop_asked(folder: Path) -> bool:
    """Whether the run was asked to stop."""
    return (folder / "stop").exists()


def alive(folder: Path) -> bool:
    """Whether the run's process lives: it holds the lock until its end, however it ends."""
    try:
        with (folder / "alive").open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False


@contextmanager
def life(folder: Path) -> Iterator[int]:
    """The lock's descriptor, to be handed to the run's process, whose end releases it."""
    with (folder / "alive").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock.fileno()
