"""Who is meant, and all that the store knows them by, now and in the past."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import func, select

from workbench.errors import UnknownName
from workbench.store.privacy.fields import placeholder
from workbench.store.privacy.mentions import SHORTEST, Known, digits, fold, full_name, words
from workbench.store.rows import table_of
from workbench.store.schema import (
    Account,
    Activity,
    Change,
    Contact,
    Contract,
    Opportunity,
    Rep,
    User,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

EXACT = ("name", "siren", "siret", "iban", "customer_code")  # of an account that is a person
SURE = 6  # letters or digits of a word of theirs that is looked for anywhere


@dataclass(frozen=True)
class Person:
    """Records that are one person: contacts, and companies that are nobody but them."""

    contacts: tuple[int, ...]
    accounts: tuple[int, ...] = ()
    known: Known = field(default_factory=Known, repr=False)


def find(connection: Connection, text: str) -> Person:
    """The person of that contact number or e-mail; `account:8788` for a company that is one.

    An e-mail stands for all contacts who have it.

    Raises:
        UnknownName: nobody is found by it.
    """
    kind, _, number = text.rpartition(":")
    if kind in {"", "contact"} and number.isdecimal():
        there = connection.scalar(select(Contact.id).where(Contact.id == int(number)))
        found = Person((there,)) if there else None
    elif kind == "account" and number.isdecimal():
        there = connection.scalar(select(Account.id).where(Account.id == int(number)))
        of = select(Contact.id).where(Contact.account_id == int(number)).order_by(Contact.id)
        found = Person(tuple(connection.scalars(of)), (there,)) if there else None
    else:
        by_mail = select(Contact.id).where(func.lower(Contact.email) == text.strip().lower())
        ids = tuple(connection.scalars(by_mail.order_by(Contact.id)))
        found = Person(ids) if ids else None
    if found is None:
        raise UnknownName("person (a contact's number or e-mail, or account:NUMBER)", text, [])
    return found


def known(
    connection: Connection, people: Iterable[Person], also: Iterable[str] = ()
) -> list[Person]:
    """The people with all that they are known by; `also`: other words that are theirs."""
    others, words_ = Others(connection), list(also)
    return [others.knowing(person, words_) for person in people]


def still_known(connection: Connection, person: Person) -> Person:
    """The person without the records that are anonymised already."""
    contact = select(Contact.id).where(
        Contact.id.in_(person.contacts), Contact.anonymised_on.is_(None)
    )
    account = select(Account.id).where(
        Account.id.in_(person.accounts), Account.anonymised_on.is_(None)
    )
    return Person(
        tuple(connection.scalars(contact.order_by(Contact.id))),
        tuple(connection.scalars(account.order_by(Account.id))),
    )


@dataclass
class Others:
    """What everybody is known by, to tell what is one person's alone; read once for many."""

    connection: Connection

    def __post_init__(self) -> None:
        run = self.connection.execute
        contact = (Contact.id, Contact.first_name, Contact.last_name, Contact.email, Contact.phone)
        self.contacts = run(select(*contact)).all()
        self.accounts = run(
            select(Account.id, Account.name, Account.city, Account.street, Account.phone)
        ).all()
        self._contact = {row.id: row for row in self.contacts}
        self._account = {row.id: row for row in self.accounts}
        staff = [*run(select(Rep.name)).scalars(), *run(select(User.name)).scalars()]
        self.full: Counter[str] = Counter(" ".join(words(name)) for name in staff)
        self.full += Counter(
            full_name(row.first_name or "", row.last_name or "") for row in self.contacts
        )
        self.emails = Counter((row.email or "").lower() for row in self.contacts)
        self.phones = Counter(
            digits(row.phone or "") for rows in (self.contacts, self.accounts) for row in rows
        )
        self.said: Counter[str] = Counter(word for name in staff for word in set(words(name)))
        for row in self.contacts:
            self.said.update({*words(row.first_name or ""), *words(row.last_name or "")})
        for row in self.accounts:
            texts = (row.name, row.city, row.street)
            self.said.update({word for text in texts for word in words(text or "")})

    def knowing(self, person: Person, also: Iterable[str] = ()) -> Person:
        """The person with all that they are known by.

        Args:
            person: their records.
            also: other words that are theirs: a maiden name, a nickname.
        """
        held = _held(self.connection, "contact", person.contacts)
        company = _held(self.connection, "account", person.accounts)
        known = Known(
            first=frozenset(held["first_name"]),
            last=frozenset(held["last_name"]),
            emails=frozenset(held["email"]),
            phones=frozenset(held["phone"] | company["phone"]),
            exact=frozenset(
                one
                for name in EXACT
                for one in company[name]
                if sum(sign.isalnum() for sign in one) >= SURE or name == "name"
            )
            | frozenset(also),
        )
        return replace(
            person,
            known=replace(
                known, shared=self._shared(person, known), common=self._common(person, known)
            ),
        )

    def apart(self, known: Known) -> Known:
        """What somebody who isn't in the store is known by, what others share with them told."""
        return replace(known, shared=self._shared(Person(()), known))

    def _shared(self, person: Person, known: Known) -> frozenset[str]:
        """Full names, addresses and numbers that others have too."""
        mine = [self._contact[id_] for id_ in person.contacts]
        own = Counter(full_name(row.first_name or "", row.last_name or "") for row in mine)
        mails = Counter((row.email or "").lower() for row in mine)
        firms = [self._account[id_] for id_ in person.accounts]
        numbers = Counter(digits(row.phone or "") for row in [*mine, *firms])
        full = {full_name(first, last) for first in known.first for last in known.last}
        return frozenset(
            {one for one in full if self.full[one] > own[one]}
            | {one.lower() for one in known.emails if self.emails[one.lower()] > mails[one.lower()]}
            | {
                digits(one)
                for one in known.phones
                if self.phones[digits(one)] > numbers[digits(one)]
            }
        )

    def _common(self, person: Person, known: Known) -> frozenset[str]:
        """Last names that are other people's, a company's, a place's, or an ordinary word."""
        mine = [self._contact[id_] for id_ in person.contacts]
        own = Counter(
            word for row in mine
            for word in {*words(row.first_name or ""), *words(row.last_name or "")}
        )  # fmt: skip
        for id_ in person.accounts:
            own.update({word for one in self._account[id_][1:4] for word in words(one or "")})
        found = set()
        for last in known.last:
            parts = words(last)
            taken = any(self.said[word] > own[word] for word in parts) and len(parts) == 1
            if (
                taken
                or len("".join(parts)) < SHORTEST
                or (parts and parts[0] in self._ordinary(parts))
            ):
                found.add(last)
        return frozenset(found)

    def _ordinary(self, parts: list[str]) -> set[str]:
        """Of some words, those that texts use without a capital."""
        if not hasattr(self, "_small"):
            self._small: set[str] = set()
            for column in (Activity.subject, Opportunity.name, Account.notes, Account.next_step,
                           Contract.subject):  # fmt: skip
                for text in self.connection.scalars(select(column).distinct()):
                    self._small.update(
                        fold(word)
                        for word in (text or "").split()
                        if word.isalpha() and word.islower()
                    )
        return self._small.intersection(parts)


def _held(connection: Connection, entity: str, ids: tuple[int, ...]) -> dict[str, set[str]]:
    """All values that the fields of some records have or had."""
    found: dict[str, set[str]] = defaultdict(set)
    if not ids:
        return found
    table = table_of(entity)
    for row in connection.execute(select(table).where(table.c.id.in_(ids))).mappings():
        _take(found, dict(row))
    query = select(Change.op, Change.field, Change.old, Change.new).where(
        Change.entity == entity, Change.record_id.in_(ids)
    )
    for op, name, old, new in connection.execute(query):
        for text in (old, new):
            value: Any = None if text is None else orjson.loads(text)
            _take(found, {str(name): value} if op == "set" else value or {})
    return found


def _take(found: dict[str, set[str]], values: dict[str, Any]) -> None:
    for name, value in values.items():
        if isinstance(value, str) and value.strip() and not placeholder(value):
            found[name].add(value.strip())
