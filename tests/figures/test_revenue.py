import pandas as pd

from workbench.figures import marks, revenue
from workbench.locale import FR


def texts(figure):
    return [note.text for note in figure.layout.annotations]


def test_a_month_that_has_no_year_before_has_no_change():
    frame = pd.DataFrame(
        {
            "month": [pd.Timestamp(2026, 9, 1)],
            "revenue": [1_200_000.0],
            "last_year": [0.0],
            "change_rate": [None],
            "partial": [False],
        }
    )
    figure = revenue.revenue_by_month(frame, loc=FR)
    assert "<br>–<br>" in figure.data[1].hovertext[0]
    assert figure.layout.yaxis.title.text == "Chiffre d’affaires (M€)"


def test_the_largest_clients_then_others_then_what_has_no_account():
    clients = [
        {"group_id": 100 + place, "group": f"C{place}", "revenue": 100.0 - place, "lines": 1}
        for place in range(10)
    ]
    nobody = {"group_id": None, "group": None, "revenue": 45.0, "lines": 2}
    figure = revenue.revenue_by_account(pd.DataFrame([*clients, nobody]), loc=FR)
    (bars,) = figure.data
    assert list(bars.customdata) == [*range(100, 107), marks.OTHERS, revenue.NOBODY]
    assert list(bars.x) == [100, 99, 98, 97, 96, 95, 94, 276, 45]
    assert texts(figure)[-4:] == [
        "Autres (3)",
        "276\u00a0€ · 27,6\u202f%",
        "Sans compte",
        "45\u00a0€ · 4,5\u202f%",
    ]
    assert (
        len(revenue.revenue_by_account(pd.DataFrame(clients), loc=FR, every=True).data[0].x) == 10
    )


def test_a_group_whose_head_is_foreign_is_a_group_of_its_own():
    rows = [
        {"group_id": 1, "group": "Adour", "revenue": 60.0, "lines": 1},
        {"group_id": 7, "group": None, "revenue": 30.0, "lines": 1},
        {"group_id": None, "group": None, "revenue": 10.0, "lines": 1},
    ]
    figure = revenue.revenue_by_account(pd.DataFrame(rows), loc=FR, by="group")
    assert list(figure.data[0].customdata) == [1, 7, revenue.NOBODY]
    assert texts(figure)[::2] == ["Adour", "Groupe d’un autre périmètre", "Sans compte"]
    by_rep = revenue.revenue_by_account(pd.DataFrame(rows), loc=FR, by="owner")
    assert texts(by_rep)[::2] == ["Adour", "autre commercial", "Sans"]


def test_five_ages_of_what_is_owed():
    buckets = ["not_due", "1-30", "31-60", "61-90", "over_90"]
    frame = pd.DataFrame(
        {
            "group_id": None,
            "group": None,
            "bucket": buckets,
            "position": range(5),
            "amount": [600.0, 300.0, 0.0, 150.0, -50.0],
            "items": [3, 2, 0, 1, 1],
        }
    )
    figure = revenue.aged_balance(frame, loc=FR)
    (bars,) = figure.data
    assert list(bars.x) == [600, 300, 0, 150, -50]
    assert list(bars.customdata) == buckets
    assert texts(figure)[::2] == [
        "Non échu",
        "1–30 j",
        "31–60 j",
        "61–90 j",
        "> 90 j".replace(">", "&gt;"),
    ]
    assert texts(figure)[3] == "300\u00a0€ · 30,0\u202f%"
    assert figure.layout.xaxis.title.text == "Encours (€)"
    assert len(set(bars.marker.color)) == 5


def test_won_beside_invoiced_and_paid():
    frame = pd.DataFrame(
        [
            {"group_id": None, "group": "2026-08", "deals": 2, "won": 1000.0, "invoiced": 800.0,
             "paid": 0.0, "invoiced_share": 0.8},
            {"group_id": None, "group": "2026-09", "deals": 0, "won": 0.0, "invoiced": 0.0,
             "paid": 0.0, "invoiced_share": None},
        ]
    )  # fmt: skip
    figure = revenue.won_versus_invoiced(frame, loc=FR)
    assert [trace.name for trace in figure.data] == ["gagné", "facturé"]
    assert list(figure.data[1].y) == [800, 0]
    assert list(figure.data[1].customdata[0]) == ["2026-08", "invoiced"]
    assert list(figure.layout.xaxis.ticktext) == ["août 2026", "sept. 2026"]
