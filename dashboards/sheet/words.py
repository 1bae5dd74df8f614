"""What is told of an account in words: who they are, their status, contacts and group."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import pandas as pd

from dashboards import states, theme
from dashboards.sheet.one import One
from workbench.figures import marks
from workbench.locale import DASH, missing
from workbench.store.journal import BEGINNING
from workbench.vocabulary import DecisionRole, Need, Status, Timeline

if TYPE_CHECKING:
    from dashboards.session import Scope
    from workbench.locale import Locale

STYLE = f"<style>{theme.sheet('sheet')}</style>"


class Words(One):
    """Who they are."""

    def identity(self, scope: Scope) -> str:
        """Who they are."""
        row, loc = self.row(scope), scope.loc
        tree = self.tree(scope)
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
