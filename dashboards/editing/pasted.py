"""A block of a spreadsheet, pasted into an editable table: cell by cell, the changes it asks for.

Its cells go to the right of and below the cell that it was pasted at; where its first row has
headings of the table, the account's or the deal's name among them, each row goes to the record of
that name wherever that stands. What can't be read is said, and nothing is taken for something else:
no heading for a value.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dashboards.editing import corrections
from dashboards.editing.draft import Change
from workbench.errors import Reason
from workbench.exports import form
from workbench.locale import msg
from workbench.tables import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd

    from dashboards.editing.editgrid import Column, Pasted
    from workbench.locale import Locale

NAME = "name"
OUTSIDE = Reason(
    msg("Ce qui dépassait la dernière ligne ou la dernière colonne affichée n’a pas été collé.")
)
NAMELESS = msg(
    "La première ligne a des titres, mais pas « {name} » : copiez aussi cette colonne, ou "
    "laissez les titres."
)
UNKNOWN = msg("Des titres que le tableau n’a pas ont été laissés de côté : {titles}.")
LOCKED = Reason(msg("Les colonnes qui ne se modifient pas ici ont été laissées telles quelles."))


@dataclass
class Found:
    """What a block asks for, and why some of it asks for nothing."""

    changes: list[Change] = field(default_factory=list)
    problems: list[Reason] = field(default_factory=list)

    def say(self, problem: Reason) -> None:
        """Note a problem once."""
        if problem not in self.problems:
            self.problems.append(problem)


@dataclass(frozen=True)
class Grid:
    """What is pasted into.

    Attributes:
        entity: account or opportunity.
        columns: the table's, by field.
        kinds: how the cells of each field are read, by field.
        frame: every record that the viewer sees, by id.
    """

    entity: str
    columns: Mapping[str, Column]
    kinds: Mapping[str, form.Column]
    frame: pd.DataFrame


def block(text: str) -> list[list[str]]:
    r"""The cells of copied text; a cell of several lines stands in quotes.

    >>> block('Durand\tlatent\r\n"deux\nlignes"\t\r\n')
    [['Durand', 'latent'], ['deux\nlignes', '']]
    """
    return [row for row in csv.reader(io.StringIO(text, newline=""), delimiter="\t") if row]


def changes(grid: Grid, pasted: Pasted, loc: Locale) -> Found:
    """What the pasted text asks for."""
    rows, found = block(pasted.text), Found()
    fields = headings(grid, rows[0]) if len(rows) > 1 else None
    if fields and NAME not in fields:
        found.say(Reason(NAMELESS, name=grid.columns[NAME].title))
        return found
    unknown = [text for text, name in zip(rows[0], fields or (), strict=False) if not name]
    if unknown:
        found.say(Reason(UNKNOWN, titles=unknown))
    for row, id_, version, names in (
        _by_name(grid, rows[1:], fields, found) if fields else _in_place(rows, pasted, found)
    ):
        for text, name in zip(row, names, strict=False):
            if name is None or (name == NAME and fields):
                continue
            column = grid.columns[name]
            if not column.editable or name not in grid.kinds:
                found.say(LOCKED)
                continue
            try:
                new = _value(grid.kinds[name], text, loc)
            except form.Unreadable as problem:
                found.say(problem.args[0])
                continue
            record = grid.frame.loc[id_]
            old = corrections.stored(column, corrections.sent(column, record[name]))
            named = str(record[NAME])
            found.changes.append(Change(grid.entity, id_, version, name, named, old, new))
    return found


def headings(grid: Grid, row: Sequence[str]) -> list[str | None] | None:
    """The field that each heading of a row names, where any does; None where it is no such row."""
    by_title = {_plain(column.title): name for name, column in grid.columns.items()}
    fields = [by_title.get(_plain(text)) for text in row]
    return fields if any(fields) else None


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def _value(column: form.Column, text: str, loc: Locale) -> Any:
    value = form.read(column, text, loc)
    if column.kind is Kind.RATIO and value is not None and value > 1:
        return value / 100  # "35" where the screen says 35 %
    return value


Placed = tuple[list[str], int, int, Sequence[str | None]]


def _in_place(rows: list[list[str]], pasted: Pasted, found: Found) -> Iterator[Placed]:
    if len(rows) > len(pasted.rows) or any(len(row) > len(pasted.fields) for row in rows):
        found.say(OUTSIDE)
    for row, (id_, version) in zip(rows, pasted.rows, strict=False):
        yield row, id_, version, list(pasted.fields)


def _by_name(
    grid: Grid, rows: list[list[str]], fields: Sequence[str | None], found: Found
) -> Iterator[Placed]:
    known: dict[str, list[int]] = {}
    for id_, name in grid.frame[NAME].items():
        known.setdefault(_plain(str(name)), []).append(int(str(id_)))
    for row in rows:
        name = row[fields.index(NAME)] if len(row) > fields.index(NAME) else ""
        ids = known.get(_plain(name), [])
        if len(ids) != 1:
            told = (
                msg("« {name} » n’est le nom d’aucune fiche que vous voyez.")
                if not ids
                else msg("« {name} » est le nom de plusieurs fiches : collez-le en place.")
            )
            found.say(Reason(told, name=name))
            continue
        yield row, ids[0], int(grid.frame["version"].loc[ids[0]]), fields
