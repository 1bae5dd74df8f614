"""What can be corrected in place: the columns of accounts and deals, and their values both ways.

The browser holds plain JSON: an ISO date, a percentage out of 100, "true" and "false", an id as
text. `stored` turns that into what the journal takes, `sent` the store's values into that.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pandas as pd
import panel_material_ui as pmui

from dashboards.choice import Day
from dashboards.editing.editgrid import Column, Query, Slice
from workbench.locale import missing
from workbench.store import access, journal
from workbench.store.journal import State
from workbench.vocabulary import (
    FIELDS,
    DecisionRole,
    LossReason,
    Need,
    Status,
    Surface,
    Timeline,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dashboards.editing.draft import Change, Draft
    from dashboards.session import Session
    from workbench.locale import Locale
    from workbench.store.access import Viewer
    from workbench.store.dataset import Dataset
    from workbench.store.journal import Edit, Outcome
    from workbench.vocabulary import Word

HUNDRED = 100
IDS = {"owner_id", "stage_id"}


def words(kind: type[Word], loc: Locale) -> dict[str, str]:
    """A vocabulary's values with their labels."""
    return {str(word): loc.label(word) for word in kind}


def accounts(data: Dataset, viewer: Viewer, loc: Locale, address: str) -> list[Column]:
    """An account's columns, in order."""
    frame = data.table("accounts")
    columns = [
        Column(
            "name", loc.t("Compte"), "link", address=address, width=150, editable=False, phone=True
        ),
        Column("status", loc.t("Statut"), "choice", words(Status, loc), width=90, phone=True),
        Column("owner_id", loc.t("Commercial"), "choice", reps(data), width=150),
        Column("need", loc.t("Besoin"), "choice", words(Need, loc), width=90, phone=True),
        Column("timeline", loc.t("Délai du besoin"), "choice", words(Timeline, loc)),
        Column("budget", loc.t("Budget annuel"), "money", width=110),
        Column("next_step", loc.t("Prochaine étape"), width=160),
        Column("next_step_on", loc.t("Prochaine étape le"), "date", width=110),
        Column("segment", loc.t("Segment"), "choice", known(frame["segment"]), shown=False),
        Column("sector", loc.t("Secteur"), shown=False),
        Column("supplier", loc.t("Fournisseur actuel"), shown=False, width=140),
        Column("decider_known", loc.t("Décideur connu"), "choice", flags(loc), shown=False),
        Column("qualified_on", loc.t("Qualifié le"), "date", shown=False),
    ]
    return [allowed(column, "account", viewer) for column in columns]


def identity(viewer: Viewer, loc: Locale) -> list[Column]:
    """What an account is called and where it is, for its form."""
    columns = [
        Column(name, loc.t(FIELDS[name]))
        for name in ("name", "phone", "street", "postcode", "city")
    ]
    return [allowed(column, "account", viewer) for column in columns]


def contacts(viewer: Viewer, loc: Locale) -> list[Column]:
    """A contact's columns, in order."""
    roles = words(DecisionRole, loc)
    columns = [
        Column("first_name", loc.t(FIELDS["first_name"])),
        Column("last_name", loc.t(FIELDS["last_name"])),
        Column("decision_role", loc.t(FIELDS["decision_role"]), "choice", roles),
        Column("job", loc.t(FIELDS["job"])),
        Column("phone", loc.t(FIELDS["phone"])),
        Column("email", loc.t(FIELDS["email"])),
    ]
    return [allowed(column, "contact", viewer) for column in columns]


def opportunities(data: Dataset, viewer: Viewer, loc: Locale, address: str) -> list[Column]:
    """A deal's columns, in order."""
    stages = data.table("stages").sort_values(["pipeline", "position"])
    several = len(set(stages["pipeline"])) > 1
    labels = {
        str(row.id): loc.t(row.label) + (f" · {row.pipeline}" if several else "")
        for row in stages.itertuples()
    }
    columns = [
        Column(
            "name",
            loc.t("Opportunité"),
            "link",
            address=address,
            width=150,
            editable=False,
            phone=True,
        ),
        Column("account", loc.t("Compte"), width=150, editable=False),
        Column("stage_id", loc.t("Étape"), "choice", labels, width=90, phone=True),
        Column("amount", loc.t("Montant HT"), "money", width=90, phone=True),
        Column("close_date", loc.t("Signature"), "date"),
        Column("probability", loc.t("Probabilité"), "percent", width=100),
        Column("loss_reason", loc.t("Motif de perte"), "choice", words(LossReason, loc)),
        Column("owner_id", loc.t("Commercial"), "choice", reps(data), width=150),
    ]
    return [allowed(column, "opportunity", viewer) for column in columns]


