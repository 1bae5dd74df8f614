"""Reading a FEC in any dress: trap 21, by hand and at random."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import SourceError
from workbench.sources import fec

HEAD = [
    "JournalCode", "JournalLib", "EcritureNum", "EcritureDate", "CompteNum", "CompteLib",
    "CompAuxNum", "CompAuxLib", "PieceRef", "PieceDate", "EcritureLib", "Debit", "Credit",
    "EcritureLet", "DateLet", "ValidDate", "Montantdevise", "Idevise",
]  # fmt: skip


def row(
    number, account, debit, credit, *, journal="VE", day="20240131", aux="", name="", piece="F1",
    label="Facture 1", letter="", lettered="",
):  # fmt: skip
    return [
        journal, "Ventes", number, day, account, {"4": "Clients", "7": "Ventes"}[account[0]], aux,
        name, piece, day, label, debit, credit, letter, lettered, day, "", "",
    ]  # fmt: skip


SALE = [
    row("1", "411000", "120,00", "0,00", aux="C1", name="Dupont"),
    row("1", "707000", "0,00", "100,00"),
    row("1", "445710", "0,00", "20,00"),
    row("2", "411000", "60,00", "0,00", aux="C2", name="Müller", piece="F2", label="Facture 2"),
    row("2", "701000", "0,00", "60,00", piece="F2", label="Facture 2"),
]


def write(
    rows, *, head=HEAD, encoding="utf-8", delimiter="\t", end="\n", point=False, sided=False,
    pad=0, trailing=False, extra=0,
):  # fmt: skip
    """The same ledger in a dress of its own."""
    head = [*head, *(f"Extra{i}" for i in range(extra))]
    lines = [[*one, *["x"] * extra] for one in rows]
    if sided:
        head = [{"Debit": "Montant", "Credit": "Sens"}.get(name, name) for name in head]
        for one in lines:
            credit = one[11] in ("", "0,00") and one[12] not in ("", "0,00")
            one[11:13] = [one[12], "C"] if credit else [one[11], "D"]
    if point:
        for one in lines:
            one[11:13] = [cell.replace(",", ".") for cell in one[11:13]]
    cells = [head, *([cell + " " * pad for cell in one] for one in lines)]
    text = end.join(delimiter.join(one) + delimiter * trailing for one in cells) + end
    return text.encode(encoding)


def held(ledger):
    """What a ledger says, but for where it says it."""
    return ledger.lines.drop(columns="line").astype("object").fillna("").to_numpy().tolist()


def test_a_sale_belongs_to_the_customer_of_its_entry():
    ledger = fec.parse(write(SALE))
    assert ledger.totals == fec.Totals(5, 180.0, 180.0)
    assert ledger.totals.balance == 0
    assert ledger.lines["customer"].fillna("").tolist() == ["C1", "C1", "", "C2", "C2"]
    assert ledger.customers.to_numpy().tolist() == [["C1", "Dupont"], ["C2", "Müller"]]
    assert ledger.lines["line"].tolist() == [2, 3, 4, 5, 6]
    assert ledger.rejected.empty
    assert ledger.notes == []


@pytest.mark.parametrize(
    "dress",
    [
        {"encoding": "utf-8-sig"},
        {"encoding": "iso8859-15"},
        {"encoding": "cp1252"},
        {"delimiter": "|"},
        {"end": "\r\n"},
        {"end": "\r\r\n"},
        {"end": "\r"},
        {"point": True},
        {"sided": True},
        {"pad": 3},
        {"trailing": True},
        {"extra": 4},
        {
            "encoding": "cp1252",
            "delimiter": "|",
            "end": "\r\n",
            "point": True,
            "sided": True,
            "pad": 1,
        },
    ],
)
def test_any_dress_of_a_ledger_reads_the_same(dress):
    assert held(fec.parse(write(SALE, **dress))) == held(fec.parse(write(SALE)))


@pytest.mark.parametrize(
    ("encoding", "label"),
    [
        ("utf-8", "Œuvre à 30 €"),
        ("utf-8-sig", "Œuvre à 30 €"),
        ("iso8859-15", "Œuvre à 30 €"),
        ("cp1252", "L’œuvre à 30 €"),
    ],
)
def test_the_encoding_is_decided_by_content(encoding, label):
    rows = [row("1", "411000", "1,00", "0,00", label=label), row("1", "707000", "0,00", "1,00")]
    assert fec.parse(write(rows, encoding=encoding)).lines["label"][0] == label


def test_a_label_cut_within_a_character_does_not_make_it_another_encoding():
    rows = [
        row("1", "411000", "1,00", "0,00", label="été à Orléans, réglé dès le départ, prévu")
    ] * 2
    data = write(rows).replace("é à".encode(), b"\xc3 ", 1)
    ledger = fec.parse(data)
    assert ledger.dialect["encoding"] == "utf-8"
    assert ledger.lines["label"][1] == "été à Orléans, réglé dès le départ, prévu"


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1 234,50", 1234.5), ("1.234,50", 1234.5), ("1\u202f234,50", 1234.5), ("1234,5", 1234.5),
        ("-12,00", -12.0), ("12,00-", -12.0), ("+12,00", 12.0), ("", 0.0), ("12.50", 12.5),
    ],
)  # fmt: skip
def test_amounts_as_people_write_them(text, amount):
    rows = [row("1", "411000", text, ""), row("1", "707000", "0,00", "3,00")]
    assert fec.parse(write(rows)).lines["debit"][0] == amount


def test_quotes_are_plain_characters():
    rows = [
        row("1", "411000", "1,00", "", label='Tube 2" 1/2'),
        row("1", "707000", "", "1,00", label='"X'),
    ]
    assert fec.parse(write(rows)).lines["label"].tolist() == ['Tube 2" 1/2', '"X']


def test_side_may_be_a_sign():
    head = [{"Debit": "Montant", "Credit": "Sens"}.get(name, name) for name in HEAD]
    rows = [row("1", "411000", "120,00", "+1"), row("1", "707000", "120,00", "-1")]
    assert fec.parse(write(rows, head=head)).lines[["debit", "credit"]].to_numpy().tolist() == [
        [120, 0], [0, 120],
    ]  # fmt: skip


def test_several_customers_or_none_leave_the_sale_unallocated():
    rows = [
        row("1", "411000", "60,00", "", aux="C1"),
        row("1", "411000", "40,00", "", aux="C2"),
        row("1", "707000", "", "100,00"),
        row("2", "512000".replace("512", "471"), "10,00", ""),
        row("2", "707000", "", "10,00"),
    ]
    assert fec.parse(write(rows)).lines["customer"].fillna("").tolist() == ["C1", "C2", "", "", ""]


def test_a_customer_named_elsewhere_in_the_file_is_known_by_name():
    rows = [
        *SALE,
        row("3", "411000", "5,00", "", name="Dupont", piece="F3"),
        row("3", "707000", "", "5,00", piece="F3"),
    ]
    assert fec.parse(write(rows)).lines["customer"].tolist()[5:] == ["C1", "C1"]


def test_an_account_per_customer_is_its_code():
    rows = [row("1", "411DUPONT", "5,00", ""), row("1", "707000", "", "5,00")]
    assert fec.parse(write(rows)).lines["customer"].tolist() == ["411DUPONT", "411DUPONT"]


@pytest.mark.parametrize("number", ["0", "", "000"])
def test_without_numbers_entries_are_rebuilt_by_piece(number):
    rows = [[*one[:2], number, *one[3:]] for one in SALE]
    ledger = fec.parse(write(rows))
    assert ledger.lines.groupby(["journal", "entry"]).size().tolist() == [3, 2]
    assert ledger.lines["customer"].fillna("").tolist() == ["C1", "C1", "", "C2", "C2"]


def test_without_numbers_and_pieces_entries_are_the_runs_that_balance():
    rows = [[*one[:2], "0", *one[3:8], "", *one[9:]] for one in SALE]
    lines = fec.parse(write(rows)).lines
    assert lines["entry"].nunique() == 2
    assert lines["customer"].fillna("").tolist() == ["C1", "C1", "", "C2", "C2"]


def test_one_number_throughout_a_journal_is_none():
    rows = [
        [*one[:2], "1", f"2024013{n // 2}", *one[4:8], f"F{n // 2}", f"2024013{n // 2}", *one[10:]]
        for n, one in enumerate(SALE[3:] * 2)
    ]
    days = [[*one[:3], f"2024010{n // 2 + 1}", *one[4:]] for n, one in enumerate(rows * 2)]
    assert fec.parse(write(days)).lines["entry"].nunique() == 4


def test_numbers_may_restart_per_journal_and_per_month():
    again = [[*one[:3], "20240229", *one[4:]] for one in SALE]
    other = [["AV", *one[1:]] for one in SALE]
    lines = fec.parse(write([*SALE, *again, *other])).lines
    assert lines.groupby(["journal", "entry"]).ngroups == 6


def test_an_entry_that_does_not_balance_is_named():
    ledger = fec.parse(write(SALE[:2]))
    assert ledger.totals.balance == 20.0
    assert ledger.notes == ["Écritures non équilibrées : 1, dont VE 1 (20.00)"]


@pytest.mark.parametrize(
    ("column", "text"),
    [
        (1, "Ven|tes"),
        (5, "Cli|ents"),
        (7, "Du|po|nt"),
        (8, "F|1"),
        (10, "Facture | 1"),
        (10, "1 | 20240131 | 5,00"),
    ],
)
def test_a_stray_delimiter_in_a_label_is_mended(column, text):
    rows = [list(one) for one in SALE]
    rows[0][column] = text
    ledger = fec.parse(write(rows, delimiter="|"))
    assert ledger.rejected.empty
    assert ledger.totals == fec.Totals(5, 180.0, 180.0)
    assert ledger.lines["customer"].fillna("").tolist() == ["C1", "C1", "", "C2", "C2"]


def test_a_shifted_line_whose_entry_then_fails_to_balance_is_kept_apart():
    rows = [list(one) for one in SALE]
    rows[0][10] = "Facture|1"
    rows[1][12] = "99,00"
    ledger = fec.parse(write(rows, delimiter="|"))
    assert ledger.rejected["line"].tolist() == [2]
    assert ledger.rejected["reason"].tolist() == ["Nombre de colonnes : 19 au lieu de 18"]
    assert "Facture|1" in ledger.rejected["raw"][0]


@pytest.mark.parametrize(
    ("column", "text", "reason"),
    [
        (0, "", "Journal manquant"),
        (3, "20241301", "Date illisible"),
        (4, "x", "Compte illisible"),
        (11, "abc", "Montant illisible"),
    ],
)
def test_a_line_that_does_not_read_is_kept_with_its_reason(column, text, reason):
    rows = [list(one) for one in SALE]
    rows[0][column] = text
    ledger = fec.parse(write(rows))
    assert ledger.rejected[["line", "reason"]].to_numpy().tolist() == [[2, reason]]
    assert ledger.totals.lines == 4


@pytest.mark.parametrize(
    "data", [b"", b"a,b\n1,2\n", b"PK\x03\x04 \x00\xff", b"JournalCode\tEcritureDate\n"]
)
def test_what_is_not_a_fec_is_an_error(data):
    with pytest.raises(SourceError, match="not a FEC"):
        fec.parse(data, name="x.txt")


def test_an_absent_file_is_an_error(tmp_path):
    with pytest.raises(SourceError, match=r"none\.txt: can't be read"):
        fec.read(tmp_path / "none.txt")


words = st.text("abcdefgéèàçôùÉŒœ€ '\"-./0123456789", max_size=12).map(str.strip)


@st.composite
def ledgers(draw):
    """Balanced entries, numbered, with a customer or without."""
    rows = []
    for number in range(draw(st.integers(1, 6))):
        cents = draw(st.lists(st.integers(1, 10_000_000), min_size=1, max_size=4))
        aux = draw(st.sampled_from(["", "C1", "C2"]))
        day = draw(st.dates(pd.Timestamp("2023-01-01").date(), pd.Timestamp("2024-12-31").date()))
        common = {"day": f"{day:%Y%m%d}", "piece": f"F{number}", "label": "é " + draw(words)}
        total = f"{sum(cents) // 100},{sum(cents) % 100:02d}"
        rows.append(
            row(str(number + 1), "411000", total, "0,00", aux=aux, name=f"n{aux}", **common)
        )
        rows += [
            row(str(number + 1), "707000", "0,00", f"{one // 100},{one % 100:02d}", **common)
            for one in cents
        ]
    return rows


dresses = st.fixed_dictionaries(
    {
        "encoding": st.sampled_from(["utf-8", "utf-8-sig", "iso8859-15"]),
        "delimiter": st.sampled_from(["\t", "|"]),
        "end": st.sampled_from(["\n", "\r\n", "\r\r\n", "\r"]),
        "point": st.booleans(),
        "sided": st.booleans(),
        "pad": st.integers(0, 3),
        "trailing": st.booleans(),
        "extra": st.integers(0, 4),
    }
)


@settings(deadline=None, max_examples=30)
@given(ledgers(), dresses)
def test_every_dress_of_every_ledger_reads_the_same(rows, dress):
    plain = fec.parse(write(rows))
    assert plain.totals.lines == len(rows)
    assert plain.totals.balance == 0
    assert held(fec.parse(write(rows, **dress))) == held(plain)


@settings(deadline=None, max_examples=30)
@given(ledgers(), st.data())
def test_whatever_is_broken_no_line_is_lost(rows, data):
    lines = write(rows, delimiter="|").decode().rstrip("\n").split("\n")
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(1, len(lines) - 1))
        cut = data.draw(st.integers(0, len(lines[at])))
        put = data.draw(st.sampled_from(["|", "||", "\t", "x", '"', "", "0,00|"]))
        drop = data.draw(st.integers(0, 3))
        lines[at] = (lines[at][:cut] + put + lines[at][cut + drop :]) or "|"
    ledger = fec.parse("\n".join(lines).encode())
    assert len(ledger.lines) + len(ledger.rejected) == sum(bool(one.strip()) for one in lines[1:])
    assert set(ledger.lines["line"]).isdisjoint(ledger.rejected["line"])
    assert (ledger.rejected["reason"] != "").all()


@settings(deadline=None, max_examples=25)
@given(ledgers(), st.data())
def test_stray_delimiters_in_labels_change_no_figure(rows, data):
    """A line that is set aside may take a customer's name with it, but gives none to another."""
    clean = fec.parse(write(rows, delimiter="|"))
    broken = [list(one) for one in rows]
    at = data.draw(st.integers(0, len(rows) - 1))
    broken[at][10] = data.draw(words) + "|" + data.draw(words)
    ledger = fec.parse(write(broken, delimiter="|"))
    read = ledger.lines.set_index("line")
    true = clean.lines.set_index("line").loc[read.index]
    same = ["entry", "date", "account_number", "debit", "credit"]
    pd.testing.assert_frame_equal(read[same], true[same])
    named = read["customer"].notna() if len(ledger.rejected) else true["customer"].notna()
    pd.testing.assert_series_equal(read["customer"][named], true["customer"][named])
    assert len(ledger.lines) + len(ledger.rejected) == len(rows)


