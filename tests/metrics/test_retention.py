"""Who has been silent too long, worked by hand."""

from __future__ import annotations

import pytest

from tests.metrics.frames import frame
from workbench.metrics.retention import retention

CONTACTS = frame(
    "contacts",
    *[
        {"id": i, "account_id": a, "first_name": n, "last_name": "X", "anonymised_on": gone}
        for i, (n, a, gone) in enumerate(
            [
                ("Ada", 1, None), ("Bob", 1, None), ("Cléa", 2, None), ("Dan", 3, None),
                ("Eve", 1, "2026-09-01"), ("Flo", None, None), ("Guy", 4, None),
            ],
            start=1,
        )
    ],
)  # fmt: skip
ACCOUNTS = frame(
    "accounts",
    *[
        {"id": 1, "name": "Alba", "status": "prospect", "entered_on": "2020-01-01"},
        {"id": 2, "name": "Bati", "status": "client", "entered_on": "2015-01-01"},
        {"id": 3, "name": "Cima", "status": "lost", "entered_on": "2019-05-05"},
        {"id": 4, "name": "Dune", "status": "suspect", "entered_on": "2019-05-05"},
        # Without a contact: a company by its number, and some that nothing tells from a person.
        {
            "id": 5,
            "name": "Etna",
            "status": "prospect",
            "entered_on": "2019-05-05",
            "siren": "552100554",
        },
        {"id": 6, "name": "Fort", "status": "prospect", "entered_on": "2019-05-05"},
        {"id": 7, "name": "Gué", "status": "suspect", "entered_on": "2023-09-30"},
        {"id": 8, "name": "Hem", "status": "client", "entered_on": "2019-05-05"},
        {"id": 9, "name": "Isle", "status": "suspect"},
        {
            "id": 10,
            "name": "Jard",
            "status": "lost",
            "entered_on": "2019-05-05",
            "anonymised_on": "2026-01-01",
        },
    ],
)
ACTIVITIES = frame(
    "activities",
    *[
        {"account_id": 1, "contact_id": 1, "date": "2022-03-01", "two_way": True},
        {"account_id": 1, "contact_id": 1, "date": "2026-03-01", "two_way": False},
        {"account_id": 1, "contact_id": 2, "date": "2024-03-01", "two_way": True},
        {"account_id": 3, "contact_id": None, "date": "2025-01-01", "two_way": True},
        {"account_id": 6, "contact_id": None, "date": "2022-05-05", "two_way": True},
        {"account_id": 6, "contact_id": None, "date": "2026-05-05", "two_way": False},
    ],
)
DEALS = frame(
    "opportunities",
    *[
        {"contact_id": 5, "created_on": "2021-06-01"},
        {"account_id": 6, "created_on": "2022-06-06"},
    ],
)
CONSENTS = frame(
    "consents",
    *[
        {"contact_id": 7, "state": "given", "date": "2023-09-30"},
        {"contact_id": 7, "state": "withdrawn", "date": "2026-01-01"},
    ],
)
NOBODY = frame("retention_warnings", *[])


ENTRIES = frame(
    "contact_entries",
    *[
        {"contact_id": 1, "recorded_at": "2019-01-01T08:00:00"},
        {"contact_id": 6, "recorded_at": "2023-09-30T18:30:00"},
    ],
)


UNNAMED = {
    "Fort": ("2022-06-06", "unnamed"),
    "Gué": ("2023-09-30", "unnamed"),
    "Isle": ("NaT", "unnamed"),
    "Jard": ("2019-05-05", "anonymised"),
}


def told(warnings=NOBODY, as_of="2026-09-30", entries=ENTRIES, **options):
    found = retention(
        CONTACTS, ACCOUNTS, ACTIVITIES, DEALS, CONSENTS, warnings, entries, as_of=as_of, **options
    )
    return {
        name.split()[0]: (str(last)[:10], state)
        for name, last, state in zip(
            found["name"], found["last_contact"], found["state"], strict=True
        )
    }


def test_three_years_after_the_last_contact_that_came_from_them():
    assert told() == {
        # Her last answer; our own call of 2026 was left without one.
        "Ada": ("2022-03-01", "due"),
        # Counted on: a deal of 2021 named her.
        "Eve": ("2021-06-01", "anonymised"),
        # Three years to the day.
        "Guy": ("2023-09-30", "due"),
        # Of no account, never heard of: three years after her sheet was made.
        "Flo": ("2023-09-30", "due"),
        **UNNAMED,
    }


def test_where_nothing_tells_a_date_it_says_so():
    assert told(entries=frame("contact_entries"))["Flo"] == ("NaT", "undated")


def test_a_day_before_it_is_not_due():
    assert not {"Guy", "Flo"} & set(told(as_of="2026-09-29"))


def test_clients_people_are_kept():
    assert "Cléa" not in told(years=1)


def test_what_names_nobody_counts_for_each():
    assert "Dan" not in told()
    assert told(years=1)["Dan"] == ("2025-01-01", "due")


def test_warned_then_ready_and_a_new_contact_lifts_it():
    def warning(contact, upon, until, on="2026-09-01"):
        return frame(
            "retention_warnings",
            *[{"contact_id": contact, "warned_on": on, "last_contact": upon, "until": until}],
        )

    assert told(warning(1, "2022-03-01", "2026-10-01"))["Ada"][1] == "warned"
    assert told(warning(1, "2022-03-01", "2026-09-30"))["Ada"][1] == "ready"
    assert told(warning(1, "2021-03-01", "2026-09-30"))["Ada"][1] == "due"
    # Without a grace period nobody is anonymised on the day of the warning.
    today = warning(1, "2022-03-01", "2026-09-30", on="2026-09-30")
    assert told(today)["Ada"][1] == "warned"


@pytest.mark.parametrize("years", [0, "three"])
def test_years_are_a_number(years):
    with pytest.raises(Exception, match="years must be a whole number"):
        told(years=years)
