"""The account sheet's forms: of the account itself, and of its contacts one at a time."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui
from sqlalchemy import select

from dashboards.editing import corrections
from dashboards.editing.editgrid import Column
from dashboards.editing.recordform import RecordForm
from workbench.figures import marks
from workbench.store import access
from workbench.store.schema import Account
from workbench.vocabulary import Right

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from dashboards.session import Session


def account_form(
    session: Session, account: int, on_saved: Callable[[], Awaitable[None]]
) -> RecordForm:
    """The form of one account."""
    viewer, loc = session.viewer, session.loc
    columns = [
        *corrections.identity(viewer, loc),
        *(
            column
            for column in corrections.accounts(session.whole(), viewer, loc, "")
            if column.kind != "link"
        ),
    ]
    if viewer.role not in access.READ_ONLY:
        columns += _restricted(session)
    read = partial(_account, session, account)
    return RecordForm(session, "account", columns, read, on_saved, loc.t("Modifier"))


def _restricted(session: Session) -> list[Column]:
    """Fields for those named; a confidential note anybody may begin."""
    note = Column("confidential_note", session.loc.t("Note confidentielle"))
    named = Right.BANK_DETAILS in session.viewer.rights
    return [*([Column("iban", "IBAN")] if named else []), note]


def _account(session: Session, account: int) -> dict[str, Any] | None:
    data = session.whole()
    frame = data.table("accounts")
    found = frame[frame["id"] == account]
    if found.empty:
        return None
    row: dict[str, Any] = {str(name): value for name, value in marks.rows(found)[0].items()}
    for table, column, field in (
        ("bank_details", "iban", "iban"),
        ("confidential_notes", "note", "confidential_note"),
    ):
        held = data.table(table)
        own = held["account_id"] == account
        if "entity" in held:
            own &= held["entity"] == "account"
        row[field] = next(iter(held.loc[own, column]), None)
    with data.engine.connect() as connection:  # no figure asks for these
        asked = select(Account.phone, Account.street).where(Account.id == account)
        row |= connection.execute(asked).mappings().one()
    return row


class Contacts:
    """The form of whichever contact of an account is chosen.

    Args:
        session: of the page.
        account: whose contacts.
        on_saved: to be called when something was saved.
    """

    def __init__(
        self, session: Session, account: int, on_saved: Callable[[], Awaitable[None]]
    ) -> None:
        self.session, self.account, self._on_saved = session, account, on_saved
        self.who = pmui.Select(
            label=session.loc.t("Interlocuteur"),
            options=self._options(),
            size="small",
            variant="outlined",
            sizing_mode="stretch_width",
            max_width=240,
            margin=(16, 0, 0, 0),  # its label stands on its upper edge
        )
        columns = corrections.contacts(session.viewer, session.loc)
        label = session.loc.t("Corriger cet interlocuteur")
        self.form = RecordForm(session, "contact", columns, self._read, self._saved, label)
        self.who.param.watch(lambda _: self.form.close(), "value")
        self.who.visible = self.form.opener.visible = self.form.opener.visible and bool(
            self.who.options
        )
        self.view = pn.Column(self.who, self.form.view, sizing_mode="stretch_width", margin=0)

    def _rows(self) -> list[marks.Row]:
        frame = self.session.whole().table("contacts")
        own = (frame["account_id"] == self.account) & frame["anonymised_on"].isna()
        return marks.rows(frame[own.fillna(value=False)])

    def _options(self) -> dict[str, int]:
        named: dict[str, int] = {}
        for row in self._rows():
            name = _name(row)
            named[name if name not in named else f"{name} ({row['id']})"] = int(row["id"])
        return named

    def _read(self) -> Mapping[str, Any] | None:
        found = next((row for row in self._rows() if row["id"] == self.who.value), None)
        return (
            None
            if found is None
            else {str(name): value for name, value in found.items()} | {"name": _name(found)}
        )

    async def _saved(self) -> None:
        self.who.options = self._options()
        await self._on_saved()


def _name(row: marks.Row) -> str:
    parts = [str(row[part]) for part in ("first_name", "last_name") if row[part]]
    return " ".join(parts) or f"n° {row['id']}"
