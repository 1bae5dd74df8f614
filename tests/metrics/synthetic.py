"""A made-up company of any size, in the tables' contract: for property tests and the bench."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from workbench.tables import Kind, table

if TYPE_CHECKING:
    from collections.abc import Callable

AS_OF = dt.date(2026, 9, 30)
FIRST = np.datetime64("2023-01-01", "D")
LAST = np.datetime64("2026-09-30", "D")
TODAY = int((LAST - FIRST).astype(int))
STATUS = np.array(["suspect", "prospect", "client", "lost"], dtype=object)
SEGMENTS = np.array(["gros œuvre", "second œuvre", "travaux publics", "négoce", None], dtype=object)
KINDS = np.array(["call", "visit", "meeting", "email", "demo"], dtype=object)
DTYPES = {
    Kind.ID: "Int64",
    Kind.COUNT: "Int64",
    Kind.TEXT: "str",
    Kind.FLAG: "boolean",
    Kind.DATE: "datetime64[us]",
    Kind.MOMENT: "datetime64[us]",
    Kind.MONEY: "float64",
    Kind.RATIO: "float64",
    Kind.NUMBER: "float64",
}


def dates(numbers: Any, known: Any = True) -> np.ndarray:
    moments = FIRST + np.asarray(numbers).astype("timedelta64[D]")
    return np.where(known, moments, np.datetime64("NaT")).astype("datetime64[us]")


def ids(values: Any, known: Any = True) -> pd.array:
    numbers = np.asarray(values, dtype="int64")
    gone = np.broadcast_to(~np.asarray(known, dtype=bool), numbers.shape).copy()
    return pd.arrays.IntegerArray(numbers, gone)


def texts(prefix: str, numbers: Any) -> np.ndarray:
    return np.char.add(prefix, np.asarray(numbers).astype("U10")).astype(object)


@dataclass
class Company:
    """Frames by name; reads as a dataset does.

    Args:
        accounts: how many; the rest follows from the ratios.
        invoices: per account.
        deals: per account.
        activities: per account.
        seed: of the generator.
    """

    accounts: int = 200
    invoices: int = 5
    deals: int = 2
    activities: int = 10
    seed: int = 1
    reps: int = 24
    as_of: dt.date = AS_OF
    frames: dict[str, pd.DataFrame] = field(default_factory=dict)

    def table(self, name: str) -> pd.DataFrame:
        if name not in self.frames:
            made = getattr(self, f"_{name}")() if hasattr(self, f"_{name}") else {}
            self.frames[name] = self._shaped(name, made)
        return self.frames[name]

    def computed(self, _what: object, _tables: object, compute: Callable[[], Any]) -> Any:
        """Nothing is kept from one question to the next."""
        return compute()

    def _shaped(self, name: str, made: dict[str, Any]) -> pd.DataFrame:
        size = len(next(iter(made.values()))) if made else 0
        columns = {}
        for column in table(name).columns:
            dtype = "int64" if column.name == "id" else DTYPES[column.kind]
            values = made.get(column.name)
            if values is None:
                values = [None] * size if dtype != "float64" else np.full(size, np.nan)
            columns[column.name] = pd.Series(values, dtype=dtype)
        return pd.DataFrame(columns)

    def rng(self, what: str) -> np.random.Generator:
        return np.random.default_rng([self.seed, *what.encode()])

    @cached_property
    def base(self) -> dict[str, Any]:
        rng, n = self.rng("accounts"), self.accounts
        status = rng.choice(4, n, p=[0.55, 0.2, 0.2, 0.05])
        entry = rng.integers(0, TODAY, n)
        child = (rng.random(n) < 0.15) & (np.arange(n) > 0)
        parent = np.where(child, (rng.random(n) * np.arange(n)).astype("int64") + 1, 0)
        owner = rng.integers(6, self.reps + 6, n)
        return {"status": status, "entry": entry, "child": child, "parent": parent,
                "owner": owner, "owned": rng.random(n) < 0.97,
                "segment": rng.integers(0, 5, n)}  # fmt: skip

    @cached_property
    def manager(self) -> np.ndarray:
        return 2 + np.arange(self.reps) % 4

    def _accounts(self) -> dict[str, Any]:
        b, n, rng = self.base, self.accounts, self.rng("more")
        number = np.arange(1, n + 1)
        team = self.manager[b["owner"] - 6]
        known = rng.random((6, n)) < 0.6
        return {
            "id": number, "code": texts("A", number), "name": texts("Compte ", number[::-1]),
            "customer_code": texts("C", number), "status": STATUS[b["status"]],
            "entered_on": dates(b["entry"]), "segment": SEGMENTS[b["segment"]],
            "sector": SEGMENTS[(b["segment"] + 1) % 5],
            "parent_id": ids(b["parent"], b["child"]),
            "owner_id": ids(b["owner"], b["owned"]),
            "owner": np.where(b["owned"], texts("Rep ", b["owner"]), None),
            "team_id": ids(team, b["owned"]),
            "team": np.where(b["owned"], texts("Rep ", team), None),
            "need": np.where(known[0], "latent", None),
            "budget": np.where(known[1], 1000.0, np.nan),
            "timeline": np.where(known[2], "soon", None),
            "decider_known": pd.arrays.BooleanArray(known[3], ~known[4]),
            "next_step": np.where(known[5], "rappeler", None),
            "qualified_on": dates(rng.integers(0, TODAY, n), known[0]),
            "version": np.ones(n, dtype="int64"),
        }  # fmt: skip

    def _reps(self) -> dict[str, Any]:
        number = np.arange(1, self.reps + 6)
        manager = np.r_[0, np.ones(4, dtype="int64"), self.manager]
        return {
            "id": number,
            "name": texts("Rep ", number),
            "manager_id": ids(manager, manager > 0),
        }

    def _stages(self) -> dict[str, Any]:
        codes = ["S", "P", "A", "N", "C", "O", "LOST"]
        return {
            "id": np.arange(1, 8), "pipeline": ["spanco"] * 7, "code": codes, "label": codes,
            "position": np.arange(1, 8), "kind": ["open"] * 5 + ["won", "lost"],
            "grain": ["account"] * 2 + ["deal"] * 5,
            "probability": [0.02, 0.05, 0.2, 0.5, 0.8, 1.0, 0.0],
            "stalled_days": ids([90, 90, 45, 30, 20, 0, 0], [True] * 5 + [False] * 2),
        }  # fmt: skip

    @cached_property
    def _deals(self) -> dict[str, Any]:
        rng, n = self.rng("deals"), self.accounts * self.deals
        created = rng.integers(0, TODAY, n)
        steps = rng.integers(1, 5, n)
        lost = rng.random(n) < 0.35
        final = np.where(lost, 7, steps + 2)
        moves = steps + lost
        gaps = rng.integers(0, 60, (n, 5))
        starts = created[:, None] + np.cumsum(np.where(np.arange(5) == 0, 0, gaps), axis=1)
        amount = np.round(rng.lognormal(8, 1, n), 2)
        has_account = rng.random(n) < 0.97
        account = rng.integers(1, self.accounts + 1, n)
        reached = np.where(np.arange(5) < moves[:, None], starts, -1).max(axis=1)
        return {"created": created, "moves": np.minimum(moves, 5), "final": final, "lost": lost,
                "steps": steps, "starts": starts, "amount": amount, "account": account,
                "has_account": has_account, "since": reached, "n": n,
                "close": created + rng.integers(20, 200, n),
                "own": rng.random(n) < 0.3, "odds": rng.choice([0.0, 0.1, 0.9], n)}  # fmt: skip

    def _opportunities(self) -> dict[str, Any]:
        d, b, n = self._deals, self.base, self._deals["n"]
        number = np.arange(1, n + 1)
        owner = b["owner"][d["account"] - 1]
        team = self.manager[owner - 6]
        closed = np.isin(d["final"], [6, 7])
        return {
            "id": number, "code": texts("D", number), "name": texts("Affaire ", number),
            "account_id": ids(d["account"], d["has_account"]), "pipeline": ["spanco"] * n,
            "stage_id": d["final"], "stage_since": dates(d["since"]), "amount": d["amount"],
            "probability": np.where(d["own"], d["odds"], np.nan),
            "close_date": dates(np.where(closed, d["since"], d["close"])),
            "created_on": dates(d["created"]),
            "loss_reason": np.where(d["lost"], "price", None),
            "product": np.where(d["own"], "béton", "acier"), "owner_id": owner,
            "owner": texts("Rep ", owner), "team_id": team, "team": texts("Rep ", team),
            "segment": np.where(d["has_account"], SEGMENTS[b["segment"][d["account"] - 1]], None),
            "version": np.ones(n, dtype="int64"),
        }  # fmt: skip

    def _deal_periods(self) -> dict[str, Any]:
        d = self._deals
        deal = np.repeat(np.arange(d["n"]), d["moves"])
        sequence = np.arange(len(deal)) - np.repeat(np.cumsum(d["moves"]) - d["moves"], d["moves"])
        last = sequence == d["moves"][deal] - 1
        start = d["starts"][deal, sequence]
        end = d["starts"][deal, np.minimum(sequence + 1, 4)]
        rng = self.rng("slips")
        slip = rng.integers(0, 3, len(deal)) * 10 * (sequence > 0)
        return {
            "opportunity_id": deal + 1, "sequence": sequence,
            "stage_id": np.where(last, d["final"][deal], sequence + 3),
            "amount": d["amount"][deal], "close_date": dates(d["close"][deal] + slip),
            "probability": np.where(d["own"], d["odds"], np.nan)[deal],
            "owner_id": self.base["owner"][d["account"] - 1][deal],
            "valid_from": dates(start), "valid_to": dates(end, ~last),
        }  # fmt: skip

    def _status_periods(self) -> dict[str, Any]:
        b, rng = self.base, self.rng("status")
        status, entry, n = b["status"], b["entry"], self.accounts
        count = np.array([1, 2, 3, 3])[status]
        account = np.repeat(np.arange(n), count)
        step = np.arange(len(account)) - np.repeat(np.cumsum(count) - count, count)
        left = TODAY - entry
        first = (rng.random(n) * left / 2).astype("int64")
        second = first + (rng.random(n) * left / 2).astype("int64")
        offsets = np.column_stack([np.zeros(n, dtype="int64"), first, second, second])
        last = step == count[account] - 1
        reached = np.where(last, status[account], step)
        return {
            "account_id": account + 1, "status": STATUS[reached],
            "valid_from": dates(entry[account] + offsets[account, step]),
            "valid_to": dates(entry[account] + offsets[account, step + 1], ~last),
        }  # fmt: skip

    def _owner_periods(self) -> dict[str, Any]:
        b, rng = self.base, self.rng("owners")
        owned = np.flatnonzero(b["owned"])
        moved = owned[rng.random(len(owned)) < 0.1]
        change = (b["entry"] + (TODAY - b["entry"]) // 2)[moved]
        before = rng.integers(6, self.reps + 6, len(moved))
        start = b["entry"].copy()
        start[moved] = change
        return {
            "account_id": np.r_[owned, moved] + 1,
            "rep_id": np.r_[b["owner"][owned], before],
            "valid_from": dates(np.r_[start[owned], b["entry"][moved]]),
            "valid_to": dates(np.r_[np.zeros(len(owned), dtype="int64"), change],
                              np.r_[np.zeros(len(owned), bool), np.ones(len(moved), bool)]),
        }  # fmt: skip

    def _team_periods(self) -> dict[str, Any]:
        rep = np.arange(6, self.reps + 6)
        movers = rep[::5]
        everyone = np.r_[np.arange(2, 6), rep, movers]
        manager = np.r_[np.ones(4, dtype="int64"), self.manager, 2 + (movers % 4)]
        half = TODAY // 2
        start = np.where(np.isin(np.r_[np.arange(2, 6), rep], movers), half, 0)
        return {
            "rep_id": everyone, "manager_id": manager,
            "valid_from": dates(np.r_[start, np.zeros(len(movers), dtype="int64")]),
            "valid_to": dates(np.r_[start, np.full(len(movers), half)],
                              np.arange(len(everyone)) >= len(start)),
        }  # fmt: skip

    def _parent_periods(self) -> dict[str, Any]:
        b = self.base
        child = np.flatnonzero(b["child"])
        return {"account_id": child + 1, "parent_id": b["parent"][child],
                "valid_from": dates(b["entry"][child]),
                "valid_to": dates(b["entry"][child], known=False)}  # fmt: skip

    @cached_property
    def _bills(self) -> dict[str, Any]:
        rng, n = self.rng("bills"), self.accounts * self.invoices
        account = rng.integers(1, self.accounts + 1, n)
        on = rng.integers(0, TODAY + 1, n)
        amount = np.round(rng.lognormal(6, 1, n), 2)
        return {"n": n, "account": account, "on": on, "amount": amount,
                "tax": np.round(amount * 0.2, 2), "paid": rng.random(n) < 0.85,
                "odd": rng.random(n) < 0.01, "deal": rng.integers(1, self._deals["n"] + 1, n),
                "tied": rng.random(n) < 0.3}  # fmt: skip

    def _documents(self) -> dict[str, Any]:
        b = self._bills
        number = np.arange(1, b["n"] + 1)
        return {
            "id": number, "code": texts("F", number), "kind": ["invoice"] * b["n"],
            "account_id": b["account"], "opportunity_id": ids(b["deal"], b["tied"]),
            "date": dates(b["on"]), "due_date": dates(b["on"] + 45, number % 7 > 0),
            "amount": b["amount"], "amount_with_tax": np.round(b["amount"] + b["tax"], 2),
        }  # fmt: skip

    def _ledger_entries(self) -> dict[str, Any]:
        b, n = self._bills, self._bills["n"]
        number = np.arange(1, n + 1)
        entry = texts("VT", number)
        with_tax = np.round(b["amount"] + b["tax"], 2)
        nothing = np.zeros(n)

        def three(a: Any, c: Any, d: Any) -> np.ndarray:
            return np.stack([a, c, d], axis=1).reshape(-1)

        customer = ids(three(b["account"], b["account"], b["account"]),
                       three(~b["odd"], ~b["odd"], np.zeros(n, bool)))  # fmt: skip
        return {
            "id": np.arange(1, 3 * n + 1), "journal": ["VE"] * (3 * n), "entry": entry.repeat(3),
            "date": dates(b["on"]).repeat(3),
            "account_number": np.tile(np.array(["411000", "707000", "445710"], dtype=object), n),
            "piece": texts("F", number).repeat(3), "label": ["vente"] * (3 * n),
            "debit": three(with_tax, nothing, nothing),
            "credit": three(nothing, b["amount"], b["tax"]),
            "letter": three(np.where(b["paid"], "AA", None), np.full(n, None), np.full(n, None)),
            "letter_date": dates(np.minimum(b["on"] + 60, TODAY + 30).repeat(3),
                                 three(b["paid"], np.zeros(n, bool), np.zeros(n, bool))),
            "customer_id": customer,
        }  # fmt: skip

    def _ledger_customers(self) -> dict[str, Any]:
        number = np.arange(1, self.accounts + 1)
        return {"id": number, "code": texts("C", number), "name": texts("Client ", number),
                "account_id": ids(number, number % 50 > 0)}  # fmt: skip

    def _contracts(self) -> dict[str, Any]:
        rng, n = self.rng("contracts"), max(self.accounts // 20, 1)
        number = np.arange(1, n + 1)
        return {
            "id": number, "account_id": rng.integers(1, self.accounts + 1, n),
            "kind": np.where(number % 2 > 0, "competitor", "ours"),
            "competitor": np.where(number % 2 > 0, "Concurrent", None), "subject": ["béton"] * n,
            "ends_on": dates(TODAY + rng.integers(-100, 300, n)),
            "yearly_amount": np.round(rng.lognormal(9, 1, n), 2),
        }  # fmt: skip

    def _contacts(self) -> dict[str, Any]:
        rng, n = self.rng("contacts"), self.accounts
        number = np.arange(1, n + 1)
        return {
            "id": number, "account_id": ids(number, rng.random(n) < 0.97),
            "first_name": texts("Prénom ", number), "last_name": texts("Nom ", number),
            "email": np.where(rng.random(n) < 0.6, texts("a", number), None),
            "version": np.ones(n, dtype="int64"),
        }  # fmt: skip

    def _consents(self) -> dict[str, Any]:
        rng, n = self.rng("consents"), max(self.accounts // 4, 1)
        number = np.arange(1, n + 1)
        return {
            "id": number, "contact_id": number, "channel": ["email"] * n,
            "state": np.where(rng.random(n) < 0.7, "given", "withdrawn"),
            "date": dates(rng.integers(0, TODAY, n)),
        }  # fmt: skip

    def _retention_warnings(self) -> dict[str, Any]:
        number = np.arange(1, max(self.accounts // 10, 1) + 1)
        day = np.full(len(number), TODAY - 10)
        return {
            "contact_id": number, "warned_on": dates(day), "last_contact": dates(day - 1300),
            "until": dates(day + 30),
        }  # fmt: skip

    def _contact_entries(self) -> dict[str, Any]:
        number = np.arange(1, self.accounts + 1)
        return {"contact_id": number, "recorded_at": dates(TODAY - 2000 + number % 1900)}

    def _activities(self) -> dict[str, Any]:
        rng, n = self.rng("activities"), self.accounts * self.activities
        account = rng.integers(1, self.accounts + 1, n)
        return {
            "id": np.arange(1, n + 1), "account_id": ids(account, rng.random(n) < 0.97),
            "opportunity_id": ids(rng.integers(1, self._deals["n"] + 1, n), rng.random(n) < 0.3),
            "rep_id": rng.integers(6, self.reps + 6, n), "kind": KINDS[rng.integers(0, 5, n)],
            "date": dates(rng.integers(0, TODAY + 1, n)),
            "two_way": pd.arrays.BooleanArray(rng.random(n) < 0.4, np.zeros(n, bool)),
            "minutes": ids(rng.integers(0, 90, n), rng.random(n) < 0.8),
        }  # fmt: skip
