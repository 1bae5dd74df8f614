"""Where a text names a person: by full name, e-mail or phone anywhere, by less where it is theirs.

Names are found however they are written: capitals, accents, hyphens, ligatures, last name first.
How much is enough depends on where the text stands: in a note of their own a first name alone is
them; in a stranger's file it takes what nobody else bears.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import orjson

from workbench.store.privacy.fields import MASK

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

_ACCENTS = re.compile("[\u0300-\u036f]+")
WORD = re.compile(r"[^\W\d_]+")
PART = re.compile(r"[^\W\d_]+|\d+")
_GAP = r"[\W_]{0,3}"
_SPACE = r"[\W_]{1,3}"
_TITLES = r"(?:m|mr|mme|mlle|me|dr|pr|ms|mrs|monsieur|madame|mademoiselle|maître|docteur)"
_BEFORE, _AFTER = r"(?<![^\W\d_])", r"(?![^\W\d_])"
_NEVER = re.compile(r"(?!)")
SHORTEST = 3  # letters of a name that is looked for by itself
FEW = 60  # parts of names up to which each is looked for in a text before its words are
_NUMBER = re.compile(r"\d(?:[\s.\-/()]*\d){8}")
_JOINTS = re.compile(r"(?<=\d)[\s.\-/()]+(?=\d)")
PHONE_DIGITS = 9  # the last so many tell a number, with or without the country's
_LONG = re.compile(rf"\d{{{PHONE_DIGITS},}}")


class Reach(IntEnum):
    """How near a text is to the person."""

    FAR = 0  # anywhere in the store
    NEAR = 1  # of their company
    CLOSE = 2  # of themselves


def fold(text: str) -> str:
    """A text without capitals, accents and ligatures.

    >>> fold("Zoé Œuvrard-LÉGER")
    'zoe oeuvrard-leger'
    """
    if not text.isascii():
        text = text.replace("œ", "oe").replace("Œ", "OE").replace("æ", "ae").replace("Æ", "AE")
        text = _ACCENTS.sub("", unicodedata.normalize("NFD", text))
    return text.casefold()


def words(text: str) -> list[str]:
    """The words of a text, folded."""
    return WORD.findall(fold(text))


def digits(text: str) -> str:
    """The last digits of a phone number; empty where there are too few.

    >>> digits("+33 (0)5 56 11 22 33") == digits("05.56.11.22.33")
    True
    """
    found = re.sub(r"\D", "", text)
    return found[-PHONE_DIGITS:] if len(found) >= PHONE_DIGITS else ""


@cache
def _variants() -> dict[str, str]:
    """Per plain letter, those that differ from it by an accent alone."""
    found: dict[str, str] = {}
    for code in range(0xC0, 0x250):
        plain = fold(chr(code))
        if len(plain) == 1 and plain != chr(code):
            found[plain] = found.get(plain, "") + chr(code)
    return found


def spelled(name: str, part: re.Pattern[str] = WORD) -> str:
    """A pattern that finds a name however its letters are accented and its parts joined.

    Args:
        name: as it is written somewhere.
        part: what of it counts: its words, or its numbers too.
    """
    return _GAP.join(
        _figures(one) if one.isdecimal() else _letters(one) for one in part.findall(fold(name))
    )


def _letters(word: str) -> str:
    joined = "".join(f"[{sign}{_variants().get(sign, '')}][\u0300-\u036f]*" for sign in word)
    for ligature, pair in (("œ", "oe"), ("æ", "ae"), ("ß", "ss")):
        plain = "".join(f"[{s}{_variants().get(s, '')}][\u0300-\u036f]*" for s in pair)
        joined = joined.replace(plain, f"(?:{ligature}|{plain})")
    return joined


def _figures(number: str) -> str:
    """A long number is also written in groups."""
    return r"[\s.\-]?".join(number) if len(number) >= PHONE_DIGITS else number


def _number(phone: str) -> str:
    one_by_one = r"[\s.\-/()]*".join(digits(phone))
    return rf"(?<!\d)(?:(?:\+|00)\d{{1,3}}[\s.\-/()]*0?[\s.\-/()]*|0[\s.\-/()]*)?{one_by_one}(?!\d)"


def _address(email: str) -> str:
    return rf"(?<![\w.+-]){re.escape(email)}(?![\w-])"


def _any(patterns: Iterable[str]) -> re.Pattern[str]:
    listed = sorted(set(patterns), key=len, reverse=True)
    return re.compile("|".join(listed), re.IGNORECASE) if listed else _NEVER


@dataclass(frozen=True)
class Known:
    """What a person is known by, now and in the past; what others share with them set apart.

    Attributes:
        first: first names.
        last: last names.
        emails: addresses.
        phones: numbers.
        exact: other words that are theirs: the name of a company that is a person, its numbers.
        shared: of the full names (folded), e-mails and phones, those that others have too.
        common: of the last names, those that mean something else, too.
    """

    first: frozenset[str] = frozenset()
    last: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    exact: frozenset[str] = frozenset()
    shared: frozenset[str] = frozenset()
    common: frozenset[str] = frozenset()

    def _full(self) -> list[tuple[str, str]]:
        pairs = [(f, n) for f in self.first for n in self.last if words(f) and words(n)]
        return [
            (full_name(f, n), rf"{_BEFORE}(?:{spelled(a)}{_SPACE}{spelled(b)}){_AFTER}")
            for f, n in pairs
            for a, b in ((f, n), (n, f))
        ]

    @cached_property
    def far(self) -> re.Pattern[str]:
        """What is enough anywhere."""
        found = [pattern for name, pattern in self._full() if name not in self.shared]
        found += [_address(one) for one in self.emails if one.lower() not in self.shared]
        found += [
            _number(one) for one in self.phones if digits(one) and digits(one) not in self.shared
        ]
        found += [rf"(?<!\w){spelled(one, PART)}(?!\w)" for one in self.exact if PART.search(one)]
        found += [
            f"{_BEFORE}{spelled(one)}{_AFTER}" for one in self._lone if one not in self.common
        ]
        return _any(found)

    @property
    def _lone(self) -> list[str]:
        return [one for one in self.last if len("".join(words(one))) >= SHORTEST]

    @cached_property
    def near(self) -> re.Pattern[str]:
        """What is enough in a text of their company: title or initial before the last name."""
        found = [pattern for _, pattern in self._full()]
        for last in self.last:
            if not words(last):
                continue
            initials = "|".join(sorted({words(one)[0][0] for one in self.first if words(one)}))
            lead = f"(?:{_TITLES}{f'|{initials}' if initials else ''})"
            found.append(rf"{_BEFORE}{lead}\.?{_SPACE}{spelled(last)}{_AFTER}")
        return _any([self.far.pattern, *found])

    @cached_property
    def close(self) -> re.Pattern[str]:
        """What is enough in a text about themselves: any of their names."""
        alone = [f"{_BEFORE}{spelled(one)}{_AFTER}" for one in self.first | self.last if words(one)]
        whole = [_address(one) for one in self.emails] + [
            _number(one) for one in self.phones if digits(one)
        ]
        return _any([self.near.pattern, *alone, *whole])

    @cached_property
    def lone(self) -> re.Pattern[str]:
        """The last name by itself, which may be somebody else's."""
        return _any(f"{_BEFORE}{spelled(one)}{_AFTER}" for one in self._lone)

    def at(self, reach: Reach) -> re.Pattern[str]:
        """The pattern of that reach."""
        return (self.far, self.near, self.close)[reach]

    def told_by(self, text: str) -> bool:
        """Whether a whole document names them, be it with the names in separate cells."""
        if self.far.search(text):
            return True
        alone = [
            [re.compile(f"{_BEFORE}{spelled(one)}{_AFTER}", re.IGNORECASE) for one in names]
            for names in (self.first, self.last)
        ]
        return all(any(one.search(text) for one in names) for names in alone if names) and bool(
            self.first and self.last
        )

    @property
    def tokens(self) -> dict[str, str]:
        """Words and numbers of which at least one stands in any text that names them.

        By each, the part of a name that it is, or that it is joined of.
        """
        listed = [words(one) for one in (*self.first, *self.last, *self.emails)]
        listed += [words(one) or PART.findall(one) for one in self.exact]
        return {run: longest for parts in listed if parts for run, longest in _runs(parts).items()}

    @property
    def numbers(self) -> set[str]:
        """Digits of which some stand in any text that gives their number, grouped or not."""
        exact = {re.sub(r"\D", "", one)[-PHONE_DIGITS:] for one in self.exact if not words(one)}
        return {digits(one) for one in self.phones} | exact - {""}


