"""RTSP servers that we did not write, started for a test: GStreamer's and aio-rtsp-toolkit's.

Each serves one clip on loopback, in real time, looping. `available()` says why not,
where its packages are missing. The file runs itself as the server's process, so it
imports nothing but the standard library at its head (GStreamer needs the system's Python).
"""

from __future__ import annotations

import base64
import importlib.util
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Iterator

_SYSTEM_PYTHON = "/usr/bin/python3"
_AAC_CAPS = "audio/mpeg,mpegversion=4,stream-format=raw"
_READY_TIMEOUT_S = 20.0
_STOP_TIMEOUT_S = 5.0


class _Process:
    """A server process that prints its port as one line of JSON."""

    def __init__(self, command: list[str]) -> None:
        self._command = command
        self._process: subprocess.Popen[str] | None = None
        self.port = 0

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True)
        out = self._process.stdout
        assert out is not None
        readable, _, _ = select.select([out], [], [], _READY_TIMEOUT_S)
        line = out.readline() if readable else ""
        if not line:
            self.stop()
            raise RuntimeError(f"{self._command[1]}: the server did not start")
        self.port = int(json.loads(line)["port"])

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process = None


class GStreamerServer:
    """gst-rtsp-server. `with GStreamerServer(clip, auth="digest") as server: server.url`.

    The clip may have H.264 or H.265 without B-frames, and AAC or G.711. `auth` is `none`, `basic`
    or `digest` (MD5). It sends sender reports. With `repeat_sets` its payloader repeats parameter sets
    before each IDR slice: where a picture has several slices they come in the middle of an access
    unit, which ffmpeg takes for damage.
    """

    def __init__(
        self,
        clip: Path,
        *,
        auth: str = "none",
        user: str = "admin",
        password: str = "secret",  # noqa: S107 - a fake camera's
        repeat_sets: bool = False,
    ) -> None:
        self._repeat_sets = repeat_sets
        self._clip = clip
        self._options = {"auth": auth, "user": user, "password": password}

    @staticmethod
    def available() -> str | None:
        """Why it cannot run here; None when it can."""
        if not Path(_SYSTEM_PYTHON).exists():
            return f"no {_SYSTEM_PYTHON}"
        check = (
            "import gi; gi.require_version('GstRtspServer', '1.0'); gi.require_version('Gst', '1.0');"
            "from gi.repository import Gst, GstRtspServer; Gst.init(None);"
            "assert all(map(Gst.ElementFactory.find, ['rtph264pay', 'appsrc', 'h264parse']))"
        )
        done = subprocess.run([_SYSTEM_PYTHON, "-c", check], capture_output=True, check=False)
        if done.returncode:
            return "gir1.2-gst-rtsp-server-1.0, python3-gi or gstreamer1.0-plugins-* is missing"
        return None

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory()
        media = Path(self._folder.name) / "media.json"
        media.write_text(
            json.dumps({**self._options, "tracks": list(_exported(self._clip, repeat_sets=self._repeat_sets))})
        )
        self._process = _Process([_SYSTEM_PYTHON, __file__, "gstreamer", str(media)])
        self._process.start()
        self.url = f"rtsp://127.0.0.1:{self._process.port}/stream"
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stop()
        self._folder.cleanup()


class AioToolkitServer:
    """aio-rtsp-toolkit's file server. `with AioToolkitServer(clip) as server: server.url`.

    The clip must be an `.mp4` with H.264 or H.265, and AAC or no sound. No authentication.
    """

    def __init__(self, clip: Path) -> None:
        self._clip = clip

    @staticmethod
    def available() -> str | None:
        """Why it cannot run here; None when it can."""
        found = importlib.util.find_spec("aio_rtsp_toolkit")
        return None if found else "aio-rtsp-toolkit is not installed"

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory()
        shutil.copy(self._clip, Path(self._folder.name) / "clip.mp4")
        self._process = _Process([sys.executable, __file__, "aio", self._folder.name])
        self._process.start()
        self.url = f"rtsp://127.0.0.1:{self._process.port}/clip.mp4?play_count=0"
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stop()
        self._folder.cleanup()


def _exported(clip: Path, *, repeat_sets: bool) -> Iterator[dict[str, Any]]:
    """A clip's tracks for the GStreamer process: caps, payloader, units with their times."""
    from fakecam.demux import read_clip  # noqa: PLC0415 - not to be found by the system's Python

    for track in read_clip(clip):
        rate, config = track.clock_hz, track.config.hex()
        caps, payloader = {
            "h264": ("video/x-h264,stream-format=byte-stream,alignment=au", "h264parse ! rtph264pay"),
            "h265": ("video/x-h265,stream-format=byte-stream,alignment=au", "h265parse ! rtph265pay"),
            "aac": (
                f"{_AAC_CAPS},rate={rate},channels={track.channels},codec_data=(buffer){config}",
                "rtpmp4gpay",
            ),
            "pcma": ("audio/x-alaw,rate=8000,channels=1", "rtppcmapay"),
            "pcmu": ("audio/x-mulaw,rate=8000,channels=1", "rtppcmupay"),
        }[track.codec]
        more = " config-interval=-1" if repeat_sets and track.kind == "video" else ""
        start = b"\x00\x00\x00\x01" if track.kind == "video" else b""
        yield {
            "caps": caps,
            "payloader": payloader + more,
            "period_ns": track.period * 10**9 // rate,
            "units": [
                [
                    unit.pts * 10**9 // rate,
                    base64.b64encode(b"".join(start + nal for nal in unit.nals)).decode(),
                ]
                for unit in track.units
            ],
        }


