function post(address) {
  const token = document.cookie.split("; ").find((one) => one.startsWith("_xsrf="))
  if (!token) { window.location.assign(address); return } // a page with a form of its own
  const form = document.createElement("form")
  const field = document.createElement("input")
  form.method = "post"
  form.action = address
  field.name = "_xsrf"
  field.value = decodeURIComponent(token.slice("_xsrf=".length)).replace(/^"|"$/g, "")
  form.append(field)
  document.body.append(form)
  form.submit()
}

export function render({ model }) {
  const phone = window.matchMedia("(max-width: 600px)")
  const tell = () => { model.narrow = phone.matches }
  phone.addEventListener("change", tell)
  tell()
  let last = 0
  const acted = () => {
    if (Date.now() - last < model.pause) { return }
    last = Date.now()
    model.acted += 1
  }
  for (const done of ["keydown", "pointerdown", "wheel", "touchmove"]) {
    window.addEventListener(done, acted, { capture: true, passive: true })
  }
  window.addEventListener("beforeunload", (event) => {
    if (model.unsaved) { event.preventDefault() }
  })
  model.on("msg:custom", (asked) => {
    if (asked.visit) { window.location.assign(asked.visit) }
    if (asked.reload) { window.location.reload() }
    if (asked.post) { post(asked.post) }
    if (asked.address) { window.history.replaceState({}, "", asked.address) }
    if ("working" in asked) {
      document.documentElement.classList.toggle("working", asked.working)
    }
    if (asked.cookie) {
      document.cookie = `${asked.cookie};path=/;max-age=31536000;samesite=lax`
    }
  })
  return document.createElement("span")
}
