"""What holds for the whole house: layers, front doors, the README's lists, no registry's name."""

from __future__ import annotations

import importlib
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import workbench
from workbench import reference
from workbench.errors import SourceError

ROOT = Path(__file__).parent.parent
REGISTRIES = re.compile(
    r"(?:pypi|pythonhosted|conda|npmjs|jsdelivr|unpkg)\.(?:org|com|io)|--(?:extra-)?index-url|/simple/"
)


def tracked():
    """The project's text files, as git has them."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name]


def modules():
    for package in ("workbench", "dashboards"):
        path = ROOT / package
        yield from (
            module.name
            for module in pkgutil.walk_packages([str(path)], f"{package}.")
            if "migrations" not in module.name and not module.name.endswith("__main__")
        )


def test_the_layers_hold():
    """The arrows of the design: sources, store, dataset, metrics, figures, surfaces."""
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", ["workbench", *modules()])
def test_what_a_module_offers_is_there(name):
    module = importlib.import_module(name)
    for one in getattr(module, "__all__", []):
        assert hasattr(module, one)


def test_the_front_door_knows_nothing_else():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = workbench.nothing


def test_the_readmes_lists_are_current():
    text = (ROOT / "README.md").read_text("utf-8")
    assert reference.renewed(text) == text, "run `make docs`"


def test_a_list_is_renewed_between_its_marks_only():
    commands = "<!-- commands -->\nas it was\n<!-- /commands -->"
    text = f"a\n{commands}\nb\n<!-- metrics -->\n<!-- /metrics -->\nc"
    new = reference.renewed(text)
    assert new.startswith("a\n<!-- commands -->\n| command |")
    assert "`workbench metric NAME`" in new
    assert "| `funnel_stock` |" in new
    assert "as it was" not in new
    assert new.endswith("\nc")
    assert reference.renewed(new) == new


def test_an_absent_mark_is_an_error(tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text("nothing")
    with pytest.raises(SourceError, match="<!-- metrics -->"):
        reference.update(readme)


def test_no_file_names_a_registry():
    named = []
    for path in tracked():
        if path == Path(__file__) or not path.is_file():
            continue
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        named += [f"{path.relative_to(ROOT)}: {found}" for found in REGISTRIES.findall(text)]
    assert named == []


def test_the_lock_holds_names_and_versions_only():
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.!+]+", line) for line in lines)


def test_every_target_of_the_makefile_says_what_it_does():
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    told = {line.split()[1] for line in done.stdout.splitlines()}
    assert told >= {"run", "test", "check", "bench", "demo-data", "lab", "setup", "parts", "clean"}
