"""What a process keeps of what it read: Arrow tables, and frames made of them, for its sessions."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Hashable

KEPT_BYTES = 2 << 30  # of Arrow data, shared by the sessions of a process


class Shelf:
    """Arrow tables and frames by key, the least used put away first."""

    def __init__(self) -> None:
        self._held: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._lock = threading.Lock()
        self._making: dict[Hashable, threading.Lock] = {}
        self._bytes = 0
        self.reads = 0

    def get(self, key: Hashable, make: Any, size: Any) -> Any:
        """What is kept under the key; made once, however many ask at once."""
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
                return self._held[key][0]
            making = self._making.setdefault(key, threading.Lock())
        with making:
            with self._lock:
                if key in self._held:
                    return self._held[key][0]
            made = make()
            with self._lock:
                self.reads += 1
                weight = size(made)
                self._held[key] = (made, weight)
                self._bytes += weight
                self._making.pop(key, None)
                while self._bytes > KEPT_BYTES and len(self._held) > 1:
                    _, (_, dropped) = self._held.popitem(last=False)
                    self._bytes -= dropped
            return made

    def forget(self, url: str) -> None:
        """Drop what was read of a store: people were taken out of it since."""
        with self._lock:
            for key in [key for key in self._held if _names(key, url)]:
                self._bytes -= self._held.pop(key)[1]


def _names(key: Hashable, url: str) -> bool:
    """Whether a key, or one within it, is of that store."""
    return key == url or (isinstance(key, tuple) and any(_names(part, url) for part in key))


SHELF = Shelf()


def size(frame: Any) -> int:
    """The bytes of a frame, of whatever kind."""
    if isinstance(frame, pd.DataFrame):
        return int(frame.memory_usage().sum())
    return int(frame.estimated_size() if hasattr(frame, "estimated_size") else frame.nbytes)
