"""The qualification form: a workbook to fill in and send back.

A sheet of accounts and one of deals, in the scope of whoever exports them. Cells that can be edited
have their lists and checks, all others are locked, without a password: the lock is against slips,
the journal is what guards the store. Ids, versions and a seal of each row travel in hidden columns,
the names of the columns in a hidden row; the file says which store it is of, as of when, and whose.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.packaging.custom import StringProperty
from openpyxl.styles import Alignment, PatternFill, Protection
from openpyxl.utils import get_column_letter
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation

from workbench.errors import NotAllowed, SettingsError
from workbench.exports import cells, columns, form
from workbench.exports.downloads import saved, sheet_name
from workbench.exports.sheet import INDENT, NOTE, NUMERIC, PLAIN, TITLE, Sheet, widths
from workbench.store.identity import identity
from workbench.tables import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd
    from openpyxl.cell.cell import Cell

    from workbench.exports.form import Column
    from workbench.locale import Locale
    from workbench.store.access import Viewer
    from workbench.store.dataset import Dataset

HIDDEN = ("id", "version", "seal")
"""The first columns: the record, the version that was exported, a mark of the row as exported."""
NAMES_ROW, HEAD = 4, 5
MARK = "workbench."
"""Before the name of each of the file's own properties."""
EDITED = PatternFill("solid", start_color="FFF8E1")
TEXT_FORMAT = "@"
"""Whatever is typed stays the text that it is: no formula, no date out of 3-4."""
LISTS = "workbench_lists"
EARLIEST, LATEST = "32874", "73050"
"""1 January 1990 and 31 December 2099, as spreadsheets count days."""
LEAST: Final = "greaterThanOrEqual"
SPARE = 1
"""Rows below the last: a list holds where there is no row at all."""


@dataclass(frozen=True)
class Marks:
    """What a form says of itself.

    Attributes:
        store: which store it is of.
        version: the store's version when it was exported.
        as_of: the date that its values stand at.
        user: who exported it.
        language: of its labels.
        rows: how many records each sheet had, by entity.
    """

    store: str
    version: int
    as_of: dt.date
    user: str
    language: str
    rows: dict[str, int]

    def properties(self) -> dict[str, str]:
        """As the file's own properties: all text, which every spreadsheet keeps as it is."""
        own = {
            "store": self.store,
            "version": str(self.version),
            "as_of": self.as_of.isoformat(),
            "user": self.user,
            "language": self.language,
        }
        counts = {f"rows.{entity}": str(count) for entity, count in self.rows.items()}
        return {MARK + name: value for name, value in (own | counts).items()}

    @classmethod
    def of(cls, properties: Mapping[str, Any]) -> Marks | None:
        """The marks that a file's properties tell; None where they don't."""
        own = {
            name.removeprefix(MARK): str(value)
            for name, value in properties.items()
            if name.startswith(MARK)
        }
        try:
            return cls(
                own["store"],
                int(own["version"]),
                dt.date.fromisoformat(own["as_of"]),
                own["user"],
                own["language"],
                {entity: int(own.get(f"rows.{entity}", 0)) for entity in form.SHEETS},
            )
        except (KeyError, ValueError):
            return None


def write(data: Dataset, *, loc: Locale, filters: Mapping[str, str] | None = None) -> bytes:
    """Make the form of a dataset.

    Args:
        data: in its viewer's scope and filters, at today's date.
        loc: the reader's language.
        filters: what the dataset was restricted to, as it is to be read: {"Équipe": "Sud"}.

    Returns:
        The workbook's bytes.

    Raises:
        NotAllowed: the dataset has no viewer: a form is somebody's.
        SettingsError: the dataset is of another day: what is corrected is what holds today.
    """
    viewer = data.viewer
    if viewer is None:
        raise NotAllowed("Whose form is it? Name the user who exports it.")
    if data.as_of != data.today or data.known_at is not None:
        raise SettingsError(
            f"A form to fill in shows what holds today ({data.today}), not on {data.as_of}."
        )
    data = replace(data, backend="pandas", _frames={})
    frames = {"account": data.table("accounts"), "opportunity": _deals(data)}
    marks = Marks(
        identity(data.engine),
        data.version,
        data.as_of,
        viewer.username,
        loc.language,
        {entity: len(frame) for entity, frame in frames.items()},
    )
    workbook = Workbook(write_only=True)
    workbook.properties.creator = "Sales workbench"
    workbook.properties.title = loc.t("Formulaire de qualification")
    properties: Any = workbook
    for name, value in marks.properties().items():
        properties.custom_doc_props.append(StringProperty(name=name, value=value))
    scope = said(marks, viewer, loc, filters)
    lists: list[Column] = []
    for entity, frame in frames.items():
        chosen = form.columns(entity, data, loc, viewer)
        _sheet(workbook, entity, frame, chosen, scope, loc)
        lists += [column for column in chosen if column.is_open and column.choices]
    _lists(workbook, lists)
    return saved(workbook)


