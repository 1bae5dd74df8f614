"""Metrics: one pure function per question, registered in the catalog as these modules load."""

from workbench.metrics import (
    activity,
    attention,
    behind,
    control,
    coverage,
    dso,
    funnel,
    hierarchy,
    pipeline,
    quality,
    receivables,
    retention,
    revenue,
    sheet,
    status,
    wins,
)

__all__ = [
    "activity",
    "attention",
    "behind",
    "control",
    "coverage",
    "dso",
    "funnel",
    "hierarchy",
    "pipeline",
    "quality",
    "receivables",
    "retention",
    "revenue",
    "sheet",
    "status",
    "wins",
]