def with_accounts(data: Dataset) -> pd.DataFrame:
    """The deals, each with its account's name."""
    deals = data.table("opportunities")
    names = data.table("accounts").set_index("id")["name"]
    named: pd.DataFrame = deals.assign(account=deals["account_id"].map(names))
    return named


def allowed(column: Column, entity: str, viewer: Viewer) -> Column:
    """The column, closed where the viewer's role may not write it."""
    reserved = access.RESERVED.get((entity, column.field))
    closed = viewer.role in access.READ_ONLY or (reserved and viewer.role not in reserved)
    if not closed:
        return column
    return Column(**{**vars(column), "editable": False})


def reps(data: Dataset) -> dict[str, str]:
    """Every rep that the viewer sees, by name."""
    frame = data.table("reps").sort_values("name")
    return dict(zip(frame["id"].astype(str), frame["name"], strict=True))


def known(values: pd.Series[Any]) -> dict[str, str]:
    """The values that a column has."""
    return {str(value): str(value) for value in sorted(values.dropna().unique())}


def flags(loc: Locale) -> dict[str, str]:
    """Yes and no."""
    return {"true": loc.t("oui"), "false": loc.t("non")}


def stored(column: Column, value: Any) -> Any:
    """A value of the browser as the journal takes it.

    >>> stored(Column("probability", "", "percent"), 35)
    0.35
    >>> stored(Column("owner_id", "", "choice"), "7")
    7
    >>> stored(Column("close_date", "", "date"), "2026-10-05")
    datetime.date(2026, 10, 5)
    """
    if value is None or value == "":
        return None
    if column.kind == "date":
        return dt.date.fromisoformat(value)
    if column.kind == "percent":
        return round(float(value) / HUNDRED, 4)
    if column.kind == "money":
        return float(value)
    if column.field in IDS:
        return int(value)
    return {"true": True, "false": False}.get(value, value) if column.kind == "choice" else value


def sent(column: Column, value: Any) -> Any:
    """A value of the store as the browser takes it.

    >>> sent(Column("probability", "", "percent"), 0.35), sent(Column("stage_id", "", "choice"), 4)
    (35.0, '4')
    """
    if missing(value):
        return None
    if column.kind == "date":
        return f"{value:%Y-%m-%d}" if hasattr(value, "strftime") else str(value)[:10]
    if column.kind == "percent":
        return round(float(value) * HUNDRED, 2)
    if column.kind == "money":
        return float(value)
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def said(column: Column, value: Any, loc: Locale) -> str:
    """A stored value as the screen says it."""
    given = sent(column, value)
    if given is None:
        return loc.date(None)
    if column.kind == "money":
        return loc.money(given, cents=not float(given).is_integer())
    if column.kind == "percent":
        return loc.percent(float(given) / HUNDRED)
    if column.kind == "date":
        return loc.date(dt.date.fromisoformat(given))
    return str(column.choices.get(given, given))


def widget(column: Column, value: Any) -> Any:
    """A field to enter a value of the column in; it begins with this one of the browser's."""
    common: dict[str, Any] = {
        "label": column.title,
        "size": "small",
        "variant": "outlined",
        "width": 200,
        "margin": 0,
        "name": column.field,
    }
    if column.kind == "choice":
        options = {"–": None, **{label: key for key, label in column.choices.items()}}
        if value is not None and value not in options.values():
            options[value] = value
        return pmui.Select(options=options, value=value, **common)
    if column.kind == "date":
        day = dt.date.fromisoformat(value) if value else None
        return Day(value=day, clearable=True, **common)
    if column.kind == "money":
        return pmui.FloatInput(value=value, start=0, **common)
    if column.kind == "percent":
        return pmui.FloatInput(value=value, start=0, end=HUNDRED, **common)
    return pmui.TextInput(value=value or "", **common)


def given(column: Column, field: Any) -> Any:
    """What such a field holds, as the browser would say it."""
    value = field.value
    return value.isoformat() if column.kind == "date" and value else value


