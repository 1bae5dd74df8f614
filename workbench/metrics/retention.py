"""Retention: who, without being a client's, has been silent for longer than people are kept?"""

from __future__ import annotations

from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from workbench.metrics.catalog import metric
from workbench.metrics.frames import collect, give, looked_up, whole
from workbench.metrics.periods import asked, midnight
from workbench.vocabulary import ConsentState, Status

SILENT = {
    "id": "id: the contact; none where the account itself may be a person",
    "name": "text",
    "account_id": "id",
    "account": "text",
    "status": "text",
    "owner_id": "id",
    "owner": "text",
    "last_contact": (
        "date: the last that came from them; where none did, their account's entry, else the day "
        "on which the store first had them"
    ),
    "due_on": "date: from when they are not to be kept",
    "days_over": "count",
    "warned_on": "date",
    "until": "date: end of the grace period",
    "state": (
        "text: due, warned, ready, anonymised, undated where no date is known, or unnamed: an "
        "account of which neither a contact nor a SIREN is known"
    ),
}


@metric(
    label=("Conservation des personnes", "People kept too long"),
    question=(
        "Qui, sans être client, n’a plus donné signe depuis trop longtemps ?",
        "Who, without being a client, has been silent for too long?",
    ),
    unit=("personnes", "people"),
    formula=(
        (
            "Comptes non clients : dernier signe venu de la personne (échange, affaire, "
            "consentement ; à défaut l’entrée du compte, sinon le jour où la fiche a été connue) "
            "vieux de plus de trois ans (option years). Avertie, puis à anonymiser une fois le "
            "délai passé, jamais le jour même ; un signe nouveau lève l’avertissement. Un compte "
            "sans interlocuteur, SIREN ni SIRET peut être une personne : il est à vérifier."
        ),
        (
            "Accounts that aren't clients: last sign from the person (exchange, deal, consent; "
            "else the account's entry, else the day on which the sheet was first known) more than "
            "three years old (option years). Warned, then to be anonymised once the grace period "
            "is over, never on the same day; a new sign lifts the warning. An account without "
            "contact, SIREN or SIRET may be a person: it is to be looked at."
        ),
    ),
    source=(
        "CNIL, référentiel « gestion commerciale » (2022) : trois ans après le dernier contact",
        "CNIL, reference « gestion commerciale » (2022): three years after the last contact",
    ),
    columns=SILENT,
)
def retention(
    contacts: nw.LazyFrame[Any],
    accounts: nw.LazyFrame[Any],
    activities: nw.LazyFrame[Any],
    opportunities: nw.LazyFrame[Any],
    consents: nw.LazyFrame[Any],
    retention_warnings: nw.LazyFrame[Any],
    contact_entries: nw.LazyFrame[Any],
    *,
    as_of: Any = None,
    years: int = 3,
) -> nw.LazyFrame[Any]:
    """People past their term, the longest silent first; those already anonymised stay counted.

    An exchange of their account that names nobody counts for each of its contacts: it may have
    been any of them. Nothing tells a sole trader from a company but that a company has a number:
    an account with neither number nor contact is listed, and nobody is warned for it.

    Args:
        contacts: who.
        accounts: with their status; clients' contacts are left out.
        activities: those in which the other side took part.
        opportunities: deals that name a contact, by when they were made.
        consents: those given; taking one back is no sign of interest.
        retention_warnings: what was told to whom.
        contact_entries: since when the store has those of whom no other date is known.
        as_of: the day.
        years: for how long people are kept.
    """
    last, term = asked("retention", as_of), whole("years", years, least=1)
    people = collect(
        contacts, "id", "account_id", "first_name", "last_name", "anonymised_on"
    ).astype({"first_name": "str", "last_name": "str"})
    firms = collect(
        accounts, "id", "name", "status", "entered_on", "owner_id", "owner", "siren", "siret",
        "anonymised_on",
    ).set_index("id")  # fmt: skip
    unnamed = _unnamed(firms, people["account_id"], activities, opportunities)
    people = people.assign(
        account=looked_up(people["account_id"], firms["name"]),
        status=looked_up(people["account_id"], firms["status"]),
        owner_id=looked_up(people["account_id"], firms["owner_id"]),
        owner=looked_up(people["account_id"], firms["owner"]),
        entered_on=looked_up(people["account_id"], firms["entered_on"]),
    )
    people = people[(people["status"] != Status.CLIENT.value).fillna(value=True)]
    heard = pd.concat(
        [
            _heard(people, activities, opportunities, consents),
            people.set_index("id")["entered_on"],
        ]
    )
    newest = heard.groupby(level=0).max() if len(heard) else heard
    entered = collect(contact_entries, "contact_id", "recorded_at").set_index("contact_id")
    first = looked_up(people["id"], entered["recorded_at"].dt.normalize())
    people = people.assign(last_contact=looked_up(people["id"], newest).fillna(first))
    due = people["last_contact"] + pd.DateOffset(years=term)
    told = collect(retention_warnings, "contact_id", "warned_on", "last_contact", "until")
    told = told.set_index("contact_id")
    upon = looked_up(people["id"], told["last_contact"])
    lifted = upon.isna() | (people["last_contact"] > upon)
    warned = looked_up(people["id"], told["warned_on"]).mask(lifted)
    until = looked_up(people["id"], told["until"]).mask(lifted)
    now = pd.Timestamp(midnight(last))
    over = (until <= now) & (warned < now)
    state = np.select(
        [people["anonymised_on"].notna(), due.isna(), over, warned.notna()],
        ["anonymised", "undated", "ready", "warned"],
        "due",
    )
    names = people["first_name"].fillna("") + " " + people["last_name"].fillna("")
    found = people.assign(name=names.str.strip(), warned_on=warned, until=until, state=state)
    found = pd.concat([found, unnamed], ignore_index=True)
    due = found["last_contact"] + pd.DateOffset(years=term)
    found = found.assign(due_on=due, days_over=(now - due).dt.days.astype("Int64"))
    found = found[due.isna() | (due <= now)]
    return give(found.sort_values(["due_on", "id"], kind="stable"), contacts, SILENT)


