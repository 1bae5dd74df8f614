"""The demo company's files, read and counted with nothing of the workbench."""

from functools import cache
from pathlib import Path

import pandas as pd

DATA = Path(__file__).parents[2] / "data"
TODAY = pd.Timestamp("2026-09-30")
OPEN = ["A", "N", "C"]
FECS = sorted(DATA.glob("*FEC*.txt"))


@cache
def read(name):
    return pd.read_csv(DATA / f"{name}.csv", dtype=str, keep_default_na=False)


def cents(texts):
    return (texts.str.replace(".", "", regex=False).replace("", "0")).astype("int64")


@cache
def ledger():
    parts = []
    for path in FECS:
        part = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False, encoding="utf-8")
        parts.append(part.assign(file=path.name))
    lines = pd.concat(parts, ignore_index=True)
    for column in ("Debit", "Credit"):
        lines[column] = cents(lines[column].str.replace(",", "."))
    lines["balance"] = lines["Debit"] - lines["Credit"]
    lines["date"] = pd.to_datetime(lines["EcritureDate"], format="%Y%m%d")
    lines["entry"] = lines["file"] + "/" + lines["EcritureNum"]
    repeats = (lines["JournalCode"] == "AN") & (lines["date"] > "2024-12-31")
    return lines.assign(repeats=repeats)


def booked():
    """Every line once: without the opening balances of a year whose year before is there."""
    return ledger()[~ledger()["repeats"]]


def history(entity, field):
    rows = read("history")
    rows = rows[(rows["entity"] == entity) & (rows["field"] == field)]
    return rows.assign(day=pd.to_datetime(rows["effective"]))


def on(rows, day):
    """The value of each code at the end of a day."""
    return rows[rows["day"] <= day].groupby("code")["value"].last()


def invoices():
    documents = read("documents")
    bills = documents[documents["kind"].isin(["invoice", "credit_note"])].copy()
    bills["net"], bills["total"] = cents(bills["amount"]), cents(bills["amount_with_tax"])
    bills["day"] = pd.to_datetime(bills["date"])
    codes = read("accounts").set_index("code")["customer_code"]
    return bills.assign(customer=bills["account"].map(codes))


def luhn(number):
    digits = [int(digit) for digit in reversed(number)]
    doubled = [2 * digit for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(d - 9 if d > 9 else d for d in doubled)) % 10 == 0


def money(amount):
    return f"{int(amount) // 100}.{int(amount) % 100:02d}"


def open_items(day):
    """Lines of 411 not lettered by a day."""
    lines = booked()
    lines = lines[lines["CompteNum"].str.startswith("411") & (lines["date"] <= day)]
    lettered = pd.to_datetime(lines["DateLet"], format="%Y%m%d")
    return lines[~(lettered <= day)]


def overdue():
    """Invoices not lettered today and past their due date, with the days since."""
    due = read("documents").set_index("code")["due_date"]
    items = open_items(TODAY)
    items = items.assign(due=pd.to_datetime(items["PieceRef"].map(due)))
    items = items[(items["JournalCode"] == "VT") & (items["Debit"] > 0)]
    items = items.assign(late=(TODAY - items["due"]).dt.days)
    return items[items["late"] > 0]


def clients_within_a_year():
    """Sheets that entered at least a year ago, and whether they were clients within 365 days."""
    sheets = read("accounts").set_index("code")
    sheets["entered"] = pd.to_datetime(sheets["entered_on"])
    sheets = sheets[sheets["entered"] <= TODAY - pd.Timedelta(days=365)]
    status = history("account", "status")
    became = status[status["value"] == "client"].groupby("code")["day"].min()
    days = (became.reindex(sheets.index) - sheets["entered"]).dt.days
    return sheets.assign(client=days <= 365)


def slips(first, last):
    """Deals open before a quarter and due in it; how many were put off past its end."""
    before = pd.Timestamp(first) - pd.Timedelta(days=1)
    closings = history("opportunity", "close_date")
    stage = on(history("opportunity", "stage"), before)
    due = on(closings, before).reindex(stage[stage.isin(OPEN)].index)
    due = due[(due >= first) & (due <= last)]
    return len(due), int((on(closings, last).reindex(due.index) > last).sum())


def won(year):
    """Won deals of a year with the manager of the day and today's."""
    deals = read("opportunities")
    deals = deals[(deals["stage"] == "O") & (deals["close_date"].str[:4] == year)]
    moves = history("rep", "manager")
    then = [
        moves[(moves["code"] == rep) & (moves["effective"] <= day)]["value"].iloc[-1]
        for rep, day in zip(deals["owner"], deals["close_date"], strict=True)
    ]
    now = deals["owner"].map(read("reps").set_index("code")["manager"])
    return deals.assign(net=cents(deals["amount"]), then=then, now=now)


def depths(day=None):
    """The level of each sheet in its group, 1 at the top."""
    sheets = read("accounts").set_index("code")["parent"]
    above = sheets if day is None else on(history("account", "parent"), day)
    above = above[above != ""].to_dict()

    def level(code, seen=()):
        assert code not in seen, f"{code} is its own ancestor"
        return 1 + (level(above[code], (*seen, code)) if code in above else 0)

    return {code: level(code) for code in {*above, *above.values()}}


def below(code):
    children = read("accounts").groupby("parent")["code"].apply(list).to_dict()
    found = [code]
    for member in found:
        found += children.get(member, [])
    return found


def stock(day):
    counts = on(history("account", "status"), day).value_counts()
    return " / ".join(str(counts.get(s, 0)) for s in ("suspect", "prospect", "client", "lost"))
