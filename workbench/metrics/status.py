"""How accounts move between statuses: how fast to client, back and forth, and who was lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np
import pandas as pd

from workbench.metrics.catalog import metric
from workbench.metrics.frames import collect, give, looked_up, whole
from workbench.metrics.funnel import STAGES, journeys
from workbench.metrics.groups import GROUP, choice, labelled
from workbench.metrics.periods import (
    KPI,
    NO_DAY,
    asked,
    compared,
    day,
    days,
    midnight,
    month_ends,
    months_between,
    number_of,
    span,
    within,
)
from workbench.metrics.steps import step

if TYPE_CHECKING:
    import datetime as dt

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

TIMES = {
    **GROUP,
    "day": "count: whole days since the start",
    "at_risk": "count: accounts still waiting that morning",
    "clients": "count: that day",
    "lost": "count: that day",
    "client_share": "ratio: clients by then, the lost competing",
    "lost_share": "ratio: lost by then",
    "waiting_share": "ratio: neither; the three add up to 1",
}
TRANSITIONS = {
    "from_status": "text",
    "to_status": "text",
    "backward": "flag: lost, or an earlier status",
    "moves": "count",
    "accounts": "count: distinct",
    "median_days": "number: days in the status before",
}
LOST = {
    "id": "id",
    "code": "text",
    "name": "text",
    "segment": "text",
    "owner_id": "id",
    "owner": "text",
    "team_id": "id",
    "team": "text",
    "lost_on": "date",
    "from_status": "text",
    "to_status": "text",
    "days": "count: in the status before",
}
BY_MONTH = {"month": "date: its first day", "status": "text", "accounts": "count"}
IS_CLIENT, IS_LOST = 1, 2
HISTORY = {
    "date": "date",
    "status": "text: null for all",
    "accounts": "count",
}


def moves(status_periods: nw.LazyFrame[Any], as_of: dt.date) -> pd.DataFrame:
    """Each change of status by the day, in order.

    Returns:
        account_id, from_status, to_status, on (whole days since 1970), days (spent before).
    """
    rows = collect(
        within(status_periods, "valid_from", None, as_of),
        *("account_id", "status", "valid_from", "valid_to"),
    )
    account = rows["account_id"].to_numpy("int64")
    start, end = days(rows["valid_from"]), days(rows["valid_to"])
    order = np.lexsort((np.where(end == NO_DAY, np.iinfo("int64").max, end), start, account))
    status = pd.Categorical(rows["status"], categories=STAGES).codes.astype("int64")
    account, start, status = account[order], start[order], status[order]
    changed = np.ones(len(account), dtype=bool)
    changed[1:] = (account[1:] != account[:-1]) | (status[1:] != status[:-1])
    account, start, status = account[changed], start[changed], status[changed]
    after = np.flatnonzero(account[1:] == account[:-1]) + 1
    names = np.array([*STAGES, None], dtype=object)
    return pd.DataFrame(
        {
            "account_id": account[after],
            "from_status": pd.Series(names[status[after - 1]], dtype="str"),
            "to_status": pd.Series(names[status[after]], dtype="str"),
            "on": start[after],
            "days": start[after] - start[after - 1],
        }
    )


def losses(moved: pd.DataFrame) -> pd.DataFrame:
    """The moves that mean lost: to lost, or from prospect back to suspect."""
    back = (moved["from_status"] == "prospect") & (moved["to_status"] == "suspect")
    return moved[(moved["to_status"] == "lost") | back]


@metric(
    label=("Délai pour devenir client", "Time to client"),
    question=(
        "En combien de jours devient-on client, et combien se perdent en route ?",
        "How many days to become a client, and how many are lost on the way?",
    ),
    unit=("part des comptes", "share of accounts"),
    formula=(
        (
            "Aalen-Johansen par jour entier : chaque jour, part encore en attente × clients du "
            "jour / en attente ; perdu (statut perdu, ou retour de prospect à suspect) est une "
            "issue concurrente ; les comptes sans issue sont censurés à la date."
        ),
        (
            "Aalen-Johansen per whole day: each day, share still waiting x clients that day / "
            "waiting; lost (status lost, or falling back from prospect to suspect) is a competing "
            "outcome; accounts without an outcome are censored at the date."
        ),
    ),
    source=(
        "Aalen et Johansen 1978, Scandinavian Journal of Statistics 5, 141-150",
        "Aalen & Johansen 1978, Scandinavian Journal of Statistics 5, 141-150",
    ),
    columns=TIMES,
)
def time_to_client(
    accounts: nw.LazyFrame[Any],
    status_periods: nw.LazyFrame[Any],
    *,
    as_of: Any = None,
    by: str | None = None,
    start: str = "entry",
    since: Any = None,
    until: Any = None,
) -> nw.LazyFrame[Any]:
    """The curves of time to client, a row for day 0, each day with an outcome, and the last day.

    Args:
        accounts: one per row.
        status_periods: their statuses over time.
        as_of: what was known by then; accounts without an outcome are censored there.
        by: a column of accounts, or month, quarter, year of entry; None for all.
        start: entry, or prospect (then only those that became prospect count).
        since: first day of entry.
        until: last day of entry.
    """
    kept: Any = outcomes(
        accounts,
        status_periods,
        asked("time_to_client", as_of),
        by=by,
        start=start,
        since=since,
        until=until,
    )
    curves = [
        _aalen_johansen(group["duration"].to_numpy(), group["outcome"].to_numpy()).assign(
            group_id=key[0], group=key[1]
        )
        for key, group in kept.groupby(["group_id", "group"], dropna=False, sort=True)
    ]
    empty = pd.DataFrame({name: [] for name in TIMES})
    result = pd.concat(curves, ignore_index=True) if curves else empty
    return give(labelled(result, by), accounts, TIMES)


def outcomes(
    accounts: nw.LazyFrame[Any],
    status_periods: nw.LazyFrame[Any],
    last: dt.date,
    *,
    by: str | None = None,
    start: str = "entry",
    since: Any = None,
    until: Any = None,
) -> pd.DataFrame:
    """The journeys that `time_to_client` counts, each with its `duration` in days and `outcome`.

    The outcome is `IS_CLIENT`, `IS_LOST`, or 0: neither by the date.
    """
    choice("start", start, ("entry", "prospect"))
    rows = journeys(accounts, status_periods, last, by=by, since=since, until=until)
    begins = (rows["entry"] if start == "entry" else rows["prospect"]).to_numpy()
    begun = begins != NO_DAY
    origin = np.where(begun, begins, 0)
    client = np.where(rows["client"] == NO_DAY, np.inf, rows["client"].astype("float64"))
    lost = _first_loss(rows, origin, moves(status_periods, last))
    outcome = np.where(client <= lost, IS_CLIENT, IS_LOST)
    first = np.minimum(client, lost)
    censored = np.isinf(first)
    duration = np.where(censored, number_of(last), first) - origin
    outcome = np.where(censored, 0, outcome)
    timed: pd.DataFrame = rows.assign(duration=duration.astype("int64"), outcome=outcome)[begun]
    return timed


def _first_loss(rows: pd.DataFrame, origin: Ints, moved: pd.DataFrame) -> NDArray[np.float64]:
    """The day of each account's first loss from its start on; infinite where there is none."""
    fallen = losses(moved)
    starts = pd.Series(origin, index=rows["id"].to_numpy("int64"))
    fallen = fallen[fallen["on"] >= fallen["account_id"].map(starts)]
    first = fallen.groupby("account_id")["on"].min().reindex(starts.index).to_numpy("float64")
    entered_lost = np.where(
        (rows["lost"] == NO_DAY) | (rows["lost"] < origin), np.inf, rows["lost"].astype("float64")
    )
    lost: NDArray[np.float64] = np.fmin(first, entered_lost)
    return lost


