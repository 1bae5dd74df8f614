"""Which fields of a record a viewer may see.

Denied unless allowed: a field that is listed neither here as open nor as restricted is seen in no
history by those who see only a part, and a test asks for its place. A restricted field is read by
those named for it alone (`users.grant`), whatever their role.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.store.schema import ENTITIES, Base
from workbench.vocabulary import Right

if TYPE_CHECKING:
    from collections.abc import Mapping

RESTRICTED: Mapping[tuple[str, str], Right] = {
    ("account", "iban"): Right.BANK_DETAILS,
    ("account", "confidential_note"): Right.CONFIDENTIAL,
    ("activity", "confidential_note"): Right.CONFIDENTIAL,
}
RECORD = frozenset({"id", "source", "code", "version"})
OPEN: Mapping[str, frozenset[str]] = {
    "rep": frozenset({"name", "kind", "manager_id", "email", "entered_on", "left_on"}),
    "account": frozenset({
        "name", "siren", "siret", "customer_code", "status", "entered_on", "segment", "sector",
        "street", "postcode", "city", "country", "phone", "website", "employees", "parent_id",
        "owner_id", "need", "budget", "timeline", "supplier", "decider_known", "next_step",
        "next_step_on", "qualified_on", "notes", "anonymised_on",
    }),
    "contact": frozenset({
        "account_id", "first_name", "last_name", "job", "decision_role", "email", "phone",
        "anonymised_on",
    }),
    "consent": frozenset({"contact_id", "channel", "state", "date", "proof", "noted_by"}),
    "pipeline": frozenset({"label"}),
    "stage": frozenset({
        "pipeline_id", "label", "label_en", "position", "kind", "grain", "probability",
        "stalled_days",
    }),
    "opportunity": frozenset({
        "name", "account_id", "contact_id", "pipeline_id", "stage_id", "amount", "probability",
        "close_date", "owner_id", "created_on", "loss_reason", "product", "competitor",
        "next_step", "duration_months", "currency", "currency_rate",
    }),
    "project": frozenset({
        "name", "account_id", "opportunity_id", "starts_on", "ends_on", "amount",
    }),
    "document": frozenset({
        "kind", "state", "account_id", "opportunity_id", "date", "due_date", "amount",
        "amount_with_tax", "currency", "currency_rate",
    }),
    "document_line": frozenset({
        "document_id", "position", "product", "family", "quantity", "unit_price", "amount",
    }),
    "ledger_customer": frozenset({"name", "account_id"}),
    "ledger_entry": frozenset({
        "journal", "entry", "date", "opening", "account_number", "account_label", "label", "piece",
        "piece_date", "debit", "credit", "letter", "letter_date", "customer_id",
    }),
    "contract": frozenset({
        "account_id", "kind", "competitor", "subject", "begins_on", "ends_on", "yearly_amount",
        "currency", "currency_rate",
    }),
    "activity": frozenset({
        "account_id", "contact_id", "opportunity_id", "rep_id", "kind", "date", "two_way",
        "minutes", "subject",
    }),
}  # fmt: skip


def hidden(rights: frozenset[str] | None, *, limited: bool) -> dict[str, tuple[str, ...]]:
    """By entity, the fields whose values somebody with these rights doesn't see (None: sees all).

    >>> hidden(frozenset({"bank_details"}), limited=False)["account"]
    ('confidential_note',)
    """
    if rights is None:
        return {}
    found = {}
    for entity in ENTITIES:
        names = {column.name for column in Base.metadata.tables[entity].columns} - RECORD
        unseen = {n for n in names if (e := RESTRICTED.get((entity, n))) and e not in rights}
        if limited:
            unseen |= {
                n for n in names - OPEN.get(entity, frozenset()) if (entity, n) not in RESTRICTED
            }
        if unseen:
            found[entity] = tuple(sorted(unseen))
    return found
