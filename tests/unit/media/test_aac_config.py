"""Audio configurations as cameras announce them."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera_gateway.media.aac_config import aac_format, g711_format
from camera_gateway.media.formats import AudioFormat, ParameterSetError


@pytest.mark.parametrize(
    ("config", "rate", "channels", "frame", "codec_string"),
    [
        ("1408", 16000, 1, 1024, "mp4a.40.2"),
        ("1190", 48000, 2, 1024, "mp4a.40.2"),
        ("1490", 12000, 2, 1024, "mp4a.40.2"),
        ("119056E500", 48000, 2, 1024, "mp4a.40.2"),
        ("140c", 16000, 1, 960, "mp4a.40.2"),
        ("17801f4008", 16000, 1, 1024, "mp4a.40.2"),  # the rate written out
        ("2b8a0800", 22050, 1, 1024, "mp4a.40.5"),  # explicit SBR: the core's rate
        ("b9880000", 48000, 1, 512, "mp4a.40.23"),  # low delay
    ],
)
def test_configurations_are_read(config: str, rate: int, channels: int, frame: int, codec_string: str) -> None:
    data = bytes.fromhex(config)
    assert aac_format(data) == AudioFormat("aac", rate, channels, frame, codec_string, data)


@pytest.mark.parametrize("config", ["", "14", "1680", "1400", "ffff", "08" * 65, "1780000008"])
def test_damaged_reserved_and_endless_configurations_are_refused(config: str) -> None:
    with pytest.raises(ParameterSetError):
        aac_format(bytes.fromhex(config))


def test_g711_is_described_by_its_law() -> None:
    assert g711_format("alaw") == AudioFormat("alaw", 8000, 1, 1, "alaw", b"")
    assert g711_format("ulaw", 16000, 2) == AudioFormat("ulaw", 16000, 2, 1, "ulaw", b"")
    for law, rate, channels in (("g726", 8000, 1), ("alaw", 0, 1), ("ulaw", 8000, 9)):
        with pytest.raises(ParameterSetError):
            g711_format(law, rate, channels)


@given(st.binary(max_size=70))
def test_random_bytes_raise_nothing_but_a_parameter_set_error(config: bytes) -> None:
    with suppress(ParameterSetError):
        assert aac_format(config).sample_rate > 0
