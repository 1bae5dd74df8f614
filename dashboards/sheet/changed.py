"""The account sheet's history: every field of the account, its deals and its contacts.

Values are told as people read them; what was undone since is marked so.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pandas as pd

from dashboards import tables
from dashboards.editing import corrections, history
from workbench.locale import DASH, missing, msg
from workbench.store.journal import BEGINNING
from workbench.vocabulary import Surface, field_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dashboards.editing.editgrid import Column
    from dashboards.session import Session
    from workbench.locale import Locale
    from workbench.store.dataset import Dataset


def changes(session: Session, data: Dataset, account: int) -> tables.Rows:
    """What was changed, by whom, the latest first."""
    loc = session.loc
    named = _records(data, account)
    every = data.table("changes")
    every = every[every["op"] == "set"]
    ours = pd.Series(data=False, index=every.index)
    for entity, ids in named.items():
        ours |= (every["entity"] == entity) & every["record_id"].isin(list(ids))
    frame, undoing = every[ours], every[every["undoes"].notna()]
    columns = {
        "account": corrections.accounts(data, session.viewer, loc, ""),
        "opportunity": corrections.opportunities(data, session.viewer, loc, ""),
        "contact": corrections.contacts(session.viewer, loc),
    }
    known = {(entity, one.field): one for entity, held in columns.items() for one in held}
    gone = undone(zip(undoing["id"], undoing["undoes"], strict=True))

    def state(id_: int, undoes: Any) -> str:
        if id_ in gone:
            return loc.t("annulé")
        return "" if missing(undoes) else loc.t("annulation")

    keys = list(zip(frame["entity"], frame["field"], strict=True))
    said: dict[str, list[str]] = {
        "record": [
            named[entity][id_]
            for entity, id_ in zip(frame["entity"], frame["record_id"], strict=True)
        ],
        "label": [loc.t(field_name(str(name))) for name in frame["field"]],
        "surface": [loc.label(Surface, value) for value in frame["surface"]],
        "undone": [state(*row) for row in zip(frame["id"], frame["undoes"], strict=True)],
        **{
            side: [
                value(text, known.get(key), loc)
                for text, key in zip(frame[side], keys, strict=True)
            ]
            for side in ("old", "new")
        },
    }
    frame = frame.assign(
        effective=frame["effective"].mask(frame["effective"] <= pd.Timestamp(BEGINNING)),
        **{name: pd.Series(held, index=frame.index, dtype="str") for name, held in said.items()},
    )
    return tables.Rows(
        loc.t("Modifications"),
        frame.sort_values("id", ascending=False),
        columns=["effective", "record", "label", "old", "new", "user", "surface", "undone"],
        more=["recorded_at", "reason"],
        phone=["effective", "label", "new"],
        labels={
            "effective": msg("Effet le"),
            "record": msg("Fiche"),
            "label": msg("Champ"),
            "old": msg("Avant"),
            "new": msg("Après"),
            "user": msg("Par"),
            "surface": msg("Depuis"),
            "undone": msg("Annulation"),
            "recorded_at": msg("Saisi le"),
        },
    )


def _records(data: Dataset, account: int) -> dict[str, dict[int, str]]:
    """The account, its deals and its contacts: of each its name, by entity and id."""
    accounts, deals, people = map(data.table, ("accounts", "opportunities", "contacts"))
    return {
        "account": _named(accounts[accounts["id"] == account], ["name"]),
        "opportunity": _named(_of(deals, account), ["name"]),
        "contact": _named(_of(people, account), ["first_name", "last_name"]),
    }


def _of(frame: pd.DataFrame, account: int) -> pd.DataFrame:
    return frame[(frame["account_id"] == account).fillna(value=False)]


def _named(frame: pd.DataFrame, parts: list[str]) -> dict[int, str]:
    return {
        int(id_): " ".join(str(part) for part in name if not missing(part)) or DASH
        for id_, *name in frame[["id", *parts]].astype("object").to_numpy()
    }


def undone(changes_: Iterable[tuple[int, Any]]) -> set[int]:
    """Of changes and what each undoes, those that no longer hold; an undo that was undone is none.

    >>> undone([(1, None), (2, 1), (3, 2)])
    {2}
    """
    gone: set[int] = set()
    for id_, undoes in sorted(changes_, key=lambda one: one[0], reverse=True):
        if not missing(undoes) and id_ not in gone:
            gone.add(int(undoes))
    return gone


def value(text: Any, column: Column | None, loc: Locale) -> str:
    """A value of the journal as the screen says it.

    >>> from workbench.locale import FR
    >>> value('"2026-10-05"', None, FR), value("true", None, FR), value(None, None, FR)
    ('05/10/2026', 'oui', '–')
    """
    held = None if missing(text) else history.plain(str(text))
    if held is None:
        return DASH
    if column is not None:
        return corrections.said(column, held, loc)
    if isinstance(held, bool):
        return loc.t("oui") if held else loc.t("non")
    if isinstance(held, str):
        try:
            return loc.date(dt.date.fromisoformat(held))
        except ValueError:
            return held
    return loc.count(held) if isinstance(held, int) else loc.number(held, 2)
