"""Notebooks made for a test."""

from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook


def notebook(path: Path, *sources: str, parameters: str = "") -> Path:
    """Write a notebook: sources that begin with # are markdown, the others code."""
    cells = [
        new_markdown_cell(one) if one.startswith("#") else new_code_cell(one) for one in sources
    ]
    if parameters:
        cells.insert(1, new_code_cell(parameters, metadata={"tags": ["parameters"]}))
    made = new_notebook(cells=cells)
    made.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(made, path)
    return path
