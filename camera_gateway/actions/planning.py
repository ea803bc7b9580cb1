"""From the catalogue to the plan that the recorder follows. One read, one file.

Promises passwords as ciphertext only; must not know how the plan is written or read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from camera_gateway.catalogue import registry
from camera_gateway.domain.camera import Camera, CameraState, Device, Site
from camera_gateway.domain.plan import CameraPlan, Plan

if TYPE_CHECKING:
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.settings.schema import Settings


def make_plan(tx: Transaction, settings: Settings, owner: str) -> Plan:
    """Return the plan of every camera that is not retired."""
    sites = {site.id: site for site in registry.list_sites(tx)}
    devices = registry.current_devices(tx)
    cameras = [
        camera_plan(camera, devices[camera.id], sites[camera.site], settings)
        for camera in registry.list_cameras(tx, states=(CameraState.ACTIVE, CameraState.PAUSED))
    ]
    return Plan(registry.generation(tx), owner, tx.clock.now_us(), tuple(cameras))


def camera_plan(camera: Camera, device: Device, site: Site, settings: Settings) -> CameraPlan:
    """Return one camera's part of the plan."""
    return CameraPlan(
        camera=camera.id,
        institution=camera.institution,
        site=site.id,
        active=camera.state is CameraState.ACTIVE,
        address=device.address,
        allowed_networks=site.allowed_networks,
        username=device.username,
        password_sealed=device.password_sealed,
        time_zone=site.time_zone,
        schedule=camera.schedule or tuple(settings.recorder.schedule),
        holidays=site.holidays,
        registered_us=camera.created_us,
        segment_s=settings.recorder.segment_s,
    )
