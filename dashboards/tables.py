"""Tables: paged from the server, formatted in the reader's language, with totals and downloads.

Columns take their labels and kinds from `workbench.exports.names`, so that screen and file say the
same. Numbers stay numbers up to the browser, which writes them: sorting and filtering are exact.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field, replace
from html import escape
from typing import TYPE_CHECKING, Any

import pandas as pd
import panel as pn
import panel_material_ui as pmui
from bokeh.models import CustomJS
from bokeh.models.widgets.tables import HTMLTemplateFormatter
from bokeh.util.warnings import BokehUserWarning

from dashboards import cards, downloads, states, theme
from dashboards.browser import Sight
from dashboards.session import Slot
from workbench.exports import columns as exported
from workbench.locale import SMALLEST_BASE
from workbench.tables import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from dashboards.session import Scope, Session
    from workbench.locale import Locale

# Material's theme adds a sheet to every table in the browser, which sends all its sheets back.
warnings.filterwarnings("ignore", "reference already known", BokehUserWarning)

DATED = {Kind.DATE: 96, Kind.MOMENT: 136}
"""So many pixels a date takes, and a moment."""
NUMERIC = {Kind.COUNT, Kind.MONEY, Kind.RATIO, Kind.NUMBER}
PAGE_SIZE = 12
SHOW_THEN = """
const view = Bokeh.index.find_one(table)
if (view?._building) { view.tabulator.on("tableBuilt", () => view.setData()) }
"""


@dataclass(frozen=True)
class Rows:
    """A table's content.

    Attributes:
        title: what the rows are.
        frame: the rows; its index is free.
        columns: the columns shown at first, at most 8.
        more: further columns that the chooser offers.
        totals: columns whose sum stands below.
        phone: the three that matter, for a phone; the first three of `columns` if not told.
        link: page, and the column with the id that it shows; (None: rows lead nowhere).
        labels: French labels where they aren't those of the exports.
        kinds: kinds where the name doesn't tell.
        bases: of a rate, the column with its base, which must not be too small to show it.
    """

    title: str
    frame: pd.DataFrame
    columns: Sequence[str]
    more: Sequence[str] = ()
    totals: Sequence[str] = ()
    phone: Sequence[str] = ()
    link: tuple[str, str] | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    bases: Mapping[str, str] = field(default_factory=dict)

    def fields(self, loc: Locale) -> list[exported.Field]:
        """Label and kind of each column, in order."""
        every = [*self.columns, *self.more]
        known = exported.fields(self.frame[every], loc=loc, kinds=self.kinds)
        said = {name: loc.t(label) for name, label in self.labels.items()}
        return [replace(one, label=said.get(one.name, one.label)) for one in known]

    def titles(self, loc: Locale) -> dict[str, str]:
        """Label of each column shown."""
        return {one.name: one.label for one in self.fields(loc) if one.name in self.columns}


def table(
    session: Session,
    title: str,
    compute: Callable[[Scope], Rows],
    *,
    subtitle: str = "",
    metric: str | None = None,
    width: int = 12,
    page_size: int = PAGE_SIZE,
    also: Sequence[Any] = (),
    tools: Sequence[Any] = (),
    empty: str = "",
    lazy: bool = False,
    on_row: Callable[[dict[str, Any]], None] | None = None,
    filters: bool = True,
) -> pn.Column:
    """A card with a table; a click on a row goes where the rows link to.

    Args:
        session: of the page.
        title: what the rows are.
        compute: the rows from a scope.
        subtitle: how to read them.
        metric: its name in the catalog, for the definition.
        width: columns of twelve on a desk.
        page_size: rows shown at once.
        also: parameters besides the filters on which it depends.
        tools: widgets for this table alone, between heading and rows.
        empty: why there may be nothing, and what to change.
        lazy: fill it only when it is seen, whatever its place on the page.
        on_row: gets the row that was clicked, where it leads to no page.
        filters: whether each column has one.
    """
    body = pn.Column(states.loading(280), sizing_mode="stretch_width", margin=(8, 0, 0, 0))
    held: list[Grid] = []

    def show(rows: Rows | Exception) -> None:
        if isinstance(rows, Exception) or rows.frame.empty:
            held.clear()
            loc = session.loc
            said = (
                states.error(loc, rows) if isinstance(rows, Exception) else states.empty(loc, empty)
            )
            body.objects = [states.html(said)]
        elif held:
            held[0].show(rows)
        else:
            held.append(Grid(session, rows, page_size=page_size, on_row=on_row, filters=filters))
            body.objects = [held[0].view]

    slot = session.add(Slot(show, compute))
    head = states.html(cards.heading(session.loc, title, subtitle, metric))
    return cards.framed(session, slot, [head, *tools, body], width=width, also=also, lazy=lazy)


class Table(pn.widgets.Tabulator):
    """Panel's table, which forgets rows that come while the browser still makes it."""

    def _get_model(self, *args: Any, **kwargs: Any) -> Any:
        model: Any = super()._get_model(*args, **kwargs)
        model.source.js_on_change("data", CustomJS(args={"table": model}, code=SHOW_THEN))
        return model


