"""Every metric: the same rows on every engine, the catalog's columns, both languages."""

from __future__ import annotations

from functools import cache
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pytest

import workbench.metrics  # noqa: F401 - registers the metrics
from tests.metrics.frames import as_kind, as_pandas
from tests.metrics.synthetic import Company
from workbench.errors import MissingColumns, SettingsError, UnknownName
from workbench.metrics.catalog import CATALOG, Metric, find
from workbench.tables import Kind

COMPANY = Company(accounts=300)
SMALL = Company(accounts=30)
KINDS = {"lazy": pl.LazyFrame, "duckdb": duckdb.DuckDBPyRelation}
EAGER = {"polars": pl.DataFrame}  # the same plan as of lazy frames, collected at its end
PERIOD = {"since": "2025-10-01", "until": "2026-06-30"}
NEEDED = {"account_timeline": {"account": 1}}
OPTIONS = {
    "funnel_stock": [{"by": "segment"}, {"by": "owner"}],
    "funnel_conversion": [{"by": "segment"}, {"by": None}, {"by": "quarter", "window": 90}],
    "cohort_curve": [{"by": "segment", "to": "prospect"}],
    "time_to_client": [{"by": "segment"}, {"start": "prospect", "by": "year"}],
    "pipeline_by_stage": [{"by": "owner"}, {"by": "closing_month"}, {"by": "segment"}],
    "pipeline_totals": [{"by": "stage"}, {"by": "closing_month"}, {"by": "team"}],
    "pipeline_rows": [{"kind": None}],
    "win_rate": [{"by": "owner"}, {"by": "team"}, {"by": "month"}, {"by": "segment"}],
    "won_by": [{"by": "owner"}, {"by": "team"}, {"by": "group"}, {"by": None}],
    "activity_by_rep": [{"by": by} for by in ("month", "kind", "kind_week", "total")]
    + [{"level": "team"}],
    "activity_coverage": [{"by": "segment"}, {"by": None}],
    "touches_per_won": [{"by": None}, {"by": "segment"}, {"by": "team"}],
    "revenue_by_account": [
        {"by": by} for by in ("customer", "group", "month", "owner", "team", "segment", None)
    ],
    "aged_balance": [{"by": "customer"}, {"by": "owner"}],
    "won_versus_invoiced": [{"by": "deal"}, {"by": "team"}, {"by": None}],
    "qualification_by_owner": [{"by": None, "status": None}],
    "retention": [{"years": 1}],
    "account_tree": [{"since": "2026-01-01"}],
}
CASES = [
    pytest.param(name, options, id=f"{name}-{'-'.join(map(str, options.values())) or 'plain'}")
    for name in sorted(CATALOG)
    for options in [
        {},
        *OPTIONS.get(name, []),
        *([PERIOD] if "since" in CATALOG[name].options else []),
    ]
]


@cache
def table(name: str, kind: str) -> object:
    return as_kind(COMPANY.table(name), kind)


def tables(name: str, kind: str) -> list[object]:
    return [table(one, kind) for one in find(name).tables]


@pytest.mark.parametrize(("name", "options"), CASES)
def test_the_engines_agree(name: str, options: dict[str, object]) -> None:
    metric = find(name)
    given = {**dated(metric), **NEEDED.get(name, {}), **options}
    expected = metric(*tables(name, "pandas"), **given)
    assert isinstance(expected, pd.DataFrame)
    assert list(expected.columns) == list(metric.columns)
    assert len(expected)
    for kind, of in (KINDS if options else KINDS | EAGER).items():
        result = metric(*tables(name, kind), **given)
        assert isinstance(result, of), kind
        pd.testing.assert_frame_equal(as_pandas(result), as_pandas(expected), obj=f"{name} {kind}")


@pytest.mark.parametrize("name", sorted(CATALOG))
def test_column_types_are_those_of_the_catalog(name: str) -> None:
    kinds = {
        "id": "Int64", "count": "Int64", "text": "str", "flag": "bool", "date": "datetime64[us]",
        "money": "float64", "ratio": "float64", "number": "float64",
    }  # fmt: skip
    result = find(name).of(COMPANY)
    for column, meaning in find(name).columns.items():
        kind = Kind(meaning.partition(":")[0])
        dtype = str(result[column].dtype)
        assert dtype.replace("int64", "Int64") == kinds[kind], column


@pytest.mark.parametrize("name", sorted(CATALOG))
def test_the_catalog_says_it_in_both_languages(name: str) -> None:
    metric = find(name)
    for text in (metric.label, metric.question, metric.unit, metric.formula, metric.source):
        assert text.fr
        assert text.en
    assert metric.question.fr.endswith("?")
    assert metric.function.__doc__


