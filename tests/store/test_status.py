from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import insert

from workbench.errors import StoreError
from workbench.store import create, status
from workbench.store.engine import writing
from workbench.store.schema import Load, RejectedRow


def _load(connection, day, rejected):
    load_id = connection.execute(
        insert(Load).returning(Load.id),
        {
            "source": "generic",
            "started_at": dt.datetime(2026, 9, 30, 8, 0, tzinfo=dt.UTC),
            "user": "claire",
            "batch": "b",
            "files": "[]",
            "report": "{}",
            "data_date": day,
        },
    ).scalar_one()
    for line in range(rejected):
        row = {"file": "f", "line": line, "table": "account", "reason": "r", "raw": "{}"}
        connection.execute(insert(RejectedRow), row | {"load_id": load_id})


def test_a_new_store_holds_its_pipeline_and_no_load(store_url):
    create(store_url).dispose()
    found = status.read(store_url)
    assert found.rows["stage"] == 7
    assert found.rows["account"] == 0
    assert found.loads == []
    assert found.data_date is None
    assert found.version > 0
    assert found.schema != "none"


def test_loads_are_told_newest_first_with_what_they_kept_aside(tmp_path):
    url = f"sqlite:///{tmp_path / 'store.db'}"
    with writing(create(url)) as connection:
        _load(connection, dt.date(2026, 9, 30), 0)
        _load(connection, dt.date(2026, 6, 30), 2)
        _load(connection, None, 0)
    found = status.read(url)
    assert [load.rejected for load in found.loads] == [0, 2, 0]
    assert [load.data_date for load in found.loads] == [
        None,
        dt.date(2026, 6, 30),
        dt.date(2026, 9, 30),
    ]
    assert found.data_date == dt.date(2026, 9, 30)
    assert found.rows["load"] == 3
    assert found.rows["rejected_row"] == 2


def test_no_store_is_an_error(tmp_path):
    with pytest.raises(StoreError, match="No store at"):
        status.read(f"sqlite:///{tmp_path / 'none.db'}")
