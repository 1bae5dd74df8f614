"""The button that gives the rows that were refused as files to mend and load again."""

from __future__ import annotations

import io
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import panel_material_ui as pmui

from workbench.sources.rejected import write_rejected

if TYPE_CHECKING:
    import pandas as pd

    from dashboards.session import Session


def archive(rejected: pd.DataFrame) -> bytes:
    """The files of `workbench load --rejected` in one: a CSV for each source file, as it was read.

    Args:
        rejected: table `rejected_rows`. A row that several loads refused is there once.
    """
    once = rejected.drop_duplicates(["file", "line", "raw"], keep="last")
    made = io.BytesIO()
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(made, "w") as packed:
        for path in write_rejected(once, Path(folder)):
            packed.write(path, path.relative_to(folder))
    return made.getvalue()


def button(session: Session) -> pmui.FileDownload:
    """The button, for those who see all rows that were refused."""
    loc = session.loc
    return pmui.FileDownload(
        callback=lambda: io.BytesIO(archive(session.whole().table("rejected_rows"))),
        filename="rejected.zip",
        label=loc.t("Télécharger pour corriger"),
        description=loc.t(
            "Un CSV par fichier, avec ses colonnes et le motif : corrigez-le et chargez-le comme "
            "l’original."
        ),
        icon="build",
        size="small",
        variant="outlined",
        margin=(8, 0, 0, 0),
    )
