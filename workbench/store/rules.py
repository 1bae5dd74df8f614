"""Rules that a change must meet, as data: what a value may be, and what may follow what.

Defaults stand here; `[rules]` in workbench.toml replaces them key by key.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from workbench.vocabulary import (
    DecisionRole,
    LossReason,
    Need,
    StageKind,
    Status,
    Timeline,
)

TRANSITIONS: dict[str, list[str]] = {
    Status.SUSPECT: [Status.PROSPECT, Status.LOST],
    Status.PROSPECT: [Status.SUSPECT, Status.CLIENT, Status.LOST],
    Status.CLIENT: [],
    Status.LOST: [Status.SUSPECT, Status.PROSPECT],
}
CHOICES: dict[tuple[str, str], type[StrEnum]] = {
    ("account", "status"): Status,
    ("account", "need"): Need,
    ("account", "timeline"): Timeline,
    ("contact", "decision_role"): DecisionRole,
    ("opportunity", "loss_reason"): LossReason,
}
EDITABLE: dict[str, tuple[str, ...]] = {
    "account": (
        "name", "status", "segment", "sector", "owner_id", "parent_id", "customer_code",
        "street", "postcode", "city", "phone", "website", "employees",
        "need", "budget", "timeline", "supplier", "decider_known",
        "next_step", "next_step_on", "qualified_on", "notes",
    ),
    "contact": ("first_name", "last_name", "job", "decision_role", "email", "phone"),
    "opportunity": (
        "name", "stage_id", "amount", "close_date", "probability", "loss_reason",
        "owner_id", "next_step", "competitor",
    ),
    "ledger_customer": ("account_id",),
}  # fmt: skip
REQUIRED = {("account", "name"), ("account", "status"), ("opportunity", "name"), ("opportunity", "stage_id")}


@dataclass(frozen=True)
class Rules:
    """The rules in force."""

    transitions: dict[str, list[str]] = field(default_factory=lambda: dict(TRANSITIONS))
    loss_needs_reason: bool = True
    open_close_date_not_past: bool = True
    won_stays_won: bool = True


@dataclass(frozen=True)
class StageFacts:
    """What the rules ask of a stage."""

    kind: StageKind
    pipeline_id: int
    label: str


def refusal(  # noqa: PLR0911 - one return per rule reads best
    rules: Rules,
    entity: str,
    field_: str,
    before: dict[str, Any],
    after: dict[str, Any],
    stages: dict[int, StageFacts],
    today: dt.date,
) -> str | None:
    """Why the record may not go from `before` to `after` in this field; None if it may.

    `after` holds all changes to the record made together, so that a loss and its reason can come
    at once.
    """
    new = after.get(field_)
    if field_ not in EDITABLE.get(entity, ()):
        return f"{field_} of {entity} can't be edited; these can: {', '.join(EDITABLE.get(entity, ()))}"
    if new is None and (entity, field_) in REQUIRED:
        return f"{field_} can't be empty"
    words = CHOICES.get((entity, field_))
    if words is not None and new is not None and new not in set(words):
        return f"{new!r} isn't a value of {field_}; these are: {', '.join(words)}"
    if entity == "account":
        return _account(rules, field_, before, after)
    if entity == "opportunity":
        return _opportunity(rules, field_, before, after, stages, today)
    return None


def _account(
    rules: Rules, field_: str, before: dict[str, Any], after: dict[str, Any]
) -> str | None:
    if field_ == "status" and before["status"] != after["status"]:
        allowed = rules.transitions.get(before["status"], [])
        if after["status"] not in allowed:
            ways = ", ".join(allowed) or "nothing else: a client has been invoiced"
            return f"{before['status']} can't become {after['status']}; it can become {ways}"
    if field_ == "parent_id" and after["parent_id"] is not None and after["parent_id"] == after["id"]:
        return "an account can't be its own parent"
    if field_ in ("budget", "employees") and (after[field_] or 0) < 0:
        return f"{field_} can't be negative"
    return None


def _opportunity(  # noqa: PLR0911
    rules: Rules,
    field_: str,
    before: dict[str, Any],
    after: dict[str, Any],
    stages: dict[int, StageFacts],
    today: dt.date,
) -> str | None:
    stage = stages.get(after["stage_id"])
    if stage is None:
        return f"no stage has the id {after['stage_id']}"
    was = stages[before["stage_id"]]
    if field_ == "stage_id":
        if stage.pipeline_id != was.pipeline_id:
            return f"{stage.label} is a stage of another pipeline"
        if rules.won_stays_won and was.kind == StageKind.WON and stage.kind != StageKind.WON:
            return "a deal that was won isn't moved back by hand; undo the change that won it"
        if rules.loss_needs_reason and stage.kind == StageKind.LOST and not after.get("loss_reason"):
            return f"a lost deal needs a loss reason: {', '.join(LossReason)}"
    if field_ == "loss_reason" and not after["loss_reason"] and stage.kind == StageKind.LOST:
        return f"a lost deal needs a loss reason: {', '.join(LossReason)}"
    if field_ == "amount" and (after["amount"] or 0) < 0:
        return "an amount can't be negative"
    if field_ == "probability" and after["probability"] is not None and not 0 <= after["probability"] <= 1:
        return "a probability lies between 0 and 1"
    if field_ == "close_date" and after["close_date"] is not None:
        closes = dt.date.fromisoformat(after["close_date"])
        if rules.open_close_date_not_past and stage.kind == StageKind.OPEN and closes < today:
            return f"an open deal can't close in the past: give {today.isoformat()} or later"
        if stage.kind != StageKind.OPEN and closes > today:
            return f"a closed deal can't have closed in the future: give {today.isoformat()} or before"
    return None
