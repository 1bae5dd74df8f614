"""Which encoding a file is in, decided by its bytes; names and extensions are not believed."""

from __future__ import annotations

import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE

C1 = re.compile(rb"[\x80-\x9f]")  # control characters in ISO-8859-15, printed ones in CP1252
STRAY = 10  # a UTF-8 file may hold characters cut in two, up to one in so many


def decode(data: bytes) -> tuple[str, str]:
    """The text of a file, and the name of its encoding.

    UTF-8 is recognised by its form, with or without byte order mark; a few broken characters (a
    label cut in the middle of one) don't make it another encoding. Else CP1252 where a byte stands
    that ISO-8859-15 has no letter for, else ISO-8859-15.

    >>> decode("dû".encode())
    ('dû', 'utf-8')
    >>> decode("dû à 30 €".encode("cp1252"))
    ('dû à 30 €', 'cp1252')
    >>> decode("dû à 30 €".encode("iso8859-15"))
    ('dû à 30 €', 'iso8859-15')
    """
    if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return data.decode("utf-16", errors="replace"), "utf-16"
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("utf-8-sig", errors="replace")
        strange = len(text) - len(text.encode("ascii", errors="ignore"))
        if text.count("\ufffd") * STRAY <= strange:
            return text, "utf-8"
    else:
        return text, "utf-8"
    if C1.search(data):
        return data.decode("cp1252", errors="replace"), "cp1252"
    return data.decode("iso8859-15"), "iso8859-15"
