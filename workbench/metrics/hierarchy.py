"""Groups of companies: who belongs to whom, and what each account and each group is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from workbench.metrics import ledger
from workbench.metrics.catalog import metric
from workbench.metrics.deals import deals
from workbench.metrics.frames import collect, euros, give
from workbench.metrics.periods import NO_DAY, days
from workbench.metrics.steps import step

if TYPE_CHECKING:
    import narwhals as nw
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

SEPARATOR = " › "
TREE = {
    "id": "id",
    "code": "text",
    "name": "text",
    "status": "text",
    "segment": "text",
    "owner_id": "id",
    "owner": "text",
    "parent_id": "id: null for the head of a group",
    "root_id": "id: the head of its group, itself where it stands alone",
    "root": "text",
    "path": "text: names from the head down",
    "depth": "count: 0 for the head of a group",
    "is_cycle": "flag: it is among its own parents; the smallest id is taken as the head",
    "children": "count: directly below it",
    "members": "count: itself and all below it",
    "own_revenue": "money",
    "group_revenue": "money: its own and that of all below it",
    "own_pipeline": "money: amounts of its open opportunities, unweighted",
    "group_pipeline": "money",
    "own_outstanding": "money: balance of 411",
    "group_outstanding": "money",
}


@metric(
    label=("Arbre des comptes", "Account tree"),
    question=(
        "Qui sont nos comptes et groupes, et que vaut chacun ?",
        "Who are our accounts and groups, and what is each worth?",
    ),
    unit=("€", "€"),
    formula=(
        (
            "Chaque compte sous sa maison mère à la date ; le total d’un groupe est la somme des "
            "montants propres de ses membres (CA : classe 70 nette des 709 ; pipeline : montants "
            "des opportunités ouvertes ; encours : solde du 411)."
        ),
        (
            "Each account under its parent as of the date; a group's total is the sum of its "
            "members' own amounts (revenue: class 70 net of 709; pipeline: amounts of open "
            "opportunities; outstanding: balance of 411)."
        ),
    ),
    source=(
        "Plan comptable général, comptes 411 et 70 ; rattachements datés au journal",
        "French chart of accounts, accounts 411 and 70; parents as dated in the journal",
    ),
    columns=TREE,
)
def account_tree(
    accounts: nw.LazyFrame[Any],
    ledger_entries: nw.LazyFrame[Any],
    ledger_customers: nw.LazyFrame[Any],
    opportunities: nw.LazyFrame[Any],
    stages: nw.LazyFrame[Any],
    *,
    as_of: Any = None,
    since: Any = None,
    until: Any = None,
) -> nw.LazyFrame[Any]:
    """Each account once, depth first, the largest group first.

    A parent that isn't among the accounts makes the account the head of its group. Where parents
    form a cycle, it is cut above its smallest id, and its members are flagged.

    Args:
        accounts: as of the date.
        ledger_entries: for revenue and outstanding.
        ledger_customers: tie the ledger to accounts.
        opportunities: as of the date.
        stages: tell which opportunities are open.
        as_of: outstanding stands at this day.
        since: first day of revenue.
        until: last day of revenue; `as_of` where it isn't given.
    """
    rows = _tree(accounts)
    ids, parent = rows["id"].to_numpy("int64"), rows["place"].to_numpy("int64")
    layers = _layers(parent)
    own = {
        "revenue": _placed(ids, ledger.revenue_of_accounts(
            ledger_entries, ledger_customers, as_of=as_of, since=since, until=until)),
        "pipeline": _placed(ids, _open_amounts(opportunities, stages)),
        "outstanding": _placed(ids, ledger.balance_of_accounts(
            ledger_entries, ledger_customers, as_of=as_of)),
    }  # fmt: skip
    whole = {name: _rolled_up(values, parent, layers) for name, values in own.items()}
    result = rows.assign(
        **{f"own_{name}": euros(values) for name, values in own.items()},
        **{f"group_{name}": euros(values) for name, values in whole.items()},
    )
    members = rows["members"].to_numpy("int64")
    order = _depth_first(parent, layers, members, whole["revenue"], rows["name"])
    return give(result.iloc[order], accounts, TREE)


@step
def _tree(accounts: nw.LazyFrame[Any]) -> pd.DataFrame:
    """Each account with its `place`, the position of its parent or -1, and what follows from it."""
    rows = collect(
        accounts,
        *("id", "code", "name", "status", "segment", "owner_id", "owner", "parent_id"),
    )
    size = len(rows)
    ids = rows["id"].to_numpy("int64")
    parent, is_cycle = _parents(ids, rows["parent_id"])
    layers = _layers(parent)
    members = _rolled_up(np.ones(size, dtype="int64"), parent, layers)
    names = rows["name"].fillna("").to_numpy(dtype=object)
    root, depth, path = np.arange(size), np.zeros(size, dtype="int64"), names.copy()
    for layer in reversed(layers):
        below = layer[parent[layer] >= 0]
        above = parent[below]
        root[below] = root[above]
        depth[below] = depth[above] + 1
        path[below] = path[above] + SEPARATOR + names[below]
    linked = parent >= 0
    return rows.assign(
        place=parent,
        parent_id=pd.Series(ids[parent], dtype="Int64").where(linked),
        root_id=ids[root],
        root=rows["name"].take(root).array,
        path=path,
        depth=depth,
        is_cycle=is_cycle,
        children=np.bincount(parent[linked], minlength=size),
        members=members,
    )


@step
def _open_amounts(opportunities: nw.LazyFrame[Any], stages: nw.LazyFrame[Any]) -> pd.DataFrame:
    amounts = deals(opportunities, stages, kind="open").groupby("account_id")["cents"].sum()
    return amounts.reset_index()


def _placed(ids: Ints, amounts: pd.DataFrame) -> Ints:
    """The cents of each account, in the order of `ids`; 0 where there are none."""
    found = pd.Series(
        amounts["cents"].to_numpy("int64"), index=amounts["account_id"].to_numpy("int64")
    )
    return found.reindex(ids, fill_value=0).to_numpy("int64")


def _parents(ids: Ints, parent_ids: pd.Series[Any]) -> tuple[Ints, NDArray[np.bool_]]:
    """Each account's parent as a position, -1 for none; cycles are cut above their smallest id."""
    parent = pd.Index(ids).get_indexer(pd.Index(parent_ids.fillna(-1).astype("int64")))
    parent = parent.astype("int64")
    is_cycle = np.zeros(len(ids), dtype=bool)
    for start in np.flatnonzero(~_grounded(parent)):
        if is_cycle[start]:
            continue
        seen: dict[int, None] = {}
        here = int(start)
        while here not in seen and not is_cycle[here]:
            seen[here] = None
            here = int(parent[here])
            if here < 0:
                break
        if here in seen:
            steps = list(seen)
            ring = steps[steps.index(here) :]
            is_cycle[ring] = True
            parent[min(ring, key=lambda at: ids[at])] = -1
    return parent, is_cycle


