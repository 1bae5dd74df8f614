"""Groups of companies: trees of up to four levels, and the sheets that joined, left or moved."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from make.world import TODAY, between, chance, siret

if TYPE_CHECKING:
    import random

    from make.companies import Account
    from make.people import Names

WHITE_SPACE = "Groupe Castelnau"
"""Sixteen companies, of which ten have never been invoiced."""
BUYER, SOLD = "Groupe Etcheverry", "Groupe Larrieu"
"""On `SOLD_ON`, a subsidiary of the second, with its own, passes to the first."""
SOLD_ON = dt.date(2025, 7, 1)
DEEPEST = 4
NAMED = (WHITE_SPACE, BUYER, SOLD)


class Group:
    """A tree that grows member by member."""

    def __init__(self, name: str, root: Account) -> None:
        self.name = name
        self.short = name.removeprefix("Groupe ")
        self.members = [root]
        self.level = {root.code: 1}
        self.above: dict[str, str] = {}
        root.name = name

    def add(self, account: Account, parent: Account, day: dt.date) -> None:
        """Put a company under another from a day on."""
        self.members.append(account)
        self.level[account.code] = self.level[parent.code] + 1
        self.above[account.code] = parent.code
        if day > account.entered_on and not account.parents:
            account.parents.append((account.entered_on, ""))
        account.parents.append((day, parent.code))

    def size(self, account: Account) -> int:
        """The number of companies in a member's branch, itself included."""
        under = [m for m in self.members if self.above.get(m.code) == account.code]
        return 1 + sum(self.size(member) for member in under)

    def place(self, rng: random.Random) -> Account:
        """A member under which there is room, the lower the likelier."""
        open_ = [m for m in self.members if self.level[m.code] < DEEPEST]
        return rng.choices(open_, [self.level[m.code] ** 2 for m in open_])[0]


def _grow(rng: random.Random, group: Group, members: list[Account], names: set[str]) -> None:
    for account in sorted(members, key=lambda a: a.entered_on):
        group.add(account, group.place(rng), account.entered_on)
        trade = account.sector.split(" ")[0]
        name = f"{group.short} {trade} {account.city}"
        number = 2
        while name in names:
            name = f"{group.short} {trade} {account.city} {number}"
            number += 1
        names.add(name)
        account.name = name


def _sizes(rng: random.Random) -> list[int]:
    """How many companies each group has below its head; the named ones come first."""
    return [15, 9, 11, *(rng.choices((1, 2, 3, 4, 6, 8, 11), (20, 18, 12, 8, 6, 4, 2), k=67))]


def build(accounts: list[Account], pool: Names) -> list[Group]:
    """Tie some 340 sheets into 70 groups, then let some join, leave and move."""
    rng = chance("groups")
    sizes = _sizes(rng)
    plain = [a for a in accounts if a.siren and not a.name.isupper()]
    clients = [a for a in plain if a.status == "client"]
    others = [a for a in plain if a.status != "client"]
    rng.shuffle(clients)
    rng.shuffle(others)
    titles = (*NAMED, *(f"Groupe {last}" for last in pool.last[-len(sizes) :]))
    groups, names = [], {a.name for a in accounts}
    for title, size in zip(titles, sizes, strict=False):
        buying = 5 if title == WHITE_SPACE else sum(rng.random() < 0.55 for _ in range(size))
        members = [clients.pop() for _ in range(buying)]
        members += [others.pop() for _ in range(size - buying)]
        first = min(members, key=lambda a: a.entered_on)
        roots = [a for a in clients if a.entered_on <= first.entered_on]
        root = min(roots or clients, key=lambda a: a.entered_on)
        clients.remove(root)
        group = Group(title, root)
        root.size = max(root.size, 3.0)
        _grow(rng, group, members, names)
        groups.append(group)
    _sell(groups)
    _join(rng, groups, clients, others)
    _leave(rng, groups)
    _branches(rng, groups)
    return groups


def _sell(groups: list[Group]) -> None:
    """Let a branch of some five companies pass from one group to the other."""
    by_name = {group.name: group for group in groups}
    sold, buyer = by_name[SOLD], by_name[BUYER]
    head = min(sold.members[1:], key=lambda m: (abs(sold.size(m) - 5), m.code))
    head.parents.append((SOLD_ON, buyer.members[0].code))


def _join(
    rng: random.Random, groups: list[Group], clients: list[Account], others: list[Account]
) -> None:
    """Let 36 companies be bought by a group after they had entered the file."""
    early = dt.date(2025, 6, 1)
    lone = [a for a in clients if a.entered_on < early][:20]
    lone += [a for a in others if a.entered_on < early][:16]
    for account in lone:
        group = rng.choice(groups[3:])
        first = max(account.entered_on + dt.timedelta(days=60), dt.date(2024, 2, 1))
        day = between(rng, first, TODAY - dt.timedelta(days=30))
        group.add(account, group.members[0], day)


def _leave(rng: random.Random, groups: list[Group]) -> None:
    """Let ten companies without subsidiaries leave their group."""
    leaves = [
        m
        for group in groups[3:]
        for m in group.members[1:]
        if m.code not in group.above.values() and len(m.parents) == 1
    ]
    for account in rng.sample(leaves, 10):
        first = max(account.entered_on + dt.timedelta(days=90), dt.date(2024, 6, 1))
        account.parents.append((between(rng, first, TODAY - dt.timedelta(days=20)), ""))


def _branches(rng: random.Random, groups: list[Group]) -> None:
    """Make 40 subsidiaries establishments: their parent's SIREN, a SIRET of their own."""
    by_code = {m.code: m for group in groups for m in group.members}
    leaves = [
        m
        for group in groups[3:]
        for m in group.members[1:]
        if m.code not in group.above.values() and m.parent == group.above[m.code]
    ]
    used: dict[str, int] = {}
    for account in rng.sample(leaves, 40):
        head = by_code[account.parent].siren
        used[head] = used.get(head, 1) + 1
        account.siren, account.siret = head, siret(head, used[head])
