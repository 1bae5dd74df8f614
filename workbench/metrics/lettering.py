"""Which papers are paid, by the letters of their lines of 411."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

from workbench.metrics import ledger
from workbench.metrics.frames import collect, places

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


def lettered(
    ledger_entries: nw.LazyFrame[Any], codes: pd.Series[Any], as_of: Any
) -> NDArray[np.bool_]:
    """Whether each paper of that number has lines of 411, and all are lettered by the day.

    Where an opening entry carried it over, that one and what followed say so.
    """
    closed = ledger.closed_books(ledger_entries, as_of=as_of)
    columns = ("piece", "book", *ledger.LETTERED)
    lines = collect(
        ledger.customer_lines(ledger_entries, *columns, as_of=as_of).select(
            "piece",
            is_open=ledger.is_open(as_of),
            is_closed=nw.col("book").fill_null("").is_in(closed),
        )
    )
    place = places(lines["piece"], codes)
    lines, place = lines[place >= 0], place[place >= 0]
    has_lines, of_now, is_open = np.zeros((3, len(codes)), dtype=bool)
    has_lines[place] = True
    is_closed = lines["is_closed"].to_numpy(dtype=bool)
    of_now[place[~is_closed]] = True
    holds = lines["is_open"].to_numpy(dtype=bool) & ~(is_closed & of_now[place])
    is_open[place[holds]] = True
    first = places(codes, codes)
    return (has_lines & ~is_open)[first] & (first >= 0)
