export function render({ model }) {
  const row = document.createElement("div")
  row.className = "chips"
  const draw = () => {
    row.replaceChildren(...model.items.map(({ key, text, icon, hint }) => {
      const chip = document.createElement("button")
      chip.type = "button"
      chip.title = hint ?? ""
      if (icon) {
        const sign = document.createElement("i")
        sign.textContent = icon
        sign.setAttribute("aria-hidden", "true")
        chip.append(sign)
      }
      chip.append(text)
      chip.addEventListener("click", () => model.send_msg(key))
      return chip
    }))
  }
  model.on("items", draw)
  draw()
  return row
}
