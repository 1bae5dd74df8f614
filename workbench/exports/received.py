"""A workbook that somebody sends: opened within bounds, each cell's content or why it has none."""

from __future__ import annotations

import io
import warnings
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from openpyxl import load_workbook
from openpyxl.cell.cell import MergedCell

from workbench.errors import Reason, SourceError
from workbench.locale import msg

if TYPE_CHECKING:
    from openpyxl import Workbook

MOST_BYTES, MOST_UNPACKED, MOST_ROWS = 20 << 20, 400 << 20, 200_000


@dataclass(frozen=True)
class Broken:
    """A cell that holds nothing that could be read, and why."""

    why: Reason

    def __str__(self) -> str:
        """As a message shows it."""
        return "?"


def opened(content: bytes, name: str) -> Workbook:
    """The workbook.

    Raises:
        SourceError: it is none, or too large; the first argument is a reason.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            unpacked = sum(one.file_size for one in packed.infolist())
        small = len(content) <= MOST_BYTES and unpacked <= MOST_UNPACKED
        workbook = _loaded(content) if small else None
    except Exception as problem:  # openpyxl stumbles in as many ways as a file can be broken
        raise SourceError(
            Reason(
                msg(
                    "« {file} » ne se lit pas comme un classeur .xlsx : enregistrez-le à ce "
                    "format, sans mot de passe."
                ),
                file=name,
            )
        ) from problem
    if workbook is None or any(sheet.max_row > MOST_ROWS for sheet in workbook.worksheets):
        raise SourceError(Reason(msg("« {file} » est trop gros pour un formulaire."), file=name))
    return workbook


def _loaded(content: bytes, *, results: bool = False) -> Workbook:
    with warnings.catch_warnings():
        # Of what Excel added and a copy does without: its own extensions to checks and formats.
        warnings.simplefilter("ignore")
        return load_workbook(io.BytesIO(content), data_only=results)


def results(content: bytes, workbook: Workbook) -> Workbook | None:
    """The same file with its formulas' results, where it has formulas."""
    formulas = any(
        cell.data_type == "f"
        for sheet in workbook.worksheets
        for row in sheet.iter_rows()
        for cell in row
    )
    return _loaded(content, results=True) if formulas else None


def held(cell: Any, result: Any) -> Any:
    """What a cell holds: its value, or a formula's result."""
    if isinstance(cell, MergedCell):
        return Broken(Reason(msg("Cellule fusionnée : séparez les cellules.")))
    if cell.data_type == "e":
        return Broken(Reason(msg("La cellule contient une erreur : {typed}."), typed=cell.value))
    if cell.data_type != "f":
        return cell.value
    if result is None or str(result).startswith("#"):
        return Broken(Reason(msg("La formule de cette cellule n’a pas de résultat.")))
    return result
