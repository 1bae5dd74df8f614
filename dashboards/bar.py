"""The filter bar: one row of choices, what is chosen as chips that can be removed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui
import param

from dashboards import theme
from dashboards.chips import Chips
from dashboards.choice import Day
from dashboards.filters import PERIODS, USUAL
from dashboards.session import Slot
from workbench.locale import missing

if TYPE_CHECKING:
    from dashboards.session import Session


def view(session: Session) -> pn.Column:
    """The bar, wired to the session's filters."""
    return Bar(session).view


class Bar:
    """The bar's widgets; each change goes to the filters, the address and what is drawn."""

    def __init__(self, session: Session) -> None:
        self.session = session
        loc, filters, data = session.loc, session.filters, session.whole()
        common: dict[str, Any] = {"size": "small", "margin": 0, "variant": "outlined"}
        self.as_of = Day(
            label=loc.t("Au"),
            value=filters.as_of or data.as_of,
            width=160,
            **common,
        )
        self.period = pmui.Select(
            label=loc.t("Période"),
            options={loc.t(text): key for key, text in PERIODS.items()},
            value=filters.period,
            width=190,
            **common,
        )
        self.team = Team(session, data.table("reps"))
        every = sorted(data.table("accounts")["segment"].dropna().unique())
        self.segments = pmui.MultiChoice(
            label=loc.t("Segments"),
            options=every,
            value=[one for one in filters.segments if one in every],
            width=230,
            chip=False,
            visual_size="small",
            **{name: value for name, value in common.items() if name != "size"},
        )
        pipelines = sorted(data.table("stages")["pipeline"].dropna().unique())
        self.pipeline = pmui.Select(
            label=loc.t("Processus"),
            options={loc.t("Tous"): None, **{one.upper(): one for one in pipelines}},
            value=filters.pipeline if filters.pipeline in pipelines else None,
            width=150,
            **common,
        )
        self.today = data.as_of if filters.as_of is None else data.today
        self.chips = Chips(self._remove, margin=0)
        self.row = pn.FlexBox(
            self.as_of,
            self.period,
            self.team.view,
            self.segments,
            *([self.pipeline] if len(pipelines) > 1 else []),
            gap="8px",
            align_items="center",
            css_classes=["choices"],
            sizing_mode="stretch_width",
            margin=0,
        )
        self.opener = pmui.Button(
            label=loc.t("Filtres"),
            icon="tune",
            variant="outlined",
            size="small",
            margin=0,
            css_classes=["opener"],
            on_click=self._open,
        )
        for widget, name in (
            (self.as_of, "as_of"),
            (self.period, "period"),
            (self.team, "team"),
            (self.segments, "segments"),
            (self.pipeline, "pipeline"),
        ):
            widget.param.watch(partial(self._chosen, name), "value")
        at_once: tuple[Any, ...] = (self.period, self.team.tree, self.segments, self.pipeline)
        for one in at_once:
            # Panel waits so many milliseconds for more of the same; here each is a choice made.
            one._debounce = 0  # noqa: SLF001 - no other door
        self._show_chips()
        session.add(Slot(self._follow, seen=True, stale=False))
        self.view: pn.Column = pn.Column(
            self.opener,
            self.row,
            self.chips,
            stylesheets=[theme.sheet("shell")],
            css_classes=["bar"],
            sizing_mode="stretch_width",
            margin=0,
        )

    def _open(self, _: object) -> None:
        is_open = "open" in self.row.css_classes
        self.row.css_classes = ["choices"] if is_open else ["choices", "open"]

    async def _chosen(self, name: str, event: Any) -> None:
        value = event.new
        if name == "as_of" and value == self.today:
            value = None
        filters = self.session.filters
        if getattr(filters, name) == value:
            return
        setattr(filters, name, value)
        await self.session.redraw(changed=name)

    def _follow(self, _: object) -> None:
        """What is drawn is under other choices: the address and the chips say which."""
        self.session.browser.address(self.session.link(self.session.page, **self.session.own))
        self._show_chips()

    def _show_chips(self) -> None:
        loc, filters = self.session.loc, self.session.filters
        chosen: list[tuple[str, str]] = []
        if filters.as_of:
            chosen.append(("as_of", loc.t("Au {day}", day=loc.date(filters.as_of))))
        if filters.period != USUAL:
            chosen.append(("period", loc.t(PERIODS[filters.period])))
        if filters.team is not None:
            chosen.append(("team", self.team.name_of(filters.team)))
        if filters.segments:
            chosen.append(("segments", ", ".join(filters.segments)))
        if filters.pipeline:
            chosen.append(("pipeline", filters.pipeline.upper()))
        hint = loc.t("Retirer ce filtre")
        self.chips.items = [
            {"key": name, "text": f"{text}  ✕", "hint": hint} for name, text in chosen
        ]
        # To hide it otherwise would have the browser lay out the whole page anew.
        self.chips.css_classes = ["chosen"] if chosen else ["chosen", "none"]
        self.opener.label = loc.t("Filtres") + (f" ({len(chosen)})" if chosen else "")

    async def _remove(self, name: str) -> None:
        usual = {
            "as_of": self.today,
            "period": USUAL,
            "team": None,
            "segments": [],
            "pipeline": None,
        }
        getattr(self, name).value = usual[name]


