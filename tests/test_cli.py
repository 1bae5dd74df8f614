"""The command line, from text to text: what is printed, and the exit status."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import subprocess
import sys

import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner

from workbench.cli import app

REPS = "code,name,entered_on\nR1,Ana Costa,2024-01-02\nR2,Ben Roy,2024-01-02\n"
ACCOUNTS = """code,name,status,entered_on,segment,owner
A1,Sud,suspect,2024-01-02,Gros œuvre,R1
A2,Nord,suspect,2024-01-02,Gros œuvre,R2
A3,Est,prospect,2024-01-02,Second œuvre,R1
A4,Ouest,client,2024-01-02,Second œuvre,R2
"""
SETTINGS = """
today = 2026-09-30
database = "sqlite:///var/store.db"
[[sources]]
kind = "crm"
path = "crm"
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    for name in ("CONFIG", "DATABASE", "TODAY", "LANGUAGE", "VIEWER"):
        monkeypatch.delenv(f"WORKBENCH_{name}", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "crm").mkdir()
    (tmp_path / "crm" / "reps.csv").write_text(REPS, "utf-8")
    (tmp_path / "crm" / "accounts.csv").write_text(ACCOUNTS, "utf-8")
    return tmp_path


@pytest.fixture
def settings(folder):
    (folder / "workbench.toml").write_text(SETTINGS, "utf-8")


def run(*arguments, **options):
    return CliRunner().invoke(app, list(arguments), prog_name="workbench", **options)


def succeed(*arguments, **options):
    result = run(*arguments, **options)
    assert result.exit_code == 0, result.output
    return result.stdout


def refused(*arguments):
    """The one line that a command ends with when it can't."""
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    return line


def stock(*arguments):
    """Accounts per status, as the command line gives them."""
    printed = succeed("metric", "funnel_stock", "--format", "json", *arguments)
    return {row["status"]: row["accounts"] for row in json.loads(printed)}


@pytest.mark.usefixtures("settings")
def test_from_files_to_a_number():
    succeed("init")
    assert "account" in succeed("load")
    assert stock() == {"suspect": 2, "prospect": 1, "client": 1, "lost": 0}
    printed = succeed("metric", "funnel_stock", "-p", "by=segment", "--format", "csv")
    rows = [row for row in csv.DictReader(io.StringIO(printed)) if row["status"] == "suspect"]
    assert {row["group"]: row["accounts"] for row in rows} == {
        "Gros œuvre": "2",
        "Second œuvre": "0",
    }
    assert "50,0\u202f%" in succeed("metric", "funnel_stock")
    assert "50.0%" in succeed("metric", "funnel_stock", "--language", "en")


def test_loading_needs_no_settings_file(folder):
    url = f"sqlite:///{folder / 'other.db'}"
    succeed("load", "--database", url, "--crm", "crm", "--preset", "generic")
    assert stock("--database", url)["suspect"] == 2


@pytest.mark.usefixtures("settings")
def test_the_past_is_asked_by_date():
    succeed("load")
    assert sum(stock("--as-of", "2023-12-31").values()) == 0
    assert sum(stock("--as-of", "2024-01-02").values()) == 4


@pytest.mark.usefixtures("settings")
def test_a_number_is_given_as_it_was_known_and_says_so(folder):
    succeed("load")
    moment = dt.datetime.now(dt.UTC)
    succeed("change", "account", "1", "status=prospect", "--effective", "2024-06-01")
    then = ["--as-of", "2025-01-01"]
    assert stock(*then)["prospect"] == 2
    assert stock(*then, "--known-at", moment.isoformat())["prospect"] == 1
    assert stock(*then, "--known-at", moment.date().isoformat())["prospect"] == 2  # the whole day
    assert "write 2026-09-30T18:00" in refused("metric", "funnel_stock", "--known-at", "yesterday")
    printed = succeed("export", "then.xlsx", *then, "--known-at", "2099-03-03T10:00")
    assert printed == "Written: then.xlsx, of the whole store\n"
    scope = " ".join(
        str(cell) for row in load_workbook("then.xlsx").worksheets[0].values for cell in row[:2]
    )
    assert "Au 01/01/2025 · Tel que connu le 03/03/2099" in scope


@pytest.mark.usefixtures("settings")
def test_a_user_sees_their_part():
    succeed("load")
    password = "long enough\nlong enough\n"
    succeed("user", "add", "ana", "--rep", "R1", "--name", "Ana Costa", input=password)
    assert stock("--as", "ana") == {"suspect": 1, "prospect": 1, "client": 0, "lost": 0}
    assert "'bob'" in refused("metric", "funnel_stock", "--as", "bob")


