"""A preset: how a source's files map onto our tables, read from a TOML file.

    encoding = "auto"              # or any that Python knows
    delimiter = "auto"             # or the character
    decimal = "."
    dates = ["%Y-%m-%d"]
    history = "history"            # file of dated values: entity, code, field, effective, value

    [[tables]]
    file = "accounts"              # accounts.csv, accounts.xlsx, or a sheet of a workbook
    entity = "account"
    columns = { account = ["code", "name"], sector = "sector" }     # column -> field or fields
    values.sector = { technolgy = "technology" }                    # value -> value
    constants = { country = "France" }
    texts = { name = "{product} – {account}" }                      # field from columns
    notes = ["revenue"]            # columns without a field of ours, kept in `notes`
    required = ["name"]

Fields that refer to another record go without `_id` and hold its code: `owner`, `parent`.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from string import Formatter

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from workbench.errors import SettingsError, UnknownName
from workbench.store.fields import RESTRICTED
from workbench.store.schema import ENTITIES

FOLDER = Path(__file__).parent / "presets"


class Part(BaseModel):
    """A part of a preset; a key that isn't known is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Dated(Part):
    """Fields that took their value on a date in the row, and what they were before.

    Where the date is missing, the fields hold since the record's beginning.
    """

    when: str
    fields: list[str]
    before: dict[str, str] = Field(default_factory=dict)


class TableMap(Part):
    """One file onto one entity.

    Attributes:
        same_names: columns that bear our fields' names go there.
        distinct: a row per distinct code, the first one; the others are not rejected.
        begins: field with the date since when the record's values hold.
        event: field with the date whose exchange rate counts.
        since: fields whose history is in the row itself.
    """

    file: str
    entity: str
    same_names: bool = False
    columns: dict[str, str | list[str]] = Field(default_factory=dict)
    translations: dict[str, dict[str, str]] = Field(default_factory=dict, alias="values")
    constants: dict[str, str] = Field(default_factory=dict)
    texts: dict[str, str] = Field(default_factory=dict)
    notes: list[str] = Field(default_factory=list)
    required: list[str] = Field(default_factory=list)
    distinct: bool = False
    begins: str | None = None
    event: str | None = None
    since: Dated | None = None

    @property
    def closed(self) -> dict[str, str]:
        """Columns that fill a field for those named alone: which right shows them."""
        kept = {name: str(right) for (of, name), right in RESTRICTED.items() if of == self.entity}
        found = dict(kept)
        for column, target in self.columns.items():
            for name in [target] if isinstance(target, str) else target:
                if name in kept:
                    found[column] = kept[name]
        for name in self.texts.keys() & kept.keys():
            parts = Formatter().parse(self.texts[name])
            found |= {column: kept[name] for _, column, _, _ in parts if column}
        return found


class StageMap(Part):
    """A stage that the source's deals go through."""

    code: str
    label: str
    label_en: str | None = None
    kind: str = "open"
    grain: str = "deal"
    probability: float
    stalled_days: int | None = None


class PipelineMap(Part):
    """A pipeline of the source's own."""

    code: str
    label: str
    stages: list[StageMap]


class Preset(Part):
    """How a source's files are read.

    Attributes:
        status_from_deals: accounts have no status of their own: suspect, prospect from their first
            deal on, client from their first won one.
    """

    name: str
    encoding: str = "auto"
    delimiter: str = "auto"
    decimal: str = "."
    dates: list[str] = Field(default=["%Y-%m-%d"])
    true: list[str] = Field(default=["true", "1", "yes", "oui", "vrai", "x"])
    false: list[str] = Field(default=["false", "0", "no", "non", "faux"])
    history: str | None = None
    status_from_deals: bool = False
    tables: list[TableMap]
    pipelines: list[PipelineMap] = Field(default_factory=list)


def find(name: str) -> Preset:
    """The preset of that name, or at that path of a TOML file.

    >>> find("maven").tables[0].entity
    'rep'

    Raises:
        UnknownName: there is none.
        SettingsError: the file doesn't hold a preset.
    """
    path = Path(name) if name.endswith(".toml") else FOLDER / f"{name}.toml"
    if not path.is_file():
        raise UnknownName("preset", name, (p.stem for p in FOLDER.glob("*.toml")))
    try:
        preset = Preset.model_validate(
            {"name": path.stem, **tomllib.loads(path.read_text("utf-8"))}
        )
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise SettingsError(f"{path}: not a preset: {error}") from error
    for table in preset.tables:
        if table.entity not in ENTITIES:
            raise UnknownName(f"table (in {path})", table.entity, ENTITIES)
    return preset
