"""A qualification form that comes back: what was filled in, cell by cell, as changes to save.

Whatever a person did to the file meanwhile (sorted it, dropped columns or rows, typed a date as
text) is either understood or said, per cell; nothing is taken for a change that isn't one.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from workbench.errors import Reason, SourceError
from workbench.exports import form, received
from workbench.exports.qualification import Marks
from workbench.locale import msg, of
from workbench.store.identity import identity
from workbench.store.journal import Edit, Outcome, State
from workbench.store.proposal import Proposal, propose, seen
from workbench.vocabulary import Surface, field_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from openpyxl import Workbook

    from workbench.exports.form import Column
    from workbench.locale import Locale
    from workbench.store.dataset import Dataset
    from workbench.store.proposal import Record
    from workbench.store.rules import Rules

NAMES_WITHIN = 30
"""The hidden row of names is looked for in so many first rows."""
REPORT = ("state", "detail")
"""Columns that a report has added: they are no part of what was filled in."""
ADDED = Reason(
    msg(
        "Ligne ajoutée, sans fiche : rien n’en est créé. Créez la fiche dans votre CRM, puis "
        "exportez un nouveau formulaire."
    )
)
MISPLACED = Reason(
    msg(
        "Les cellules verrouillées de cette ligne ne sont plus celles de sa fiche : elles ont été "
        "modifiées, ou la ligne triée sans ses colonnes masquées. Rien n’en est enregistré."
    )
)
Key = tuple[str, int]


@dataclass(frozen=True)
class Line:
    """A row of the file with the record that it is of; `id` is 0 where it has none."""

    sheet: str
    row: int
    entity: str
    id: int


@dataclass(frozen=True)
class Grid:
    """Where a sheet has what: the row of names, and the column of each."""

    title: str
    entity: str
    names_row: int
    places: dict[str, int]


@dataclass
class Returned:
    """A form that came back.

    Attributes:
        workbook: the file itself, for the report.
        marks: what it says of itself.
        grids: its sheets.
        columns: the form's columns, by entity.
        lines: its rows.
        proposal: the changes that it asks for.
        told: what can't be asked, by the line that it stands on.
        notes: what is to be said of the file as a whole.
    """

    workbook: Workbook
    marks: Marks
    grids: list[Grid] = field(default_factory=list)
    columns: dict[str, list[Column]] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    proposal: Proposal | None = None
    told: list[tuple[Line, Outcome]] = field(default_factory=list)
    notes: list[Reason] = field(default_factory=list)

    def check(self, *, rules: Rules | None = None) -> list[tuple[Line, Outcome]]:
        """What saving would answer, line by line; nothing is written."""
        asked = self.proposal.check(rules=rules) if self.proposal else []
        return self._placed(asked)

    def save(
        self, *, reason: str | None = None, rules: Rules | None = None
    ) -> list[tuple[Line, Outcome]]:
        """Save what is sound as the dataset's viewer; what isn't is told, line by line."""
        if self.proposal is None:
            return self._placed([])
        return self._placed(
            self.proposal.save(surface=Surface.EXCEL, each=True, reason=reason, rules=rules)
        )

    def _placed(self, outcomes: Sequence[Outcome]) -> list[tuple[Line, Outcome]]:
        first: dict[Key, Line] = {}
        for line in self.lines:
            first.setdefault((line.entity, line.id), line)
        placed = [(first[one.edit.entity, one.edit.id], one) for one in outcomes]
        order = {line: place for place, line in enumerate(self.lines)}
        return sorted([*placed, *self.told], key=lambda pair: order[pair[0]])


def read(content: bytes, data: Dataset, *, name: str = "") -> Returned:
    """Read a form that came back.

    Args:
        content: the file's bytes.
        data: as whoever sends it may see it, at today's date.
        name: the file's name, for messages.

    Raises:
        SourceError: no workbook, no form of this workbench, or the form of another store. Its
            first argument is a reason, which `Locale.say` says in either language.
    """
    workbook = received.opened(content, name)
    properties: Any = workbook
    marks = Marks.of({one.name: one.value for one in properties.custom_doc_props.props})
    if marks is None:
        raise SourceError(
            Reason(
                msg(
                    "« {file} » ne porte pas les marques d’un formulaire de qualification. "
                    "Exportez-en un et remplissez-le dans Excel ou LibreOffice, au format .xlsx."
                ),
                file=name,
            )
        )
    _check_store(marks, data, name)
    data = replace(data, backend="pandas", _frames={})
    found = Returned(workbook, marks)
    language = of(marks.language if marks.language in {"fr", "en"} else "fr")
    found.grids = list(_grids(workbook, found.notes))
    for entity, title in form.SHEETS.items():
        grids = [grid for grid in found.grids if grid.entity == entity]
        if grids:
            found.columns[entity] = form.columns(entity, data, language)
        else:
            found.notes.append(
                Reason(
                    msg("La feuille « {sheet} » manque, ou sa ligne masquée : rien n’en est lu."),
                    sheet=title,
                )
            )
    if not found.grids:
        raise SourceError(
            Reason(msg("« {file} » n’a plus aucune feuille du formulaire."), file=name)
        )
    _Reader(found, data, language, received.results(content, workbook)).read()
    return found


def _check_store(marks: Marks, data: Dataset, name: str) -> None:
    own = identity(data.engine)
    if marks.store != own:
        raise SourceError(
            Reason(
                msg(
                    "« {file} » vient d’une autre base ({theirs}) que celle-ci ({own}) : "
                    "importez-le là d’où il vient."
                ),
                file=name,
                theirs=marks.store,
                own=own,
            )
        )
    if marks.version > data.version:
        raise SourceError(
            Reason(
                msg(
                    "« {file} » a été exporté à la version {theirs} de la base, qui n’en est qu’à "
                    "la {own} : elle a été restaurée depuis. Exportez un nouveau formulaire."
                ),
                file=name,
                theirs=marks.version,
                own=data.version,
            )
        )


def _grids(workbook: Workbook, notes: list[Reason]) -> Iterator[Grid]:
    """The form's sheets, known by their hidden row of names, whatever became of their titles."""
    done = set()
    for sheet in workbook.worksheets:
        for cells_ in sheet.iter_rows(max_row=min(NAMES_WITHIN, sheet.max_row)):
            named = [(cell.column, str(cell.value or "").partition(".")) for cell in cells_]
            entity = next((e for _, (e, dot, n) in named if dot and n == "id"), "")
            if entity not in form.SHEETS:
                continue
            places: dict[str, int] = {}
            for place, (_, dot, name) in named:
                if dot and place is not None:
                    places.setdefault(name, place)
            if "version" not in places or entity in done:
                notes.append(
                    Reason(
                        msg("La feuille « {sheet} » est en double ou sans ses versions."),
                        sheet=sheet.title,
                    )
                )
                break
            done.add(entity)
            yield Grid(sheet.title, entity, cells_[0].row or 1, places)
            break


