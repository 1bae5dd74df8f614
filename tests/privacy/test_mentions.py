"""Who a text names: the same for one as among many, however the text is laid out."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as some

from workbench.store.privacy.fields import MASK
from workbench.store.privacy.mentions import Known, Mentions, Reach

NAMES = [
    ("Zoé", "Le Goff"), ("Jean-Luc", "Œuvrard"), ("Ève", "D'Hérouville"), ("Inès", "Grandmoulin"),
    ("Max", "Weiß"),
]  # fmt: skip
PEOPLE = [
    Known(
        frozenset([first]), frozenset([last]), frozenset([f"p{n}@firme.example"]),
        frozenset([f"05 56 11 22 3{n}"]), frozenset([f"Garage {last} {n}000", f"FR76123456789{n}"]),
    )
    for n, (first, last) in enumerate(NAMES)
]  # fmt: skip
STRANGERS = [
    Known(frozenset([f"Prénom{word}"]), frozenset([f"Nom{word}"]))
    for word in (chr(97 + n // 26) + chr(97 + n % 26) for n in range(100))
]
PIECES = some.sampled_from(
    [
        *(name for pair in NAMES for name in pair), "legoff", "LE-GOFF", "Goff", "ŒUVRARD",
        "oeuvrard", "dhérouville", "GRANDMOULIN", "Mme", "J.", "weiss", "+33 (0)5.56.11.22.31",
        "0556112230", "06 11 22 33 44", "p2@firme.example", "P3@FIRME.EXAMPLE", "garage", "fr",
        "Garage Le Goff 0000", "FR76 1234 5678 93", "FR761234567894", "rappeler", "c'est", "12",
    ]
)  # fmt: skip
GAPS = some.sampled_from([" ", "\n", "\t", "", "-", "_", " / ", ",", "(", ")", "\\", '"', "9"])
TEXTS = some.lists(some.tuples(PIECES, GAPS), max_size=6).map(
    lambda parts: "".join(piece + gap for piece, gap in parts)
)


@given(TEXTS, some.sampled_from(range(len(PEOPLE))), some.sampled_from(Reach))
def test_one_is_found_as_among_a_hundred(text, who, reach):
    known = PEOPLE[who]
    alone = Mentions([known], lambda *_: reach)
    among = Mentions([*STRANGERS, known], lambda *_: reach)
    # Looked for in every text, without asking first whether it may name them.
    right = known.at(reach).sub(MASK, text)
    assert alone.masked(text) == right
    assert among.masked(text) == right
    raw = json.dumps({"note": text}, ensure_ascii=False)
    assert json.loads(among.masked_json(raw)) == {"note": right}
    assert right == text or not among.spared(raw)


@pytest.mark.parametrize(
    ("exact", "text", "left"),
    [
        ("FR7630006000011234567890189", "voir www.alba.fr, en FR", "voir www.alba.fr, en FR"),
        ("FR7630006000011234567890189", "IBAN FR76 3000 6000 0112 3456 7890 189.", f"IBAN {MASK}."),
        ("C00012", "c’est payé, compte C00012", f"c’est payé, compte {MASK}"),
        ("C00012", "compte C00013", "compte C00013"),
        ("Garage 2000", "le garage du coin, pas Garage-2000", f"le garage du coin, pas {MASK}"),
        ("3F Immobilier", "vu 3F IMMOBILIER hier", f"vu {MASK} hier"),
        ("732829320", "SIREN 732 829 320", f"SIREN {MASK}"),
        ("411087", "compte 411087, pas 4110870", f"compte {MASK}, pas 4110870"),
    ],
)
def test_a_number_in_a_name_counts(exact, text, left):
    assert Mentions([Known(exact=frozenset([exact]))]).masked(text) == left


def test_two_numbers_side_by_side_are_two():
    known = Known(phones=frozenset(["05 56 11 22 33"]))
    text = "Tél. 05 56 11 22 33 / 06 12 34 56 78"
    assert Mentions([known]).masked(text) == f"Tél. {MASK} / 06 12 34 56 78"
