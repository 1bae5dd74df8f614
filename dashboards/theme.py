"""Colours, type and spacing of the dashboards: Material's theme, and the cards' style sheets.

Style sheets speak of the theme by its CSS variables, so that light and dark are one sheet and the
switch needs no redraw.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader

STATIC = Path(__file__).parent / "static"
TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True
)


@dataclass(frozen=True)
class Brand:
    """The house's own colours."""

    primary: str = "#0B5394"
    primary_dark: str = "#7FB8E8"
    page: str = "#F5F7FA"
    page_dark: str = "#0F1216"
    card: str = "#FFFFFF"
    card_dark: str = "#181C22"
    icon_dark: str = "#B8C0CA"


BRAND = Brand()


def material() -> dict[str, Any]:
    """Material's theme, light and dark."""
    type_ = {"fontFamily": "Roboto, 'Segoe UI', sans-serif", "fontSize": 14}
    shape = {"borderRadius": 8}
    parts = {
        "MuiOutlinedInput": {"styleOverrides": {"root": {"minHeight": 40}}},
        "MuiSelect": {
            "styleOverrides": {
                "select": {
                    "paddingTop": "8px !important",
                    "paddingBottom": "8px !important",
                    "minHeight": "24px !important",
                }
            }
        },
        "MuiFormControl": {"defaultProps": {"size": "small"}},
        "MuiToggleButton": {"styleOverrides": {"root": {"textTransform": "none"}}},
        "MuiButton": {"styleOverrides": {"root": {"textTransform": "none"}}},
        "MuiTab": {"styleOverrides": {"root": {"textTransform": "none"}}},
    }
    return {
        "light": {
            "palette": {
                "primary": {"main": BRAND.primary},
                "background": {"default": BRAND.page, "paper": BRAND.card},
            },
            "typography": type_,
            "shape": shape,
            "components": parts,
        },
        "dark": {
            "palette": {
                "primary": {"main": BRAND.primary_dark},
                "background": {"default": BRAND.page_dark, "paper": BRAND.card_dark},
                "default": {"dark": BRAND.icon_dark},  # of an icon that has no colour of its own
            },
            "typography": type_,
            "shape": shape,
            "components": parts,
        },
    }


HEADER = {
    "& .header": {"backgroundColor": "#0B5394", "backgroundImage": "none", "boxShadow": "none"},
    "&.mui-dark .header": {"backgroundColor": "#14202E"},
    "& .main": {"backgroundColor": "var(--mui-palette-background-default)"},
}
"""Of the page's frame: a header that stays dark, so that what is on it stays white."""


@cache
def sheet(name: str) -> str:
    """The style sheet of that name."""
    return (STATIC / f"{name}.css").read_text(encoding="utf-8")


@cache
def script(name: str) -> str:
    """The browser's side of a component."""
    return (STATIC / f"{name}.js").read_text(encoding="utf-8")
