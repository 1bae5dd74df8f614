"""What became of a form that came back: line by line in words, and as a copy of the file.

The copy is the file itself with two columns more: what became of each row, and of each of its
cells why. It can be corrected and sent again: what is saved by then is no change any more.
"""

from __future__ import annotations

import io
from collections import Counter
from copy import copy
from dataclasses import dataclass
from enum import StrEnum
from math import ceil
from typing import TYPE_CHECKING, Any

from openpyxl.styles import Alignment, PatternFill
from openpyxl.utils import get_column_letter

from workbench.exports import cells, form
from workbench.exports.sheet import BOLD, HEAD_FILL, NOTE, PLAIN
from workbench.locale import DASH, missing, msg
from workbench.store.journal import State
from workbench.tables import Kind
from workbench.vocabulary import FIELDS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from workbench.exports.returned import Grid, Line, Returned
    from workbench.locale import Locale
    from workbench.store.journal import Outcome

    Told = Sequence[tuple[Line, Outcome]]


class Verdict(StrEnum):
    """What became of a row, the weightiest of its changes first."""

    CONFLICT = "conflict"
    REFUSED = "refused"
    NOT_YOURS = "not yours"
    SAVED = "saved"
    UNCHANGED = "unchanged"


WORDS = {
    Verdict.CONFLICT: msg("Conflit"),
    Verdict.REFUSED: msg("Refusé"),
    Verdict.NOT_YOURS: msg("Pas à vous"),
    Verdict.SAVED: msg("Enregistré"),
    Verdict.UNCHANGED: msg("Inchangé"),
}
WOULD_SAVE = msg("À enregistrer")
FILLS = {
    Verdict.CONFLICT: PatternFill("solid", start_color="FFE3B3"),
    Verdict.REFUSED: PatternFill("solid", start_color="F9D3C4"),
    Verdict.NOT_YOURS: PatternFill("solid", start_color="E3E6EA"),
    Verdict.SAVED: PatternFill("solid", start_color="CDEBDD"),
}
STATE_WIDTH, DETAIL_WIDTH = 16, 90
LINE = 13.5
"""Height of a line of text, in points."""


@dataclass(frozen=True)
class Said:
    """A change in words.

    Attributes:
        line: where it stands in the file.
        verdict: what became of it.
        word: that in the reader's language.
        name: the record's name.
        field: what was changed; empty where it is of the whole row.
        label: the field's, on screen.
        old: what was seen at the export.
        new: what was filled in.
        why: the reason; of a conflict who set what, and when.
    """

    line: Line
    verdict: Verdict
    word: str
    name: str
    field: str
    label: str
    old: str
    new: str
    why: str


def verdict(outcome: Outcome) -> Verdict:
    """What became of a change: a record out of one's scope is not one's own."""
    match outcome.state:
        case State.SAVED:
            return Verdict.SAVED
        case State.CONFLICT:
            return Verdict.CONFLICT
        case State.FORBIDDEN if not outcome.edit.field:
            return Verdict.NOT_YOURS
    return Verdict.REFUSED


def say(found: Returned, told: Told, loc: Locale, *, written: bool) -> list[Said]:
    """Each change in words.

    Args:
        found: the form that came back.
        told: what `check` or `save` answered.
        loc: the reader's language.
        written: whether it was saved, not only looked at.
    """
    return [_say(found, line, outcome, loc, written=written) for line, outcome in told]


def _say(found: Returned, line: Line, outcome: Outcome, loc: Locale, *, written: bool) -> Said:
    edit, verdict_ = outcome.edit, verdict(outcome)
    before = found.proposal.before if found.proposal else {}
    record = before.get((edit.entity, edit.id), {})
    why = loc.say(outcome.message)
    new = shown(found, edit.entity, edit.field, edit.value, loc)
    if verdict_ is Verdict.CONFLICT:
        why = loc.t(
            "{who} a saisi « {theirs} » le {moment} ; vous : « {mine} ».",
            who=outcome.by,
            theirs=shown(found, edit.entity, edit.field, outcome.current, loc),
            moment=loc.moment(outcome.at),
            mine=new,
        )
    pending = verdict_ is Verdict.SAVED and not written
    return Said(
        line,
        verdict_,
        loc.t(WOULD_SAVE if pending else WORDS[verdict_]),
        str(record.get("name") or DASH),
        edit.field,
        loc.t(FIELDS[edit.field]) if edit.field in FIELDS else edit.field,
        shown(found, edit.entity, edit.field, record.get(edit.field), loc) if edit.field else "",
        new if edit.field else "",
        why,
    )


