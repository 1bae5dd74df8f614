"""The page of a report: what a notebook showed, without its code, to be read, printed and sent.

Figures are drawn by one plotly.js, which a kept page finds beside the runs and a downloaded one
holds itself; nothing comes from another host.
"""

from __future__ import annotations

import copy
import datetime as dt
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from plotly.offline import get_plotlyjs

from workbench import locale
from workbench.exports import columns
from workbench.exports.names import LABELS
from workbench.exports.notebooks import HIDDEN
from workbench.settings import Settings

if TYPE_CHECKING:
    import nbformat

    from workbench.exports.runs import Run
    from workbench.locale import Locale

TEMPLATES = Path(__file__).parent / "templates"
FIGURE = "application/vnd.plotly.v1+json"
SCRIPT = '<script src="../plotly.min.js"></script>'
"""What a kept page loads; `standalone` puts plotly.js itself in its place."""
LAB = "lab"
"""Tag of cells that are for JupyterLab only: editors have no place on a page."""
CONFIG = {"displaylogo": False, "responsive": True, "displayModeBar": False}


def page(notebook: nbformat.NotebookNode, run: Run, made: dt.datetime) -> str:
    """The page of a notebook that ran.

    Args:
        notebook: as papermill left it.
        run: what was asked.
        made: when, UTC.
    """
    # Slow to import: not for a server that starts.
    from nbconvert import HTMLExporter  # noqa: PLC0415

    settings = Settings.load()
    loc = settings.locale(run.language)
    shown = copy.deepcopy(notebook)
    shown.cells = [cell for cell in shown.cells if LAB not in cell.metadata.get("tags", [])]
    for cell in shown.cells:
        if cell.cell_type == "markdown":
            cell.source = "\n".join(_spoken(line, loc) for line in cell.source.split("\n"))
    drawn = _draw(shown)
    exporter = HTMLExporter(  # type: ignore[no-untyped-call]
        template_name="report",
        extra_template_basedirs=[str(TEMPLATES)],
        exclude_input=True,
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        exclude_anchor_links=True,
    )
    body, _ = exporter.from_notebook_node(
        shown,
        resources={
            "report": {
                "language": run.language,
                "title": loc.t(run.title),
                "company": settings.company.name,
                "script": SCRIPT if drawn else "",
                "facts": _facts(run, made, loc),
            }
        },
    )
    return str(body)


def standalone(html: str) -> str:
    """A kept page with plotly.js in it: one file that opens anywhere."""
    return html.replace(SCRIPT, f"<script>{get_plotlyjs()}</script>")


def keep_script(root: Path) -> None:
    """Put plotly.js beside the runs, once for all of their pages."""
    kept, source = root / "plotly.min.js", get_plotlyjs()
    if not kept.exists() or kept.stat().st_size != len(source.encode()):
        draft = kept.with_suffix(f".{os.getpid()}.tmp")
        draft.write_text(source, "utf-8")
        draft.replace(kept)


def _spoken(line: str, loc: Locale) -> str:
    """A line of markdown in the reader's language, its marks (#, -) left where they are."""
    text = line.lstrip("#-* ")
    return line[: len(line) - len(text)] + loc.t(text) if text else line


def _facts(run: Run, made: dt.datetime, loc: Locale) -> list[tuple[str, str]]:
    """What the reader has to know of the numbers: the choices made, for whom, and when."""
    facts = [
        (loc.t(NAMES.get(name) or LABELS.get(name, name)), _fact(name, value, loc))
        for name, value in run.parameters.items()
        if name not in HIDDEN and name != "language" and value not in {"", None}
    ]
    if run.viewer:
        facts.append((loc.t("Vu par"), run.viewer))
    return [*facts, (loc.t("Établi le"), loc.moment(made))]


def _fact(name: str, value: Any, loc: Locale) -> str:
    if isinstance(value, bool):
        return loc.t("oui") if value else loc.t("non")
    if isinstance(value, str):
        try:
            return loc.date(dt.date.fromisoformat(value))
        except ValueError:
            return columns.named(name, value, loc)
    return str(value)


NAMES = {
    "as_of": locale.msg("Chiffres arrêtés au"),
    "by": locale.msg("Par"),
    "known_at": locale.msg("Tel que connu le"),
    "period": locale.msg("Nombre de mois"),
    "team": locale.msg("Équipe"),
}


def _draw(notebook: nbformat.NotebookNode) -> int:
    """Put a place and a script where a figure's data stand; how many there were."""
    drawn = 0
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if FIGURE not in data:
                continue
            drawn += 1
            output.data = {"text/html": _figure(data[FIGURE], f"figure-{drawn}")}
    return drawn


def _figure(figure: dict[str, Any], name: str) -> str:
    layout = figure.get("layout", {})
    height = layout.get("height") or 400
    parts = [figure.get("data", []), {**layout, "height": height}, CONFIG]
    said = ",".join(_script_safe(json.dumps(part, ensure_ascii=False)) for part in parts)
    return (
        f'<div class="figure" id="{name}" style="height:{height}px"></div>'
        f'<script>Plotly.newPlot("{name}",{said});</script>'
    )


def _script_safe(text: str) -> str:
    """JSON that can't end the script that it stands in, whatever names an account bears."""
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
