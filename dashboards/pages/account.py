"""Account sheet: what do we know of this company?"""

from __future__ import annotations

from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING, Any

import pandas as pd
import panel as pn

from dashboards import cards, changed, people, states, tables, theme
from dashboards.editing import past
from dashboards.editing.accountform import Contacts, account_form
from dashboards.filters import USUAL, span
from dashboards.session import Slot
from dashboards.shell import Page
from workbench.figures import marks
from workbench.locale import DASH, missing, msg
from workbench.metrics import activity, hierarchy, pipeline, receivables, revenue, sheet
from workbench.store.journal import BEGINNING
from workbench.tables import Kind
from workbench.vocabulary import (
    ActivityKind,
    ContractKind,
    DecisionRole,
    DocumentKind,
    Need,
    QuoteState,
    Status,
    Timeline,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from dashboards.session import Scope, Session
    from workbench.locale import Locale

EVENTS = {
    "activity": msg("Action"),
    "document": msg("Pièce"),
    "status": msg("Statut"),
    "stage": msg("Affaire"),
    "contract": msg("Contrat"),
}
EDGES = {"begins": msg("début"), "ends": msg("fin")}
STYLE = f"<style>{theme.sheet('sheet')}</style>"


class Sheet:
    """One account, in the viewer's scope; the filter bar's team and segment don't narrow it."""

    def __init__(self, session: Session, account: int) -> None:
        self.session = session
        self.account = account

    def scope(self, scope: Scope) -> Scope:
        """The same date, without the other filters; of 12 months, whatever period was chosen."""
        data = self.session.whole()
        return replace(scope, data=data, span=span(USUAL, data.as_of))

    def row(self, scope: Scope) -> marks.Row:
        """The account."""
        frame = self.scope(scope).data.table("accounts")
        return marks.rows(frame[frame["id"] == self.account])[0]

    def own(self, frame: pd.DataFrame, column: str = "account_id") -> pd.DataFrame:
        """The rows of this account."""
        return frame[(frame[column] == self.account).fillna(value=False)]

    # Cards

    def revenue(self, scope: Scope) -> cards.Number:
        """What they bought in the 12 months up to the date."""
        found = self._bought(scope)
        value = found["revenue"].iloc[0] if len(found) else 0.0
        return cards.Number(scope.loc.compact(value), exact=scope.loc.money(value, cents=True))

    def _bought(self, scope: Scope) -> pd.DataFrame:
        own = self.scope(scope)
        frame = revenue.revenue_by_account.of(own.data, since=own.span.start, until=own.span.end)
        return self.own(frame, "group_id")

    def revenue_rows(self, scope: Scope) -> tables.Rows:
        """The ledger's lines behind it."""
        own = self.scope(scope)
        frame = revenue.revenue_rows.of(own.data, since=own.span.start, until=own.span.end)
        return tables.Rows(
            scope.loc.t("Écritures de vente"),
            self.own(frame),
            columns=["date", "piece", "label", "account_number", "revenue"],
            totals=["revenue"],
            phone=["date", "label", "revenue"],
            labels={"account_number": msg("Compte général")},
            kinds={"account_number": Kind.TEXT},
        )

    def owed(self, scope: Scope) -> cards.Number:
        """What they owe."""
        found = receivables.aged_balance.of(self.scope(scope).data, by="account")
        own = marks.rows(self.own(found, "group_id"))
        late = [row for row in own if row["bucket"] != "not_due" and row["amount"]]
        tree = self._tree(scope)
        value = tree["own_outstanding"] if tree else 0.0
        said = scope.loc.t("dont échu") if late else ""
        return cards.Number(
            scope.loc.compact(value), exact=f"{scope.loc.money(value, cents=True)} {said}".strip()
        )

    def owed_rows(self, scope: Scope) -> tables.Rows:
        """Balance and open items of their ledger customers."""
        frame = receivables.outstanding.of(self.scope(scope).data)
        return tables.Rows(
            scope.loc.t("Encours"),
            self.own(frame),
            columns=[
                "customer",
                "customer_code",
                "balance",
                "open_items",
                "items",
                "lettered_without_balance",
            ],
            totals=["balance", "open_items"],
            phone=["customer", "balance", "items"],
        )

    def _tree(self, scope: Scope) -> marks.Row | None:
        frame = self.family(scope)
        own = marks.rows(self.own(frame, "id"))
        return own[0] if own else None

    def open_deals(self, scope: Scope) -> cards.Number:
        """Their open deals."""
        amounts = self.own(pipeline.pipeline_rows.of(self.scope(scope).data))["amount"]
        value = amounts.sum(min_count=min(len(amounts), 1))
        return cards.Number(scope.loc.compact(value), exact=scope.loc.money(value))

    def open_rows(self, scope: Scope) -> tables.Rows:
        """Which they are."""
        return self._deals(scope, "open")

    def last_contact(self, scope: Scope) -> cards.Number:
        """When somebody last spoke to them."""
        found = marks.rows(self.own(activity.account_touches.of(self.scope(scope).data), "id"))
        last = found[0]["last_touch"] if found else None
        days = found[0]["days_since"] if found else None
        said = "" if days is None else scope.loc.plural(days, "il y a {n} jour", "il y a {n} jours")
        return cards.Number(scope.loc.date(last), exact=said)

    def touch_rows(self, scope: Scope) -> tables.Rows:
        """The activities with them."""
        data = self.scope(scope).data
        frame = self.own(data.table("activities"))
        reps = data.table("reps").set_index("id")["name"]
        frame = frame.assign(rep=frame["rep_id"].map(reps))
        return tables.Rows(
            scope.loc.t("Actions"),
            frame.sort_values("date", ascending=False),
            columns=["date", "kind", "subject", "rep", "two_way", "minutes"],
            totals=["minutes"],
            phone=["date", "kind", "subject"],
        )

    # Pictures in words

    def identity(self, scope: Scope) -> str:
        """Who they are."""
        row, loc = self.row(scope), scope.loc
        tree = self._tree(scope)
        status = str(row["status"])
        place = " ".join(str(row[part]) for part in ("postcode", "city") if row[part])
        facts = [
            ("Code", row["code"]),
            ("SIREN", _spaced(row["siren"])),
            ("SIRET", _spaced(row["siret"])),
            (loc.t("Code client"), row["customer_code"]),
            (loc.t("Ville"), place),
            (loc.t("Segment"), row["segment"]),
            (loc.t("Secteur"), row["sector"]),
            (loc.t("Effectif"), loc.count(row["employees"])),
            (loc.t("Commercial"), row["owner"]),
            (loc.t("Équipe"), row["team"]),
            (loc.t("Entré le"), loc.date(row["entered_on"])),
            (loc.t("Groupe"), tree["path"] if tree else None),
        ]
        known = [
            (loc.t("Besoin"), loc.label(Need, row["need"])),
            (loc.t("Délai du besoin"), loc.label(Timeline, row["timeline"])),
            (loc.t("Budget annuel"), loc.money(row["budget"])),
            (loc.t("Fournisseur actuel"), row["supplier"]),
            (loc.t("Décideur connu"), _yes(row["decider_known"], loc)),
            (loc.t("Prochaine étape"), row["next_step"]),
            (loc.t("Prochaine étape le"), loc.date(row["next_step_on"])),
            (loc.t("Qualifié le"), loc.date(row["qualified_on"])),
        ]
        return (
            f'{STYLE}<div class="name"><h2>{escape(str(row["name"]))}</h2>'
            f'<span class="badge">{escape(loc.label(Status, status))}</span></div>'
            f'<dl class="facts">{_facts(facts)}</dl>'
            f'<dl class="facts">{_facts(known)}</dl>'
            f"{self._secrets(scope)}"
        )

    def _secrets(self, scope: Scope) -> str:
        """What only some may see: nothing for the others."""
        data, loc = self.scope(scope).data, scope.loc
        facts = [("IBAN", text) for text in self.own(data.table("bank_details"))["iban"]]
        notes = self.own(data.table("confidential_notes"))
        facts += [
            (f"{loc.t('Note confidentielle')}{f' ({author})' if author else ''}", text)
            for entity, text, author in zip(
                notes["entity"],
                notes["note"],
                notes["author"].astype("object").where(notes["author"].notna(), None),
                strict=True,
            )
            if entity == "account"
        ]
        return f'<dl class="facts">{_facts(facts)}</dl>' if facts else ""

    def statuses(self, scope: Scope) -> str:
        """The status over time, the latest first."""
        loc = scope.loc
        periods = self.own(self.scope(scope).data.table("status_periods"))
        listed = marks.rows(periods.sort_values("valid_from", ascending=False))
        if not listed:
            return states.empty(loc, loc.t("Aucun changement de statut connu."))
        said = "".join(
            f"<li><b>{escape(loc.label(Status, row['status']))}</b>"
            f"<small>{escape(_span(loc, row))}</small></li>"
            for row in listed
        )
        return f'{STYLE}<ol class="steps">{said}</ol>'

    def people(self, scope: Scope) -> str:
        """The contacts, those who decide first."""
        loc = scope.loc
        found = marks.rows(self.own(self.scope(scope).data.table("contacts")))
        if not found:
            return states.empty(
                loc, loc.t("Aucun interlocuteur connu : à demander au prochain appel.")
            )
        order = [role.value for role in DecisionRole]
        found.sort(
            key=lambda row: (
                order.index(row["decision_role"]) if row["decision_role"] in order else len(order)
            )
        )
        return f'{STYLE}<div class="people">{"".join(_person(row, loc) for row in found)}</div>'

    def group(self, scope: Scope) -> str:
        """The group from its head down, themselves marked, with own and group revenue."""
        loc, listed = scope.loc, marks.rows(self.family(scope))
        if len(listed) == 1:
            return states.empty(loc, loc.t("Ce compte n’appartient à aucun groupe."))
        said = "".join(self._member(row, loc) for row in listed)
        return f'{STYLE}<ul class="group">{said}</ul>'

    def _member(self, row: marks.Row, loc: Locale) -> str:
        name = escape(str(row["name"]))
        if row["id"] == self.account:
            shown = f"<b>{name}</b>"
        else:
            address = escape(self.session.link("account", id=row["id"]))
            shown = f'<a href="{address}">{name}</a>'
        parts = [
            loc.label(Status, row["status"]),
            loc.t("propre {own}", own=loc.compact(row["own_revenue"])),
        ]
        if row["members"] > 1:
            parts.append(loc.t("groupe {group}", group=loc.compact(row["group_revenue"])))
        indent = 20 * int(row["depth"])
        below = escape(" · ".join(parts))
        return f'<li style="padding-left:{indent}px">{shown}<small>{below}</small></li>'

    def family(self, scope: Scope) -> pd.DataFrame:
        """The group that they belong to, themselves included."""
        own = self.scope(scope)
        frame: pd.DataFrame = hierarchy.account_tree.of(
            own.data, since=own.span.start, until=own.span.end
        )
        root: pd.Series[Any] = frame.loc[frame["id"] == self.account, "root_id"]
        group: pd.DataFrame = frame[frame["root_id"] == root.iloc[0]]
        return group

    # Tables

    def timeline(self, scope: Scope) -> tables.Rows:
        """All that happened."""
        loc = scope.loc
        frame = sheet.account_timeline.of(self.scope(scope).data, account=self.account)
        said = [_event(row, loc) for row in marks.rows(frame)]
        frame = frame.assign(
            date=_known(frame["date"]),
            event=[loc.t(EVENTS[event]) for event in frame["event"]],
            word=pd.Series(said, index=frame.index, dtype="str"),
        )
        return tables.Rows(
            loc.t("Chronologie"),
            frame,
            columns=["date", "event", "word", "text", "amount", "who"],
            phone=["date", "word", "text"],
            labels={
                "event": msg("Nature"),
                "word": msg("Quoi"),
                "text": msg("Objet"),
                "who": msg("Qui"),
            },
        )

    def _deals(self, scope: Scope, kind: str | None) -> tables.Rows:
        frame = self.own(pipeline.pipeline_rows.of(self.scope(scope).data, kind=kind))
        return tables.Rows(
            scope.loc.t("Affaires"),
            frame,
            columns=[
                "name",
                "stage",
                "kind",
                "amount",
                "weighted",
                "close_date",
                "stage_days",
                "owner",
            ],
            more=["code", "probability", "created_on", "closed_on", "product", "loss_reason"],
            totals=["amount", "weighted"],
            phone=["name", "stage", "amount"],
            labels={"name": msg("Affaire"), "kind": msg("Issue")},
        )

    def deals(self, scope: Scope) -> tables.Rows:
        """All their deals."""
        return self._deals(scope, None)

    def documents(self, scope: Scope) -> tables.Rows:
        """Quotes to credit notes, the latest first."""
        frame = self.own(self.scope(scope).data.table("documents"))
        state = [scope.loc.label(QuoteState, value) for value in frame["state"]]
        frame = frame.assign(state=pd.Series(state, index=frame.index, dtype="str"))
        return tables.Rows(
            scope.loc.t("Documents"),
            frame.sort_values("date", ascending=False),
            columns=["date", "kind", "code", "state", "amount", "amount_with_tax", "due_date"],
            phone=["date", "kind", "amount"],
        )

    def contracts(self, scope: Scope) -> tables.Rows:
        """Ours and competitors'."""
        frame = self.own(self.scope(scope).data.table("contracts"))
        kind = [scope.loc.label(ContractKind, value) for value in frame["kind"]]
        frame = frame.assign(kind=pd.Series(kind, index=frame.index, dtype="str"))
        return tables.Rows(
            scope.loc.t("Contrats"),
            frame.sort_values("ends_on", ascending=False),
            columns=["subject", "kind", "competitor", "begins_on", "ends_on", "yearly_amount"],
            totals=["yearly_amount"],
            phone=["subject", "competitor", "ends_on"],
            labels={"kind": msg("Avec qui")},
        )

    def changes(self, scope: Scope) -> tables.Rows:
        """What was changed, by whom."""
        return changed.changes(self.session, self.scope(scope).data, self.account)

    def projects(self, scope: Scope) -> tables.Rows:
        """The deals that were signed and run over months."""
        frame = self.own(self.scope(scope).data.table("projects"))
        return tables.Rows(
            scope.loc.t("Affaires signées"),
            frame.sort_values("starts_on", ascending=False),
            columns=["name", "code", "starts_on", "ends_on", "amount"],
            totals=["amount"],
            phone=["name", "ends_on", "amount"],
            labels={
                "name": msg("Affaire"),
                "starts_on": msg("Début"),
                "ends_on": msg("Fin prévue"),
            },
        )


def _known(days: pd.Series[Any]) -> pd.Series[Any]:
    """The days, none where something held since nobody knows when."""
    return days.mask(days <= pd.Timestamp(BEGINNING))


def _facts(facts: list[tuple[str, Any]]) -> str:
    return "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(str(value or DASH))}</dd></div>"
        for name, value in facts
    )