def said(
    marks: Marks, viewer: Viewer, loc: Locale, filters: Mapping[str, str] | None = None
) -> str:
    """The marks as a reader meets them, above each sheet."""
    parts = [
        loc.t("Au {date}", date=loc.date(marks.as_of)),
        loc.t("exporté par {name} ({user})", name=viewer.name, user=marks.user),
        loc.t(
            "base {store}, version {version}",
            store=marks.store,
            version=loc.count(marks.version),
        ),
        *(f"{name} : {chosen}" for name, chosen in (filters or {}).items()),
    ]
    return " · ".join(parts)


def _deals(data: Dataset) -> pd.DataFrame:
    """The deals, each with its account's name."""
    deals: pd.DataFrame = data.table("opportunities")
    names = data.table("accounts").set_index("id")["name"]
    return deals.assign(account=deals["account_id"].map(names))


def _sheet(
    workbook: Workbook,
    entity: str,
    frame: pd.DataFrame,
    chosen: Sequence[Column],
    scope: str,
    loc: Locale,
) -> None:
    title = loc.t(form.SHEETS[entity])
    sheet = Sheet(workbook, sheet_name(title), title, scope, loc, cents=True)
    records = frame.sort_values(["name", "id"]).to_dict("records")
    shown = [[form.written(one, record[one.name]) for one in chosen] for record in records]
    heads = [columns.Field(one.name, one.label, one.kind) for one in chosen]
    sheet.widths([9] * len(HIDDEN) + widths(heads, shown, loc))
    for index in range(1, len(HIDDEN) + 1):
        sheet.ws.column_dimensions[get_column_letter(index)].hidden = True
    sheet.ws.row_dimensions[NAMES_ROW].hidden = True
    _protect(sheet)
    blank = [None] * len(HIDDEN)
    sheet.append([*blank, sheet.text(title, TITLE)], height=24)
    sheet.append([*blank, sheet.text(scope, NOTE)])
    how = loc.t(
        "Remplissez les cellules colorées, les autres sont verrouillées ; une cellule vidée "
        "efface sa valeur. Renvoyez le fichier : on l’importe page Qualification."
    )
    sheet.append([*blank, sheet.text(how, NOTE)])
    sheet.append([f"{entity}.{name}" for name in (*HIDDEN, *(one.name for one in chosen))])
    sheet.header([columns.Field(n, n, Kind.TEXT) for n in HIDDEN] + heads)
    styled = _Cells(sheet, loc)
    for record, row in zip(records, shown, strict=True):
        sealed = form.seal(row[: len(form.LOCKED[entity])]) + form.seal(row)
        own = [int(record["id"]), int(record["version"]), sealed]
        sheet.append(styled.row(own, chosen, row))
    last = max(sheet.row, HEAD + SPARE)
    sheet.ws.auto_filter.ref = f"A{HEAD}:{get_column_letter(len(HIDDEN) + len(chosen))}{last}"
    for index, column in enumerate(chosen, len(HIDDEN) + 1):
        check = validation(column, loc) if column.is_open else None
        if check is not None:
            letter = get_column_letter(index)
            check.add(f"{letter}{HEAD + 1}:{letter}{last}")
            sheet.ws.data_validations.append(check)


def _protect(sheet: Sheet) -> None:
    """Lock what isn't to be edited; widths, filters and sorting stay the reader's."""
    lock = sheet.ws.protection
    lock.sheet = True
    lock.formatColumns = lock.formatRows = lock.sort = lock.autoFilter = False
    # Two columns, of code and name, stay in view.
    sheet.ws.freeze_panes = f"{get_column_letter(len(HIDDEN) + 3)}{HEAD + 1}"
    sheet.ws.print_title_rows = f"{HEAD}:{HEAD}"


