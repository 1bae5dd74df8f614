"""What data/README.md states in its table of control totals, counted from the files."""

from tests.data.raw import (
    FECS,
    OPEN,
    TODAY,
    below,
    booked,
    cents,
    clients_within_a_year,
    depths,
    history,
    invoices,
    ledger,
    money,
    overdue,
    read,
    slips,
    stock,
    won,
)


def counted():
    """What the README's control totals speak of."""
    sheets, deals, lines = read("accounts"), read("opportunities"), booked()
    statuses = sheets["status"].value_counts()
    amounts = cents(deals["amount"]).groupby(deals["stage"]).agg(["size", "sum"])
    in_play = deals[deals["stage"].isin(OPEN)]
    documents = read("documents")
    kinds = documents["kind"].value_counts()
    level = depths()
    yield "account sheets", len(sheets)
    for status in ("suspect", "prospect", "client"):
        yield f"{status}s", statuses[status]
    for day in ("2024-12-31", "2025-12-31"):
        yield f"suspects / prospects / clients / lost on {day}", stock(day)
    yield "groups", sum(value == 1 for value in level.values())
    yield "sheets in groups", len(level)
    yield "levels of the deepest group", max(level.values())
    yield "contacts", len(read("contacts"))
    consents = read("consents")
    yield "consents", len(consents)
    yield "of which withdrawn", int((consents["state"] == "withdrawn").sum())
    by_mail = consents[(consents["channel"] == "email") & (consents["state"] == "given")]
    yield "people who agree to e-mail", by_mail["contact"].nunique()
    yield "activities", len(read("activities"))
    yield "contracts", len(read("contracts"))
    yield "history rows", len(read("history"))
    yield "opportunities", len(deals)
    for stage in (*OPEN, "O", "LOST"):
        yield f"opportunities at {stage}", amounts.loc[stage, "size"]
        yield f"amount at {stage}", money(amounts.loc[stage, "sum"])
    yield "open deals with a probability of their own", (in_play["probability"] != "").sum()
    yield "of which explicit 0", (in_play["probability"] == "0").sum()
    for year in ("2024", "2025", "2026"):
        for team, net in won(year).groupby("then")["net"].sum().items():
            yield f"won in {year} by {team}'s team of the day", money(net)
    for kind in ("quote", "order", "delivery", "invoice", "credit_note"):
        yield f"documents: {kind}", kinds[kind]
    bills = invoices()
    sales = lines[lines["CompteNum"].str.startswith("70")]
    customers = lines[lines["CompteNum"].str.startswith("411")]
    for year in (2024, 2025, 2026):
        invoiced = bills[bills["day"].dt.year == year]["net"].sum()
        yield f"invoices less credit notes {year}", money(invoiced)
        yield f"class 70 {year}", money(-sales[sales["date"].dt.year == year]["balance"].sum())
    for day in ("2024-12-31", "2025-12-31", "2026-09-30"):
        yield (
            f"balance of 411 on {day}",
            money(customers[customers["date"] <= day]["balance"].sum()),
        )
    yield "FEC lines", len(ledger())
    for path in FECS:
        total = ledger()[ledger()["file"] == path.name]["Debit"].sum()
        yield f"debit = credit in {path.name}", money(total)
    yield from oddities(sales, customers)
    yield from stories(sheets, deals)


def oddities(sales, customers):
    names = customers.groupby("entry")["CompAuxNum"].agg(set)
    of_entry = sales["entry"].map(names)
    several = of_entry.map(lambda found: isinstance(found, set) and len(found) > 1)
    strangers = ~customers["CompAuxNum"].isin(set(read("accounts")["customer_code"]))
    codes = customers[strangers]
    unknown = sales[sales["entry"].isin(set(codes["entry"]))]
    yield "class 70 of entries without customer", money(-sales[of_entry.isna()]["balance"].sum())
    yield "class 70 of entries of two customers", money(-sales[several]["balance"].sum())
    yield "ledger customers without account", codes["CompAuxNum"].nunique()
    yield "class 70 of ledger customers without account", money(-unknown["balance"].sum())
    yield "balance of 411 of ledger customers without account", money(codes["balance"].sum())
    siren = read("accounts")["siren"]
    yield "sheets without SIREN", (siren == "").sum()
    sirets = read("accounts")["siret"]
    yield "pairs of sheets with one SIRET", sirets[sirets != ""].duplicated().sum()


