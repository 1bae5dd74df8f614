"""Noting what a contact agrees to on a channel, or takes back: one record of each, journalled."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pandas as pd
from sqlalchemy import select

from workbench.errors import Reason
from workbench.locale import msg
from workbench.store import access, access_log, journal
from workbench.store.batch import Author, batch
from workbench.store.journal import Edit, Outcome, State
from workbench.store.judging import NO_SUCH
from workbench.store.rules import GONE, UNPROVEN
from workbench.store.schema import Consent, Contact
from workbench.vocabulary import ConsentState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection, Engine

    from workbench.store.access import Viewer
    from workbench.store.rules import Rules
    from workbench.vocabulary import Channel, Surface


def note(
    engine: Engine,
    contact: int,
    channel: Channel,
    state: ConsentState,
    *,
    date: dt.date,
    proof: str | None,
    viewer: Viewer,
    surface: Surface,
    today: dt.date | None = None,
    rules: Rules | None = None,
) -> Sequence[Outcome]:
    """Note that a contact has agreed, or taken back; what stood before stays in the journal.

    Args:
        engine: the store.
        contact: whose.
        channel: which.
        state: given or withdrawn.
        date: since when.
        proof: where it is written: a form, a mail, a call; what is given needs one.
        viewer: who notes it.
        surface: from where.
        today: today's date, if another than the calendar's.
        rules: those in force.

    Returns:
        What became of it, field by field.
    """
    day = today or dt.datetime.now(dt.UTC).date()
    values = {
        "state": state.value, "date": date, "proof": (proof or "").strip() or None,
        "noted_by": viewer.name,
    }  # fmt: skip
    with batch(engine, Author(viewer.username, surface), rules, day) as opened:
        refused = _refused(opened.connection, contact, values, viewer, day)
        if refused:
            if refused[0] is State.FORBIDDEN:
                access_log.tried(opened.connection, viewer.username, [f"contact {contact} consent"])
            return [Outcome(Edit("consent", 0, 0, "state", state.value), *refused)]
        held = opened.connection.execute(
            select(Consent.id, Consent.version)
            .where(Consent.contact_id == contact, Consent.channel == channel.value)
            .order_by(Consent.date.desc(), Consent.id.desc())
            .limit(1)
        ).one_or_none()
        if held is not None:
            edits = [
                Edit("consent", held.id, held.version, name, value, date)
                for name, value in values.items()
            ]
            return journal.put(opened, edits, viewer=viewer)
        row = values | {
            "code": f"{contact}/{channel.value}", "contact_id": contact, "channel": channel.value,
            "effective": date,
        }  # fmt: skip
        (id_,) = opened.create("consent", pd.DataFrame([row]))
    return [
        Outcome(Edit("consent", int(id_), 1, name, v), State.SAVED) for name, v in values.items()
    ]


def _refused(
    connection: Connection,
    contact: int,
    values: Mapping[str, Any],
    viewer: Viewer,
    today: dt.date,
) -> tuple[State, Reason] | None:
    row = (
        connection.execute(select(Contact.__table__).where(Contact.id == contact))
        .mappings()
        .one_or_none()
    )
    if row is None:
        none = State.REFUSED, Reason(NO_SUCH, id=contact)
        return (State.FORBIDDEN, access.NOT_THEIRS) if viewer.limited else none
    owners = journal.owners(connection, "contact", dict(row), today)
    why = access.may_write(connection, viewer, "consent", "state", owners, today, row["account_id"])
    if why:
        return State.FORBIDDEN, why
    if row["anonymised_on"] is not None:
        return State.REFUSED, GONE
    if values["date"] > today:
        return State.REFUSED, Reason(msg("Un consentement ne se note pas à l’avance."))
    if values["state"] == ConsentState.GIVEN and not values["proof"]:
        return State.REFUSED, UNPROVEN
    return None
