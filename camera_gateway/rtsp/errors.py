"""The typed errors of the camera's side of the conversation. Pure.

Bytes from a camera lead to a value or to one of these, never to a traceback of another type. No message
holds a credential or a URL with one: the texts name the step, the status and the limit that was passed.
"""

from __future__ import annotations

from camera_gateway.domain.footage import GAP_CAUSE_OF_PROBE, GapCause, ProbeCause
from camera_gateway.errors import GatewayError


class RtspError(GatewayError):
    """What a camera said cannot be used. Every error of this package is one of these."""

    exit_code = 1
    code = "rtsp-error"


class MalformedMessage(RtspError):
    """Not an RTSP message, or one that breaks RFC 2326 beyond what real cameras do."""

    code = "not-rtsp"


class MalformedDescription(RtspError):
    """A session description that cannot be read (RFC 8866)."""

    code = "not-rtsp"


class LimitExceeded(RtspError):
    """A hard limit was passed; the message names it."""

    code = "limit-exceeded"


class StreamCorrupt(RtspError):
    """The interleaved framing or the packets inside it broke; the connection must be given up."""

    code = "stream-corrupt"

    @property
    def gap_cause(self) -> GapCause:
        """The cause to write on the gap that this error opens."""
        return GapCause.STREAM_CORRUPT


class StreamLimitExceeded(StreamCorrupt):
    """A NAL unit, access unit or message inside the stream passed a hard limit."""


class RtspRefused(RtspError):
    """The camera cannot be used, for a cause of the closed list (docs/reference/errors.md)."""

    def __init__(self, cause: ProbeCause, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint, code=str(cause))
        self.cause = cause

    @property
    def gap_cause(self) -> GapCause:
        """The coarser cause to write on a gap."""
        return GAP_CAUSE_OF_PROBE[self.cause]


class CodecRefused(RtspRefused):
    """The camera sends something that the gateway does not record; `codec` is its name in the SDP."""

    def __init__(self, codec: str, message: str, *, hint: str = "") -> None:
        super().__init__(ProbeCause.CODEC_REFUSED, message, hint=hint)
        self.codec = codec
