import pandas as pd
import pytest

from workbench.figures import funnel, palette
from workbench.locale import FR
from workbench.vocabulary import Status

CONVERSION = {
    "group_id": None,
    "group": None,
    "entered": 250,
    "mature": 200,
    "prospects": 50,
    "clients": 20,
    "prospect_rate": 0.25,
    "prospect_low": 0.2,
    "prospect_high": 0.315,
    "client_rate": 0.1,
    "client_low": 0.065,
    "client_high": 0.15,
    "client_of_prospects": 0.4,
    "client_of_prospects_low": 0.276,
    "client_of_prospects_high": 0.538,
}


def texts(figure):
    return [note.text for note in figure.layout.annotations]


def stock(group, **accounts):
    total = sum(accounts.values())
    return [
        {
            "group_id": None,
            "group": group,
            "status": status,
            "position": position,
            "accounts": count,
            "share": count / total,
        }
        for position, (status, count) in enumerate(accounts.items())
    ]


def test_three_bars_with_their_rates_and_intervals():
    figure = funnel.funnel_conversion(pd.DataFrame([CONVERSION]), loc=FR)
    (bars,) = figure.data
    assert list(bars.x) == [200, 50, 20]
    assert list(bars.customdata) == ["suspect", "prospect", "client"]
    assert list(bars.error_x.arrayminus) == [0, 10, 7]
    assert list(bars.error_x.array) == [0, 13, 10]
    assert texts(figure)[2:] == [
        "Prospects",
        "50 · 25,0\u202f% [20,0–31,5]",
        "Clients",
        "20 · 40,0\u202f% [27,6–53,8] des prospects",
    ]
    assert bars.hovertext[1] == (
        "<b>Prospects</b><br>50 comptes<br>25,0\u202f% [20,0–31,5] des entrés"
    )
    assert bars.hovertext[2] == (
        "<b>Clients</b><br>20 comptes<br>40,0\u202f% [27,6–53,8] des prospects<br>"
        "10,0\u202f% [6,5–15,0] des entrés"
    )
    assert figure.layout.xaxis.title.text == "comptes"
    assert figure.layout.title.text is None


def test_a_funnel_that_nobody_is_old_enough_for_has_no_rate():
    row = dict.fromkeys(CONVERSION) | {"mature": 0, "prospects": 0, "clients": 0}
    figure = funnel.funnel_conversion(pd.DataFrame([row]), loc=FR)
    assert list(figure.data[0].x) == [0, 0, 0]
    assert texts(figure)[1::2] == ["0", "0", "0"]


def test_a_step_that_few_stood_before_has_no_rate():
    row = CONVERSION | {"prospects": 9, "clients": 3, "client_of_prospects": 1 / 3}
    figure = funnel.funnel_conversion(pd.DataFrame([row]), loc=FR)
    assert texts(figure)[-1] == "3 · n. s. des prospects"


def test_beyond_seven_groups_a_figure_of_rates_says_how_many_and_opens():
    rows = [CONVERSION | {"group": f"S{place}", "mature": 100 - place} for place in range(24)]
    some = funnel.conversion_by_group(pd.DataFrame(rows), loc=FR)
    every = funnel.conversion_by_group(pd.DataFrame(rows), loc=FR, every=True)
    assert (len(some.data[0].x), list(some.layout.meta)) == (7, [7, 24])
    assert (len(every.data[0].x), list(every.layout.meta)) == (24, [24, 24])


def test_groups_keep_their_intervals_and_small_ones_say_so():
    frame = pd.DataFrame(
        [
            CONVERSION | {"group": "Couverture"},
            CONVERSION | {"group": "Forage", "mature": 9},
            CONVERSION | {"group": "Vide", "mature": 0},
        ]
    )
    figure = funnel.conversion_by_group(frame, loc=FR)
    (bars,) = figure.data
    assert list(bars.customdata) == ["Couverture", "Forage"]
    assert list(bars.x) == [0.1, 0.1]
    assert texts(figure) == ["Couverture", "10,0\u202f%", "Forage", "n. s."]
    assert bars.marker.color == palette.STATUS[Status.CLIENT]
    assert figure.layout.xaxis.title.text == "% des comptes entrés"
    assert list(figure.layout.xaxis.ticktext) == ["0", "5", "10", "15"]


def test_stock_by_status_in_the_colours_of_the_statuses():
    frame = pd.DataFrame(stock(None, suspect=7800, prospect=200, client=1000, lost=0))
    figure = funnel.funnel_stock(frame, loc=FR)
    (bars,) = figure.data
    assert list(bars.x) == [7800, 200, 1000, 0]
    assert list(bars.marker.color) == [palette.STATUS[status] for status in Status]
    assert texts(figure)[:2] == ["Suspect", "7\u202f800 · 86,7\u202f%"]
    assert bars.hovertext[1] == "<b>Prospect</b><br>200 comptes<br>2,2\u202f% du total"


