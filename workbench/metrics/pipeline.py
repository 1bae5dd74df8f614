"""The pipeline: which deals are in play, in which stage, and how far deals go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from workbench.metrics.catalog import metric
from workbench.metrics.deals import DIMENSIONS, age, as_closed, deals, is_stalled
from workbench.metrics.frames import (
    NOBODY,
    beside,
    collect,
    euros,
    give,
    in_cents,
    largest_first,
    looked_up,
    nearest,
    ratio,
    told,
    whole,
)
from workbench.metrics.groups import GROUP, choice, keyed, labelled
from workbench.metrics.intervals import wilson
from workbench.metrics.periods import (
    NO_DAY,
    asked,
    day,
    days,
    midnight,
    month_ends,
    number_of,
    within,
)
from workbench.metrics.steps import step
from workbench.vocabulary import StageKind

KINDS = [kind.value for kind in StageKind]
ROWS = {
    "id": "id",
    "code": "text",
    "name": "text",
    "account_id": "id",
    "account": "text",
    "pipeline": "text",
    "stage_id": "id",
    "stage": "text",
    "position": "count",
    "kind": "text",
    "amount": "money: null where it has none",
    "probability": "ratio: the one that holds: its own, else its stage's; 0 lost, 1 won",
    "weighted": "money: amount x probability",
    "created_on": "date",
    "stage_since": "date",
    "close_date": "date",
    "closed_on": "date: when it was won or lost; null while open",
    "closing_month": "date: first day of the month of close_date",
    "age_days": "count: since it was created",
    "stage_days": "count: in its stage",
    "stalled": "flag: in its stage for longer than that allows",
    "owner_id": "id: once it is won or lost, of that day",
    "owner": "text",
    "team_id": "id: the owner's manager, once it is won or lost of that day",
    "team": "text",
    "segment": "text",
    "product": "text",
    "loss_reason": "text",
    "version": "count",
}
if TYPE_CHECKING:
    import narwhals as nw

TOTALS = {
    **GROUP,
    "deals": "count",
    "amount": "money: null where no deal has one",
    "weighted": "money: sum of amount x probability of each deal; null as the amount",
    "age_days": "number: mean, since creation",
    "stalled": "count",
}
BY_STAGE = {
    **GROUP,
    "pipeline": "text",
    "stage_id": "id",
    "stage": "text",
    "position": "count",
    **{name: kind for name, kind in TOTALS.items() if name not in GROUP},
}
HISTORY = {
    "date": "date",
    "deals": "count",
    "amount": "money",
    "weighted": "money",
    "age_days": "number: mean, since creation",
    "stalled": "count: in their stage for longer than it allows",
}
STEPS = {
    "pipeline": "text",
    "stage_id": "id",
    "stage": "text",
    "position": "count",
    "visited": "count: distinct deals that stood there, however briefly",
    "reached": "count: distinct deals that stood there or further",
    "skipped": "count: reached - visited",
    "still_here": "count: open, and there now",
    "lost_here": "count: lost, this being the furthest that they came",
    "backward": "count: moves back into it from a further stage",
    "conversion": "ratio: reached the next stage / reached this one",
    "low": "ratio",
    "high": "ratio",
    "median_days": "number: in the stage, of the deals that left it",
}
GROUPINGS = (*DIMENSIONS, "closing_month")
WEIGHTED = (
    (
        "Pondéré : montant × probabilité propre de chaque affaire, sinon celle de son étape ; "
        "perdue = 0."
    ),
    "Weighted: amount x each deal's own probability, else its stage's; lost = 0.",
)


@metric(
    label=("Affaires du pipeline", "Pipeline deals"),
    question=("Quelles affaires sont derrière ce chiffre ?", "Which deals are behind this figure?"),
    unit=("€", "€"),
    formula=WEIGHTED,
    source=("étapes du processus de vente", "stages of the pipeline"),
    columns=ROWS,
)
def pipeline_rows(
    opportunities: nw.LazyFrame[Any],
    stages: nw.LazyFrame[Any],
    accounts: nw.LazyFrame[Any],
    reps: nw.LazyFrame[Any],
    deal_periods: nw.LazyFrame[Any],
    team_periods: nw.LazyFrame[Any],
    *,
    as_of: Any = None,
    kind: str | None = "open",
) -> nw.LazyFrame[Any]:
    """The deals behind `pipeline_by_stage` and `win_rate`, largest first.

    Args:
        opportunities: as of the date.
        stages: of all pipelines.
        accounts: for their names.
        reps: for theirs.
        deal_periods: who owned the deal when it was won or lost.
        team_periods: who led that rep then.
        as_of: ages are counted up to it.
        kind: open, won or lost; None for all.
    """
    choice("kind of stage", kind, KINDS)
    names = collect(accounts, "id", "name").set_index("id")["name"]
    found = deals(opportunities, stages, as_of=as_of, kind=kind)
    if kind != "open":
        found = as_closed(found, opportunities, stages, reps, deal_periods, team_periods)
    found = largest_first(found, "cents", "id")
    result = found.assign(
        account=looked_up(found["account_id"], names),
        age_days=age(found["created_on"], as_of),
        stage_days=age(found["stage_since"], as_of),
        stalled=is_stalled(found, as_of),
        amount=told(euros(found["cents"]), found["amount"].notna()),
        probability=found["odds"],
        weighted=told(euros(found["weighted_cents"]), found["amount"].notna()),
        closing_month=found["close_date"].to_numpy("datetime64[M]").astype("datetime64[us]"),
    )
    return give(result, opportunities, ROWS)


@metric(
    label=("Pipeline par étape", "Pipeline by stage"),
    question=(
        "Qu’avons-nous en jeu à chaque étape, et quel en est le poids ?",
        "What is in play at each stage, and what does it weigh?",
    ),
    unit=("€", "€"),
    formula=WEIGHTED,
    source=(
        "étapes du processus de vente ; chaque affaire est pondérée, puis ajoutée",
        "stages of the pipeline; each deal is weighed, then added",
    ),
    columns=BY_STAGE,
)
def pipeline_by_stage(
    opportunities: nw.LazyFrame[Any],
    stages: nw.LazyFrame[Any],
    *,
    as_of: Any = None,
    by: str | None = None,
) -> nw.LazyFrame[Any]:
    """Open deals per stage, in the order of each pipeline.

    Args:
        opportunities: as of the date.
        stages: of all pipelines.
        as_of: ages are counted up to it.
        by: owner, team, segment, product, pipeline or closing_month beside the stage; None (or
            stage) for the stage alone, empty open stages included where their pipeline has deals.
    """
    dimension = None if by == "stage" else by
    found = _summed(opportunities, stages, dimension, as_of, ("stage_id",))
    listed = collect(stages, "id", "pipeline", "label", "position", "kind", "grain")
    live = listed[listed["kind"] == "open"].rename(columns={"id": "stage_id", "label": "stage"})
    if dimension is None:
        stood = collect(opportunities.select("stage_id").unique())["stage_id"]
        used = listed.loc[listed["id"].isin(stood), "pipeline"]
        every = (live["grain"] == "deal") & live["pipeline"].isin(used)
        shown = live[every | live["stage_id"].isin(found["stage_id"])]
        rows = shown.merge(found, on="stage_id", how="left")
        rows.loc[rows["deals"].isna(), ["deals", "stalled", "amount", "weighted"]] = 0
    else:
        rows = live.merge(found, on="stage_id")
    ordered = rows.sort_values(
        ["group", "group_id", "pipeline", "position"], kind="stable", ignore_index=True
    )
    return give(ordered, opportunities, BY_STAGE)


@metric(
    label=("Total du pipeline", "Pipeline total"),
    question=("Que pèse notre pipeline ?", "What does our pipeline weigh?"),
    unit=("€", "€"),
    formula=WEIGHTED,
    source=("étapes du processus de vente", "stages of the pipeline"),
    columns=TOTALS,
)
def pipeline_totals(
    opportunities: nw.LazyFrame[Any],
    stages: nw.LazyFrame[Any],
    *,
    as_of: Any = None,
    by: str | None = None,
) -> nw.LazyFrame[Any]:
    """Open deals in all, or per group; largest weight first, months in order.

    Args:
        opportunities: as of the date.
        stages: of all pipelines.
        as_of: ages are counted up to it.
        by: owner, team, segment, product, pipeline, closing_month or stage; None for one row.
    """
    found = _summed(
        opportunities,
        stages,
        None if by == "stage" else by,
        as_of,
        ("stage_id", "stage", "position") if by == "stage" else (),
    )
    if by == "stage":
        found = found.assign(group_id=found["stage_id"], group=found["stage"])
        found = found.sort_values("position", kind="stable")
    elif by == "closing_month":
        found = found.sort_values("group", kind="stable")
    else:
        found = found.sort_values(["weighted", "group"], ascending=[False, True], kind="stable")
    if by is None and found.empty:
        found = labelled(pd.DataFrame([dict.fromkeys(TOTALS, 0) | {"age_days": np.nan}]), None)
    return give(found, opportunities, TOTALS)


def _summed(
    opportunities: nw.LazyFrame[Any],
    stages: nw.LazyFrame[Any],
    by: str | None,
    as_of: Any,
    keys: tuple[str, ...],
) -> pd.DataFrame:
    """Open deals added up by group and keys."""
    choice("grouping", by, GROUPINGS)
    live = deals(opportunities, stages, as_of=as_of, kind="open")
    live = live.assign(
        deals=1, age_days=age(live["created_on"], as_of), stalled=is_stalled(live, as_of)
    )
    month = by == "closing_month"
    dimension, choices = ("month", ("month",)) if month else (by, DIMENSIONS)
    groups = keyed(live, dimension, choices, date="close_date").groupby(
        ["group_id", "group", *keys], dropna=False, sort=False
    )
    summed = groups[["deals", "cents", "weighted_cents", "stalled"]].sum()
    summed = summed.assign(
        age_days=groups["age_days"].mean(), told=groups["amount"].count() > 0
    ).reset_index()
    summed = labelled(summed, dimension)
    return summed.assign(
        amount=told(euros(summed["cents"]), summed["told"]),
        weighted=told(euros(summed["weighted_cents"]), summed["told"]),
    )


@metric(
    label=("Évolution du pipeline", "Pipeline over time"),
    question=(
        "Que pesait le pipeline à chaque fin de mois ?",
        "What did the pipeline weigh at each month's end?",
    ),
    unit=("€", "€"),
    formula=(
        (
            "Affaires ouvertes au dernier jour du mois, puis à la date, telles qu’elles étaient ce "
            "jour-là."
        ),
        "Deals open on the month's last day, then on the date, as they stood that day.",
    ),
    source=("historique des affaires, au journal", "deal history of the journal"),
    columns=HISTORY,
)
def pipeline_history(
    deal_periods: nw.LazyFrame[Any],
    stages: nw.LazyFrame[Any],
    opportunities: nw.LazyFrame[Any],
    *,
    as_of: Any = None,
    months: int = 12,
) -> nw.LazyFrame[Any]:
    """Open pipeline at each month's end and at the date.

    Args:
        deal_periods: deals over time.
        stages: of all pipelines.
        opportunities: tell when a deal was created.
        as_of: the last day shown.
        months: how many month ends before it.
    """
    rows = _open_periods(deal_periods, stages, opportunities)
    start, end = days(rows["valid_from"]), days(rows["valid_to"])
    end = np.where(end == NO_DAY, np.iinfo("int64").max, end)
    came, created = days(rows["stage_since"]), days(rows["created_on"])
    limit = rows["stalled_days"].to_numpy("float64", na_value=np.inf)
    amount = rows["cents"].to_numpy("int64")
    weighted = rows["weighted_cents"].to_numpy("int64")
    points = []
    for date in month_ends(asked("pipeline_history", as_of), whole("months", months)):
        moment = number_of(date)
        there = (start <= moment) & (end > moment)
        dated = there & (created != NO_DAY)
        points.append(
            {
                "date": midnight(date),
                "deals": there.sum(),
                "amount": amount[there].sum(),
                "weighted": weighted[there].sum(),
                "age_days": (moment - created[dated]).mean() if dated.any() else np.nan,
                "stalled": (there & (moment - came > limit)).sum(),
            }
        )
    table = pd.DataFrame(points)
    result = table.assign(amount=euros(table["amount"]), weighted=euros(table["weighted"]))
    return give(result, deal_periods, HISTORY)


@step
def _open_periods(
    deal_periods: nw.LazyFrame[Any],
    stages: nw.LazyFrame[Any],
    opportunities: nw.LazyFrame[Any],
) -> pd.DataFrame:
    """What deals went through while they were open.

    Returns:
        valid_from, valid_to, stage_since, created_on, stalled_days, cents, weighted_cents.
    """
    columns = ("opportunity_id", "sequence", "stage_id", "amount", "probability")
    rows = collect(deal_periods, *columns, "valid_from", "valid_to")
    rows = rows.sort_values(["opportunity_id", "sequence"], ignore_index=True)
    deal, stage = (rows[name].to_numpy("int64", na_value=NOBODY) for name in columns[:3:2])
    begins = np.ones(len(rows), dtype=bool)  # a deal, or its stay in a stage
    begins[1:] = (deal[1:] != deal[:-1]) | (stage[1:] != stage[:-1])
    first = np.flatnonzero(begins)[np.cumsum(begins) - 1]
    known = collect(stages, "id", "kind", "probability", "stalled_days")
    known = known.rename(columns={"probability": "stage_probability"})
    rows = rows.assign(stage_since=rows["valid_from"].array.take(first))
    rows = beside(rows, "stage_id", known)
    rows = rows[rows["kind"] == "open"].reset_index(drop=True)
    rows = beside(rows, "opportunity_id", collect(opportunities, "id", "created_on"))
    worth = in_cents(rows["amount"])
    odds = rows["probability"].fillna(rows["stage_probability"]).fillna(0.0)
    return rows.assign(cents=worth, weighted_cents=nearest(worth * odds))


@metric(
    label=("Conversion entre étapes", "Stage conversion"),
    question=(
        "Jusqu’où vont les affaires, et où les perdons-nous ?",
        "How far do deals go, and where do we lose them?",
    ),
    unit=("affaires", "deals"),
    formula=(
        (
            "Affaires distinctes commencées dans la période, arrivées à l’étape ou plus loin ; les "
            "perdues restent dans chaque étape atteinte ; conversion = arrivées à l’étape suivante "
            "/ arrivées à celle-ci ; intervalle de Wilson à 95 %."
        ),
        (
            "Distinct deals begun in the period that reached the stage or a further one; lost "
            "deals stay in every stage reached; conversion = reached the next / reached this one; "
            "Wilson interval at 95 %."
        ),
    ),
    source=(
        "Wilson 1927 ; historique des affaires au journal",
        "Wilson 1927; deal history of the journal",
    ),
    columns=STEPS,
)
def stage_conversion(
    deal_periods: nw.LazyFrame[Any],
    stages: nw.LazyFrame[Any],
    *,
    as_of: Any = None,
    pipeline: str | None = None,
    since: Any = None,
    until: Any = None,
) -> nw.LazyFrame[Any]:
    """How many deals came to each stage, in the order of each pipeline.

    Args:
        deal_periods: deals over time, periods of no length included.
        stages: of all pipelines; a lost stage isn't a step.
        as_of: what was known by then.
        pipeline: its code; None for all.
        since: first day on which a deal began.
        until: last day on which a deal began.
    """
    last = asked("stage_conversion", as_of)
    listed = collect(stages, "id", "pipeline", "label", "position", "kind", "grain")
    choice("pipeline", pipeline, listed["pipeline"].dropna().unique())
    if pipeline is not None:
        listed = listed[listed["pipeline"] == pipeline]
    steps = listed.sort_values(["pipeline", "position"], kind="stable", ignore_index=True)
    periods = collect(
        within(deal_periods, "valid_from", None, last),
        *("opportunity_id", "sequence", "stage_id", "valid_from"),
    )
    runs = _runs(periods, steps)
    begun = runs.groupby("deal")["on"].transform("min")
    first, final = day(since), day(until)
    kept = np.ones(len(runs), dtype=bool)
    if first is not None:
        kept &= (begun >= number_of(first)).to_numpy()
    if final is not None:
        kept &= (begun <= number_of(final)).to_numpy()
    return give(_steps(runs[kept], steps), deal_periods, STEPS)


def _runs(periods: pd.DataFrame, steps: pd.DataFrame) -> pd.DataFrame:
    """Uninterrupted stays of each deal in a stage: deal, step (row of `steps`), on, days."""
    step = pd.Index(steps["id"].astype("int64")).get_indexer(
        pd.Index(periods["stage_id"].astype("int64"))
    )
    rows = pd.DataFrame(
        {
            "deal": periods["opportunity_id"].to_numpy("int64"),
            "sequence": periods["sequence"].to_numpy("int64"),
            "step": step,
            "on": days(periods["valid_from"]),
        }
    )[step >= 0]
    order = np.lexsort((rows["sequence"], rows["deal"]))
    rows = rows.iloc[order]
    deal, stage = rows["deal"].to_numpy(), rows["step"].to_numpy()
    begins = np.ones(len(rows), dtype=bool)
    begins[1:] = (deal[1:] != deal[:-1]) | (stage[1:] != stage[:-1])
    runs = rows[begins].reset_index(drop=True)
    goes_on = (runs["deal"].shift(-1) == runs["deal"]).to_numpy()
    stayed = runs["on"].shift(-1) - runs["on"]
    return runs.assign(days=stayed.where(goes_on), last=~goes_on)


def _steps(runs: pd.DataFrame, steps: pd.DataFrame) -> pd.DataFrame:
    kind = steps["kind"].to_numpy(dtype=object)
    size = len(steps)
    real = kind != "lost"
    walked = runs[real[runs["step"]]] if len(runs) else runs
    furthest = walked.groupby("deal")["step"].max()
    at_end = runs[runs["last"]].set_index("deal")["step"]
    lost = at_end.index[~real[at_end.to_numpy()]]
    lost_at = furthest.reindex(lost).dropna().astype("int64").to_numpy()
    still = at_end.to_numpy()[kind[at_end.to_numpy()] == "open"]
    high_before = walked.groupby("deal")["step"].cummax().groupby(walked["deal"]).shift()
    back = walked.loc[(high_before > walked["step"]).to_numpy(), "step"].to_numpy()
    exact = np.bincount(furthest.to_numpy("int64"), minlength=size)
    visits = walked.drop_duplicates(["deal", "step"])["step"].to_numpy("int64")
    counted = steps.assign(
        visited=np.bincount(visits, minlength=size),
        exact=exact,
        still_here=np.bincount(still, minlength=size),
        lost_here=np.bincount(lost_at, minlength=size),
        backward=np.bincount(back.astype("int64"), minlength=size),
        median_days=walked.groupby("step")["days"].median().reindex(range(size)).to_numpy(),
    )
    counted = counted[real].rename(columns={"id": "stage_id", "label": "stage"})
    counted = counted[(counted["grain"] == "deal") | (counted["visited"] > 0)]
    back_up = counted["exact"][::-1].groupby(counted["pipeline"][::-1]).cumsum()
    counted["reached"] = back_up[::-1]
    further = counted.groupby("pipeline")["reached"].shift(-1)
    low, high = wilson(further.to_numpy("float64"), counted["reached"].to_numpy("float64"))
    known = further.notna().to_numpy() & (counted["reached"] > 0).to_numpy()
    result: pd.DataFrame = counted.assign(
        skipped=counted["reached"] - counted["visited"],
        conversion=np.where(known, ratio(further, counted["reached"]), np.nan),
        low=np.where(known, low, np.nan),
        high=np.where(known, high, np.nan),
    )
    return result
