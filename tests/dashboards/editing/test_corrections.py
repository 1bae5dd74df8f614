"""Values between the store and the browser, and the page of rows that a query asks for."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from dashboards.editing.corrections import page, sent, stored
from dashboards.editing.draft import Change, Draft
from dashboards.editing.editgrid import Column, Query

COLUMNS = [
    Column("name", "Compte", "link"),
    Column("need", "Besoin", "choice", {"latent": "Latent", "expressed": "Exprimé"}),
    Column("budget", "Budget", "money"),
]
FRAME = pd.DataFrame(
    {
        "id": [1, 2, 3, 4],
        "version": [1, 5, 2, 1],
        "name": ["Durand", "Petit", "Grand", "Durieux"],
        "need": ["latent", None, "expressed", "latent"],
        "budget": [100.0, None, 50.0, 900.0],
    }
)


@pytest.mark.parametrize(
    ("column", "held", "shown"),
    [
        (Column("p", "", "percent"), 0.35, 35.0),
        (Column("p", "", "percent"), 0.0, 0.0),
        (Column("d", "", "date"), dt.date(2026, 9, 30), "2026-09-30"),
        (Column("stage_id", "", "choice"), 4, "4"),
        (Column("f", "", "choice"), True, "true"),
        (Column("t", ""), None, None),
    ],
)
def test_a_value_goes_to_the_browser_and_back(column, held, shown):
    assert sent(column, held) == shown
    assert stored(column, shown) == held


def test_a_page_is_filtered_sorted_and_cut():
    query = Query(page=1, size=2, sort=(("budget", False),), filters=(("name", "dur"),))
    found = page("account", FRAME, COLUMNS, query, Draft())
    assert [row["id"] for row in found.rows] == [4, 1]
    assert found.total == 2
    second = page("account", FRAME, COLUMNS, Query(page=2, size=3), Draft())
    assert [row["id"] for row in second.rows] == [2]
    assert second.total == 4


def test_rows_keep_their_places_when_the_store_reorders_them():
    saved = FRAME.iloc[[1, 2, 3, 0]]
    for query in (Query(), Query(sort=(("need", True),))):
        before, after = (page("account", one, COLUMNS, query, Draft()) for one in (FRAME, saved))
        assert [row["id"] for row in before.rows] == [row["id"] for row in after.rows]
    by_name = page("account", saved, COLUMNS, Query(), Draft())
    assert [row["id"] for row in by_name.rows] == [1, 4, 3, 2]


def test_at_least_and_exactly():
    least = page("account", FRAME, COLUMNS, Query(filters=(("budget", "100"),)), Draft())
    assert [row["id"] for row in least.rows] == [1, 4]
    exactly = page("account", FRAME, COLUMNS, Query(filters=(("need", "latent"),)), Draft())
    assert [row["id"] for row in exactly.rows] == [1, 4]


def test_what_waits_stands_in_its_own_record_however_rows_are_sorted():
    draft = Draft()
    draft.put(Change("account", 3, 2, "need", "Grand", "expressed", "latent"))
    found = page("account", FRAME, COLUMNS, Query(sort=(("name", True),)), draft)
    marked = {row["id"]: (row["need"], row["marks"]) for row in found.rows}
    assert marked[3] == ("latent", {"need": "pending"})
    assert marked[1] == ("latent", {})
