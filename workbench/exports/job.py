"""The process of one run: waits its turn, runs the notebook by papermill, writes the page.

`python -m workbench.exports.job FOLDER`, started by `reports` with the viewer in its environment.
At most two work at once, at low priority, so that the dashboards stay quick; the others wait in
the order in which they came.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import os
import re
import signal
import sys
import tempfile
import time
import traceback
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.exports import runs
from workbench.exports.runs import Progress, State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.exports.runs import Run

AT_ONCE = 2
PRIORITY = 10
"""How much nicer than the dashboards: a run gets what they leave."""
TURN = 0.2
"""Seconds between two looks for a free place."""

_ANSI = re.compile(r"\x1b\[[0-9;]*m")


@contextmanager
def place(root: Path, at_once: int = AT_ONCE) -> Iterator[None]:
    """One of the places at which runs work, as soon as one is free.

    Places are locks that end with their process, so that none is lost. Whoever waits for a place
    holds the turn; the others wait for the turn, which the system gives in order.
    """
    root.mkdir(parents=True, exist_ok=True)
    with (root / "turn.lock").open("wb") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        held = _free(root, at_once)
        while held is None:
            time.sleep(TURN)
            held = _free(root, at_once)
    with held:
        yield


def _free(root: Path, at_once: int) -> Any:
    """A place's lock, taken; None where all are."""
    for number in range(at_once):
        lock = (root / f"place-{number}.lock").open("wb")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
        else:
            return lock
    return None


def work(run: Run) -> None:
    """Run the notebook, telling how far it is, and write its page."""
    now = Progress(State.RUNNING)
    runs.write_progress(run.folder, now)

    # Slow to import, and not needed while waiting.
    import papermill  # noqa: PLC0415

    from workbench.exports.report_page import LAB, keep_script, page  # noqa: PLC0415

    def begins(*, notebook: Any) -> None:
        nonlocal now
        now = replace(now, cells=len(notebook.cells))
        runs.write_progress(run.folder, now)

    def at(*, cell: Any, cell_index: int) -> None:  # noqa: ARG001 - nbclient names them
        nonlocal now
        now = replace(now, cell=cell_index + 1)
        runs.write_progress(run.folder, now)

    try:
        notebook = papermill.execute_notebook(
            run.path,
            str(run.ipynb),
            run.parameters,
            cwd=str(Path(run.path).parent),
            progress_bar=False,
            request_save_on_cell_execute=False,
            autosave_cell_every=0,
            on_notebook_start=begins,
            on_cell_start=at,
            shutdown_kernel="immediate",
            skip_cells_with_tag=LAB,  # a report of another day couldn't run an editor
        )
        keep_script(run.folder.parent)
        run.html.write_text(page(notebook, run, dt.datetime.now(dt.UTC)), "utf-8")
    except papermill.PapermillExecutionError as error:
        said = f"{error.ename}: {error.evalue}"
        trace = _ANSI.sub("", "\n".join(error.traceback))
        now = replace(now, state=State.FAILED, error=said, traceback=trace)
    except Exception as error:  # noqa: BLE001 - whatever went wrong is the run's outcome
        trace = traceback.format_exc()
        now = replace(
            now, state=State.FAILED, error=f"{type(error).__name__}: {error}", traceback=trace
        )
    else:
        now = replace(now, state=State.DONE, cell=now.cells)
    runs.write_progress(run.folder, replace(now, ended=_now()))


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


def _quit(*_: Any) -> None:
    """Leave by the way of an exception, so that the kernel is taken along."""
    sys.exit(1)


def main(folder: Path) -> None:
    """Be the process of the run kept in that folder."""
    os.nice(PRIORITY)
    run = runs.read(folder.parent, folder.name)
    with place(folder.parent), tempfile.TemporaryDirectory() as own:
        signal.signal(signal.SIGTERM, _quit)
        os.environ |= {
            # Figures stay data, for the page to draw; nothing of Jupyter's own is left behind.
            "PLOTLY_RENDERER": "plotly_mimetype",
            "JUPYTER_PREFER_ENV_PATH": "1",
            "JUPYTER_RUNTIME_DIR": own,
            "IPYTHONDIR": own,
        }
        work(run)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
