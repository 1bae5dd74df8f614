import datetime as dt
import os

import pytest

from tests.exports.ipynb import notebook
from workbench.errors import SettingsError, UnknownName
from workbench.exports import notebooks
from workbench.exports.notebooks import Input, Parameter

PARAMETERS = """\
database: str = ""  # adresse de la base
as_of: str = ""  # date des chiffres
months: int = 12  # nombre de mois [6|12|24]
by: str = "segment"  # axe d’analyse [segment|team]
team: str = ""  # équipe
least: float = 0.5  # seuil
closed = False  # avec les affaires closes
"""


@pytest.fixture
def folder(tmp_path):
    notebook(
        tmp_path / "pertes.ipynb",
        "# Pertes\n\nPourquoi perdons-nous ?\nEt où ?\n\nSuite.",
        "1 + 1",
        parameters=PARAMETERS,
    )
    notebook(tmp_path / "abc.ipynb", "2 + 2")
    (tmp_path / "brouillon.ipynb").write_text("pas un notebook")
    (tmp_path / "lisezmoi.md").write_text("")
    return tmp_path


def test_every_notebook_of_the_folder_is_a_report(folder):
    found = notebooks.folder(folder)
    assert list(found) == ["abc", "brouillon", "pertes"]
    assert (found["abc"].title, found["abc"].parameters) == ("abc", ())
    assert found["pertes"].title == "Pertes"
    assert found["pertes"].question == "Pourquoi perdons-nous ? Et où ?"


def test_no_folder_has_no_notebooks(tmp_path):
    assert notebooks.folder(tmp_path / "absent") == {}


def test_the_parameters_cell_makes_the_form(folder):
    assert notebooks.find(folder, "pertes").form == (
        Parameter("as_of", Input.DATE, "", "date des chiffres"),
        Parameter("months", Input.CHOICE, 12, "nombre de mois", (6, 12, 24)),
        Parameter("by", Input.CHOICE, "segment", "axe d’analyse", ("segment", "team")),
        Parameter("team", Input.TEAM, "", "équipe"),
        Parameter("least", Input.NUMBER, 0.5, "seuil"),
        Parameter("closed", Input.FLAG, False, "avec les affaires closes"),
    )


def test_a_changed_notebook_is_read_anew(folder):
    notebooks.folder(folder)
    path = notebook(folder / "abc.ipynb", "# Alphabet")
    os.utime(path, ns=(1, 1))
    assert notebooks.find(folder, "abc").title == "Alphabet"


def test_given_values_are_read_and_defaults_kept(folder):
    given = {"as_of": dt.date(2026, 9, 30), "months": "24", "least": "1,5", "closed": "oui"}
    assert notebooks.find(folder, "pertes").read(given) == {
        "as_of": "2026-09-30",
        "months": 24,
        "by": "segment",
        "team": "",
        "least": 1.5,
        "closed": True,
    }


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"months": 7}, "7 is not one of 6, 12, 24"),
        ({"as_of": "hier"}, "'hier' is not a date"),
        ({"least": "peu"}, "'peu' is not a number"),
        ({"closed": "peut-être"}, "'peut-être' is not a flag"),
    ],
)
def test_values_that_do_not_fit_are_refused(folder, given, said):
    with pytest.raises(SettingsError, match=said):
        notebooks.find(folder, "pertes").read(given)


@pytest.mark.parametrize("name", ["database", "__class__", "month"])
def test_no_parameter_but_those_of_the_form(folder, name):
    with pytest.raises(UnknownName):
        notebooks.find(folder, "pertes").read({name: "sqlite:///other.db"})


def test_a_notebook_outside_the_folder_is_unknown(folder):
    with pytest.raises(UnknownName, match="There are: abc, brouillon, pertes"):
        notebooks.find(folder / ".." / folder.name, "../pertes")
