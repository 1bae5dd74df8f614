"""The funnel: how many accounts stand where, and how many of those that entered went on.

How fast they go, and back and forth, is told by `status`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np
import pandas as pd

from workbench.metrics.catalog import metric
from workbench.metrics.frames import collect, give, ratio, whole
from workbench.metrics.groups import ACCOUNT, CALENDAR, GROUP, choice, grouped, labelled
from workbench.metrics.intervals import wilson
from workbench.metrics.periods import NO_DAY, asked, day, days, midnight, number_of, within
from workbench.vocabulary import Status

if TYPE_CHECKING:
    import datetime as dt

STAGES = [status.value for status in Status]
WAY = STAGES[:-1]
ROWS = {
    "id": "id",
    "code": "text",
    "name": "text",
    "status": "text",
    "segment": "text",
    "sector": "text",
    "city": "text",
    "owner_id": "id",
    "owner": "text",
    "team_id": "id",
    "team": "text",
    "entered_on": "date",
    "qualified_on": "date",
}
STOCK = {
    **GROUP,
    "status": "text",
    "position": "count",
    "accounts": "count",
    "share": "ratio: of the group",
    "wide": "count: accounts there or further; a prospect file in the wide sense counts clients",
}
CONVERSION = {
    **GROUP,
    "entered": "count",
    "mature": "count: observed for the whole window",
    "prospects": "count: of the mature, at least prospect within the window",
    "clients": "count: of the mature, client within the window",
    "lost": "count: of the mature, lost within the window",
    "prospect_rate": "ratio: prospects / mature",
    "prospect_low": "ratio",
    "prospect_high": "ratio",
    "client_rate": "ratio: clients / mature",
    "client_low": "ratio",
    "client_high": "ratio",
    "client_of_prospects": "ratio: clients / prospects",
    "client_of_prospects_low": "ratio",
    "client_of_prospects_high": "ratio",
    "clients_so_far": "count: of all that entered, whatever their age",
    "so_far_rate": "ratio: clients_so_far / entered",
    "immature": "flag: a member hasn't been observed for the whole window yet",
}
CURVE = {
    **GROUP,
    "month_after": "count: months of 30 days since entry",
    "entered": "count",
    "reached": "count: by then",
    "rate": "ratio: reached / entered",
    "immature": "flag: a member isn't that old yet",
}
MONTH_DAYS = 30


@metric(
    label=("Comptes du tunnel", "Funnel accounts"),
    question=(
        "Quels comptes sont derrière le tunnel ?",
        "Which accounts are behind the funnel?",
    ),
    unit=("comptes", "accounts"),
    formula=(
        "Un compte par ligne, avec son statut à la date.",
        "One account per row, as of the date.",
    ),
    source=("statut du compte, d’après le journal", "account status, as the journal has it"),
    columns=ROWS,
)
def funnel_rows(
    accounts: nw.LazyFrame[Any], *, as_of: Any = None, status: str | None = None
) -> nw.LazyFrame[Any]:
    """The accounts behind `funnel_stock`.

    Args:
        accounts: as of the date.
        as_of: those entered after it are left out.
        status: only those; all where it is None.
    """
    choice("status", status, STAGES)
    rows = _entered(accounts.select(*ROWS), as_of)
    if status is not None:
        rows = rows.filter(nw.col("status") == status)
    return rows.sort("name", "id")


def _entered(accounts: nw.LazyFrame[Any], as_of: Any) -> nw.LazyFrame[Any]:
    last = day(as_of)
    if last is None:
        return accounts
    return accounts.filter(
        nw.col("entered_on").is_null() | (nw.col("entered_on") <= midnight(last))
    )


@metric(
    label=("Stock du tunnel", "Funnel stock"),
    question=(
        "Combien de comptes sont suspects, prospects, clients ?",
        "How many accounts are suspects, prospects, clients?",
    ),
    unit=("comptes", "accounts"),
    formula=(
        (
            "Nombre de comptes par statut à la date ; au sens large, un fichier de prospects "
            "compte aussi les clients."
        ),
        (
            "Number of accounts per status as of the date; in the wide sense a prospect file "
            "counts clients too."
        ),
    ),
    source=(
        "statut du compte : suspect, prospect, client",
        "account status: suspect, prospect, client",
    ),
    columns=STOCK,
)
def funnel_stock(
    accounts: nw.LazyFrame[Any], *, as_of: Any = None, by: str | None = None
) -> nw.LazyFrame[Any]:
    """Accounts per status, in the funnel's order, every status in every group.

    Args:
        accounts: as of the date.
        as_of: those entered after it are left out.
        by: segment, sector, city, owner, team …; None for all together.
    """
    found = grouped(_entered(accounts, as_of), by, ACCOUNT)
    counted = collect(
        found.group_by("group_id", "group", "status").agg(accounts=nw.len()),
    )
    wide = _crossed(counted, [*STAGES, *sorted(set(counted["status"].dropna()) - set(STAGES))])
    per_group = wide.groupby(["group_id", "group"], dropna=False, sort=False)["accounts"]
    ahead = wide["accounts"].where(wide["status"].isin(WAY), 0)
    keys = [wide["group_id"], wide["group"]]
    further = ahead[::-1].groupby([key[::-1] for key in keys], dropna=False, sort=False).cumsum()
    on_way = wide["status"].isin(WAY)
    wide = wide.assign(
        share=ratio(wide["accounts"], per_group.transform("sum")),
        wide=further[::-1].where(on_way, wide["accounts"]),
    )
    return give(labelled(wide, by), accounts, STOCK)


def _crossed(counted: pd.DataFrame, statuses: list[str]) -> pd.DataFrame:
    """Every group with every status, zero where there is none; the fullest group first."""
    sizes = counted.groupby(["group_id", "group"], dropna=False, sort=False)["accounts"].sum()
    groups = sizes.reset_index().sort_values(
        ["accounts", "group"], ascending=[False, True], kind="stable"
    )[["group_id", "group"]]
    if groups.empty:
        groups = pd.DataFrame({"group_id": [0], "group": [""]})
    listed = pd.DataFrame(
        {"status": pd.Series(statuses, dtype="str"), "position": range(len(statuses))}
    )
    every = groups.merge(listed, how="cross")
    counted = counted.assign(status=counted["status"].astype("str"))
    merged = every.merge(counted, on=["group_id", "group", "status"], how="left")
    unknown = counted[counted["status"].isna()]
    both = pd.concat([merged, unknown.assign(position=len(statuses))], ignore_index=True)
    return both.assign(accounts=both["accounts"].fillna(0).astype("Int64"))


def journeys(
    accounts: nw.LazyFrame[Any],
    status_periods: nw.LazyFrame[Any],
    as_of: dt.date,
    *,
    by: str | None = None,
    since: Any = None,
    until: Any = None,
) -> pd.DataFrame:
    """One row per account: its group, and the days of entry and of each first arrival.

    Args:
        accounts: give entry and group.
        status_periods: give the arrivals; those after `as_of` don't count.
        as_of: what is known by then.
        by: a column of accounts, or month, quarter, year of entry.
        since: first day of entry.
        until: last day of entry.

    Returns:
        group_id, group, entry, prospect, client, lost as whole days since 1970, `NO_DAY` for
        never; a client has been a prospect, and nobody arrives before they enter.
    """
    known = within(status_periods, "valid_from", None, as_of)
    arrivals = known.group_by("account_id", "status").agg(nw.col("valid_from").min())
    first = collect(arrivals)
    if by in CALENDAR or by is None:
        narrow = accounts.select("id", "entered_on")
    else:
        choice("grouping", by, (*CALENDAR, *ACCOUNT))
        narrow = grouped(accounts, by, ACCOUNT).select("id", "entered_on", "group_id", "group")
    rows = collect(narrow)
    ids = pd.Index(rows["id"].to_numpy("int64"))
    place = ids.get_indexer(first["account_id"].to_numpy("int64", na_value=-1))
    arrived = days(first["valid_from"])
    on = {status: np.full(len(rows), NO_DAY) for status in STAGES}
    for status in STAGES:
        mine = (place >= 0) & (first["status"] == status).to_numpy(dtype=bool)
        on[status][place[mine]] = arrived[mine]
    entry = days(rows["entered_on"])
    earliest = np.minimum.reduce([np.where(d == NO_DAY, _FAR, d) for d in on.values()])
    entry = np.where(entry == NO_DAY, np.where(earliest == _FAR, NO_DAY, earliest), entry)
    client = on["client"]
    reached = np.minimum(*(np.where(on[s] == NO_DAY, _FAR, on[s]) for s in ("prospect", "client")))
    prospect = np.where(reached == _FAR, NO_DAY, reached)
    rows = rows.assign(
        entry=entry,
        **{
            name: np.where(values == NO_DAY, NO_DAY, np.maximum(values, entry))
            for name, values in (("prospect", prospect), ("client", client), ("lost", on["lost"]))
        },
    )
    if by in CALENDAR:
        moments = pd.Series(np.where(entry == NO_DAY, 0, entry).astype("datetime64[D]"))
        year, month = moments.dt.year, moments.dt.month
        numbers = {
            "year": year,
            "quarter": year * 10 + (month + 2) // 3,
            "month": year * 100 + month,
        }
        rows["group_id"] = numbers[str(by)].astype("Int64").where(entry != NO_DAY)
    elif by is None:
        rows["group_id"] = 0
    if "group" not in rows:
        rows["group"] = ""
    begin, end = day(since), day(until)
    kept = entry <= number_of(as_of)
    if begin is not None:
        kept &= entry >= number_of(begin)
    if end is not None:
        kept &= entry <= number_of(end)
    return rows[kept]


_FAR = np.iinfo("int64").max


@metric(
    label=("Conversion du tunnel", "Funnel conversion"),
    question=(
        "De ceux qui sont entrés, quelle part devient prospect, puis client ?",
        "Of those who entered, what share become prospects, then clients?",
    ),
    unit=("part des comptes entrés", "share of accounts entered"),
    formula=(
        (
            "Par cohorte d’entrée : comptes arrivés au statut dans la fenêtre / comptes observés "
            "pendant toute la fenêtre ; les perdus restent au dénominateur ; intervalle de Wilson "
            "à 95 %."
        ),
        (
            "By cohort of entry: accounts that reached the status within the window / accounts "
            "observed for the whole window; the lost stay in the denominator; Wilson interval at "
            "95 %."
        ),
    ),
    source=(
        "Wilson 1927 ; cohortes d’entrée, pour qu’aucun taux ne passe 100 %",
        "Wilson 1927; cohorts by entry, so that no rate passes 100 %",
    ),
    columns=CONVERSION,
)
def funnel_conversion(
    accounts: nw.LazyFrame[Any],
    status_periods: nw.LazyFrame[Any],
    *,
    as_of: Any = None,
    by: str | None = "month",
    since: Any = None,
    until: Any = None,
    window: int = 365,
) -> nw.LazyFrame[Any]:
    """Conversion of each cohort within a window of days since entry.

    Args:
        accounts: one per row.
        status_periods: their statuses over time.
        as_of: what was known by then.
        by: month, quarter or year of entry, or a column of accounts; None for all.
        since: first day of entry.
        until: last day of entry.
        window: days that each account is given; an account younger than that isn't counted in
            rates, and makes its cohort immature.
    """
    last, span = asked("funnel_conversion", as_of), whole("window", window)
    rows = journeys(accounts, status_periods, last, by=by, since=since, until=until)
    mature = (rows["entry"] != NO_DAY) & (rows["entry"] <= number_of(last) - span)

    def reached(status: str) -> pd.Series[Any]:
        return (rows[status] != NO_DAY) & (rows[status] - rows["entry"] <= span) & mature

    counted = (
        rows.assign(
            entered=1,
            mature=mature.astype("int64"),
            prospects=reached("prospect").astype("int64"),
            clients=reached("client").astype("int64"),
            lost=reached("lost").astype("int64"),
            clients_so_far=(rows["client"] != NO_DAY).astype("int64"),
        )
        .groupby(["group_id", "group"], dropna=False, sort=False)[
            ["entered", "mature", "prospects", "clients", "lost", "clients_so_far"]
        ]
        .sum()
        .reset_index()
    )
    prospect_low, prospect_high = wilson(counted["prospects"], counted["mature"])
    client_low, client_high = wilson(counted["clients"], counted["mature"])
    onward_low, onward_high = wilson(counted["clients"], counted["prospects"])
    counted = counted.assign(
        prospect_rate=ratio(counted["prospects"], counted["mature"]),
        prospect_low=prospect_low,
        prospect_high=prospect_high,
        client_rate=ratio(counted["clients"], counted["mature"]),
        client_low=client_low,
        client_high=client_high,
        client_of_prospects=ratio(counted["clients"], counted["prospects"]),
        client_of_prospects_low=onward_low,
        client_of_prospects_high=onward_high,
        so_far_rate=ratio(counted["clients_so_far"], counted["entered"]),
        immature=counted["mature"] < counted["entered"],
    ).sort_values(["entered", "group"], ascending=[False, True], kind="stable")
    return give(labelled(counted, by), accounts, CONVERSION)


@metric(
    label=("Courbes de cohorte", "Cohort curves"),
    question=(
        "Après combien de mois chaque cohorte convertit-elle ?",
        "After how many months does each cohort convert?",
    ),
    unit=("part des comptes entrés", "share of accounts entered"),
    formula=(
        (
            "Par cohorte d’entrée, part arrivée au statut au bout de n mois de 30 jours ; non mûre "
            "tant qu’un membre n’a pas cet âge."
        ),
        (
            "By cohort of entry, share that reached the status after n months of 30 days; immature "
            "while a member isn't that old."
        ),
    ),
    source=("analyse de cohortes par date d’entrée", "cohort analysis by entry date"),
    columns=CURVE,
)
def cohort_curve(
    accounts: nw.LazyFrame[Any],
    status_periods: nw.LazyFrame[Any],
    *,
    as_of: Any = None,
    by: str | None = "month",
    to: str = "client",
    months: int = 12,
    since: Any = None,
    until: Any = None,
) -> nw.LazyFrame[Any]:
    """The share of each cohort that had arrived after 0, 1, 2 … months.

    Args:
        accounts: one per row.
        status_periods: their statuses over time.
        as_of: what was known by then.
        by: month, quarter or year of entry, or a column of accounts.
        to: prospect, client or lost.
        months: the last age shown.
        since: first day of entry.
        until: last day of entry.
    """
    choice("status", to, STAGES[1:])
    last, ages = asked("cohort_curve", as_of), whole("months", months)
    rows = journeys(accounts, status_periods, last, by=by, since=since, until=until)
    took = rows[to] - rows["entry"]
    after = np.where(rows[to] == NO_DAY, ages + 1, -(-took // MONTH_DAYS)).clip(0, ages + 1)
    entry = np.where(rows["entry"] == NO_DAY, number_of(last), rows["entry"])
    age = ((number_of(last) - entry) // MONTH_DAYS).clip(max=ages + 1)
    keys = ["group_id", "group"]
    size = rows.assign(after=after, age=age, entered=1)
    groups = size.groupby(keys, dropna=False, sort=False)
    cohorts = groups[["entered"]].sum().assign(youngest=groups["age"].min()).reset_index()
    arrived = (
        size.groupby([*keys, "after"], dropna=False, sort=False)["entered"]
        .sum()
        .rename("arrived")
        .reset_index()
        .rename(columns={"after": "month_after"})
    )
    grid = labelled_grid(cohorts, ages).merge(arrived, on=[*keys, "month_after"], how="left")
    grid["arrived"] = grid["arrived"].fillna(0)
    grid["reached"] = grid.groupby(keys, dropna=False, sort=False)["arrived"].cumsum()
    grid["rate"] = ratio(grid["reached"], grid["entered"])
    grid["immature"] = grid["month_after"] > grid["youngest"]
    return give(labelled(grid, by), accounts, CURVE)


def labelled_grid(cohorts: pd.DataFrame, months: int) -> pd.DataFrame:
    """Every cohort with every age."""
    ordered = cohorts.sort_values(["group_id", "group"], kind="stable")
    return ordered.merge(pd.DataFrame({"month_after": range(months + 1)}), how="cross")
