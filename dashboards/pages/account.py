"""Account sheet: what do we know of this company?"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import panel as pn

from dashboards import cards, people, states, tables
from dashboards.editing import past
from dashboards.editing.accountform import Contacts, account_form
from dashboards.session import Slot
from dashboards.sheet.lists import Lists
from dashboards.sheet.numbers import Numbers
from dashboards.sheet.words import STYLE, Words
from dashboards.shell import Page
from workbench.locale import msg

if TYPE_CHECKING:
    from collections.abc import Callable

    from dashboards.session import Scope, Session

ROOM = 240  # pixels


def _told(
    session: Session,
    title: str,
    tell: Callable[[Scope], str],
    *,
    width: int,
    subtitle: str = "",
    metric: str | None = None,
    below: Any = None,
) -> pn.Column:
    """A card of words that follow the data, and take their room before they are there."""
    body = states.html(f'<div class="skeleton" style="height:{ROOM}px"></div>')

    def show(found: str | Exception) -> None:
        body.object = states.error(session.loc, found) if isinstance(found, Exception) else found

    slot = session.add(Slot(show, tell))
    told = cards.heading(session.loc, title, subtitle, metric) if title else ""
    head = [states.html(told)] if title else []
    return cards.framed(
        session, slot, [*head, body, *([below] if below is not None else [])], width=width
    )


def view(session: Session) -> pn.Column:
    """The page."""
    loc = session.loc
    asked = session.query.get("id", "")
    frame = session.whole().table("accounts")
    if not asked.isdecimal() or int(asked) not in set(frame["id"]):
        people.refused(session, asked)
        why = loc.t("Ce compte n’existe pas, ou il n’est pas dans votre périmètre.")
        back = f'<a href="{session.link("accounts")}">{escape(loc.t("Voir les comptes"))}</a>'
        return cards.board(
            pn.Column(
                states.html(f"{STYLE}{states.empty(loc, why)}<center>{back}</center>"),
                css_classes=["card", "w12"],
                sizing_mode="stretch_width",
                margin=0,
            )
        )
    account = int(asked)
    numbers, words = Numbers(session, account), Words(session, account)
    lists = Lists(session, account)
    form = account_form(session, account, session.redraw)
    contacts = Contacts(session, account, session.redraw)
    people.looked(session, account)
    # Made first so that it is drawn with the first cards, wherever it stands.
    timeline = tables.table(
        session,
        loc.t("Chronologie"),
        lists.timeline,
        subtitle=loc.t("Actions, pièces, statuts, étapes et contrats"),
        metric="account_timeline",
    )
    board = cards.board(
        cards.number(
            session,
            loc.t("CA, 12 derniers mois"),
            numbers.revenue,
            metric="revenue_by_account",
            rows=numbers.revenue_rows,
            width=3,
        ),
        cards.number(
            session,
            loc.t("Encours"),
            numbers.owed,
            metric="outstanding",
            rows=numbers.owed_rows,
            width=3,
        ),
        cards.number(
            session,
            loc.t("Affaires en cours"),
            numbers.open_deals,
            metric="pipeline_totals",
            rows=lists.open_rows,
            width=3,
        ),
        cards.number(
            session,
            loc.t("Dernier contact"),
            numbers.last_contact,
            metric="account_touches",
            rows=numbers.touch_rows,
            width=3,
        ),
        _told(session, "", words.identity, width=8, below=form.view),
        _told(session, loc.t("Statut"), words.statuses, width=4),
        _told(
            session,
            loc.t("Groupe"),
            words.group,
            subtitle=loc.t("Chiffre d’affaires des 12 derniers mois, en propre et en groupe"),
            metric="account_tree",
            width=6,
        ),
        _told(session, loc.t("Interlocuteurs"), words.people, width=6, below=contacts.view),
        people.Consents(session, account).card(),
        timeline,
    )
    return pn.Column(
        states.html(past.told(session)),
        cards.later(session, board, lambda: _held(session, lists), height=600),
        sizing_mode="stretch_width",
        margin=0,
    )


def _held(session: Session, lists: Lists) -> list[Any]:
    """What the tables know of the account, one below the other."""
    loc = session.loc
    return [
        tables.table(
            session,
            loc.t("Affaires"),
            lists.deals,
            metric="pipeline_rows",
            page_size=6,
            empty=loc.t("Aucune affaire avec ce compte."),
        ),
        tables.table(
            session,
            loc.t("Affaires signées"),
            lists.projects,
            subtitle=loc.t("Ouvertes par une opportunité signée, sur plusieurs mois"),
            page_size=6,
            empty=loc.t("Aucune affaire signée sur plusieurs mois."),
        ),
        tables.table(
            session,
            loc.t("Documents"),
            lists.documents,
            page_size=8,
            empty=loc.t("Aucune pièce de vente."),
        ),
        tables.table(
            session,
            loc.t("Contrats"),
            lists.contracts,
            page_size=8,
            empty=loc.t("Aucun contrat connu, ni à nous ni à un concurrent."),
        ),
        tables.table(
            session,
            loc.t("Modifications"),
            lists.changes,
            subtitle=loc.t("Du compte, de ses affaires et interlocuteurs : qui a saisi quoi, d’où"),
            page_size=8,
            empty=loc.t("Aucune modification depuis la création."),
        ),
    ]


PAGE = Page(
    "account",
    msg("Fiche compte"),
    "apartment",
    msg("Que sait-on de cette entreprise ?"),
    view,
    order=None,
    filters=False,
    live=True,
)
