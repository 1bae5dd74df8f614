"""What the Admin page says of teams and rules."""

from __future__ import annotations

import datetime as dt
import re

import pandas as pd
import pytest

from dashboards.admin import rules, signins
from dashboards.admin.team import Tree
from workbench.locale import EN, FR
from workbench.store.rules import Rules

D = dt.date


def reps(*rows):
    columns = ["id", "name", "kind", "manager_id", "left_on"]
    return pd.DataFrame(rows, columns=columns).astype({"manager_id": "Int64"})


def periods(*rows):
    return pd.DataFrame(rows, columns=["rep_id", "manager_id", "valid_from", "valid_to"])


def text(html):
    return re.sub(r"<[^>]+>", "|", html)


def test_the_tree_has_everyone_under_their_manager_with_the_dates():
    made = Tree(
        reps(
            (1, "Zoé", "director", None, None),
            (2, "Max <b>", "manager", 1, None),
            (3, "Ana", "field", 2, D(2026, 5, 31)),
        ),
        periods(
            (2, 1, D(2024, 1, 1), None),
            (3, 1, D(2024, 1, 1), D(2026, 3, 1)),
            (3, 2, D(2026, 3, 1), None),
        ),
        FR,
    ).html()
    order = [made.index(name) for name in ("Zoé</b>", "Max &lt;b&gt;</b>", "Ana</b>")]
    assert order == sorted(order)
    assert made.count("<ul>") == 3
    assert "chez Max <b> depuis" not in made
    assert (
        "chez Zoé du 01/01/2024 au 01/03/2026 · chez Max &lt;b&gt; depuis le 01/03/2026"
        " · parti le 31/05/2026"
    ) in text(made)


def test_managers_of_each_other_and_of_nobody_known_are_shown_once():
    made = Tree(
        reps((1, "Ana", None, 2, None), (2, "Bob", None, 1, None), (3, "Eve", None, 9, None)),
        periods((3, 9, D(2024, 1, 1), None)),
        EN,
    ).html()
    assert [made.count(f"<b>{name}</b>") for name in ("Ana", "Bob", "Eve")] == [1, 1, 1]


@pytest.mark.parametrize(
    ("event", "detail", "said"),
    [
        ("user_changed", '{"right": [null, "bank_details"]}', "droit : – → Coordonnées bancaires"),
        ("user_changed", '{"active": [true, false]}', "actif : oui → non"),
        ("group", '{"group": "Clés", "put": [3, 8]}', "groupe : Clés, comptes mis : 3, 8"),
        ("user_changed", '{"role": ["re', '{"role": ["re'),  # cut
        ("user_changed", "[1]", "[1]"),
        ("forbidden", "oidc: {x", "oidc: {x"),
        ("forbidden", "{x", "{x"),  # anybody's text
        ("forbidden", None, ""),
    ],
)
def test_the_log_says_changes_in_words_and_the_rest_as_it_came(event, detail, said):
    assert signins.said(event, detail, FR) == said


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"transitions": {"suspect": ["prospect"]}}, ("Statut « Suspect »", "Prospect")),
        ({"transitions": {"client": []}}, ("Statut « Client »", "ne change plus à la main")),
        ({"stage_order": {"spanco": "forward"}}, ("Ordre des étapes, SPANCO", "jamais en arrière")),
        ({"values": {"account.segment": ["Gros", "Petit"]}}, ("Segment", "Gros, Petit")),
        ({"promotions": []}, ("Automatiquement", "–")),
        (
            {"loss_needs_reason": False, "won_stays_won": False},
            ("Opportunités", "une opportunité en cours ne se signe pas dans le passé"),
        ),
    ],
)
def test_rules_are_said_as_they_are_set(changed, line):
    assert line in rules.said(Rules(**changed), FR)
