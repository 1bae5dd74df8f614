export function render({ model, el }) {
  const mark = document.createElement("div")
  mark.style.cssText = "height:1px;width:100%"
  const observer = new IntersectionObserver((entries) => {
    if (entries.some((entry) => entry.isIntersecting)) {
      observer.disconnect()
      model.seen = true
    }
  }, { rootMargin: "300px" })
  observer.observe(mark)
  return mark
}