@pytest.mark.usefixtures("settings")
def test_files_that_have_not_changed_are_left_alone_on_demand(folder):
    succeed("load", "--if-changed")
    assert succeed("load", "--if-changed").startswith("Nothing to load")
    (folder / "crm" / "accounts.csv").write_text(ACCOUNTS + "A5,Centre,suspect,2024-01-02,,\n")
    succeed("load", "--if-changed")
    assert stock()["suspect"] == 3


@pytest.mark.usefixtures("settings")
def test_rows_that_do_not_fit_are_told_and_written(folder):
    accounts = ACCOUNTS + "A6,,suspect,2024-01-02,,\n"
    (folder / "crm" / "accounts.csv").write_text(accounts, "utf-8")
    printed = succeed("load", "--rejected", "mend")
    assert "accounts.csv, ligne 6 : " in printed
    assert (folder / "mend" / "accounts.csv").read_text("utf-8-sig").startswith("code,name")


@pytest.mark.usefixtures("settings")
def test_status_tells_what_the_store_holds():
    succeed("load")
    printed = succeed("status")
    assert "store.db" in printed
    lines = [line.split() for line in printed.splitlines()]
    assert ["account", "4"] in lines
    assert ["rep", "2"] in lines
    assert any(line[:1] == ["generic"] for line in lines)


@pytest.mark.usefixtures("settings")
def test_the_catalog_is_told_in_both_languages():
    assert "funnel_stock" in succeed("metrics")
    assert "indicateur" not in succeed("metrics", "funnel_stock", "--language", "en")
    whole = succeed("metrics", "funnel_stock")
    for part in ("question", "formula", "source", "accounts"):
        assert part in whole


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["status"], "No store at sqlite:///"),
        (["metric", "funnel_stok"], "Did you mean 'funnel_stock'?"),
        (["metric", "funnel_stock", "-p", "bye=x"], "Did you mean 'by'?"),
        (["metric", "funnel_stock", "-p", "segment"], "write key=value"),
        (["metrics", "nothing"], "No metric is called 'nothing'"),
        (["load", "--crm", "crm", "--preset", "nobody"], "'nobody'"),
        (["load", "--crm", "nowhere"], "nowhere"),
        (["load", "--fec", "crm/reps.csv"], "reps.csv"),
        (["status", "--config", "nowhere.toml"], "nowhere.toml: No such file"),
        (["status", "--database", "mysql://here"], "mysql"),
        (["export", "no/such/folder.xlsx"], "there is no folder no/such"),
        (["report", "nothing", "-o", "r.html"], "nothing"),
        (["export", "--qualification", "f.xlsx"], "No store at"),
    ],
)
def test_an_error_is_one_line_and_status_2(arguments, said):
    line = refused(*arguments)
    assert line.startswith("workbench: ")
    assert said in line


def fill_in(path, cell, value):
    book = load_workbook(path)
    book["Comptes"][cell] = value
    book.save(path)


@pytest.mark.usefixtures("settings")
def test_a_form_goes_out_and_comes_back(folder):
    succeed("load")
    password = "long enough\nlong enough\n"
    succeed("user", "add", "ana", "--rep", "R1", "--name", "Ana Costa", input=password)
    assert "--as" in refused("export", "--qualification", "form.xlsx")
    printed = succeed("export", "--qualification", "form.xlsx", "--as", "ana")
    assert printed == "Written: form.xlsx, as ana (rep) sees it\n"
    fill_in("form.xlsx", "L6", "Latent")

    printed = succeed("import", "form.xlsx", "--as", "ana", "--check")
    assert "À enregistrer : 1 · lignes inchangées : 1" in printed
    printed = succeed("import", "form.xlsx", "--user", "ana", "--report", "answer.xlsx")
    assert "Enregistré : 1 · lignes inchangées : 1" in printed
    assert load_workbook("answer.xlsx")["Comptes"]["T6"].value == "Enregistré"
    printed = succeed("import", "form.xlsx", "--as", "ana")
    assert "Enregistré : 0 · lignes inchangées : 2" in printed

    fill_in("form.xlsx", "S7", "hier")
    result = run("import", "form.xlsx", "--as", "ana", "--language", "en")
    assert result.exit_code == 1
    assert "“hier” is no date; write it as 30/09/2026." in result.stdout


@pytest.mark.usefixtures("settings")
def test_what_is_no_form_is_an_error_in_the_language_asked_for():
    succeed("load")
    password = "long enough\nlong enough\n"
    succeed("user", "add", "ana", "--rep", "R1", input=password)
    line = refused("import", "workbench.toml", "--as", "ana", "--language", "en")
    assert "“workbench.toml” can't be read as an .xlsx workbook" in line
    assert "nowhere.xlsx: No such file" in refused("import", "nowhere.xlsx", "--as", "ana")


