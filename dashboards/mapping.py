"""Where each field comes from: the columns of the files that were loaded, by their presets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from dashboards.tables import Rows
from workbench.exports import names
from workbench.locale import msg
from workbench.sources import preset as presets
from workbench.vocabulary import FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dashboards.session import Scope
    from workbench.locale import Locale
    from workbench.settings import Settings
    from workbench.sources.preset import Preset, TableMap

TABLES = {
    "rep": msg("Commerciaux"),
    "account": msg("Comptes"),
    "contact": msg("Interlocuteurs"),
    "consent": msg("Consentements"),
    "pipeline": msg("Processus"),
    "stage": msg("Étapes"),
    "opportunity": msg("Opportunités"),
    "document": msg("Documents"),
    "document_line": msg("Lignes de document"),
    "contract": msg("Contrats"),
    "activity": msg("Actions commerciales"),
    "ledger_customer": msg("Clients du grand livre"),
    "ledger_entry": msg("Écritures"),
}
LABELS = {
    "preset": msg("Préréglage"),
    "file": msg("Fichier"),
    "column": msg("Colonne"),
    "table": msg("Table"),
    "field": msg("Champ"),
    "values": msg("Valeurs traduites"),
}


def rows(scope: Scope, settings: Settings) -> Rows:
    """A line for each column that a preset of what was loaded reads, and what it becomes."""
    loc = scope.loc
    found = [
        {
            "preset": preset.name,
            "file": table.file,
            "table": loc.t(TABLES.get(table.entity, table.entity)),
            **line,
        }
        for preset in loaded(scope, settings)
        for table in preset.tables
        for line in _lines(table, loc)
    ]
    return Rows(
        loc.t("Correspondance des colonnes"),
        pd.DataFrame(found, columns=list(LABELS)),
        ["preset", "file", "column", "table", "field", "values"],
        phone=["file", "column", "field"],
        labels=LABELS,
    )


def loaded(scope: Scope, settings: Settings) -> list[Preset]:
    """The presets that loads name, the settings' own files first; others are no longer known."""
    own = {Path(one.preset).stem: one.preset for one in settings.sources if one.kind == "crm"}
    names = sorted(set(scope.data.table("loads")["source"]))
    shipped = {path.stem for path in presets.FOLDER.glob("*.toml")}
    return [presets.find(own.get(name, name)) for name in names if name in own or name in shipped]


def _lines(table: TableMap, loc: Locale) -> Iterator[dict[str, str]]:
    """What becomes of a file's columns, and what the preset itself adds."""
    if table.same_names:
        same = loc.t("celles qui portent le nom d’un champ")
        yield {"column": same, "field": loc.t("le champ de ce nom"), "values": ""}
    for column, target in table.columns.items():
        for field in [target] if isinstance(target, str) else target:
            told = table.translations.get(field, {})
            values = ", ".join(f"{value} → {ours}" for value, ours in told.items())
            yield {"column": column, "field": _named(field, loc), "values": values}
    for field, value in {**table.constants, **table.texts}.items():
        yield {"column": f"« {value} »", "field": _named(field, loc), "values": ""}
    for column in table.notes:
        yield {"column": column, "field": _named("notes", loc), "values": ""}


def _named(field: str, loc: Locale) -> str:
    """The field's name on screen; one that refers to another record goes without `_id`."""
    for name in (field, f"{field}_id"):
        if name in FIELDS:
            return loc.t(FIELDS[name])
    return loc.t(names.LABELS.get(field, field))
