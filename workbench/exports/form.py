"""The columns of the qualification form, and a cell's value both ways.

What is written into a cell is what a person reads there: the label of a choice, a day, an amount.
What comes back may be what was written, or whatever a person typed: `read` makes it the store's
value again, or says why it can't.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from workbench.errors import Reason, SourceError
from workbench.exports import cells
from workbench.exports.names import LABELS
from workbench.locale import EN, FR, missing, msg
from workbench.store import access
from workbench.store.proposal import TABLE_OF
from workbench.store.rules import CHOICES
from workbench.tables import Kind, table
from workbench.vocabulary import FIELDS, field_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from workbench.exports.cells import Value
    from workbench.locale import Locale
    from workbench.store.access import Viewer
    from workbench.store.dataset import Dataset

SHEETS = {"account": msg("Comptes"), "opportunity": msg("Opportunités")}
LOCKED = {
    "account": ("code", "name", "city"),
    "opportunity": ("code", "name", "account"),
}
"""What tells a reader which record it is; can't be edited."""
OPEN = {
    "account": (
        "status", "owner_id", "segment", "sector", "employees", "need", "timeline", "budget",
        "supplier", "decider_known", "next_step", "next_step_on", "qualified_on",
    ),
    "opportunity": (
        "stage_id", "amount", "close_date", "probability", "loss_reason", "owner_id",
    ),
}  # fmt: skip
MOST_NAMED = 12
"""So many choices are named in a message."""
DATES = ("%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%Y-%m-%d")
NUMBERS = {Kind.MONEY, Kind.RATIO, Kind.NUMBER, Kind.COUNT}
SEAL = 16
"""Characters of a seal: a row has that of its locked cells, then that of all."""
HUNDRED = 100
GROUP = 3
"""Digits between two separators of thousands."""


class Unreadable(SourceError):  # noqa: N818 - reads as what happened
    """What was typed is no value of its column; the first argument is the reason."""


@dataclass(frozen=True)
class Column:
    """A column of the form.

    Attributes:
        entity: the store's table.
        name: the field.
        label: its heading.
        kind: what its cells hold.
        is_open: whether its cells can be edited.
        choices: label to value, where there is a list.
        strict: whether nothing else than the list is a value.
        synonyms: the labels in either language, in plain small letters.
    """

    entity: str
    name: str
    label: str
    kind: Kind
    is_open: bool = False
    choices: dict[str, Any] = field(default_factory=dict)
    strict: bool = True
    synonyms: dict[str, Any] = field(default_factory=dict)


def columns(entity: str, data: Dataset, loc: Locale, viewer: Viewer | None = None) -> list[Column]:
    """The visible columns of an entity's sheet, in order.

    Args:
        entity: account or opportunity.
        data: for the lists to choose from.
        loc: the reader's language.
        viewer: who is to fill it in; what their role may not write is locked.
    """
    kinds = {one.name: one.kind for one in table(TABLE_OF[entity]).columns}
    made = []
    for name in (*LOCKED[entity], *OPEN[entity]):
        label = loc.t(FIELDS.get(name) or LABELS.get(name, name))
        reserved = access.RESERVED.get((entity, name))
        mine = viewer is None or reserved is None or viewer.role in reserved
        listed = dict(_choices(entity, name, kinds.get(name), data, loc))
        others = [_choices(entity, name, kinds.get(name), data, one) for one in (FR, EN, loc)]
        made.append(
            Column(
                entity,
                name,
                label,
                Kind.TEXT if listed or name not in kinds else kinds[name],
                is_open=name in OPEN[entity] and mine,
                choices=listed,
                strict=name != "segment",
                synonyms={_plain(label): v for listing in others for label, v in listing},
            )
        )
    return made


def _choices(
    entity: str, name: str, kind: Kind | None, data: Dataset, loc: Locale
) -> list[tuple[str, Any]]:
    """Labels and values to choose from; none where anything may be written."""
    words: Any = CHOICES.get((entity, name))
    if words is not None:
        return [(loc.label(word), word.value) for word in words]
    if kind is Kind.FLAG:
        return [(loc.t("oui"), True), (loc.t("non"), False)]
    if name == "owner_id":
        reps = data.table("reps").sort_values("name")
        return _told_apart(reps["id"], reps["name"], reps["code"])
    if name == "stage_id":
        stages = data.table("stages").sort_values(["pipeline", "position"])
        labels = [loc.t(label) for label in stages["label"]]
        return _told_apart(stages["id"], labels, stages["pipeline"])
    if name == "segment":
        known = data.table("accounts")["segment"].dropna().unique()
        return [(value, value) for value in sorted(known)]
    return []


def _told_apart(
    ids: Iterable[Any], labels: Iterable[str], more: Iterable[Any]
) -> list[tuple[str, Any]]:
    """Labels with their ids; those of several, with what tells them apart.

    >>> _told_apart([1, 2, 3], ["Ana", "Léo", "Ana"], ["R1", "R2", "R3"])
    [('Ana (R1)', 1), ('Léo', 2), ('Ana (R3)', 3)]
    """
    listed = list(zip(ids, labels, more, strict=True))
    names = [_plain(label) for _, label, _ in listed]
    return [
        (f"{label} ({also})" if names.count(_plain(label)) > 1 else label, int(id_))
        for id_, label, also in listed
    ]


def _plain(text: Any) -> str:
    return " ".join(str(text).split()).casefold()


