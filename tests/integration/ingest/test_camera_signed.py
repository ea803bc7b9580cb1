"""A camera that signs its video: said of each segment, and not a byte of it touched (evidence, invariant C1)."""

from __future__ import annotations

import hashlib

import pytest
from support.fault_camera import FaultCamera
from support.recording import Site, camera

from camera_gateway.domain.footage import CameraSigned
from camera_gateway.media.fragments import split_nals
from camera_gateway.rtsp.depacketise.signatures import AXIS_SIGNED_VIDEO, ONVIF_MEDIA_SIGNING

pytestmark = pytest.mark.slow

OTHER = bytes.fromhex("dc45e9bde6d948b7962cd820d923eeef")


def sei(uuid: bytes) -> bytes:
    """Return a NAL unit with 1 500 bytes of user data that want no emulation prevention: it comes in fragments."""
    size = len(uuid) + 1_500
    return b"\x06\x05" + b"\xff" * (size // 255) + bytes((size % 255,)) + uuid + b"\x5a" * 1_500 + b"\x80"


async def test_each_segment_says_whether_the_camera_signed_it_and_keeps_the_nal_units_in_their_order(
    site: Site,
) -> None:
    signing = {"onvif": sei(ONVIF_MEDIA_SIGNING), "axis": sei(AXIS_SIGNED_VIDEO), "other": sei(OTHER)}
    async with (
        FaultCamera("none", before_keyframes=(signing["onvif"],)) as onvif,
        FaultCamera("none", before_keyframes=(signing["other"], signing["axis"])) as axis,
        FaultCamera("none", before_keyframes=(signing["other"],)) as other,
        FaultCamera("none") as plain,
    ):
        cameras = {"onvif": onvif, "axis": axis, "other": other, "plain": plain}
        site.plan(*(camera(name, one.url, segment_s=2.0) for name, one in cameras.items()))
        async with site.recording():
            await site.until(lambda: all(len(site.segments(name)) >= 2 for name in cameras))
    for name, one in cameras.items():
        segments = site.segments(name)
        said = CameraSigned.YES if name in {"onvif", "axis"} else CameraSigned.NO
        assert {segment.sidecar.camera_signed for segment in segments} == {said}, name
        first_run = [segment for segment in segments if segment.sidecar.run == segments[0].sidecar.run]
        stored = [unit for segment in first_run for unit in segment.units()]
        assert [tuple(split_nals(unit)) for unit in stored] == one.units[: len(stored)], name
        assert len(stored) > 25, name
        for segment in segments:
            assert hashlib.sha256(segment.path.read_bytes()).hexdigest() == segment.sidecar.sha256
            assert (signing["onvif"] in segment.path.read_bytes()) is (name == "onvif")