class _Reader:
    """Reads the rows of a form into changes and what is to be said of them."""

    def __init__(
        self, found: Returned, data: Dataset, loc: Locale, results: Workbook | None
    ) -> None:
        self.found, self.data, self.loc, self.results = found, data, loc, results

    def read(self) -> None:
        """Read every sheet."""
        proposals = [self._sheet(grid) for grid in self.found.grids]
        self.found.proposal = Proposal(
            self.data,
            tuple(edit for one in proposals for edit in one.edits),
            tuple(outcome for one in proposals for outcome in one.stopped),
            {key: record for one in proposals for key, record in one.before.items()},
        )

    def _sheet(self, grid: Grid) -> Proposal:
        columns = self.found.columns[grid.entity]
        asked: dict[int, tuple[Line, dict[str, Any]]] = {}
        there = set()
        for line, values in self._rows(grid):
            self.found.lines.append(line)
            there.add(line.id)
            why = self._unfit(line, values, asked)
            if why:
                self._tell(line, Edit(grid.entity, line.id, 0, "", None), why)
            elif line.id and not _untouched(values, columns):
                asked[line.id] = (line, values)
        self._note(grid, columns, there - {0})
        versions = {id_: int(values["version"]) for id_, (_, values) in asked.items()}
        before = seen(self.data, grid.entity, versions)
        wanted = []
        for id_, (line, values) in asked.items():
            record = before.get(id_, {})
            if "version" in record and _misplaced(values, columns, record):
                self._tell(line, Edit(grid.entity, id_, 0, "", None), MISPLACED)
                continue
            fields = self._fields(line, columns, values, record)
            wanted.append({"id": id_, "version": versions[id_], **fields})
        names = ["id", "version", *form.OPEN[grid.entity]]
        frame = pd.DataFrame(wanted, columns=names, dtype=object)
        return propose(self.data, frame, entity=grid.entity)

    def _tell(self, line: Line, edit: Edit, why: Reason) -> None:
        self.found.told.append((line, Outcome(edit, State.REFUSED, why)))

    def _rows(self, grid: Grid) -> Iterator[tuple[Line, dict[str, Any]]]:
        """The rows with anything in them, each with its values by name."""
        sheet = self.found.workbook[grid.title]
        results = self.results[grid.title] if self.results else None
        for cells in sheet.iter_rows(min_row=grid.names_row + 1):
            row = cells[0].row or 0
            values = {}
            for name, place in grid.places.items():
                result = results.cell(row, place).value if results else None
                values[name] = received.held(cells[place - 1], result)
            own = {name: value for name, value in values.items() if name not in REPORT}
            if form.alike(values["id"]) == "id" or not any(map(form.alike, own.values())):
                continue
            yield Line(grid.title, row, grid.entity, _whole(values["id"]) or 0), values

    def _unfit(
        self, line: Line, values: Mapping[str, Any], asked: Mapping[int, Any]
    ) -> Reason | None:
        """Why nothing of a row can be taken."""
        if not form.alike(values["id"]):
            return ADDED
        if not line.id or _whole(values["version"]) is None:
            return Reason(
                msg("Les colonnes masquées de cette ligne ne se lisent plus : « {typed} »."),
                typed=form.alike(values["version"] if line.id else values["id"]),
            )
        if line.id in asked:
            return Reason(msg("La fiche {id} figure déjà sur une autre ligne."), id=line.id)
        locked = [values[name] for name in form.LOCKED[line.entity] if name in values]
        whole = len(locked) == len(form.LOCKED[line.entity])
        sealed = str(values.get("seal") or "")[: form.SEAL]
        return MISPLACED if whole and sealed and form.seal(locked) != sealed else None

    def _note(self, grid: Grid, columns: Sequence[Column], there: set[int]) -> None:
        """Say what the sheet lacks: columns, and rows."""
        for column in columns:
            if column.name in form.OPEN[grid.entity] and column.name not in grid.places:
                self.found.notes.append(
                    Reason(
                        msg("Feuille « {sheet} » : sans colonne « {field} », rien n’en change."),
                        sheet=grid.title,
                        field=field_name(column.name),
                    )
                )
        lost = self.found.marks.rows.get(grid.entity, 0) - len(there)
        if lost > 0:
            self.found.notes.append(
                Reason(
                    msg("Feuille « {sheet} » : lignes retirées : {n} ; leurs fiches restent."),
                    sheet=grid.title,
                    n=lost,
                )
            )

    def _fields(
        self, line: Line, columns: Sequence[Column], values: Mapping[str, Any], record: Record
    ) -> dict[str, Any]:
        """The record's fields as the row has them; what can't be read is told and left."""
        fields = {}
        for column in columns:
            name = column.name
            if name not in form.OPEN[line.entity]:
                continue
            fields[name] = record.get(name)
            cell = values.get(name)
            if name not in values or "version" not in record:
                continue
            if form.alike(cell) == form.alike(form.written(column, record.get(name))):
                continue
            why = cell.why if isinstance(cell, received.Broken) else None
            try:
                fields[name] = fields[name] if why else form.read(column, cell, self.loc)
            except form.Unreadable as problem:
                why = problem.args[0]
            if why:
                edit = Edit(line.entity, line.id, int(record["version"]), name, form.alike(cell))
                self._tell(line, edit, why)
        return fields


def _whole(value: Any) -> int | None:
    """A whole number above 0, however a spreadsheet holds it.

    >>> _whole(12.0), _whole("12"), _whole("douze"), _whole(None)
    (12, 12, None, None)
    """
    text = form.alike(value)
    return int(text) if text.isdecimal() and int(text) > 0 else None


def _untouched(values: Mapping[str, Any], columns: Sequence[Column]) -> bool:
    """Whether a row is, by its seal, as it was exported."""
    sealed = str(values.get("seal") or "")[form.SEAL :]
    return form.seal(values.get(column.name) for column in columns) == sealed


def _misplaced(values: Mapping[str, Any], columns: Sequence[Column], record: Record) -> bool:
    """Whether the row shows another record's code or name than it carries."""
    return any(
        form.alike(values[column.name]) != form.alike(form.written(column, record[column.name]))
        for column in columns
        if column.name in {"code", "name"} and column.name in values
    )