def beside(session: Session) -> tuple[pmui.TextInput, Day]:
    """Fields for why changes are made, and from which day they hold."""
    loc = session.loc
    reason = pmui.TextInput(
        label=loc.t("Motif (facultatif)"),
        size="small",
        variant="outlined",
        sizing_mode="stretch_width",
        max_width=320,
        margin=0,
    )
    effective = Day(
        label=loc.t("Effectif le (sinon aujourd’hui)"),
        value=None,
        end=session.whole().today,
        clearable=True,
        size="small",
        variant="outlined",
        width=240,
        margin=0,
    )
    return reason, effective


def save(session: Session, edits: list[Edit], reason: str) -> list[Outcome]:
    """Have the journal take a page's edits, each on its own."""
    return journal.save(
        session.whole().engine,
        edits,
        viewer=session.viewer,
        surface=Surface.DASHBOARD,
        each=True,
        today=session.settings.today,
        rules=session.settings.rules,
        reason=reason or None,
    )


def why(change: Change, column: Column, loc: Locale) -> str:
    """A refusal's reason; of a conflict who set what, and when."""
    met = change.outcome
    if met is None:
        return ""
    if met.state is not State.CONFLICT:
        return loc.say(met.message)
    return loc.t(
        "{who} a saisi « {theirs} » le {moment} ; vous : « {mine} ».",
        who=met.by,
        theirs=said(column, met.current, loc),
        moment=loc.moment(met.at),
        mine=said(column, change.new, loc),
    )


def cut(frame: pd.DataFrame, columns: list[Column], query: Query) -> tuple[pd.DataFrame, int]:
    """The page of a frame that a query asks for, and how many rows its filters leave."""
    by_field = {column.field: column for column in columns}
    for name, wanted in query.filters:
        if name not in by_field or wanted in {"", "undefined", "null"}:
            continue
        column, values = by_field[name], frame[name]
        if column.kind in {"money", "percent", "number"}:
            least = pd.to_numeric(pd.Series([wanted.replace(",", ".")]), errors="coerce").iloc[0]
            scale = HUNDRED if column.kind == "percent" else 1
            keep = values.astype("float64") * scale >= least
        elif column.kind == "choice":
            keep = values.map(lambda value, column=column: sent(column, value)) == wanted
        else:
            keep = values.astype(str).str.contains(wanted, case=False, regex=False) & values.notna()
        frame = frame[keep.fillna(value=False).astype(bool)]
    total = len(frame)
    # The store's own order may change with a save: what was edited would leave its place.
    frame = frame.sort_values(["name", "id"])
    for name, up in reversed(query.sort):
        if name in by_field:
            order = _ordered(frame[name], by_field[name])
            frame = frame.assign(_order=order).sort_values(
                "_order", ascending=up, na_position="last", kind="stable"
            )
    start = (query.page - 1) * query.size
    return frame.iloc[start : start + query.size], total


def _ordered(values: pd.Series[Any], column: Column) -> pd.Series[Any]:
    """What a column is sorted by: a choice by its label, all else by itself."""
    if not column.choices:
        return values
    return values.map(lambda value: column.choices.get(str(sent(column, value))))


def page(
    entity: str, frame: pd.DataFrame, columns: list[Column], query: Query, draft: Draft
) -> Slice:
    """The rows that a query asks for, with what waits to be saved in them."""
    part, total = cut(frame, columns, query)
    rows = []
    for record in part.to_dict("records"):
        row: dict[str, Any] = {c.field: sent(c, record[c.field]) for c in columns}
        row |= {"id": int(record["id"]), "version": int(record["version"]), "marks": {}}
        if "account_id" in record:
            row["link"] = None if missing(record["account_id"]) else int(record["account_id"])
        for column in columns:
            change = draft.changes.get((entity, row["id"], column.field))
            if change is not None:
                row[column.field] = sent(column, change.new)
                state = change.outcome.state if change.outcome else "pending"
                row["marks"][column.field] = "pending" if state in {"saved", "held"} else str(state)
        rows.append(row)
    return Slice(rows, total)


def field_label(columns: Iterable[Column], name: str, loc: Locale) -> str:
    """A field's name on screen, whether or not it has a column."""
    found = next((column.title for column in columns if column.field == name), None)
    return found or loc.t(FIELDS.get(name, name))
