"""The columns of a frame as a reader meets them: what each is called and what it holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import narwhals as nw

from workbench import vocabulary
from workbench.errors import MissingColumns
from workbench.exports.names import KINDS, LABELS
from workbench.tables import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from workbench.locale import Locale

_ENUMS: dict[str, type[vocabulary.Word]] = {
    "status": vocabulary.Status,
    "from_status": vocabulary.Status,
    "to_status": vocabulary.Status,
    "decision_role": vocabulary.DecisionRole,
    "need": vocabulary.Need,
    "timeline": vocabulary.Timeline,
    "loss_reason": vocabulary.LossReason,
}
# "kind" is a word of several vocabularies: whichever has all the values.
_KINDS = (
    vocabulary.StageKind,
    vocabulary.ActivityKind,
    vocabulary.DocumentKind,
    vocabulary.ContractKind,
    vocabulary.RepKind,
)


@dataclass(frozen=True)
class Field:
    """A column: its name in the frame, its label on screen, and what it holds."""

    name: str
    label: str
    kind: Kind


def fields(
    frame: Any,
    *,
    loc: Locale,
    labels: Mapping[str, str] | None = None,
    kinds: Mapping[str, Kind] | None = None,
) -> list[Field]:
    """What each column of a frame is.

    Args:
        frame: pandas, Polars or DuckDB.
        loc: the reader's language.
        labels: labels to use before the known ones; where given, only these columns, in order.
        kinds: kinds to use before the known ones.

    Raises:
        MissingColumns: a label is for a column that the frame lacks.

    >>> import pandas as pd
    >>> from workbench.locale import FR
    >>> fields(pd.DataFrame({"segment": ["Gros"], "weighted": [1.5]}), loc=FR)
    [Field(name='segment', label='Segment', kind=<Kind.TEXT: 'text'>),
     Field(name='weighted', label='Montant pondéré', kind=<Kind.MONEY: 'money'>)]
    """
    schema = nw.from_native(frame).collect_schema()
    absent = set(labels or ()) - set(schema.names())
    if absent:
        raise MissingColumns("Export", absent, schema.names())
    known = kinds or {}
    return [
        Field(
            name,
            (labels or {}).get(name) or loc.t(LABELS.get(name, name)),
            known.get(name) or kind(name, schema[name]),
        )
        for name in (labels or schema.names())
    ]


def kind(name: str, dtype: nw.dtypes.DType) -> Kind:
    """What a column of that name and type holds; the type has the last word."""
    guess = KINDS.get(name)
    if dtype == nw.Boolean:
        return Kind.FLAG
    if dtype == nw.Date or isinstance(dtype, nw.Datetime):
        return Kind.MOMENT if guess is Kind.MOMENT else Kind.DATE
    if not dtype.is_numeric():
        return Kind.TEXT
    if name == "id" or name.endswith("_id"):
        return Kind.ID
    if dtype.is_integer():
        return Kind.COUNT
    return guess if guess in {Kind.MONEY, Kind.RATIO, Kind.COUNT} else Kind.NUMBER


def rows(frame: Any, chosen: Sequence[Field], *, loc: Locale) -> list[tuple[Any, ...]]:
    """The frame's rows, in the order of the fields, words of the vocabulary by their names."""
    wrapped = nw.from_native(frame)
    eager = wrapped.collect() if isinstance(wrapped, nw.LazyFrame) else wrapped
    columns = [_said(eager[one.name].to_list(), one.name, loc) for one in chosen]
    return list(zip(*columns, strict=True))


def named(name: str, value: Any, loc: Locale) -> str:
    """A value of that column or parameter, by its name on screen.

    >>> from workbench.locale import FR
    >>> named("status", "client", FR), named("by", "owner", FR)
    ('Client', 'Commercial')
    """
    if name in _ENUMS:
        return loc.label(_ENUMS[name], value)
    return loc.t(LABELS.get(str(value), str(value)))


def _said(values: list[Any], name: str, loc: Locale) -> list[Any]:
    if name == "missing":
        # What a record lacks, as the names of its fields.
        return [
            ", ".join(named("field", one, loc) for one in value.split(", "))
            if isinstance(value, str) and value
            else value
            for value in values
        ]
    if name == "stage":  # the usual pipelines' are in the catalogue, one's own stay as they are
        return [loc.t(value) if isinstance(value, str) else value for value in values]
    words = _words(values, name)
    if words is None:
        return values
    names = {word.value: loc.label(word) for word in words}
    return [names.get(value, value) if isinstance(value, str) else value for value in values]


def _words(values: list[Any], name: str) -> type[vocabulary.Word] | None:
    if name != "kind":
        return _ENUMS.get(name)
    found = {value for value in values if isinstance(value, str)}
    return next((one for one in _KINDS if found <= {word.value for word in one}), None)
