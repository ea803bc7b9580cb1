"""Numbers of rows as people write them: 7, or with the noun before it, such as outage-7.

A type for arguments of verbs; it knows no row.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

LARGEST = (1 << 53) - 1


def _bare(value: Any) -> Any:  # noqa: ANN401 - what pydantic then checks
    return value.rpartition("-")[2] if isinstance(value, str) else value


Number = Annotated[int, BeforeValidator(_bare), Field(ge=1, le=LARGEST)]
