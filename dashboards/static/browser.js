export function render({ model }) {
  const phone = window.matchMedia("(max-width: 600px)")
  const tell = () => { model.narrow = phone.matches }
  phone.addEventListener("change", tell)
  tell()
  window.addEventListener("beforeunload", (event) => {
    if (model.unsaved) { event.preventDefault() }
  })
  model.on("msg:custom", (asked) => {
    if (asked.visit) { window.location.assign(asked.visit) }
    if (asked.reload) { window.location.reload() }
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