def _grounded(parent: Ints) -> NDArray[np.bool_]:
    """Whether climbing from each position ends, by doubling the step each time."""
    up = np.append(np.where(parent < 0, len(parent), parent), len(parent))
    for _ in range(len(parent).bit_length() + 1):
        if (up == len(parent)).all():
            break
        up = up[up]
    ends: NDArray[np.bool_] = up[:-1] == len(parent)
    return ends


def _layers(parent: Ints) -> list[Ints]:
    """Positions such that each layer's parents stand in later ones; leaves first."""
    waiting = np.bincount(parent[parent >= 0], minlength=len(parent))
    layers = []
    layer = np.flatnonzero(waiting == 0)
    while len(layer):
        layers.append(layer)
        above = parent[layer]
        above, freed = np.unique(above[above >= 0], return_counts=True)
        waiting[above] -= freed
        layer = above[waiting[above] == 0]
    return layers


def _rolled_up(own: Ints, parent: Ints, layers: list[Ints]) -> Ints:
    whole = own.copy()
    for layer in layers:
        below = layer[parent[layer] >= 0]
        np.add.at(whole, parent[below], whole[below])
    return whole


def _depth_first(
    parent: Ints, layers: list[Ints], members: Ints, worth: Ints, names: pd.Series[Any]
) -> Ints:
    """The order in which a parent comes before its children, siblings by worth, then name."""
    by_name = names.fillna("").argsort(kind="stable").to_numpy()
    ranked = by_name[np.argsort(-worth[by_name], kind="stable")]
    siblings = ranked[np.argsort(parent[ranked], kind="stable")]
    over = parent[siblings]
    ahead = np.cumsum(members[siblings]) - members[siblings]
    begins = np.r_[True, over[1:] != over[:-1]] if len(over) else np.zeros(0, dtype=bool)
    offset = np.empty(len(parent), dtype="int64")
    offset[siblings] = ahead - ahead[begins][np.cumsum(begins) - 1]
    place = offset.copy()
    for layer in reversed(layers):
        below = layer[parent[layer] >= 0]
        place[below] = place[parent[below]] + 1 + offset[below]
    return np.argsort(place)


def heads(ids: Ints, on: Ints, parents: pd.DataFrame) -> Ints:
    """The head of each account's group as of a day.

    Args:
        ids: accounts.
        on: whole days since 1970, one for each.
        parents: rows of `parent_periods`.

    Returns:
        Accounts; the account itself where it stood alone. In a cycle, its smallest id.
    """
    dated = parents[parents["parent_id"].notna()]
    start, end = days(dated["valid_from"]), days(dated["valid_to"])
    end = np.where(end == NO_DAY, np.iinfo("int64").max, end)
    real = end > start
    child = dated["account_id"].to_numpy("int64")[real]
    above = dated["parent_id"].to_numpy("int64")[real]
    start, end = start[real], end[real]
    key = child * _SPREAD + start
    order = np.argsort(key)
    key, child, above, end = key[order], child[order], above[order], end[order]
    here = ids.copy()
    if not len(key):
        return here
    climbing = np.flatnonzero(np.isin(ids, child))
    for _ in range(_DEEP):
        at = np.searchsorted(key, here[climbing] * _SPREAD + on[climbing], side="right") - 1
        up = (at >= 0) & (child[at] == here[climbing]) & (end[at] > on[climbing])
        climbing = climbing[up]
        if not len(climbing):
            return here
        here[climbing] = above[at[up]]
    return _cut(here, ids, climbing, on, (key, child, above, end))


_SPREAD = 1 << 20  # more than any day number; account ids stay well under 2**43
_DEEP = 64


def _cut(here: Ints, ids: Ints, climbing: Ints, on: Ints, periods: tuple[Ints, ...]) -> Ints:
    """Climb the few that are still climbing one by one, and stop in the cycle they run into."""
    key, child, above, end = periods
    for row in climbing:
        seen: list[int] = []
        now, moment = int(ids[row]), int(on[row])
        while now not in seen:
            seen.append(now)
            at = int(np.searchsorted(key, now * _SPREAD + moment, side="right")) - 1
            if at < 0 or child[at] != now or end[at] <= moment:
                break
            now = int(above[at])
        here[row] = min(seen[seen.index(now) :])
    return here
