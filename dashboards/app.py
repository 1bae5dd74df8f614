"""The dashboards' server: one address per page, one sign-in, files that are sent once.

`serve` is what `workbench serve` calls. A page is any module of `dashboards.pages` with a `PAGE`.
"""

from __future__ import annotations

import datetime as dt
import gc
import importlib
import pkgutil
import secrets
from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui
from bokeh.models import ImportedStyleSheet
from panel.io.resources import COMPONENT_PATH
from tornado.ioloop import PeriodicCallback
from tornado.web import ErrorHandler, GZipContentEncoding, RedirectHandler

from dashboards import assets, live, pages, person_file, report_files, states, wire, workbook_file
from dashboards.chart import PLOTLY, Chart
from dashboards.filters import NAMES, from_query, told_by
from dashboards.live import Pulse
from dashboards.login import auth, doors, headers, oidc, socket, watch
from dashboards.session import Session
from dashboards.shell import Page, frame
from workbench.store import access_log, connect

if TYPE_CHECKING:
    from collections.abc import Callable

    from bokeh.document import Document
    from panel.io.server import Server

    from workbench.settings import Settings

KEEP_SESSION_MS = 30_000


def found_pages() -> list[Page]:
    """Every page, in the order of the menu."""
    modules = [
        importlib.import_module(f"{pages.__name__}.{module.name}")
        for module in pkgutil.iter_modules(pages.__path__)
    ]
    return sorted(
        (module.PAGE for module in modules if hasattr(module, "PAGE")),
        key=lambda page: (page.order is None, page.order),
    )


def show(page: Page, every: list[Page], settings: Settings, pulse: Pulse, over: watch.Watch) -> Any:
    """A page for whoever asks for it now."""
    document: Any = pn.state.curdoc
    viewer = socket.signed_in(document).viewer
    if not page.open_to(viewer):
        access_log.forbidden_later(connect(settings.database), viewer.username, page.path)
    asked = told_by(pn.state.session_args or {})
    query = {name: value for name, value in asked.items() if isinstance(value, str)}
    cookies = pn.state.cookies
    language = cookies.get("language")
    session = Session(
        settings=settings,
        viewer=viewer,
        loc=settings.locale(language if language in {"fr", "en"} else viewer.language),
        page=page.path,
        query=query,
        own={name: value for name, value in query.items() if name not in NAMES},
        filters=from_query(asked),
        dark=cookies.get("theme") == "dark",
        visit=_visit(),
    )
    session.browser.pause = round(over.pause / dt.timedelta(milliseconds=1))
    session.browser.param.watch(lambda _: over.touched(session.visit), "acted")
    shown = frame(session, page, every)
    title = f"{session.loc.t(page.title)} · {settings.company.name}"
    document.title = title
    document.template_variables.update(
        language=session.loc.language,
        dark=session.dark,
        plotly=PLOTLY,
        charts=bool(list(shown.select(Chart))),
        material=pmui.Button._render_esm(server=True),  # noqa: SLF001 - where pages import it from
        waiting=session.loc.t("Chargement…"),
        failed=session.loc.t("La connexion au serveur a échoué. Rechargez la page."),
    )

    if document and session.news:
        pulse.follow(document, session.news)

    async def draw() -> None:
        _unshare_style_sheets(document)
        await session.begin()
        await session.rest()

    session.prepare()
    pn.state.onload(draw)
    return shown


def _visit() -> str:
    """The mark of the sign-in that asks for the page; the page's own where there is none."""
    context: Any = pn.state.curdoc.session_context if pn.state.curdoc else None
    if context is None:
        return secrets.token_hex(8)
    signed_in = getattr(context.request, "signed_in", None)
    return signed_in.mark if signed_in else str(context.id)


class _Unshared(dict[str, ImportedStyleSheet]):
    """A cache that never has what it is asked for."""

    def __contains__(self, _: object) -> bool:
        return False


def _unshare_style_sheets(document: Document) -> None:
    """Give whatever is drawn from now on style sheets of its own.

    Panel shares them within a document. A sheet that only a skeleton had leaves the browser with
    it, while the server still takes it for known: the next pane that refers to it breaks the whole
    message ("reference isn't known").
    """
    pn.state._stylesheets[document] = _Unshared()  # noqa: SLF001 - no other door


def failed(problem: Exception, settings: Settings) -> Any:
    """What stands where a page can't be made: what happened, and a reference."""
    language = pn.state.cookies.get("language")
    loc = settings.locale(language if language in {"fr", "en"} else None)
    return states.html(states.error(loc, problem), min_height=300)


def served(
    page: Page, every: list[Page], settings: Settings, pulse: Pulse, over: watch.Watch
) -> Callable[[], Any]:
    """What the server calls for each visit; it asks for a plain function."""

    def visit() -> Any:
        try:
            return show(page, every, settings, pulse, over)
        except Exception as problem:  # noqa: BLE001 - whatever it is, the visitor is told
            return failed(problem, settings)

    return visit


def make(settings: Settings, *, address: str = "127.0.0.1", port: int = 5006) -> Server:
    """The server, ready to start.

    Raises:
        StoreError: no store at the settings' address.
    """
    pulse = Pulse(connect(settings.database))
    pn.extension("tabulator")
    every = found_pages()
    key = auth.secret(settings.auth.secret_file)
    provider = auth.Provider(settings, doors.DOORS + (oidc.DOORS if settings.auth.oidc else []))
    socket.install()
    wire.install()
    server = pn.io.server.get_server(
        {page.path: served(page, every, settings, pulse, provider.watch) for page in every},
        port=port,
        address=address,
        websocket_origin=[
            *settings.auth.hosts,
            *(f"{host}:{port}" for host in {address, "localhost", "127.0.0.1"}),
        ],
        title={page.path: settings.company.name for page in every},
        auth_provider=provider,
        cookie_secret=key,
        # A page tells its script what it was asked with: never the cookie that lets one in.
        include_cookies=["language", "theme"],
        include_headers=["Host", "User-Agent"],
        sign_sessions=True,
        secret_key=key.encode(),
        use_xheaders=settings.auth.behind_proxy,
        use_index=False,
        transforms=[headers.SafeHeaders, GZipContentEncoding],
        unused_session_lifetime_milliseconds=KEEP_SESSION_MS,
        extra_patterns=[
            (r"/", RedirectHandler, {"url": auth.HOME, "permanent": False}),
            *report_files.patterns(settings, provider.get_user),
            *workbook_file.patterns(settings, provider.get_user),
            *person_file.patterns(settings, provider.get_user),
            *assets.patterns(),
            # Panel's own imports whatever module the address names, for anybody.
            (rf"/{COMPONENT_PATH}(.*)", ErrorHandler, {"status_code": 404}),
        ],
    )
    PeriodicCallback(provider.watch.sweep, watch.EVERY_MS).start()
    PeriodicCallback(pulse.beat, live.EVERY_MS).start()
    return server


def _spare_the_collector() -> None:
    """Leave out of each collection what is here to stay: libraries are a million objects.

    Panel collects whenever a visitor has gone, and a page's making allocates enough to set off
    some more; each took a tenth of a second and more of everybody's.
    """
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    gc.enable()


def serve(
    settings: Settings,
    *,
    address: str = "127.0.0.1",
    port: int = 5006,
    open_browser: bool = False,
) -> None:
    """Serve until stopped."""
    server: Any = make(settings, address=address, port=port)
    _spare_the_collector()
    server.start()
    if open_browser:
        server.io_loop.add_callback(server.show, "/")
    server.run_until_shutdown()