def _spaced(number: Any) -> str:
    """A SIREN or SIRET in threes: "732 829 320 00074"."""
    if missing(number):
        return ""
    text = str(number)
    parts = [text[:3], text[3:6], text[6:9], text[9:]]
    return "\N{NO-BREAK SPACE}".join(part for part in parts if part)


def _yes(flag: Any, loc: Locale) -> str:
    if missing(flag):
        return DASH
    return loc.t("oui") if flag else loc.t("non")


def _span(loc: Locale, row: marks.Row) -> str:
    if row["valid_from"] <= pd.Timestamp(BEGINNING):
        end = row["valid_to"]
        return loc.t("date inconnue") if end is None else loc.t("jusqu’au {day}", day=loc.date(end))
    if row["valid_to"] is None:
        return loc.t("depuis le {day}", day=loc.date(row["valid_from"]))
    return loc.t(
        "du {start} au {end}", start=loc.date(row["valid_from"]), end=loc.date(row["valid_to"])
    )


def _person(row: marks.Row, loc: Locale) -> str:
    name = " ".join(str(row[part]) for part in ("first_name", "last_name") if row[part])
    lines = [str(row[part]) for part in ("job", "email", "phone") if row[part]]
    role = loc.label(DecisionRole, row["decision_role"])
    said = "".join(f"<small>{escape(line)}</small>" for line in lines)
    return f"<div><small>{escape(role)}</small><b>{escape(name or DASH)}</b>{said}</div>"


