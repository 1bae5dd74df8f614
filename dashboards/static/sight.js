const SETTLED = 100 // ms: what is in sight only until the page is laid out, or scrolled past, isn't seen

export function render({ model }) {
  const mark = document.createElement("div")
  mark.style.cssText = "height:1px;width:100%"
  let waiting
  const observer = new IntersectionObserver((entries) => {
    clearTimeout(waiting)
    if (entries.at(-1).isIntersecting) {
      waiting = setTimeout(() => {
        observer.disconnect()
        model.seen = true
      }, SETTLED)
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
