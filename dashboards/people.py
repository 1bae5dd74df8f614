"""The account sheet's part about people's data: consents, their file, who looked."""

from __future__ import annotations

import datetime as dt
from functools import partial
from html import escape
from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui

from dashboards import cards, person_file, states, theme
from dashboards.choice import Day
from dashboards.session import Slot
from workbench.figures import marks
from workbench.locale import DASH
from workbench.store import access, access_log, connect
from workbench.store.journal import State
from workbench.store.privacy import consents, looks
from workbench.vocabulary import Channel, ConsentState, LookKind, Surface

if TYPE_CHECKING:
    from dashboards.session import Scope, Session
    from workbench.locale import Locale

STYLE = f"<style>{theme.sheet('sheet')}</style>"


def looked(session: Session, account: int) -> None:
    """Have it noted that the sheet was opened, once it is drawn."""
    settings = session.settings
    session.afterwards.append(
        partial(
            looks.note,
            connect(settings.database),
            session.viewer.username,
            LookKind.VIEW,
            "account",
            account,
            session=session.visit,
            keep_days=settings.privacy.log_days,
        )
    )


def refused(session: Session, account: str) -> None:
    """Have it noted that a sheet was asked for which isn't the viewer's; it may be nobody's."""
    if session.viewer.limited and account.isdecimal():
        engine = connect(session.settings.database)
        access_log.forbidden_later(engine, session.viewer.username, f"account {account}")


class Consents:
    """The card of one account's contacts: what each agreed to, and a form to note more."""

    def __init__(self, session: Session, account: int) -> None:
        self.session, self.account = session, account
        self.body = states.html("")
        self.said = states.html("")
        self.slot = session.add(Slot(self._show, self._told))
        self.contacts = self._contacts()
        self.form = pn.Column(sizing_mode="stretch_width", margin=0)

    def card(self) -> pn.Column:
        """The card."""
        loc = self.session.loc
        title = loc.t("Consentements")
        how = loc.t("par interlocuteur et par canal, avec la date et la preuve")
        return cards.framed(
            self.session,
            self.slot,
            [states.html(cards.heading(loc, title, how)), self.body, self.form, self.said],
            width=12,
        )

    def _fields(self) -> pn.FlexBox:
        """What a consent is noted with."""
        loc, settings = self.session.loc, self.session.settings
        choose = {"size": "small", "variant": "outlined", "margin": 0}
        self.contact = pmui.Select(
            label=loc.t("Interlocuteur"), options=self.contacts, width=220, **choose
        )
        self.channel = pmui.Select(
            label=loc.t("Canal"),
            options={loc.label(Channel, one): one for one in Channel},
            width=150,
            **choose,
        )
        self.state = pmui.Select(
            label=loc.t("Consentement"),
            options={loc.label(ConsentState, one): one for one in ConsentState},
            width=150,
            **choose,
        )
        today = settings.today or dt.datetime.now(dt.UTC).date()
        self.date = Day(label=loc.t("Depuis le"), value=today, width=170, **choose)
        self.proof = pmui.TextInput(
            label=loc.t("Preuve"),
            placeholder=loc.t("formulaire, e-mail, appel…"),
            width=220,
            **choose,
        )
        save = pmui.Button(
            label=loc.t("Noter"), icon="save", size="small", variant="contained", margin=0
        )
        save.on_click(self._save)
        fields = (self.contact, self.channel, self.state, self.date, self.proof, save)
        return pn.FlexBox(*fields, gap="12px", align_items="center", margin=(12, 0, 0, 0))

    def _contacts(self) -> dict[str, int]:
        frame = self.session.whole().table("contacts")
        there = (frame["account_id"] == self.account) & frame["anonymised_on"].isna()
        return {_name(row): int(row["id"]) for row in marks.rows(frame[there.fillna(value=False)])}

    def _show(self, found: str | Exception) -> None:
        session = self.session
        loc = session.loc
        self.body.object = states.error(loc, found) if isinstance(found, Exception) else found
        notes = bool(self.contacts) and session.viewer.role not in access.READ_ONLY
        if notes and not self.form.objects:  # few of those who see a sheet scroll down to here
            self.form.objects = [self._fields()]

    def _told(self, scope: Scope) -> str:
        """Contacts in rows, channels in columns."""
        loc, data = scope.loc, self.session.whole()
        people = data.table("contacts")
        own = marks.rows(people[(people["account_id"] == self.account).fillna(value=False)])
        if not own:
            return states.empty(loc, loc.t("Sans interlocuteur, rien à consentir."))
        agreed = data.table("consents").sort_values(["date", "id"])
        agreed = agreed.drop_duplicates(["contact_id", "channel"], keep="last")
        held = {(row["contact_id"], row["channel"]): row for row in marks.rows(agreed)}
        heads = "".join(f"<th>{escape(loc.label(Channel, one))}</th>" for one in Channel)
        lines = "".join(self._line(row, held, loc) for row in own)
        return (
            f'{STYLE}<table class="consents"><thead><tr>'
            f"<th>{escape(loc.t('Interlocuteur'))}</th>{heads}<th></th></tr></thead>"
            f"<tbody>{lines}</tbody></table>"
        )

    def _line(self, person: marks.Row, held: dict[Any, marks.Row], loc: Locale) -> str:
        cells = "".join(_cell(one, held.get((person["id"], one)), loc) for one in Channel)
        data = ""
        if self.session.viewer.role in access.EXPORTERS:
            address = escape(person_file.address(int(person["id"])))
            data = f'<a href="{address}">{escape(loc.t("Ses données"))}</a>'
        return f"<tr><td><b>{escape(_name(person))}</b></td>{cells}<td>{data}</td></tr>"

    async def _save(self, _: object) -> None:
        session, loc = self.session, self.session.loc
        outcomes = await session.work(
            lambda: consents.note(
                session.whole().engine,
                self.contact.value,
                self.channel.value,
                self.state.value,
                date=self.date.value,
                proof=self.proof.value.strip() or None,
                viewer=session.viewer,
                surface=Surface.DASHBOARD,
                today=session.settings.today,
                rules=session.settings.rules,
            )
        )
        stopped = [one for one in outcomes if one.state is not State.SAVED]
        text = loc.say(stopped[0].message) if stopped else loc.t("Consentement noté.")
        self.said.object = f'<div class="told" role="status">{escape(text)}</div>'
        if not stopped:
            self.proof.value = ""
            await session.redraw(self.slot)


def _name(row: marks.Row) -> str:
    parts = [str(row[part]) for part in ("first_name", "last_name") if row[part]]
    return " ".join(parts) or DASH


def _cell(channel: Channel, held: marks.Row | None, loc: Locale) -> str:
    label = escape(loc.label(Channel, channel))
    if held is None:
        return f'<td data-label="{label}" data-empty>{DASH}</td>'
    state = escape(loc.label(ConsentState, held["state"]))
    bare = loc.t("sans preuve") if held["state"] == ConsentState.GIVEN else None
    since = loc.t("depuis le {day}", day=loc.date(held["date"]))
    told = [since, held["proof"] or bare, held["noted_by"]]
    small = escape(" · ".join(str(one) for one in told if one))
    return f'<td data-label="{label}">{state}<small>{small}</small></td>'
