"""Changes proposed by a frame: what somebody wrote in it, against what they had seen.

Editors in a notebook, the Excel form and scripts all come through here. A record is known by its
id, what its editor saw by its version; whether a change may be saved, and what it meets, is the
journal's to say.
"""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import narwhals as nw
import pandas as pd

from workbench.errors import MissingColumns, NotAllowed, Reason, SettingsError, UnknownName
from workbench.locale import missing, msg
from workbench.settings import Settings
from workbench.store import access, access_log, journal
from workbench.store.journal import Edit, Outcome, State
from workbench.store.origin import origin
from workbench.store.replay import by_record, state
from workbench.store.rows import columns_of, events_of, plain_value
from workbench.tables import TABLES
from workbench.vocabulary import Surface, field_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from workbench.store.access import Viewer
    from workbench.store.dataset import Dataset
    from workbench.store.rules import Rules

Record = dict[str, Any]
TABLE_OF = {
    "account": "accounts",
    "contact": "contacts",
    "opportunity": "opportunities",
}
"""What can be edited row by row, and the table that it is read from."""


@dataclass(frozen=True)
class Proposal:
    """Changes to look at, and to save.

    Attributes:
        data: the dataset that they are changes of.
        edits: what is to be asked of the journal.
        stopped: what can't be asked of it, with the reason: no such record, no such field.
        before: the records as their editor saw them, by entity and id.
    """

    data: Dataset
    edits: tuple[Edit, ...] = ()
    stopped: tuple[Outcome, ...] = ()
    before: Mapping[tuple[str, int], Record] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        """How many changes there are, those that are stopped included."""
        return len(self.edits) + len(self.stopped)

    @property
    def frame(self) -> pd.DataFrame:
        """A row per change: entity, id, name, field, old, new, and why it is stopped, if it is."""
        told = [(edit, "") for edit in self.edits]
        told += [(one.edit, one.message) for one in self.stopped]
        return pd.DataFrame(
            [
                (
                    edit.entity,
                    edit.id,
                    self.before.get((edit.entity, edit.id), {}).get("name"),
                    edit.field,
                    self.before.get((edit.entity, edit.id), {}).get(edit.field),
                    edit.value,
                    why,
                )
                for edit, why in told
            ],
            columns=["entity", "id", "name", "field", "old", "new", "stopped"],
        )

    def check(
        self, *, viewer: Viewer | str | None = None, rules: Rules | None = None
    ) -> list[Outcome]:
        """What `save` would answer now, change by change; nothing is written."""
        asked = journal.check(
            self.data.engine,
            self.edits,
            viewer=someone(self.data, viewer),
            today=self.data.today,
            rules=rules or Settings.load().rules,
        )
        return [*asked, *self.stopped]

    def save(
        self,
        *,
        viewer: Viewer | str | None = None,
        surface: Surface = Surface.NOTEBOOK,
        each: bool = False,
        reason: str | None = None,
        rules: Rules | None = None,
    ) -> list[Outcome]:
        """Save all of the changes or none; with `each`, those that are sound.

        Args:
            viewer: who saves; the dataset's viewer, else WORKBENCH_USER, where None.
            surface: where they come from.
            each: save what is sound, whatever becomes of the rest.
            reason: why, for the journal.
            rules: those of the settings where None.

        Returns:
            An outcome per change: saved, refused, conflict, forbidden or held.

        Raises:
            NotAllowed: nobody is said to save, or no user is called so.
        """
        who = someone(self.data, viewer)
        others = [one.edit for one in self.stopped if one.state is State.FORBIDDEN]
        if others:
            told = ", ".join(f"{edit.entity} {edit.id}" for edit in others)
            access_log.forbidden(self.data.engine, who.username, told)
        if self.stopped and not each:
            return [
                replace(one, state=State.HELD, message=journal.OTHERS)
                if one.state is State.SAVED
                else one
                for one in self.check(viewer=who, rules=rules)
            ]
        asked = journal.save(
            self.data.engine,
            self.edits,
            viewer=who,
            surface=surface,
            each=each,
            today=self.data.today,
            rules=rules or Settings.load().rules,
            reason=reason,
        )
        return [*asked, *self.stopped]


def someone(data: Dataset, given: Viewer | str | None = None) -> Viewer:
    """Whoever saves; a report's reader is always the one that it runs for.

    Raises:
        NotAllowed: nobody is said to, or no user is called so.
    """
    who = data.viewer or given or os.environ.get("WORKBENCH_USER")
    if not who:
        raise NotAllowed('Who saves? Give viewer="user name", or set WORKBENCH_USER.')
    return access.viewer(data.engine, who) if isinstance(who, str) else who


