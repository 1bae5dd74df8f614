"""A ledger's rejected lines, mended and loaded: they join the ledger that they came from."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

import workbench
from tests.store.company import address
from workbench.errors import SourceError
from workbench.metrics.control import ledger_balance
from workbench.settings import SourceSettings
from workbench.sources.load import load
from workbench.sources.rejected import write_rejected
from workbench.store.check import check
from workbench.store.schema import Change, LedgerCustomer, LedgerEntry

pytestmark = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
NAME = "210000006FEC20241231.txt"
HEAD = (
    "JournalCode|EcritureNum|EcritureDate|CompteNum|CompAuxNum|CompAuxLib|EcritureLib|Debit|Credit"
)
DUE = "VE|1|20240402|411000|C1|Alba|F1|120,00|0,00"
SALE = "VE|1|20240402|707000|||F1|0,00|100,00"
TAX = "VE|1|20240402|445710|||F1|0,00|20,00"
OTHER = ["VE|2|20241205|411000|C9|Bati|F2|50,00|0,00", "VE|2|20241205|707000|||F2|0,00|50,00"]


def fec(folder, lines, name=NAME):
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("\n".join([HEAD, *lines]) + "\n", "utf-8")
    return [SourceSettings(kind="fec", path=folder / name)]


def held(engine):
    """Account, debit, credit and customer of each line, in the order of their codes."""
    query = (
        select(
            LedgerEntry.account_number, LedgerEntry.debit, LedgerEntry.credit, LedgerCustomer.code
        )
        .outerjoin(LedgerCustomer, LedgerCustomer.id == LedgerEntry.customer_id)
        .order_by(LedgerEntry.code)
    )
    with engine.connect() as connection:
        return [(a, float(d), float(c), code) for a, d, c, code in connection.execute(query)]


def changes(engine):
    with engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(Change))


def mended(engine, folder, *pairs):
    """The file of rejected lines, with some texts put right."""
    [written] = write_rejected(workbench.open(address(engine)).table("rejected_rows"), folder)
    text = written.read_text("utf-8-sig")
    for wrong, right in pairs:
        assert wrong in text
        text = text.replace(wrong, right)
    written.write_text(text, "utf-8")
    return [SourceSettings(kind="fec", path=written)]


@pytest.mark.parametrize(
    ("wrong", "right"),
    [(DUE, "20240402|411"), (SALE, "20240402|707"), (TAX, "20240402|445")],
)
def test_a_mended_line_joins_its_entry_and_brings_its_customer(engine, tmp_path, wrong, right):
    bad = wrong.replace("20240402", "20240432")
    lines = [bad if line == wrong else line for line in (DUE, SALE, TAX, *OTHER)]
    load(engine, fec(tmp_path / "in", lines), user="ana")
    source = mended(engine, tmp_path / "out", (right.replace("20240402", "20240432"), right))
    report = load(engine, source, user="ana")
    entries = report.table("ledger_entry")
    assert (entries.read, entries.new, entries.deleted, len(report.rejected)) == (1, 1, 0, 0)
    assert sorted(held(engine)) == [
        ("411000", 50.0, 0.0, "C9"), ("411000", 120.0, 0.0, "C1"), ("445710", 0.0, 20.0, None),
        ("707000", 0.0, 50.0, "C9"), ("707000", 0.0, 100.0, "C1"),
    ]  # fmt: skip
    data = workbench.open(address(engine))
    assert ledger_balance.of(data)["difference"].tolist() == [0.0]
    assert data.table("rejected_rows").empty
    before = changes(engine)
    assert load(engine, source, user="ana").table("ledger_entry").same == 1
    load(engine, fec(tmp_path / "in", [DUE, SALE, TAX, *OTHER]), user="ana")  # corrected there, too
    assert changes(engine) == before
    assert check(engine) == []


def test_a_line_still_wrong_is_rejected_again_as_it_stands(engine, tmp_path):
    bad = SALE.replace("20240402", "20240432")
    load(engine, fec(tmp_path / "in", [DUE, bad, TAX, "|" + OTHER[0], OTHER[1]]), user="ana")
    source = mended(engine, tmp_path / "out", ("20240432", "20240402"))
    report = load(engine, source, user="ana")
    assert len(report.rejected) == 1
    again = mended(engine, tmp_path / "again", ("||VE|2", "|VE|2"))
    assert load(engine, again, user="ana").rejected.empty
    assert sum(debit - credit for _, debit, credit, _ in held(engine)) == 0


def test_mended_lines_without_their_ledger_are_refused(engine, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / NAME).write_text(f"reason|{HEAD}\nDate illisible|{DUE}\n", "utf-8")
    with pytest.raises(SourceError, match="the store has none such"):
        load(engine, [SourceSettings(kind="fec", path=folder / NAME)], user="ana")


def test_a_year_whose_entries_are_numbered_anew_is_whole(engine, tmp_path):
    load(engine, fec(tmp_path / "in", [DUE, SALE, TAX, *OTHER]), user="ana")
    again = [
        line.replace("VE|1|", "VE|101|").replace("VE|2|", "VE|102|")
        for line in (DUE, SALE, TAX, *OTHER)
    ]
    report = load(engine, fec(tmp_path / "in", again), user="ana").table("ledger_entry")
    assert (report.new, report.changed, report.deleted) == (0, 5, 0)
    with engine.connect() as connection:
        entries = connection.scalars(select(LedgerEntry.entry).order_by(LedgerEntry.id)).all()
    assert entries == ["101", "101", "101", "102", "102"]
    before = changes(engine)
    load(engine, fec(tmp_path / "in", again), user="ana")
    assert changes(engine) == before
    with pytest.raises(SourceError, match="lacks 4 of the 5 lines"):
        load(engine, fec(tmp_path / "in", again[:1]), user="ana")


def test_entries_numbered_anew_and_written_otherwise_are_a_correction(engine, tmp_path):
    load(engine, fec(tmp_path / "in", [DUE, SALE, TAX, *OTHER]), user="ana")
    again = [
        line.replace("VE|1|", "VE|101|").replace("VE|2|", "VE|102|").replace("|F", "|Facture F")
        for line in (DUE, SALE, TAX, *OTHER)
    ]
    report = load(engine, fec(tmp_path / "in", again), user="ana").table("ledger_entry")
    assert (report.new, report.deleted) == (5, 5)
