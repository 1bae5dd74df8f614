"""Steps that metrics share: taken once over a dataset's tables, anew over any other frame."""

from __future__ import annotations

import datetime as dt

import narwhals as nw
import pandas as pd
import polars as pl
import pytest

from workbench.metrics.catalog import Metric, Text
from workbench.metrics.steps import step

SAID = Text("", "")


class Shop:
    """A dataset of one table, which counts what it was asked to compute."""

    as_of = dt.date(2026, 9, 30)

    def __init__(self, frame):
        self.frame, self.kept = frame, {}

    def table(self, _):
        return self.frame

    def computed(self, what, tables, compute):
        key = (what, *tables)
        if key not in self.kept:
            self.kept[key] = compute()
        return self.kept[key]


@pytest.fixture
def taken():
    """How often the step was taken, and two metrics that take it on the whole or on a part."""
    times = []

    @step
    def doubled(accounts, *, times_=2):
        times.append(times_)
        return accounts.with_columns(twice=nw.col("id") * times_)

    def largest(accounts):
        return doubled(accounts).filter(nw.col("twice") == 6)

    def smallest(accounts):
        return doubled(accounts).filter(nw.col("twice") == 2)

    def of_part(accounts):
        return doubled(accounts.filter(nw.col("id") > 1))

    made = [Metric(f, SAID, SAID, SAID, SAID, SAID) for f in (largest, smallest, of_part)]
    return times, *made


@pytest.mark.parametrize("kind", [pd.DataFrame, pl.DataFrame])
def test_metrics_of_a_dataset_share_a_step(taken, kind):
    times, largest, smallest, _ = taken
    shop = Shop(kind({"id": [1, 2, 3]}))
    assert largest.of(shop)["id"].to_list() == [3]
    assert smallest.of(shop)["id"].to_list() == [1]
    assert times == [2]
    largest.of(Shop(kind({"id": [3]})))
    assert times == [2, 2]


def test_of_part_of_a_table_it_is_taken_anew(taken):
    times, largest, _, of_part = taken
    shop = Shop(pd.DataFrame({"id": [1, 2, 3]}))
    largest.of(shop)
    assert of_part.of(shop)["twice"].tolist() == [4, 6]
    assert times == [2, 2]


def test_frames_of_the_caller_s_own_are_never_looked_up(taken):
    times, largest, *_ = taken
    frame = pd.DataFrame({"id": [3]})
    assert len(largest(frame)) == 1
    frame.loc[0, "id"] = 4
    assert len(largest(frame)) == 0
    assert times == [2, 2]
