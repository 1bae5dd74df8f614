"""One editable table of a page: its rows, what is edited, picked, filled and pasted in them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui

from dashboards import states, tables
from dashboards.editing import corrections, past, pasted
from dashboards.editing.bulk import Bulk
from dashboards.editing.draft import Change
from dashboards.editing.editgrid import EditGrid, Picked
from workbench.exports import form
from workbench.locale import msg

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

    from dashboards.editing.draft import Draft
    from dashboards.editing.editgrid import Column, Edited, Pasted, Query, Slice
    from dashboards.session import Session

EVERY_ROW = 1_000_000
NAMED = 5
"""So many problems of a pasted block are told one by one."""
KEYS = msg(
    "Flèches : se déplacer · Entrée ou une touche : modifier · Suppr : vider · Espace : choisir la "
    "ligne · Ctrl+V : coller un bloc de tableur, en place ou sous les titres du tableau"
)


class Table:
    """The table, with its chooser of columns and its strip for many rows.

    Args:
        session: of the page.
        entity: account or opportunity.
        columns: in order.
        rows: the frame that it shows, filters under headings apart.
        draft: where changes wait.
        waits: to be called when something was put there.
        say: shows a sentence.
    """

    def __init__(
        self,
        session: Session,
        entity: str,
        columns: Sequence[Column],
        *,
        rows: Callable[[], pd.DataFrame],
        draft: Draft,
        waits: Callable[[], None],
        say: Callable[[str], None],
    ) -> None:
        self.session, self.entity, self.columns = session, entity, list(columns)
        self.rows, self.draft, self.waits, self.say = rows, draft, waits, say
        self._picks: dict[int, Picked] = {}
        self._total = 0
        self.grid = EditGrid(
            self,
            columns,
            self._words(),
            hidden=[column.field for column in columns if not column.shown],
            closed=past.closed(session),
            sizing_mode="stretch_width",
            margin=(8, 0, 0, 0),
        )
        open_ = [column for column in columns if column.editable and column.kind != "link"]
        self.bulk = Bulk(session, open_, self._fill, self._pick_all, self.unpick) if open_ else None

    def _words(self) -> dict[str, Any]:
        loc = self.session.loc
        french = loc.language == "fr"
        return {
            "region": "fr-FR" if french else "en-GB",
            "currency": loc.currency,
            "percent": "\N{NARROW NO-BREAK SPACE}%" if french else "%",
            "contains": loc.t("contient…"),
            "all": loc.t("tous"),
            "none": loc.t("aucune valeur"),
            "empty": loc.t("Aucune ligne : retirez un filtre."),
            "loading": loc.t("Chargement…"),
            "error": loc.t("La lecture a échoué."),
            "pick": loc.t("Choisir"),
            "page": loc.t("Choisir toute la page"),
            "size": 15,
            "pages": tables.page_words(loc),
        }

    def view(self, *beside: Any) -> pn.Column:
        """The table under its tools; `beside` stands before the chooser of columns."""
        hint = f'<p class="hint keys">{self.session.loc.t(KEYS)}</p>' if self.bulk else ""
        return pn.Column(
            pn.FlexBox(*beside, self._chooser(), gap="12px", margin=(12, 0, 0, 0)),
            *([self.bulk.view] if self.bulk else []),
            self.grid,
            states.html(hint),
            sizing_mode="stretch_width",
            margin=0,
        )

    def _chooser(self) -> pmui.MultiChoice:
        """Which columns are shown."""
        chooser = pmui.MultiChoice(
            label=self.session.loc.t("Colonnes"),
            options={column.title: column.field for column in self.columns},
            value=[column.field for column in self.columns if column.shown],
            chip=False,
            visual_size="small",
            width=200,
            margin=0,
        )

        def choose(event: Any) -> None:
            every = [column.field for column in self.columns]
            self.grid.hidden = [name for name in every if name not in event.new]

        chooser.param.watch(choose, "value")
        return chooser

    def column(self, name: str) -> Column:
        """The column of that field."""
        return next(column for column in self.columns if column.field == name)

    def reload(self) -> None:
        """Have the rows drawn anew, closed where they are of a past date."""
        self.grid.closed = past.closed(self.session)
        if self.grid.closed:
            self._picks.clear()
            self._show_picks()
        self.grid.reload()

    # As the grid's editor

    def fetch(self, query: Query) -> Slice:
        """The rows that are asked for, with what waits in them."""
        found = corrections.page(self.entity, self.rows(), self.columns, query, self.draft)
        self._total = found.total
        for row in found.rows:
            row["picked"] = row["id"] in self._picks
        return found

    def edited(self, edited: Edited) -> None:
        """Put the change among those that wait."""
        if past.closed(self.session):  # an edit on its way while the date was changed
            self.reload()
            return
        column = self.column(edited.field)
        try:
            new = corrections.stored(column, edited.new)
        except ValueError:
            new = edited.new
        old = corrections.stored(column, edited.old)
        self.draft.put(
            Change(self.entity, edited.id, edited.version, edited.field, edited.name, old, new)
        )
        self.waits()

    def picked(self, rows: Sequence[Picked], *, on: bool) -> None:
        """Take rows among those picked, or out of them."""
        for row in rows:
            if on:
                self._picks[row.id] = row
            else:
                self._picks.pop(row.id, None)
        self._show_picks()

    def pasted(self, pasted_: Pasted) -> None:
        """Put what a block asks for among what waits, and say what it asks in vain.

        A block that is longer than the page goes on over the rows that follow it.
        """
        if past.closed(self.session):
            self.reload()
            return
        loc = self.session.loc
        whole = self.session.whole()
        grid = pasted.Grid(
            self.entity,
            {column.field: column for column in self.columns},
            {one.name: one for one in form.columns(self.entity, whole, loc, self.session.viewer)},
            self._every().set_index("id", drop=False),
        )
        found = pasted.changes(grid, replace(pasted_, rows=self._from(pasted_.rows)), loc)
        for change in found.changes:
            self.draft.put(change)
        count = sum(change.old != change.new for change in found.changes)
        told = [
            loc.plural(count, "{n} modification collée.", "{n} modifications collées."),
            *(loc.say(problem) for problem in found.problems[:NAMED]),
        ]
        if len(found.problems) > NAMED:
            told.append(loc.t("… et {n} autres", n=loc.count(len(found.problems) - NAMED)))
        self.waits()
        self.say(" ".join(told))
        self.reload()

    def _from(self, shown: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
        """The rows that are shown from a cell on, and those of the pages after it."""
        query = replace(self.grid.query, page=1, size=EVERY_ROW)
        part, _ = corrections.cut(self.rows(), self.columns, query)
        after = self.grid.query.page * self.grid.query.size
        rest = part.iloc[after:]
        pairs = zip(rest["id"], rest["version"], strict=True)
        return (*shown, *((int(id_), int(seen)) for id_, seen in pairs))

    def _every(self) -> pd.DataFrame:
        """Every record of the entity that the viewer sees."""
        name = {"account": "accounts", "opportunity": "opportunities"}[self.entity]
        frame: pd.DataFrame = self.session.whole().table(name)
        return frame

    # Many rows at once

    def _show_picks(self) -> None:
        if self.bulk:
            self.bulk.show(len(self._picks), self._total)

    def unpick(self) -> None:
        """Pick nothing."""
        self._picks.clear()
        self.grid.unpick()
        self._show_picks()

    def _pick_all(self) -> None:
        query = replace(self.grid.query, page=1, size=EVERY_ROW)
        part, _ = corrections.cut(self.rows(), self.columns, query)
        rows = zip(part["id"], part["version"], part["name"], strict=True)
        self._picks |= {int(id_): Picked(int(id_), int(seen), name) for id_, seen, name in rows}
        self._show_picks()
        self.reload()

    def _fill(self, column: Column, given: Any) -> None:
        new = corrections.stored(column, given)
        frame = self._every().set_index("id")
        values = frame[column.field]
        for pick in self._picks.values():
            if pick.id not in values.index:
                continue
            old = corrections.stored(column, corrections.sent(column, values.loc[pick.id]))
            self.draft.put(
                Change(self.entity, pick.id, pick.version, column.field, pick.name, old, new)
            )
        self.waits()
        self.reload()
