"""Native charts of a workbook, drawn by the spreadsheet from the cells that they point at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openpyxl.chart import BarChart, LineChart, Reference
from openpyxl.chart.axis import ChartLines
from openpyxl.chart.label import DataLabelList
from openpyxl.chart.legend import Legend
from openpyxl.chart.marker import DataPoint
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.chart.text import RichText, Text
from openpyxl.chart.title import Title
from openpyxl.drawing.line import LineProperties
from openpyxl.drawing.text import (
    CharacterProperties,
    Paragraph,
    ParagraphProperties,
    RegularTextRun,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH, HEIGHT = 15.5, 7.6
"""Of a chart, in centimetres: two side by side fill a landscape page."""

GRID, INK = "E3E6EB", "1F2937"


def bars(
    title: str,
    values: Reference,
    names: Reference,
    *,
    colours: Sequence[str],
    unit: str,
    number_format: str,
    across: bool = False,
) -> BarChart:
    """Horizontal bars, a category each, labelled with their values.

    Args:
        title: what is shown.
        values: the cells of the values, without a header.
        names: the cells of their names.
        colours: one for all, or one for each, as "00825F".
        unit: of the values, on the axis.
        number_format: of the labels.
        across: whether the cells stand in a row.
    """
    chart = BarChart()
    chart.type = "bar"
    chart.gapWidth = 45
    chart.add_data(values, from_rows=across, titles_from_data=False)
    chart.set_categories(names)
    series = chart.series[0]
    series.graphicalProperties = GraphicalProperties(solidFill=colours[0])
    series.invertIfNegative = False
    if len(colours) > 1:
        series.data_points = [
            DataPoint(idx=index, invertIfNegative=False, spPr=GraphicalProperties(solidFill=colour))
            for index, colour in enumerate(colours)
        ]
    series.dLbls = DataLabelList(showVal=True, numFmt=number_format)
    for unwanted in ("showSerName", "showCatName", "showLegendKey", "showPercent"):
        setattr(series.dLbls, unwanted, False)
    chart.legend = None
    # First category on top, as it reads in the table; the scale stays below.
    chart.x_axis.scaling.orientation = "maxMin"
    chart.y_axis.crosses = "max"
    chart.y_axis.scaling.min = 0
    _dress(chart, title, unit, number_format)
    return chart


def lines(
    title: str,
    values: Reference,
    names: Reference,
    *,
    colours: Sequence[str],
    unit: str,
    number_format: str,
) -> LineChart:
    """Lines over time, one per column of the values, named by its header.

    The first is drawn full, the others, which it is compared to, dashed.
    """
    chart = LineChart()
    chart.add_data(values, titles_from_data=True)
    chart.set_categories(names)
    for index, (series, colour) in enumerate(zip(chart.series, colours, strict=True)):
        series.smooth = False
        series.graphicalProperties.line.solidFill = colour
        series.graphicalProperties.line.width = 28_000 if index == 0 else 19_000
        if index:
            series.graphicalProperties.line.dashStyle = "dash"
    chart.legend = Legend(legendPos="t")
    chart.y_axis.scaling.min = 0
    _dress(chart, title, unit, number_format)
    return chart


def _dress(chart: BarChart | LineChart, title: str, unit: str, number_format: str) -> None:
    """Size, titles and axes, the same on all charts."""
    # openpyxl's stubs know whole centimetres only.
    chart.width, chart.height = WIDTH, HEIGHT  # type: ignore[assignment]
    chart.title = _title(title, size=1200, bold=True)
    for axis in (chart.x_axis, chart.y_axis):
        axis.delete = False
        axis.txPr = _rich(900)
        axis.graphicalProperties = GraphicalProperties(ln=LineProperties(solidFill=GRID))
    chart.y_axis.title = _title(unit, size=900, bold=False)
    chart.y_axis.number_format = number_format
    chart.y_axis.majorGridlines = ChartLines(
        spPr=GraphicalProperties(ln=LineProperties(solidFill=GRID))
    )


def _title(text: str, *, size: int, bold: bool) -> Title:
    letters = CharacterProperties(sz=size, b=bold, solidFill=INK)
    run = RegularTextRun(rPr=letters, t=text)
    said = Paragraph(pPr=ParagraphProperties(defRPr=letters), r=[run])
    return Title(tx=Text(rich=RichText(p=[said])), overlay=False)


def _rich(size: int) -> RichText:
    letters = CharacterProperties(sz=size, solidFill=INK)
    return RichText(p=[Paragraph(pPr=ParagraphProperties(defRPr=letters), endParaRPr=letters)])
