"""Rules that a change must meet, as data: what a value may be, and what may follow what.

Defaults stand here; `[rules]` in workbench.toml replaces them key by key, `transitions` status by
status.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from workbench.errors import Reason, UnknownName
from workbench.locale import msg
from workbench.store.privacy.fields import ANONYMISED, PERSONAL, placeholder
from workbench.vocabulary import (
    ConsentState,
    DecisionRole,
    LossReason,
    Need,
    StageKind,
    Status,
    Timeline,
    Word,
    field_name,
)

TRANSITIONS: dict[str, list[str]] = {
    Status.SUSPECT: [Status.PROSPECT, Status.LOST],
    Status.PROSPECT: [Status.SUSPECT, Status.CLIENT, Status.LOST],
    Status.CLIENT: [],
    Status.LOST: [Status.SUSPECT, Status.PROSPECT],
}
CHOICES: dict[tuple[str, str], type[Word]] = {
    ("account", "status"): Status,
    ("account", "need"): Need,
    ("account", "timeline"): Timeline,
    ("contact", "decision_role"): DecisionRole,
    ("consent", "state"): ConsentState,
    ("opportunity", "loss_reason"): LossReason,
}
WORDS = {key: frozenset(map(str, words)) for key, words in CHOICES.items()}
EDITABLE: dict[str, tuple[str, ...]] = {
    "account": (
        "name", "status", "segment", "sector", "owner_id", "parent_id", "customer_code",
        "street", "postcode", "city", "phone", "website", "employees",
        "need", "budget", "timeline", "supplier", "decider_known",
        "next_step", "next_step_on", "qualified_on", "notes", "iban", "confidential_note",
    ),
    "contact": ("first_name", "last_name", "job", "decision_role", "email", "phone"),
    "opportunity": (
        "name", "stage_id", "amount", "close_date", "probability", "loss_reason",
        "owner_id", "next_step", "competitor", "duration_months",
    ),
    "ledger_customer": ("account_id",),
    "consent": ("state", "date", "proof", "noted_by"),
}  # fmt: skip
BESIDE: dict[str, tuple[str, ...]] = {
    "account": ("status", "anonymised_on"),
    "contact": ("account_id", "anonymised_on"),
    "opportunity": ("stage_id", "loss_reason", "close_date", "account_id", "owner_id"),
    "ledger_customer": ("account_id",),
    "consent": ("contact_id", "code", "state", "proof"),
}
"""What rules, and rights, look at beside the field itself."""
PROMOTIONS = ("first_contact", "qualified", "quote_accepted", "first_invoice", "signed")
"""What `promotion` makes of changes by itself; a list of some of them leaves the others out."""
REQUIRED = {
    ("account", "name"),
    ("account", "status"),
    ("opportunity", "name"),
    ("opportunity", "stage_id"),
    ("consent", "state"),
    ("consent", "date"),
}


GONE = Reason(msg("Cette personne a été anonymisée : rien ne s’y ajoute."))
UNPROVEN = Reason(
    msg("Un consentement donné a besoin de sa preuve : un formulaire, un e-mail, un appel…")
)
StageOrder = Literal["any", "forward", "next"]


@dataclass(frozen=True)
class Rules:
    """The rules in force; `[rules]` of workbench.toml is read into it, unknown keys refused.

    Attributes:
        transitions: from each status, those that it may be changed to; a status left out has the
            usual ones.
        loss_needs_reason: a lost opportunity needs a loss reason.
        open_close_date_not_past: an open one isn't expected to close in the past.
        won_stays_won: a won one is only unwon by undoing what won it.
        stage_order: per pipeline: "any" (the usual), "forward" (never back) or "next" (never
            back, and no stage left out); losing and reopening are free.
        values: per field, as in "account.segment", the values that it may have; where figures
            know its words, as those of "account.need", some of these.
        promotions: the rules that act by themselves, `promotion.RULES`.
    """

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012 - read by pydantic, not a field

    transitions: dict[str, list[str]] = field(default_factory=lambda: dict(TRANSITIONS))
    loss_needs_reason: bool = True
    open_close_date_not_past: bool = True
    won_stays_won: bool = True
    stage_order: dict[str, StageOrder] = field(default_factory=dict)
    values: dict[str, list[str]] = field(default_factory=dict)
    promotions: list[str] = field(default_factory=lambda: list(PROMOTIONS))

    def __post_init__(self) -> None:
        for name in self.promotions:
            if name not in PROMOTIONS:
                raise UnknownName("promotion", name, PROMOTIONS)
        for was, allowed in self.transitions.items():
            for status in (was, *allowed):
                if status not in set(Status):
                    raise UnknownName("status of [rules.transitions]", status, Status)
        object.__setattr__(self, "transitions", TRANSITIONS | self.transitions)
        for name, values in self.values.items():
            entity, _, column = name.partition(".")
            if column not in EDITABLE.get(entity, ()):
                known = [f"{one}.{column}" for one, fields in EDITABLE.items() for column in fields]
                raise UnknownName("field of [rules.values]", name, known)
            words = WORDS.get((entity, column))
            for value in values:
                if words is not None and value not in words:
                    raise UnknownName(f"word of {name}", value, words)


@dataclass(frozen=True)
class StageFacts:
    """What the rules ask of a stage."""

    kind: StageKind
    pipeline_id: int
    label: str
    pipeline: str = ""
    position: int = 0


@dataclass(frozen=True)
class Case:
    """A record before and after the changes made to it together, for a rule to look at.

    Together: a loss and its reason may come at once, in any order.
    """

    field: str
    before: dict[str, Any]
    after: dict[str, Any]
    rules: Rules
    stages: dict[int, StageFacts]
    today: dt.date

    @property
    def new(self) -> Any:
        """The field's new value."""
        return self.after.get(self.field)


