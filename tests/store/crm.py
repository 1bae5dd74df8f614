"""A CRM whose files change from load to load, and what the three-way comparison makes of it.

The model keeps, by field, the values upon which the source and the store last agreed: what loads
wrote, what a load showed of ours, what somebody settled. What a load that was undone wrote no
longer counts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.store.company import TODAY
from workbench.settings import SourceSettings
from workbench.sources.load import load

if TYPE_CHECKING:
    from pathlib import Path

Key = tuple[str, str, str]  # entity, code, field
ACCOUNTS = ("K1", "K2")
STARTS: dict[Key, Any] = {
    ("account", "K1", "segment"): "gros",
    ("account", "K2", "segment"): "petit",
    ("opportunity", "D1", "amount"): 100.0,
    ("opportunity", "D1", "stage"): "A",
    ("opportunity", "D2", "amount"): 200.5,
    ("opportunity", "D2", "stage"): "N",
}


@dataclass
class Crm:
    """The source's files.

    Attributes:
        folder: where they are.
        says: what they say, by field.
        papers: rows of documents: kind, state, account, deal.
    """

    folder: Path
    says: dict[Key, Any] = field(default_factory=lambda: dict(STARTS))
    papers: list[tuple[str, str, str, str]] = field(default_factory=list)

    def load(self, engine: Any) -> None:
        """Write the files, and load them."""
        of = self.says
        self._write(
            "accounts", "code,name,segment",
            [f"{code},Compte {code},{of['account', code, 'segment']}" for code in ACCOUNTS],
        )  # fmt: skip
        self._write(
            "opportunities", "code,name,account,pipeline,stage,amount,close_date",
            [
                f"{code},Affaire {code},{account},spanco,{of['opportunity', code, 'stage']},"
                f"{of['opportunity', code, 'amount']},2027-01-01"
                for code, account in (("D1", "K1"), ("D2", "K2"))
            ],
        )  # fmt: skip
        self._write(
            "documents", "code,kind,state,account,opportunity,date,amount",
            [
                f"P{at},{kind},{state},{account},{deal},2026-09-01,10"
                for at, (kind, state, account, deal) in enumerate(self.papers)
            ],
        )  # fmt: skip
        load(engine, [SourceSettings(kind="crm", path=self.folder)], user="loader", today=TODAY)

    def _write(self, name: str, head: str, lines: list[str]) -> None:
        (self.folder / f"{name}.csv").write_text("\n".join([head, *lines, ""]), "utf-8")


@dataclass
class Agreed:
    """What the source and the store agreed upon, by field, the last at the end; and undoing.

    Attributes:
        words: by field, each value with the batch that wrote it, None where none did.
        undoes: by a batch that undoes, the one that it undoes.
    """

    words: dict[Key, list[tuple[str | None, Any]]] = field(default_factory=dict)
    undoes: dict[str, str] = field(default_factory=dict)

    def stands(self, batch: str | None) -> bool:
        """Whether a batch isn't undone; an undoing may be undone itself."""
        return not any(self.stands(by) for by, of in self.undoes.items() if of == batch)

    def last(self, key: Key) -> Any:
        """Upon what they agree now."""
        return [value for batch, value in self.words[key] if self.stands(batch)][-1]

    def judge(self, key: Key, ours: Any, theirs: Any, ruled: Any) -> tuple[Any, bool]:
        """What is to stand after a load says `theirs`, and whether it is a conflict.

        A value that a rule made and nobody has looked at counts as not ours.
        """
        last = self.last(key)
        if theirs in (ours, last):
            return ours, False
        if ours in (last, ruled):
            return theirs, False
        return ours, True
