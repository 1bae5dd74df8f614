"""The notebooks folder: every notebook in it is a report, described by what it says of itself.

The first heading of its first markdown cell is its title, the text below it the question that it
answers; the cell tagged `parameters` gives the form. papermill reads names, types, defaults and
comments; a comment may end with the values to choose from: `by = "segment"  # Axe [segment|team]`.
"""

from __future__ import annotations

import ast
import datetime as dt
import logging
import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from workbench.errors import SettingsError, UnknownName

if TYPE_CHECKING:
    from pathlib import Path

    import nbformat

Value = str | int | float | bool | None

# papermill says in its log, each time, which notebook it reads.
logging.getLogger("papermill").setLevel(logging.WARNING)

_CHOICES = re.compile(r"\s*\[([^\[\]]+\|[^\[\]]+)\]\s*$")
_DATES = {"as_of", "known_at", "since", "until"}
LANGUAGES = ("fr", "en")
HIDDEN = frozenset({"database"})
"""Parameters that say where the notebook runs rather than what it shows: no form offers them."""


class Input(StrEnum):
    """What a parameter takes."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    FLAG = "flag"
    DATE = "date"
    CHOICE = "choice"
    TEAM = "team"


_TYPES = {"int": Input.INTEGER, "float": Input.NUMBER, "bool": Input.FLAG, "date": Input.DATE}


@dataclass(frozen=True)
class Parameter:
    """One parameter of a notebook."""

    name: str
    input: Input
    default: Value
    help: str
    choices: tuple[Value, ...] = ()

    def parse(self, given: Any) -> Value:
        """A value from a form or a command line, as the notebook is to get it.

        >>> Parameter("months", Input.INTEGER, 12, "").parse("24")
        24

        Raises:
            SettingsError: it doesn't fit.
        """
        if given is None:
            return None if self.default is None else self.default
        try:
            value: Value = _READERS[self.input](given)
        except (TypeError, ValueError) as error:
            raise SettingsError(
                f"Parameter {self.name}: {given!r} is not a {self.input.value}."
            ) from error
        if self.choices:
            named = {str(choice): choice for choice in self.choices}
            if str(value) not in named:
                raise SettingsError(
                    f"Parameter {self.name}: {given!r} is not one of {', '.join(named)}."
                )
            return named[str(value)]
        return value


def _day(given: Any) -> str:
    """A date as ISO text, which is what a notebook's cell can hold; empty stays empty."""
    if isinstance(given, dt.date):
        return given.isoformat()[:10]
    return dt.date.fromisoformat(given).isoformat() if str(given).strip() else ""


def _flag(given: Any) -> bool:
    if isinstance(given, bool):
        return given
    known = {"true": True, "1": True, "oui": True, "yes": True}
    known |= {"false": False, "0": False, "non": False, "no": False}
    word = str(given).lower()
    if word not in known:
        raise ValueError(word)
    return known[word]


def _whole(given: Any) -> int:
    return int(str(given).strip()) if isinstance(given, str) else int(given)


def _number(given: Any) -> float:
    return float(given.replace(",", ".")) if isinstance(given, str) else float(given)


_READERS: dict[Input, Any] = {
    Input.TEXT: str,
    Input.TEAM: str,
    Input.CHOICE: lambda given: given,
    Input.INTEGER: _whole,
    Input.NUMBER: _number,
    Input.FLAG: _flag,
    Input.DATE: _day,
}


@dataclass(frozen=True)
class Notebook:
    """A notebook of the folder."""

    name: str
    path: Path
    title: str
    question: str
    parameters: tuple[Parameter, ...]

    @property
    def form(self) -> tuple[Parameter, ...]:
        """The parameters that a reader may choose."""
        return tuple(one for one in self.parameters if one.name not in HIDDEN)

    def read(self, given: dict[str, Any]) -> dict[str, Value]:
        """All parameters, those given and the defaults of the others.

        Raises:
            UnknownName: the notebook has no such parameter, or none that can be chosen.
            SettingsError: a value doesn't fit.
        """
        chosen = {one.name: one for one in self.form}
        for name in given:
            if name not in chosen:
                raise UnknownName(f"parameter of {self.name}", name, chosen)
        return {
            name: one.parse(given[name]) if name in given else one.default
            for name, one in chosen.items()
        }


def folder(path: Path) -> dict[str, Notebook]:
    """The notebooks of a folder by name, in the order of their titles; none where it is absent."""
    found = [
        _described(file, file.stat().st_mtime_ns)
        for file in path.glob("*.ipynb")
        if not file.name.startswith(".")
    ]
    return {one.name: one for one in sorted(found, key=lambda one: one.title.casefold())}


def find(path: Path, name: str) -> Notebook:
    """The notebook of that name in the folder.

    Raises:
        UnknownName: there is none.
    """
    known = folder(path)
    if name not in known:
        raise UnknownName("notebook", name, known)
    return known[name]


@lru_cache(maxsize=256)
def _described(path: Path, changed: int) -> Notebook:  # noqa: ARG001 - a changed file is read anew
    """What a notebook says of itself; one that can't be read is still listed, by its name."""
    # Slow to import: not for a server that starts.
    import nbformat  # noqa: PLC0415
    import papermill  # noqa: PLC0415

    try:
        read = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
        title, question = _heading(read)
        parameters = tuple(map(_parameter, papermill.inspect_notebook(str(path)).values()))
    except (OSError, ValueError, AttributeError, papermill.PapermillException):
        return Notebook(path.stem, path, path.stem, "", ())
    return Notebook(path.stem, path, title or path.stem, question, parameters)


def _heading(notebook: nbformat.NotebookNode) -> tuple[str, str]:
    texts = (cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    first = next((text for text in texts if text.lstrip().startswith("#")), "")
    title, _, rest = first.strip().partition("\n")
    return title.lstrip("# ").strip(), rest.strip().split("\n\n")[0].replace("\n", " ")


def _parameter(said: dict[str, str]) -> Parameter:
    """Of what papermill says: the default is source text, the type may be an annotation's name."""
    try:
        default = ast.literal_eval(said["default"])
    except (ValueError, SyntaxError):
        default = None
    meaning = said["help"].strip()
    choices: tuple[Value, ...] = ()
    listed = _CHOICES.search(meaning)
    if listed:
        meaning = meaning[: listed.start()]
        choices = tuple(_typed(choice.strip(), default) for choice in listed[1].split("|"))
    return Parameter(
        said["name"], _input(said, default, choices=bool(choices)), default, meaning, choices
    )


def _typed(choice: str, default: Any) -> Value:
    kept = type(default) if isinstance(default, int | float) else str
    return kept(choice)


def _input(said: dict[str, str], default: Any, *, choices: bool) -> Input:
    name, annotation = said["name"], said["inferred_type_name"]
    if choices:
        return Input.CHOICE
    if name == "team":
        return Input.TEAM
    if name in _DATES:
        return Input.DATE
    if annotation in _TYPES:
        return _TYPES[annotation]
    return _TYPES.get(type(default).__name__, Input.TEXT)
