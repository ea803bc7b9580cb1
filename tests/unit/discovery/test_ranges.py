"""Which addresses a search may look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from camera_gateway.discovery.neighbours import mac_addresses
from camera_gateway.discovery.ranges import MOST_ADDRESSES, addresses_of
from camera_gateway.errors import InvalidInput, Refused

if TYPE_CHECKING:
    from pathlib import Path

ALLOWED = ("10.20.0.0/16", "192.168.5.0/24")


def test_a_range_gives_each_host_once() -> None:
    assert addresses_of(["10.20.0.0/30", "10.20.0.0/29"], ALLOWED) == tuple(f"10.20.0.{n}" for n in range(1, 7))
    assert addresses_of(["192.168.5.7/32"], ALLOWED) == ("192.168.5.7",)
    assert len(addresses_of(["10.20.0.0/20"], ALLOWED)) == MOST_ADDRESSES - 2


@pytest.mark.parametrize(
    "ranges", [["10.20.0.0/19"], ["10.20.0.0/20", "192.168.5.0/24"], ["nonsense"], ["::1/128"], ["10.20.0.0/33"]]
)
def test_what_is_too_large_or_no_network_is_refused(ranges: list[str]) -> None:
    with pytest.raises(InvalidInput):
        addresses_of(ranges, ALLOWED)


@pytest.mark.parametrize(
    "text",
    ["10.19.255.252/29", "10.21.0.0/24", "169.254.169.0/24", "127.0.0.0/30", "224.0.0.0/30", "100.100.100.200/32"],
)
@pytest.mark.parametrize("allowed", [ALLOWED, ("0.0.0.0/1", "128.0.0.0/1")], ids=["own", "wide"])
def test_no_address_outside_the_allowed_networks_is_looked_at(text: str, allowed: tuple[str, ...]) -> None:
    if allowed != ALLOWED and text.startswith("10."):
        assert addresses_of([text], allowed)
        return
    with pytest.raises(Refused) as caught:
        addresses_of([text], allowed)
    assert caught.value.code == "address-not-allowed"


def test_macs_of_neighbours_are_read_where_the_kernel_is_sure(tmp_path: Path) -> None:
    table = tmp_path / "arp"
    table.write_text(
        "IP address       HW type     Flags       HW address            Mask     Device\n"
        "10.20.0.5        0x1         0x2         00:11:22:AA:BB:CC     *        eth0\n"
        "10.20.0.6        0x1         0x0         00:11:22:aa:bb:dd     *        eth0\n"
        "10.20.0.7        0x1         0x2         00:00:00:00:00:00     *        eth0\n"
        "torn line\n"
    )
    assert mac_addresses(table) == {"10.20.0.5": "00:11:22:aa:bb:cc"}
    assert mac_addresses(tmp_path / "absent") == {}