@pytest.mark.usefixtures("settings")
def test_a_users_password_and_lock():
    succeed("load")
    succeed("user", "add", "ana", "--rep", "R1", input="workbench-2026\nworkbench-2026\n")
    printed = succeed("user", "password", "ana", input="another-2026\nanother-2026\n")
    assert "New password set: ana" in printed
    assert "another" not in printed
    line = refused("user", "password", "ana", "--password", "short", "--language", "en")
    assert "A password has at least 8 characters." in line
    assert "'bob'" in refused("user", "password", "bob", "--password", "long enough")
    assert "No longer locked out: ana" in succeed("user", "unlock", "ana")
    assert "No user is called 'bob'" in refused("user", "unlock", "bob")


@pytest.mark.usefixtures("settings")
def test_a_user_without_name_is_nobody():
    succeed("init")
    assert "--from" in refused("user", "add")


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["metric", "--bogus"], "No such option: --bogus"),
        (["lod"], "No such command 'lod'. Did you mean 'load'? See `workbench --help`."),
        (["metric"], "Missing argument 'name'. See `workbench metric --help`."),
        (["metric", "funnel_stock", "--rows", "many"], "Invalid value for '--rows'"),
    ],
)
def test_what_is_not_understood_is_one_line(command, said):
    assert said in refused(*command)


def test_nothing_to_load_says_what_to_do():
    assert "[[sources]]" in refused("load")


@pytest.mark.usefixtures("settings")
def test_an_unreadable_file_leaves_the_store_as_it_was(folder):
    succeed("load")
    (folder / "crm" / "accounts.csv").write_text("nothing,here\n1,2\n", "utf-8")
    assert "accounts" in refused("load")
    assert stock()["suspect"] == 2


@pytest.mark.parametrize(
    "command",
    [
        ["init"],
        ["load"],
        ["serve"],
        ["report"],
        ["export"],
        ["import"],
        ["metrics"],
        ["metric"],
        ["status"],
        ["change"],
        ["history"],
        ["undo"],
        ["check"],
        ["user", "add"],
    ],
)
def test_help_has_examples(command):
    printed = succeed(*command, "--help")
    assert "Examples" in printed
    assert f"workbench {' '.join(command)}" in printed


@pytest.mark.usefixtures("settings")
def test_an_edit_its_history_and_its_undoing():
    succeed("load")
    printed = succeed("change", "account", "2", "segment=Second œuvre", "--reason", "au téléphone")
    assert "1 of 1 saved" in printed
    told = succeed("history", "account", "2", "--field", "segment")
    assert "au téléphone" in told
    assert "Second œuvre" in told
    number = next(line.split()[0] for line in told.splitlines() if "au téléphone" in line)
    assert "1 of 1 saved" in succeed("undo", number)
    again = run("undo", number)
    assert (again.exit_code, "déjà annulé" in again.stdout) == (1, True)
    assert "say what the journal says" in succeed("check")


@pytest.mark.usefixtures("settings")
def test_a_history_is_told_in_words_and_a_stale_version_is_a_conflict():
    succeed("load")
    assert "3 of 3 saved" in succeed(
        "change", "account", "2", "decider_known=oui", "need=latent", "next_step_on=2026-10-12"
    )
    told = succeed("history", "account", "2")
    for value in ("Décideur connu", "oui", "Latent", "12/10/2026", "Besoin"):
        assert value in told
    stale = run("change", "account", "2", "need=identified", "--version", "1")
    assert stale.exit_code == 1
    assert "conflict" in stale.stdout


@pytest.mark.usefixtures("settings")
def test_a_refused_edit_says_why_and_ends_with_1():
    succeed("load")
    result = run("change", "account", "4", "status=suspect")
    assert result.exit_code == 1
    assert "il a été facturé" in result.stdout
    assert "0 of 1 saved" in result.stdout


@pytest.mark.usefixtures("settings")
def test_a_load_is_undone_whole():
    succeed("load")
    told = succeed("history", "account", "1")
    batch = told.split("Batches, the newest first:")[1].strip()
    assert " of " in succeed("undo", batch)
    assert sum(stock().values()) == 0
    assert "Nothing to load" not in succeed("load", "--if-changed")
    assert sum(stock().values()) == 4


def test_help_loads_neither_pandas_nor_the_store():
    code = "import sys, workbench.cli; print({'pandas', 'sqlalchemy', 'panel'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_the_program_runs_as_a_module():
    done = subprocess.run(
        [sys.executable, "-m", "workbench", "--help"], capture_output=True, text=True, check=True
    )
    assert "load" in done.stdout


@pytest.mark.parametrize(
    "command", [["load", "--crm", "crm"], ["status"], ["metric", "outstanding"]]
)
def test_a_file_that_is_no_database_is_one_line(folder, command):
    (folder / "no.db").write_text("Nothing of the kind, however long it goes on.", "utf-8")
    assert "file is not a database" in refused(*command, "--database", "sqlite:///no.db")
