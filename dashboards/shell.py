"""What stands around every page: header, menu, filter bar, footer, and the dialog for details."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui
from panel.util.parameters import edit_readonly
from panel_material_ui.template import base as material

from dashboards import bar, states, theme, workbook_file
from dashboards.drill import Drill
from dashboards.live import News
from dashboards.session import Slot

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dashboards.session import Session
    from workbench.store.access import Viewer
    from workbench.vocabulary import Role

ON_HEADER = {"color": "white"}


@dataclass(frozen=True)
class Page:
    """A page of the dashboards.

    Attributes:
        path: its address, and its place among the translations.
        title: in French.
        icon: of Material's font.
        question: that it answers, in French.
        view: what it shows.
        order: in the menu; None keeps it out.
        filters: whether it stands under the filter bar.
        roles: who may see it; None lets everyone.
        unloaded: whether it shows something before the first load.
        live: whether what others change is drawn at once.
    """

    path: str
    title: str
    icon: str
    question: str
    view: Callable[[Session], Any]
    order: int | None
    filters: bool = True
    roles: frozenset[Role] | None = None
    unloaded: bool = False
    live: bool = False

    def open_to(self, viewer: Viewer) -> bool:
        """Whether they may see it."""
        return self.roles is None or viewer.role in self.roles


def frame(session: Session, page: Page, pages: Sequence[Page]) -> Any:
    """The page within the shell, ready to be served."""
    session.drill = Drill(session)
    menu = [Menu(session, page, pages) for _ in range(2)]
    drawer = pmui.Drawer(menu[1].view, anchor="left", size=260)
    aside = pn.Column(
        menu[0].view,
        stylesheets=[theme.sheet("shell")],
        css_classes=["aside"],
        width=216,
        margin=0,
    )

    def toggle(_: object) -> None:
        if session.browser.narrow:
            drawer.open = not drawer.open
        else:
            aside.visible = not aside.visible

    main = pn.Column(
        _heading(session, page),
        *_content(session, page),
        session.drill.dialog,
        session.browser,
        drawer,
        stylesheets=[theme.sheet("shell")],
        css_classes=["content"],
        sizing_mode="stretch_width",
        margin=0,
    )
    shown = material.Page(
        title=session.settings.company.name,
        site_url=session.link("overview"),
        header=[_header(session, toggle)],
        main=[
            pn.Row(
                aside,
                main,
                stylesheets=[theme.sheet("shell")],
                css_classes=["frame"],
                sizing_mode="stretch_width",
                margin=0,
            )
        ],
        theme_config=theme.material(),
        theme_toggle=False,
        dark_theme=session.dark,
        template=theme.TEMPLATES.get_template("page.html"),
        busy_indicator=None,  # `Browser.working` says it without a walk through the whole page
        sx=theme.HEADER,
    )

    def redress(dark: bool) -> None:  # noqa: FBT001 - the theme's one bit
        shown.dark_theme = dark

    with edit_readonly(shown):  # cut what would tell the browser of every callback
        shown.busy = False
    session.on_theme = redress
    return shown


def _content(session: Session, page: Page) -> list[Any]:
    """Filter bar, page and footer; before the first load, only what to do first."""
    if not page.open_to(session.viewer):
        return [states.html(states.forbidden(session.loc, page.roles or ()), min_height=320)]
    data = session.whole()
    if not page.unloaded and data.table("loads").empty and data.table("accounts").empty:
        return [states.html(states.unloaded(session.loc), min_height=320)]
    session.news = News(session, live=page.live)
    return [
        *([bar.view(session)] if page.filters else []),
        session.news.view,
        page.view(session),
        _footer(session),
    ]


def _heading(session: Session, page: Page) -> Any:
    """Title and question, and under filters the workbook of what they leave."""
    pane = states.html(_title(session, page))

    def show(told: str | Exception) -> None:
        if isinstance(told, str):
            pane.object = told

    session.add(Slot(show, lambda _: _title(session, page), seen=True, stale=False))
    return pane


def _title(session: Session, page: Page) -> str:
    loc = session.loc
    address = escape(session.link(workbook_file.ADDRESS.strip("/")))
    export = (
        f'<a class="export" href="{address}" download title="'
        f'{escape(loc.t("Le classeur Excel de ce que montrent les filtres"))}">'
        f"{escape(loc.t('Exporter'))}</a>"
    )
    scope = f'<p class="scope">{escape(session.words())}</p>'
    return (
        f'<div class="page-title"><div><h1>{escape(loc.t(page.title))}</h1>'
        f"<p>{escape(loc.t(page.question))}</p>"
        f"{scope if page.filters else ''}</div>{export if page.filters else ''}</div>"
    )


class Menu:
    """The pages, as a list; its links carry the filters."""

    def __init__(self, session: Session, page: Page, pages: Sequence[Page]) -> None:
        self.session = session
        self.pages = [one for one in pages if one.order is not None and one.open_to(session.viewer)]
        active = next((i for i, one in enumerate(self.pages) if one.path == page.path), None)
        self.view = pmui.MenuList(
            items=self.items(),
            active=active,
            sizing_mode="stretch_width",
            margin=(8, 0),
        )
        session.add(Slot(self._follow, seen=True, stale=False))

    def items(self) -> list[dict[str, str]]:
        """The pages under the present filters."""
        return [
            {
                "label": self.session.loc.t(one.title),
                "icon": one.icon,
                "href": self.session.link(one.path),
            }
            for one in self.pages
        ]

    def _follow(self, *_: object) -> None:
        self.view.items = self.items()


def _header(session: Session, toggle: Callable[[object], None]) -> pn.Row:
    loc, viewer = session.loc, session.viewer
    menu = pmui.IconButton(
        icon="menu", description=loc.t("Menu"), on_click=toggle, margin=0, sx=ON_HEADER
    )
    dark = pmui.IconButton(
        icon="light_mode" if session.dark else "dark_mode",
        description=loc.t("Clair ou sombre"),
        sx=ON_HEADER,
        margin=0,
    )

    def switch(_: object) -> None:
        session.dark = not session.dark
        dark.icon = "light_mode" if session.dark else "dark_mode"
        session.browser.remember("theme", "dark" if session.dark else "light")
        session.on_theme(session.dark)
        for redress in session.redress:
            redress(session.dark)

    dark.on_click(switch)
    other = "en" if loc.language == "fr" else "fr"
    items = [
        {"label": f"{viewer.name} · {loc.label(viewer.role)}", "icon": "badge"},
        {
            "label": "English" if other == "en" else "Français",
            "icon": "translate",
            "does": "language",
        },
        {
            "label": loc.t("Mot de passe et sessions"),
            "icon": "key",
            "href": "/password",
            "target": "_self",
        },
        {"label": loc.t("Se déconnecter"), "icon": "logout", "does": "sign out"},
    ]

    def chosen(item: dict[str, str]) -> None:
        if item.get("does") == "language":
            session.browser.remember("language", other)
            session.browser.reload()
        if item.get("does") == "sign out":
            session.browser.post("/logout")

    account = pmui.MenuButton(
        label=viewer.name,
        icon="account_circle",
        items=items,
        on_click=chosen,
        variant="text",
        sx={**ON_HEADER, "textTransform": "none"},
        margin=0,
    )
    return pn.Row(
        menu,
        pn.Spacer(sizing_mode="stretch_width"),
        dark,
        account,
        sizing_mode="stretch_width",
        margin=0,
    )


def _footer(session: Session) -> pn.pane.HTML:
    """Of when the data are, always in sight, and told anew after a load."""
    pane = states.html(_freshness(session), css_classes=["foot"])

    def show(said: str | Exception) -> None:
        if isinstance(said, str):
            pane.object = said

    slot = Slot(show, lambda _: _freshness(session), timeless=True, seen=True, stale=False)
    session.add(slot)
    return pane


def _freshness(session: Session) -> str:
    """Of when the data are and when they were loaded; how many lines were refused, to who sees all.

    Refused lines are nobody's: to those who see a part they would always be none.
    """
    loc = session.loc
    data = session.whole()
    loads = data.table("loads")
    if loads.empty:
        said = loc.t("Aucune donnée chargée : lancez « workbench load ».")
    else:
        latest = loads.sort_values("started_at").iloc[-1]
        parts = [
            loc.t("Données du {day}", day=loc.date(loads["data_date"].max())),
            loc.t("chargées le {moment}", moment=loc.moment(latest["started_at"].to_pydatetime())),
        ]
        if not session.viewer.limited:
            refused = len(data.table("rejected_rows"))
            parts.append(loc.plural(refused, "{n} ligne refusée", "{n} lignes refusées"))
        said = " · ".join(parts)
    return f'<footer class="freshness">{escape(said)}</footer>'
