"""Tables: what stands below them follows their filters, and each kind of column has one."""

from __future__ import annotations

import pandas as pd
import pytest

from dashboards.tables import Grid, Rows
from workbench.store import create, users
from workbench.tables import Kind

# Of what Panel itself does with pandas and with Material's buttons.
pytestmark = [
    pytest.mark.filterwarnings("ignore:The inplace keyword"),
    pytest.mark.filterwarnings("ignore::PendingDeprecationWarning"),
]


@pytest.fixture
def session(tmp_path, visit):
    engine = create(f"sqlite:///{tmp_path / 'empty.db'}")
    users.add_user(engine, "claire", "workbench-2026", name="Claire Mace", role="director")
    return visit(engine, "claire")


def grid(session):
    frame = pd.DataFrame(
        {
            "name": ["Adour", "Bati", "Chape"],
            "amount": [100.0, 20.0, 3.0],
            "close_date": pd.to_datetime(["2026-01-05", "2026-06-01", None]),
            "stalled": pd.array([True, False, None], dtype="boolean"),
            "coverage": [0.25, 0.5, None],
        }
    )
    columns = list(frame)
    return Grid(session, Rows("Affaires", frame, columns, totals=["amount"]))


@pytest.mark.parametrize(
    ("column", "how", "value", "count", "sum_"),
    [
        ("amount", ">=", 20, "2 lignes sur 3", "120"),
        ("name", "like", "a", "3 lignes", "123"),
        ("name", "like", "chap", "1 ligne sur 3", "3"),
        ("close_date", ">=", "2026-02-01", "1 ligne sur 3", "20"),
        ("stalled", "=", "non", "1 ligne sur 3", "20"),
        ("coverage", ">=", 30, "1 ligne sur 3", "20"),
    ],
)
def test_the_total_is_of_what_the_columns_filters_leave(session, column, how, value, count, sum_):
    made = grid(session)
    assert "3 lignes" in made.totals.object
    assert "123\u00a0€" in made.totals.object
    made.widget.filters = [{"field": column, "type": how, "value": value}]
    assert f"Total · {count}</b>" in made.totals.object
    assert f"<b>{sum_}\u00a0€</b>" in made.totals.object
    assert len(made.current().frame) == int(count[0])


def test_each_kind_of_column_has_its_filter(session):
    made = grid(session)
    assert {name: one["type"] for name, one in made.widget.header_filters.items()} == {
        "name": "input",
        "amount": "number",
        "close_date": "date",
        "stalled": "list",
        "coverage": "number",
    }


def test_flags_are_said_and_ratios_stand_in_per_cent(session):
    made = grid(session)
    assert made.widget.value["stalled"].tolist() == ["oui", "non", ""]
    assert made.widget.value["coverage"].tolist()[:2] == [25.0, 50.0]
    assert {one.name: one.kind for one in made.fields}["coverage"] is Kind.RATIO


def test_a_phone_shows_the_three_columns_that_matter_until_others_are_chosen(session):
    session.browser.narrow = True
    frame = pd.DataFrame({"code": ["A1"], "name": ["Adour"], "amount": [100.0], "city": ["Dax"]})
    made = Grid(
        session, Rows("Comptes", frame, ["code", "name", "amount"], ["city"], phone=["name"])
    )
    assert list(made.current().columns) == ["name"]
    made.chooser.value = ["name", "city"]
    assert list(made.current().columns) == ["name", "city"]
    assert set(made.widget.hidden_columns) == {"code", "amount"}
