"""The analyst's front door: open a store, ask metrics, save corrections.

What stands behind it is imported when it is first touched, so that a command line's `--help`
doesn't wait for pandas.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.store.access import Viewer
    from workbench.store.dataset import Dataset, open  # noqa: A004 - workbench.open is the front door

__all__ = ["Dataset", "Viewer", "open"]

_HOMES = {
    "Dataset": "workbench.store.dataset",
    "Viewer": "workbench.store.access",
    "open": "workbench.store.dataset",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'workbench' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
