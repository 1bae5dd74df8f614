"""A block of a spreadsheet: in place or by headings, read as people write, nothing guessed."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from dashboards.editing import pasted
from dashboards.editing.editgrid import Column, Pasted
from workbench.exports import form
from workbench.locale import EN, FR
from workbench.tables import Kind

COLUMNS = [
    Column("name", "Compte", "link", editable=False),
    Column("need", "Besoin", "choice", {"latent": "Latent", "stated": "Exprimé"}),
    Column("budget", "Budget annuel", "money"),
    Column("next_step_on", "Prochaine étape le", "date"),
    Column("city", "Ville", editable=False),
]
LABELS = {"Latent": "latent", "Exprimé": "stated"}
KINDS = {
    "need": form.Column("account", "need", "Besoin", Kind.TEXT, is_open=True, choices=LABELS),
    "budget": form.Column("account", "budget", "Budget annuel", Kind.MONEY, is_open=True),
    "next_step_on": form.Column("account", "next_step_on", "", Kind.DATE, is_open=True),
    "probability": form.Column("opportunity", "probability", "", Kind.RATIO, is_open=True),
}


def grid():
    frame = pd.DataFrame(
        {
            "id": [7, 8, 9, 10],
            "version": [3, 1, 5, 2],
            "name": ["Durand", "Martin", "Petit", "Petit"],
            "need": ["latent", None, None, None],
            "budget": [1000.0, None, None, None],
            "next_step_on": pd.to_datetime([None, "2026-10-05", None, None]),
            "city": ["Pau", "Pau", "Dax", "Dax"],
        }
    )
    by_field = {column.field: column for column in COLUMNS}
    return pasted.Grid("account", by_field, KINDS, frame.set_index("id", drop=False))


def asked(text, rows, fields):
    found = pasted.changes(grid(), Pasted(text, rows, fields), FR)
    return [(c.id, c.version, c.field, c.old, c.new) for c in found.changes], found.problems


def test_a_block_goes_right_and_down_from_the_cell():
    text = "Exprimé\t1 234,50 €\r\nlatent\t\r\n"
    changes, problems = asked(text, ((8, 1), (7, 2)), ("need", "budget", "next_step_on"))
    assert changes == [
        (8, 1, "need", None, "stated"),
        (8, 1, "budget", None, 1234.5),
        (7, 2, "need", "latent", "latent"),
        (7, 2, "budget", 1000.0, None),
    ]
    assert problems == []


def test_what_stands_out_of_the_table_is_said():
    changes, problems = asked("1\t05/11/2026\tx\n2", ((7, 3),), ("budget", "next_step_on"))
    assert changes == [
        (7, 3, "budget", 1000.0, 1.0),
        (7, 3, "next_step_on", None, dt.date(2026, 11, 5)),
    ]
    assert problems == [pasted.OUTSIDE]


def test_a_locked_column_stays_and_is_said():
    changes, problems = asked("05/11/2026\tBayonne", ((7, 3),), ("next_step_on", "city"))
    assert [one[2] for one in changes] == ["next_step_on"]
    assert problems == [pasted.LOCKED]


def test_what_is_no_value_of_its_column_is_said_and_the_rest_kept():
    changes, problems = asked("urgent\t1.234\nlatent\t12", ((7, 3), (8, 1)), ("need", "budget"))
    assert changes == [(8, 1, "need", None, "latent"), (8, 1, "budget", None, 12.0)]
    assert [str(problem) for problem in problems] == [
        "« urgent » n’est pas une valeur de « Besoin » ; il y a : ['Latent', 'Exprimé'].",
        "« 1.234 » se lit de deux façons ; écrivez-le sans séparateur de milliers.",
    ]


def test_under_the_tables_headings_rows_find_their_records_by_name():
    text = "Besoin\tcompte\nLatent\tMARTIN\nExprimé\tPetit\nLatent\tNobody\n"
    changes, problems = asked(text, ((7, 3),), ("budget",))
    assert changes == [(8, 1, "need", None, "latent")]
    assert [str(problem) for problem in problems] == [
        "« Petit » est le nom de plusieurs fiches : collez-le en place.",
        "« Nobody » n’est le nom d’aucune fiche que vous voyez.",
    ]


@pytest.mark.parametrize(
    ("row", "fields"),
    [
        (["Compte", "Besoin"], ["name", "need"]),
        (["Besoin", "Budget annuel"], ["need", "budget"]),
        (["Compte", "SIRET", "Besoin"], ["name", None, "need"]),
        (["Durand", "Latent"], None),
    ],
)
def test_headings_are_known_by_any_of_them(row, fields):
    assert pasted.headings(grid(), row) == fields


def test_a_column_under_an_unknown_heading_is_left_out_and_said():
    text = "Compte\tSIRET\tBesoin\nMartin\t73282932000074\tLatent\n"
    changes, problems = asked(text, ((7, 3),), ("need", "budget"))
    assert changes == [(8, 1, "need", None, "latent")]
    assert [str(problem) for problem in problems] == [
        "Des titres que le tableau n’a pas ont été laissés de côté : ['SIRET']."
    ]


def test_headings_without_the_name_are_never_values():
    changes, problems = asked("Besoin\tBudget annuel\nLatent\t12\n", ((7, 3),), ("need", "budget"))
    assert changes == []
    [problem] = problems
    assert str(problem) == (
        "La première ligne a des titres, mais pas « Compte » : copiez aussi cette colonne, "
        "ou laissez les titres."
    )


@pytest.mark.parametrize(("text", "share"), [("35", 0.35), ("35 %", 0.35), ("0,35", 0.35)])
def test_a_percentage_is_read_as_the_screen_writes_it(text, share):
    assert pasted._value(KINDS["probability"], text, FR) == share


def test_numbers_are_read_in_the_readers_language():
    found = pasted.changes(grid(), Pasted("1,234.5", ((7, 3),), ("budget",)), EN)
    assert [change.new for change in found.changes] == [1234.5]