class Grid:
    """A table widget with its chooser, totals and downloads; `show` exchanges its rows."""

    def __init__(
        self,
        session: Session,
        rows: Rows,
        *,
        page_size: int = PAGE_SIZE,
        on_row: Callable[[dict[str, Any]], None] | None = None,
        filters: bool = True,
    ) -> None:
        self.session = session
        self.on_row = on_row
        self.rows = rows = replace(rows, frame=rows.frame.reset_index(drop=True))
        self.fields = rows.fields(session.loc)
        self.totals = states.html("")
        self.chooser = self._chooser()
        shown = self._shown()
        self.widget = Table(  # type: ignore[no-untyped-call]  # Panel's own
            _plain(rows, self.fields, session.loc),
            pagination="remote",
            page_size=page_size,
            show_index=False,
            disabled=True,
            selectable=False,
            sizing_mode="stretch_width",
            layout="fit_columns",
            theme="simple",
            titles={one.name: one.label for one in self.fields},
            formatters={one.name: _formatter(one, rows, session) for one in self.fields},
            text_align={
                one.name: "right" if one.kind in NUMERIC else "left" for one in self.fields
            },
            header_align={
                one.name: "right" if one.kind in NUMERIC else "left" for one in self.fields
            },
            header_filters=_filters(self.fields, session.loc) if filters else None,
            hidden_columns=self._hidden(shown),
            configuration=_words(session.loc) | {"columns": self._widths()},
            stylesheets=[theme.sheet("table")],
            margin=0,
        )
        if rows.link or on_row:
            self.widget.on_click(self._go)
        self.widget.param.watch(lambda _: self._total(), "filters")
        self._total()
        tools = pn.Row(
            *([self.chooser] if self.chooser else []),
            pn.Spacer(sizing_mode="stretch_width"),
            downloads.buttons(session, self.current),
            sizing_mode="stretch_width",
            margin=0,
        )
        self.view = pn.Column(
            self.widget, self.totals, tools, sizing_mode="stretch_width", margin=0
        )

    def show(self, rows: Rows) -> None:
        """Exchange the rows, and keep page, sort, filters and chosen columns where they fit."""
        self.rows = rows = replace(rows, frame=rows.frame.reset_index(drop=True))
        self.widget.value = _plain(rows, self.fields, self.session.loc)
        self._total()

    def current(self) -> Rows:
        """What is on screen: the columns shown, the rows under the columns' filters, sorted."""
        view = self.widget.current_view
        return replace(
            self.rows,
            frame=self.rows.frame.loc[view.index],
            columns=self._shown(),
            more=(),
        )

    def _chooser(self) -> pmui.MultiChoice | None:
        if len(self._first()) == len(self.fields):
            return None
        every = {one.label: one.name for one in self.fields}
        chooser = pmui.MultiChoice(
            label=self.session.loc.t("Colonnes"),
            options=every,
            value=self._first(),
            chip=False,
            visual_size="small",
            width=200,
            margin=(8, 0, 0, 0),
        )
        chooser.param.watch(
            lambda _: self.widget.param.update(hidden_columns=self._hidden(self._shown())), "value"
        )
        return chooser

    def _widths(self) -> list[dict[str, Any]]:
        """Names get twice the room of numbers, which are shorter; a date is never cut."""
        wide = [one.name for one in self.fields if one.kind is Kind.TEXT]
        longest = {name: self.rows.frame[name].astype(str).str.len().max() for name in wide}
        grown = [{"field": name, "widthGrow": 2} for name in wide if longest[name] > LONG]
        dated = {one.name: DATED[one.kind] for one in self.fields if one.kind in DATED}
        return [*grown, *({"field": name, "minWidth": least} for name, least in dated.items())]

    def _first(self) -> list[str]:
        """The columns that are shown before any is chosen: on a phone the three that matter."""
        if self.session.browser.narrow:
            return list(self.rows.phone or self.rows.columns[:3])
        return list(self.rows.columns)

    def _shown(self) -> list[str]:
        chosen = list((self.chooser.value if self.chooser else None) or self._first())
        return [one.name for one in self.fields if one.name in chosen]

    def _hidden(self, shown: Sequence[str]) -> list[str]:
        link = [self.rows.link[1]] if self.rows.link else []
        return [name for name in {*(one.name for one in self.fields), *link} if name not in shown]

    def _go(self, event: Any) -> None:
        # The row is told by its place in `value`, whatever page, sort and filter are on screen.
        index = self.widget.value.index[event.row]
        record = self.rows.frame.loc[index]
        if self.on_row:
            self.on_row(record.to_dict())
        elif self.rows.link:
            page, key = self.rows.link
            if not pd.isna(record[key]):
                self.session.go(page, id=int(record[key]))

    def _total(self) -> None:
        """Below the table stands the sum of what the columns' filters leave."""
        left = self.current().frame if self.widget.filters else self.rows.frame
        self.totals.object = _total_html(self.session.loc, self.rows, left)


