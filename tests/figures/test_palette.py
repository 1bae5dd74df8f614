from itertools import pairwise

import pytest

from workbench.figures import palette
from workbench.vocabulary import Status


def lightness(colour):
    """CIE L* of an sRGB colour, 0 black to 100 white."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return 116 * luminance ** (1 / 3) - 16


def test_every_status_has_its_colour():
    assert set(palette.STATUS) == set(Status)


@pytest.mark.parametrize(
    "neighbours",
    [
        [palette.STATUS[status] for status in (Status.SUSPECT, Status.PROSPECT, Status.CLIENT)],
        palette.stage_ramp(5),
        [palette.PALE, palette.BLUE],
        [palette.NOW, palette.BEFORE],
    ],
)
def test_neighbours_differ_when_printed_in_grey(neighbours):
    steps = [lightness(colour) for colour in neighbours]
    assert all(abs(a - b) >= 7 for a, b in pairwise(steps))


def test_templates_differ_in_what_follows_the_theme_only():
    light, dark = (palette.TEMPLATES[name].layout for name in ("light", "dark"))
    assert light.font.color != dark.font.color
    assert light.coloraxis.colorscale != dark.coloraxis.colorscale
    assert light.margin == dark.margin
    assert light.paper_bgcolor == dark.paper_bgcolor == "rgba(0,0,0,0)"


def test_one_stage_has_the_middle_of_the_ramp():
    assert palette.stage_ramp(1) == ["#2f86c5"]
    assert palette.stage_ramp(0) == []


@pytest.mark.parametrize("theme", [palette.LIGHT, palette.DARK], ids=lambda theme: theme.name)
def test_a_cells_text_reads_on_its_colour_however_deep(theme):
    for depth, colour in enumerate(theme.scale):
        ink, cell = (
            ((lightness(one) + 16) / 116) ** 3
            for one in (palette.ink(theme, depth / (len(theme.scale) - 1)), colour)
        )
        assert (max(ink, cell) + 0.05) / (min(ink, cell) + 0.05) >= 4.5
