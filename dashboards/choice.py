"""What a reader chooses with: a list of views of one card, a day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import panel_material_ui as pmui
import param

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dashboards.session import Session


def choice(session: Session, parameter: Any, label: str, options: Mapping[str, Any]) -> Any:
    """A select tied to a parameter of the page's state.

    Args:
        session: of the page.
        parameter: `state.param.by`.
        label: what is chosen, in French.
        options: values by their French names.
    """
    loc = session.loc
    return pmui.Select.from_param(
        parameter,
        label=loc.t(label),
        options={loc.t(name): value for name, value in options.items()},
        size="small",
        variant="outlined",
        sizing_mode="stretch_width",
        max_width=220,
        margin=(12, 0, 0, 0),
    )


class Day(pmui.DatePicker):
    """A day, written in the order of the house.

    Typed key by key, the year 2026 is first 2, 20 and 202: it is waited for.
    """

    format = param.String(default="DD/MM/YYYY")

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)  # type: ignore[no-untyped-call]  # Panel's own

    def _process_property_change(self, msg: dict[str, Any]) -> dict[str, Any]:
        day = msg.get("value")
        if isinstance(day, str) and len(day) < len("2026-09-30"):
            msg = {name: value for name, value in msg.items() if name != "value"}
        changed: dict[str, Any] = super()._process_property_change(msg)  # type: ignore[no-untyped-call]
        return changed
