"""`python -m workbench.locale`: add texts that `en.po` lacks, name those without English."""

from __future__ import annotations

import sys

from workbench.locale.texts import ENGLISH, add_missing

if __name__ == "__main__":
    lacking = add_missing()
    for text in lacking:
        sys.stdout.write(f"{text.one}\n")
    sys.stdout.write(f"{ENGLISH}: {len(lacking)} without English\n")
