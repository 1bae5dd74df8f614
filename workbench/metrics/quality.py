"""What must be completed or refreshed before the numbers can be trusted."""

from __future__ import annotations

from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from workbench.metrics.catalog import metric
from workbench.metrics.frames import collect, give, ratio, whole
from workbench.metrics.funnel import STAGES
from workbench.metrics.groups import GROUP, choice, grouped, labelled
from workbench.metrics.periods import asked, midnight

FIELDS = ("segment", "need", "budget", "timeline", "supplier", "decider_known", "next_step")
GAPS = {
    "id": "id",
    "code": "text",
    "name": "text",
    "status": "text",
    "segment": "text",
    "owner_id": "id",
    "owner": "text",
    "team_id": "id",
    "team": "text",
    "missing": "text: the fields, with commas",
    "gaps": "count: of fields missing",
    "qualified_on": "date: last time",
    "age_days": "count: since then",
    "stale": "flag: never qualified, or longer ago than that",
    "version": "count",
}
BY_OWNER = {
    **GROUP,
    "accounts": "count",
    "complete": "count: nothing missing, not stale",
    "with_gaps": "count: a field is missing",
    "stale": "count",
    "complete_share": "ratio: complete / accounts",
}
FORMULA = (
    (
        "Champs de qualification vides (segment, besoin, budget, échéance, fournisseur, décideur "
        "connu, prochaine étape), et qualification plus vieille que n jours."
    ),
    (
        "Empty qualification fields (segment, need, budget, timeline, supplier, decider known, "
        "next step), and qualification older than n days."
    ),
)


def _checked(
    accounts: nw.LazyFrame[Any], as_of: Any, status: str | None, stale_days: int
) -> pd.DataFrame:
    choice("status", status, STAGES)
    last, limit = asked("qualification_gaps", as_of), whole("stale_days", stale_days)
    if status is not None:
        accounts = accounts.filter(nw.col("status") == status)
    more = [name for name in GAPS if name not in ("missing", "gaps", "age_days", "stale")]
    rows = collect(accounts, *dict.fromkeys((*more, *FIELDS)))
    empty = np.column_stack(
        [(rows[name].isna() | rows[name].isin([""])).to_numpy(dtype=bool) for name in FIELDS]
    )
    patterns, which = np.unique(empty, axis=0, return_inverse=True)
    texts = [", ".join(f for f, gone in zip(FIELDS, p, strict=True) if gone) for p in patterns]
    age = (pd.Timestamp(midnight(last)) - rows["qualified_on"]).dt.days.astype("Int64")
    return rows.assign(
        missing=np.array([*texts, ""], dtype=object)[which],
        gaps=empty.sum(axis=1),
        age_days=age,
        stale=(age > limit).fillna(value=True).astype(bool),
    )


@metric(
    label=("Qualifications à compléter", "Qualifications to complete"),
    question=(
        "Que faut-il corriger ou compléter ?",
        "What must be corrected or completed?",
    ),
    unit=("champs", "fields"),
    formula=FORMULA,
    source=("champs de qualification du compte", "qualification fields of the account"),
    columns=GAPS,
)
def qualification_gaps(
    accounts: nw.LazyFrame[Any],
    *,
    as_of: Any = None,
    status: str | None = "prospect",
    stale_days: int = 180,
) -> nw.LazyFrame[Any]:
    """Accounts with a gap or a stale qualification, those with most to do first.

    Args:
        accounts: as of the date.
        as_of: age is counted up to it.
        status: of the accounts looked at; None for all.
        stale_days: after so many days a qualification is stale.
    """
    rows = _checked(accounts, as_of, status, stale_days)
    todo = rows[(rows["gaps"] > 0) | rows["stale"]]
    ordered = todo.sort_values(["gaps", "age_days", "id"], ascending=[False, False, True])
    return give(ordered, accounts, GAPS)


@metric(
    label=("Qualification par commercial", "Qualification by owner"),
    question=(
        "Qui a des fiches à compléter ?",
        "Who has sheets to complete?",
    ),
    unit=("comptes", "accounts"),
    formula=FORMULA,
    source=("champs de qualification du compte", "qualification fields of the account"),
    columns=BY_OWNER,
)
def qualification_by_owner(
    accounts: nw.LazyFrame[Any],
    *,
    as_of: Any = None,
    by: str | None = "owner",
    status: str | None = "prospect",
    stale_days: int = 180,
) -> nw.LazyFrame[Any]:
    """Complete, incomplete and stale qualifications per group, most to do first.

    Args:
        accounts: as of the date.
        as_of: age is counted up to it.
        by: owner, team, segment, status; None for all.
        status: of the accounts looked at; None for all.
        stale_days: after so many days a qualification is stale.
    """
    rows = _checked(accounts, as_of, status, stale_days)
    gap = rows["gaps"] > 0
    rows = rows.assign(
        accounts=1,
        complete=(~gap & ~rows["stale"]).astype("int64"),
        with_gaps=gap.astype("int64"),
        stale=rows["stale"].astype("int64"),
    )
    keyed = collect(
        grouped(nw.from_native(rows).lazy(), by, ("owner", "team", "segment", "status")),
        *BY_OWNER.keys() - {"complete_share"},
    )
    sums = ["accounts", "complete", "with_gaps", "stale"]
    found = keyed.groupby(["group_id", "group"], dropna=False, sort=False)[sums].sum().reset_index()
    result = found.assign(complete_share=ratio(found["complete"], found["accounts"])).sort_values(
        ["complete_share", "group"]
    )
    return give(labelled(result, by), accounts, BY_OWNER)