def _total_html(loc: Locale, rows: Rows, left: pd.DataFrame) -> str:
    """How many rows are left of all, and their totals."""
    count = loc.plural(len(left), "{n} ligne", "{n} lignes")
    if len(left) < len(rows.frame):
        count = loc.t("{part} sur {whole}", part=count, whole=loc.count(len(rows.frame)))
    parts = [f"<b>{escape(loc.t('Total'))} · {escape(count)}</b>"]
    labels = {one.name: one for one in rows.fields(loc)}
    for name in rows.totals:
        said = said_value(labels[name].kind, left[name].sum(), loc)
        parts.append(f"<span>{escape(labels[name].label)} <b>{escape(said)}</b></span>")
    return f'<div class="totals">{"".join(parts)}</div>'


def foot(session: Session, compute: Callable[[Scope], Rows]) -> pn.Column:
    """The totals and downloads of rows that another widget shows: all of them, once saved."""
    totals = states.html("")
    held: list[Rows] = []

    def show(rows: Rows | Exception) -> None:
        held[:] = [] if isinstance(rows, Exception) else [rows]
        totals.object = (
            states.error(session.loc, rows)
            if isinstance(rows, Exception)
            else _total_html(session.loc, rows, rows.frame)
        )

    def shown() -> Rows:
        return held[0] if held else compute(session.present())

    slot = session.add(Slot(show, compute))
    return pn.Column(
        totals,
        pn.Row(
            pn.Spacer(sizing_mode="stretch_width"),
            downloads.buttons(session, shown),
            sizing_mode="stretch_width",
            margin=0,
        ),
        Sight(on_seen=lambda: session.see(slot)),
        sizing_mode="stretch_width",
        margin=0,
    )


def said_value(kind: Kind, value: Any, loc: Locale) -> str:
    """A value as the screen says it.

    >>> from workbench.locale import EN
    >>> said_value(Kind.MONEY, 1234.5, EN)
    '€1,235'
    """
    if kind is Kind.MONEY:
        return loc.money(value)
    if kind is Kind.RATIO:
        return loc.percent(value)
    if kind is Kind.NUMBER:
        return loc.number(value, 1)
    if kind in {Kind.DATE, Kind.MOMENT}:
        return loc.date(value)
    return loc.count(value) if kind is Kind.COUNT else str(value)


def _plain(rows: Rows, fields: Sequence[exported.Field], loc: Locale) -> pd.DataFrame:
    """The frame as the widget takes it: words by their names, missing integers as floats."""
    frame = pd.DataFrame(index=rows.frame.index)
    for one in fields:
        column = rows.frame[one.name]
        if one.kind is Kind.TEXT:
            said = exported.rows(column.to_frame(), [one], loc=loc)
            frame[one.name] = pd.Series([value[0] for value in said], index=frame.index).fillna("")
        elif one.kind is Kind.FLAG:
            frame[one.name] = column.map({True: loc.t("oui"), False: loc.t("non")}).fillna("")
        elif one.kind is Kind.RATIO:  # in per cent, as a reader types it in a filter
            frame[one.name] = column.astype("float64") * 100
        elif one.kind in NUMERIC:
            frame[one.name] = column.astype("float64")
        else:
            frame[one.name] = column
    if rows.link:
        frame[rows.link[1]] = rows.frame[rows.link[1]].astype("float64")
    return frame