def refusal(entity: str, case: Case) -> Reason | None:
    """Why the record may not go from before to after in this field; None if it may."""
    for rule in (*GENERAL, *RULES.get(entity, ())):
        reason = rule(entity, case)
        if reason is not None:
            return reason
    return None


def standing(entity: str, case: Case) -> Reason | None:
    """Why a record may not be as it is after, whatever brought it there, undoing too."""
    return _required(entity, case) or (
        _loss_reason(entity, case) if entity == "opportunity" else None
    )


def _editable(entity: str, case: Case) -> Reason | None:
    fields = EDITABLE.get(entity, ())
    if case.field in fields:
        return None
    return Reason(
        msg("Le champ « {field} » ne se modifie pas ; ceux-ci, oui : {fields}."),
        field=field_name(case.field),
        fields=[field_name(name) for name in fields],
    )


def _still_somebody(entity: str, case: Case) -> Reason | None:
    since = case.before.get(ANONYMISED)
    if since is None or case.field not in PERSONAL.get(entity, ()):
        return None
    return Reason(
        msg("Cette fiche a été anonymisée le {day} : « {field} » ne se remplit plus."),
        day=since,
        field=field_name(case.field),
    )


def _required(entity: str, case: Case) -> Reason | None:
    if case.new is not None or (entity, case.field) not in REQUIRED:
        return None
    return Reason(msg("Le champ « {field} » ne peut pas être vide."), field=field_name(case.field))


def _among_values(entity: str, case: Case) -> Reason | None:
    allowed = case.rules.values.get(f"{entity}.{case.field}")
    if allowed is None or case.new is None or str(case.new) in allowed:
        return None
    return Reason(
        msg("« {value} » n’est pas une valeur de « {field} » ; il y a : {words}."),
        value=case.new,
        field=field_name(case.field),
        words=allowed,
    )


def _known_word(entity: str, case: Case) -> Reason | None:
    key = (entity, case.field)
    if key not in WORDS or case.new is None or case.new in WORDS[key]:
        return None
    return Reason(
        msg("« {value} » n’est pas une valeur de « {field} » ; il y a : {words}."),
        value=case.new,
        field=field_name(case.field),
        words=list(CHOICES[key]),
    )


def _not_negative(entity: str, case: Case) -> Reason | None:  # noqa: ARG001 - one shape for all
    if case.field in {"amount", "budget", "employees", "duration_months"} and (case.new or 0) < 0:
        return Reason(
            msg("Le champ « {field} » ne peut pas être négatif."), field=field_name(case.field)
        )
    return None


def _transition(entity: str, case: Case) -> Reason | None:  # noqa: ARG001
    if case.field != "status":
        return None
    was, new = case.before["status"], case.after["status"]
    allowed = case.rules.transitions.get(was, [])
    if was == new or new in allowed:
        return None
    if was == Status.CLIENT and not allowed:
        return Reason(
            msg("Un compte « {was} » ne change plus de statut : il a été facturé."),
            was=Status(was),
        )
    if not allowed:
        return Reason(msg("Un compte « {was} » ne change pas de statut."), was=Status(was))
    return Reason(
        msg("Un compte « {was} » ne peut pas devenir « {new} » ; il peut devenir : {allowed}."),
        was=Status(was),
        new=Status(new),
        allowed=[Status(status) for status in allowed],
    )