def propose(
    data: Dataset,
    frame: Any,
    *,
    entity: str | None = None,
    effective: dt.date | None = None,
    reason: str | None = None,
) -> Proposal:
    """The changes that an edited frame asks for.

    A field counts as changed where it differs from what the record held at the row's version: what
    others have changed since is neither taken for a change nor overwritten unseen. What the store
    holds already is no change: a frame proposed twice is saved once. A frame may have any of the
    table's columns, in any order, and others of its own, which are left alone.

    Args:
        data: the dataset that the frame came from, at today's date.
        frame: pandas, Polars or DuckDB, with `id` and, so that what others changed since is seen,
            `version`; without it, a row is compared with the record as it is in the dataset.
        entity: account, opportunity or contact; told by the columns where None.
        effective: from when the changes hold; today where None.
        reason: why, for the journal.

    Raises:
        MissingColumns: the frame has no `id`.
        SettingsError: the dataset is of another day than today, or the entity can't be told.
        UnknownName: no such entity.
    """
    of_today(data)
    of_today(origin(frame) or data)
    eager = nw.from_native(frame).lazy().collect()
    if "id" not in eager.columns:
        raise MissingColumns("propose", ["id"], eager.columns)
    entity = entity_of(eager.columns, entity)
    rows = eager.rows(named=True)
    versions = versions_of(rows)
    own = set(columns_of(entity)) | set(TABLES[TABLE_OF[entity]].names)
    names = [name for name in eager.columns if name in own - {"id", "version"}]
    before = seen(data, entity, versions, names)
    current = seen(data, entity, dict.fromkeys(versions), names)
    edits: list[Edit] = []
    stopped: list[Outcome] = []
    done: set[int] = set()
    for row in rows:
        why = _unfit(row, before, done)
        if why:
            id_ = 0 if missing(row["id"]) else int(row["id"])
            edit = Edit(entity, id_, _version(row) or 0, "", None)
            stopped.append(
                Outcome(edit, State.FORBIDDEN if why is access.NOT_THEIRS else State.REFUSED, why)
            )
            continue
        record = before[int(row["id"])]
        done.add(int(row["id"]))
        wanted = {name: row[name] for name in names}
        for edit in compare(entity, record, wanted, effective=effective, reason=reason):
            if same(entity, edit.field, current[edit.id].get(edit.field), edit.value):
                continue
            if edit.field in columns_of(entity):
                edits.append(edit)
            else:
                why = Reason(
                    msg("« {field} » ne se modifie pas ici."), field=field_name(edit.field)
                )
                stopped.append(Outcome(edit, State.REFUSED, why))
    kept = {(entity, id_): before[id_] for id_ in done}
    return Proposal(data, tuple(edits), tuple(stopped), kept)


def of_today(data: Dataset) -> None:
    """Nothing, where what a dataset holds can be corrected.

    Raises:
        SettingsError: it is of another day than today, or of what was known once.
    """
    if data.as_of != data.today or data.known_at is not None:
        then = f"{data.as_of}, as known at {data.known_at}" if data.known_at else data.as_of
        raise SettingsError(
            f"Data as of {then} can't be corrected: what is corrected is what holds today, "
            f"{data.today}. Open the data without as_of and known_at."
        )


def versions_of(rows: Iterable[Mapping[str, Any]]) -> dict[int, int | None]:
    """The version that each row was seen at, by id; None where it doesn't say."""
    return {int(row["id"]): _version(row) for row in rows if not missing(row["id"])}


def _version(row: Mapping[str, Any]) -> int | None:
    given = row.get("version")
    return None if missing(given) else int(given)  # type: ignore[arg-type]  # NA is missing


def _unfit(row: Mapping[str, Any], before: Mapping[int, Record], done: set[int]) -> Reason | None:
    """Why a row can't be compared with its record."""
    if missing(row["id"]):
        return Reason(msg("Cette ligne n’a pas de numéro de fiche : rien n’en est créé."))
    record = before.get(int(row["id"]))
    if record is None:
        return access.NOT_THEIRS
    if int(row["id"]) in done:
        return Reason(msg("La fiche {id} figure déjà sur une autre ligne."), id=int(row["id"]))
    if "version" not in record:
        return Reason(
            msg("La fiche {id} n’a pas encore la version {version}."),
            id=int(row["id"]),
            version=_version(row),
        )
    return None


