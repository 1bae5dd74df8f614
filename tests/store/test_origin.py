"""A frame says where it was read, through what pandas does with it, and nowhere else."""

from __future__ import annotations

import pickle

import pandas as pd
import pytest

import workbench
from tests.store.company import TODAY, address
from workbench.metrics import pipeline
from workbench.store.origin import KEY, origin


@pytest.fixture
def data(engine, company):
    return workbench.open(address(engine), today=TODAY, viewer="director")


def test_tables_and_results_say_their_dataset(data, engine, company):
    other = workbench.open(address(engine), today=TODAY, viewer="boss")
    for one in (data, other):  # who share the rows
        for frame in (one.table("accounts"), pipeline.pipeline_by_stage.of(one)):
            assert origin(frame) == one
            assert origin(frame).viewer == one.viewer


def test_it_goes_with_a_frame_and_is_a_text_where_that_is_written(data, tmp_path):
    frame = data.table("accounts")
    for made in (
        frame[frame["code"] == "A1"],
        frame.sort_values("name").head(2),
        frame.assign(mine=1).merge(frame[["id"]], on="id"),
        pd.concat([frame, frame]),
    ):
        assert origin(made) == data
    frame.to_parquet(tmp_path / "frame.parquet")
    for read in (pd.read_parquet(tmp_path / "frame.parquet"), pickle.loads(pickle.dumps(frame))):  # noqa: S301 - ours
        assert origin(read) is None
        assert "director" in read.attrs[KEY]


def test_frames_of_two_datasets_say_neither(data):
    both = pd.concat([data.table("accounts"), data.at(TODAY.replace(day=1)).table("accounts")])
    assert origin(both) is None
    assert origin(pd.DataFrame({"id": [1]})) is None
    assert origin(None) is None
