"""Everything that the store has about a person, in one file to give to them: JSON and HTML, zipped.

What is theirs by a reference, and what merely names them, now or in the journal: found as
anonymising finds it, so that nothing is given out here that would be left there.
"""

from __future__ import annotations

import datetime as dt
import io
import secrets
import zipfile
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import or_, select

from workbench.errors import NotAllowed
from workbench.locale import msg
from workbench.store import access, access_log
from workbench.store.fields import RESTRICTED
from workbench.store.privacy import looks, people
from workbench.store.privacy.key import Key
from workbench.store.privacy.plan import plan
from workbench.store.replay import decode
from workbench.store.rows import table_of
from workbench.store.schema import (
    Account,
    Activity,
    Change,
    Consent,
    Contact,
    Document,
    Look,
    Opportunity,
    RetentionWarning,
)
from workbench.vocabulary import LookKind, field_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sqlalchemy import Connection, Engine, RowMapping, Select

    from workbench.locale import Locale
    from workbench.store.access import Viewer
    from workbench.store.privacy.people import Person
    from workbench.store.privacy.plan import Rewrite

Row = dict[str, Any]
TITLES = {
    "contact": msg("Fiche"),
    "account": msg("Compte"),
    "consent": msg("Consentements"),
    "history": msg("Historique des modifications"),
    "activity": msg("Actions"),
    "opportunity": msg("Affaires"),
    "document": msg("Documents"),
    "mention": msg("Textes qui nomment la personne"),
    "retention": msg("Avertissements de conservation"),
    "look": msg("Qui a consulté la fiche"),
}
HIDDEN = frozenset({"version", "id", "session"})
STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;"
    "color:#1c2430}h1{font-size:1.5rem}h2{font-size:1.1rem;margin:2rem 0 .5rem}"
    "table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;"
    "padding:.3rem .6rem;border-bottom:1px solid #d5dbe3;overflow-wrap:anywhere}"
    "th{background:#f1f4f8}@media(max-width:40rem){table{display:block;overflow-x:auto}}"
)


