"""What a card says of a number's change, and of an error, in the reader's language."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

from dashboards import cards, states, theme
from dashboards.cards import Number
from dashboards.filters import Span
from workbench.errors import NotAllowed, Reason, StoreError
from workbench.locale import EN, FR
from workbench.metrics.moves import Move

BEFORE = Span(dt.date(2024, 10, 1), dt.date(2025, 9, 30), 12)


def said(loc, number):
    """The change as it is read: arrow, size, tone, and against what."""
    html = cards._number_html(loc, "Échu", number, "")
    change = re.search(r'<div class="change">(.*?)</div>', html).group(1)
    tone = re.search(r'class="(good|bad|flat)"', change)
    words = re.sub(r"<[^>]+>", " ", change).split(" ")
    return tone and tone.group(1), [word for word in words if word]


def test_a_change_has_arrow_sign_and_tone_and_says_against_what():
    more = Number("1,8 M€", good=False, **cards.moved(FR, Move(180.0, 100.0), BEFORE))
    assert said(FR, more) == (
        "bad", ["▲", "+80,0\u202f%", "contre", "01/10/2024", "–", "30/09/2025"]
    )  # fmt: skip
    fewer = Number("77", good=False, **cards.since(EN, Move(77, 148), BEFORE.end))
    assert said(EN, fewer)[:1] == ("good",)
    assert said(EN, fewer)[1][:2] == ["▼", "−48.0%"]


def test_a_rate_changes_by_points_and_a_note_stands_beside_the_change():
    rate = Number("44,5 %", **cards.moved(FR, Move(0.445, 0.422), BEFORE, points=True), note="bas")
    tone, words = said(FR, rate)
    assert (tone, words[:3], words[-1]) == ("good", ["▲", "+2,3", "points"], "bas")


def test_nothing_to_compare_leaves_the_note_alone():
    for move in (Move(5.0, None), Move(5.0, 0.0), Move(None, 3.0), Move(float("nan"), 3.0)):
        assert said(FR, Number("5", note="neuf", **cards.moved(FR, move, BEFORE))) == (
            None, ["neuf"]
        )  # fmt: skip


def test_an_error_is_told_in_the_readers_language():
    problem = StoreError("store.db is <locked>.")
    french, english = states.error(FR, problem), states.error(EN, problem)
    assert "La base est absente, occupée, ou d’une autre version." in french
    assert '<span lang="en">store.db is &lt;locked&gt;.</span></details>' in french
    assert "store.db is &lt;locked&gt;." in english
    assert "<details>" not in english
    refused = NotAllowed(Reason("{n} lignes", n=3))
    assert "3 lignes" in states.error(FR, refused)


def test_every_width_that_a_card_asks_for_is_in_the_grid():
    sources = [one.read_text("utf-8") for one in Path(cards.__file__).parent.rglob("*.py")]
    asked = set(re.findall(r"\bw(?:idth=)?(\d{1,2})\b", " ".join(sources)))
    asked = {one for one in asked if 0 < int(one) <= 12}
    assert {"3", "9", "12"} <= asked
    known = set(re.findall(r"^\.w(\d+) ", theme.sheet("board"), re.MULTILINE))
    assert asked <= known
