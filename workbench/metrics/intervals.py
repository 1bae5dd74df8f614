"""Wilson's interval for a rate: it stays within 0 and 1, and holds for few cases.

Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
Journal of the American Statistical Association 22 (1927), 209-212.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Z95 = 1.959963984540054


def wilson(successes: Any, trials: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lower and upper end at 95 %; NaN where there are no trials.

    >>> low, high = wilson([10], [100])
    >>> round(float(low[0]), 4), round(float(high[0]), 4)
    (0.0552, 0.1744)
    """
    k = np.asarray(successes, dtype="float64")
    n = np.asarray(trials, dtype="float64")
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = k / n
        scale = 1 + Z95**2 / n
        middle = (rate + Z95**2 / (2 * n)) / scale
        half = Z95 / scale * np.sqrt(rate * (1 - rate) / n + Z95**2 / (4 * n**2))
    low = np.where(n > 0, np.clip(middle - half, 0.0, 1.0), np.nan)
    high = np.where(n > 0, np.clip(middle + half, 0.0, 1.0), np.nan)
    return np.where(k == 0, np.where(n > 0, 0.0, np.nan), low), np.where(
        (k == n) & (n > 0), 1.0, high
    )
