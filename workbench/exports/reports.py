"""Reports: a notebook run for a viewer in a process of its own, kept, read, run again.

The dashboards start a run and look at its folder from time to time; the command line starts one
and waits. The process sees the store as the viewer does, whatever the notebook says: what it may
read is set in its environment, which `workbench.open` obeys before any argument. What was run is
kept with how far its reader saw, and shown to them for as long as they see as far.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import NotAllowed, UnknownName
from workbench.exports import notebooks, runs
from workbench.exports.report_page import standalone
from workbench.settings import SQLITE
from workbench.store import access_log, connect
from workbench.store.sight import Sight, sight
from workbench.vocabulary import Role

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from workbench.exports.notebooks import Notebook
    from workbench.exports.runs import Progress, Run
    from workbench.settings import Settings
    from workbench.store.access import Viewer

PATIENCE = 8.0
"""Seconds that a run has to end by itself once asked to stop."""
LOOK = 0.1
"""Seconds between two looks at a run that is waited for."""
READS_ERRORS = frozenset({Role.ANALYST, Role.ADMIN})
"""Who is shown where in a notebook it went wrong; others are told that it did."""


@dataclass(frozen=True)
class Reports:
    """The reports of a workbench: its notebooks and the runs kept of them."""

    settings: Settings
    root: Path

    @classmethod
    def of(cls, settings: Settings) -> Reports:
        """Those of the settings' notebooks, kept beside the workbench's other files."""
        return cls(settings, settings.auth.secret_file.resolve().parent / "reports")

    @property
    def notebooks(self) -> dict[str, Notebook]:
        """What can be run, by name, in the order of titles; looked up anew each time."""
        return notebooks.folder(self.settings.notebooks)

    def start(
        self,
        name: str,
        parameters: Mapping[str, Any],
        *,
        viewer: Viewer | None,
        language: str | None = None,
    ) -> Run:
        """Start a run in the background; it waits its turn where too many are at work.

        Args:
            name: the notebook's name.
            parameters: those given; the others take the notebook's defaults, the date that of
                today, so that the run can be repeated as it was.
            viewer: with whose eyes; None sees all.
            language: of the page around the result; the viewer's, else the settings', where None.

        Raises:
            UnknownName: no notebook or no parameter is called so.
            SettingsError: a value doesn't fit.
        """
        notebook = notebooks.find(self.settings.notebooks, name)
        chosen = notebook.read(dict(parameters))
        if "as_of" in chosen and not chosen["as_of"]:
            chosen["as_of"] = self._today
        spoken = language or (viewer.language if viewer else self.settings.language)
        if "language" in chosen and "language" not in parameters:
            chosen["language"] = spoken
        run = runs.create(
            self.root,
            notebook=name,
            path=notebook.path,
            title=notebook.title,
            parameters=chosen,
            viewer=viewer.username if viewer else None,
            language=str(chosen.get("language") or spoken),
            sight=self._sight(viewer).plain() if viewer else None,
        )
        with runs.life(run.folder) as lock:
            runs.keep(run)
            with (run.folder / "log.txt").open("wb") as log:
                process = subprocess.Popen(  # noqa: S603 - this interpreter, our own module
                    [sys.executable, "-m", "workbench.exports.job", str(run.folder)],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    env=self._environment(run),
                    pass_fds=(lock,),
                    start_new_session=True,
                )
        (run.folder / "pid").write_text(str(process.pid))
        # Somebody has to take note of its end, or it stays in the list of processes.
        threading.Thread(target=process.wait, daemon=True).start()
        return run

    def run(
        self,
        name: str,
        parameters: Mapping[str, Any],
        *,
        viewer: Viewer | None = None,
        language: str | None = None,
        progress: Callable[[Progress], None] | None = None,
    ) -> Run:
        """Run a notebook and wait for its end, telling how it goes; an interruption stops it."""
        run = self.start(name, parameters, viewer=viewer, language=language)
        try:
            while not (now := run.progress).state.over:
                if progress:
                    progress(now)
                time.sleep(LOOK)
        except BaseException:
            self._stop(run)
            raise
        if progress:
            progress(now)
        return run

    def again(self, run: Run, *, viewer: Viewer | None) -> Run:
        """Run the same notebook with the same parameters, its date included."""
        return self.start(run.notebook, run.parameters, viewer=viewer, language=run.language)

    def runs(self, viewer: Viewer | None, notebook: str | None = None) -> list[Run]:
        """The runs that a viewer may see, the latest first: their own, an administrator's all.

        Of their own, those that were run when they saw more than now aren't among them.
        """
        listed = [run for run in runs.listed(self.root) if notebook in {None, run.notebook}]
        return self._shown([run for run in listed if _theirs(run, viewer)], viewer)

    def find(self, name: str, viewer: Viewer | None) -> Run:
        """The run of that id.

        Raises:
            UnknownName: there is none, or it isn't for their eyes: the two can't be told apart.
        """
        run = runs.read(self.root, name)
        if viewer and not (_theirs(run, viewer) and self._shown([run], viewer)):
            self._refused(name, viewer)
            raise UnknownName("run", name, [])
        return run

    def stop(self, run: Run, viewer: Viewer | None) -> None:
        """Stop a run; nothing happens to one that is over.

        Raises:
            NotAllowed: it is somebody else's.
        """
        self._check(run, viewer)
        self._stop(run)

    def remove(self, run: Run, viewer: Viewer | None) -> None:
        """Remove a run with its result.

        Raises:
            NotAllowed: it is somebody else's.
        """
        self._check(run, viewer)
        self._stop(run)
        shutil.rmtree(run.folder)

    def download(self, run: Run) -> bytes:
        """The result as one HTML file that needs nothing else."""
        return standalone(run.html.read_text("utf-8")).encode()

    def _shown(self, own: list[Run], viewer: Viewer | None) -> list[Run]:
        """Those of a viewer's runs that show nothing which they no longer see."""
        if viewer is None or viewer.role is Role.ADMIN or not own:
            return own
        now = self._sight(viewer)
        return [run for run in own if run.sight and now.covers(Sight.read(run.sight))]

    def _sight(self, viewer: Viewer) -> Sight:
        return sight(connect(self.settings.database), viewer, dt.date.fromisoformat(self._today))

    @property
    def _today(self) -> str:
        return (self.settings.today or dt.datetime.now(dt.UTC).date()).isoformat()

    def _environment(self, run: Run) -> dict[str, str]:
        """What the run's process may see, and how it counts."""
        settings = self.settings
        given = {
            "WORKBENCH_DATABASE": _absolute(settings.database),
            "WORKBENCH_CURRENCY__CODE": settings.currency.code,
            "WORKBENCH_TIMEZONE": settings.timezone,
            "WORKBENCH_COMPANY__NAME": settings.company.name,
            "WORKBENCH_TODAY": self._today,
        }
        if "WORKBENCH_CONFIG" in os.environ:
            given["WORKBENCH_CONFIG"] = str(Path(os.environ["WORKBENCH_CONFIG"]).resolve())
        # What signs people in is no notebook's business.
        withheld = ("WORKBENCH_VIEWER", "WORKBENCH_AUTH")
        kept = {
            name: text
            for name, text in os.environ.items()
            if not name.upper().startswith(withheld)  # settings heed no case
        }
        return kept | given | ({"WORKBENCH_VIEWER": run.viewer} if run.viewer else {})

    def _check(self, run: Run, viewer: Viewer | None) -> None:
        if viewer and not _theirs(run, viewer):
            self._refused(run.id, viewer)
            raise NotAllowed(
                "This run is somebody else's: only they and an administrator may end it."
            )

    def _refused(self, name: str, viewer: Viewer) -> None:
        engine = connect(self.settings.database)
        access_log.forbidden_later(engine, viewer.username, f"report {name}")

    def _stop(self, run: Run) -> None:
        if run.progress.state.over:
            return
        runs.ask_stop(run.folder)
        pid = int((run.folder / "pid").read_text())
        os.kill(pid, signal.SIGTERM)
        until = time.monotonic() + PATIENCE
        while runs.alive(run.folder):
            if time.monotonic() > until:
                os.kill(pid, signal.SIGKILL)
                return
            time.sleep(LOOK)


def _absolute(url: str) -> str:
    """The store's address from wherever: a notebook runs in its own folder."""
    path = url.removeprefix(SQLITE)
    return f"{SQLITE}{Path(path).resolve()}" if path != url else url


def may_read_errors(viewer: Viewer | None) -> bool:
    """Whether they are shown where in a notebook it went wrong."""
    return viewer is None or viewer.role in READS_ERRORS


def _theirs(run: Run, viewer: Viewer | None) -> bool:
    return viewer is None or viewer.role is Role.ADMIN or run.viewer == viewer.username