def compare(
    entity: str,
    before: Mapping[str, Any],
    wanted: Mapping[str, Any],
    *,
    effective: dt.date | None = None,
    reason: str | None = None,
) -> Iterator[Edit]:
    """The edits that take a record from what was seen to what is wanted.

    Args:
        entity: the store's table.
        before: the record as it was seen, with its `id` and `version`.
        wanted: its fields as they are to be; those not named stay as they are.
        effective: from when they hold; today where None.
        reason: why, for the journal.

    >>> seen = {"id": 7, "version": 2, "need": "latent", "budget": 1200.0}
    >>> [edit.field for edit in compare("account", seen, {"need": None, "budget": 1200})]
    ['need']
    """
    for name, value in wanted.items():
        if not same(entity, name, before.get(name), value):
            yield Edit(
                entity,
                int(before["id"]),
                int(before["version"]),
                name,
                _python(value),
                effective,
                reason,
            )


def same(entity: str, name: str, one: Any, other: Any) -> bool:
    """Whether two values of a field are the same once stored: 2.50 and 2.5, a day and its text.

    >>> same("account", "budget", 100.001, 100), same("account", "qualified_on", None, "2026-09-30")
    (True, False)
    """
    if missing(one) or missing(other):
        return missing(one) and missing(other)
    column = columns_of(entity).get(name)
    if column is None:
        return bool(_python(one) == _python(other))
    try:
        return bool(plain_value(one, column) == plain_value(other, column))
    except (ValueError, TypeError, ArithmeticError):
        return False  # no value of that field: the journal says so


def _python(value: Any) -> Any:
    """A frame's value as plain Python: None for what isn't there, days without a time."""
    if missing(value):
        return None
    if isinstance(value, dt.datetime):
        return value.date()
    return value.item() if hasattr(value, "item") else value


def seen(
    data: Dataset, entity: str, versions: Mapping[int, int | None], names: Iterable[str] = ()
) -> dict[int, Record]:
    """The records as they stood at these versions, by id; a version of None is the dataset's.

    Records that the viewer doesn't see are left out. One that has not yet reached the version
    asked for comes without `version`.

    Args:
        data: the dataset; its filters don't count.
        entity: the store's table.
        versions: by id.
        names: the fields needed, where these are more than the dataset's own columns.
    """
    whole = replace(data, filters=(), backend="pandas", _frames={}).table(TABLE_OF[entity])
    known = whole[whole["id"].isin(list(versions))]
    records: dict[int, Record] = {
        int(row["id"]): {str(name): _python(value) for name, value in row.items()}
        for row in known.to_dict("records")
    }
    more = set(names) & set(columns_of(entity)) - set(whole.columns)
    older = {
        id_: versions[id_] or int(record["version"])
        for id_, record in records.items()
        if more or versions[id_] not in {None, record["version"]}
    }
    for id_, then in _then(data, entity, older):
        if then is None:
            records[id_].pop("version")
        else:
            records[id_] |= {**dict.fromkeys(columns_of(entity)), **then, "version": older[id_]}
    for record in records.values():
        for name in data.scope.hidden().get(entity, ()):
            record.pop(name, None)
    return records


def _then(
    data: Dataset, entity: str, versions: Mapping[int, int]
) -> Iterator[tuple[int, Record | None]]:
    """Records at a version, read back from the journal: each change of a field raises it by one."""
    if not versions:
        return
    with data.engine.connect() as connection:
        events = events_of(connection, entity, versions)
    reached = dict.fromkeys(versions, 0)
    early = []
    for event in sorted(events, key=lambda event: event.id):
        raises = event.op == "set" or not reached[event.record_id]
        if reached[event.record_id] + raises <= versions[event.record_id]:
            reached[event.record_id] += raises
            early.append(event)
    states = {id_: state(held, data.as_of) for id_, held in by_record(early)}
    for id_, version in versions.items():
        yield id_, states.get(id_) if reached[id_] == version else None


def entity_of(columns: Iterable[str], said: str | None = None) -> str:
    """What the rows of a frame are: as it is said, else by its columns.

    >>> entity_of(["id", "version", "stage_id", "amount"]), entity_of(["id", "need"])
    ('opportunity', 'account')

    Raises:
        SettingsError: they could be of several.
        UnknownName: nothing that can be edited row by row is called as it is said.
    """
    if said is not None:
        if said not in TABLE_OF:
            raise UnknownName("editable entity", said, TABLE_OF)
        return said
    given = set(columns) - {"id", "version"}
    found = {
        entity: len(given & (set(columns_of(entity)) | set(TABLES[TABLE_OF[entity]].names)))
        for entity in TABLE_OF
    }
    most = max(found.values())
    [first, *others] = [entity for entity, count in found.items() if count == most]
    if others:
        raise SettingsError(
            f"The columns {', '.join(sorted(given))} may be of {first} or {', '.join(others)}: "
            f"say which, entity={first!r}."
        )
    return first
