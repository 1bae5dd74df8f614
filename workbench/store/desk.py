"""The desk where edits are judged: who sits there, what they may write, what is asked once."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from workbench.errors import Reason, UnknownName
from workbench.locale import msg
from workbench.store import access
from workbench.store.fields import RESTRICTED
from workbench.store.rows import mark, rows_of
from workbench.store.rules import Rules, StageFacts
from workbench.store.schema import Contact, Pipeline, Stage
from workbench.vocabulary import Right, StageKind, field_name

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Connection

    from workbench.store.access import Viewer

Record = dict[str, Any]
Key = tuple[str, int]  # entity, record


@dataclass
class Desk:
    """What judging needs, each thing read when it is first asked for, once per batch."""

    connection: Connection
    viewer: Viewer
    today: dt.date
    rules: Rules
    _owners: dict[Key, set[int | None]] = field(default_factory=dict)
    _accounts: dict[Key, int | None] = field(default_factory=dict)

    @cached_property
    def reps(self) -> frozenset[int] | None:
        """The reps whose records the viewer sees; None means all of them."""
        return access.visible_reps(self.connection, self.viewer, self.today)

    @cached_property
    def shared(self) -> frozenset[int]:
        """The accounts that are shared with the viewer to be written."""
        return access.shared(self.connection, self.viewer, self.today, writing=True)

    @cached_property
    def stages(self) -> dict[int, StageFacts]:
        """All stages by id.

        Raises:
            UnknownName: the rules give an order to a pipeline that isn't there.
        """
        ordered = select(
            Stage.id, Stage.kind, Stage.pipeline_id, Stage.label, Pipeline.code, Stage.position
        ).join(Pipeline, Pipeline.id == Stage.pipeline_id)
        found = {
            id_: StageFacts(StageKind(kind), pipeline_id, label, pipeline, position)
            for id_, kind, pipeline_id, label, pipeline, position in self.connection.execute(
                ordered
            )
        }
        known = {stage.pipeline for stage in found.values()}
        for name in self.rules.stage_order:
            if name not in known:
                raise UnknownName("pipeline of [rules.stage_order]", name, known)
        return found

    def belonging(self, entity: str, records: Mapping[int, Record], names: Iterable[str]) -> None:
        """Find out whose these records are, where that matters for writing these fields."""
        if self.reps is None and not any((entity, name) in RESTRICTED for name in names):
            return
        accounts = accounts_of(self.connection, entity, records)
        owners = owners_of(self.connection, entity, records, accounts, self.today)
        self._accounts |= {(entity, id_): account for id_, account in accounts.items()}
        self._owners |= {(entity, id_): some for id_, some in owners.items()}

    def seen(self, accounts: set[int]) -> set[int]:
        """Those of the accounts that the viewer sees."""
        if self.reps is None:
            return accounts
        themselves: dict[int, int | None] = {id_: id_ for id_ in accounts}
        records: dict[int, Record] = {id_: {} for id_ in accounts}
        owners = owners_of(self.connection, "account", records, themselves, self.today)
        shared = access.shared(self.connection, self.viewer, self.today)
        return {id_ for id_ in accounts if owners[id_] & self.reps or id_ in shared}

    def absent(self, entity: str, name: str) -> Reason | None:
        """Why the viewer may not write a field of a record that isn't there: as if it were."""
        why = access.barred(self.viewer, entity, name)
        return why or (None if self.reps is None else access.NOT_THEIRS)

    def closed(
        self, entity: str, name: str, record: Record, *, undoing: bool = False
    ) -> Reason | None:
        """Why the viewer may not write a field of a record: theirs it isn't, or what is in it.

        Where there is no confidential note anybody may write one, but not bring one back unseen.
        """
        key = (entity, int(record["id"]))
        why = access.barred(self.viewer, entity, name)
        if why:
            return why
        owners = self._owners.get(key, set())
        if (
            self.reps is not None
            and not owners & self.reps
            and self._accounts.get(key) not in self.shared
        ):
            return access.NOT_THEIRS
        right = RESTRICTED.get((entity, name))
        if right is None:
            return None
        fresh = right is Right.CONFIDENTIAL and record.get(name) is None and not undoing
        if fresh or access.may_see(
            self.connection, self.viewer, entity, name, key[1], owners, self.today
        ):
            return None
        return Reason(
            msg("Le champ « {field} » est réservé à qui en a le droit."), field=field_name(name)
        )


def accounts_of(
    connection: Connection, entity: str, records: Mapping[int, Record]
) -> dict[int, int | None]:
    """By record, the account that it is, or is of."""
    if entity == "account":
        return {id_: id_ for id_ in records}
    if entity != "consent":
        return {id_: record.get("account_id") for id_, record in records.items()}
    contacts = {of for record in records.values() if (of := record.get("contact_id"))}
    statement = "SELECT id, account_id FROM contact WHERE id IN"
    at = dict(map(tuple, rows_of(connection, statement, contacts)))
    return {id_: at.get(record.get("contact_id")) for id_, record in records.items()}


def owners_of(
    connection: Connection,
    entity: str,
    records: Mapping[int, Record],
    accounts: Mapping[int, int | None],
    today: dt.date,
) -> dict[int, set[int | None]]:
    """By record, the reps to whom it belongs today: its account's, and a deal's own."""
    here = mark(connection)
    statement = (
        f"SELECT account_id, rep_id FROM owner_period WHERE valid_from <= {here} "  # noqa: S608 - our names
        f"AND (valid_to IS NULL OR valid_to > {here}) AND account_id IN"
    )
    day: Any = today.isoformat() if connection.dialect.name == "sqlite" else today
    known = {account for account in accounts.values() if account is not None}
    rep_of = dict(map(tuple, rows_of(connection, statement, known, day, day)))
    found: dict[int, set[int | None]] = {}
    for id_, record in records.items():
        account = accounts[id_]
        found[id_] = set() if account is None else {rep_of.get(account)}
        if entity == "opportunity":
            found[id_].add(record.get("owner_id"))
    return found


def account_of(connection: Connection, entity: str, row: Mapping[str, Any]) -> int | None:
    """The account that a record is, or is of."""
    if entity == "consent":
        return connection.scalar(select(Contact.account_id).where(Contact.id == row["contact_id"]))
    return row["id"] if entity == "account" else row.get("account_id")


def owners(
    connection: Connection, entity: str, row: dict[str, Any], today: dt.date
) -> set[int | None]:
    """The reps to whom one record belongs today."""
    account = {int(row["id"]): account_of(connection, entity, row)}
    return owners_of(connection, entity, {int(row["id"]): row}, account, today)[int(row["id"])]
