"""What leaves the workbench as files: workbooks, CSV, reports made of notebooks."""

import sys

# nbformat's validator would build a grammar of addresses while it is imported, for seconds, in each
# run of a report; the format of notebooks has no such address to check.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
