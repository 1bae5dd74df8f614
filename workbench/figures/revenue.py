"""What clients buy, owe and pay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.figures import lines, marks, palette, scales

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

    from workbench.locale import Locale

_LATE = (palette.GREY, "#F0C36B", "#DB9500", "#CF5A12", "#93370B")


def revenue_by_month(frame: pd.DataFrame, *, loc: Locale) -> go.Figure:
    """Revenue of each month, against the same days of the year before.

    Args:
        frame: `revenue_by_month`.
        loc: language.

    Returns:
        Two lines; a click gives the month as "2026-09".
    """
    return lines.against_last_year(
        marks.rows(frame), "revenue", loc=loc, title=loc.t("Chiffre d’affaires")
    )


def revenue_by_account(
    frame: pd.DataFrame, *, loc: Locale, by: str = "account", every: bool = False
) -> go.Figure:
    """The clients that buy most, and all others as one.

    Args:
        frame: `revenue_by_account` by account, group or another column.
        loc: language.
        by: which.
        every: every client.

    Returns:
        Bars; a click gives the group. What has no account, or an account without such a column,
        is called so. All others together, where they would leave nothing to see of the rest, are
        as long as the longest, hatched.
    """
    found = named(frame, loc=loc, by=by)
    total = sum(row["revenue"] for row in found)
    known = [row for row in found if marks.key(row) is not None]
    without = loc.t("Sans compte") if by in {"account", "group"} else loc.t("Sans")
    nobody = [
        row | {"group": without, "group_id": NOBODY} for row in found if marks.key(row) is None
    ]
    listed = [*marks.gathered(known, ["revenue"], loc=loc, every=every), *nobody]
    names = [marks.named(loc, row) for row in listed]
    values = [row["revenue"] for row in listed]
    keys = [marks.key(row) for row in listed]
    beyond = marks.beyond(keys, values)
    longest = max((v for off, v in zip(beyond, values, strict=True) if not off), default=0)
    lengths = [longest if off else value for off, value in zip(beyond, values, strict=True)]
    plain_colours = {marks.OTHERS: palette.GREY, NOBODY: palette.GREY}
    return marks.bars(
        names,
        lengths,
        keys=keys,
        scale=scales.money(loc, lengths),
        texts=[
            f"{loc.compact(value)} · {loc.percent(value / total if total else None)}"
            + (f" · {loc.t('hors échelle')}" if off else "")
            for off, value in zip(beyond, values, strict=True)
        ],
        hovers=[
            marks.hover(name, loc.money(value), marks.share(loc, value, total))
            for name, value in zip(names, values, strict=True)
        ],
        colours=[plain_colours.get(key, palette.BLUE) for key in keys],
        patterns=["/" if off else "" for off in beyond],
        loc=loc,
        title=loc.t("Chiffre d’affaires"),
    )


NOBODY = "nobody"
"""The key of the revenue that no account can be named for."""


def named(frame: pd.DataFrame, *, loc: Locale, by: str) -> list[marks.Row]:
    """The rows of `revenue_by_account`; a group whose head the viewer may not see says so."""
    foreign = {"group": loc.t("Groupe d’un autre périmètre")} if by == "group" else {}
    return [
        row | foreign if row["group"] is None and row["group_id"] is not None else row
        for row in marks.rows(frame)
    ]


def aged_balance(frame: pd.DataFrame, *, loc: Locale) -> go.Figure:
    """What is owed, by days past its due date.

    Args:
        frame: `aged_balance` with `by=None`.
        loc: language.

    Returns:
        Five bars; a click gives the bucket.
    """
    listed = marks.rows(frame)
    names = [bucket_name(row["bucket"], loc=loc) for row in listed]
    values = [row["amount"] for row in listed]
    total = sum(values)
    return marks.bars(
        names,
        values,
        keys=[row["bucket"] for row in listed],
        scale=scales.money(loc, values),
        texts=[
            f"{loc.compact(value)} · {loc.percent(value / total if total else None)}"
            for value in values
        ],
        hovers=[
            marks.hover(
                name,
                loc.money(row["amount"]),
                loc.plural(row["items"], "{n} écriture", "{n} écritures"),
                marks.share(loc, row["amount"], total),
            )
            for name, row in zip(names, listed, strict=True)
        ],
        colours=[_LATE[min(row["position"], len(_LATE) - 1)] for row in listed],
        loc=loc,
        title=loc.t("Encours"),
    )


def bucket_name(bucket: str, *, loc: Locale) -> str:
    """How an age is called on screen.

    >>> from workbench.locale import FR
    >>> bucket_name("31-60", loc=FR), bucket_name("over_90", loc=FR)
    ('31–60 j', '> 90 j')
    """
    if bucket == "not_due":
        return loc.t("Non échu")
    if bucket == "over_90":
        return loc.t("> 90 j")
    return loc.t("{days} j", days=bucket.replace("-", "–"))


def won_versus_invoiced(frame: pd.DataFrame, *, loc: Locale) -> go.Figure:
    """Of what was won each month, what has since been ordered, invoiced and paid.

    Args:
        frame: `won_versus_invoiced` by a span of time.
        loc: language.

    Returns:
        Columns side by side; a click gives [month, won, invoiced or paid].
    """
    listed = marks.rows(frame)
    names = [marks.named(loc, row) for row in listed]
    series = {
        "won": (loc.t("gagné"), palette.PALE),
        "invoiced": (loc.t("facturé"), palette.BLUE),
        "paid": (loc.t("payé"), palette.GREEN),
    }
    every = -(-len(names) // 4)
    drawn = marks.figure(
        loc,
        height=320,
        legend=True,
        barmode="group",
        yaxis=scales.money(
            loc, [row.get(column) or 0.0 for row in listed for column in series]
        ).upright(loc.t("Montant")),
        xaxis={
            "tickvals": list(range(0, len(names), every)),
            "ticktext": [marks.plain(name) for name in names[::every]],
            "tickangle": 0,
            "range": [-0.5, max(len(names), 1) - 0.5],
            "showgrid": False,
        },
    )
    for column, (name, colour) in series.items():
        if not any(row.get(column) for row in listed):
            continue
        marks.add(
            drawn,
            "bar",
            name=name,
            x=list(range(len(listed))),
            y=[row[column] or 0.0 for row in listed],
            customdata=[[marks.key(row), column] for row in listed],
            hovertext=[
                marks.hover(
                    label,
                    f"{name} : {loc.money(row[column])}",
                    loc.plural(row["deals"], "{n} affaire gagnée", "{n} affaires gagnées"),
                    loc.t("{part} facturé", part=loc.percent(row["invoiced_share"])),
                )
                for label, row in zip(names, listed, strict=True)
            ],
            hovertemplate=marks.HOVER,
            marker={"color": colour},
        )
    return drawn
