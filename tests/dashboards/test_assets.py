"""What goes over the wire for good: packed once, and without what no page needs."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import panel_material_ui

from dashboards.assets import compressed

DIST = Path(panel_material_ui.__file__).parent / "dist"


def families(name):
    sheet = gzip.decompress(compressed(str(DIST / name), None)).decode()
    return [
        (re.search(r"font-family:\s*\"?([\w ]+)", face)[1], "unicode-range" in face)
        for face in re.findall(r"@font-face\s*\{[^}]*\}", sheet)
    ]


def test_no_cut_of_a_letter_type_is_sent_without_the_letters_that_it_is_for():
    assert families("material-icons.css") == [
        ("Material Icons", False),
        ("Material Icons Outlined", False),
    ]
    told = families("panel-material-ui.bundle.css")
    assert ("Roboto", True) in told
    assert ("Roboto", False) not in told
