// Runs in every page before its own scripts: notes when all that is expected has been drawn.
// Panel's parts stand in shadow trees, which no selector reaches into by itself.
(() => {
  const walk = (root, meet) => {
    for (const element of root.querySelectorAll("*")) {
      meet(element)
      if (element.shadowRoot) { walk(element.shadowRoot, meet) }
    }
  }
  const inSight = (element) => {
    const box = element.getBoundingClientRect()
    return box.width > 0 && box.bottom > 0 && box.top < window.innerHeight
  }
  const has = (element, name) => element.classList.contains(name)

  const count = () => {
    const found = { figures: 0, tables: 0, waiting: 0 }
    walk(document, (element) => {
      if (has(element, "js-plotly-plot")) {
        found.figures += element.querySelector(".main-svg") !== null
      } else if (has(element, "tabulator")) {
        found.tables += element.querySelector(".tabulator-row") !== null
      } else if (has(element, "skeleton")) {
        found.waiting += inSight(element)
      }
    })
    return found
  }

  const figures = () => {
    const found = []
    const plain = (_, value) => ArrayBuffer.isView(value) ? Array.from(value) : value
    walk(document, (element) => {
      if (has(element, "js-plotly-plot") && element.data) {
        const { data, layout } = element
        const { clientHeight: height } = element
        found.push(JSON.parse(JSON.stringify({ data, layout: { ...layout, height } }, plain)))
      }
    })
    return found
  }

  // [rows, columns, a page's rows] of each table, from its model: only a page of the rows is in the
  // document. An editable one has no such model: what it shows says how many there are.
  const tables = () => {
    const found = []
    walk(document, (element) => {
      const counter = has(element, "editgrid") && element.querySelector(".tabulator-page-counter")
      if (counter) {
        const rows = Number(counter.textContent.split("/").at(-1).replace(/\D/g, ""))
        const shown = [...element.querySelectorAll(".tabulator-col")].filter((one) => one.clientWidth)
        found.push([rows, shown.length, element.querySelectorAll(".tabulator-row").length])
      }
    })
    for (const model of window.Bokeh.documents[0]._all_models.values()) {
      if (model.type.endsWith("DataTabulator")) {
        found.push([model.max_page * model.page_size, model.columns.length, model.page_size])
      }
    }
    return found
  }

  const until = (expected) => {
    const look = () => {
      const found = window.Bokeh?.documents?.[0]?.is_idle ? count() : {}
      const done = found.figures >= expected.figures && found.tables >= expected.tables
      if (done && found.waiting <= expected.waiting) { window.bench.at = performance.now() } else { setTimeout(look, 25) }
    }
    look()
  }

  // The time from a click to the last thing that it changed within a card: on the whole page, and
  // in the cards of which half was in sight.
  const changes = () => {
    const seen = { from: null, last: null, inSight: null }
    const looked = new Set()
    const look = () => {
      looked.clear()
      walk(document, (element) => {
        if (!has(element, "card")) { return }
        const { top, bottom, height } = element.getBoundingClientRect()
        const part = Math.min(bottom, window.innerHeight) - Math.max(top, 0)
        if (height > 0 && part >= height / 2) { looked.add(element) }
      })
    }
    const cardOf = (node) => {
      for (let at = node; at; at = at.parentNode ?? at.host) {
        if (at.classList && has(at, "card")) { return at }
      }
      return null
    }
    const watch = (root) => {
      const observer = new MutationObserver((all) => {
        for (const { target, addedNodes } of all) {
          addedNodes.forEach((node) => {
            if (node.shadowRoot) { watch(node.shadowRoot) }
            if (node.querySelectorAll) { walk(node, (e) => e.shadowRoot && watch(e.shadowRoot)) }
          })
          const card = cardOf(target)
          if (card) { seen.last = performance.now() }
          if (looked.has(card)) { seen.inSight = seen.last }
        }
      })
      observer.observe(root, { subtree: true, childList: true, attributes: true, characterData: true })
    }
    watch(document)
    walk(document, (element) => element.shadowRoot && watch(element.shadowRoot))
    document.addEventListener("click", () => {
      look()
      seen.from = performance.now()
      seen.last = seen.inSight = null
    }, true)
    window.bench.seen = seen
  }

  window.bench = { at: null, count, figures, tables, until, changes }
})()
