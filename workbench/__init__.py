"""The analyst's front door: open a store, ask metrics, save corrections."""

from workbench.store.access import Viewer
from workbench.store.dataset import Dataset, open  # noqa: A004 - workbench.open is the front door

__all__ = ["Dataset", "Viewer", "open"]
