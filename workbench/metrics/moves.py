"""How far a metric's number has moved: the same metric of another day or period, beside it.

For numbers whose metric tells one day or period; those that tell both say their change themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

from workbench.locale import missing


@dataclass(frozen=True)
class Move:
    """A number and what it was before; None or NaN where it doesn't exist."""

    now: float | None
    before: float | None

    @property
    def rate(self) -> float | None:
        """By how much of what it was it has grown; None where that was nothing.

        >>> Move(120.0, 100.0).rate, Move(120.0, 0.0).rate
        (0.2, None)
        """
        if missing(self.now) or missing(self.before) or self.before <= 0:  # type: ignore[operator]
            return None
        return (self.now - self.before) / self.before  # type: ignore[operator]

    @property
    def points(self) -> float | None:
        """How much a rate has grown, as a difference of rates.

        >>> round(Move(0.3, 0.25).points, 4)
        0.05
        """
        if missing(self.now) or missing(self.before):
            return None
        return self.now - self.before  # type: ignore[operator]
