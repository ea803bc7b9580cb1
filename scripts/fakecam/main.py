"""Command line of the fake cameras: reads what to serve, prints one JSON line when ready.

Runs until SIGTERM or SIGINT, then closes the ledger.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import signal
import sys
from dataclasses import replace
from pathlib import Path

from fakecam.auth import SCHEMES
from fakecam.clips import ensure
from fakecam.demux import ClipError
from fakecam.server import FakeCameras
from fakecam.settings import CameraSettings, SettingsError, read_config, read_password

_CLIP_SUFFIXES = (".mp4", ".mov", ".mkv")
_DEFAULT_CLIPS = Path(__file__).resolve().parents[2] / "var" / "clips"
_EXIT_USAGE = 2
_EXIT_UNAVAILABLE = 5


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="fake-cameras",
        description="Serves video files as RTSP cameras on loopback, in real time, looping. "
        "The loop is locked to wall time modulo the clip's length.",
    )
    add = parser.add_argument
    add("--port", type=int, default=8554, help="0 lets the kernel choose (default 8554)")
    add("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
    add(
        "--clips",
        nargs="+",
        type=Path,
        metavar="PATH",
        help="files or folders; cameras take them in turn (default: those of scripts/make-clips)",
    )
    add("--count", type=int, help="how many cameras, /cam/1 … (default: one per clip)")
    add("--config", type=Path, metavar="FILE", help="JSON with per-camera settings instead")
    add("--auth", default="none", help=f"{', '.join(SCHEMES)}, or several joined by +")
    add("--user", default="admin")
    add("--password-file", type=Path, metavar="FILE")
    add("--no-audio", action="store_true", help="serve the video track only")
    add("--no-sender-reports", action="store_true")
    add("--clock-offset", type=float, default=0.0, metavar="S", help="camera clock ahead by S")
    add("--session-timeout", type=int, default=60, metavar="S")
    add("--max-sessions", type=int, metavar="N", help="per camera; more are answered with 453")
    add("--burst", action="store_true", help="begin at the latest keyframe, not at the next one")
    add("--near-wrap", action="store_true", help="RTP time and sequence numbers wrap in seconds")
    add("--ledger", type=Path, metavar="FILE", help="append a line per access unit sent")
    add("--tick", type=float, default=0.04, metavar="S", help="send interval (default 0.04)")
    add("--verbose", action="store_true")
    return parser


def _cameras(args: argparse.Namespace) -> list[CameraSettings]:
    if args.config is not None:
        return read_config(args.config)
    unknown = set(args.auth.split("+")) - set(SCHEMES)
    if unknown:
        raise SettingsError(f"--auth: unknown scheme {', '.join(sorted(unknown))}")
    files = _clip_files(args.clips) if args.clips else list(ensure(_DEFAULT_CLIPS).files)
    if not files:
        raise SettingsError("--clips: no .mp4, .mov or .mkv file there")
    common = CameraSettings(
        path="",
        clip=files[0],
        auth=args.auth,
        user=args.user,
        password=read_password(args.password_file) if args.password_file else "",
        audio=not args.no_audio,
        sender_reports=not args.no_sender_reports,
        clock_offset_s=args.clock_offset,
        session_timeout_s=args.session_timeout,
        max_sessions=args.max_sessions,
        burst=args.burst,
        near_wrap=args.near_wrap,
    )
    return [
        replace(
            common,
            path=f"/cam/{n}",
            aliases=(f"/Streaming/Channels/{n}01",),
            clip=files[(n - 1) % len(files)],
            name=f"cam {n}",
        )
        for n in range(1, (args.count or len(files)) + 1)
    ]


def _clip_files(paths: list[Path]) -> list[Path]:
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            files += sorted(p for p in path.iterdir() if p.suffix in _CLIP_SUFFIXES)
        else:
            files.append(path)
    return files


async def _serve(args: argparse.Namespace, cameras: list[CameraSettings]) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    farm = FakeCameras(cameras, port=args.port, host=args.host, ledger=args.ledger, tick_s=args.tick)
    async with farm:
        ready = {
            "ready": True,
            "port": farm.port,
            "cameras": [
                {
                    "path": camera.settings.path,
                    "url": farm.url(n),
                    "clip": str(camera.settings.clip),
                    "tracks": [track.source.codec for track in camera.clip.tracks],
                }
                for n, camera in enumerate(farm.cameras)
            ],
        }
        with contextlib.suppress(BrokenPipeError):
            print(json.dumps(ready), flush=True)
        await stopped.wait()


def main(argv: list[str] | None = None) -> int:
    """Run; returns the exit code."""
    args = _parser().parse_args(argv)
    logging.basicConfig(level=logging.INFO if args.verbose else logging.WARNING, format="fake-cameras: %(message)s")
    try:
        cameras = _cameras(args)
        asyncio.run(_serve(args, cameras))
    except (ClipError, SettingsError) as error:
        print(f"fake-cameras: {error}", file=sys.stderr)
        return _EXIT_USAGE
    except OSError as error:
        print(f"fake-cameras: {error.strerror}", file=sys.stderr)
        return _EXIT_UNAVAILABLE
    return 0
