"""Every card and every mark of every page is the sum, or the count, of the rows behind it."""

from __future__ import annotations

import importlib
import re

import param
import pytest

from dashboards import cards
from dashboards.session import Session
from workbench.sources import users
from workbench.store import connect

# Of what Panel itself does with pandas and with Material's buttons.
pytestmark = [
    pytest.mark.filterwarnings("ignore:The inplace keyword"),
    pytest.mark.filterwarnings("ignore::PendingDeprecationWarning"),
]
PAGES = ("overview", "accounts", "funnel", "pipeline", "activity", "revenue", "data")
VISITS = (
    ("directrice", {}),
    ("directrice", {"period": "3m", "segments": ["Couverture", "Gros œuvre"]}),
    ("responsable", {}),
    ("commercial", {"period": "24m"}),
)
MOST = 2
"""So many marks of a trace are clicked."""
NUMBER = re.compile(r"(?<![\d,])-?\d[\d\u202f\u00a0]*(?:,\d+)?(?![\d,/])")


@pytest.fixture(scope="session")
def store(demo, demo_copy):
    engine = connect(demo_copy("marks"))
    users.load(engine, demo / "users.csv")
    return engine


def numbers(text):
    """The whole amounts and counts that a text says, percentages left out."""
    text = re.sub(r"[-−]?[\d\u202f]+(?:,\d+)?\u202f%|\[[^\]]*\]", "", text.replace("−", "-"))
    found = [re.sub("[\u202f\u00a0]", "", one).replace(",", ".") for one in NUMBER.findall(text)]
    return [float(one) for one in found if one != "-"]


def behind(rows):
    """What rows add up to: how many there are, and the sum of each column with a total."""
    assert rows.fields
    return [len(rows.frame), *(float(rows.frame[name].fillna(0).sum()) for name in rows.totals)]


def agrees(said, rows):
    return any(abs(abs(one) - abs(sum_)) <= 1 for one in said for sum_ in behind(rows))


def opened(visit, engine, user, page, query, monkeypatch):
    """A page as that user sees it: its cards, its figures, and what can be chosen on it."""
    numbers_, figures, states = [], [], []
    card, figure = cards.number, cards.figure

    def number(session, label, compute, **options):
        numbers_.append((label, compute, options.get("rows")))
        return card(session, label, compute, **options)

    def drawn(session, title, draw, **options):
        figures.append((title, draw, options))
        return figure(session, title, draw, **options)

    def keep(_, state, *names):
        states.append((state, names))

    monkeypatch.setattr(cards, "number", number)
    monkeypatch.setattr(cards, "figure", drawn)
    monkeypatch.setattr(Session, "keep", keep)
    session = visit(engine, user, page, query)
    importlib.import_module(f"dashboards.pages.{page}").view(session)
    monkeypatch.undo()
    return session, numbers_, figures, states


def choices(states):
    """Each choice that the page offers, one after the other, with what depends on it.

    As the page is first, and then as each other choice has it: what it doesn't redraw stays.
    """
    yield {}, lambda _: True
    for state, names in states:
        for name in names:
            usual = getattr(state, name)
            parameter = state.param[name]
            for value in parameter.objects:
                with param.discard_events(state):  # nothing is drawn: there is no browser
                    setattr(state, name, value)
                if value != usual:
                    yield {name: value}, lambda options, by=parameter: by in options.get("also", ())
            with param.discard_events(state):
                setattr(state, name, usual)


@pytest.mark.parametrize(("user", "query"), VISITS, ids=["all", "filtered", "manager", "rep"])
@pytest.mark.parametrize("page", PAGES)
def test_what_is_clicked_is_what_its_rows_add_up_to(page, user, query, store, visit, monkeypatch):
    session, numbers_, figures, states = opened(visit, store, user, page, query, monkeypatch)
    scope = session.scope()
    drawn = [slot.computed(scope) for slot in session.slots]
    assert [one for one in drawn if isinstance(one, Exception)] == []
    assert list(wrong_cards(scope, numbers_)) == []
    seen = set()
    wrong = [
        (chosen, *one)
        for chosen, redrawn in choices(states)
        for title, draw, options in figures
        if redrawn(options)
        for one in wrong_marks(scope, title, draw, options, seen)
    ]
    assert wrong == []


def wrong_cards(scope, found):
    """The cards whose number their rows don't give; rates and means have none to give."""
    for label, compute, rows in found:
        number = compute(scope)
        said = numbers(number.exact or number.value)
        mean = "%" in number.value or " j" in number.value or "par affaire" in label
        if rows and said and not mean and not agrees(said, rows(scope)):
            yield label, number, behind(rows(scope))


def wrong_marks(scope, title, draw, options, seen):
    """The marks of a figure whose rows don't give what they say."""
    for how in [{"every": False}, {"every": True}] if options.get("opens") else [{}]:
        made = draw(scope, **how)
        told = made and made.to_json()
        if made is None or told in seen:
            continue
        seen.add(told)
        for point, hover in clicked(made):
            rows = options["rows"](scope, point)
            if not agrees(numbers(hover), rows):
                yield title, point, hover, behind(rows)


def clicked(figure):
    """Some marks of a figure, as a click tells them, each with what it says on hover."""
    for trace in figure.data:
        told = trace.customdata is not None and trace.hovertext is not None
        keys = list(trace.customdata) if told else []
        for place in range(0, len(keys), -(-len(keys) // MOST) or 1):
            key = keys[place]
            said = key.tolist() if hasattr(key, "tolist") else key
            yield {"customdata": said}, trace.hovertext[place]
