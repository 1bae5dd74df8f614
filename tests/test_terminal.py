from __future__ import annotations

import json

import pandas as pd
import pytest

from workbench import terminal
from workbench.locale import EN, FR

FRAME = pd.DataFrame(
    {
        "account_id": pd.array([7, None], dtype="Int64"),
        "account": ["[red]Sud & Cie[/red]", None],
        "amount": [1234.5, None],
        "share": [0.5, None],
        "since": pd.to_datetime(["2026-09-30", None]),
    }
)
COLUMNS = {
    "account_id": "id",
    "account": "text",
    "amount": "money: without tax",
    "share": "ratio",
    "since": "date",
}


def printed(capsys, how, **options):
    terminal.frame(FRAME, how, columns=COLUMNS, **{"loc": EN, "rows": 50} | options)
    return capsys.readouterr().out


def test_csv_is_for_programs(capsys):
    assert printed(capsys, "csv").splitlines() == [
        "account_id,account,amount,share,since",
        "7,[red]Sud & Cie[/red],1234.5,0.5,2026-09-30",
        ",,,,",
    ]


def test_json_is_for_programs(capsys):
    assert json.loads(printed(capsys, "json")) == [
        {
            "account_id": 7,
            "account": "[red]Sud & Cie[/red]",
            "amount": 1234.5,
            "share": 0.5,
            "since": "2026-09-30",
        },
        dict.fromkeys(FRAME.columns),
    ]


def test_a_table_is_for_the_eye(capsys):
    lines = [line.split("  ") for line in printed(capsys, "table").splitlines() if line.strip()]
    cells = [[cell.strip() for cell in line if cell.strip()] for line in lines]
    assert cells[0] == ["account_id", "account", "amount", "share", "since"]
    assert cells[2] == ["7", "[red]Sud & Cie[/red]", "€1,234.50", "50.0%", "30/09/2026"]
    assert cells[3] == ["–", "–", "–", "–", "–"]


@pytest.mark.parametrize(("rows", "told"), [(1, True), (0, False), (2, False)])
def test_a_cut_table_says_so(capsys, rows, told):
    out = printed(capsys, "table", rows=rows, loc=FR)
    assert ("1 of 2 rows" in out) is told


def test_nothing_is_cut_in_a_pipe(capsys):
    wide = pd.DataFrame({f"column_{n}": ["x" * 30] for n in range(20)})
    terminal.frame(wide, "table", columns={}, loc=EN, rows=0)
    assert capsys.readouterr().out.count("x" * 30) == 20
