"""An editable table, paged from the server, whose edits carry the record's id and version.

Panel's own table tells an edit by its row's place, which sorting, filtering and paging on the
server can put on another record. Here each row brings its id and version to the browser, and an
edit brings them back.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import panel as pn
import param
from panel.custom import JSComponent

from dashboards import theme

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

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
    choices: dict[str, str] = field(default_factory=dict)
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


class EditGrid(JSComponent):
    """The widget. `fetch` answers queries, `on_edit` hears of edits."""

    columns = param.String(default="[]")
    words = param.String(default="{}")
    hidden = param.List(default=[], item_type=str)

    _esm = """
    export function render({ model }) {
      const wrap = document.createElement("div")
      wrap.className = "editgrid"
      const box = document.createElement("div")
      wrap.append(box)
      const words = JSON.parse(model.words)
      const waiting = new Map()
      let asked = 0
      let table = null

      const ask = (params) => new Promise((done) => {
        asked += 1
        waiting.set(asked, done)
        model.send_msg({
          ask: asked, page: params.page, size: params.size,
          sort: (params.sort || []).map(({ field, dir }) => [field, dir === "asc"]),
          filters: (params.filter || []).map(({ field, value }) => [field, String(value)]),
        })
      })
      model.on("msg:custom", (told) => {
        if (told.answer) {
          waiting.get(told.answer)?.({ data: told.rows, last_page: told.last, last_row: told.total })
          waiting.delete(told.answer)
        }
        if (told.reload) { table?.replaceData() }
        if (told.filters) { table?.setHeaderFilterValue && told.filters.forEach(([f, v]) => table.setHeaderFilterValue(f, v)) }
      })

      const none = (value) => value === null || value === undefined || value === ""
      const number = (options) => (value) => new Intl.NumberFormat(words.region, options).format(value)
      const says = {
        text: (value) => value,
        choice: (value, column) => column.choices[value] ?? value,
        money: number({ style: "currency", currency: words.currency, maximumFractionDigits: 2, minimumFractionDigits: 0 }),
        number: number({}),
        percent: (value) => number({ maximumFractionDigits: 1 })(value) + words.percent,
        date: (value) => value.split("-").reverse().join("/"),
        link: (value) => value,
      }
      const right = new Set(["money", "number", "percent"])

      const format = (column) => (cell) => {
        const row = cell.getData()
        const mark = (row.marks || {})[column.field]
        const element = cell.getElement()
        element.classList.remove("pending", "refused", "conflict", "forbidden")
        if (mark) { element.classList.add(mark) }
        const value = cell.getValue()
        const shown = document.createElement(column.kind === "link" ? "a" : "span")
        shown.textContent = none(value) ? "–" : says[column.kind](value, column)
        shown.title = shown.textContent
        if (column.kind === "link") { shown.href = column.address.replace("ID", row.link ?? row.id) }
        return shown
      }
      const editors = {
        text: ["input", {}],
        money: ["number", { min: 0, step: "any", selectContents: true }],
        number: ["number", { selectContents: true }],
        percent: ["number", { min: 0, max: 100, step: "any", selectContents: true }],
        date: ["date", { format: "yyyy-MM-dd" }],
      }
      const define = (column) => {
        const [editor, editorParams] = column.kind === "choice"
          ? ["list", {
              values: [{ label: "–", value: "" }, ...Object.entries(column.choices).map(([value, label]) => ({ value, label }))],
              listOnEmpty: true, autocomplete: Object.keys(column.choices).length > 12, placeholderEmpty: words.none,
            }]
          : (editors[column.kind] || ["input", {}])
        const filter = column.kind === "choice"
          ? { headerFilter: "list", headerFilterParams: { values: [{ label: words.all, value: "" }, ...Object.entries(column.choices).map(([value, label]) => ({ value, label }))], clearable: true } }
          : column.kind === "date" ? {}
          : { headerFilter: "input", headerFilterPlaceholder: right.has(column.kind) ? "≥" : words.contains }
        return {
          title: column.title, field: column.field, minWidth: column.width, visible: !model.hidden.includes(column.field) && (window.innerWidth > 600 || column.phone),
          hozAlign: right.has(column.kind) ? "right" : "left", headerHozAlign: right.has(column.kind) ? "right" : "left",
          formatter: format(column), editor: column.editable && column.kind !== "link" ? editor : false, editorParams,
          frozen: column.kind === "link" && window.innerWidth > 600, cssClass: column.editable && column.kind !== "link" ? "editable" : "", ...filter,
        }
      }
      const build = () => {
        table = new Tabulator(box, {
          columns: JSON.parse(model.columns).map(define), index: "id", layout: "fitColumns",
          pagination: true, paginationMode: "remote", paginationSize: words.size, sortMode: "remote",
          filterMode: "remote", ajaxURL: "-", ajaxRequestFunc: (url, config, params) => ask(params),
          paginationCounter: (size, first, page, total) => total ? `${first}–${Math.min(first + size - 1, total)} / ${total}` : "",
          popupContainer: wrap, placeholder: words.empty, locale: "x",
          langs: { x: { pagination: words.pages, data: { loading: words.loading, error: words.error } } },
        })
        table.on("cellEdited", (cell) => {
          const row = cell.getData()
          let value = cell.getValue()
          if (value === "" || value === undefined) { value = null }
          const old = cell.getOldValue() ?? null
          if (value === old) { return }
          cell.getElement().classList.add("pending")
          model.send_msg({ edit: { id: row.id, version: row.version, field: cell.getField(), name: row.name, old, new: value } })
        })
        table.on("dataProcessed", () => { wrap.dataset.shown = Number(wrap.dataset.shown || 0) + 1 })
      }
      model.on("hidden", () => {
        for (const column of table?.getColumns() || []) {
          model.hidden.includes(column.getField()) ? column.hide() : column.show()
        }
        table?.redraw(true)
      })
      let width = 0
      new ResizeObserver(() => {
        if (!wrap.clientWidth || wrap.clientWidth === width) { return }
        width = wrap.clientWidth
        table ? table.redraw() : build()
      }).observe(wrap)
      return wrap
    }
    """

    def __init__(
        self,
        fetch: Callable[[Query], Slice],
        on_edit: Callable[[Edited], None],
        columns: Sequence[Column],
        words: dict[str, Any],
        **params: Any,
    ) -> None:
        super().__init__(
            columns=json.dumps([asdict(column) for column in columns]),
            words=json.dumps(words),
            stylesheets=[_tabulator(), theme.sheet("table"), theme.sheet("editgrid")],
            **params,
        )
        self._fetch = fetch
        self._on_edit = on_edit

    def reload(self) -> None:
        """Have the browser ask for its page again."""
        self._send_msg({"reload": True})

    def filter(self, **values: str) -> None:
        """Set the filters under the headings."""
        self._send_msg({"filters": list(values.items())})

    def _handle_msg(self, data: dict[str, Any]) -> None:
        if "edit" in data:
            self._on_edit(Edited(**data["edit"]))
            return
        query = Query(
            page=int(data.get("page") or 1),
            size=int(data.get("size") or 15),
            sort=tuple((name, bool(up)) for name, up in data.get("sort") or ()),
            filters=tuple((name, value) for name, value in data.get("filters") or ()),
        )
        found = self._fetch(query)
        last = max(1, -(-found.total // query.size))
        self._send_msg(
            {"answer": data["ask"], "rows": found.rows, "last": last, "total": found.total}
        )


def _tabulator() -> str:
    return (_TABULATOR / "tabulator_simple.min.css").read_text(encoding="utf-8")
