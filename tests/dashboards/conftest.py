"""A visit to a page without a browser, on whatever store a test has."""

from __future__ import annotations

import asyncio
import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest

from dashboards.filters import from_query
from dashboards.session import Session
from workbench import locale
from workbench.settings import Settings
from workbench.store import access


def run(coroutine):
    """On a thread of its own: that of browser tests has a loop already."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result(120)


class Shown:
    """Takes the place of the dialog: keeps the rows that were asked for."""

    async def open(self, rows):
        self.rows = rows


@pytest.fixture
def visit():
    """`visit(engine, user, page, query)`: the session of that user's visit."""

    def made(engine, user, page="overview", query=None, *, loc=locale.FR):
        session = Session(
            settings=Settings(
                database=engine.url.render_as_string(hide_password=False),
                today=dt.date(2026, 9, 30),
            ),
            viewer=access.viewer(engine, user),
            loc=loc,
            page=page,
            query={},
            own={},
            filters=from_query(query or {}),
        )
        session.drill = Shown()
        return session

    return made