def _unnamed(
    firms: pd.DataFrame,
    named: pd.Series[Any],
    activities: nw.LazyFrame[Any],
    opportunities: nw.LazyFrame[Any],
) -> pd.DataFrame:
    """Accounts that may each be a person, as rows of the result."""
    bare = firms["siren"].isna() & firms["siret"].isna() & ~firms.index.isin(named.dropna())
    found = firms[bare & (firms["status"] != Status.CLIENT.value).fillna(value=True)]
    signs = [
        collect(frame.select("account_id", day), "account_id", day)
        .set_index("account_id")[day]
        .loc[lambda days: days.index.isin(found.index)]
        for frame, day in (
            (activities.filter(nw.col("two_way")), "date"),
            (opportunities, "created_on"),
        )
    ]
    heard = pd.concat([*signs, found["entered_on"]]).dropna()
    newest = heard.groupby(level=0).max() if len(heard) else heard
    id_ = pd.Series(found.index, index=found.index)
    never = pd.Series(pd.NaT, index=found.index, dtype="datetime64[us]")
    return found.assign(
        id=pd.array([None] * len(found), dtype="Int64"),
        account_id=id_,
        account=found["name"],
        last_contact=looked_up(id_, newest),
        warned_on=never,
        until=never,
        state=np.where(found["anonymised_on"].notna(), "anonymised", "unnamed"),
    )


def _heard(
    people: pd.DataFrame,
    activities: nw.LazyFrame[Any],
    opportunities: nw.LazyFrame[Any],
    consents: nw.LazyFrame[Any],
) -> pd.Series[Any]:
    """Days on which people gave a sign, by their id."""
    both = activities.filter(nw.col("two_way"))
    named = both.filter(~nw.col("contact_id").is_null())
    alone = both.filter(nw.col("contact_id").is_null(), ~nw.col("account_id").is_null())
    theirs = people[["id", "account_id"]].dropna().set_index("account_id")["id"]
    firm = collect(
        alone.select("account_id", "date").group_by("account_id").agg(nw.col("date").max()),
        "account_id",
        "date",
    ).set_index("account_id")["date"]
    of_firm = pd.Series(
        looked_up(pd.Series(theirs.index), firm).array, index=pd.Index(theirs.array)
    )
    given = consents.filter(nw.col("state") == ConsentState.GIVEN.value)
    parts = [
        collect(
            frame.select("contact_id", day)
            .filter(~nw.col("contact_id").is_null())
            .group_by("contact_id")
            .agg(nw.col(day).max()),
            "contact_id",
            day,
        ).set_index("contact_id")[day]
        for frame, day in ((named, "date"), (opportunities, "created_on"), (given, "date"))
    ]
    heard: pd.Series[Any] = pd.concat([*parts, of_firm]).dropna()
    return heard
