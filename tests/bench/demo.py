"""The demo company, loaded once per run from its files into a store of the run's own."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import workbench
from tests.bench.rows import Took
from workbench.settings import Settings

if TYPE_CHECKING:
    from workbench.store.dataset import Dataset

ROOT = Path(__file__).parent.parent.parent
CONFIG = ROOT / "data" / "workbench.toml"
WORKBENCH = Path(sys.executable).parent / "workbench"


@dataclass
class Demo:
    """The demo's store, in a folder that the run removes."""

    folder: Path

    @property
    def url(self) -> str:
        """Its address; loaded when first asked for."""
        _ = self.loading
        return self._url

    @property
    def _url(self) -> str:
        return f"sqlite:///{self.folder / 'demo.db'}"

    @property
    def environment(self) -> dict[str, str]:
        """For a command that works on it."""
        return {
            **{k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"},
            "WORKBENCH_CONFIG": str(CONFIG),
            "WORKBENCH_DATABASE": self._url,
            "WORKBENCH_AUTH__SECRET_FILE": str(self.folder / "secret"),
        }

    @cached_property
    def loading(self) -> Took:
        """Time to make and load it, the command's start included."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        start = time.perf_counter()
        self._run("load")
        wall = time.perf_counter() - start
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        self._run("user", "add", "--from", "data/users.csv")
        return Took(wall, cpu)

    def _run(self, *command: str) -> None:
        subprocess.run(
            [WORKBENCH, *command], cwd=ROOT, env=self.environment, check=True, capture_output=True
        )

    @cached_property
    def settings(self) -> Settings:
        """The demo's."""
        return Settings.load(CONFIG)

    def open(self, **options: object) -> Dataset:
        """The whole of it, on its own day."""
        return workbench.open(self.url, today=self.settings.today, **options)
