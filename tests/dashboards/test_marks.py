"""Every card and every mark of every page is the sum, or the count, of the rows behind it."""

from __future__ import annotations

import importlib
import re

import pytest

from dashboards import cards
from dashboards.session import Session
from workbench.settings import Settings
from workbench.sources import users
from workbench.sources.load import load
from workbench.store import create

# Of what Panel itself does with pandas and with Material's buttons.
pytestmark = [
    pytest.mark.filterwarnings("ignore:The inplace keyword"),
    pytest.mark.filterwarnings("ignore:Both 'variant' and 'button_style'"),
]
PAGES = ("overview", "accounts", "funnel", "pipeline", "activity", "revenue", "data")
USERS = ("directrice", "responsable", "commercial")
FILTERS = ({}, {"period": "3m", "segments": ["Couverture", "Gros œuvre"]})
MOST = 6
"""So many marks of a trace are clicked."""
NUMBER = re.compile(r"(?<![\d,])-?\d[\d\u202f\u00a0]*(?:,\d+)?(?![\d,/])")


@pytest.fixture(scope="session")
def store(demo, tmp_path_factory):
    engine = create(f"sqlite:///{tmp_path_factory.mktemp('marks') / 'demo.db'}")
    load(engine, Settings.load(demo / "workbench.toml").sources, user="tests")
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
    """Each choice that the page offers, one after the other."""
    yield {}
    for state, names in states:
        for name in names:
            usual = getattr(state, name)
            for value in state.param[name].objects:
                setattr(state, name, value)
                yield {name: value}
            setattr(state, name, usual)


@pytest.mark.parametrize("query", FILTERS, ids=["all", "filtered"])
@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize("page", PAGES)
def test_what_is_clicked_is_what_its_rows_add_up_to(page, user, query, store, visit, monkeypatch):
    session, numbers_, figures, states = opened(visit, store, user, page, query, monkeypatch)
    scope = session.scope()
    failed = [
        slot.computed(scope)
        for slot in session.slots
        if isinstance(slot.computed(scope), Exception)
    ]
    assert failed == []
    wrong = []
    for label, compute, rows in numbers_:
        found = compute(scope)
        said = numbers(found.exact or found.value)
        if rows and said and "%" not in found.value and " j" not in found.value:
            if "affaire gagnée" in label:  # a mean, not a sum
                continue
            if not agrees(said, rows(scope)):
                wrong.append((label, found.value, found.exact, behind(rows(scope))))
    seen = set()
    for chosen in choices(states):
        for title, draw, options in figures:
            for every in (False, True) if options.get("opens") else (None,):
                made = draw(scope) if every is None else draw(scope, every=every)
                if made is None or made.to_json() in seen:
                    continue
                seen.add(made.to_json())
                for point, hover in clicked(made):
                    rows = options["rows"](scope, point)
                    if not agrees(numbers(hover), rows):
                        wrong.append((title, chosen, point, hover, behind(rows)))
    assert wrong == []


def clicked(figure):
    """Some marks of a figure, as a click tells them, each with what it says on hover."""
    for trace in figure.data:
        told = trace.customdata is not None and trace.hovertext is not None
        keys = list(trace.customdata) if told else []
        for place in range(0, len(keys), -(-len(keys) // MOST) or 1):
            key = keys[place]
            said = key.tolist() if hasattr(key, "tolist") else key
            yield {"customdata": said}, trace.hovertext[place]