def written(column: Column, value: Any) -> Value:
    """What a cell shows for a stored value.

    >>> need = Column("account", "need", "Besoin", Kind.TEXT, choices={"Latent": "latent"})
    >>> written(need, "latent"), written(need, None)
    ('Latent', None)
    """
    if missing(value):
        return None
    if column.choices:
        label = next((label for label, known in column.choices.items() if known == value), None)
        return cells.value(value if label is None else label, Kind.TEXT)
    if column.kind is Kind.DATE and isinstance(value, str):
        return dt.date.fromisoformat(value[:10])
    return cells.value(value, column.kind)


def alike(cell: Any) -> str:
    """A cell's value as one text, the same before and after it went through a spreadsheet.

    >>> alike(12.0), alike(dt.datetime(2026, 9, 30)), alike(" Durand "), alike(None)
    ('12', '2026-09-30', 'Durand', '')
    """
    if missing(cell):
        return ""
    if isinstance(cell, bool):
        return str(cell)
    if isinstance(cell, (int, float)):
        return f"{cell:.12g}"
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat()
    return str(cell).replace("\r", "").strip()


def seal(shown: Iterable[Any]) -> str:
    """A short mark of some cells of a row, by which they are known to be as they were exported."""
    text = "\x1f".join(map(alike, shown))
    return hashlib.blake2s(text.encode("utf-8"), digest_size=SEAL // 2).hexdigest()


def read(column: Column, cell: Any, loc: Locale) -> Any:
    """The stored value that a cell's content stands for; None where it is empty.

    Args:
        column: of the form.
        cell: what the spreadsheet has there: text, number, flag, day.
        loc: the language of whoever filled it in, for numbers typed as text.

    Raises:
        Unreadable: it stands for none.
    """
    if alike(cell) == "":
        return None
    if column.choices and column.strict:
        return _choice(column, cell)
    if column.kind is Kind.DATE:
        return _date(cell)
    if column.kind in NUMBERS:
        return _number(column, cell, loc)
    return _text(column, cell)


def _choice(column: Column, cell: Any) -> Any:
    said = _plain(alike(cell))
    if isinstance(cell, bool) and set(column.choices.values()) == {True, False}:
        return cell
    by_label = {_plain(label): value for label, value in column.choices.items()}
    for known in (by_label, column.synonyms, {_plain(v): v for v in column.choices.values()}):
        if said in known:
            return known[said]
    labels = list(column.choices)
    named = [*labels[:MOST_NAMED], "…"] if len(labels) > MOST_NAMED else labels
    raise Unreadable(
        Reason(
            msg("« {value} » n’est pas une valeur de « {field} » ; il y a : {words}."),
            value=alike(cell),
            field=field_name(column.name),
            words=named,
        )
    )


def _date(cell: Any) -> dt.date:
    if isinstance(cell, dt.datetime):
        return cell.date()
    if isinstance(cell, dt.date):
        return cell
    typed = "".join(alike(cell).split())
    for pattern in DATES:
        try:
            day = dt.datetime.strptime(typed, pattern).replace(tzinfo=dt.UTC).date()
        except ValueError:
            continue
        if isinstance(cell, str):
            return day
    raise Unreadable(
        Reason(
            msg("« {typed} » n’est pas une date ; écrivez-la ainsi : 30/09/2026."),
            typed=alike(cell),
        )
    )


def _number(column: Column, cell: Any, loc: Locale) -> float | int:
    if isinstance(cell, (bool, dt.date)):
        raise Unreadable(Reason(msg("« {typed} » n’est pas un nombre."), typed=alike(cell)))
    number = float(cell) if isinstance(cell, (int, float)) else typed_number(cell, loc)
    if column.kind is not Kind.COUNT:
        return number
    if not number.is_integer():
        raise Unreadable(Reason(msg("« {typed} » n’est pas un nombre entier."), typed=alike(cell)))
    return int(number)


def typed_number(text: str, loc: Locale) -> float:
    r"""A number as people type it: 1 234,50, 1.234,50 €, 35 %.

    Raises:
        Unreadable: it is none, or could be read in two ways: in French 1.234, in English 1,234.

    >>> typed_number("1 234,5 €", FR), typed_number("35 %", FR), typed_number("1,234.5", EN)
    (1234.5, 0.35, 1234.5)
    """
    bare = "".join(text.split()).replace("\N{MINUS SIGN}", "-").replace(loc.symbol, "")
    share, bare = bare.endswith("%"), bare.removesuffix("%")
    last = max(bare.rfind(","), bare.rfind("."))
    mark = bare[last] if last >= 0 else ""
    own = "," if loc.language == "fr" else "."
    alone = mark and not {",", "."} - {mark} & set(bare) and bare.count(mark) == 1
    if alone and mark != own and re.fullmatch(r"-?[1-9]\d{0,2}[.,]\d{3}", bare):
        raise Unreadable(
            Reason(
                msg("« {typed} » se lit de deux façons ; écrivez-le sans séparateur de milliers."),
                typed=text.strip(),
            )
        )
    if mark and bare.count(mark) == 1:
        bare = bare[:last].replace("," if mark == "." else ".", "") + "." + bare[last + 1 :]
    elif mark and re.fullmatch(r"-?\d{1,3}([.,]\d{3})+", bare):
        bare = bare.replace(mark, "")
    if not re.fullmatch(r"-?\d+(\.\d*)?|-?\.\d+", bare):
        raise Unreadable(Reason(msg("« {typed} » n’est pas un nombre."), typed=text.strip()))
    return float(bare) / HUNDRED if share else float(bare)


def _text(column: Column, cell: Any) -> str:
    if isinstance(cell, dt.date):
        return f"{cell:%d/%m/%Y}"
    said = alike(cell)
    # A segment that is there already, whatever its capitals.
    return str(column.synonyms.get(_plain(said), said)) if column.choices else said
