"""One browser's visit to one page: who looks, at what, in which language, and what is drawn.

Pages read data through `Session.scope` only, so that the viewer's rights and the filter bar hold
for whatever they show. What is drawn is a `Slot`: it is drawn when first seen and again when what
it depends on changes.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import panel as pn
import param

import workbench
from dashboards.browser import Browser
from dashboards.filters import PERIODS, Filters, Span, narrowed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from dashboards.drill import Drill
    from dashboards.live import News
    from workbench.locale import Locale
    from workbench.settings import Settings
    from workbench.store.access import Viewer
    from workbench.store.dataset import Dataset

log = logging.getLogger("dashboards")
POOL = ThreadPoolExecutor(4, "draw")


def _together(document: Any) -> Any:
    """Look a page's parts over once for all that is shown, not for each."""
    return document.models.freeze() if document else nullcontext()


class Choices(param.Parameterized):
    """The choices that a page offers beside the filter bar: a page's `State` declares them."""

    def __init__(self, **given: Any) -> None:
        param.Parameterized.__init__(self, **given)


@dataclass(frozen=True)
class Scope:
    """What a picture is drawn from: rows under rights and filters, the period, the language."""

    data: Dataset
    span: Span
    loc: Locale


def itself(scope: Scope) -> Scope:
    """For what needs no computing apart from showing it."""
    return scope


@dataclass(eq=False)
class Slot:
    """Something drawn from a scope: when first seen, and again when the scope has changed.

    Attributes:
        show: puts what was computed, or the exception met, on the page.
        compute: makes it from the scope, on a thread, so that a slow one stops no other session.
        timeless: whether the period changes nothing in it.
        ahead: whether it is in sight where filters are chosen, and drawn before what isn't.
        ready: what is computed before the page stands, and the scope that it is of.
    """

    show: Callable[[Any], None]
    compute: Callable[[Scope], Any] = itself
    timeless: bool = False
    ahead: bool = False
    seen: bool = False
    stale: bool = True
    ready: Future[tuple[Scope | None, Any]] | None = None

    def found(self, scope: Scope) -> Any:
        """What was prepared for this scope, or is computed now."""
        ready, self.ready = self.ready, None
        if ready is not None:
            made_from, result = ready.result()
            if made_from is scope:
                return result
        return self.computed(scope)

    def computed(self, scope: Scope) -> Any:
        """What to show: the result, or the exception that it ended in."""
        try:
            return self.compute(scope)
        except Exception as problem:  # noqa: BLE001 - whatever it is, its card says it
            return problem


