export function render({ model }) {
  const wrap = document.createElement("div")
  wrap.className = "editgrid"
  const box = document.createElement("div")
  wrap.append(box)
  const words = JSON.parse(model.words)
  const columns = new Map(JSON.parse(model.columns).map((one) => [one.field, one]))
  const waiting = new Map()
  let asked = 0
  let table = null
  // New rows would take away the cell that is being edited: they wait until it is left.
  let editing = false
  let late = false
  let stretched = false
  const held = []
  // What was shown before rows came anew, by id: what differs was changed elsewhere.
  let before = new Map()
  // The cell that the keyboard is at, and where it goes when an editor is left by a key.
  let cursor = null
  let leaving = null
  let lastPicked = null
  const left = (cell) => {
    editing = false
    const [id, field, how] = [cell.getData().id, cell.getField(), leaving]
    leaving = null
    if (stretched) { stretched = false; setTimeout(() => table.redraw()) }
    if (how) { cursor = { id, field }; setTimeout(() => how === "down" ? move(0, 1) : focus()) }
    setTimeout(() => held.splice(0).forEach(send))
    if (late) { late = false; again() }
  }
  const editable = (field) => !model.closed && columns.get(field)?.editable
  const shown = () => table.getColumns().filter((one) => one.isVisible() && editable(one.getField())).map((one) => one.getField())
  const cellAt = ({ id, field }) => { const row = table.getRow(id); return row ? row.getCell(field) : null }
  const rove = () => {
    const rows = table.getRows()
    const fields = shown()
    if (!rows.length || !fields.length) { return }
    if (!cursor || !table.getRow(cursor.id) || !fields.includes(cursor.field)) { cursor = { id: rows[0].getData().id, field: fields[0] } }
    for (const one of wrap.querySelectorAll(".tabulator-cell[tabindex='0']")) { one.tabIndex = -1 }
    const at = cellAt(cursor)
    if (at) { at.getElement().tabIndex = 0 }
  }
  const focus = () => { rove(); cellAt(cursor)?.getElement().focus() }
  const move = (right, down) => {
    const rows = table.getRows().map((row) => row.getData().id)
    const fields = shown()
    const clip = (n, most) => Math.max(0, Math.min(n, most))
    if (!cursor || !rows.length) { return }
    cursor = {
      id: rows[clip(rows.indexOf(cursor.id) + down, rows.length - 1)],
      field: fields[clip(fields.indexOf(cursor.field) + right, fields.length - 1)],
    }
    focus()
  }
  const at = (element) => {
    const found = element.closest?.(".tabulator-cell")
    if (!found || !wrap.contains(found)) { return null }
    const field = found.getAttribute("tabulator-field")
    const row = table.getRows().find((one) => one.getElement().contains(found))
    return row && editable(field) ? row.getCell(field) : null
  }
  const pick = (rows, on) => {
    const told = rows.map((row) => row.getData()).map(({ id, version, name }) => ({ id, version, name }))
    for (const row of rows) { row.getData().picked = on; const box = row.getElement().querySelector(".pick"); if (box) { box.checked = on } }
    model.send_msg({ pick: told, on })
  }

  const again = () => {
    if (!table) { return }
    const rows = new Map(table.getRows().map((row) => [row.getData().id, { ...row.getData() }]))
    const kept = wrap.getRootNode().activeElement?.closest?.(".tabulator-cell") ? cursor : null
    before = rows
    table.replaceData().then(() => { before = new Map(); if (kept && !editing) { cursor = kept; focus() } })
  }

  const send = (one) => {
    asked += 1
    waiting.set(asked, one)
    model.send_msg({ ...one.query, ask: asked })
  }
  const ask = (params) => new Promise((done, fail) => send({ done, fail, query: {
    page: params.page, size: params.size,
    sort: (params.sort || []).map(({ field, dir }) => [field, dir === "asc"]),
    filters: (params.filter || []).map(({ field, value }) => [field, String(value)]),
  } }))
  model.on("msg:custom", (told) => {
    if (told.answer) {
      const one = waiting.get(told.answer)
      waiting.delete(told.answer)
      if (editing) { held.push(one) } // what it says is old by the time that the editor is left
      else if (told.failed) { one?.fail(told.failed) }
      else { one?.done({ data: told.rows, last_page: told.last, last_row: told.total }) }
    }
    if (told.picked === false) { for (const row of table?.getRows() || []) { row.getData().picked = false }; wrap.querySelectorAll(".pick").forEach((box) => { box.checked = false }) }
    if (told.reload) { editing ? (late = true) : again() }
    if (told.filters) { table?.setHeaderFilterValue && told.filters.forEach(([f, v]) => table.setHeaderFilterValue(f, v)) }
  })

  const none = (value) => value === null || value === undefined || value === ""
  const number = (options) => (value) => new Intl.NumberFormat(words.region, options).format(value)
  const says = {
    text: (value) => value,
    choice: (value, column) => column.choices[value] ?? value,
    money: (value) => number({ style: "currency", currency: words.currency, maximumFractionDigits: 2, minimumFractionDigits: value % 1 ? 2 : 0 })(value),
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
    element.classList.remove("pending", "refused", "conflict", "forbidden", "moved")
    if (mark) { element.classList.add(mark) }
    const value = cell.getValue()
    const was = before.get(row.id)
    if (was && !mark && !(was.marks || {})[column.field] && (was[column.field] ?? null) !== (value ?? null)) { element.classList.add("moved") }
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
          // Nothing is typed into a short list: no keyboard comes up on a phone, which would hide it.
          elementAttributes: Object.keys(column.choices).length > 12 ? {} : { inputmode: "none" },
        }]
      : (editors[column.kind] || ["input", {}])
    const filter = column.kind === "choice"
      ? { headerFilter: "list", headerFilterParams: { values: [{ label: words.all, value: "" }, ...Object.entries(column.choices).map(([value, label]) => ({ value, label }))], clearable: true } }
      : column.kind === "date" ? {}
      : { headerFilter: "input", headerFilterPlaceholder: right.has(column.kind) ? "≥" : words.contains }
    return {
      title: column.title, field: column.field, minWidth: window.innerWidth > 600 ? column.width : Math.min(column.width, 128), visible: !model.hidden.includes(column.field) && (window.innerWidth > 600 || column.phone),
      hozAlign: right.has(column.kind) ? "right" : "left", headerHozAlign: right.has(column.kind) ? "right" : "left",
      formatter: format(column), editor: column.editable && column.kind !== "link" ? editor : false, editorParams, editable: () => !model.closed,
      frozen: column.kind === "link" && window.innerWidth > 600, cssClass: column.editable && column.kind !== "link" ? "editable" : "", ...filter,
    }
  }
  const picker = {
    title: "", field: "picked", width: window.innerWidth > 600 ? 40 : 32, minWidth: 32, headerSort: false, resizable: false, hozAlign: "center", headerHozAlign: "center",
    frozen: window.innerWidth > 600, cssClass: "picker",
    titleFormatter: () => {
      const all = document.createElement("input")
      all.type = "checkbox"
      all.className = "pick"
      all.setAttribute("aria-label", words.page)
      all.addEventListener("change", () => pick(table.getRows(), all.checked))
      return all
    },
    formatter: (cell) => {
      const one = document.createElement("input")
      one.type = "checkbox"
      one.className = "pick"
      one.checked = Boolean(cell.getValue())
      one.setAttribute("aria-label", `${words.pick} ${cell.getData().name}`)
      one.addEventListener("click", (event) => {
        const rows = table.getRows()
        const here = rows.indexOf(cell.getRow())
        const there = event.shiftKey && lastPicked !== null ? lastPicked : here
        pick(rows.slice(Math.min(here, there), Math.max(here, there) + 1), one.checked)
        lastPicked = here
      })
      return one
    },
  }
  const build = () => {
    const bulk = [...columns.values()].some((one) => one.editable && one.kind !== "link")
    table = new Tabulator(box, {
      columns: [...(bulk ? [picker] : []), ...[...columns.values()].map(define)], index: "id", layout: "fitColumns",
      pagination: true, paginationMode: "remote", paginationSize: words.size, sortMode: "remote",
      filterMode: "remote", ajaxURL: "-", ajaxRequestFunc: (url, config, params) => ask(params),
      paginationCounter: (size, first, page, total) => total ? `${first}–${Math.min(first + size - 1, total)} / ${says.number(total)}` : "",
      // Its own watch over sizes and sight draws anew in the midst of an edit; ours below doesn't.
      autoResize: false,
      popupContainer: wrap, editTriggerEvent: "click", placeholder: words.empty, locale: "x",
      langs: { x: { pagination: words.pages, data: { loading: words.loading, error: words.error } } },
    })
    table.on("cellEdited", (cell) => {
      const row = cell.getData()
      let value = cell.getValue()
      if (value === "" || value === undefined) { value = null }
      const old = cell.getOldValue() ?? null
      if (value === old) { return }
      cell.getElement().classList.add("pending")
      ;(row.marks ||= {})[cell.getField()] = "pending"
      model.send_msg({ edit: { id: row.id, version: row.version, field: cell.getField(), name: row.name, old, new: value } })
    })
    table.on("cellEditing", (cell) => { editing = true; cursor = { id: cell.getData().id, field: cell.getField() } })
    table.on("cellEditCancelled", left)
    table.on("cellEdited", left)
    table.on("dataProcessed", () => {
      lastPicked = null
      const head = wrap.querySelector(".tabulator-header .pick")
      if (head) { head.checked = false }
      setTimeout(rove)
      wrap.dataset.shown = Number(wrap.dataset.shown || 0) + 1
    })
  }
  const block = (text) => /[\t\n]/.test(text.replace(/\r?\n$/, ""))
  const paste = (cell, text) => {
    const rows = table.getRows()
    const fields = table.getColumns().filter((one) => one.isVisible() && columns.has(one.getField())).map((one) => one.getField())
    const from = rows.indexOf(cell.getRow())
    model.send_msg({ paste: {
      text,
      rows: rows.slice(from).map((row) => row.getData()).map(({ id, version }) => [id, version]),
      fields: fields.slice(fields.indexOf(cell.getField())),
    } })
  }
  wrap.addEventListener("paste", (event) => {
    const cell = at(event.target)
    if (!cell) { return }
    const text = event.clipboardData.getData("text/plain")
    if (editing && !block(text)) { return }
    event.preventDefault()
    if (editing) { leaving = "stay"; cell.cancelEdit() }
    paste(cell, text)
  })
  wrap.addEventListener("copy", (event) => {
    const cell = at(event.target)
    if (!cell || editing) { return }
    event.preventDefault()
    event.clipboardData.setData("text/plain", cell.getElement().textContent)
  })
  wrap.addEventListener("keydown", (event) => {
    if (!at(event.target)) { return }
    if (editing) { leaving = { Enter: "down", Escape: "stay" }[event.key] ?? null }
  }, true)
  wrap.addEventListener("focusin", (event) => {
    const cell = at(event.target)
    if (cell && !editing) { cursor = { id: cell.getData().id, field: cell.getField() }; rove() }
  })
  wrap.addEventListener("keydown", (event) => {
    const cell = at(event.target)
    if (!cell || editing || event.target !== cell.getElement() || event.ctrlKey || event.metaKey || event.altKey) { return }
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }
    if (steps[event.key]) { move(...steps[event.key]) }
    else if (event.key === "PageDown") { table.nextPage().catch(() => {}) }
    else if (event.key === "PageUp") { table.previousPage().catch(() => {}) }
    else if (event.key === "Home") { move(-1000, 0) }
    else if (event.key === "End") { move(1000, 0) }
    else if (event.key === "Enter" || event.key === "F2") { cell.edit() }
    else if (event.key === "Delete" || event.key === "Backspace") { if (!none(cell.getValue())) { cell.setValue(null) } }
    else if (event.key === " ") { pick([cell.getRow()], !cell.getData().picked) }
    else if (event.key.length === 1 && columns.get(cell.getField()).kind !== "date") {
      cell.edit()
      const box = cell.getElement().querySelector("input")
      if (box && columns.get(cell.getField()).kind !== "choice") { box.value = event.key; box.setSelectionRange?.(1, 1) }
    } else { return }
    event.preventDefault()
    event.stopPropagation()
  })
  const close = () => wrap.classList.toggle("closed", model.closed)
  close()
  model.on("closed", close)
  model.on("hidden", () => {
    for (const column of (table?.getColumns() || []).filter((one) => columns.has(one.getField()))) {
      model.hidden.includes(column.getField()) ? column.hide() : column.show()
    }
    table?.redraw(true)
  })
  // Rows that nobody has scrolled to yet are neither asked for nor drawn.
  const sight = new IntersectionObserver((entries) => {
    if (entries.some((entry) => entry.isIntersecting)) { sight.disconnect(); build() }
  })
  let width = 0
  new ResizeObserver(() => {
    if (wrap.clientWidth === width) { return }
    width = wrap.clientWidth
    if (!width) { return }
    if (!table) { sight.observe(wrap) } else if (editing) { stretched = true } else { table.redraw() }
  }).observe(wrap)
  return wrap
}