LONG = 12
"""Texts of more letters need more room than a number."""

_DASH = "value == null || value !== value || value === ''"
_NUMBERS = {
    Kind.COUNT: "maximumFractionDigits: 0",
    Kind.NUMBER: "minimumFractionDigits: 1, maximumFractionDigits: 1",
    Kind.RATIO: "style: 'percent', minimumFractionDigits: 1, maximumFractionDigits: 1",
}


def _formatter(one: exported.Field, rows: Rows, session: Session) -> HTMLTemplateFormatter:
    """How the browser writes a column's values."""
    loc = session.loc
    region = "fr-FR" if loc.language == "fr" else "en-GB"
    if one.kind is Kind.MONEY:
        options = f"style: 'currency', currency: '{loc.currency}', maximumFractionDigits: 0"
    elif one.kind in _NUMBERS:
        options = _NUMBERS[one.kind]
    elif one.kind in {Kind.DATE, Kind.MOMENT}:
        # A date is midnight UTC wherever it is read; a moment is told on the reader's clock.
        zone = loc.timezone if one.kind is Kind.MOMENT else "UTC"
        clock = ", hour: '2-digit', minute: '2-digit'" if one.kind is Kind.MOMENT else ""
        options = f"day: '2-digit', month: '2-digit', year: 'numeric', timeZone: '{zone}'{clock}"
        said = f"new Date(value).toLocaleString('{region}', {{{options}}})"
        return HTMLTemplateFormatter(template=f"<%= {_DASH} ? '–' : {said} %>")
    else:
        if rows.link and one.name == rows.columns[0]:
            page, key = rows.link
            address = escape(session.link(page, id="ID"))
            href = f"<%= '{address}'.replace('ID', {key}) %>"
            return HTMLTemplateFormatter(
                template=f"<% if ({key} == null || {key} !== {key}) {{ %><%- value %><% }} else "
                f'{{ %><a href="{href}"><%- value %></a><% }} %>'
            )
        said = '<span title="<%- value %>"><%- value %></span>'
        return HTMLTemplateFormatter(
            template=f"<% if ({_DASH}) {{ %>–<% }} else {{ %>{said}<% }} %>"
        )
    value = "value / 100" if one.kind is Kind.RATIO else "value"
    said = f"new Intl.NumberFormat('{region}', {{{options}}}).format({value})"
    if one.name in rows.bases:
        few = f"{rows.bases[one.name]} < {SMALLEST_BASE}"
        said = f"{few} ? '{loc.t('n. s.')}' : {said}"
    return HTMLTemplateFormatter(template=f"<%= {_DASH} ? '–' : {said} %>")


def _filters(fields: Sequence[exported.Field], loc: Locale) -> dict[str, dict[str, Any]]:
    """A filter under each heading: contains for text, at least for numbers, from for dates."""
    made: dict[str, dict[str, Any]] = {}
    for one in fields:
        if one.kind is Kind.TEXT:
            made[one.name] = {
                "type": "input",
                "func": "like",
                "placeholder": loc.t("contient…"),
            }
        elif one.kind in NUMERIC:
            at_least = "≥ %" if one.kind is Kind.RATIO else "≥"
            made[one.name] = {"type": "number", "func": ">=", "placeholder": at_least}
        elif one.kind is Kind.FLAG:
            values = [loc.t("oui"), loc.t("non")]
            made[one.name] = {"type": "list", "func": "=", "values": values, "clearable": True}
        else:
            made[one.name] = {"type": "date", "func": ">=", "placeholder": "≥"}
    return made


def page_words(loc: Locale) -> dict[str, str]:
    """The words of a table's page buttons."""
    return {
        "first": "«",
        "first_title": loc.t("Première page"),
        "last": "»",
        "last_title": loc.t("Dernière page"),
        "prev": "‹",
        "prev_title": loc.t("Page précédente"),
        "next": "›",
        "next_title": loc.t("Page suivante"),
        "all": loc.t("Tout"),
        "page_size": loc.t("Lignes"),
    }


def _words(loc: Locale) -> dict[str, Any]:
    """The table's own words in the reader's language."""
    return {"locale": "x", "langs": {"x": {"pagination": page_words(loc)}}}