def stories(sheets, deals):
    grown = clients_within_a_year()
    bad = grown["segment"] == "Rénovation énergétique"
    for name, part in (("Rénovation énergétique", grown[bad]), ("other segments", grown[~bad])):
        yield f"clients within a year, {name}", f"{part['client'].sum()} of {len(part)}"
    calls = read("activities")
    calls = calls[calls["rep"] == "R14"]["date"]
    yield "R14's activities, 2025-09 to 2026-02", calls.between("2025-09-01", "2026-02-28").sum()
    yield "R14's activities, 2026-03 to 2026-08", calls.between("2026-03-01", "2026-08-31").sum()
    castelnau = sheets[sheets["name"] == "Groupe Castelnau"]["code"].iloc[0]
    members = below(castelnau)
    bought = set(read("documents").query("kind == 'invoice'")["account"])
    yield "companies of Groupe Castelnau", len(members)
    yield "of which never invoiced", len(set(members) - bought)
    parents = history("account", "parent")
    moved = parents[(parents["effective"] == "2025-07-01") & (parents["value"] != "")]
    entered = sheets.set_index("code")["entered_on"]
    branch = [one for one in below(moved["code"].iloc[0]) if entered[one] <= "2025-07-01"]
    bills = invoices()
    bills = bills[bills["account"].isin(branch)]
    yield "companies that passed from Larrieu to Etcheverry", len(branch)
    yield (
        "their invoices less credit notes 2024",
        money(bills[bills["day"].dt.year == 2024]["net"].sum()),
    )
    rows = history("opportunity", "stage")
    since = rows.groupby("code")["day"].last()
    waits = (TODAY - deals["code"].map(since)).dt.days
    limits = deals["stage"].map({"A": 30, "N": 30, "C": 21})
    yield "open deals past their stage's days", (waits > limits).sum()
    stalled = deals[deals["stage"].isin(["N", "C"]) & (waits > 120)]
    yield "deals in N or C for over 120 days", len(stalled)
    yield "their amount", money(cents(stalled["amount"]).sum())
    past = overdue()
    late = past[past["late"] > 60]
    by_customer = late.groupby("CompAuxLib")["Debit"].sum().sort_values(ascending=False)
    yield "invoices past due, with tax", money(past["Debit"].sum())
    yield "of which by more than 60 days", money(late["Debit"].sum())
    yield "the 24 customers who owe most of that", money(by_customer.head(24).sum())
    yield "the first of them", f"{by_customer.index[0]}, {money(by_customer.iloc[0])}"
    for first, last in (
        ("2025-07-01", "2025-09-30"),
        ("2025-10-01", "2025-12-31"),
        ("2026-01-01", "2026-03-31"),
        ("2026-04-01", "2026-06-30"),
    ):
        due, late_ = slips(first, last)
        yield f"deals due from {first} to {last} and put off past it", f"{late_} of {due}"
    year = won("2025")
    yield "won by R05 in 2025", money(year[year["owner"] == "R05"]["net"].sum())
    for team in ("M1", "M3"):
        yield (
            f"won in 2025 by {team}'s team of today",
            money(year[year["now"] == team]["net"].sum()),
        )
    ends = read("contracts")
    ends = ends[ends["ends_on"].between("2026-10-01", "2026-12-29")]["kind"].value_counts()
    yield "our contracts that end within 90 days", ends["ours"]
    yield "competitors' contracts that end within 90 days", ends["competitor"]
    prospects = sheets[sheets["status"] == "prospect"]
    asked = prospects[["need", "budget", "timeline", "decider_known"]]
    yield "prospects whose qualification lacks something", (asked == "").any(axis=1).sum()
    yield "prospects whose next step has passed", (prospects["next_step_on"] < "2026-09-30").sum()
