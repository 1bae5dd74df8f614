export function render({ model }) {
  const wrap = document.createElement("div")
  wrap.className = "editgrid"
  const box = document.createElement("div")
  wrap.append(box)
  const words = JSON.parse(model.words)
  const waiting = new Map()
  let asked = 0
  let table = null
  // New rows would take away the cell that is being edited: they wait until it is left.
  let editing = false
  let late = false
  const left = () => {
    editing = false
    if (late) { late = false; table.replaceData() }
  }

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
    if (told.reload) { editing ? (late = true) : table?.replaceData() }
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
      paginationCounter: (size, first, page, total) => total ? `${first}–${Math.min(first + size - 1, total)} / ${says.number(total)}` : "",
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
    table.on("cellEditing", () => { editing = true })
    table.on("cellEditCancelled", left)
    table.on("cellEdited", left)
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
