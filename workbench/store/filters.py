"""What the filter bar leaves of each table: some reps' rows, some segments', pipelines', accounts'.

Only accounts, deals and stages are looked at by themselves; the rest stays with what it is of.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw

from workbench.store.shelf import SHELF, size

if TYPE_CHECKING:
    from workbench.store.dataset import Dataset

# What a filter looks at in the tables that it narrows by themselves.
BY_COLUMN = {
    "accounts": {"reps": "owner_id", "segments": "segment", "accounts": "id"},
    "opportunities": {
        "reps": "owner_id",
        "segments": "segment",
        "pipelines": "pipeline",
        "accounts": "account_id",
    },
    "stages": {"pipelines": "pipeline"},
}

# Tables whose rows stay with those of another when that one is filtered: by key, in it.
FOLLOWS = {
    "ledger_entries": ("customer_id", "ledger_customers"),
    "document_lines": ("document_id", "documents"),
    "retention_warnings": ("contact_id", "contacts"),
    "contact_entries": ("contact_id", "contacts"),
    **dict.fromkeys(
        (
            "contacts",
            "consents",
            "projects",
            "documents",
            "ledger_customers",
            "contracts",
            "activities",
            "status_periods",
            "owner_periods",
            "parent_periods",
            "bank_details",
            "confidential_notes",
        ),
        ("account_id", "accounts"),
    ),
}


def filtered(data: Dataset, name: str) -> Any:
    """The whole table, less what the filters leave out."""
    frame = nw.from_native(data.whole(name)).lazy()
    kept = _kept(data, name, frame, dict(data.filters))
    eager = isinstance(nw.from_native(data.whole(name)), nw.DataFrame)
    return (kept.collect() if eager else kept).to_native()


def _kept(
    data: Dataset, name: str, frame: nw.LazyFrame[Any], filters: dict[str, tuple[Any, ...]]
) -> nw.LazyFrame[Any]:
    if name in BY_COLUMN:
        for option, column in BY_COLUMN[name].items():
            if option in filters:
                frame = frame.filter(nw.col(column).is_in(filters[option]))
        return frame
    if name == "deal_periods":
        return _of(data, frame, "opportunity_id", "opportunities")
    if name == "activities" and "reps" in filters:
        done = _done_for(data, frame, filters["reps"])
        if "accounts" in filters:
            done = done.filter(nw.col("account_id").is_in(filters["accounts"]))
        return _in_segments(data, done, filters)
    follows = FOLLOWS.get(name)
    if follows and filters.keys() & {"reps", "segments", "accounts"}:
        return _of(data, frame, *follows)
    return frame


def _in_segments(
    data: Dataset, frame: nw.LazyFrame[Any], filters: dict[str, tuple[Any, ...]]
) -> nw.LazyFrame[Any]:
    if "segments" not in filters:
        return frame
    accounts = nw.from_native(data.whole("accounts")).lazy()
    there = accounts.filter(nw.col("segment").is_in(filters["segments"]))
    ids = there.select(nw.col("id").alias("account_id"))
    return frame.join(ids, on="account_id", how="semi")


def _of(data: Dataset, frame: nw.LazyFrame[Any], key: str, other: str) -> nw.LazyFrame[Any]:
    there = nw.from_native(data.table(other))
    if isinstance(there, nw.DataFrame):  # looking ids up is a third of a join's work
        return frame.filter(nw.col(key).is_in(there["id"].to_native()))
    return frame.join(there.select(nw.col("id").alias(key)), on=key, how="semi")


def _done_for(data: Dataset, frame: nw.LazyFrame[Any], reps: tuple[Any, ...]) -> nw.LazyFrame[Any]:
    """Activities on accounts that these reps owned on the day, or theirs where nobody did."""
    credit = nw.from_native(_credit(data))
    if isinstance(credit, nw.LazyFrame):
        mine = credit.filter(nw.col("credited").is_in(reps))
        return frame.join(mine.select("id"), on="id", how="semi")
    mine = credit.filter(nw.col("credited").is_in(reps))
    return frame.filter(nw.col("id").is_in(mine["id"].to_native()))


def _credit(data: Dataset) -> Any:
    """Whose each activity is, whatever the filters: worked out once."""
    activities = nw.from_native(data.whole("activities"))
    owners = nw.from_native(data.whole("owner_periods")).lazy()
    eager = isinstance(activities, nw.DataFrame)

    def made() -> Any:
        in_force = (
            activities.lazy()
            .select("id", "account_id", "date")
            .join(owners.rename({"rep_id": "credited"}), on="account_id", how="inner")
            .filter(
                (nw.col("valid_from") <= nw.col("date"))
                & (nw.col("valid_to").is_null() | (nw.col("valid_to") > nw.col("date")))
            )
            .select("id", "credited")
        )
        credit = (
            activities.lazy()
            .select("id", "rep_id")
            .join(in_force, on="id", how="left")
            .select("id", credited=nw.coalesce("credited", "rep_id"))
        )
        return (credit.collect() if eager else credit).to_native()

    if not eager:
        return made()
    key = ("credit", data.backend, data.key("activities"), data.key("owner_periods"))
    return SHELF.get(key, made, size)
