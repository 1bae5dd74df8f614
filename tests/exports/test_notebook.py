import datetime as dt

import pandas as pd
import pytest

from workbench.errors import UnknownName
from workbench.exports.notebook import Table, Work, begin, draw, months_back, show, under
from workbench.locale import EN, FR

REPS = pd.DataFrame(
    {
        "id": [1, 2, 3, 4],
        "name": ["Dir", "Man", "Rep", "Autre"],
        "manager_id": pd.array([None, 1, 2, 1], dtype="Int64"),
    }
)


@pytest.mark.parametrize(("name", "ids"), [("Dir", [1, 2, 3, 4]), ("Man", [2, 3]), ("Rep", [3])])
def test_a_team_is_everyone_under_its_leader(name, ids):
    assert under(REPS, name) == ids


def test_a_team_of_nobody_is_unknown():
    with pytest.raises(UnknownName, match="Did you mean 'Man'"):
        under(REPS, "Mane")


def test_two_leaders_of_each_other_end():
    loop = REPS.assign(manager_id=pd.array([2, 1, 2, 1], dtype="Int64"))
    assert under(loop, "Man") == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("day", "months", "first"),
    [
        (dt.date(2026, 9, 30), 12, dt.date(2025, 10, 1)),
        (dt.date(2026, 12, 1), 12, dt.date(2026, 1, 1)),
        (dt.date(2026, 1, 31), 3, dt.date(2025, 11, 1)),
        (dt.date(2026, 9, 30), 36, dt.date(2023, 10, 1)),
    ],
)
def test_a_period_begins_with_a_month(day, months, first):
    assert months_back(day, months) == first


def test_what_the_parameters_say(demo_url):
    work = begin(demo_url, as_of="2026-09-30", period=6, language="en")
    assert (work.since, work.until) == (dt.date(2026, 4, 1), dt.date(2026, 9, 30))
    assert work.loc.language == "en"
    assert len(work.data.table("accounts")) == 9000


def test_a_table_in_house_style_and_nothing_unescaped():
    frame = pd.DataFrame(
        {
            "id": [1, 2],
            "name": ["<b>", None],
            "month": pd.to_datetime(["2026-09-01", None]),
            "amount": [1234.5, None],
            "missing": ["need, budget", ""],
            "share": [0.5, 0.0],
        }
    )
    html = Table(frame, FR)._repr_html_().replace("\u202f", " ").replace("\xa0", " ")
    assert "&lt;b&gt;" in html
    assert "<b>" not in html
    for said in ("sept. 2026", "1 235 €", "Besoin, Budget annuel", "50,0 %", "–", "Montant HT"):
        assert said in html
    assert html.count("<th") == 6  # thead and five columns: ids are not shown


def test_a_long_table_says_how_much_is_left():
    assert "5 more rows." in Table(pd.DataFrame({"name": ["x"] * 25}), EN)._repr_html_()


def test_an_empty_result_is_a_sentence():
    work = Work(None, FR, dt.date(2026, 1, 1), dt.date(2026, 9, 30))
    frame = pd.DataFrame({"name": []})
    for shown in (show(work, frame), draw(work, lambda _: None, frame)):
        assert shown._repr_html_() == "<p>Rien à montrer pour ce choix.</p>"
