"""Compile the modules that every packet passes, in place, with mypyc; called by scripts/compile-hot-path.

Run in the directory that holds the package: `python compile_hot_path.py build_ext --inplace`. mypyc compiles what mypy
has checked; what comes of it behaves as the source does (the unit tests of these modules are run on both), only its
classes take no attributes from outside.
"""

from __future__ import annotations

from mypyc.build import mypycify
from setuptools import setup

HOT = (
    "camera_gateway/ingest/counts.py",
    "camera_gateway/ingest/live.py",
    "camera_gateway/ingest/open_fragment.py",
    "camera_gateway/ingest/reading.py",
    "camera_gateway/ingest/segmenter.py",
    "camera_gateway/ingest/sound.py",
    "camera_gateway/ingest/timeline.py",
    "camera_gateway/ingest/writing.py",
    "camera_gateway/media/fmp4.py",
    "camera_gateway/media/reorder.py",
    "camera_gateway/rtsp/access_unit.py",
    "camera_gateway/rtsp/depacketise/aac.py",
    "camera_gateway/rtsp/depacketise/h264.py",
    "camera_gateway/rtsp/depacketise/h265.py",
    "camera_gateway/rtsp/depacketise/nal_units.py",
    "camera_gateway/rtsp/fragment_rows.py",
    "camera_gateway/rtsp/lane.py",
    "camera_gateway/rtsp/receive.py",
    "camera_gateway/rtsp/rtp.py",
    "storage/spool_part.py",
)

if __name__ == "__main__":
    setup(name="camera-gateway-hot-path", packages=[], ext_modules=mypycify([*HOT], opt_level="3", debug_level="0"))
