"""The cards of what holds: the rules of changes, and the stages of each pipeline."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from dashboards import cards, states, tables
from dashboards.tables import Rows
from workbench.locale import DASH, msg
from workbench.store.rules import PROMOTIONS
from workbench.tables import Kind
from workbench.vocabulary import StageKind, Status, field_name

if TYPE_CHECKING:
    import panel as pn

    from dashboards.session import Scope, Session
    from workbench.locale import Locale
    from workbench.store.rules import Rules

FLAGS = {
    "loss_needs_reason": msg("une opportunité perdue demande un motif"),
    "open_close_date_not_past": msg("une opportunité en cours ne se signe pas dans le passé"),
    "won_stays_won": msg("une opportunité gagnée le reste"),
}
ORDERS = {
    "any": msg("étapes dans n’importe quel ordre"),
    "forward": msg("jamais en arrière"),
    "next": msg("une étape après l’autre"),
}
PROMOTED = {
    "first_contact": msg("premier échange : le suspect devient prospect"),
    "qualified": msg("qualification complète : le suspect devient prospect"),
    "quote_accepted": msg("devis accepté : le compte devient client"),
    "first_invoice": msg("première facture : le compte devient client"),
    "signed": msg("opportunité signée avec une durée : une affaire s’ouvre"),
}
STAGES = {
    "pipeline": msg("Processus"),
    "label": msg("Étape"),
    "kind": msg("Type"),
    "probability": msg("Probabilité"),
    "stalled_days": msg("Enlisée après (jours)"),
}


def said(rules: Rules, loc: Locale) -> list[tuple[str, str]]:
    """Each rule in words: what it is about, and what it says."""
    lines = [
        (
            loc.t("Statut « {status} »", status=loc.label(Status, status)),
            ", ".join(loc.label(Status, one) for one in after) or loc.t("ne change plus à la main"),
        )
        for status, after in rules.transitions.items()
    ]
    held = [loc.t(text) for name, text in FLAGS.items() if getattr(rules, name)]
    lines.append((loc.t("Opportunités"), "\n".join(held) or DASH))
    lines += [
        (loc.t("Ordre des étapes, {pipeline}", pipeline=pipeline.upper()), loc.t(ORDERS[order]))
        for pipeline, order in rules.stage_order.items()
    ]
    lines += [
        (loc.t(field_name(name.partition(".")[2])), ", ".join(values))
        for name, values in rules.values.items()
    ]
    promoted = [loc.t(PROMOTED[name]) for name in PROMOTIONS if name in rules.promotions]
    lines.append((loc.t("Automatiquement"), "\n".join(promoted) or DASH))
    return lines


def card(session: Session) -> pn.Column:
    """The card of rules."""
    loc = session.loc
    terms = "".join(
        f"<dt>{escape(about)}</dt><dd>{escape(rule)}</dd>"
        for about, rule in said(session.settings.rules, loc)
    )
    how = loc.t("elles se changent dans workbench.toml, section [rules]")
    return cards.still(
        states.html(cards.heading(loc, loc.t("Règles en vigueur"), how)),
        states.html(f'<dl class="rules">{terms}</dl>'),
        width=6,
    )


def stages(scope: Scope) -> Rows:
    """The stages of each pipeline, in order."""
    loc = scope.loc
    frame = scope.data.table("stages").sort_values(["pipeline", "position"])
    return Rows(
        loc.t("Étapes"),
        frame.assign(
            pipeline=frame["pipeline"].str.upper(),
            label=[loc.t(label) for label in frame["label"]],
            kind=[loc.label(StageKind, kind) for kind in frame["kind"]],
        ),
        ["pipeline", "label", "kind", "probability", "stalled_days"],
        phone=["label", "probability", "stalled_days"],
        labels=STAGES,
        kinds={"probability": Kind.RATIO, "stalled_days": Kind.COUNT},
    )


def stage_card(session: Session) -> pn.Column:
    """The card of stages."""
    loc = session.loc
    return tables.table(
        session,
        loc.t("Étapes"),
        stages,
        subtitle=loc.t("de chaque processus, dans l’ordre"),
        width=6,
        empty=loc.t("Aucune étape."),
        filters=False,
    )
