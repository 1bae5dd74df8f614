"""A page's own choice between a few views of one card."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import panel_material_ui as pmui

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
