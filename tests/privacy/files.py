"""A small CRM and ledger in which one person is planted everywhere, under a name that is rare."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from sqlalchemy import select

from workbench.settings import Settings, SourceSettings
from workbench.sources.load import load
from workbench.store.access import Viewer
from workbench.store.privacy import key as keys
from workbench.store.schema import Account, Contact
from workbench.vocabulary import Role

if TYPE_CHECKING:
    from pathlib import Path

TODAY = dt.date(2026, 9, 30)
NAME = "Quatrevents"
TRACES = (
    "quatrevents", "zéphyrine", "zephyrine", "zq@alba.example", "0556112233", "05 56 11 22 33",
    "732829320", "croquembouche", "kzq1",
)  # fmt: skip
"""What must be found nowhere once both are anonymised: the contact, and the company that is one."""
DIRECTOR = Viewer("directrice", "Directrice", Role.DIRECTOR)
REP = Viewer("commercial", "Commercial", Role.REP, 1)
CRM = {
    "reps": "code,name,kind,manager\nM,Mia Roux,manager,\nR,Rémi Blanc,field,M\n",
    "accounts": "code,name,siren,customer_code,status,entered_on,owner,phone,notes\n"
    "A,Maçonnerie Alba,552100554,C1,client,2024-01-10,R,0557000000,"
    "Mme Quatrevents décide ; Zéphyrine Quatrevents signe\n"
    "P,Croquembouche Quatrevents,732829320,QUATREVENTS,client,2024-02-01,R,,\n"
    "N,Bati Nord,,C3,prospect,2024-02-01,R,,vu au salon\n",
    "contacts": "code,account,first_name,last_name,job,decision_role,email,phone\n"
    "KZQ1,A,Zéphyrine,Quatrevents,Gérante,decider,zq@alba.example,05 56 11 22 33\n"
    "K2,A,Paul,Martin,Chef,user,paul@alba.example,\n"
    "K3,P,Zéphyrine,Croquembouche,,decider,,\n"
    "K4,N,Paul,Blanc,,gardien,zq@alba.example,\n",
    "opportunities": "code,name,account,contact,pipeline,stage,amount,close_date,owner,created_on\n"
    "O1,Halle de Mme Quatrevents,A,KZQ1,spanco,O,1000.50,2024-09-01,R,2024-03-01\n"
    "O2,Toiture,N,,spanco,N,250.00,2026-12-01,R,2026-03-01\n",
    "documents": "code,kind,account,opportunity,date,amount,amount_with_tax\n"
    "F1,invoice,A,O1,2024-04-02,100.00,120.00\nF2,invoice,P,,2024-04-05,50.00,60.00\n",
    "activities": "code,account,contact,rep,kind,date,two_way,subject\n"
    "V1,A,KZQ1,R,call,2024-03-05,true,Appel de Zéphyrine au sujet du devis\n"
    "V2,A,K2,R,call,2024-03-06,true,Paul transmet à Mme QUATREVENTS\n"
    "V3,N,,R,visit,2024-03-07,false,Recommandé par zephyrine quatrevents (05.56.11.22.33)\n"
    "V4,N,,R,visit,2024-03-08,true,Blanc de chantier\n"
    "V0,ailleurs,KZQ1,R,visit,2024-03-09,true,sans suite\n",
    "history": "entity,code,field,effective,value\n"
    "account,P,status,2024-02-01,suspect\naccount,P,status,2024-04-05,client\n",
}
FEC = (
    "JournalCode|EcritureNum|EcritureDate|CompteNum|CompAuxNum|CompAuxLib|EcritureLib|Debit|Credit\n"
    "VE|1|20240402|411000|C1|Alba|F1 Alba|120,00|0,00\nVE|1|20240402|707000|||F1|0,00|100,00\n"
    "VE|1|20240402|445710|||F1|0,00|20,00\n"
    "VE|2|20240405|411000|QUATREVENTS|Croquembouche Quatrevents|F2 Croquembouche|60,00|0,00\n"
    "VE|2|20240405|707000|||F2 Croquembouche|0,00|50,00\n"
    "VE|2|20240405|445710|||F2|0,00|10,00\n"
)


def write(folder: Path, **changed: str) -> Path:
    """The files; `changed` replaces some."""
    crm = folder / "crm"
    crm.mkdir(exist_ok=True)
    for name, text in (CRM | changed).items():
        (crm / f"{name}.csv").write_text(text, "utf-8")
    (folder / "ledger.txt").write_text(FEC, "utf-8")
    return folder


def settings(folder: Path, url: str) -> Settings:
    return Settings(
        database=url,
        today=TODAY,
        notebooks=folder / "notebooks",
        sources=(
            SourceSettings(kind="crm", path=folder / "crm"),
            SourceSettings(kind="fec", path=folder / "ledger.txt"),
        ),
        auth={"secret_file": folder / "var" / "secret"},
        privacy={"key_file": folder / "var" / "privacy.key"},
    )


def loaded(engine, of: Settings):
    return load(engine, of.sources, user="loader", today=TODAY, key=keys.read(of.privacy.key_file))


def contact(engine, last_name: str) -> int:
    with engine.connect() as connection:
        return connection.scalars(select(Contact.id).where(Contact.last_name == last_name)).one()


def account(engine, name: str) -> int:
    with engine.connect() as connection:
        return connection.scalars(select(Account.id).where(Account.name == name)).one()
