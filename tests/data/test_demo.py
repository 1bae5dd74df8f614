"""The demo company's files against each other, and against what data/README.md says of them."""

import datetime as dt
import filecmp
import re
import subprocess
import sys

import pandas as pd
import pytest

from tests.data.raw import (
    DATA,
    FECS,
    TODAY,
    booked,
    cents,
    depths,
    history,
    invoices,
    ledger,
    luhn,
    open_items,
    read,
    stock,
)
from tests.data.totals import counted


@pytest.fixture(scope="module")
def totals():
    """The control totals, counted once."""
    return dict(counted())


def test_the_readme_tells_what_the_files_hold(totals):
    text = (DATA / "README.md").read_text("utf-8")
    said = dict(re.findall(r"^\| ([^|]+?) \| ([^|]+?) \|$", text, re.MULTILINE))
    assert {what: said.get(what) for what in totals} == {w: str(v) for w, v in totals.items()}


QUOTED = (
    "clients within a year, Rénovation énergétique",
    "clients within a year, other segments",
    "R14's activities, 2025-09 to 2026-02",
    "R14's activities, 2026-03 to 2026-08",
    "their amount",
    "their invoices less credit notes 2024",
    "the first of them",
    "won by R05 in 2025",
    "won in 2025 by M1's team of the day",
    "won in 2025 by M3's team of the day",
    "won in 2025 by M1's team of today",
    "won in 2025 by M3's team of today",
)


def test_the_stories_quote_the_control_totals(totals):
    stories = " ".join(
        (DATA / "README.md").read_text("utf-8").split("## Control totals")[0].split()
    )
    for what in QUOTED:
        figure = str(totals[what]).split(", ")[-1]
        if re.fullmatch(r"\d+\.\d\d", figure):
            figure = f"{float(figure):,.2f}"
        assert figure in stories, what


def test_nine_thousand_sheets_as_the_worked_case_says():
    assert stock(TODAY) == "7800 / 200 / 1000 / 0"
    assert len(read("accounts")) == 9000


def test_the_force_is_a_director_four_managers_and_24_reps():
    reps = read("reps").set_index("code")
    assert reps["kind"].value_counts().loc[["director", "manager"]].to_list() == [1, 4]
    assert len(reps) == 29
    sellers = reps[~reps["kind"].isin(["director", "manager"])]
    assert set(sellers["manager"]) == {"M1", "M2", "M3", "M4"}
    assert set(reps[reps["kind"] == "manager"]["manager"]) == {"DIR"}


@pytest.mark.parametrize(
    ("entity", "file", "fields"),
    [
        ("account", "accounts", ["status", "owner", "parent"]),
        ("opportunity", "opportunities", ["stage", "amount", "close_date", "probability", "owner"]),
        ("rep", "reps", ["manager"]),
    ],
)
def test_history_begins_at_entry_and_ends_at_the_current_value(entity, file, fields):
    table = read(file).set_index("code")
    entered = table["created_on" if entity == "opportunity" else "entered_on"]
    for field in fields:
        rows = history(entity, field)
        groups = rows.groupby("code")
        last = groups["value"].last()
        assert (table[field].reindex(last.index) == last).all()
        assert (table[field].drop(last.index) == "").all()
        assert (groups["effective"].first() == entered.reindex(last.index)).all()
        assert groups["effective"].apply(lambda days: days.is_monotonic_increasing).all()
        again = rows["value"].eq(groups["value"].shift())
        assert not again.any()


def test_groups_have_at_most_four_levels_at_any_time():
    for day in ("2023-12-31", "2025-06-30", "2025-07-01", "2026-09-30", None):
        assert max(depths(day).values()) <= 4


def test_references_lead_somewhere():
    codes = {
        name: {"", *read(name)["code"]}
        for name in ("reps", "accounts", "contacts", "opportunities", "documents")
    }
    for name, column, target in (
        ("reps", "manager", "reps"),
        ("accounts", "owner", "reps"),
        ("accounts", "parent", "accounts"),
        ("contacts", "account", "accounts"),
        ("consents", "contact", "contacts"),
        ("opportunities", "account", "accounts"),
        ("opportunities", "contact", "contacts"),
        ("opportunities", "owner", "reps"),
        ("documents", "account", "accounts"),
        ("documents", "opportunity", "opportunities"),
        ("document_lines", "document", "documents"),
        ("contracts", "account", "accounts"),
        ("activities", "account", "accounts"),
        ("activities", "contact", "contacts"),
        ("activities", "opportunity", "opportunities"),
        ("activities", "rep", "reps"),
    ):
        assert set(read(name)[column]) <= codes[target], (name, column)


