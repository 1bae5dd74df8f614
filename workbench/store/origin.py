"""Where a frame was read: it says so itself, so that an editor given it alone finds home."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

import pandas as pd

if TYPE_CHECKING:
    from workbench.store.dataset import Dataset

KEY = "workbench"
"""Among a frame's `attrs`, which most of what pandas does with it keeps."""


class Origin(str):
    """The dataset of a frame; a text where frames are written, copied by nobody.

    pandas copies `attrs` deeply with each operation, and writes them as JSON into Parquet files.
    """

    __slots__ = ("data",)
    data: Dataset

    @classmethod
    def of(cls, data: Dataset) -> Self:
        """That of a dataset, without the frames that it has read."""
        viewer = data.viewer.username if data.viewer else ""
        made = cls(f"{data.engine.url!r} {data.as_of} {data.known_at or ''} {viewer}")
        made.data = replace(data, _frames={})
        return made

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Itself: a dataset is never changed."""
        return self

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        """Elsewhere it is a text: a connection doesn't travel."""
        return str, (str(self),)


def own(frame: Any, origin: Origin) -> Any:
    """A shallow copy: whoever adds a column to it adds it to theirs alone; it tells its origin."""
    if not isinstance(frame, pd.DataFrame):
        return frame
    copy = frame.copy(deep=False)
    copy.attrs = {KEY: origin}
    return copy


def origin(frame: Any) -> Dataset | None:
    """The dataset that a frame was read from; None where it no longer says, or never did."""
    said = getattr(frame, "attrs", {}).get(KEY)
    return said.data if isinstance(said, Origin) else None
