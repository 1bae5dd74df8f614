"""Which rows may name somebody, told by the database: what it passes over needs no reading.

It looks for parts of names in plain letters. Texts with accents, or that escape something, are for
`mentions` to say: each once, however many rows have it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import LargeBinary, and_, cast, exists, func, or_, select, true

from workbench.store.privacy.mentions import FEW
from workbench.store.schema import ENTITIES, Change, RejectedRow, SourceConflict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Column, ColumnElement, Connection, Table

    from workbench.store.privacy.mentions import Mentions

LISTED = 5_000  # values that a statement lists
BACKSLASH = "\\"
WHOLE = (RejectedRow.__tablename__, SourceConflict.__tablename__)  # small, and read by other keys


def conditions(
    connection: Connection,
    table: Table,
    texts: Iterable[Column[Any]],
    mentions: Mentions,
    theirs: Mapping[str, set[int]],
) -> list[ColumnElement[bool]]:
    """What to ask for of a table, one after the other: rows that may name them, and their own.

    A record that never changed says in the journal what it says in its table: unless it is among
    `theirs`, there is no need to read it twice.

    Args:
        connection: of the store.
        table: what is asked.
        texts: its columns that may name somebody.
        mentions: who is looked for.
        theirs: by entity, records that are read whatever they say.
    """
    many = len(mentions.parts) + len(mentions.numbers) > FEW
    if many or table.name in WHOLE or any(len(ids) > LISTED for ids in theirs.values()):
        return [true()]
    dialect = connection.dialect.name
    if table.name != Change.__tablename__:
        may = [
            or_(_plainly(dialect, mentions, column), _otherwise(connection, mentions, column))
            for column in texts
        ]
        if table.name in ENTITIES:
            may.append(table.c.id.in_(theirs.get(table.name, ())))
        return [or_(*may)]
    old, new, reason = (
        or_(_plainly(dialect, mentions, column), _unplain(dialect, column))
        for column in (table.c.old, table.c.new, table.c.reason)
    )
    found = []
    for entity, model in ENTITIES.items():
        unchanged = exists().where(model.id == table.c.record_id, model.version == 1)
        own = table.c.record_id.in_(theirs.get(entity, ()))
        said = or_(own, reason, and_(~unchanged, or_(old, new)))
        found.append(and_(table.c.entity == entity, said))
    return found


def _plainly(dialect: str, mentions: Mentions, column: Column[Any]) -> ColumnElement[bool]:
    """A part of a name in plain letters, or the digits of a number in their order."""
    likely = [f"%{part}%" for part in sorted(mentions.parts)]
    likely += [f"%{'%'.join(number)}%" for number in sorted(mentions.numbers)]
    like = "LIKE" if dialect == "sqlite" else "ILIKE"
    return or_(*(column.bool_op(like)(one) for one in likely))


def _unplain(dialect: str, column: Column[Any]) -> ColumnElement[bool]:
    """A text in which letters may stand otherwise: of more bytes than signs, or with escapes."""
    if dialect == "sqlite":
        octets, at = func.length(cast(column, LargeBinary)), func.instr(column, BACKSLASH)
    else:
        octets, at = func.octet_length(column), func.strpos(column, BACKSLASH)
    return or_(func.length(column) != octets, at > 0)


def _otherwise(
    connection: Connection, mentions: Mentions, column: Column[Any]
) -> ColumnElement[bool]:
    """One of those texts, where it may name them."""
    unplain = _unplain(connection.dialect.name, column)
    texts = connection.scalars(select(column).where(unplain).distinct())
    named = [text for text in texts if not mentions.spared(text)]
    return column.in_(named) if len(named) <= LISTED else unplain
