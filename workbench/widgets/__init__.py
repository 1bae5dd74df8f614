"""Editors for JupyterLab."""

from workbench.widgets.qualify import Qualify

__all__ = ["Qualify"]
