"""What a camera really sends, or why it cannot be used: one short visit with the recorder's own protocol core.

Resolves once, checks the address against the allowed networks, connects to that address only, never follows a
redirect (threat model, M1). The result never holds a password or a URL with one.
"""

from __future__ import annotations

import asyncio
import itertools
import socket
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Any

from camera_gateway.clock import US
from camera_gateway.discovery.asking import fingerprint
from camera_gateway.discovery.sampling import READ_BYTES, Keyframe, Sample, watch
from camera_gateway.domain.camera import StreamAddress, address_allowed
from camera_gateway.domain.footage import ProbeCause
from camera_gateway.domain.identity import Identity, told
from camera_gateway.media.formats import ParameterSetError
from camera_gateway.media.parameter_sets import video_format
from camera_gateway.rtsp.conversation import Conversation
from camera_gateway.rtsp.errors import RtspError, RtspRefused
from camera_gateway.rtsp.url import Target

if TYPE_CHECKING:
    from camera_gateway.clock import Clock
    from camera_gateway.rtsp.tracks import TrackSetup

LONG_GOP_S = 10.0
"""A longer GOP marks a smart codec: seeking and cutting suffer (crumbvms #114)."""
SEEN_ENOUGH_S = 4.0
"""A single keyframe in so much of a stream says something; a stream that ended earlier says nothing."""
CLOCK_OFF_S = 5.0

CANNOT_REACH = frozenset(
    {ProbeCause.RESOLVE_FAILED, ProbeCause.PORT_CLOSED, ProbeCause.NO_ANSWER, ProbeCause.TLS_FAILED}
)
"""Causes for which the shell exits with 5 (cannot be reached) rather than 1 (refused or unusable)."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long each step may take, in seconds; `answer_s` is for the whole handshake."""

    resolve_s: float = 5.0
    connect_s: float = 5.0
    answer_s: float = 8.0


PATIENCE = Patience()


@dataclass(frozen=True, slots=True)
class ProbeTarget:
    """Where to look, with which account; the password never shows."""

    address: StreamAddress
    username: str | None
    password: str | None = field(repr=False)
    allowed_networks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Probe:
    """The result: what was seen, or the cause, one sentence and what to do."""

    ok: bool
    cause: ProbeCause | None
    message: str
    hint: str
    video: dict[str, Any] | None = None
    audio: dict[str, Any] | None = None
    clock_offset_s: float | None = None
    auth: str | None = None
    skipped: tuple[str, ...] = ()
    identity: Identity = field(default_factory=Identity)
    """What server name and parameter sets say of the apparatus."""
    keyframe: Keyframe | None = None
    """One whole keyframe, when a picture was asked for."""

    def as_json(self) -> dict[str, Any]:
        """Return what `camera probe --json` prints."""
        return {
            "ok": self.ok,
            "cause": None if self.cause is None else self.cause.value,
            "message": self.message,
            "hint": self.hint,
            "video": self.video,
            "audio": self.audio,
            "clock_offset_s": self.clock_offset_s,
            "auth": self.auth,
            "skipped": list(self.skipped),
            "server": self.identity.server,
        }


def failed(cause: ProbeCause, message: str, hint: str) -> Probe:
    """Return a probe that found nothing usable."""
    return Probe(ok=False, cause=cause, message=message, hint=hint)


async def probe(
    target: ProbeTarget,
    clock: Clock,
    *,
    seconds: float,
    patience: Patience = PATIENCE,
    picture: bool = False,
    only_picture: bool = False,
) -> Probe:
    """Visit a camera for about `seconds` of its stream; every failure is a result, never an exception.

    With `picture` the result has a keyframe, which nobody has decoded yet; with `only_picture` the visit ends with it.
    """
    found = await _connect(target, patience)
    if isinstance(found, Probe):
        return found
    reader, writer = found
    address = target.address
    conversation = Conversation(Target(address.host, address.port, address.path, target.username, target.password))
    try:
        refused = await _handshake(conversation, reader, writer, patience.answer_s)
        if refused is not None:
            return refused
        sample = await watch(
            conversation,
            reader,
            clock,
            seconds,
            Sample(wants_picture=picture or only_picture, only_picture=only_picture),
        )
        with suppress(OSError):  # what was seen stands, whether the farewell arrives or not
            writer.write(conversation.teardown())
            await asyncio.wait_for(writer.drain(), 1)
    except RtspRefused as error:
        return failed(error.cause, error.message, error.hint)
    except RtspError as error:
        return failed(ProbeCause.NOT_RTSP, error.message, error.hint or "check that the URL is the camera's RTSP URL")
    except OSError:
        return failed(
            ProbeCause.NO_ANSWER, "the camera ended the connection", "look at its number of sessions, then try again"
        )
    finally:
        writer.transport.abort()
        with suppress(OSError):
            await writer.wait_closed()
    return _describe(conversation, sample)


async def _connect(
    target: ProbeTarget, patience: Patience
) -> Probe | tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host, port = target.address.host, target.address.port
    try:
        async with asyncio.timeout(patience.resolve_s):
            infos = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return failed(ProbeCause.RESOLVE_FAILED, f"no address is known for {host}", "check the host name")
    found = [str(info[4][0]) for info in infos]
    ip = next((one for one in found if address_allowed(one, target.allowed_networks)), None)
    if ip is None:
        return failed(
            ProbeCause.ADDRESS_NOT_ALLOWED,
            f"{found[0]} is not in the site's allowed networks",
            "an administrator allows networks per site; loopback and metadata addresses only by name",
        )
    try:
        async with asyncio.timeout(patience.connect_s):
            return await asyncio.open_connection(ip, port)
    except TimeoutError:
        return failed(ProbeCause.NO_ANSWER, f"{ip} port {port} does not answer", "check power, cable and address")
    except ConnectionRefusedError:
        return failed(
            ProbeCause.PORT_CLOSED, f"{ip} refuses port {port}", "check the port; is RTSP switched on in the camera?"
        )
    except OSError as error:
        reason = error.strerror or type(error).__name__
        return failed(ProbeCause.NO_ANSWER, f"{ip} cannot be reached: {reason}", "check power, cable and address")