def _runs(parts: list[str]) -> dict[str, str]:
    """The words one of which a text has where it has a name: its longest, joined to others or not.

    >>> _runs(["le", "goff"])
    {'legoff': 'goff', 'goff': 'goff'}
    """
    at = max(range(len(parts)), key=lambda i: len(parts[i]))
    return {
        "".join(parts[first:last]): parts[at]
        for first in range(at + 1)
        for last in range(at + 1, len(parts) + 1)
    }


def full_name(first: str, last: str) -> str:
    """First and last name in one form, by which two people are told apart."""
    return " ".join([*words(first), *words(last)])


@dataclass
class Mentions:
    """Takes people out of texts.

    Attributes:
        people: what each is known by.
        reach: how near a record is to a person: index in `people`, entity, id.
        parts: of names, one of which stands in any text that names them otherwise than by number.
    """

    people: list[Known]
    reach: Callable[[int, str, int], Reach] = field(default=lambda _who, _entity, _id: Reach.FAR)

    def __post_init__(self) -> None:
        self._by_word: dict[str, list[int]] = {}
        self._by_number: dict[str, list[int]] = {}
        self.parts = {part for known in self.people for part in known.tokens.values()}
        for who, known in enumerate(self.people):
            for held, tokens in ((self._by_word, known.tokens), (self._by_number, known.numbers)):
                for token in tokens:
                    held.setdefault(token, []).append(who)

    @property
    def numbers(self) -> Collection[str]:
        """The digits that are looked for."""
        return self._by_number.keys()

    def named(self, text: str) -> list[int]:
        """Who may be named in a text: few, found quickly, the same however many are looked for."""
        found: list[int] = []
        plain = fold(text)
        # For a few, most texts are passed over by this; what it lets through is told by the words.
        if len(self.parts) > FEW or any(part in plain for part in self.parts):
            parts = PART.findall(plain)
            if not self._by_word.keys().isdisjoint(parts):
                found += [who for part in parts for who in self._by_word.get(part, ())]
        if self._by_number and _NUMBER.search(text):
            for run in _LONG.findall(_JOINTS.sub("", text)):
                for at in range(len(run) - PHONE_DIGITS + 1):
                    found += self._by_number.get(run[at : at + PHONE_DIGITS], ())
        return list(dict.fromkeys(found))

    def spared(self, raw: str) -> bool:
        """Whether nobody is named in what may be JSON, so long as it escapes nothing."""
        return "\\" not in raw and not self.named(raw)

    def masked(self, text: str, entity: str = "", id_: int = 0) -> str:
        """The text without them."""
        for who in self.named(text):
            reach = self.reach(who, entity, id_)
            text = self.people[who].at(reach).sub(MASK, text)
        return text

    def masked_json(self, text: str, entity: str = "", id_: int = 0) -> str:
        """JSON with each text in it masked; as it was where nothing is."""
        value = orjson.loads(text)
        found = self._walked(value, entity, id_)
        return text if found == value else orjson.dumps(found).decode()

    def _walked(self, value: Any, entity: str, id_: int) -> Any:
        if isinstance(value, str):
            return self.masked(value, entity, id_)
        if isinstance(value, dict):
            return {
                self.masked(k, entity, id_): self._walked(v, entity, id_) for k, v in value.items()
            }
        if isinstance(value, list):
            return [self._walked(one, entity, id_) for one in value]
        return value


def parsed(text: str) -> bool:
    """Whether a text is JSON that may hold other texts."""
    if text[:1] not in ('"', "{", "["):
        return False
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True