def _stage(entity: str, case: Case) -> Reason | None:  # noqa: ARG001
    if case.field != "stage_id":
        return None
    was, stage = case.stages[case.before["stage_id"]], case.stages.get(case.new)
    if stage is None:
        return Reason(msg("Aucune étape n’a le numéro {id}."), id=case.new)
    if stage.pipeline_id != was.pipeline_id:
        return Reason(msg("L’étape « {stage} » est d’un autre pipeline."), stage=stage.label)
    if case.rules.won_stays_won and was.kind == StageKind.WON and stage.kind != StageKind.WON:
        return Reason(
            msg("Une affaire gagnée ne revient pas en arrière ; annulez ce qui l’a gagnée.")
        )
    return _in_order(case, was, stage)


def _in_order(case: Case, was: StageFacts, stage: StageFacts) -> Reason | None:
    """Whether a deal may go from one stage to the other in its pipeline's order."""
    order = case.rules.stage_order.get(was.pipeline, "any")
    if order == "any" or StageKind.LOST in {was.kind, stage.kind}:
        return None
    ahead = sorted(
        (
            one
            for one in case.stages.values()
            if one.pipeline_id == was.pipeline_id
            and one.kind != StageKind.LOST
            and one.position > was.position
        ),
        key=lambda one: one.position,
    )
    allowed = ahead[:1] if order == "next" else ahead
    if stage == was or stage in allowed:
        return None
    return Reason(
        msg("De « {was} », une affaire va à : {allowed}."),
        was=was.label,
        allowed=[one.label for one in allowed],
    )


def _loss_reason(entity: str, case: Case) -> Reason | None:  # noqa: ARG001
    if case.field not in {"stage_id", "loss_reason"} or not case.rules.loss_needs_reason:
        return None
    stage = case.stages.get(case.after["stage_id"])
    if stage is None or stage.kind != StageKind.LOST or case.after.get("loss_reason"):
        return None
    return Reason(
        msg("Une affaire perdue a besoin d’un motif de perte : {reasons}."),
        reasons=list(LossReason),
    )


def _probability(entity: str, case: Case) -> Reason | None:  # noqa: ARG001
    if case.field != "probability" or case.new is None or 0 <= case.new <= 1:
        return None
    return Reason(msg("Une probabilité est comprise entre 0 et 100 %."))


def _close_date(entity: str, case: Case) -> Reason | None:  # noqa: ARG001
    """Whether an open deal is expected in the past, or a closed one is said to be of the future.

    Of a stage only reopening is asked: a deal that is late may move on, and one that is won
    keeps the date at which it was expected.
    """
    if case.field not in {"close_date", "stage_id"} or case.after.get("close_date") is None:
        return None
    stage, was = (case.stages.get(one["stage_id"]) for one in (case.after, case.before))
    if stage is None:
        return None
    closes = dt.date.fromisoformat(case.after["close_date"])
    is_open = stage.kind == StageKind.OPEN
    moved_on = case.field == "stage_id" and (
        not is_open or was is None or was.kind == StageKind.OPEN
    )
    if moved_on:
        return None
    if is_open and case.rules.open_close_date_not_past and closes < case.today:
        return Reason(
            msg("Une affaire en cours ne peut pas se signer dans le passé ; à partir du {today}."),
            today=f"{case.today:%d/%m/%Y}",
        )
    if not is_open and closes > case.today:
        return Reason(
            msg("Une affaire close ne peut pas l’avoir été dans le futur ; jusqu’au {today}."),
            today=f"{case.today:%d/%m/%Y}",
        )
    return None


def _of_somebody(entity: str, case: Case) -> Reason | None:  # noqa: ARG001
    return GONE if placeholder(case.before["code"]) else None


def _proven(entity: str, case: Case) -> Reason | None:  # noqa: ARG001
    given = case.after["state"] == ConsentState.GIVEN
    if case.field not in {"state", "proof"} or not given or (case.after["proof"] or "").strip():
        return None
    return UNPROVEN


Rule = Callable[[str, Case], Reason | None]
GENERAL: tuple[Rule, ...] = (
    _editable,
    _still_somebody,
    _required,
    _known_word,
    _among_values,
    _not_negative,
)
RULES: dict[str, tuple[Rule, ...]] = {
    "account": (_transition,),
    "opportunity": (_stage, _loss_reason, _probability, _close_date),
    "consent": (_of_somebody, _proven),
}
