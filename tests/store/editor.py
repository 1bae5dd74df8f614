"""A process that edits accounts at random, beside others; says on its output what became of each.

`python -m tests.store.editor URL USER EDITS SEED [AT_ONCE]` says that it is ready, waits for a line
of input, then prints a line of JSON per edit: its value, its outcome, the record, the field and the
version that it was made on. Now and then it edits by a version that it read a while ago. With
AT_ONCE it edits so many accounts in one batch, all or none, and completes the qualification of one
of them: something follows by rule.
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

COMPLETE = {"need": "latent", "budget": 1000, "timeline": "soon", "decider_known": True}


def main(url: str, username: str, edits: int, seed: int, at_once: int = 1) -> None:
    rng = random.Random(seed)  # noqa: S311 - choices, not secrets
    engine = connect(url)
    viewer = who(engine, username)
    seen: dict[int, int] = {}
    with engine.connect() as connection:
        ids = list(connection.scalars(select(Account.id).order_by(Account.id)))
    print("ready", flush=True)  # noqa: T201 - its report
    sys.stdin.readline()
    for number in range(edits):
        chosen = rng.sample(ids, at_once)
        stale = [id_ for id_ in chosen if id_ not in seen or rng.random() < 0.6 or at_once > 1]
        with engine.connect() as connection:
            query = select(Account.id, Account.version).where(Account.id.in_(stale))
            seen.update(connection.execute(query).all())
        name = rng.choice(["next_step", "supplier"])
        batch = [
            Edit("account", id_, seen[id_], name, f"{seed}/{number}/{at}")
            for at, id_ in enumerate(chosen)
        ]
        if at_once > 1:
            batch += [Edit("account", chosen[0], seen[chosen[0]], *one) for one in COMPLETE.items()]
        outcomes = journal.save(engine, batch, viewer=viewer, surface=Surface.NOTEBOOK, today=TODAY)
        told = [
            [edit.value, str(outcome.state), edit.id, name, edit.version]
            for edit, outcome in zip(batch[:at_once], outcomes, strict=False)
        ]
        print("".join(json.dumps(one) + "\n" for one in told), end="", flush=True)  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:]))