def shown(found: Returned, entity: str, name: str, value: Any, loc: Locale) -> str:
    """A stored value as a message says it."""
    if missing(value):
        return DASH
    column = next((one for one in found.columns.get(entity, ()) if one.name == name), None)
    if column is None or (isinstance(value, str) and column.kind in form.NUMBERS):
        return str(value)  # as it was typed
    try:
        cell = form.written(column, value)
    except ValueError:  # what was typed, where it is no value
        return str(value)
    writers: dict[Kind, Callable[[Any], str]] = {
        Kind.DATE: loc.date,
        Kind.RATIO: loc.percent,
        Kind.MONEY: lambda amount: loc.money(amount, cents=True),
        Kind.COUNT: loc.count,
    }
    return str(cell) if isinstance(cell, str) else writers.get(column.kind, str)(cell)


def counts(found: Returned, said: Sequence[Said]) -> dict[Verdict, int]:
    """How many changes were saved, refused, and so on; of what is unchanged, how many rows."""
    changed = {one.line for one in said}
    counted = Counter(one.verdict for one in said)
    counted[Verdict.UNCHANGED] = sum(line not in changed for line in found.lines)
    return {verdict_: counted[verdict_] for verdict_ in Verdict}


def summary(found: Returned, said: Sequence[Said], loc: Locale, *, written: bool) -> str:
    """The counts in words: "Enregistré : 3 · Refusé : 1 · lignes inchangées : 40"."""
    parts = []
    for verdict_, count in counts(found, said).items():
        pending = verdict_ is Verdict.SAVED and not written
        word = loc.t(WOULD_SAVE if pending else WORDS[verdict_])
        if verdict_ is Verdict.UNCHANGED:
            word = loc.t("lignes inchangées")
        if count or verdict_ in {Verdict.SAVED, Verdict.UNCHANGED}:
            parts.append(f"{word} : {loc.count(count)}")
    return " · ".join(parts)


def report(found: Returned, said: Sequence[Said], loc: Locale, *, written: bool) -> bytes:
    """The file itself, with what became of each row beside it and its cells coloured by it."""
    by_line: dict[Line, list[Said]] = {line: [] for line in found.lines}
    for one in said:
        by_line.setdefault(one.line, []).append(one)
    head = summary(found, said, loc, written=written)
    for grid in found.grids:
        lines = {line: held for line, held in by_line.items() if line.sheet == grid.title}
        _mark(found, grid, lines, loc, (head, " ".join(map(loc.say, found.notes))))
    out = io.BytesIO()
    found.workbook.save(out)
    return out.getvalue()


def _mark(
    found: Returned,
    grid: Grid,
    lines: Mapping[Line, Sequence[Said]],
    loc: Locale,
    above: Sequence[str],
) -> None:
    """Add the two columns to a sheet, or fill them again where an earlier report has."""
    sheet: Any = found.workbook[grid.title]
    state = grid.places.get("state") or max(grid.places.values()) + 1
    detail = grid.places.get("detail") or state + 1
    for place, name, width, label in (
        (state, "state", STATE_WIDTH, loc.t("Résultat")),
        (detail, "detail", DETAIL_WIDTH, loc.t("Détail")),
    ):
        sheet.column_dimensions[get_column_letter(place)].width = width
        sheet.cell(grid.names_row, place).value = f"{grid.entity}.{name}"
        _put(sheet.cell(grid.names_row + 1, place), label, BOLD, HEAD_FILL)
    for row, text in enumerate(above, 1):
        if row < grid.names_row:
            _put(sheet.cell(row, detail), text, NOTE, wrap=False)
    for line, held in lines.items():
        weightiest = min((one.verdict for one in held), key=list(Verdict).index, default=None)
        verdict_ = weightiest or Verdict.UNCHANGED
        word = next((one.word for one in held if one.verdict is verdict_), loc.t(WORDS[verdict_]))
        _put(sheet.cell(line.row, state), word, BOLD, FILLS.get(verdict_))
        texts = [detailed(one) for one in held]
        _put(sheet.cell(line.row, detail), "\n".join(texts), PLAIN)
        # Nobody works out a row's height from its wrapped text but Excel itself, when edited.
        lines_ = sum(ceil(len(text) / DETAIL_WIDTH) for text in texts)
        if lines_ > 1:
            sheet.row_dimensions[line.row].height = LINE * lines_
        for one in held:
            if one.field in grid.places:
                sheet.cell(line.row, grid.places[one.field]).fill = copy(FILLS[one.verdict])


def detailed(one: Said) -> str:
    """A change and what became of it in one line."""
    change = f"{one.old} → {one.new}"
    told = one.why or change
    return f"{one.label} : {told}" if one.label else told


def _put(cell: Any, text: str, font: Any, fill: Any = None, *, wrap: bool = True) -> None:
    cell.value = cells.value(text, Kind.TEXT) if text else None
    if text:
        cell.data_type = "s"
        cell.quotePrefix = cells.is_risky(text)
    cell.font = copy(font)
    cell.alignment = Alignment(vertical="top", wrap_text=wrap)
    cell.fill = copy(fill) if fill else PatternFill()


def refused(said: Sequence[Said]) -> bool:
    """Whether anything that was filled in was not taken."""
    return any(one.verdict is not Verdict.SAVED for one in said)
