"""An editable table, paged from the server, whose edits carry the record's id and version.

Panel's own table tells an edit by its row's place, which sorting, filtering and paging on the
server can put on another record. Here each row brings its id and version to the browser, and an
edit brings them back.
"""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass
from dataclasses import field as default
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import panel as pn
import param
from panel.custom import JSComponent

from dashboards import theme

if TYPE_CHECKING:
    from collections.abc import Sequence

log = logging.getLogger("dashboards")
_TABULATOR = Path(pn.__file__).parent / "dist/bundled/datatabulator/tabulator-tables@6.4.0/dist/css"


@dataclass(frozen=True)
class Column:
    """A column.

    Attributes:
        field: its name in the rows.
        title: on screen.
        kind: text, choice, money, number, percent, date or link; how it is shown and edited.
        choices: value to label, of a choice.
        editable: whether it can be edited.
        shown: whether it is among the first.
        width: least width in pixels.
        phone: whether it is among the first on a phone.
        address: of a link, `ID` standing for the record's id.
    """

    field: str
    title: str
    kind: str = "text"
    choices: dict[str, str] = default(default_factory=dict)
    editable: bool = True
    shown: bool = True
    width: int = 120
    address: str = ""
    phone: bool = False


@dataclass(frozen=True)
class Query:
    """What the browser asks for: a page of so many rows, sorted and filtered."""

    page: int = 1
    size: int = 15
    sort: tuple[tuple[str, bool], ...] = ()
    filters: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Slice:
    """The page asked for, and how many rows there are in all."""

    rows: list[dict[str, Any]]
    total: int


@dataclass(frozen=True)
class Edited:
    """A cell that was edited, in a record of that id and version."""

    id: int
    version: int
    field: str
    name: str
    old: Any
    new: Any


@dataclass(frozen=True)
class Picked:
    """A row that was picked, as the browser shows it."""

    id: int
    version: int
    name: str


@dataclass(frozen=True)
class Pasted:
    """Text pasted at a cell.

    Attributes:
        text: as the clipboard had it.
        rows: id and version of that row and those below it on the page.
        fields: that column and those shown right of it.
    """

    text: str
    rows: tuple[tuple[int, int], ...]
    fields: tuple[str, ...]


class Editor(Protocol):
    """Whoever a grid is of: answers its queries, hears what is done in it."""

    def fetch(self, query: Query) -> Slice:
        """The rows that are asked for."""

    def edited(self, edited: Edited) -> None:
        """A cell was edited."""

    def picked(self, rows: Sequence[Picked], *, on: bool) -> None:
        """Rows were picked, or no longer are."""

    def pasted(self, pasted: Pasted) -> None:
        """A block was pasted."""


class EditGrid(JSComponent):
    """The widget, and the editor that it is of.

    Arrows move, Enter, F2 or typing edits, Escape leaves, Delete empties, Space picks the row,
    Page Up and Down turn pages; a block of a spreadsheet is pasted at the cell.
    """

    columns = param.String(default="[]")
    words = param.String(default="{}")
    hidden = param.List(default=[], item_type=str)
    closed = param.Boolean(default=False, doc="Whether nothing can be edited for now.")

    _esm = theme.script("editgrid")

    def __init__(
        self,
        editor: Editor,
        columns: Sequence[Column],
        words: dict[str, Any],
        **params: Any,
    ) -> None:
        super().__init__(  # type: ignore[no-untyped-call]  # Panel's own
            columns=json.dumps([asdict(column) for column in columns]),
            words=json.dumps(words),
            stylesheets=[_tabulator(), theme.sheet("table"), theme.sheet("editgrid")],
            **params,
        )
        self._editor = editor
        self.query = Query()

    def reload(self) -> None:
        """Have the browser ask for its page again."""
        self._send_msg({"reload": True})

    def filter(self, **values: str) -> None:
        """Set the filters under the headings."""
        self._send_msg({"filters": list(values.items())})

    def unpick(self) -> None:
        """Show no row as picked."""
        self._send_msg({"picked": False})

    def _handle_msg(self, data: dict[str, Any]) -> None:
        if "edit" in data:
            self._editor.edited(Edited(**data["edit"]))
        elif "pick" in data:
            self._editor.picked([Picked(**row) for row in data["pick"]], on=bool(data["on"]))
        elif "paste" in data:
            given = data["paste"]
            rows = tuple((int(id_), int(version)) for id_, version in given["rows"])
            self._editor.pasted(Pasted(str(given["text"]), rows, tuple(given["fields"])))
        else:
            self._answer(data)

    def _answer(self, data: dict[str, Any]) -> None:
        query = Query(
            page=int(data.get("page") or 1),
            size=int(data.get("size") or 15),
            sort=tuple((name, bool(up)) for name, up in data.get("sort") or ()),
            filters=tuple((name, value) for name, value in data.get("filters") or ()),
        )
        self.query = query
        try:
            found = self._editor.fetch(query)
        except Exception as problem:
            log.exception("the rows of a table")
            self._send_msg({"answer": data["ask"], "failed": str(problem)})
            return
        last = max(1, -(-found.total // query.size))
        self._send_msg(
            {"answer": data["ask"], "rows": found.rows, "last": last, "total": found.total}
        )


def _tabulator() -> str:
    return (_TABULATOR / "tabulator_simple.min.css").read_text(encoding="utf-8")
