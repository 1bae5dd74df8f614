"""A company small enough to check by hand: two teams, four accounts, three deals."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from workbench.store import access, access_log, users
from workbench.store.batch import Author, batch
from workbench.vocabulary import Role, Surface

if TYPE_CHECKING:
    from workbench.store.access import Viewer

D = dt.date
TODAY = D(2026, 9, 30)
LOADER = Author("loader", Surface.LOAD)


@dataclass(frozen=True)
class Company:
    """Ids by code."""

    reps: dict[str, int]
    accounts: dict[str, int]
    deals: dict[str, int]
    stages: dict[str, int]


def stage_ids(engine) -> dict[str, int]:
    with engine.connect() as connection:
        return {
            code.split("/")[1]: id_
            for id_, code in connection.exec_driver_sql("SELECT id, code FROM stage").all()
        }


def fill(engine) -> Company:
    """Director D leads M and N; M leads R1 and R2, N leads R3; R2 moved from N to M in March."""
    stages = stage_ids(engine)
    with batch(engine, LOADER) as b:
        reps = pd.Series(dtype="int64")
        for code, manager, kind in (
            ("D", None, "director"),
            ("M", "D", "manager"),
            ("N", "D", "manager"),
            ("R1", "M", "field"),
            ("R2", "N", "field"),
            ("R3", "N", "field"),
        ):
            frame = pd.DataFrame(
                {
                    "code": [code],
                    "name": [f"Rep {code}"],
                    "kind": [kind],
                    "manager_id": pd.array([reps.get(manager)], dtype="Int64"),
                    "effective": [D(2024, 1, 1)],
                }
            )
            reps[code] = b.create("rep", frame).iloc[0]
        b.set(
            "rep",
            pd.DataFrame(
                {
                    "record_id": [reps["R2"]],
                    "field": ["manager_id"],
                    "value": [reps["M"]],
                    "effective": [D(2026, 3, 1)],
                }
            ),
        )
        codes = ["A1", "A2", "A3", "A4"]
        accounts = b.create(
            "account",
            pd.DataFrame(
                {
                    "code": codes,
                    "name": ["Alpha", "Alpha Sud", "Beta", "Gamma"],
                    "status": "suspect",
                    "segment": ["gros", "gros", "petit", "petit"],
                    "entered_on": [D(2025, 1, 1)] * 4,
                    "owner_id": [reps["R1"], reps["R1"], reps["R2"], reps["R3"]],
                    "effective": [D(2025, 1, 1)] * 4,
                }
            ),
        )
        accounts.index = codes
        b.set(
            "account",
            pd.DataFrame(
                [
                    (accounts["A1"], "status", "prospect", D(2025, 2, 1)),
                    (accounts["A1"], "status", "client", D(2025, 6, 1)),
                    (accounts["A2"], "parent_id", accounts["A1"], D(2025, 5, 1)),
                    (accounts["A3"], "status", "prospect", D(2026, 2, 1)),
                ],
                columns=["record_id", "field", "value", "effective"],
            ),
        )
        pipeline = b.connection.exec_driver_sql("SELECT id FROM pipeline").scalar()
        deals = b.create(
            "opportunity",
            pd.DataFrame(
                {
                    "code": ["O1", "O2", "O3"],
                    "name": ["Toiture", "Isolation", "Sans compte"],
                    "account_id": pd.array([accounts["A1"], accounts["A3"], None], dtype="Int64"),
                    "pipeline_id": pipeline,
                    "stage_id": stages["A"],
                    "amount": [1000.0, 2000.5, 300.0],
                    "close_date": [D(2026, 12, 1)] * 3,
                    "owner_id": [reps["R1"], reps["R2"], reps["R3"]],
                    "effective": [D(2026, 1, 10)] * 3,
                }
            ),
        )
        deals.index = ["O1", "O2", "O3"]
        b.set(
            "opportunity",
            pd.DataFrame(
                [(deals["O1"], "stage_id", stages["N"], D(2026, 4, 1))],
                columns=["record_id", "field", "value", "effective"],
            ),
        )
    for username, role, rep in (
        ("director", Role.DIRECTOR, "D"),
        ("manager", Role.MANAGER, "M"),
        ("rep1", Role.REP, "R1"),
        ("rep3", Role.REP, "R3"),
        ("boss", Role.EXECUTIVE, None),
    ):
        users.add_user(engine, username, "a long password", name=username, role=role, rep=rep)
    plain = {k: int(v) for k, v in reps.items()}
    return Company(
        plain,
        {k: int(v) for k, v in accounts.items()},
        {k: int(v) for k, v in deals.items()},
        stages,
    )


def address(engine) -> str:
    """The store's address, as people write it."""
    return engine.url.set(drivername=engine.dialect.name).render_as_string(hide_password=False)


def forbidden(engine) -> list[tuple[str, str]]:
    """Who was refused what, in order, as the log has it."""
    seen = access_log.events(engine, dt.datetime(2020, 1, 1, tzinfo=dt.UTC))[::-1]
    seen = seen[seen["event"] == "forbidden"]
    return list(zip(seen["username"], seen["detail"], strict=True))


def who(engine, username: str) -> Viewer:
    return access.viewer(engine, username)
