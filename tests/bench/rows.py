"""A row of the bench: work, ours, floor and ratio, all of one row taken in the same run.

Ours and its floor are run by turns and the best of each counts, so that whatever else the machine
does falls on both; processor time stands beside the clock's to see through what remains.
"""

from __future__ import annotations

import gc
import time
from dataclasses import dataclass

Work = "Callable[[], Any]"


@dataclass(frozen=True, order=True)
class Took:
    """Seconds of the clock, and of this process's processor time."""

    wall: float
    cpu: float | None = None


def once(work: Work) -> Took:
    """How long it takes, this once."""
    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Took(time.perf_counter() - wall, time.process_time() - cpu)


def best(work: Work, times: int = 3) -> Took:
    """The quickest of several."""
    return min(once(work) for _ in range(times))


def by_turns(ours: Work, floor: Work, times: int = 5) -> tuple[Took, Took]:
    """The quickest of each, run one after the other."""
    pairs = [(once(ours), once(floor)) for _ in range(times)]
    return min(mine for mine, _ in pairs), min(theirs for _, theirs in pairs)


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        work: what is done.
        ours: what it takes us, in `unit`.
        cpu: our processor time, in seconds; None where another process did the work.
        floor: what the same takes without us; None where there is nothing to set beside it.
        by: what the floor is made with.
        limit: how much ours may be at most, in `unit`.
        times: how many times the floor ours may be at most.
        unit: "s" or "MB".
        note: what else was seen.
    """

    work: str
    ours: float
    cpu: float | None = None
    floor: float | None = None
    by: str = ""
    limit: float | None = None
    times: float | None = None
    unit: str = "s"
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """Ours over the floor.

        >>> Row("read", 3.0, floor=2.0).ratio
        1.5
        """
        return self.ours / self.floor if self.floor else None

    @property
    def verdict(self) -> str:
        """ "ok" within its bound, "over" beyond it, nothing where none is set.

        >>> Row("read", 3.0, floor=2.0, times=1.5).verdict, Row("read", 3.0, limit=2.0).verdict
        ('ok', 'over')
        """
        if self.limit is None and self.times is None:
            return ""
        slow = self.limit is not None and self.ours > self.limit
        slower = self.times is not None and self.ratio is not None and self.ratio > self.times
        return "over" if slow or slower else "ok"

    @property
    def bound(self) -> str:
        """The bound in words.

        >>> Row("read", 3.0, limit=0.3).bound, Row("read", 3.0, times=1.5).bound
        ('≤ 300 ms', '≤ 1.5 x')
        """
        said = [] if self.limit is None else [f"≤ {amount(self.limit, self.unit)}"]
        said += [] if self.times is None else [f"≤ {self.times:g} x"]
        return ", ".join(said)


def amount(value: float | None, unit: str = "s") -> str:
    """A time or a size as it is read.

    >>> amount(0.0123), amount(1.5), amount(0.000004), amount(3.456, "MB"), amount(None)
    ('12.3 ms', '1.50 s', '0.004 ms', '3.46 MB', '')
    """
    if value is None:
        return ""
    if unit != "s" or value >= 1:
        return f"{value:.2f} {unit}"
    millis = value * 1000
    return f"{millis:.0f} ms" if millis >= 100 else f"{millis:.3g} ms"
