import pandas as pd

from workbench.metrics import sheet

DAY = pd.Timestamp


def test_everything_of_one_account_in_one_order():
    activities = pd.DataFrame(
        [(1, 5, "call", DAY(2026, 3, 1), "Relance"), (2, 5, "visit", DAY(2026, 3, 2), "Autre")],
        columns=["account_id", "rep_id", "kind", "date", "subject"],
    )
    documents = pd.DataFrame(
        [(1, "invoice", "FA1", DAY(2026, 4, 1), 100.0)],
        columns=["account_id", "kind", "code", "date", "amount"],
    )
    statuses = pd.DataFrame(
        [(1, "suspect", DAY(2026, 1, 1)), (1, "client", DAY(2026, 4, 1))],
        columns=["account_id", "status", "valid_from"],
    )
    contracts = pd.DataFrame(
        [(1, "ours", "Gaz", DAY(2026, 2, 1), DAY(2027, 2, 1), 12.0)],
        columns=["account_id", "kind", "subject", "begins_on", "ends_on", "yearly_amount"],
    )
    deals = pd.DataFrame([(9, "Toit", 1)], columns=["id", "name", "account_id"])
    periods = pd.DataFrame(
        [
            (9, 0, 3, 50.0, 5, DAY(2026, 2, 2)),
            (9, 1, 3, 60.0, 5, DAY(2026, 2, 9)),
            (9, 2, 4, 60.0, 5, DAY(2026, 3, 9)),
        ],
        columns=["opportunity_id", "sequence", "stage_id", "amount", "owner_id", "valid_from"],
    )
    stages = pd.DataFrame([(3, "Analyse"), (4, "Négociation")], columns=["id", "label"])
    reps = pd.DataFrame([(5, "Ana")], columns=["id", "name"])
    rows = sheet.account_timeline(
        activities, documents, statuses, contracts, deals, periods, stages, reps,
        as_of="2026-09-30", account=1,
    )  # fmt: skip
    assert rows[["event", "word"]].to_numpy().tolist() == [
        ["document", "invoice"],
        ["status", "client"],
        ["stage", "Négociation"],
        ["activity", "call"],
        ["stage", "Analyse"],
        ["contract", "begins"],
        ["status", "suspect"],
    ]
    assert rows["amount"].fillna(0).tolist() == [100, 0, 60, 0, 50, 12, 0]
    assert rows["who"].tolist()[2:5] == ["Ana", "Ana", "Ana"]
    assert rows["text"].tolist()[2:6] == ["Toit", "Relance", "Toit", "Gaz"]