def test_clients_are_those_invoiced_and_not_before_they_became_so():
    sheets = read("accounts")
    first = invoices().query("kind == 'invoice'").groupby("account")["date"].min()
    clients = set(sheets[sheets["status"] == "client"]["code"])
    assert set(first.index) == clients
    status = history("account", "status")
    became = status[status["value"] == "client"].groupby("code")["effective"].min()
    assert (first >= became.reindex(first.index)).all()
    accepted = read("documents").query("state == 'accepted'")
    assert set(accepted["account"]) <= clients


def test_lines_add_up_to_their_documents():
    documents = read("documents").set_index("code")
    lines = read("document_lines")
    assert set(lines["document"]) == set(documents.index)
    amounts = cents(lines["amount"])
    assert (lines["quantity"].astype("int64") * cents(lines["unit_price"]) == amounts).all()
    total = amounts.groupby(lines["document"]).sum()
    assert (total.reindex(documents.index) == cents(documents["amount"])).all()
    assert (cents(documents["amount"]) < 0).equals(documents["kind"] == "credit_note")


def test_every_entry_balances():
    assert (ledger().groupby("entry")["balance"].sum() == 0).all()
    assert FECS[0].name == "210000006FEC20241231.txt"


def test_the_ledger_agrees_with_the_invoices_to_the_cent():
    bills, lines = invoices(), booked()
    pieces = lines[lines["CompteNum"].str.startswith("70")].groupby("PieceRef")["balance"].sum()
    net = bills.set_index("code")["net"]
    assert (-pieces.reindex(net.index) == net).all()
    vat = lines[(lines["CompteNum"] == "445710") & (lines["JournalCode"] == "VT")]
    tax = (bills["total"] - bills["net"]).set_axis(bills["code"])
    assert (-vat.groupby("PieceRef")["balance"].sum().reindex(tax.index) == tax).all()
    owed = lines[lines["CompteNum"].str.startswith("411") & (lines["JournalCode"] == "VT")]
    per_customer = owed.groupby("CompAuxNum")["balance"].sum()
    assert (per_customer.reindex(bills["customer"].unique()) == bills.groupby("customer")["total"]
            .sum().reindex(bills["customer"].unique())).all()  # fmt: skip


def test_what_is_lettered_balances_and_what_is_open_is_the_balance():
    lines = booked()
    lines = lines[lines["CompteNum"].str.startswith("411")]
    lettered = lines[lines["EcritureLet"] != ""]
    groups = lettered.groupby(["CompAuxNum", "EcritureLet"])
    assert (groups["balance"].sum() == 0).all()
    assert (groups["DateLet"].min() == groups["DateLet"].max()).all()
    assert (groups["EcritureDate"].max() == groups["DateLet"].first()).all()
    for day in (dt.date(2024, 12, 31), dt.date(2025, 12, 31), dt.date(2026, 9, 30)):
        so_far = lines[lines["date"] <= pd.Timestamp(day)]
        balance = so_far.groupby("CompAuxNum")["balance"].sum()
        items = open_items(pd.Timestamp(day)).groupby("CompAuxNum")["balance"].sum()
        assert balance[balance != 0].to_dict() == items[items != 0].to_dict()


def test_opening_balances_carry_the_open_items():
    for year in (2025, 2026):
        opening = ledger()[ledger()["repeats"] & (ledger()["date"].dt.year == year)]
        opening = opening[opening["CompteNum"].str.startswith("411")]
        carried = open_items(pd.Timestamp(year - 1, 12, 31))
        columns = ["CompAuxNum", "PieceRef", "balance", "EcritureLet", "DateLet"]
        one, other = (
            sorted(map(tuple, part[columns].to_numpy().tolist())) for part in (opening, carried)
        )
        assert one == other


def test_numbers_pass_luhn_and_lie_in_the_range_that_nobody_has():
    sheets = read("accounts")
    known = sheets[sheets["siren"] != ""]
    for number in [*known["siren"], *known["siret"], FECS[0].name[:9]]:
        assert luhn(number), number
        assert number.startswith("2100"), number
    assert (known["siret"].str[:9] == known["siren"]).all()


def test_the_generator_gives_the_same_bytes(tmp_path):
    subprocess.run([sys.executable, str(DATA / "make_demo.py"), str(tmp_path)], check=True)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert len(names) == 13
    same, _, _ = filecmp.cmpfiles(DATA, tmp_path, names, shallow=False)
    assert same == names
