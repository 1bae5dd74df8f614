"""Groups of companies, sized by what they buy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.figures import marks, palette
from workbench.vocabulary import Status

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

    from workbench.locale import Locale

ROOTS = 24
ALL = "all"


def heads(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    """The heads of groups, the largest first; where there is no group, the companies alone."""
    tops = frame[frame["parent_id"].isna()].sort_values(
        f"group_{column}", ascending=False, kind="stable"
    )
    groups = tops[tops["members"] > 1]
    return tops if groups.empty else groups


def account_tree(
    frame: pd.DataFrame, *, loc: Locale, column: str = "revenue", roots: int = ROOTS
) -> go.Figure:
    """Groups and their companies as nested blocks, sized by revenue, coloured by status.

    Companies on their own stand in the table: as blocks they would leave no room for the groups.
    They are drawn where there is no group at all.

    Args:
        frame: `account_tree`.
        loc: language.
        column: what gives a block its size: revenue, pipeline or outstanding.
        roots: so many groups, the largest; the others are one block.

    Returns:
        An icicle; a click gives the account's id, "others" or "all". Companies without any are
        not drawn. A company whose credit notes outweigh its invoices has no size: how many there
        are and what they come to stands below, as it is in the totals.
    """
    own, group = f"own_{column}", f"group_{column}"
    tops = heads(frame, column)
    drawn_of = frame[(frame[group] > 0) & frame["root_id"].isin(tops["id"].head(roots))]
    total, beyond = tops[group].sum(), tops[group].iloc[roots:].sum()
    sunk = frame.loc[frame["root_id"].isin(tops["id"]) & (frame[own] < 0), own]
    blocks = marks.rows(drawn_of)
    words = {word.value: palette.STATUS[word] for word in Status}
    count, others = len(tops), max(len(tops) - roots, 0)
    if (tops["members"] > 1).any():
        all_name = loc.plural(count, "{n} groupe", "{n} groupes")
        rest_name = loc.plural(others, "{n} autre groupe", "{n} autres groupes")
    else:
        all_name = loc.plural(count, "{n} compte", "{n} comptes")
        rest_name = loc.plural(others, "{n} autre compte", "{n} autres comptes")
    more = [marks.OTHERS] if beyond > 0 else []
    drawn = marks.figure(
        loc,
        height=520,
        uniformtext={"minsize": 9, "mode": "hide"},
        margin={"l": 0, "r": 0, "t": 0, "b": 24 if len(sunk) else 0},
    )
    marks.add(
        drawn,
        "icicle",
        ids=[ALL, *(str(row["id"]) for row in blocks), *more],
        parents=["", *(str(row["parent_id"] or ALL) for row in blocks), *(ALL for _ in more)],
        labels=[
            f"{all_name}<br>{loc.compact(total)}",
            *(f"{marks.short(row['name'], 26)} · {loc.compact(row[group])}" for row in blocks),
            *(f"{rest_name} · {loc.compact(beyond)}" for _ in more),
        ],
        textinfo="label",
        values=[0.0, *(max(row[own] or 0.0, 0.0) for row in blocks), *(beyond for _ in more)],
        branchvalues="remainder",
        customdata=[ALL, *(row["id"] for row in blocks), *more],
        hovertext=[
            marks.hover(all_name, loc.money(total)),
            *(
                marks.hover(
                    row["name"],
                    loc.label(Status, row["status"]),
                    loc.t("groupe : {amount}", amount=loc.money(row[group])),
                    loc.t("en propre : {amount}", amount=loc.money(row[own])),
                    marks.share(loc, row[group], total),
                )
                for row in blocks
            ),
            *(
                marks.hover(rest_name, loc.money(beyond), marks.share(loc, beyond, total))
                for _ in more
            ),
        ],
        hovertemplate=marks.HOVER,
        marker={
            "colors": [
                palette.PALE,
                *(words.get(row["status"], palette.SLATE) for row in blocks),
                *(palette.PALE for _ in more),
            ]
        },
        tiling={"orientation": "h"},
        pathbar={"visible": False},
        maxdepth=3,
        sort=False,
        leaf={"opacity": 1},
        outsidetextfont={"color": palette.LIGHT.ink},  # of the first block, pale on either theme
    )
    if len(sunk):
        drawn.add_annotation(
            text=loc.plural(
                len(sunk),
                "Sans surface : {n} compte au montant négatif, {amount}",
                "Sans surface : {n} comptes au montant négatif, {amount}",
                amount=loc.money(sunk.sum()),
            ),
            xref="paper",
            yref="paper",
            x=0,
            y=0,
            yanchor="top",
            xanchor="left",
            showarrow=False,
        )
    return drawn
