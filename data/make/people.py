"""The sales force: a director, four managers, 24 reps, and who worked under whom from when."""

from __future__ import annotations

import datetime as dt
import unicodedata
from dataclasses import dataclass, field

from faker import Faker

from make.world import OPENED, History

TEAMS: dict[str, tuple[str, ...]] = {
    "M1": ("33M",),
    "M2": ("33", "40"),
    "M3": ("64",),
    "M4": ("47", "24"),
}
FIRST_TEAM = {"M1": range(1, 8), "M2": range(8, 16), "M3": range(16, 21), "M4": range(21, 25)}

MOVED = "R05"
"""The best seller of 2025, who changed team on 1 January 2026."""
MOVES: tuple[tuple[str, dt.date, str], ...] = (
    ("R18", dt.date(2024, 9, 2), "M2"),
    ("R12", dt.date(2025, 4, 1), "M1"),
    ("R18", dt.date(2025, 9, 1), "M3"),
    (MOVED, dt.date(2026, 1, 1), "M3"),
    ("R22", dt.date(2026, 4, 1), "M2"),
)
FADING = "R14"
"""The rep whose activity falls."""
FADES_FROM = dt.date(2026, 3, 1)
NEWCOMERS = {"R07": dt.date(2024, 9, 2), "R20": dt.date(2025, 3, 3)}

KINDS = {
    **dict.fromkeys(("R03", "R10", "R15", "R19", "R23"), "inside"),
    **dict.fromkeys((MOVED, "R09", "R17", "R21"), "key_account"),
    "R13": "partner",
}


@dataclass
class Rep:
    """A rep, manager or director."""

    code: str
    name: str
    kind: str
    entered_on: dt.date
    managers: list[tuple[dt.date, str]] = field(default_factory=list)

    @property
    def manager(self) -> str:
        """Today's manager; none for the director."""
        return self.managers[-1][1] if self.managers else ""

    @property
    def email(self) -> str:
        """An address in the domain kept for examples."""
        return f"{slug(self.name, '.')}@aquibat.example"


def slug(text: str, joint: str = "-") -> str:
    """A text as it stands in an address.

    >>> slug("Société L'Hélène")
    'societe-l-helene'
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return joint.join("".join(c if c.isalnum() else " " for c in plain).split())


@dataclass(frozen=True)
class Names:
    """French names to draw from, in Faker's own order."""

    women: tuple[str, ...]
    men: tuple[str, ...]
    last: tuple[str, ...]


def names() -> Names:
    """A pool of French names, the same for the same release of Faker."""
    fake = Faker("fr_FR")
    fake.seed_instance(33000)
    women = dict.fromkeys(fake.first_name_female() for _ in range(400))
    men = dict.fromkeys(fake.first_name_male() for _ in range(400))
    last = dict.fromkeys(fake.last_name() for _ in range(3000))
    return Names(tuple(women), tuple(men), tuple(n for n in last if " " not in n))


def reps(pool: Names, history: History) -> list[Rep]:
    """The 29 of the sales force, managers before those whom they lead."""
    given = [name for pair in zip(pool.women, pool.men, strict=False) for name in pair]
    named = [f"{first} {last}" for first, last in zip(given, pool.last[40:], strict=False)]
    people = [Rep("DIR", named[0], "director", dt.date(2021, 1, 4))]
    for rank, team in enumerate(TEAMS):
        manager = Rep(team, named[1 + rank], "manager", dt.date(2021, 2, 1))
        manager.managers.append((manager.entered_on, "DIR"))
        people.append(manager)
    for team, numbers in FIRST_TEAM.items():
        for number in numbers:
            code = f"R{number:02d}"
            entered = NEWCOMERS.get(code, OPENED - dt.timedelta(days=14 * (number % 9)))
            rep = Rep(code, named[4 + number], KINDS.get(code, "field"), entered)
            rep.managers.append((entered, team))
            people.append(rep)
    by_code = {rep.code: rep for rep in people}
    for code, day, team in MOVES:
        by_code[code].managers.append((day, team))
    for rep in people:
        history.note("rep", rep.code, "manager", rep.managers or [(rep.entered_on, "")])
    return people


def team_on(rep: Rep, day: dt.date) -> str:
    """The manager under whom a rep worked on a day."""
    return [manager for since, manager in rep.managers if since <= day][-1]