async def _handshake(
    conversation: Conversation, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answer_s: float
) -> Probe | None:
    """Talk until the stream plays; a camera that does not answer in time is told apart from one that refuses."""

    async def talk() -> Probe | None:
        heard = False
        writer.write(conversation.start())
        while conversation.state != "playing":
            data = await reader.read(READ_BYTES)
            if not data:
                if heard:
                    return failed(ProbeCause.NO_ANSWER, "the camera hung up", "look at its number of sessions")
                return failed(ProbeCause.NOT_RTSP, "the port hung up without a word", "check port and protocol")
            heard = True
            answer = conversation.receive(data)
            if answer:
                writer.write(answer)
        return None

    try:
        return await asyncio.wait_for(talk(), answer_s)
    except TimeoutError:
        return failed(
            ProbeCause.NO_ANSWER,
            "the camera accepts the connection but does not answer",
            "restart it; if it stays so, check that the port is its RTSP port",
        )


def smart_codec(gop_s: float | None, span_s: float) -> bool | None:
    """Whether keyframes are so rare that a smart codec must be on; None: too little was seen to say.

    `gop_s` is the longest distance between keyframes (None: there was one only), `span_s` what was watched.
    """
    if gop_s is not None:
        return gop_s > LONG_GOP_S
    return True if span_s > SEEN_ENOUGH_S else None


def _frame_rate(times: list[int], rate: int) -> float | None:
    """Return frames per second by the median interval: a sample that ends between B-frames has holes at its end."""
    intervals = [b - a for a, b in pairwise(times)]
    return round(rate / median(intervals), 2) if intervals else None


def _describe(conversation: Conversation, sample: Sample) -> Probe:
    video_track = conversation.tracks[0]
    audio_track = next((t for t in conversation.tracks if t.kind == "audio"), None)
    if not sample.units:
        return failed(
            ProbeCause.NO_VIDEO, "the camera plays but sends no picture", "restart it; check its main stream settings"
        )
    sets = sample.parameter_sets or video_track.parameter_sets
    try:
        form = video_format("h265" if video_track.codec == "h265" else "h264", sets)
    except ParameterSetError as error:
        return failed(ProbeCause.CODEC_REFUSED, f"the camera's parameter sets cannot be read: {error}", "report it")
    rate = video_track.clock_rate
    times = sorted({u.rtp_time for u in sample.units})
    span_s = (times[-1] - times[0]) / rate
    keys = [u.rtp_time for u in sample.units if u.keyframe]
    if not keys:  # nothing can be recorded before one
        return failed(
            ProbeCause.NO_VIDEO,
            f"pictures come, but no keyframe within {span_s:.0f} s",
            "set the keyframe (I-frame) interval to 1 or 2 s and switch smart codecs off",
        )
    gops = [(b - a) / rate for a, b in itertools.pairwise(keys)]
    gop_s = max(gops) if gops else None
    hints = []
    smart = smart_codec(gop_s, span_s)
    if smart:
        rarely = f"over {span_s:.0f} s apart" if gop_s is None else f"{gop_s:.0f} s apart"
        hints.append(f"keyframes are rare ({rarely}): a smart codec is on, or the I-frame interval is long")
    offset_us = sample.clock_offset_us
    offset_s = None if offset_us is None else round(offset_us / US, 3) + 0.0  # no "-0.0"
    if offset_s is not None and abs(offset_s) > CLOCK_OFF_S:
        hints.append(f"the camera's clock is off by {offset_s:.0f} s: set its time server")
    if conversation.skipped:
        hints.append(f"not recorded: {', '.join(conversation.skipped)}")
    audio = None
    if audio_track is not None:
        audio = {
            "codec": audio_track.codec,
            "sample_rate": audio_track.sample_rate or audio_track.clock_rate,
            "channels": audio_track.channels,
            "received": sample.audio_units > 0,
        }
    return Probe(
        ok=True,
        cause=None,
        message="usable",
        hint="; ".join(hints),
        video={
            "codec": video_track.codec,
            "width": form.width,
            "height": form.height,
            "fps": _frame_rate(times, rate),
            "gop_s": None if gop_s is None else round(gop_s, 3),
            "smart_codec": smart,
            "profile": form.codec_string,
            "bitrate_bps": round(sample.total_bytes * 8 / span_s) if span_s > 0 else None,
        },
        audio=audio,
        clock_offset_s=offset_s,
        auth=conversation.auth,
        skipped=tuple(conversation.skipped),
        identity=Identity(server=told(conversation.server), sps=_fingerprint(video_track, sets)),
        keyframe=sample.keyframe_of(video_track.codec, video_track.parameter_sets),
    )


def _fingerprint(track: TrackSetup, seen: tuple[bytes, ...]) -> str | None:
    """Return the digest of what the SDP promises, which can be asked for again without a session; else of what came."""
    return fingerprint(track.codec, track.parameter_sets) or fingerprint(track.codec, seen)
