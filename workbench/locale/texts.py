"""Keeping `en.po` complete: every text that the code shows, found by reading the code.

A text is the literal first argument of `t(…)`, in a template too, or `msg(…)`, the first two of
`plural(…)`, and the label of each word of the vocabulary, under the name of its enum ("Aucun" is
not the same of a need and of a role).
"""

from __future__ import annotations

import ast
import re
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from babel.messages.pofile import read_po, write_po

from workbench import vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from babel.messages.catalog import Catalog

ROOT = Path(__file__).parents[2]
SHOWN = (ROOT / "workbench", ROOT / "dashboards")
ENGLISH = Path(str(files(__package__).joinpath("en.po")))
HEADER = (
    "# English of every text on screen. The French text is the message id; add it in the code,\n"
    "# run `python -m workbench.locale`, and fill in what it left empty."
)


class Text(NamedTuple):
    """A text on screen: its French, its plural if it has one, its context if it needs one."""

    one: str
    many: str | None = None
    context: str | None = None

    @property
    def id(self) -> str | tuple[str, str]:
        """How a catalog knows it."""
        return (self.one, self.many) if self.many else self.one


def in_source(source: str) -> Iterator[Text]:
    """The texts that a module's source shows.

    >>> list(in_source('loc.t("Comptes"); plural(n, "{n} deal", "{n} deals")'))[1].many
    '{n} deals'
    """
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        literals = [
            argument.value
            for argument in node.args
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
        ]
        match name, literals:
            case (("t" | "msg"), [one, *_]):
                yield Text(one)
            case "plural", [one, many]:
                yield Text(one, many)


def in_template(source: str) -> Iterator[Text]:
    """The texts that a template shows.

    >>> list(in_template('<b>{{ t("Connexion") }}</b>'))[0].one
    'Connexion'
    """
    for found in re.finditer(r"""\bt\("([^"]+)\"""", source):
        yield Text(found[1])


def in_vocabulary() -> Iterator[Text]:
    """The names of the vocabulary's words, and of fields."""
    yield from (Text(name) for name in vocabulary.FIELDS.values())
    for kind in vars(vocabulary).values():
        if isinstance(kind, type) and issubclass(kind, vocabulary.Word):
            for word in kind:
                yield Text(word.label, context=kind.__name__)


def shown(folders: Iterable[Path] = SHOWN) -> set[Text]:
    """Every text that modules in these folders, and the vocabulary, show."""
    found = set(in_vocabulary())
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            found.update(in_source(path.read_text("utf-8")))
        for path in sorted(folder.rglob("*.html")):
            found.update(in_template(path.read_text("utf-8")))
    return found


def untranslated(texts: Iterable[Text], catalog: Catalog) -> list[Text]:
    """Those of the texts that have no English there."""
    lacking = []
    for text in texts:
        entry = catalog.get(text.id, context=text.context)
        if entry is None or not all(entry.string or ("",)):
            lacking.append(text)
    return sorted(lacking, key=str)


def add_missing(path: Path = ENGLISH) -> list[Text]:
    """Write the texts that the file lacks into it, in order, their English left empty.

    Texts that no code shows stay if they have their English: stage labels of the demo, for
    instance, stand in data.

    Returns:
        The texts that still lack their English.
    """
    with path.open("rb") as file:
        catalog = read_po(file, locale="en_GB")
    texts = shown()
    wanted = {(text.id, text.context) for text in texts}
    for entry in list(catalog):
        if entry.id and not any(entry.string or ()) and (entry.id, entry.context) not in wanted:
            catalog.delete(entry.id, entry.context)
    lacking = untranslated(texts, catalog)
    for text in lacking:
        catalog.add(text.id, ("", "") if text.many else "", context=text.context)
    for entry in catalog:
        entry.user_comments.clear()
    with path.open("wb") as file:
        file.write(f"{HEADER}\n\n".encode())
        write_po(file, catalog, width=0, no_location=True, omit_header=True, sort_output=True)
    return lacking
