from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest

from workbench.errors import SettingsError
from workbench.settings import Settings
from workbench.store.rules import Rules

WHOLE = """
today = 2026-09-30
language = "en"
database = "sqlite:///var/demo.db"
notebooks = "../notebooks"

[company]
name = "Matériaux"

[currency]
code = "CHF"
rates.EUR = { "2026-01-01" = 0.95, "2026-07-01" = 0.93 }

[[sources]]
kind = "crm"
folder = "."
preset = "maven"

[[sources]]
kind = "fec"
path = "*FEC*.txt"

[rules]
loss_needs_reason = false
"""


@pytest.fixture(autouse=True)
def clean(monkeypatch, tmp_path):
    for name in ("CONFIG", "LANGUAGE", "DATABASE"):
        monkeypatch.delenv(f"WORKBENCH_{name}", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def file(tmp_path):
    (tmp_path / "data").mkdir()
    path = tmp_path / "data" / "workbench.toml"
    path.write_text(WHOLE, "utf-8")
    return path


def test_the_defaults_hold_without_a_file():
    settings = Settings.load()
    assert settings.database == "sqlite:///var/workbench.db"
    assert settings.today is None
    assert settings.language == "fr"
    assert settings.sources == ()
    assert settings.currency.code == "EUR"


def test_a_whole_file_is_read_and_its_paths_are_relative_to_it(file):
    settings = Settings.load(file)
    assert settings.today == dt.date(2026, 9, 30)
    assert settings.company.name == "Matériaux"
    assert settings.database == f"sqlite:///{file.parent}/var/demo.db"
    assert settings.notebooks.resolve() == file.parents[1] / "notebooks"
    assert settings.auth.secret_file == file.parent / "var" / "secret"
    assert [source.kind for source in settings.sources] == ["crm", "fec"]
    assert settings.sources[0].path == file.parent
    assert settings.sources[0].preset == "maven"
    assert settings.sources[1].path == file.parent / "*FEC*.txt"
    assert settings.rules == Rules(loss_needs_reason=False)
    assert settings.locale().money(5) == "CHF5"
    assert settings.locale("fr").language == "fr"


def test_the_files_of_a_source_are_in_order(file):
    for name in ("b_FEC_2.txt", "a_FEC_1.txt", "other.csv"):
        (file.parent / name).write_text("")
    crm, fec = Settings.load(file).sources
    assert [path.name for path in fec.files] == ["a_FEC_1.txt", "b_FEC_2.txt"]
    assert [path.name for path in crm.files] == [
        "a_FEC_1.txt",
        "b_FEC_2.txt",
        "other.csv",
        "workbench.toml",
    ]


def test_a_source_without_files_says_where_it_looked(file):
    with pytest.raises(SettingsError, match=r"no file at .*FEC\*\.txt"):
        _ = Settings.load(file).sources[1].files


def test_the_environment_outranks_the_file(file, monkeypatch):
    monkeypatch.setenv("WORKBENCH_LANGUAGE", "fr")
    monkeypatch.setenv("WORKBENCH_DATABASE", "sqlite:///here.db")
    monkeypatch.setenv("WORKBENCH_COMPANY__NAME", "Autre")
    settings = Settings.load(file)
    assert settings.language == "fr"
    assert settings.database == "sqlite:///here.db"
    assert settings.company.name == "Autre"


def test_the_environment_names_the_file(file, monkeypatch):
    monkeypatch.setenv("WORKBENCH_CONFIG", str(file))
    assert Settings.load().company.name == "Matériaux"


def test_workbench_toml_of_the_current_folder_is_read(monkeypatch, file):
    monkeypatch.chdir(file.parent)
    assert Settings.load().company.name == "Matériaux"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('langage = "fr"', r"no setting is called 'langage'. There are: company, currency, datab"),
        ("[company]\nnom = 'A'", r"no setting is called 'company.nom'. There are: name\."),
        (
            "[[sources]]\nkind = 'fec'\npath = '.'\nx = 1",
            r"no setting is called 'sources.0.x'. There are: kind, path, preset\.",
        ),
        ('language = "de"', r"language: input should be 'fr' or 'en'; it is 'de'\."),
        ("today = 'soon'", r"today: .*; it is 'soon'\."),
        ("timezone = 'Mars'", r"no time zone is called 'Mars'"),
        ("[[sources]]\nkind = 'crm'", r"sources\.0\.path: field required\."),
        ("today = ", r"not a TOML file: Invalid value"),
    ],
)
def test_what_does_not_fit_is_named_with_its_file_and_key(tmp_path, text, message):
    path = tmp_path / "workbench.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(SettingsError, match=message) as raised:
        Settings.load(path)
    assert str(raised.value).startswith(str(path))
    assert "\n" not in str(raised.value)


def test_an_absent_file_that_was_asked_for_is_an_error():
    with pytest.raises(SettingsError, match=r"nowhere\.toml: No such file"):
        Settings.load(Path("nowhere.toml"))


def test_a_broken_environment_variable_is_an_error(monkeypatch):
    monkeypatch.setenv("WORKBENCH_SOURCES", "not json")
    with pytest.raises(SettingsError, match="WORKBENCH_"):
        Settings.load()


def test_a_rate_is_that_of_the_day_and_never_assumed(file):
    currency = Settings.load(file).currency
    assert currency.rate("CHF", dt.date(2020, 1, 1)) == 1
    assert currency.rate("EUR", dt.date(2026, 6, 30)) == Decimal("0.95")
    assert currency.rate("EUR", dt.date(2026, 7, 1)) == Decimal("0.93")
    with pytest.raises(SettingsError, match="No rate of EUR in CHF on 2025-12-31"):
        currency.rate("EUR", dt.date(2025, 12, 31))
    with pytest.raises(SettingsError, match="No rate of USD"):
        currency.rate("USD", dt.date(2026, 7, 1))


def test_a_rule_that_does_not_exist_is_refused_by_name(file):
    file.write_text("[rules]\nlost_needs_reason = true\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="lost_needs_reason"):
        Settings.load(file)
