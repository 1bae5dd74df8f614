"""The key with which a source's own keys are hashed, so that what was anonymised stays out.

Kept in a file of its own, beside the one that signs cookies: whoever has the store alone can't
try codes one after the other.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import insert, select

from workbench.errors import StoreError
from workbench.store.schema import KeptOut

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection

CHECK = "check"  # the kind of the row that tells the key itself


@dataclass(frozen=True)
class Key:
    """A key, and where it stands."""

    secret: bytes
    file: Path | None = None

    def hash(self, *parts: str) -> str:
        """What becomes of some words under the key.

        >>> Key(b"k").hash("contact", "crm", "P1")[:12]
        '04371fbb2b89'
        """
        return hmac.new(self.secret, "\0".join(parts).encode(), hashlib.sha256).hexdigest()

    def code(self, *parts: str) -> str:
        """A record's new code in the place of its source's."""
        return f"anonyme-{self.hash(*parts)[:24]}"


def read(file: Path) -> Key | None:
    """The key of that file; None where there is no such file."""
    try:
        return Key(bytes.fromhex(file.read_text("ascii").strip()), file)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise StoreError(f"{file}: not a privacy key ({error}). Put the right one back.") from error


def made(file: Path) -> Key:
    """The key of that file, made where there is none yet, readable by its owner alone."""
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        pass
    else:
        with os.fdopen(handle, "w", encoding="ascii") as out:
            out.write(secrets.token_hex(32))
            out.flush()
            os.fsync(out.fileno())
    found = read(file)
    if found is None:
        raise StoreError(f"{file}: can't be read again. Give another [privacy] key_file.")
    return found


def verify(connection: Connection, key: Key | None) -> bool:
    """Whether the store keeps anything out; the key must then be the one that it was done with.

    Raises:
        StoreError: it isn't, or there is none.
    """
    held = connection.scalar(select(KeptOut.hash).where(KeptOut.kind == CHECK))
    if held is None:
        return False
    if key is None or key.hash(CHECK) != held:
        where = f" at {key.file}" if key and key.file else ""
        raise StoreError(
            f"This store has anonymised people, and the key{where} by which their source's rows "
            "are known again is not the one that it was done with. Put the file of [privacy] "
            "key_file back: without it a load would bring them in again."
        )
    return True


def sign(connection: Connection, key: Key) -> None:
    """Note in the store which key it is done with; nothing where it is noted already.

    Raises:
        StoreError: it was done with another.
    """
    if not verify(connection, key):
        connection.execute(insert(KeptOut).values(kind=CHECK, hash=key.hash(CHECK), whole=False))
