"""What the journal says: the state of a record, and the periods that it went through.

Pure: changes in, values out. The stored rows and periods are derived by these functions, the past
is read back with them, and `workbench check` holds the one against the other.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

BEGINNING = dt.date(1900, 1, 1)  # effective date of what held since a time nobody wrote down


@dataclass(frozen=True, slots=True)
class Event:
    """One row of the journal; `value` is the new value, or the snapshot of a create."""

    id: int
    record_id: int
    effective: dt.date
    op: str
    field: str | None
    value: Any
    undoes: int | None = None


@dataclass(frozen=True)
class Subject:
    """A kind of period: of which entity and fields, stored where."""

    table: str
    entity: str
    key: str
    fields: dict[str, str]  # field of the entity -> column of the period
    lead: str | None = None  # its values count as reached even when passed within a day
    sparse: bool = False  # periods in which the value is null are left out


SUBJECTS = (
    Subject("status_period", "account", "account_id", {"status": "status"}, lead="status"),
    Subject("owner_period", "account", "account_id", {"owner_id": "rep_id"}, sparse=True),
    Subject("parent_period", "account", "account_id", {"parent_id": "parent_id"}, sparse=True),
    Subject("team_period", "rep", "rep_id", {"manager_id": "manager_id"}, sparse=True),
    Subject(
        "deal_period",
        "opportunity",
        "opportunity_id",
        {name: name for name in ("stage_id", "amount", "close_date", "probability", "owner_id")},
        lead="stage_id",
    ),
)


def decode(text: str | bytes | None) -> Any:
    """A journal value from its JSON."""
    return None if text is None else orjson.loads(text)


def undone(events: Iterable[Event]) -> set[int]:
    """The numbers of the changes that are undone; an undo that is itself undone undoes nothing."""
    found: set[int] = set()
    for event in sorted((e for e in events if e.undoes is not None), key=lambda e: -e.id):
        if event.id not in found and event.undoes is not None:
            found.add(event.undoes)
    return found


def active(events: Iterable[Event]) -> list[Event]:
    """The changes that hold: neither undone nor an undoing; ordered as they take effect."""
    listed = list(events)
    gone = undone(listed)
    held = [e for e in listed if e.undoes is None and e.id not in gone]
    return sorted(held, key=lambda e: (e.record_id, e.op != "create", e.effective, e.id))


def by_record(events: Iterable[Event]) -> Iterator[tuple[int, list[Event]]]:
    """Each record's held changes, its create first."""
    for record_id, group in groupby(active(events), key=attrgetter("record_id")):
        yield record_id, list(group)


def state(events: Sequence[Event], until: dt.date | None = None) -> dict[str, Any] | None:
    """A record's fields after its held changes, those effective after `until` left out.

    Returns:
        None where the record wasn't there yet, or is there no more.
    """
    if not events or events[0].op != "create":
        return None
    fields = dict(events[0].value)
    for event in events[1:]:
        if until is not None and event.effective > until:
            break
        if event.op == "delete":
            return None
        fields[str(event.field)] = event.value
    return fields


Period = tuple[tuple[Any, ...], dt.date, dt.date | None]


def periods(subject: Subject, events: Sequence[Event]) -> list[Period]:
    """A record's periods `(values, valid_from, valid_to)` for a subject, in order.

    A value that was left on the day it was taken makes a period of no length, kept only where it
    is the subject's lead (a stage that was passed within a day was reached all the same).

    >>> day = dt.date
    >>> subject = SUBJECTS[0]
    >>> periods(subject, [
    ...     Event(1, 7, day(2025, 1, 1), "create", None, {"status": "suspect"}),
    ...     Event(2, 7, day(2025, 3, 1), "set", "status", "prospect"),
    ... ])
    [(('suspect',), datetime.date(2025, 1, 1), datetime.date(2025, 3, 1)),
     (('prospect',), datetime.date(2025, 3, 1), None)]
    """
    if not events or events[0].op != "create":
        return []
    names = list(subject.fields)
    start = events[0].effective
    current = {name: events[0].value.get(name) for name in names}
    steps: list[tuple[tuple[Any, ...], dt.date]] = [(tuple(current.values()), start)]
    end: dt.date | None = None
    for event in events[1:]:
        if event.op == "delete":
            end = event.effective
        elif event.field in current:
            current[event.field] = event.value
            if event.effective < start:  # it held before the record was there
                steps.pop()
            steps.append((tuple(current.values()), max(event.effective, start)))
    lead = names.index(subject.lead) if subject.lead else None
    kept: list[tuple[tuple[Any, ...], dt.date]] = []
    for position, (values, since) in enumerate(steps):
        following = steps[position + 1] if position + 1 < len(steps) else None
        if following and following[1] == since:
            passed = (
                lead is not None
                and values[lead] != following[0][lead]
                and not (kept and values[lead] == kept[-1][0][lead])
            )
            if not passed:
                continue
        if kept and kept[-1][0] == values:
            continue
        kept.append((values, since))
    ends = [since for _, since in kept[1:]] + [end]
    return [
        (values, since, until)
        for (values, since), until in zip(kept, ends, strict=True)
        if not (subject.sparse and values[0] is None)
    ]