def _aalen_johansen(duration: Ints, outcome: Ints) -> pd.DataFrame:
    """Both cumulative incidences by counting per day."""
    size = int(duration.max()) + 1
    left = np.bincount(duration, minlength=size)
    at_risk = len(duration) - np.cumsum(left) + left
    clients = np.bincount(duration[outcome == IS_CLIENT], minlength=size)
    lost = np.bincount(duration[outcome == IS_LOST], minlength=size)
    waiting = np.cumprod(1 - (clients + lost) / at_risk)
    before = np.r_[1.0, waiting[:-1]]
    shown = (clients + lost) > 0
    shown[[0, -1]] = True
    table = pd.DataFrame(
        {
            "day": np.arange(size),
            "at_risk": at_risk,
            "clients": clients,
            "lost": lost,
            "client_share": np.cumsum(before * clients / at_risk),
            "lost_share": np.cumsum(before * lost / at_risk),
            "waiting_share": waiting,
        }
    )
    return table[shown]


@metric(
    label=("Transitions de statut", "Status transitions"),
    question=(
        "Quels passages d’un statut à l’autre, dans les deux sens ?",
        "Which moves between statuses, both ways?",
    ),
    unit=("passages", "moves"),
    formula=(
        (
            "Nombre de changements de statut datés dans la période, et de comptes distincts ; "
            "durée médiane dans le statut quitté."
        ),
        (
            "Number of status changes dated in the period, and of distinct accounts; median time "
            "in the status left."
        ),
    ),
    source=("historique des statuts, au journal", "status history of the journal"),
    columns=TRANSITIONS,
)
def status_transitions(
    status_periods: nw.LazyFrame[Any], *, as_of: Any = None, since: Any = None, until: Any = None
) -> nw.LazyFrame[Any]:
    """Moves between statuses in the period, in the funnel's order.

    Args:
        status_periods: statuses over time.
        as_of: what was known by then.
        since: first day.
        until: last day.
    """
    moved = in_period(moves(status_periods, asked("status_transitions", as_of)), since, until)
    counted = (
        moved.groupby(["from_status", "to_status"], sort=False)
        .agg(
            moves=("account_id", "size"),
            accounts=("account_id", "nunique"),
            median_days=("days", "median"),
        )
        .reset_index()
    )
    rank = {status: place for place, status in enumerate(STAGES)}
    origin, target = counted["from_status"].map(rank), counted["to_status"].map(rank)
    backward = (counted["to_status"] == "lost") | (
        (target < origin) & (counted["from_status"] != "lost")
    )
    ordered = counted.assign(backward=backward, origin=origin, target=target)
    return give(ordered.sort_values(["origin", "target"]), status_periods, TRANSITIONS)


