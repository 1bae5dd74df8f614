"""The form of a notebook: a widget per parameter, by what it takes."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import panel_material_ui as pmui

from dashboards.choice import Day
from dashboards.filters import reps_under
from workbench.exports import columns
from workbench.exports.notebooks import Input, Notebook, Parameter
from workbench.locale import msg

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dashboards.session import Session
    from workbench.exports.notebooks import Value

LANGUAGES = {"fr": "Français", "en": "English"}
LEADERS = {"manager", "director"}
COMMON: dict[str, Any] = {
    "size": "small",
    "margin": (6, 0),
    "variant": "outlined",
    "sizing_mode": "stretch_width",
}
NUMBERS: dict[Input, Any] = {Input.INTEGER: pmui.IntInput, Input.NUMBER: pmui.FloatInput}
NAMES = {
    "as_of": msg("Chiffres arrêtés au"),
    "period": msg("Nombre de mois"),
    "team": msg("Équipe ou commercial"),
    "language": msg("Langue du rapport"),
    "known_at": msg("Tel que connu le"),
}
"""Short labels of the parameters that all notebooks share."""


class Form:
    """The widgets of a notebook's parameters, and what they hold."""

    def __init__(
        self, session: Session, notebook: Notebook, given: Mapping[str, Value] | None = None
    ) -> None:
        self.session = session
        self.widgets = {
            one.name: self._widget(one, (given or {}).get(one.name, self._usual(one)))
            for one in notebook.form
        }

    @property
    def values(self) -> dict[str, Any]:
        """What is chosen, by parameter."""
        return {name: widget.value for name, widget in self.widgets.items()}

    def _usual(self, one: Parameter) -> Value:
        """What the form begins with: the notebook's default, the page's date and language."""
        if one.name == "as_of" and not one.default:
            return (self.session.filters.as_of or self.session.whole().as_of).isoformat()
        return self.session.loc.language if one.name == "language" else one.default

    def _widget(self, one: Parameter, value: Value) -> Any:
        loc = self.session.loc
        said = loc.t(one.help) if one.help else one.name
        label = loc.t(NAMES[one.name]) if one.name in NAMES else said
        options: dict[str, Any] = {**COMMON, "label": label}
        if one.input is Input.FLAG:
            return pmui.Checkbox(value=bool(value), label=label, margin=(6, 0))
        if one.input is Input.DATE:
            day = dt.date.fromisoformat(str(value)) if value else None
            return Day(value=day, **options)
        if one.input in NUMBERS:
            return NUMBERS[one.input](value=value, **options)
        if one.input is Input.TEXT:
            return pmui.TextInput(value=str(value or ""), **options)
        named: dict[str, Value] = {self._named(one, choice): choice for choice in one.choices}
        if one.input is Input.TEAM:
            named = self._teams()
        return pmui.Select(options=named, value=value, **options)

    def _named(self, one: Parameter, choice: Value) -> str:
        if one.name == "language":
            return LANGUAGES.get(str(choice), str(choice))
        if isinstance(choice, str):
            known = columns.named(one.name, choice, self.session.loc)
            return known[:1].upper() + known[1:]
        return str(choice)

    def _teams(self) -> dict[str, Value]:
        """Those whom the viewer sees: leaders first, then reps, each by name."""
        session = self.session
        reps = session.whole().table("reps")
        if session.viewer.limited and session.viewer.rep_id is not None:
            reps = reps[reps["id"].isin(reps_under(reps, session.viewer.rep_id))]
        reps = reps.assign(leads=reps["kind"].isin(LEADERS))
        names = reps.sort_values(["leads", "name"], ascending=[False, True])["name"]
        return {session.loc.t("Tous"): ""} | {name: name for name in names}
