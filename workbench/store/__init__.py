"""The store: one schema on SQLite or PostgreSQL, changed through the journal alone."""

from workbench.store.engine import connect
from workbench.store.spanco import create

__all__ = ["connect", "create"]
