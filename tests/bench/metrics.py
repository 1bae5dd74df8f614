"""Every metric of the catalog on the demo, and on a company of 100,000 accounts."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Any

import workbench.metrics  # noqa: F401 - registers the metrics
from tests.bench.peers import PEERS
from tests.bench.rows import Row, Took, best, by_turns
from tests.metrics.synthetic import Company
from workbench.metrics.catalog import CATALOG

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bench.demo import Demo

LARGE = 100_000
OTHERWISE = (
    ("pipeline_rows", {"kind": None}),
    ("revenue_by_account", {"by": "group"}),
    ("revenue_by_account", {"by": "team"}),
    ("won_versus_invoiced", {"by": "team"}),
    ("win_rate", {"by": "owner"}),
    ("activity_by_rep", {"by": "kind_week"}),
    ("aged_balance", {"by": "customer"}),
)
"""Asked so they take longer than as they are asked without options."""


def on_demo(demo: Demo, *, each: bool = False) -> Iterator[Row]:
    """The slowest metric and the median on the demo."""
    yield from _all("the demo", demo.open(), 0.05, each=each)


def on_large(_: Demo, *, each: bool = False) -> Iterator[Row]:
    """The same on 100,000 accounts, and the same questions asked without us."""
    company = Company(accounts=LARGE)
    yield from _all(f"{LARGE:,} accounts", company, 0.3, each=each)
    for question in PEERS:
        peer, metric = question(company), CATALOG[question.__name__]
        frames = [company.table(name) for name in metric.tables]

        def ours(metric: Any = metric, frames: Any = frames) -> Any:
            return metric(*frames, as_of=company.as_of)

        assert peer.told(peer.ask()) == peer.ours(ours()), f"{metric.name}: another answer"
        mine, floor = by_turns(ours, peer.ask)
        work = f"{metric.name}, {LARGE:,} accounts"
        yield Row(work, mine.wall, mine.cpu, floor.wall, peer.by, limit=0.3)


def _all(where: str, data: Any, limit: float, *, each: bool) -> Iterator[Row]:
    took = {name: _one(name, data) for name in CATALOG}
    plain = len(took)
    for name, options in OTHERWISE:
        [(option, value)] = options.items()
        took[f"{name} {option}={value}"] = _one(name, data, **options)
    ranked = sorted(took, key=lambda name: took[name], reverse=True)
    slow = sum(one.wall > limit for one in took.values())
    worst = took[ranked[0]]
    yield Row(
        f"the slowest of {plain} metrics on {where}",
        worst.wall, worst.cpu, limit=limit, note=f"{ranked[0]}; {slow} beyond the bound",
    )  # fmt: skip
    median = statistics.median(one.wall for one in took.values())
    yield Row(f"the median metric on {where}", median, limit=limit)
    if each:
        for name in ranked:
            yield Row(f"{name} on {where}", took[name].wall, took[name].cpu, limit=limit)


def _one(name: str, data: Any, **options: Any) -> Took:
    metric = CATALOG[name]
    frames = [data.table(table) for table in metric.tables]
    dated = {"as_of": data.as_of} if "as_of" in metric.options else {}
    return best(lambda: metric(*frames, **dated, **options))  # `of` would keep the first result