def in_period(moved: pd.DataFrame, since: Any, until: Any) -> pd.DataFrame:
    """The rows whose day `on` lies between the two, both included; None is no limit."""
    first, last = day(since), day(until)
    if first is not None:
        moved = moved[moved["on"] >= number_of(first)]
    if last is not None:
        moved = moved[moved["on"] <= number_of(last)]
    return moved


@metric(
    label=("Comptes perdus", "Lost accounts"),
    question=("Qui avons-nous perdu, et d’où ?", "Whom have we lost, and from where?"),
    unit=("comptes", "accounts"),
    formula=(
        (
            "Comptes passés au statut perdu, ou revenus de prospect à suspect, dans la période ; "
            "la dernière fois."
        ),
        (
            "Accounts that went to lost, or fell back from prospect to suspect, in the period; the "
            "last time."
        ),
    ),
    source=("historique des statuts, au journal", "status history of the journal"),
    columns=LOST,
)
def lost_accounts(
    accounts: nw.LazyFrame[Any],
    status_periods: nw.LazyFrame[Any],
    *,
    as_of: Any = None,
    since: Any = None,
    until: Any = None,
) -> nw.LazyFrame[Any]:
    """The lost, the latest first.

    Args:
        accounts: as of the date.
        status_periods: statuses over time.
        as_of: what was known by then.
        since: first day.
        until: last day.
    """
    moved = losses(moves(status_periods, asked("lost_accounts", as_of)))
    last = in_period(moved, since, until).groupby("account_id", sort=False).tail(1)
    rows = collect(
        accounts, "id", "code", "name", "segment", "owner_id", "owner", "team_id", "team"
    )
    listed = rows.merge(last.rename(columns={"account_id": "id"}), on="id")
    listed["lost_on"] = pd.to_datetime(listed["on"], unit="D").astype("datetime64[us]")
    ordered = listed.sort_values(["lost_on", "id"], ascending=[False, True])
    return give(ordered, accounts, LOST)


@step
def firsts(status_periods: nw.LazyFrame[Any], *, as_of: dt.date) -> pd.DataFrame:
    """The day on which each account first became prospect, and client.

    Who was client before, or at once, never was a new prospect.
    """
    known = within(status_periods, "valid_from", None, as_of).filter(
        nw.col("status").is_in(["prospect", "client"])
    )
    first = collect(known.group_by("account_id", "status").agg(nw.col("valid_from").min()))
    client = first[first["status"] == "client"].set_index("account_id")["valid_from"]
    was_client = looked_up(first["account_id"], client)
    late = (first["status"] == "prospect") & (was_client <= first["valid_from"])
    return first[~late]