# ---- what runs in the server's process


class _Feed:
    """Pushes a track's units into an appsrc as they fall due, looping."""

    def __init__(self, gst: Any, source: Any, track: dict[str, Any]) -> None:  # noqa: ANN401 - GStreamer has no types
        self._gst, self._source, self._period_ns = gst, source, track["period_ns"]
        self._units = [(pts, base64.b64decode(data)) for pts, data in track["units"]]
        self._next = 0
        self._started_ns = time.monotonic_ns()

    def push_due(self) -> bool:
        """GLib calls it until it says False."""
        while True:
            loops, at = divmod(self._next, len(self._units))
            pts, data = self._units[at]
            pts += loops * self._period_ns
            if pts > time.monotonic_ns() - self._started_ns:
                return True
            buffer = self._gst.Buffer.new_wrapped(data)
            buffer.pts = buffer.dts = pts
            if self._source.emit("push-buffer", buffer) != self._gst.FlowReturn.OK:
                return False
            self._next += 1


def _protect(server: Any, factory: Any, media: dict[str, Any]) -> None:  # noqa: ANN401 - GStreamer has no types
    from gi.repository import GstRtsp, GstRtspServer  # type: ignore[import-not-found, unused-ignore]  # noqa: PLC0415 - the system's Python only

    auth = GstRtspServer.RTSPAuth()
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "user")
    if media["auth"] == "basic":
        secret = GstRtspServer.RTSPAuth.make_basic(media["user"], media["password"])
        auth.add_basic(secret, token)
    else:
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        auth.add_digest(media["user"], media["password"], token)
    server.set_auth(auth)
    permissions = GstRtspServer.RTSPPermissions()
    for what in ("media.factory.access", "media.factory.construct"):
        permissions.add_permission_for_role("user", what, True)  # noqa: FBT003 - its API
    factory.set_permissions(permissions)


def _serve_gstreamer(media_file: str) -> None:
    import gi  # type: ignore[import-not-found, unused-ignore]  # noqa: PLC0415 - the system's Python only

    for name in ("Gst", "GstRtsp", "GstRtspServer"):
        gi.require_version(name, "1.0")
    from gi.repository import (  # type: ignore[import-not-found, unused-ignore]  # noqa: PLC0415 - as above
        GLib,
        Gst,
        GstRtspServer,
    )

    Gst.init(None)
    media = json.loads(Path(media_file).read_text())
    factory = GstRtspServer.RTSPMediaFactory()
    launch = " ".join(
        f"appsrc name=src{n} is-live=true format=time caps={track['caps']} "
        f"! {track['payloader']} name=pay{n} pt={96 + n}"
        for n, track in enumerate(media["tracks"])
    )
    factory.set_launch(f"( {launch} )")

    def configure(_: object, rtsp_media: Any) -> None:  # noqa: ANN401 - GStreamer has no types
        for n, track in enumerate(media["tracks"]):
            source = rtsp_media.get_element().get_by_name(f"src{n}")
            GLib.timeout_add(10, _Feed(Gst, source, track).push_due)

    factory.connect("media-configure", configure)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service("0")
    if media["auth"] != "none":
        _protect(server, factory, media)
    server.get_mount_points().add_factory("/stream", factory)
    server.attach(None)
    _say_port(server.get_bound_port())
    GLib.MainLoop().run()


def _say_port(port: int) -> None:
    sys.stdout.write(json.dumps({"port": port}) + "\n")
    sys.stdout.flush()


def _serve_aio(folder: str) -> None:
    import asyncio  # noqa: PLC0415 - for this process only
    import logging  # noqa: PLC0415 - for this process only

    from aio_rtsp_toolkit import server as toolkit  # type: ignore[import-untyped]  # noqa: PLC0415 - for this process only

    toolkit.logger = logging.getLogger("toolkit")

    async def serve() -> None:
        server = toolkit.RtspServer(folder, host="127.0.0.1", port=0)
        await server.start()
        assert server._server is not None
        port = server._server.sockets[0].getsockname()[1]
        _say_port(port)
        await server.serve_forever()

    asyncio.run(serve())


if __name__ == "__main__":
    os.environ.setdefault("GST_DEBUG", "0")
    {"gstreamer": _serve_gstreamer, "aio": _serve_aio}[sys.argv[1]](sys.argv[2])
