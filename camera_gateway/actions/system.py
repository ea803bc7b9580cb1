"""The verb `system.show`: the installation on one page, from what its services have seen; nothing is asked anew.

`doctor` proves; this repeats the latest proofs with everything around them. Promises no secret and no key: of the
seal key its fingerprint, of the store its kind and place.
"""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from camera_gateway.actions import alerts, certificates
from camera_gateway.actions.health import findings
from camera_gateway.actions.ongoing import STALE_US
from camera_gateway.actions.seals import signing_key
from camera_gateway.catalogue import audit_log, segments, upload_queue
from camera_gateway.catalogue.tables import REVISION
from camera_gateway.clock import rfc3339
from camera_gateway.errors import GatewayError
from camera_gateway.handover.status_file import read_statuses

if TYPE_CHECKING:
    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.actions.institutions import Nothing
    from camera_gateway.catalogue.alerts import ChannelState
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.catalogue.upload_queue import Backlog
    from camera_gateway.domain.people import Actor


def software() -> str:
    """Return the version of this software."""
    try:
        return version("camera-gateway")
    except PackageNotFoundError:
        return "source"


async def show(gateway: Gateway, _actor: Actor, _args: Nothing) -> dict[str, Any]:
    """Show the installation."""
    settings, seen, now_us = gateway.settings, gateway.observed(), gateway.clock.now_us()

    def work(tx: Transaction) -> tuple[Backlog, dict[str, int], tuple[int, str], dict[str, ChannelState]]:
        states = alerts.channel_states(tx)
        return upload_queue.backlog(tx), segments.count_by_state(tx), audit_log.head(tx), states

    backlog, counts, (rows, head), channels = await gateway.read(work)
    recorders = read_statuses(gateway.data_dir / "status")
    fingerprint, key_trouble = await _fingerprint(gateway)
    return {
        "at": rfc3339(now_us),
        "version": software(),
        "python": platform.python_version(),
        "site": settings.site.id,
        "catalogue": {"identity": gateway.catalogue.identity, "revision": REVISION},
        "roles": {
            "serve": {"since": None if seen.running_since_us is None else rfc3339(seen.running_since_us)},
            "record": [
                {
                    "shard": recorder.shard,
                    "since": rfc3339(recorder.started_us),
                    "software": recorder.software,
                    "cameras": len(recorder.cameras),
                    "alive": now_us - recorder.written_us < STALE_US,
                }
                for recorder in recorders
            ],
        },
        "ready": not seen.lacking,
        "lacking": dict(seen.lacking),
        "store": {
            "kind": settings.store.kind,
            "endpoint": settings.store.endpoint if settings.store.kind == "s3" else None,
            "bucket": settings.store.bucket if settings.store.kind == "s3" else None,
            "object_lock": settings.store.object_lock,
            "properties": [{"name": p.name, "state": p.state, "detail": p.detail} for p in seen.store],
        },
        "findings": findings(gateway),
        "alerts": {"channels": alerts.channels(gateway, channels)},
        "disk": {
            "free_bytes": gateway.spool.free_bytes(),
            "reserve_bytes": settings.spool.reserve_bytes,
            "spool_used_bytes": seen.spool_used_bytes,
            "until_loss_s": seen.spool_until_loss_s,
        },
        "upload": {
            "backlog_segments": backlog.segments,
            "backlog_bytes": backlog.bytes,
            "oldest": None if backlog.oldest_us is None else rfc3339(backlog.oldest_us),
            "uplink_bps": gateway.uplink_bps(),
        },
        "segments": counts,
        "audit": {"rows": rows, "head": head},
        "tls": await gateway.waiting(certificates.described, settings.api),
        "seal_key": {"fingerprint": fingerprint, "trouble": key_trouble},
        "witness": {
            "kind": settings.witness.kind,
            "name": None if settings.witness.kind == "none" else settings.witness.name,
        },
    }


async def _fingerprint(gateway: Gateway) -> tuple[str | None, str | None]:
    try:
        return (await signing_key(gateway)).public.fingerprint, None
    except GatewayError as error:
        return None, error.message
