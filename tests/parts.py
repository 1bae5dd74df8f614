"""System parts that some tests need and that pip doesn't bring.

On a laptop a test without its part is skipped and says so; where `CI=true` it fails, so that a
green run always means that everything ran.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

PROGRAMS = {
    "chromium": ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"),
    "postgresql": ("pg_ctl",),
    "office": ("soffice", "libreoffice"),
    "uno": (),  # no program: what the system's Python drives LibreOffice with
}
ELSEWHERE = {
    # Playwright's own, where the distribution has none; its folder differs by system and version.
    "chromium": (
        os.environ.get("PLAYWRIGHT_BROWSERS_PATH", "~/.cache/ms-playwright"),
        "chromium-*/chrome-*/chrome",
    ),
    # Debian keeps the server's programs off the path.
    "postgresql": ("/usr/lib/postgresql", "*/bin/pg_ctl"),
    "office": ("/opt", "libreoffice*/program/soffice"),
    "uno": ("/usr/lib/python3/dist-packages", "uno.py"),
}
CI = os.environ.get("CI") == "true"
CAMPAIGNS = bool(os.environ.get("WORKBENCH_CAMPAIGNS"))  # long tests at their full size


def find(part: str) -> Path | None:
    """The part's program, None where the machine has none."""
    for program in PROGRAMS[part]:
        path = shutil.which(program)
        if path:
            return Path(path)
    folder, pattern = ELSEWHERE[part]
    return max(Path(folder).expanduser().glob(pattern), default=None)


def need(part: str) -> Path:
    """The part's program: chromium, postgresql (its pg_ctl), office or uno (its module).

    Without it the test is skipped; where `CI=true` it fails.
    """
    path = find(part)
    if path is None:
        reason = f"no {part} on this machine; `make parts` installs it"
        if CI:
            pytest.fail(reason)
        pytest.skip(reason)
    return path