class _Cells:
    """The rows of a sheet; one cell object per style serves them all."""

    def __init__(self, sheet: Sheet, loc: Locale) -> None:
        self.sheet, self.loc = sheet, loc
        self._made: dict[tuple[Kind, bool, bool], Cell] = {}

    def row(
        self, own: Iterable[Any], chosen: Sequence[Column], shown: Sequence[Any]
    ) -> Iterable[Any]:
        """A row's cells: what is hidden, then what is shown, a place to write where it is open."""
        yield from own
        for column, value in zip(chosen, shown, strict=True):
            risky = isinstance(value, str) and cells.is_risky(value)
            cell = self._styled(column.kind, is_open=column.is_open, risky=risky)
            cell.value = value
            if isinstance(value, str):
                cell.data_type = "s"
            yield cell

    def _styled(self, kind: Kind, *, is_open: bool, risky: bool) -> Cell:
        key = (kind, is_open, risky)
        if key not in self._made:
            cell = WriteOnlyCell(self.sheet.ws)
            cell.font = PLAIN
            text = kind is Kind.TEXT
            cell.number_format = TEXT_FORMAT if text else cells.number_format(kind, self.loc)
            side = "right" if kind in NUMERIC else "left"
            cell.alignment = Alignment(horizontal=side, indent=INDENT if side == "left" else 0)
            cell.quotePrefix = risky
            if is_open:
                cell.protection = Protection(locked=False)
                cell.fill = EDITED
            self._made[key] = cell
        return self._made[key]


def validation(column: Column, loc: Locale) -> DataValidation | None:
    """The check of a column's cells; None where any text will do."""
    title = column.label[:32]
    given: dict[str, Any] = {"allow_blank": True, "errorTitle": title, "showErrorMessage": True}
    if column.choices:
        why = loc.t("Choisissez une valeur de la liste.")
        given["errorStyle"] = "stop" if column.strict else "warning"
        return DataValidation("list", formula1=list_name(column), error=why, **given)
    match column.kind:
        case Kind.DATE:
            why = loc.t("Une date : 30/09/2026.")
            return DataValidation(
                "date", operator="between", formula1=EARLIEST, formula2=LATEST, error=why, **given
            )
        case Kind.RATIO:
            why = loc.t("Entre 0 et 100 %.")
            return DataValidation(
                "decimal", operator="between", formula1="0", formula2="1", error=why, **given
            )
        case Kind.COUNT:
            why = loc.t("Un nombre entier, pas négatif.")
            return DataValidation("whole", operator=LEAST, formula1="0", error=why, **given)
        case Kind.MONEY:
            why = loc.t("Un montant, pas négatif.")
            return DataValidation("decimal", operator=LEAST, formula1="0", error=why, **given)
    return None


def list_name(column: Column) -> str:
    """The name of a column's list in the workbook."""
    return f"list_{column.entity}_{column.name}"


def _lists(workbook: Workbook, lists: Sequence[Column]) -> None:
    """The lists to choose from, on a sheet of their own that isn't shown.

    Each has a name: a spreadsheet keeps a check that points at a name as every version knows it.
    """
    sheet = workbook.create_sheet(LISTS)
    sheet.sheet_state = "hidden"
    sheet.protection.sheet = True
    labels = [list(column.choices) for column in lists]
    longest = max(map(len, labels), default=0)
    for row in range(longest):
        line: list[Any] = []
        for column_labels in labels:
            cell = WriteOnlyCell(sheet)
            if row < len(column_labels):
                cell.value = cells.value(column_labels[row], Kind.TEXT)
                cell.data_type = "s"
                cell.quotePrefix = cells.is_risky(column_labels[row])
            line.append(cell)
        sheet.append(line)
    for index, column in enumerate(lists, 1):
        letter = get_column_letter(index)
        place = f"'{LISTS}'!${letter}$1:${letter}${max(len(column.choices), 1)}"
        name = list_name(column)
        workbook.defined_names[name] = DefinedName(name, attr_text=place)
