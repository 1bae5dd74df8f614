"""A report within a page: a frame of its own, as high as what it holds."""

from __future__ import annotations

import param
from panel.custom import JSComponent


class ReportFrame(JSComponent):
    """A frame that shows an address of this site, cut off from the page around it."""

    address = param.String(doc="What it shows; empty for nothing.")
    label = param.String(doc="What it is, for whoever can't see it.")

    _esm = """
    export function render({ model }) {
      const frame = document.createElement("iframe")
      frame.setAttribute("sandbox", "allow-scripts allow-popups allow-modals")
      frame.style.cssText = "border:0;width:100%;height:70vh;display:block;background:#fff"
      const show = () => {
        frame.title = model.label
        if (model.address) { frame.src = model.address }
      }
      model.on("address", show)
      show()
      // The frame can't be looked into; it tells its height itself.
      const told = (event) => {
        if (event.source === frame.contentWindow && event.data.height > 0) {
          frame.style.height = `${Math.ceil(event.data.height)}px`
        }
      }
      window.addEventListener("message", told)
      model.on("remove", () => window.removeEventListener("message", told))
      return frame
    }
    """
