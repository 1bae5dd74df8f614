import csv
import datetime as dt
import io

import duckdb
import openpyxl
import pandas as pd
import polars as pl
import pytest

from workbench.errors import MissingColumns
from workbench.exports import downloads
from workbench.locale import EN, FR

FRAME = pd.DataFrame(
    {
        "name": ["=cmd|'/c calc'!A1", 'Bâti; "Sud"', "-12"],
        "status": ["client", "suspect", None],
        "amount": [-1234.5, 0.0, None],
        "share": [0.125, 1.0, None],
        "close_date": pd.to_datetime(["2026-09-30", None, "2024-02-29"]),
        "version": pd.array([1, None, 3], dtype="Int64"),
        "stalled": [True, False, True],
    }
)


def _read(data: bytes, delimiter: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig")), delimiter=delimiter))


def test_csv_for_a_french_excel():
    data = downloads.csv(FRAME, loc=FR)
    assert data.startswith(b"\xef\xbb\xbf")
    assert _read(data, ";") == [
        ["Nom", "Statut", "Montant HT", "Part", "Signature prévue", "Version", "Enlisées"],
        ["'=cmd|'/c calc'!A1", "Client", "-1234,50", "0,125", "30/09/2026", "1", "oui"],
        ['Bâti; "Sud"', "Suspect", "0,00", "1,0", "", "", "non"],
        ["'-12", "", "", "", "29/02/2024", "3", "oui"],
    ]


def test_csv_in_english():
    head, first, *_ = _read(downloads.csv(FRAME, loc=EN), ",")
    assert head[:4] == ["Name", "Status", "Amount excl. tax", "Share"]
    assert first[1:4] == ["Client", "-1234.50", "0.125"]


def test_only_labelled_columns_in_their_order():
    data = downloads.csv(FRAME, loc=FR, labels={"amount": "Reste dû", "name": "=Nom"})
    assert _read(data, ";")[:2] == [["Reste dû", "'=Nom"], ["-1234,50", "'=cmd|'/c calc'!A1"]]


def test_a_label_for_no_column_is_refused():
    with pytest.raises(MissingColumns, match="'amuont'"):
        downloads.csv(FRAME, loc=FR, labels={"amuont": "Montant"})


def test_workbook_keeps_values_types_and_guards_text():
    data = downloads.xlsx(FRAME, loc=FR, title="Affaires", scope="Équipe Sud · au 30/09/2026")
    sheet = openpyxl.load_workbook(io.BytesIO(data))["Affaires"]
    assert [row[0].value for row in sheet["A1:A2"]] == ["Affaires", "Équipe Sud · au 30/09/2026"]
    formula, text, minus = (sheet.cell(row, 1) for row in (5, 6, 7))
    assert (formula.value, formula.data_type, formula.quotePrefix) == (FRAME["name"][0], "s", True)
    assert (text.value, text.quotePrefix) == ('Bâti; "Sud"', False)
    assert (minus.value, minus.data_type, minus.quotePrefix) == ("-12", "s", True)
    amount = sheet.cell(5, 3)
    assert (amount.value, amount.data_type, amount.quotePrefix) == (-1234.5, "n", False)
    assert sheet.cell(6, 3).value == 0
    assert sheet.cell(7, 3).value is None
    assert sheet.cell(5, 5).value == dt.datetime.fromisoformat("2026-09-30")
    assert sheet.cell(5, 5).number_format == "dd/mm/yyyy"
    assert sheet.cell(5, 7).value == "oui"
    assert sheet.auto_filter.ref == "A4:G7"
    assert sheet.freeze_panes == "B5"
    assert sheet.print_title_rows == "$4:$4"
    assert sheet.page_setup.orientation == "landscape"
    assert sheet.sheet_properties.pageSetUpPr.fitToPage


def test_an_empty_frame_is_a_table_with_a_head():
    data = downloads.xlsx(FRAME.iloc[:0], loc=FR, title="Rien")
    sheet = openpyxl.load_workbook(io.BytesIO(data))["Rien"]
    assert sheet.cell(4, 1).value == "Nom"
    assert sheet.max_row == 4
    assert len(_read(downloads.csv(FRAME.iloc[:0], loc=FR), ";")) == 1


@pytest.mark.parametrize("kind", ["polars", "duckdb"])
def test_every_engine_gives_the_same_file(kind):
    table = pl.from_pandas(FRAME)
    frame = table if kind == "polars" else duckdb.from_arrow(table.to_arrow())
    assert downloads.csv(frame, loc=FR) == downloads.csv(FRAME, loc=FR)


def test_titles_become_names_of_sheets_and_files():
    assert downloads.sheet_name("a" * 40) == "a" * 31
    assert downloads.sheet_name("[]") == "--"
    assert downloads.sheet_name("''") == "1"
    assert (
        downloads.file_name("CA / mois", dt.date(2026, 9, 30), "xlsx") == "ca-mois-2026-09-30.xlsx"
    )
