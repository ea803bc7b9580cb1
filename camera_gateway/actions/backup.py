"""The verbs behind `backup`: what may be copied, and the audit rows before and after.

The command copies in its own process, as the user who asked; a backup that cannot be audited is not begun (S3).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from camera_gateway.catalogue.tables import REVISION

if TYPE_CHECKING:
    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.domain.people import Actor


class BeginBackup(BaseModel):
    """What is about to be copied."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: str = Field(max_length=4_096)
    with_keys: bool = False


class MadeBackup(BaseModel):
    """What was written."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: str = Field(max_length=4_096)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size_bytes: int = Field(ge=0)


async def begin(gateway: Gateway, actor: Actor, args: BeginBackup) -> dict[str, Any]:
    """Write down that a backup is being made; return what its manifest says of the installation."""
    await gateway.write(
        actor, lambda tx: tx.audit("backup.begin", "catalogue", file=args.file, with_keys=args.with_keys)
    )
    return {"site": gateway.settings.site.id, "catalogue": gateway.catalogue.identity, "schema": REVISION}


async def made(gateway: Gateway, actor: Actor, args: MadeBackup) -> dict[str, Any]:
    """Write down what was made."""
    details = args.model_dump()
    await gateway.write(actor, lambda tx: tx.audit("backup.made", "catalogue", **details))
    return details
