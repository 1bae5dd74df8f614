import datetime as dt

import pandas as pd

from tests.metrics.frames import frame
from workbench.metrics import behind

DAY = pd.Timestamp


def accounts(*rows):
    frame = pd.DataFrame(rows, columns=["id", "name", "entered_on"])
    return frame.assign(
        code=None, status="suspect", segment="Bois", owner_id=1, owner="Ana", team_id=2, team="Eve"
    )


PERIODS = pd.DataFrame(
    [
        (1, "suspect", DAY(2025, 1, 1), DAY(2025, 2, 1)),
        (1, "prospect", DAY(2025, 2, 1), DAY(2025, 3, 1)),
        (1, "client", DAY(2025, 3, 1), pd.NaT),
        (2, "suspect", DAY(2025, 1, 1), DAY(2026, 6, 1)),
        (2, "prospect", DAY(2026, 6, 1), DAY(2026, 7, 1)),
        (2, "lost", DAY(2026, 7, 1), pd.NaT),
        (3, "suspect", DAY(2026, 8, 1), pd.NaT),
    ],
    columns=["account_id", "status", "valid_from", "valid_to"],
)
TODAY = dt.date(2026, 9, 30)


def test_each_journey_tells_by_what_it_was_counted():
    listed = accounts(
        (1, "Ana SA", DAY(2025, 1, 1)),
        (2, "Bob SA", DAY(2025, 1, 1)),
        (3, "Cid SA", DAY(2026, 8, 1)),
    )
    rows = behind.conversion_rows(listed, PERIODS, as_of=TODAY, by="quarter")
    assert rows["group"].tolist() == ["2025-Q1", "2025-Q1", "2026-Q3"]
    assert rows["mature"].tolist() == [True, True, False]
    assert rows["became_prospect"].tolist() == [True, False, False]
    assert rows["became_client"].tolist() == [True, False, False]
    assert rows["months_to_client"].tolist() == [2, pd.NA, pd.NA]
    assert rows["months_to_prospect"].tolist() == [2, 18, pd.NA]
    assert rows["lost_on"].tolist() == [pd.NaT, DAY(2026, 7, 1), pd.NaT]


def test_moves_of_the_period_by_where_from_and_where_to():
    listed = accounts((1, "Ana SA", DAY(2025, 1, 1)), (2, "Bob SA", DAY(2025, 1, 1)))
    rows = behind.transition_rows(listed, PERIODS, as_of=TODAY, since="2026-01-01")
    assert rows["name"].tolist() == ["Bob SA", "Bob SA"]
    assert rows["to_status"].tolist() == ["lost", "prospect"]
    assert rows["days"].tolist() == [30, 516]
    one = behind.transition_rows(listed, PERIODS, as_of=TODAY, to_status="client")
    assert one["moved_on"].tolist() == [DAY(2025, 3, 1)]


def test_first_arrivals_of_the_period():
    listed = accounts((1, "Ana SA", DAY(2025, 1, 1)), (2, "Bob SA", DAY(2025, 1, 1)))
    rows = behind.new_account_rows(listed, PERIODS, as_of=TODAY, since="2025-02-01")
    assert rows["reached"].tolist() == ["prospect", "client", "prospect"]
    assert rows["reached_on"].tolist() == [DAY(2026, 6, 1), DAY(2025, 3, 1), DAY(2025, 2, 1)]
    clients = behind.new_account_rows(listed, PERIODS, as_of=TODAY, since="2025-03-01",
                                      reached="client")  # fmt: skip
    assert clients["name"].tolist() == ["Ana SA"]


STAGES = pd.DataFrame(
    [
        (3, "spanco", "Analyse", 3, "open"),
        (4, "spanco", "Négociation", 4, "open"),
        (6, "spanco", "Ordre", 6, "won"),
        (7, "spanco", "Perdue", 7, "lost"),
    ],
    columns=["id", "pipeline", "label", "position", "kind"],
).assign(grain="deal")
DEALS = pd.DataFrame(
    [(10, "A", 4, 50.0), (11, "B", 7, 90.0), (12, "C", 3, 10.0)],
    columns=["id", "name", "stage_id", "amount"],
).assign(code=None, account_id=1, owner_id=1, owner="Ana")
HISTORY = pd.DataFrame(
    [
        (10, 0, 3, DAY(2026, 1, 5)),
        (10, 1, 4, DAY(2026, 2, 5)),
        (11, 0, 3, DAY(2026, 1, 6)),
        (11, 1, 4, DAY(2026, 3, 1)),
        (11, 2, 7, DAY(2026, 4, 1)),
        (12, 0, 3, DAY(2025, 12, 31)),
    ],
    columns=["opportunity_id", "sequence", "stage_id", "valid_from"],
)


def test_a_lost_deal_stays_in_every_stage_that_it_reached():
    listed = accounts((1, "Ana SA", DAY(2025, 1, 1)))
    rows = behind.stage_rows(DEALS, HISTORY, STAGES, listed, as_of=TODAY, stage=4)
    assert rows["name"].tolist() == ["B", "A"]
    assert rows["furthest"].tolist() == ["Négociation", "Négociation"]
    assert rows["stage"].tolist() == ["Perdue", "Négociation"]
    begun = behind.stage_rows(DEALS, HISTORY, STAGES, listed, as_of=TODAY, since="2026-01-01")
    assert begun["name"].tolist() == ["B", "A"]
    every = behind.stage_rows(DEALS, HISTORY, STAGES, listed, as_of=TODAY)
    assert every["begun_on"].tolist() == [DAY(2026, 1, 6), DAY(2026, 1, 5), DAY(2025, 12, 31)]


def test_touches_of_a_won_deal_are_its_own_and_its_accounts_until_the_win():
    won = DEALS.assign(
        stage_id=[6, 6, 3],
        account_id=[1, 2, 1],
        pipeline="spanco",
        stage_since=[DAY(2026, 3, 1), DAY(2026, 3, 2), DAY(2026, 1, 1)],
        probability=None,
        close_date=pd.NaT,
        created_on=DAY(2026, 1, 1),
        team_id=9,
        team="Eve",
        segment="Bois",
        product=None,
    )
    done = pd.DataFrame(
        [
            (1, 10, DAY(2026, 1, 5)),
            (1, None, DAY(2026, 2, 5)),
            (1, 12, DAY(2026, 2, 6)),
            (1, 10, DAY(2026, 3, 2)),
            (1, None, DAY(2025, 12, 31)),
        ],
        columns=["account_id", "opportunity_id", "date"],
    ).astype({"opportunity_id": "Int64"})
    stages = STAGES.assign(probability=0.5, stalled_days=30)
    listed = accounts((1, "Ana SA", DAY(2025, 1, 1)), (2, "Bob SA", DAY(2025, 1, 1)))
    history = (frame("reps"), frame("deal_periods"), frame("team_periods"))
    rows = behind.touch_rows(done, won, stages, listed, *history, as_of=TODAY, since="2026-01-01")
    assert rows[["name", "account", "touches"]].to_numpy().tolist() == [
        ["B", "Bob SA", 0],
        ["A", "Ana SA", 2],
    ]
