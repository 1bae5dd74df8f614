import pandas as pd

from workbench.figures import palette, pipeline
from workbench.locale import FR


def by_stage(**more):
    return [
        {"group_id": None, "group": None, "pipeline": "spanco", "stage_id": 3, "stage": "Analyse",
         "position": 3, "deals": 4, "amount": 300_000.0, "weighted": 60_000.0, "age_days": 41.0,
         "stalled": 1} | more,
        {"group_id": None, "group": None, "pipeline": "spanco", "stage_id": 4,
         "stage": "Négociation", "position": 4, "deals": 0, "amount": 0.0, "weighted": 0.0,
         "age_days": None, "stalled": 0} | more,
    ]  # fmt: skip


def texts(figure):
    return [note.text for note in figure.layout.annotations]


def test_amount_pale_and_weighted_deep_upon_it():
    figure = pipeline.pipeline_by_stage(pd.DataFrame(by_stage()), loc=FR)
    amount, weighted = figure.data
    assert list(amount.x) == [300_000, 0]
    assert list(weighted.x) == [60_000, 0]
    assert list(amount.customdata) == list(weighted.customdata) == [3, 4]
    assert amount.width > weighted.width
    assert figure.layout.barmode == "overlay"
    assert figure.layout.xaxis.title.text == "k€"
    assert list(figure.layout.xaxis.ticktext) == ["0", "100", "200", "300"]
    assert texts(figure)[:2] == ["Analyse", "300\u00a0k€ · 4 aff."]
    assert amount.hovertext[0] == (
        "<b>Analyse</b><br>montant : 300\u202f000\u00a0€<br>pondéré : 60\u202f000\u00a0€<br>"
        "4 affaires<br>100,0\u202f% du total"
    )


def test_stages_of_two_pipelines_are_told_apart():
    rows = [*by_stage(), by_stage(pipeline="appels", stage_id=9)[0]]
    figure = pipeline.deals_by_stage(pd.DataFrame(rows), loc=FR)
    assert texts(figure)[::2] == ["Analyse · spanco", "Négociation · spanco", "Analyse · appels"]
    assert texts(figure)[1] == "4 · 1 enlisée"


def test_a_pipeline_without_deals_is_left_out_and_no_amount_is_not_0():
    rows = [
        by_stage(pipeline="maven", stage_id=9, amount=None, weighted=None)[0],
        by_stage(pipeline="maven", stage_id=10, amount=5.0, deals=1)[1],
        *by_stage(deals=0),
    ]
    figure = pipeline.pipeline_by_stage(pd.DataFrame(rows), loc=FR)
    assert texts(figure)[:2] == ["Analyse", "– · 4 aff."]
    assert "montant : –" in figure.data[0].hovertext[0]


def test_deals_without_any_amount_are_counted():
    rows = by_stage(amount=None, weighted=None)
    figure = pipeline.pipeline_by_stage(pd.DataFrame(rows), loc=FR)
    assert figure == pipeline.deals_by_stage(pd.DataFrame(rows), loc=FR)
    assert figure.data[0].x[0] == 4


def test_stages_deepen_in_their_order():
    colours = pipeline.stage_colours(reversed(by_stage()))
    assert colours == {3: "#a9d0ec", 4: "#0a4f86"}


def test_closing_months_stack_the_stages_and_undated_deals_stand_last():
    rows = [
        by_stage(group="2026-10")[0],
        by_stage(group="2026-11", amount=50.0, deals=1)[1],
        by_stage(group=None, deals=1, amount=10.0)[0],
    ]
    figure = pipeline.pipeline_by_month(pd.DataFrame(rows), loc=FR)
    first, second = figure.data
    assert (list(first.x), list(first.y)) == ([0, 2], [300_000, 10])
    assert (list(second.x), list(second.y)) == ([1], [50])
    assert [list(key) for key in first.customdata] == [["2026-10", 3], [None, 3]]
    assert list(figure.layout.xaxis.ticktext) == ["oct. 2026", "nov. 2026", "sans date"]
    assert figure.layout.barmode == "stack"
    assert figure.layout.yaxis.title.text == "Montant (k€)"


def test_conversion_of_stages_with_intervals():
    frame = pd.DataFrame(
        [
            {"pipeline": "spanco", "stage_id": 3, "stage": "Analyse", "position": 3,
             "reached": 20, "lost_here": 4, "backward": 1, "conversion": 0.5, "low": 0.3,
             "high": 0.7, "median_days": 12.0},
            {"pipeline": "spanco", "stage_id": 6, "stage": "Ordre", "position": 6, "reached": 5,
             "lost_here": 0, "backward": 0, "conversion": None, "low": None, "high": None,
             "median_days": None},
        ]
    )  # fmt: skip
    figure = pipeline.stage_conversion(frame, loc=FR)
    (bars,) = figure.data
    assert list(bars.x) == [0.5]
    assert list(bars.error_x.array) == [0.2]
    assert bars.hovertext[0].startswith(
        "<b>Analyse</b><br>50,0\u202f% [30,0–70,0]<br>20 arrivées là"
    )
    few = pipeline.stage_conversion(frame.assign(reached=[9, 5]), loc=FR)
    assert few.data[0].hovertext[0].startswith("<b>Analyse</b><br>n. s.<br>9 arrivées là")


def test_win_rates_best_first_of_those_that_closed_most():
    frame = pd.DataFrame(
        [
            {"group_id": place, "group": f"R{place}", "won": place, "lost": 10 - place,
             "rate": place / 10, "low": 0.0, "high": 1.0}
            for place in range(9)
        ]
    )  # fmt: skip
    figure = pipeline.win_rate(frame, loc=FR)
    assert list(figure.data[0].customdata) == [6, 5, 4, 3, 2, 1, 0]
    assert len(pipeline.win_rate(frame, loc=FR, every=True).data[0].x) == 9


def test_loss_reasons_are_red_and_hatched():
    frame = pd.DataFrame(
        [
            {"reason": "price", "deals": 3, "amount": 9000.0, "share": 0.75},
            {"reason": None, "deals": 1, "amount": 10.0, "share": 0.25},
        ]
    )
    figure = pipeline.loss_reasons(frame, loc=FR)
    (bars,) = figure.data
    assert bars.marker.color == palette.LOST
    assert set(bars.marker.pattern.shape) == {"/"}
    assert texts(figure)[::2] == ["Prix", "Non renseigné"]


def test_won_against_last_year_with_the_month_not_yet_over_hollow():
    frame = pd.DataFrame(
        {
            "month": [pd.Timestamp(2026, 8, 1), pd.Timestamp(2026, 9, 1)],
            "deals": [2, 1],
            "amount": [3000.0, 1500.0],
            "last_year": [2000.0, None],
            "partial": [False, True],
        }
    )
    figure = pipeline.won_by_month(frame, loc=FR)
    before, now = figure.data
    assert list(before.y) == [2000.0, None]
    assert list(now.y) == [3000.0, 1500.0]
    assert list(now.customdata) == ["2026-08", "2026-09"]
    assert list(now.marker.symbol) == ["circle", "circle-open"]
    assert now.hovertext[0] == (
        "<b>août 2026</b><br>3\u202f000\u00a0€<br>un an plus tôt : 2\u202f000\u00a0€<br>"
        "+50,0\u202f%<br>66,7\u202f% du total<br>2 affaires"
    )
    assert figure.layout.yaxis.range[0] == 0