@pytest.mark.parametrize("kind", ["pandas", *KINDS])
@pytest.mark.parametrize("name", sorted(CATALOG))
def test_trap_17_an_empty_company_gives_columns_not_a_failure(name: str, kind: str) -> None:
    metric = find(name)
    empty = [as_kind(COMPANY.table(table).head(0), kind) for table in metric.tables]
    result = as_pandas(metric(*empty, **dated(metric)))
    assert list(result.columns) == list(metric.columns)
    for column, meaning in metric.columns.items():  # nothing counted, nothing added up
        if meaning.partition(":")[0] in {"count", "money"} and column not in ORDERS:
            assert not result[column].fillna(0).any(), column


ORDERS = {"position", "month"}  # which place or month, not how many


@pytest.mark.parametrize("name", sorted(CATALOG))
def test_one_table_without_rows_is_no_failure(name: str) -> None:
    """A store may hold a ledger and no accounts, accounts and no ledger, deals of nobody."""
    metric = find(name)
    for gone in metric.tables:
        frames = [SMALL.table(table)[: 0 if table == gone else None] for table in metric.tables]
        for options in ({}, *OPTIONS.get(name, [])):
            result = metric(*frames, **dated(metric), **{**NEEDED.get(name, {}), **options})
            assert list(result.columns) == list(metric.columns), (gone, options)


@pytest.mark.parametrize("kind", ["pandas", *KINDS, *EAGER])
@pytest.mark.parametrize("name", sorted(CATALOG))
def test_trap_17_a_missing_column_is_named(name: str, kind: str) -> None:
    metric = find(name)
    for place, read in enumerate(metric.tables[:1] if kind in EAGER else metric.tables):
        frames = tables(name, kind)
        gone = OWN_DECISIVE.get((name, read), DECISIVE[read])
        frames[place] = as_kind(COMPANY.table(read).drop(columns=[gone]), kind)
        options = READS.get((name, read), READS_ALL.get(name, {}))
        with pytest.raises(MissingColumns, match=gone) as raised:
            metric(*frames, **options, **dated(metric))
        assert raised.value.missing == [gone]
        assert read in str(raised.value)


def dated(metric: Metric) -> dict[str, Any]:
    """The company's date, for a metric that takes one."""
    return {"as_of": COMPANY.as_of} if "as_of" in metric.options else {}


OWN_DECISIVE = {
    ("field_completeness", "accounts"): "siren",
    ("field_completeness", "opportunities"): "amount",
    ("ledger_balance", "ledger_entries"): "debit",
    ("funnel_stock", "accounts"): "status",
    ("pipeline_history", "opportunities"): "created_on",
    ("retention", "contacts"): "anonymised_on",
    ("retention", "opportunities"): "contact_id",
    ("coverage_history", "accounts"): "segment",
    ("coverage_history", "status_periods"): "valid_from",
    ("account_timeline", "stages"): "label",
    ("account_timeline", "opportunities"): "account_id",
}
READS_ALL = {
    "pipeline_rows": {"kind": None},
    "revenue_by_account": {"by": "team"},
    "touches_per_won": {"by": "team"},
    "win_rate": {"by": "team"},
    "won_versus_invoiced": {"by": "team"},
    **NEEDED,
}
READS = {
    ("revenue_by_account", "accounts"): {"by": "group"},
    ("revenue_by_account", "parent_periods"): {"by": "group"},
}
DECISIVE = {
    "loads": "data_date",
    "rejected_rows": "file",
    "accounts": "id",
    "reps": "name",
    "stages": "kind",
    "opportunities": "stage_id",
    "documents": "kind",
    "ledger_entries": "account_number",
    "ledger_customers": "account_id",
    "contacts": "email",
    "contracts": "ends_on",
    "activities": "date",
    "status_periods": "status",
    "deal_periods": "valid_from",
    "owner_periods": "valid_from",
    "team_periods": "valid_from",
    "parent_periods": "valid_from",
    "consents": "state",
    "retention_warnings": "until",
    "contact_entries": "recorded_at",
}


@pytest.mark.parametrize("name", [n for n in sorted(CATALOG) if "by" in CATALOG[n].options])
def test_trap_17_an_unknown_grouping_names_the_choices(name: str) -> None:
    with pytest.raises(UnknownName, match="There are: ") as raised:
        find(name).of(COMPANY, by="sgment")
    assert raised.value.known


@pytest.mark.parametrize("name", sorted(CATALOG))
def test_an_unknown_option_names_the_options(name: str) -> None:
    with pytest.raises(UnknownName, match="option of"):
        find(name).of(COMPANY, colour="red")


def test_an_option_that_is_no_date_is_refused() -> None:
    with pytest.raises(SettingsError, match="A date is written"):
        find("funnel_conversion").of(COMPANY, since="last week")


def test_dates_and_numbers_may_come_as_text() -> None:
    metric = find("funnel_conversion")
    plain = metric.of(COMPANY, by=None, window=90)
    text = metric.of(COMPANY, by=None, window="90", as_of="2026-09-30")
    pd.testing.assert_frame_equal(plain, text)