@metric(
    label=("Nouveaux prospects et clients", "New prospects and clients"),
    question=(
        "Combien de comptes deviennent prospects ou clients, et combien avant ?",
        "How many accounts become prospects or clients, and how many before?",
    ),
    unit=("comptes", "accounts"),
    formula=(
        (
            "Comptes dont le premier passage au statut est daté dans la période, contre la période "
            "précédente de même longueur."
        ),
        (
            "Accounts whose first arrival at the status is dated in the period, against the period "
            "before of equal length."
        ),
    ),
    source=("historique des statuts, au journal", "status history of the journal"),
    columns=KPI,
)
def new_accounts(
    status_periods: nw.LazyFrame[Any], *, as_of: Any = None, since: Any = None, until: Any = None
) -> nw.LazyFrame[Any]:
    """New prospects and new clients with the period before.

    Args:
        status_periods: statuses over time.
        as_of: what was known by then.
        since: first day; twelve months up to `until` where it isn't given.
        until: last day; `as_of` where it isn't given.
    """
    last = asked("new_accounts", as_of)
    period = span(last, since, until)
    first = firsts(status_periods, as_of=last)

    def count(status: str, begin: dt.date, end: dt.date) -> float:
        on = first.loc[first["status"] == status, "valid_from"]
        return float(on.between(midnight(begin), midnight(end)).sum())

    values = {
        status: (
            count(status, period.since, period.until),
            count(status, period.previous_since, period.previous_until),
        )
        for status in ("prospect", "client")
    }
    return give(compared(values, period), status_periods, KPI)


@metric(
    label=("Nouveaux prospects et clients par mois", "New prospects and clients by month"),
    question=(
        "Combien de comptes deviennent prospects ou clients chaque mois ?",
        "How many accounts become prospects or clients each month?",
    ),
    unit=("comptes", "accounts"),
    formula=(
        "Comptes par mois de leur premier passage au statut.",
        "Accounts by month of their first arrival at the status.",
    ),
    source=("historique des statuts, au journal", "status history of the journal"),
    columns=BY_MONTH,
)
def new_accounts_by_month(
    status_periods: nw.LazyFrame[Any], *, as_of: Any = None, since: Any = None, until: Any = None
) -> nw.LazyFrame[Any]:
    """New prospects and new clients by month, months without any included.

    Args:
        status_periods: statuses over time.
        as_of: what was known by then.
        since: first day; twelve months up to `until` where it isn't given.
        until: last day; `as_of` where it isn't given.
    """
    last = asked("new_accounts_by_month", as_of)
    period = span(last, since, until)
    first = firsts(status_periods, as_of=last)
    first = first[first["valid_from"].between(midnight(period.since), midnight(period.until))]
    every = pd.MultiIndex.from_product(
        [["prospect", "client"], months_between(period.since, period.until)],
        names=["status", "month"],
    )
    month = first["valid_from"].dt.to_period("M").dt.to_timestamp().rename("month")
    counted = first.groupby(["status", month]).size().reindex(every, fill_value=0)
    return give(counted.rename("accounts").reset_index(), status_periods, BY_MONTH)


@metric(
    label=("Évolution du stock", "Stock over time"),
    question=(
        "Combien de suspects, prospects et clients à chaque fin de mois ?",
        "How many suspects, prospects and clients at each month's end?",
    ),
    unit=("comptes", "accounts"),
    formula=(
        "Comptes dont le statut vaut au dernier jour du mois, puis à la date.",
        "Accounts holding the status on the month's last day, then on the date.",
    ),
    source=("historique des statuts, au journal", "status history of the journal"),
    columns=HISTORY,
)
def stock_history(
    status_periods: nw.LazyFrame[Any],
    *,
    as_of: Any = None,
    by: str | None = "status",
    months: int = 12,
) -> nw.LazyFrame[Any]:
    """Accounts per status, or in all, at each month's end and at the date.

    Args:
        status_periods: statuses over time.
        as_of: the last day shown.
        by: status; None for all.
        months: how many month ends before it.
    """
    choice("grouping", by, ("status",))
    ends = month_ends(asked("stock_history", as_of), whole("months", months))
    rows = collect(status_periods, "status", "valid_from", "valid_to")
    status = pd.Categorical(rows["status"], categories=STAGES).codes
    start, end = days(rows["valid_from"]), days(rows["valid_to"])
    end = np.where(end == NO_DAY, np.iinfo("int64").max, end)
    start = np.where((status < 0) | (start == NO_DAY), np.iinfo("int64").max, start)
    counts = []
    for date in ends:
        moment = number_of(date)
        there = status[(start <= moment) & (end > moment)]
        counts.append(np.bincount(there, minlength=len(STAGES)))
    if by is None:
        counts = [count.sum(keepdims=True) for count in counts]
    statuses = STAGES if by else [None]
    table = pd.DataFrame(
        {
            "date": np.repeat([midnight(date) for date in ends], len(statuses)),
            "status": pd.Series([*statuses] * len(ends), dtype="str"),
            "accounts": np.concatenate(counts),
        }
    )
    return give(table, status_periods, HISTORY)
