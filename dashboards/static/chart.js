const ready = new Promise((done) => {
  const told = document.getElementById("plotly")
  if (told.content) { // a page that had no figure at first
    const script = document.createElement("script")
    script.src = told.content
    document.head.append(script)
  }
  const look = () => window.Plotly ? done(window.Plotly) : setTimeout(look, 20)
  look()
})

export function render({ model }) {
  const box = document.createElement("div")
  box.className = "chart"
  box.setAttribute("role", "img")
  box.setAttribute("aria-label", model.label)
  const templates = JSON.parse(model.templates)
  let drawn = false
  // Drawn before it has a width, a figure would get plotly's own, and be drawn again.
  const laidOut = () => new Promise((done) => {
    const observer = new ResizeObserver(look)
    function look() {
      if (box.clientWidth) {
        observer.disconnect()
        done()
      }
    }
    observer.observe(box)
    look()
  })
  // A box that lost a resize among many is set right.
  const fit = () => {
    const width = box._fullLayout && box.clientWidth
    if (width && Math.abs(box._fullLayout.width - width) > 1) { window.Plotly.Plots.resize(box) }
  }
  const draw = async () => {
    if (!model.figure) { return }
    const [Plotly] = await Promise.all([ready, laidOut()])
    const { data, layout, height } = JSON.parse(model.figure)
    for (const trace of data) {
      if (model.dark && trace.meta?.dark) { trace.textfont.color = trace.meta.dark }
    }
    layout.template = templates[model.dark ? "dark" : "light"]
    layout.autosize = true
    layout.height = height
    await Plotly.react(box, data, layout, { displayModeBar: false, responsive: false })
    if (!drawn) {
      drawn = true
      box.on("plotly_click", ({ points: [point] }) => {
        const { x, y, z, label, id, customdata, curveNumber, pointNumber, data } = point
        model.send_msg(JSON.parse(JSON.stringify({
          x, y, z, label, id, customdata, curveNumber, pointNumber, trace: data.name,
        })))
      })
      new ResizeObserver(fit).observe(box)
    }
    fit()
    for (const later of [100, 500, 2000]) { setTimeout(fit, later) }
    box.dataset.drawn = Number(box.dataset.drawn || 0) + 1
  }
  model.on("figure", draw)
  model.on("dark", draw)
  draw()
  return box
}
