"""Keeps those who were anonymised out of what a source brings again.

Their rows are known by the keyed hash of the source's own key and left out; what refers to them is
led to the record that has no name any more; and what their rows tell of them (which is nowhere
else, by then) is taken out of the other rows of the same files.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pandas as pd
from sqlalchemy import select

from workbench.sources import crm
from workbench.store.privacy import key as keys
from workbench.store.privacy import rejected
from workbench.store.privacy.fields import MASK, instead
from workbench.store.privacy.mentions import Known, Mentions, Reach
from workbench.store.privacy.people import Others
from workbench.store.schema import KeptOut as Row

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from sqlalchemy import Connection

    from workbench.sources.crm import Tables
    from workbench.sources.ledger import Book
    from workbench.sources.tabular import Rows
    from workbench.store.privacy.key import Key

PEOPLE = ("contact", "account")
OWN = ("first_name", "last_name", "email", "phone", "siren", "siret", "iban", "postcode")
"""Fields that say who somebody is: another's, where the row isn't theirs."""
NAMELESS = instead("ledger_customer", 0)["name"]


@dataclass
class KeptOut:
    """What a source's files are screened for.

    Attributes:
        connection: to the store.
        key: by which codes are hashed.
        source: whose files.
        codes: by kind and hash, the record's code now, and whether the row is left out.
        left: rows left out so far.
    """

    connection: Connection
    key: Key
    source: str
    codes: dict[tuple[str, str], tuple[str, bool]]
    left: int = 0
    _known: list[Known] = field(default_factory=list)

    @classmethod
    def of(cls, connection: Connection, key: Key | None, source: str) -> KeptOut | None:
        """What the store keeps out; None where it keeps nothing.

        Raises:
            StoreError: it does, and this isn't the key.
        """
        if not keys.verify(connection, key) or key is None:
            return None
        rows = connection.execute(select(Row.kind, Row.hash, Row.code, Row.whole))
        return cls(
            connection,
            key,
            source,
            {(row.kind, row.hash): (row.code or "", row.whole) for row in rows},
        )

    def _found(self, kind: str, code: Any) -> tuple[str, bool] | None:
        parts = (kind, str(code)) if kind == "customer" else (kind, self.source, str(code))
        return self.codes.get((kind, self.key.hash(*parts)))

    def _renamed(self, kind: str, codes: pd.Series[Any]) -> dict[Hashable, tuple[str, bool]]:
        """Of some codes, those that are known."""
        if not any(one == kind for one, _ in self.codes):
            return {}
        found = {code: self._found(kind, code) for code in codes.dropna().unique()}
        return {code: held for code, held in found.items() if held is not None}

    # A CRM

    def screen(self, tables: Tables) -> None:
        """Take them out of a CRM's rows and histories."""
        for rows in tables.rows:
            self._screened(rows)
        if self._known:
            others = Others(self.connection)
            self._known = [others.apart(known) for known in self._known]
        for rows in tables.rows:
            self._led(rows)
        mentions = Mentions(self._known)
        for rows in tables.rows:
            rows.frame = _masked(rows.frame, crm.references(rows.entity), mentions)
        tables.past = {
            entity: self._past(entity, timeline, mentions)
            for entity, timeline in tables.past.items()
        }
        if self.left:
            tables.notes.append(f"Anonymised, left out: {self.left} rows")

    def _screened(self, rows: Rows) -> None:
        """Leave out the rows of those anonymised, having looked at what they say."""
        known = self._renamed(rows.entity, rows.frame["code"])
        if not known:
            return
        whole = {code for code, (_, left) in known.items() if left}
        out = rows.frame["code"].isin(list(whole))
        if rows.entity in PEOPLE:
            self._known += [_told(row) for row in rows.frame[out].to_dict("records")]
        self.left += int(out.sum())
        rows.read -= int(out.sum())
        code = rows.frame["code"].map(lambda one: known[one][0] if one in known else one)
        rows.frame = rows.frame.assign(code=code)[~out]

    def _led(self, rows: Rows) -> None:
        """Lead references to the records as they are called now; say nothing more about them."""
        frame = rows.frame
        theirs = pd.Series(False, index=frame.index)  # noqa: FBT003
        for name, target in crm.references(rows.entity).items():
            if name not in frame:
                continue
            known = self._renamed(target, frame[name])
            if known:
                if target in PEOPLE:
                    theirs |= frame[name].isin([one for one, (_, left) in known.items() if left])
                frame = frame.assign(
                    **{name: frame[name].map(lambda one, k=known: k[one][0] if one in k else one)}
                )
        if rows.entity == "consent":
            self.left += int(theirs.sum())
            rows.read -= int(theirs.sum())
            frame = frame[~theirs]
        elif theirs.any():
            close = Mentions(self._known, lambda *_: Reach.CLOSE)
            frame = pd.concat(
                [frame[~theirs], _masked(frame[theirs], crm.references(rows.entity), close)]
            ).loc[frame.index]
            for name, text in instead(rows.entity, 0).items():
                if name in frame and rows.entity not in PEOPLE:
                    frame = frame.assign(
                        **{name: frame[name].mask(theirs & frame[name].notna(), text)}
                    )
        rows.frame = frame

    def _past(self, entity: str, timeline: pd.DataFrame, mentions: Mentions) -> pd.DataFrame:
        if timeline.empty:
            return timeline
        known = self._renamed(entity, timeline["code"])
        whole = [code for code, (_, left) in known.items() if left]
        kept = timeline[~timeline["code"].isin(whole)]
        kept = kept.assign(
            code=kept["code"].map(lambda one: known[one][0] if one in known else one)
        )
        value = kept["value"].astype("object")
        for name, target in crm.references(entity).items():
            where = kept["field"] == name
            if where.any():
                led = self._renamed(target, value[where])
                value[where] = value[where].map(lambda one, k=led: k[one][0] if one in k else one)
        texts = value.map(lambda one: isinstance(one, str))
        value[texts] = value[texts].map(mentions.masked)
        return kept.assign(value=value)

    # A ledger

    def screen_books(self, books: list[Book]) -> None:
        """Take them out of ledgers: their names, and the labels of the entries that they are in."""
        for book in books:
            ledger = book.ledger
            known = self._renamed("customer", ledger.customers["code"])
            if not known:
                continue
            named = ledger.customers[ledger.customers["code"].isin(list(known))]
            names = [str(name) for name in named["name"].dropna() if str(name).strip()]
            mentions = Mentions([Known(exact=frozenset([one])) for one in names])
            lines = ledger.lines
            entries = pd.MultiIndex.from_frame(lines[["journal", "entry"]])
            theirs = entries.isin(entries[lines["customer"].isin(list(known))])
            lines = lines.assign(
                customer=lines["customer"].map(lambda one, k=known: k[one][0] if one in k else one),
                label=lines["label"].mask(theirs & lines["label"].notna(), MASK),
            )
            ours = lines["customer_name"].isin(names)
            lines["customer_name"] = lines["customer_name"].mask(ours, NAMELESS)
            book.ledger = replace(ledger, lines=_masked(lines, {"customer": ""}, mentions))

    # What didn't fit

    def rejected(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Rejected rows, nothing left in those that tell of them."""
        if frame.empty:
            return frame
        about = [
            self._tells(table, raw) for table, raw in zip(frame["table"], frame["raw"], strict=True)
        ]
        where = pd.Series(about, index=frame.index, dtype="bool")
        return frame.assign(
            raw=frame["raw"].mask(where, frame["raw"].map(rejected.emptied)),
            reason=frame["reason"].mask(where, frame["reason"].map(rejected.bare)),
        )

    def _tells(self, table: str, raw: str) -> bool:
        if ("raw", self.key.hash("raw", table, raw)) in self.codes:
            return True
        cells = rejected.cells(raw)
        whole = " ".join(cells)
        if any(known.told_by(whole) for known in self._known):
            return True
        found = (self._found(kind, cell) for kind in (*PEOPLE, "customer") for cell in cells)
        return any(held is not None and held[1] for held in found)


def _told(row: Mapping[Any, Any]) -> Known:
    """What a row of theirs tells of them."""

    def said(*names: str) -> frozenset[str]:
        values = (row.get(name) for name in names)
        return frozenset(one.strip() for one in values if isinstance(one, str) and one.strip())

    last = said("last_name")
    return Known(
        said("first_name"), last, said("email"), said("phone"), said("name", "siren", "siret"),
        common=last,  # a last name by itself may be anybody's
    )  # fmt: skip


def _masked(frame: pd.DataFrame, references: Mapping[str, str], mentions: Mentions) -> pd.DataFrame:
    """The frame's texts without those people; codes are left alone."""
    if not mentions.people:
        return frame
    for name in frame.columns:
        if name in {"code", *references, *OWN} or not pd.api.types.is_string_dtype(frame[name]):
            continue
        column = frame[name]
        new = {
            one: mentions.masked(one) for one in column.dropna().unique() if isinstance(one, str)
        }
        moved = {one: text for one, text in new.items() if one != text}
        if moved:
            frame = frame.assign(**{name: column.replace(moved)})
    return frame