FILES = [
    ("0000000001FEC20220831.txt", 5_422, 10_186_219.81, 1_049_934.32, 52_517.24, 17),
    (
        "0000000001FEC20220831_iso8859-15_pipe_crlf.txt",
        5_422,
        10_186_219.81,
        1_049_934.32,
        52_517.24,
        17,
    ),
    ("123456789FEC20500930.txt", 10_756, 8_258_083.73, 1_212_843.90, 128_200.50, 0),
    ("lasocietenouvelle_sample_tab.txt", 7, 3_140.0, 1_200.0, 1_200.0, 1),
]


@pytest.mark.parametrize(("name", "count", "total", "revenue", "due", "customers"), FILES)
def test_real_files_have_their_control_totals(shared, name, count, total, revenue, due, customers):
    ledger = fec.read(shared / "fec" / name)
    assert ledger.totals == fec.Totals(count, total, total)
    assert ledger.rejected.empty
    balance = (ledger.lines["debit"] - ledger.lines["credit"]).groupby(
        ledger.lines["account_number"].str[:2]
    )
    assert round(-balance.sum()["70"], 2) == revenue
    clients = ledger.lines["account_number"].str.startswith("411")
    owed = ledger.lines[clients]
    assert round((owed["debit"] - owed["credit"]).sum(), 2) == due
    assert len(ledger.customers) == customers


def test_real_sales_name_their_customer_but_for_fourteen(shared):
    lines = fec.read(shared / "fec" / FILES[0][0]).lines
    sales = lines[lines["account_number"].str.startswith("70")]
    named = sales.groupby(["journal", "entry"])["customer"].first()
    assert (len(named), int(named.isna().sum())) == (414, 14)
    owed = lines[lines["account_number"].str.startswith("411")]
    unlettered = owed[owed["letter"].isna()]
    assert round((unlettered["debit"] - unlettered["credit"]).sum(), 2) == 58_972.82


def test_the_same_real_file_in_another_dress_has_equal_rows(shared):
    first, second = (fec.read(shared / "fec" / name).lines for name, *_ in FILES[:2])
    pd.testing.assert_frame_equal(first, second)
