"""The data page's controls: of the whole, to those who see it, whatever the filters say."""

from __future__ import annotations

import io
import zipfile

import pandas as pd
import pytest

from dashboards import mapping, rejected_file
from dashboards.pages import data
from dashboards.shell import frame
from workbench.settings import SourceSettings
from workbench.sources.load import load
from workbench.store import create, users

# Of what Panel itself does with Material's buttons.
pytestmark = pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")

CRM = {
    "reps": "code,name,kind,manager\nM,Mia,manager,\nR,Rémi,field,M\nS,Sara,field,\n",
    "accounts": "code,name,customer_code,status,entered_on,segment,owner\n"
    "A,Alba,C1,client,2024-01-10,Bois,R\nB,Bati,C2,client,2024-02-01,Béton,S\n"
    "C,Chape,C3,client,2024-02-31,Béton,S\n",
}
FEC = (
    "JournalCode|EcritureNum|EcritureDate|CompteNum|CompAuxNum|CompAuxLib|EcritureLib|Debit|Credit\n"
    "VE|1|20240402|411000|C1|Alba|F1|120,00|0,00\nVE|1|20240402|707000|||F1|0,00|120,00\n"
    "VE|2|20240405|411000|C2|Bati|F2|50,00|0,00\nVE|2|20240405|707000|||F2|0,00|50,00\n"
    "VE|3|20240406|411000|C9|Inconnu|F3|7,50|0,00\nVE|3|20240406|707000|||F3|0,00|7,50\n"
    "BQ|1|20240501|512000|||R1|120,00|0,00\nBQ|1|20240501|411000|C1|Alba|R1|0,00|120,00\n"
)


@pytest.fixture
def store(tmp_path):
    """A small company, an account of which is refused for its date."""
    crm = tmp_path / "crm"
    crm.mkdir()
    for name, text in CRM.items():
        (crm / f"{name}.csv").write_text(text, "utf-8")
    (tmp_path / "ledger.txt").write_text(FEC, "utf-8")
    engine = create(f"sqlite:///{tmp_path / 'store.db'}")
    load(
        engine,
        [
            SourceSettings(kind="crm", path=crm),
            SourceSettings(kind="fec", path=tmp_path / "ledger.txt"),
        ],
        user="ana",
    )
    for name, role, rep in (
        ("claire", "director", None),
        ("marc", "manager", "M"),
        ("rose", "rep", "R"),
    ):
        users.add_user(engine, name, "a long password", name=name, role=role, rep=rep)
    return engine


def texts(shown):
    return " ".join(
        pane.object for pane in shown.select() if isinstance(getattr(pane, "object", 0), str)
    )


@pytest.mark.parametrize("query", [{}, {"segments": "Bois"}, {"as_of": "2024-04-03"}])
def test_the_controls_are_of_the_whole_whatever_is_filtered(store, visit, query):
    scope = visit(store, "claire", "data", query).scope()
    assert data.balanced(scope).value == "0,00\u00a0€"
    assert data.balanced(scope).note == "8 écritures"
    assert data.refused(scope).value == "1"
    assert data.without_account(scope).exact == "7,50\u00a0€"
    assert data.without_account(scope).note == "1 client"
    assert data.unmatched_rows(scope).frame["revenue"].tolist() == [7.5]
    assert data.rejected(scope).frame["reason"].str.contains("2024-02-31").tolist() == [True]
    assert data.quality(scope).frame.query("table == 'Comptes'")["rows"].unique().tolist() == [2]


@pytest.mark.parametrize("user", ["marc", "rose"])
def test_who_sees_a_part_is_told_so_instead_of_wrong_controls(store, visit, user):
    session = visit(store, user, "data")
    said = texts(frame(session, data.PAGE, [data.PAGE]))
    assert "réservés à qui la voit entière" in said
    assert "Débit − crédit" not in said
    assert "Aucune ligne n’a été refusée" not in said
    assert "ligne refusée" not in said  # nor at the foot


def test_the_foot_tells_refused_lines_to_who_sees_all(store, visit):
    session = visit(store, "claire", "data")
    said = texts(frame(session, data.PAGE, [data.PAGE]))
    assert "1 ligne refusée" in said
    assert "Débit − crédit du grand livre" in said


def test_refused_rows_are_downloaded_mended_and_loaded(store, visit, tmp_path):
    refused = visit(store, "claire", "data").whole().table("rejected_rows")
    made = rejected_file.archive(pd.concat([refused, refused.assign(load_id=9)]))
    with zipfile.ZipFile(io.BytesIO(made)) as packed:
        assert packed.namelist() == ["accounts.csv"]
        text = packed.read("accounts.csv").decode("utf-8-sig")
    assert text.count("Chape") == 1
    mended = tmp_path / "mended"
    mended.mkdir()
    (mended / "accounts.csv").write_text(text.replace("2024-02-31", "2024-02-29"), "utf-8")
    report = load(store, [SourceSettings(kind="crm", path=mended)], user="ana")
    assert (report.table("account").new, report.rejected.empty) == (1, True)


def test_the_mapping_tells_where_fields_come_from(store, visit, tmp_path):
    own = tmp_path / "ours.toml"
    own.write_text(
        '[[tables]]\nfile = "firms"\nentity = "account"\n'
        'columns = { nom = ["code", "name"], chef = "owner" }\n'
        'values.owner = { remi = "R" }\nconstants = { country = "France" }\nnotes = ["divers"]\n',
        "utf-8",
    )
    (tmp_path / "firms.csv").write_text("nom,chef,divers\nDune,remi,x\n", "utf-8")
    source = SourceSettings(kind="crm", path=tmp_path / "firms.csv", preset=str(own))
    load(store, [source], user="ana")
    session = visit(store, "claire", "data")
    settings = session.settings.model_copy(update={"sources": [source]})
    rows = mapping.rows(session.scope(), settings).frame
    assert rows[rows["preset"] == "ours"].drop(columns="preset").to_numpy().tolist() == [
        ["firms", "nom", "Comptes", "Code", ""],
        ["firms", "nom", "Comptes", "Nom", ""],
        ["firms", "chef", "Comptes", "Commercial", "remi → R"],
        ["firms", "« France »", "Comptes", "Pays", ""],
        ["firms", "divers", "Comptes", "Notes", ""],
    ]
    generic = rows[rows["preset"] == "generic"]
    assert "Opportunités" in generic["table"].tolist()


def test_the_newest_day_is_told(store, visit):
    assert data.fresh(visit(store, "claire", "data").scope()).value == "01/05/2024"
