"""The chain of custody of a package: the audit rows of its request, its hold and its exports. Pure.

Promises each row whole, with the digests that chain it, so that a copy of the audit log shows whether it is the same
one; a row between two listed ones is not about this request.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from camera_gateway.evidence.manifest import escaped, instant

if TYPE_CHECKING:
    from collections.abc import Iterable

    from camera_gateway.domain.audit import AuditRow

COLUMNS = ("number", "at", "actor", "action", "object", "details", "previous", "digest")


def custody_log(rows: Iterable[AuditRow]) -> str:
    """Return CUSTODY.tsv: a line per audit row, in order."""
    lines = ["\t".join(COLUMNS)]
    for row in rows:
        details = json.dumps(row.details, sort_keys=True, ensure_ascii=False)
        number = str(row.number)
        cells = (number, instant(row.at_us), row.actor, row.action, row.object, details, row.previous, row.digest)
        lines.append("\t".join(escaped(cell) for cell in cells))
    return "\n".join(lines) + "\n"