class Team(param.Parameterized):
    """Everyone the viewer sees, as a tree: a manager stands for those under them."""

    value = param.Integer(default=None, allow_None=True)

    def __init__(self, session: Session, reps: Any) -> None:
        self.names = dict(zip(reps["id"].astype(int), reps["name"], strict=True))
        chosen = session.filters.team
        super().__init__(  # type: ignore[no-untyped-call]  # param's own
            value=chosen if chosen in self.names else None
        )
        self.everyone = session.loc.t("Toutes les équipes")
        self.button = pmui.Button(
            label=self._label(),
            end_icon="arrow_drop_down",
            icon="groups",
            variant="outlined",
            color="default",
            margin=0,
            width=230,
            sx={
                "height": 40,
                "justifyContent": "flex-start",
                "borderColor": "rgba(128,128,128,.45)",
            },
            on_click=self._open,
        )
        top = {"label": self.everyone, "icon": "groups", "id": "0"}
        self.tree = pmui.Tree(
            items=[top, *_branches(reps)],
            multi_select=False,
            width=300,
            margin=4,
            expanded=[(1,)],
        )
        self.tree.param.watch(self._pick, "value")
        self.popup: pmui.Popup = pmui.Popup(
            self.tree,
            anchor_origin={"horizontal": "left", "vertical": "bottom"},
            width=0,
            height=0,
        )
        self.view = pn.Column(self.button, self.popup, margin=0, width=230, height=40)
        self.param.watch(lambda _: self.button.param.update(label=self._label()), "value")

    def _open(self, _: object) -> None:
        self.popup.open = True

    def name_of(self, rep: int) -> str:
        """A rep's name; a question mark for one whom the viewer doesn't see."""
        return str(self.names.get(rep, "?"))

    def _label(self) -> str:
        return self.everyone if self.value is None else self.name_of(self.value)

    def _pick(self, event: Any) -> None:
        if not event.new:
            return
        self.popup.open = False
        self.value = int(event.new[-1]["id"]) or None


def _branches(reps: Any) -> list[dict[str, Any]]:
    """Reps under their managers; whoever's manager isn't seen stands at the top."""
    under: dict[int | None, list[tuple[str, int]]] = {}
    known = set(reps["id"])
    for rep, name, manager in zip(reps["id"], reps["name"], reps["manager_id"], strict=True):
        boss = None if missing(manager) or manager not in known else int(manager)
        under.setdefault(boss, []).append((name, int(rep)))

    def branch(boss: int | None) -> list[dict[str, Any]]:
        made = []
        for name, rep in sorted(under.get(boss, [])):
            below = branch(rep)
            icon = "groups" if below else "person"
            item: dict[str, Any] = {"label": name, "id": str(rep), "icon": icon}
            made.append({**item, "items": below} if below else item)
        return made

    return branch(None)