def test_the_mix_within_each_group_adds_up_to_one():
    frame = pd.DataFrame(
        stock("Gros œuvre", suspect=6, prospect=1, client=3, lost=0)
        + stock("Bois", suspect=1, prospect=1, client=0, lost=0)
    )
    figure = funnel.stock_by_group(frame, loc=FR)
    assert [trace.name for trace in figure.data] == ["Suspect", "Prospect", "Client"]
    assert [list(trace.x) for trace in figure.data] == [[0.6, 0.5], [0.1, 0.5], [0.3, 0.0]]
    assert list(figure.data[2].customdata[0]) == ["Gros œuvre", "client"]
    assert texts(figure) == ["Gros œuvre", "10 comptes", "Bois", "2 comptes"]


def test_beyond_seven_groups_the_rest_are_one():
    frame = pd.DataFrame(
        [row for size in range(10, 0, -1) for row in stock(f"S{size}", suspect=size, client=0)]
    )
    figure = funnel.stock_by_group(frame, loc=FR)
    assert texts(figure)[-2:] == ["Autres (3)", "6 comptes"]
    assert len(texts(figure)) == 16


def test_young_cohorts_are_hatched():
    frame = pd.DataFrame(
        [
            {"group_id": None, "group": group, "month_after": month, "entered": 20,
             "reached": reached, "rate": reached / 20, "immature": group == "2026-08"}
            for group, month, reached in [
                ("2026-07", 0, 0), ("2026-07", 1, 5), ("2026-08", 0, 1),
            ]
        ]
    )  # fmt: skip
    figure = funnel.cohort_curve(frame, loc=FR)
    (bars,) = figure.data
    assert list(bars.marker.color) == [0, 0.25, 0.05]
    assert list(bars.marker.pattern.shape) == ["", "", "/"]
    assert [list(key) for key in bars.customdata] == [
        ["2026-07", 0],
        ["2026-07", 1],
        ["2026-08", 0],
    ]
    assert list(figure.layout.yaxis.ticktext) == ["juil. 2026", "août 2026"]
    assert bars.hovertext[2] == (
        "<b>août 2026</b><br>0 mois après l’entrée<br>5,0\u202f% : 1 sur 20<br>cohorte encore jeune"
    )


def test_curves_by_group_differ_in_colour_and_dash():
    frame = pd.DataFrame(
        [
            {"group_id": None, "group": group, "day": day, "at_risk": at_risk,
             "clients": clients, "client_share": share, "lost_share": 0.0}
            for group, day, at_risk, clients, share in [
                ("A", 0, 9, 0, 0.0), ("A", 30, 8, 2, 0.2),
                ("B", 0, 40, 1, 0.0), ("B", 60, 30, 9, 0.25),
            ]
        ]
    )  # fmt: skip
    figure = funnel.time_to_client(frame, loc=FR)
    assert [trace.name for trace in figure.data] == ["B", "A"]
    assert list(figure.data[0].x) == [0, 60]
    assert list(figure.data[0].y) == [0.0, 0.25]
    assert list(figure.data[0].customdata[1]) == ["B", 60]
    assert figure.data[0].hovertext[1] == (
        "<b>B</b><br>60 jours<br>25,0\u202f% devenus clients<br>10 clients<br>"
        "sur 40 comptes suivis<br>0,0\u202f% perdus"
    )
    assert (
        "n. s. devenus clients<br>2 clients<br>sur 9 comptes suivis" in figure.data[1].hovertext[1]
    )
    assert figure.data[0].line.shape == "hv"
    assert figure.data[0].line.dash != figure.data[1].line.dash
    assert figure.layout.xaxis.title.text == "jours"
    assert figure.layout.yaxis.title.text == "% devenus clients"
    assert figure.layout.showlegend


@pytest.mark.parametrize(("last", "ticks"), [(100, 90), (540, 90), (541, 180), (2000, 360)])
def test_days_are_told_by_quarters_of_a_year(last, ticks):
    frame = pd.DataFrame(
        [{"group_id": None, "group": None, "day": last, "at_risk": 1, "clients": 1,
          "client_share": 0.5, "lost_share": 0.0}]
    )  # fmt: skip
    figure = funnel.time_to_client(frame, loc=FR)
    assert figure.layout.xaxis.tickvals[1] == ticks
    assert not figure.layout.showlegend


def test_backward_moves_are_hatched():
    frame = pd.DataFrame(
        [
            {"from_status": "prospect", "to_status": "suspect", "backward": True, "moves": 5,
             "accounts": 4, "median_days": 31.0},
            {"from_status": "suspect", "to_status": "prospect", "backward": False, "moves": 15,
             "accounts": 15, "median_days": 90.0},
        ]
    )  # fmt: skip
    figure = funnel.status_transitions(frame, loc=FR)
    (bars,) = figure.data
    assert list(bars.x) == [15, 5]
    assert list(bars.marker.pattern.shape) == ["", "/"]
    assert [list(key) for key in bars.customdata] == [
        ["suspect", "prospect"],
        ["prospect", "suspect"],
    ]
    assert texts(figure)[2:] == ["Prospect → Suspect", "5 · 31 j"]
