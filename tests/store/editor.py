"""A process that edits accounts at random, beside others; says on its output what became of each.

`python -m tests.store.editor URL USER EDITS SEED` prints a line of JSON per edit: its value and
outcome. Now and then it edits by a version that it read a while ago.
"""

from __future__ import annotations

import json
import random
import sys

from sqlalchemy import select

from tests.store.company import TODAY, who
from workbench.store import connect, journal
from workbench.store.journal import Edit
from workbench.store.schema import Account
from workbench.vocabulary import Surface


def main(url: str, username: str, edits: int, seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - choices, not secrets
    engine = connect(url)
    viewer = who(engine, username)
    seen: dict[int, int] = {}
    with engine.connect() as connection:
        ids = list(connection.scalars(select(Account.id).order_by(Account.id)))
    for number in range(edits):
        id_ = rng.choice(ids)
        if id_ not in seen or rng.random() < 0.6:
            with engine.connect() as connection:
                seen[id_] = connection.scalar(select(Account.version).where(Account.id == id_))
        value = f"{seed}/{number}"
        edit = Edit("account", id_, seen[id_], rng.choice(["next_step", "supplier"]), value)
        (outcome,) = journal.save(
            engine, [edit], viewer=viewer, surface=Surface.NOTEBOOK, today=TODAY
        )
        print(json.dumps([value, str(outcome.state)]), flush=True)  # noqa: T201 - its report


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