@dataclass(frozen=True)
class Told:
    """All about a person, by chapter."""

    asked: str
    made_at: dt.datetime
    chapters: Mapping[str, list[Row]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The person's name as their first sheet has it."""
        first = next(iter([*self.chapters["contact"], *self.chapters["account"]]), {})
        parts = (first.get("first_name"), first.get("last_name"), first.get("name"))
        return " ".join(part for part in parts if part) or self.asked


def tell(engine: Engine, asked: str, *, viewer: Viewer) -> Told:
    """Gather everything about a person: by a contact's number or e-mail, or `account:8788`.

    Raises:
        NotAllowed: the viewer may not.
        UnknownName: nobody is found.
    """
    if viewer.role not in access.EXPORTERS:
        known = asked if asked.removeprefix("account:").isdecimal() else ""  # no name, no e-mail
        access_log.forbidden(engine, viewer.username, f"person {known}".strip())
        raise NotAllowed(
            f"A person's data are exported by {', '.join(sorted(access.EXPORTERS))}; "
            f"{viewer.username} is {viewer.role}."
        )
    with engine.connect() as connection, connection.begin():
        person = people.find(connection, asked)
        chapters = _allowed(_chapters(connection, person), viewer)
        return Told(asked, dt.datetime.now(dt.UTC), chapters)


def export(
    engine: Engine,
    asked: str,
    *,
    viewer: Viewer,
    loc: Locale,
    session: str = "",
    keep_days: int = 365,
) -> bytes:
    """The same as a zip of `person.json`, for programs, and `person.html`, for people.

    That it was done is noted among the looks.

    Raises:
        NotAllowed: the viewer may not.
        UnknownName: nobody is found.
    """
    told = tell(engine, asked, viewer=viewer)
    for entity in ("contact", "account"):
        for row in told.chapters[entity]:
            if entity == "contact" or asked.startswith("account:"):
                looks.note(
                    engine, viewer.username, LookKind.EXPORT, entity, row["id"],
                    session=session or secrets.token_hex(8), keep_days=keep_days,
                )  # fmt: skip
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("person.json", as_json(told))
        packed.writestr("person.html", as_html(told, loc))
    return out.getvalue()


def _chapters(connection: Connection, person: Person) -> dict[str, list[Row]]:
    theirs, firms = person.contacts, person.accounts
    contacts = _rows(connection, select(Contact.__table__).where(Contact.id.in_(theirs)))
    companies = {row["account_id"] for row in contacts if row["account_id"]} | set(firms)
    deals = _rows(
        connection,
        select(Opportunity.__table__).where(
            or_(Opportunity.contact_id.in_(theirs), Opportunity.account_id.in_(firms))
        ),
    )
    looked = select(Look.__table__).where(
        or_(
            (Look.entity == "contact") & Look.record_id.in_(theirs),
            (Look.entity == "account") & Look.record_id.in_(companies),
        )
    )
    firm = Account.__table__.columns
    shown = list(firm) if firms else [firm["id"], firm["code"], firm["name"]]
    accounts = select(*shown).where(Account.id.in_(firms or companies))
    papers = or_(
        Document.opportunity_id.in_([row["id"] for row in deals]), Document.account_id.in_(firms)
    )
    found = {
        "contact": contacts,
        "account": _rows(connection, accounts),
        "consent": _rows(
            connection, select(Consent.__table__).where(Consent.contact_id.in_(theirs))
        ),
        "activity": _rows(
            connection,
            select(Activity.__table__)
            .where(or_(Activity.contact_id.in_(theirs), Activity.account_id.in_(firms)))
            .order_by(Activity.date),
        ),
        "opportunity": deals,
        "document": _rows(
            connection, select(Document.__table__).where(papers).order_by(Document.date)
        ),
        "retention": _rows(
            connection,
            select(RetentionWarning.__table__).where(RetentionWarning.contact_id.in_(theirs)),
        ),
        "look": _rows(connection, looked.order_by(Look.at)),
    }
    found["history"] = _history(connection, person, found)
    found["mention"] = _mentions(connection, person, found)
    return {name: found[name] for name in TITLES}


def _allowed(chapters: dict[str, list[Row]], viewer: Viewer) -> dict[str, list[Row]]:
    """Less the values that are for those named alone, where whoever exports isn't."""
    closed = {key for key, right in RESTRICTED.items() if right not in viewer.rights}
    for entity, name in closed:
        for row in chapters.get(entity, []):
            row.pop(name, None)
    for row in chapters["history"]:
        for side in ("old", "new"):
            if (row["entity"], row["field"]) in closed:
                row[side] = None
            elif isinstance(row[side], dict):
                row[side] = {k: v for k, v in row[side].items() if (row["entity"], k) not in closed}
    chapters["mention"] = [
        row for row in chapters["mention"] if (row["table"], row["field"]) not in closed
    ]
    return chapters


def _rows(connection: Connection, query: Select[Any]) -> list[Row]:
    return [dict(row) for row in connection.execute(query).mappings()]


def _history(
    connection: Connection, person: Person, found: Mapping[str, Iterable[Row]]
) -> list[Row]:
    """What the journal says of their own records, and of those that are about them."""
    own = {"contact": person.contacts, "account": person.accounts} | {
        entity: [row["id"] for row in found[entity]]
        for entity in ("consent", "activity", "opportunity")
    }
    query = select(Change.__table__).where(
        or_(*((Change.entity == entity) & Change.record_id.in_(ids) for entity, ids in own.items()))
    )
    names = ("id", "recorded_at", "effective", "entity", "record_id", "op", "field", "old", "new",
             "user", "surface", "reason")  # fmt: skip
    return [
        {name: row[name] for name in names} | {"old": decode(row["old"]), "new": decode(row["new"])}
        for row in _rows(connection, query.order_by(Change.id))
    ]


def _mentions(
    connection: Connection, person: Person, found: Mapping[str, Iterable[Row]]
) -> list[Row]:
    """Texts elsewhere that name them: those that stand, then those that the journal alone has."""
    told = {(name, row.get("id")) for name, rows in found.items() for row in rows}
    told |= {("change", row["id"]) for row in found["history"]}
    going = plan(connection, [person], Key(secrets.token_bytes(32)))
    rows: dict[tuple[Any, ...], Row] = {}
    for one in sorted(going.rewrites, key=lambda one: one.table == "change"):
        if (one.table, one.key[0]) in told:
            continue
        table = table_of(one.table)
        keyed = list(table.primary_key.columns)
        query = select(table).where(
            *(column == value for column, value in zip(keyed, one.key, strict=True))
        )
        row = connection.execute(query).mappings().one()
        said = _journalled(row, one.values) if one.table == "change" else _standing(row, one)
        for entity, id_, name, text in said:
            if name != "code":
                rows.setdefault(
                    (entity, id_, name, text),
                    {"table": entity, "record_id": id_, "field": name, "text": text,
                     "recorded_at": row["recorded_at"] if one.table == "change" else None},
                )  # fmt: skip
    return list(rows.values())


Said = tuple[str, int, str, Any]  # table, record, field, text


def _standing(row: RowMapping, one: Rewrite) -> list[Said]:
    return [(one.table, one.key[0], name, row[name]) for name in one.values]


def _journalled(change: RowMapping, values: Mapping[str, str | None]) -> Iterator[Said]:
    """Of a row of the journal, the texts that would change."""
    for side, new in values.items():
        if side == "reason":
            yield change["entity"], change["record_id"], "reason", change["reason"]
            continue
        was, now = decode(change[side]), decode(new)
        if change["field"]:
            was, now = {change["field"]: was}, {change["field"]: now}
        for name, text in was.items():
            if text != now.get(name):
                yield change["entity"], change["record_id"], name, text


def as_json(told: Told) -> bytes:
    """For programs: what was asked, when, and each chapter's rows, nothing left out."""
    whole = {"asked": told.asked, "made_at": told.made_at, **told.chapters}
    return orjson.dumps(whole, default=str, option=orjson.OPT_INDENT_2)


def as_html(told: Told, loc: Locale) -> str:
    """For people: one page that needs nothing else."""
    title = loc.t("Données concernant {name}", name=told.name)
    made = loc.t("Extrait le {moment}", moment=loc.moment(told.made_at))
    parts = [
        f"<section><h2>{escape(loc.t(TITLES[name]))}</h2>{_table(rows, loc)}</section>"
        for name, rows in told.chapters.items()
    ]
    return (
        f'<!doctype html><html lang="{loc.language}"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{STYLE}</style>"
        f"<h1>{escape(title)}</h1><p>{escape(made)}</p>{''.join(parts)}</html>"
    )


def _table(rows: list[Row], loc: Locale) -> str:
    if not rows:
        return f"<p>{escape(loc.t('Rien.'))}</p>"
    names = [
        name
        for name in rows[0]
        if name not in HIDDEN and any(row[name] not in (None, "") for row in rows)
    ]
    heads = "".join(f"<th>{escape(loc.t(field_name(name)))}</th>" for name in names)
    lines = "".join(
        "<tr>" + "".join(f"<td>{_cell(row[name], loc)}</td>" for name in names) + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table>"


def _cell(value: Any, loc: Locale) -> str:
    if isinstance(value, dict):
        listed = (f"{loc.t(field_name(str(name)))} : {one}" for name, one in value.items() if one)
        return "<br>".join(escape(line) for line in listed)
    if isinstance(value, dt.datetime):
        return escape(loc.moment(value))
    if isinstance(value, dt.date):
        return escape(loc.date(value))
    if isinstance(value, bool):
        return escape(loc.t("oui") if value else loc.t("non"))
    return escape("" if value is None else str(value))
