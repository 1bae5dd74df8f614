"""Whatever a page sends, opens on a click or gives as a file: nothing that isn't the viewer's.

Each page is made without a browser, as it would be sent to one; then each mark, card and button of
it is clicked, on the company of which every text tells whose it is.
"""

from __future__ import annotations

import asyncio
import base64
import json

import numpy as np
import panel as pn
import panel_material_ui as pmui
import pytest
from bokeh.document import Document

from dashboards.app import found_pages
from dashboards.chart import Chart
from dashboards.filters import from_query
from dashboards.session import Session
from dashboards.shell import frame
from tests.dashboards.conftest import run
from tests.planted import FOREIGN, OURS, PART, TODAY, plant
from tests.store.test_scope_walk import clean, held_back, inside
from workbench import locale
from workbench.settings import Auth, Settings
from workbench.store import access, connect, create

pytestmark = [  # Panel's own, of pandas and of its widgets
    pytest.mark.filterwarnings("ignore:The inplace keyword"),
    pytest.mark.filterwarnings("ignore::PendingDeprecationWarning"),
]
PAGES = {page.path: page for page in found_pages()}
ACCOUNTS = (OURS, FOREIGN)
"""Whose sheets are asked for."""


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """The hostile company's settings, and its ids."""
    pn.extension("tabulator")
    folder = tmp_path_factory.mktemp("planted")
    settings = Settings(
        database=f"sqlite:///{folder / 'store.db'}",
        notebooks=folder,
        today=TODAY,
        auth=Auth(secret_file=folder / "secret"),
    )
    engine = create(settings.database)
    ids = plant(engine)
    yield settings, ids
    engine.dispose()


class Clicked:
    """Takes the place of the dialog: keeps the rows that clicks ask for."""

    def __init__(self, session):
        self.session, self.rows = session, []

    async def open(self, rows):
        found = rows(self.session.present())
        if found is not None:
            self.rows.append(found)


def drawn(planted, username, path, query=None):
    """A page with all that is on it, in sight or not."""
    settings, _ = planted
    session = Session(
        settings=settings,
        viewer=access.viewer(connect(settings.database), username),
        loc=locale.FR,
        page=path,
        query=query or {},
        own={},
        filters=from_query(query or {}),
    )
    view = frame(session, PAGES[path], list(PAGES.values()))
    for slot in list(session.slots):
        slot.show(slot.compute(session.present()))
    session.drill = Clicked(session)
    return session, view


def sent(view):
    """What goes to the browser for it."""
    document = Document()
    document.add_root(view.get_root(document))
    return json.dumps(document.to_json(), default=str)


def plain(values):
    """A trace's values as a list, however they are packed."""
    if isinstance(values, dict):
        found = np.frombuffer(base64.b64decode(values["bdata"]), values["dtype"])
        if "shape" in values:
            found = found.reshape([int(one) for one in values["shape"].split(",")])
        return found.tolist()
    return values or []


def points(figure):
    """The marks of a figure, each as the browser tells that it was clicked."""
    names = {"x": "x", "y": "y", "customdata": "customdata", "labels": "label", "ids": "id"}
    for curve, trace in enumerate(json.loads(figure)["data"] if figure else ()):
        held = {told: plain(trace.get(name)) for name, told in names.items()}
        told = {"curveNumber": curve, "trace": trace.get("name"), "z": None}
        if trace["type"] == "heatmap":
            for row, line in enumerate(held["customdata"]):
                for column, key in enumerate(line):
                    place = {"x": held["x"][column], "y": held["y"][row], "customdata": key}
                    yield told | place | {"pointNumber": [row, column]}
            continue
        for at in range(max(map(len, held.values()))):
            mark = {name: some[at] if at < len(some) else None for name, some in held.items()}
            yield told | mark | {"pointNumber": at}


def click_all(session, view):
    """The rows behind every mark and every card."""

    async def clicking():
        for chart in view.select(Chart):
            for point in points(chart.figure) if chart._on_click else ():
                await chart._on_click(point)
        for card in view.select(pmui.Clickable):
            for watcher in card.param.watchers.get("clicks", {}).get("value", ()):
                if asyncio.iscoroutinefunction(watcher.fn):
                    await watcher.fn(None)

    run(clicking())
    return session.drill.rows


def files(view):
    """What each button gives, as text."""
    for button in view.select(pmui.FileDownload):
        made = button.callback().getvalue()
        yield inside(made) if made.startswith(b"PK") else made.decode("utf-8-sig")


def queries(planted, path):
    if path == "account":
        return [{"id": str(planted[1][f"{whose} account"])} for whose in ACCOUNTS]
    return [{}]


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("username", PART)
def test_no_page_holds_opens_or_gives_anything_of_others(planted, username, path):
    for query in queries(planted, path):
        session, view = drawn(planted, username, path, query)
        clean(username, sent(view))
        for rows in click_all(session, view):
            clean(username, f"{rows.title} {rows.frame.to_csv()}")
        for file in files(view):
            clean(username, file)


def test_the_walk_can_fail(planted):
    """Who sees all is sent it, opens it and is given it; and a part is really shown its own."""
    session, view = drawn(planted, "director", "revenue")
    opened = [rows.frame.to_csv() for rows in click_all(session, view)]
    assert sum(FOREIGN in one for one in opened) > 5
    assert FOREIGN in sent(view)
    assert any(FOREIGN in one for one in files(view))
    session, view = drawn(planted, "rep", "revenue")
    assert sum(OURS in rows.frame.to_csv() for rows in click_all(session, view)) > 5
    assert held_back("partner") == (FOREIGN, OURS)