@dataclass
class Session:
    """What a page is given: the viewer, their language and filters, and the way to data.

    Attributes:
        visit: tells the sign-in that this page belongs to from others.
        afterwards: what is done once the page is drawn, on a thread.
        on_news: what is done besides where what others change is drawn at once.
    """

    settings: Settings
    viewer: Viewer
    loc: Locale
    page: str
    query: dict[str, str]
    own: dict[str, str]
    filters: Filters
    dark: bool = False
    slots: list[Slot] = field(default_factory=list)
    first: list[Slot] = field(default_factory=list)
    large: int = 0
    redress: list[Callable[[bool], None]] = field(default_factory=list)
    on_theme: Callable[[bool], None] = field(default=lambda _: None)
    drill: Drill = field(init=False)
    browser: Browser = field(default_factory=Browser)
    visit: str = ""
    afterwards: list[Callable[[], None]] = field(default_factory=list)
    on_news: list[Callable[[], Awaitable[None]]] = field(default_factory=list)
    news: News | None = None
    _computing: threading.RLock = field(default_factory=threading.RLock)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _due: list[Slot] = field(default_factory=list)
    _asked: int = 0
    _begun: bool = False
    _scope: Scope | None = None

    def whole(self) -> Dataset:
        """The viewer's rows as of the date, under no other filter."""
        return workbench.open(
            self.settings.database,
            as_of=self.filters.as_of,
            viewer=self.viewer,
            today=self.settings.today,
        )

    def scope(self) -> Scope:
        """The viewer's rows as the filter bar has them."""
        data = self.whole()
        return Scope(narrowed(data, self.filters), self.filters.span(data.as_of), self.loc)

    @property
    def shown(self) -> int | None:
        """What the store's `news` were when the page was drawn; None before."""
        return None if self._scope is None else self._scope.data.news

    def overtaken(self) -> bool:
        """Whether the page was drawn under other rights than the viewer has now.

        So it also is where an account or a deal that it was drawn from is no longer theirs.
        """
        if self._scope is None:
            return False
        before = self._scope.data.where()
        if before.scope.reps is None and not (before.scope.person and before.scope.person.leads):
            return False  # what else gives rights ends the session
        now = self.whole()
        return replace(before.scope, today=now.today) != now.scope or any(
            not set(before.table(name)["id"]) <= set(now.table(name)["id"])
            for name in ("accounts", "opportunities")
        )

    def renew(self) -> None:
        """Read nothing more under the rights of before, and load the page anew."""
        with self._computing:
            self._scope = None
        self.browser.reload()

    def words(self) -> str:
        """The scope in words: "Équipe Sud · au 30/09/2026 · 12 derniers mois"."""
        loc, filters, data = self.loc, self.filters, self.whole()
        reps = data.table("reps").set_index("id")["name"]
        team = reps.get(filters.team) if filters.team else None
        parts = [
            team or loc.t("Tout ce que je vois"),
            loc.t("au {day}", day=loc.date(data.as_of)),
            loc.t(PERIODS[filters.period]),
            ", ".join(filters.segments),
            (filters.pipeline or "").upper(),
        ]
        return " · ".join(part for part in parts if part)

    # Drawing

    def add(self, slot: Slot) -> Slot:
        """Take charge of drawing this."""
        self.slots.append(slot)
        return slot

    def prepare(self) -> None:
        """Compute what is drawn first while the browser still loads the page's scripts."""
        slots = sorted(self.first, key=lambda slot: not slot.ahead)
        for slot in slots:
            slot.ready = Future()
        if slots:
            POOL.submit(self._prepare, [(slot, slot.ready) for slot in slots])

    def _prepare(self, due: list[tuple[Slot, Any]]) -> None:
        try:
            scope = self.present()
        except Exception:  # noqa: BLE001 - whoever draws meets it again, and says it
            scope = None
        for slot, ready in due:
            ready.set_result((scope, scope and slot.computed(scope)))

    async def begin(self) -> None:
        """The page stands in the browser: draw what is in sight of it."""
        self._begun = True
        await self.see(*self.first)

    async def rest(self) -> None:
        """The page is drawn: do what nobody waits for."""
        for act in self.afterwards:
            try:
                await self.aside(act)
            except Exception:  # whatever it is, the page stands
                log.exception("after drawing %s", self.page)

    async def see(self, *slots: Slot) -> None:
        """These have come into sight: draw what isn't up to date."""
        for slot in slots:
            slot.seen = True
        if not self._begun:  # a tall window shows more than the first screenful at once
            self.first += slots
            return
        await self._draw([slot for slot in slots if slot.stale])

    async def redraw(self, *slots: Slot, changed: str = "") -> None:
        """What these depend on has changed (all of them, if none is named).

        Args:
            slots: what to draw again.
            changed: the filter that was changed, where it was one.
        """
        chosen = slots or tuple(
            slot for slot in self.slots if not (slot.timeless and changed == "period")
        )
        for slot in chosen:
            slot.stale, slot.ready = True, None
        if not slots:
            with self._computing:  # a scope that was begun before must not be kept after
                self._scope = None
            self._asked += 1
        await self._draw([slot for slot in chosen if slot.seen])

    async def _draw(self, slots: list[Slot]) -> None:
        """Compute on a thread; show what is in sight, then the rest, unless choices change.

        One drawing at a time, and what asked for it meanwhile together: messages to the browser
        that overtake each other refer to style sheets that it doesn't have yet.
        """
        self._due += slots
        async with self._turn:
            due = list({id(slot): slot for slot in self._due}.values())
            self._due.clear()
            if not due:
                return
            asked = self._asked
            in_sight = [slot for slot in due if slot.ahead]
            rest = [slot for slot in due if not slot.ahead]
            self.browser.working()
            try:
                for together in filter(None, (in_sight, rest)):
                    results = await self.aside(partial(self._computed, together))
                    if asked != self._asked:
                        return
                    with pn.io.hold(), _together(pn.state.curdoc):
                        for slot, result in results:
                            slot.show(result)
                            slot.stale = False
                    await asyncio.sleep(0)
            finally:
                self.browser.rested()

    async def ask(self, compute: Callable[[Scope], Any]) -> Any:
        """What a function makes of the present scope, or the exception that it ended in."""
        loop = asyncio.get_running_loop()
        slot = Slot(lambda _: None, compute)
        self.browser.working()
        [(_, found)] = await loop.run_in_executor(POOL, self._computed, [slot])
        self.browser.rested()
        return found

    async def work(self, act: Callable[[], Any]) -> Any:
        """Do something slow that somebody waits for, on a thread."""
        self.browser.working()
        try:
            return await self.aside(act)
        finally:
            self.browser.rested()

    async def aside(self, act: Callable[[], Any]) -> Any:
        """Do something slow that nobody waits for, on a thread."""
        return await asyncio.get_running_loop().run_in_executor(POOL, act)

    def _computed(self, slots: list[Slot]) -> list[tuple[Slot, Any]]:
        with self._computing:
            if self._scope is None:
                try:
                    self._scope = self.scope()
                except Exception as problem:  # noqa: BLE001 - each card says it
                    return [(slot, problem) for slot in slots]
            scope = self._scope
        return [(slot, slot.found(scope)) for slot in slots]

    # Going elsewhere

    def keep(self, state: param.Parameterized, *names: str) -> None:
        """Keep a page's own choices in the address, and take those that a link brought."""
        for name in names:
            if self.query.get(name) in state.param[name].objects:
                setattr(state, name, self.query[name])

        def follow(event: param.parameterized.Event) -> None:
            self.own[event.name] = str(event.new)
            self.browser.address(self.link(self.page, **self.own))

        state.param.watch(follow, list(names))

    def present(self) -> Scope:
        """The scope as the filters have it now."""
        with self._computing:
            if self._scope is None:
                self._scope = self.scope()
            return self._scope

    def link(self, page: str, **query: Any) -> str:
        """The address of a page under the same filters; `query` adds to it."""
        asked = {**self.filters.query(), **{k: str(v) for k, v in query.items() if v is not None}}
        return f"/{page}?{urlencode(asked, doseq=True)}" if asked else f"/{page}"

    def go(self, page: str, **query: Any) -> None:
        """Take the browser to a page under the same filters."""
        self.browser.visit(self.link(page, **query))
