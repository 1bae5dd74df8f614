"""How far a store has moved: what is kept of a table is good until its version changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from workbench.store.past import forget as forget_pasts
from workbench.store.schema import ENTITIES, Change, KeptOut, Load, RetentionWarning
from workbench.store.shelf import SHELF

if TYPE_CHECKING:
    from sqlalchemy import Engine

NEWS = "news"  # among versions: grows whenever the store moves
FORGOTTEN = "forgotten"  # among versions: the newest row of what is kept out of the store
_FORGOT: dict[str, int] = {}


def versions(engine: Engine) -> dict[str, int]:
    """The number of the newest change per entity; "" is the newest of all.

    Whoever asks after people were taken out of the store no longer finds what was read before.
    """
    with engine.connect() as connection:
        told = connection.execute(_NEWEST).mappings().one()
    found = {name: told[name] or 0 for name in (*ENTITIES, "load", FORGOTTEN)}
    found[NEWS] = (told["change"] or 0) + found["load"] + found[FORGOTTEN]
    found[""] = max(found[entity] for entity in ENTITIES)
    found["retention"] = ((told["newest"] or 0) << 32) + told["warned"]
    _forget(engine, found[FORGOTTEN])
    return found


# One question for all, as most of what a short one costs is the asking.
_NEWEST = select(
    *(
        select(func.max(Change.id)).where(Change.entity == entity).scalar_subquery().label(entity)
        for entity in ENTITIES
    ),
    select(func.max(Change.id)).scalar_subquery().label("change"),
    select(func.max(Load.id)).scalar_subquery().label("load"),
    select(func.max(KeptOut.id)).scalar_subquery().label(FORGOTTEN),
    select(func.max(RetentionWarning.id)).scalar_subquery().label("newest"),
    select(func.count(RetentionWarning.id)).scalar_subquery().label("warned"),
)


def news(engine: Engine) -> int:
    """A number that grows whenever the store moves: a cheap look at whether anything has."""
    moving = (Change, Load, KeptOut)
    with engine.connect() as connection:
        return sum(connection.scalar(select(func.max(table.id))) or 0 for table in moving)


def _forget(engine: Engine, forgotten: int) -> None:
    """Keep nothing that was read before people were last taken out of the store."""
    url = str(engine.url)
    if _FORGOT.setdefault(url, forgotten) != forgotten:
        _FORGOT[url] = forgotten
        SHELF.forget(url)
        forget_pasts(engine)