def _event(row: marks.Row, loc: Locale) -> str:
    word = row["word"]
    kinds = {"activity": ActivityKind, "document": DocumentKind, "status": Status}
    if row["event"] in kinds:
        return loc.label(kinds[row["event"]], word)
    return loc.t(EDGES[word]) if word in EDGES else str(word)


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
    """A card of words that follow the data."""
    body = states.html("")

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
    card = Sheet(session, int(asked))
    form = account_form(session, card.account, session.redraw)
    contacts = Contacts(session, card.account, session.redraw)
    people.looked(session, card.account)
    # Made first so that it is drawn with the first cards, wherever it stands.
    timeline = tables.table(
        session,
        loc.t("Chronologie"),
        card.timeline,
        subtitle=loc.t("Actions, pièces, statuts, étapes et contrats"),
        metric="account_timeline",
    )
    return pn.Column(
        states.html(past.told(session)),
        cards.board(
            cards.number(
                session,
                loc.t("CA, 12 derniers mois"),
                card.revenue,
                metric="revenue_by_account",
                rows=card.revenue_rows,
                width=3,
            ),
            cards.number(
                session,
                loc.t("Encours"),
                card.owed,
                metric="outstanding",
                rows=card.owed_rows,
                width=3,
            ),
            cards.number(
                session,
                loc.t("Affaires en cours"),
                card.open_deals,
                metric="pipeline_totals",
                rows=card.open_rows,
                width=3,
            ),
            cards.number(
                session,
                loc.t("Dernier contact"),
                card.last_contact,
                metric="account_touches",
                rows=card.touch_rows,
                width=3,
            ),
            _told(session, "", card.identity, width=8, below=form.view),
            _told(session, loc.t("Statut"), card.statuses, width=4),
            _told(
                session,
                loc.t("Groupe"),
                card.group,
                subtitle=loc.t("Chiffre d’affaires des 12 derniers mois, en propre et en groupe"),
                metric="account_tree",
                width=6,
            ),
            _told(session, loc.t("Interlocuteurs"), card.people, width=6, below=contacts.view),
            people.Consents(session, card.account).card(),
            timeline,
            tables.table(
                session,
                loc.t("Affaires"),
                card.deals,
                metric="pipeline_rows",
                page_size=6,
                empty=loc.t("Aucune affaire avec ce compte."),
            ),
            tables.table(
                session,
                loc.t("Affaires signées"),
                card.projects,
                subtitle=loc.t("Ouvertes par une opportunité signée, sur plusieurs mois"),
                page_size=6,
                empty=loc.t("Aucune affaire signée sur plusieurs mois."),
            ),
            tables.table(
                session,
                loc.t("Documents"),
                card.documents,
                page_size=8,
                empty=loc.t("Aucune pièce de vente."),
            ),
            tables.table(
                session,
                loc.t("Contrats"),
                card.contracts,
                page_size=8,
                empty=loc.t("Aucun contrat connu, ni à nous ni à un concurrent."),
            ),
            tables.table(
                session,
                loc.t("Modifications"),
                card.changes,
                subtitle=loc.t(
                    "Du compte, de ses affaires et interlocuteurs : qui a saisi quoi, d’où"
                ),
                page_size=8,
                empty=loc.t("Aucune modification depuis la création."),
            ),
        ),
        sizing_mode="stretch_width",
        margin=0,
    )


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
