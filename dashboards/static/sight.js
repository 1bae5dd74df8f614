export function render({ model }) {
  const mark = document.createElement("div")
  mark.style.cssText = "height:1px;width:100%"
  const observer = new IntersectionObserver((entries) => {
    if (entries.some((entry) => entry.isIntersecting)) {
      observer.disconnect()
      model.seen = true
    }
  })
  // The whole card that it stands in: whoever jumps into its midst may pass the mark itself.
  const watch = () => {
    const card = mark.getRootNode().host?.getRootNode().host
    if (card) { observer.observe(card) } else { requestAnimationFrame(watch) }
  }
  watch()
  return mark
}
