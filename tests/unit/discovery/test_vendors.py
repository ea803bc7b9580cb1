"""The shipped paths of vendors: readable, in order, and without an account."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from camera_gateway.discovery.vendors import FILE, load_vendors
from camera_gateway.errors import InvalidInput
from camera_gateway.settings.locate import config_directory

if TYPE_CHECKING:
    from pathlib import Path

VENDORS = load_vendors(config_directory())
WANTED = {
    "hikvision", "dahua", "axis", "uniview", "reolink", "tp-link", "hanwha", "bosch", "vivotek", "ezviz", "other",
}  # fmt: skip


def test_the_usual_vendors_are_there() -> None:
    assert {vendor.id for vendor in VENDORS.all} >= WANTED
    assert VENDORS.all[-1] is VENDORS.other


@pytest.mark.parametrize("vendor", VENDORS.all, ids=lambda vendor: vendor.id)
def test_paths_have_every_blank_filled_and_a_source(vendor: object) -> None:
    for stream in ("main", "sub"):
        for path in vendor.paths(7, stream):  # type: ignore[attr-defined]
            assert path.startswith("/")
            assert "{" not in path
    assert vendor.source  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "channel", "stream", "first"),
    [
        ("Hikvision", 2, "main", "/Streaming/Channels/201"),
        ("hiwatch", 1, "sub", "/Streaming/Channels/102"),
        ("dahua", 3, "main", "/cam/realmonitor?channel=3&subtype=0"),
        ("reolink", 1, "main", "/Preview_01_main"),
        ("tapo", 1, "main", "/stream1"),
    ],
)
def test_a_vendors_first_path(name: str, channel: int, stream: str, first: str) -> None:
    assert VENDORS.get(name).paths(channel, stream)[0] == first


@pytest.mark.parametrize(
    ("words", "vendor"),
    [
        (("HIKVISION", "DS-2CD2043"), "hikvision"),
        ((None, "AXIS P3245-V"), "axis"),
        (("Dahua", None), "dahua"),
        (("Hipcam RealServer/V1.0",), None),
        (("galaxis",), None),
        ((None,), None),
    ],
)
def test_a_vendor_is_guessed_by_whole_words(words: tuple[str | None, ...], vendor: str | None) -> None:
    found = VENDORS.guess(words)
    assert (None if found is None else found.id) == vendor


def test_an_unknown_vendor_is_told_those_that_are_known() -> None:
    with pytest.raises(InvalidInput) as caught:
        VENDORS.get("nobody")
    assert "hikvision" in caught.value.hint


@pytest.mark.parametrize("path", ["/user=admin_password=x", "stream1", "/x@y"])
def test_a_path_with_an_account_is_refused(tmp_path: Path, path: str) -> None:
    (tmp_path / "cameras").mkdir()
    (tmp_path / FILE).write_text(
        f'[[vendor]]\nid="x"\ntitle="X"\nnames=[]\nports=[1]\nonvif_ports=[1]\nmain=["{path}"]\nsub=[]\nsource="x"\n'
    )
    with pytest.raises(InvalidInput, match="without an account"):
        load_vendors(tmp_path)
