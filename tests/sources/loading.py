"""A small company's export, and what a test asks of the store that it was loaded into."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from workbench.settings import SourceSettings
from workbench.store.schema import Change

FILES = {
    "reps": "code,name,kind,manager\nM,Mia,manager,\nR,Rémi,field,M\nS,Sara,field,M\n",
    "accounts": "code,name,siren,customer_code,status,entered_on,parent,owner,employees\n"
    'A,"Maçonnerie\nAlba",552100554,C1,client,2024-01-10,,R,12\n'
    "B,Bati,552100555,C2,prospect,2024-02-01,A,S,\n",
    "opportunities": "code,name,account,pipeline,stage,amount,close_date,owner,created_on\n"
    "O,Halle,A,spanco,N,1000.50,2024-09-01,R,2024-03-01\n",
    "documents": "code,kind,account,date,amount,currency\nF1,invoice,A,2024-04-02,100.00,EUR\n",
    "document_lines": "document,position,amount\nF1,1,60\nF1,2,40\n",
    "history": "entity,code,field,effective,value\n"
    "account,A,status,2024-01-10,suspect\naccount,A,status,2024-02-15,prospect\n"
    "account,A,status,2024-04-02,client\n"
    "account,A,owner,2024-01-10,S\naccount,A,owner,2024-03-01,R\n"
    "opportunity,O,stage,2024-03-01,A\nopportunity,O,stage,2024-05-01,N\n",
}
FEC = (
    "JournalCode|EcritureNum|EcritureDate|CompteNum|CompAuxNum|CompAuxLib|EcritureLib|Debit|Credit\n"
    "VE|1|20240402|411000|C1|Alba|F1|120,00|0,00\nVE|1|20240402|707000|||F1|0,00|100,00\n"
    "VE|1|20240402|445710|||F1|0,00|20,00\n"
    "VE|2|20240405|411000|C9|Inconnu|F2|50,00|0,00\nVE|2|20240405|707000|||F2|0,00|50,00\n"
)


ON_SQLITE = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)


def sources(folder):
    return [
        SourceSettings(kind="fec", path=folder / "ledger.txt"),
        *crm(folder),
    ]


def crm(folder):
    return [SourceSettings(kind="crm", path=folder / "crm")]


def value(engine, query):
    with engine.connect() as connection:
        return connection.scalar(query)


def changes(engine):
    return value(engine, select(func.count()).select_from(Change))


def put(path, old, new):
    path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")
