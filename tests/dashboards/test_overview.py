"""What is to decide: each thing once, whatever it waits for."""

from __future__ import annotations

import pandas as pd

from dashboards.pages.overview import once


def test_a_deal_with_two_reasons_waits_once_and_debtors_without_account_stay_apart():
    found = pd.DataFrame(
        [
            ("opportunity", 7, "Toiture", "enlisée", 900.0),
            ("contract", 7, "Toiture", "à échéance", 800.0),
            ("opportunity", 7, "Toiture", "dépassée", 900.0),
            ("account", None, "Durand", "en retard", 50.0),
            ("account", None, "Martin", "en retard", 40.0),
        ],
        columns=["entity", "id", "name", "reason", "amount"],
    ).astype({"id": "Int64"})
    assert once(found)[["name", "reason"]].to_numpy().tolist() == [
        ["Toiture", "enlisée, dépassée"],
        ["Toiture", "à échéance"],
        ["Durand", "en retard"],
        ["Martin", "en retard"],
    ]
    assert once(found)["amount"].sum() == 1790
