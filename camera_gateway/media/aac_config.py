"""Audio formats: AAC AudioSpecificConfig (ISO/IEC 14496-3 1.6.2.1) and G.711.

Promises: damaged or unsupported configurations raise `ParameterSetError`. Knows neither SDP nor
MP4: the configuration comes in as bytes and goes out unchanged.
"""

from typing import Final

from camera_gateway.media.bits import BitReader
from camera_gateway.media.formats import AudioFormat, ParameterSetError

_RATES: Final = (
    96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350,
)  # fmt: skip
_EXPLICIT_RATE: Final = 15
_ESCAPED_TYPE: Final = 31
_CHANNELS: Final = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 7: 8, 11: 7, 12: 8, 14: 8}
_SBR: Final = 5
_PS: Final = 29
# Types whose GASpecificConfig begins with frameLengthFlag (table 1.15).
_GENERAL_AUDIO: Final = frozenset({1, 2, 3, 4, 6, 17, 19, 20, 23})
_LOW_DELAY: Final = 23
_MAX_CONFIG_BYTES: Final = 64


def aac_format(config: bytes) -> AudioFormat:
    """Parse an AudioSpecificConfig.

    With explicit SBR or PS signalling the rate given is that of the AAC core, whose frames are what
    RTP and MP4 count; a decoder doubles it by itself.

    Raises:
        ParameterSetError: cut short, reserved values, or an object type that is not AAC.

    """
    if len(config) > _MAX_CONFIG_BYTES:
        raise ParameterSetError(f"an AudioSpecificConfig of {len(config)} bytes")
    bits = BitReader(config)
    signalled = object_type = _object_type(bits)
    rate = _rate(bits)
    layout = bits.u(4)
    if object_type in (_SBR, _PS):
        _rate(bits)  # the rate after SBR
        object_type = _object_type(bits)
    if object_type not in _GENERAL_AUDIO:
        raise ParameterSetError(f"audio object type {object_type} is not AAC")
    if layout not in _CHANNELS:
        raise ParameterSetError(f"AAC channel configuration {layout} is not supported")
    short = bits.flag()
    length, short_length = (512, 480) if object_type == _LOW_DELAY else (1024, 960)
    return AudioFormat(
        codec="aac",
        sample_rate=rate,
        channels=_CHANNELS[layout],
        samples_per_frame=short_length if short else length,
        codec_string=f"mp4a.40.{signalled}",
        config=bytes(config),
    )


def g711_format(law: str, sample_rate: int = 8000, channels: int = 1) -> AudioFormat:
    """Describe G.711 audio; `law` is "alaw" or "ulaw", one byte per sample and channel.

    Raises:
        ParameterSetError: another law, or a rate or channel count that cannot be.

    """
    if not 1 <= sample_rate <= 192_000 or not 1 <= channels <= 8:  # noqa: PLR2004 - what stsd holds
        raise ParameterSetError(f"G.711 with {sample_rate} Hz and {channels} channels")
    if law == "alaw":
        return AudioFormat("alaw", sample_rate, channels, 1, "alaw", b"")
    if law == "ulaw":
        return AudioFormat("ulaw", sample_rate, channels, 1, "ulaw", b"")
    raise ParameterSetError(f"{law!r} is neither alaw nor ulaw")


def _object_type(bits: BitReader) -> int:
    number = bits.u(5)
    return 32 + bits.u(6) if number == _ESCAPED_TYPE else number


def _rate(bits: BitReader) -> int:
    index = bits.u(4)
    if index == _EXPLICIT_RATE:
        rate = bits.u(24)
    elif index < len(_RATES):
        rate = _RATES[index]
    else:
        raise ParameterSetError(f"reserved sampling frequency index {index}")
    if not 1 <= rate <= 192_000:  # noqa: PLR2004 - beyond any AAC profile
        raise ParameterSetError(f"a sampling rate of {rate} Hz")
    return rate
