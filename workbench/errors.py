"""Every error that the workbench raises on purpose.

    WorkbenchError
    ├── SettingsError        workbench.toml or an option does not fit
    ├── SourceError          a file can't be read, or isn't what it was said to be
    ├── StoreError           the store is absent, locked or of another version
    ├── UnknownName          a metric, table, option, notebook or page that doesn't exist
    ├── MissingColumns       a frame lacks columns that a metric reads
    ├── NotAllowed           the viewer may not read or write this
    │   └── LockedOut        too many wrong passwords: sign-ins wait
    └── ChangeRefused        a change breaks a rule, or meets a newer one

Each message says what happened, where, what there is, and what to do. The command line and the
pages show it as it is.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable


class Reason(str):
    """Why something was not accepted: a French sentence that can be said in English as well.

    `template` is the sentence with `{names}`, `values` what fills them; `Locale.say` translates.

    >>> Reason("{field} ne peut pas être vide", field="nom")
    'nom ne peut pas être vide'
    """

    __slots__ = ("template", "values")
    template: str
    values: dict[str, object]

    def __new__(cls, template: str, /, **values: object) -> Self:
        """Say it in French; keep what it was made of."""
        made = super().__new__(cls, template.format(**values))
        made.template = template
        made.values = values
        return made


class WorkbenchError(Exception):
    """Root of the tree: catch this to catch all of them."""


class SettingsError(WorkbenchError):
    """A setting or an option has a value that doesn't fit."""


class SourceError(WorkbenchError):
    """A source file can't be read."""


class StoreError(WorkbenchError):
    """The store can't be opened or isn't of this version."""


class UnknownName(WorkbenchError):  # noqa: N818 - reads as what happened
    """Something was asked for by a name that nothing has."""

    def __init__(self, what: str, name: str, known: Iterable[str]) -> None:
        names = sorted(known)
        close = get_close_matches(name, names, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        there = f"There are: {', '.join(names)}." if names else "There is none."
        super().__init__(f"No {what} is called {name!r}.{hint} {there}")
        self.name = name
        self.known = names


class MissingColumns(WorkbenchError):  # noqa: N818
    """A frame lacks columns that are needed."""

    def __init__(self, where: str, missing: Iterable[str], present: Iterable[str]) -> None:
        self.missing = sorted(missing)
        super().__init__(
            f"{where}: no column {', '.join(map(repr, self.missing))}. "
            f"There are: {', '.join(sorted(present))}."
        )


class NotAllowed(WorkbenchError):  # noqa: N818
    """The viewer has no right to this."""


class LockedOut(NotAllowed):
    """Too many wrong passwords: no other is looked at until then."""

    def __init__(self, until: dt.datetime) -> None:
        super().__init__(f"Too many wrong passwords. Try again after {until:%H:%M} UTC.")
        self.until = until


class ChangeRefused(WorkbenchError):  # noqa: N818
    """A change was not accepted; nothing was written."""
