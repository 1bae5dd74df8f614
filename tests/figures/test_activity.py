import pandas as pd

from workbench.figures import activity
from workbench.locale import EN, FR


def texts(figure):
    return [note.text for note in figure.layout.annotations]


def done(rep_id, rep, monday, count, **more):
    return {
        "rep_id": rep_id, "rep": rep, "team_id": 1, "team": "Sud", "kind": None,
        "period": monday, "activities": count, "two_way": 1, "minutes": 30,
    } | more  # fmt: skip


def test_weeks_without_any_activity_stand_there_as_zero():
    frame = pd.DataFrame(
        [
            done(7, "Ana", pd.Timestamp(2026, 9, 7), 3),
            done(7, "Ana", pd.Timestamp(2026, 9, 21), 4),
            done(8, "Bob <img src=x onerror=alert(1)>", pd.Timestamp(2026, 9, 14), 9),
        ]
    )
    figure = activity.activity_by_rep(frame, loc=FR)
    (cells,) = figure.data
    assert list(cells.marker.color) == [0, 9, 0, 3, 0, 4]
    assert list(cells.text) == ["0", "9", "0", "3", "0", "4"]
    assert list(cells.customdata[1]) == [8, "2026-09-14"]
    assert list(figure.layout.xaxis.ticktext) == ["07/09", "14/09", "21/09"]
    assert figure.layout.xaxis.title.text == "semaine du · nombre d’actions"
    assert list(figure.layout.yaxis.ticktext) == ["Bob &lt;img src=x…", "Ana"]
    assert cells.hovertext[1].startswith("<b>Bob &lt;img src=x onerror=alert(1)&gt;</b><br>")


def test_rows_are_teams_where_the_metric_counts_teams():
    frame = pd.DataFrame([done(None, None, pd.Timestamp(2026, 9, 7), 3)])
    figure = activity.activity_by_rep(frame, loc=FR)
    assert list(figure.layout.yaxis.ticktext) == ["Sud"]
    assert list(figure.data[0].customdata[0]) == [1, "2026-09-07"]


def test_a_rep_who_changes_team_within_a_week_keeps_one_cell():
    monday = pd.Timestamp(2026, 9, 7)
    frame = pd.DataFrame([done(7, "Ana", monday, 3), done(7, "Ana", monday, 2, team_id=2)])
    (cells,) = activity.activity_by_rep(frame, loc=FR).data
    assert list(cells.marker.color) == [5]


def test_kinds_add_up_over_the_reps():
    frame = pd.DataFrame(
        [
            done(7, "Ana", None, 3, kind="call"),
            done(8, "Bob", None, 6, kind="visit"),
            done(8, "Bob", None, 1, kind="call"),
        ]
    )
    figure = activity.activity_by_kind(frame, loc=FR)
    (bars,) = figure.data
    assert list(bars.x) == [6, 4]
    assert list(bars.customdata) == ["visit", "call"]
    assert texts(figure) == ["Visite", "6 · 60,0\u202f%", "Appel", "4 · 40,0\u202f%"]
    assert bars.hovertext[1] == (
        "<b>Appel</b><br>4 actions<br>dont 2 avec échange<br>40,0\u202f% du total"
    )


def test_least_covered_first():
    frame = pd.DataFrame(
        [
            {"group_id": 1, "group": "Ana", "owned": 20, "touched": 15, "coverage": 0.75,
             "low": 0.5, "high": 0.9},
            {"group_id": 2, "group": "Bob", "owned": 4, "touched": 1, "coverage": 0.25,
             "low": 0.1, "high": 0.7},
            {"group_id": 3, "group": "Eve", "owned": 0, "touched": 0, "coverage": None,
             "low": None, "high": None},
        ]
    )  # fmt: skip
    figure = activity.activity_coverage(frame, loc=EN)
    assert list(figure.data[0].customdata) == [2, 1]
    assert texts(figure)[0] == "Bob"
    assert texts(figure)[3] == "75.0%"


def test_touches_of_won_deals_least_first():
    frame = pd.DataFrame(
        [
            {"group_id": 1, "group": "Ana", "deals": 2, "touches": 30, "touches_per_deal": 15.0},
            {"group_id": 2, "group": "Bob", "deals": 12, "touches": 30, "touches_per_deal": 2.5},
            {"group_id": 3, "group": "Eve", "deals": 0, "touches": 0, "touches_per_deal": None},
        ]
    )
    figure = activity.touches_per_won(frame, loc=FR)
    assert list(figure.data[0].x) == [2.5, 15.0]
    assert texts(figure) == ["Bob", "2,5", "Ana", "n. s."]
    assert figure.layout.xaxis.title.text == "actions par affaire gagnée"


def test_those_whom_the_viewer_may_not_see_are_one_row_under_no_name():
    monday = pd.Timestamp(2026, 9, 7)
    frame = pd.DataFrame(
        [done(7, "Ana", monday, 9), done(8, None, monday, 3), done(9, None, monday, 2)]
    )
    figure = activity.activity_by_rep(frame, loc=FR)
    assert list(figure.layout.yaxis.ticktext) == ["Ana", "autre commercial"]
    assert list(figure.data[0].marker.color) == [9, 5]
    assert [list(key) for key in figure.data[0].customdata][1] == [-1, "2026-09-07"]
    seen = activity.seen(frame, loc=EN)
    assert seen["rep_id"].tolist() == [7, -1, -1]
    assert seen["rep"].tolist() == ["Ana", "another rep", "another rep"]


def test_sentences_are_of_the_busiest_first_and_of_those_unseen_as_one():
    frame = pd.DataFrame(
        [
            done(7, "Ana", None, 3),
            done(8, None, None, 4, team_id=2, team=None),
            done(9, None, None, 5),
        ]
    )
    rows = activity.reps_by_size(frame, loc=FR)
    assert [(row["rep"], row["team"], row["activities"], row["two_way"]) for row in rows] == [
        ("autre commercial", None, 9, 2),
        ("Ana", "Sud", 3, 1),
    ]
