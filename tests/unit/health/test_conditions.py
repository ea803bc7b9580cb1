"""From facts to conditions: one for a dead switch and for a gateway of many sites, none where nobody has looked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from camera_gateway.clock import US
from camera_gateway.domain.alert import CODES
from camera_gateway.domain.outage import OutageKind
from camera_gateway.health.conditions import Duty, Facts, Lost, Mark, Named, conditions

NOW_US = 1_700_000_000 * US
HOUR_US = 3_600 * US
SWITCH = Lost(
    number=4,
    institution="home",
    site="home",
    cameras=("cam-01", "cam-02"),
    kind=OutageKind.NETWORK,
    cause="camera-unreachable",
    start_us=NOW_US - 300 * US,
    end_us=None,
    reported=False,
)
ONE = replace(SWITCH, number=5, cameras=("hall",), kind=OutageKind.CAMERA)
DUTY = Duty("house-baseline", "outage-notify", 4 * HOUR_US, 24 * HOUR_US)


def codes(facts: Facts, *named: Named) -> list[tuple[str, str]]:
    return sorted((condition.code, condition.subject) for condition in conditions(facts, named)[0])


def test_a_dead_switch_is_one_condition_and_a_camera_another() -> None:
    found, _ = conditions(Facts(NOW_US, outages=(SWITCH, ONE)))
    assert [(each.code, each.subject, each.outage) for each in found] == [
        ("network-down", "site:home:cam-01", 4),
        ("camera-down", "camera:hall", 5),
    ]
    assert found[0].detail["cameras"] == ["cam-01", "cam-02"]
    assert found[0].since_us == SWITCH.start_us


def test_a_gateway_of_many_sites_and_the_store_are_one_condition_each() -> None:
    sites = [replace(SWITCH, number=n, site=f"site-{n}", cameras=(f"c{n}",), kind=OutageKind.GATEWAY) for n in range(3)]
    stores = [replace(lost, kind=OutageKind.STORE, cameras=()) for lost in sites]
    found, _ = conditions(Facts(NOW_US, outages=(*sites, *stores)))
    assert [(each.code, each.institution, each.detail["count"]) for each in found] == [
        ("gateway-down", None, 3),
        ("store-unreachable", None, 0),
    ]


def test_an_alert_keeps_its_subject_while_its_outage_or_one_of_its_cameras_is_lost() -> None:
    first = Named("camera-down", "camera:hall", 4, frozenset({"hall"}))
    assert codes(Facts(NOW_US, outages=(SWITCH,)), first) == [("camera-down", "camera:hall")]
    again = replace(SWITCH, number=9, cameras=("cam-02", "cam-03"))
    switch = Named("network-down", "site:home:cam-01", 4, frozenset(SWITCH.cameras))
    assert codes(Facts(NOW_US, outages=(again,)), switch) == [("network-down", "site:home:cam-01")]
    other = replace(again, cameras=("x", "y"))
    assert codes(Facts(NOW_US, outages=(other,)), switch) == [("network-down", "site:home:x")]


@pytest.mark.parametrize(
    ("lost", "expected"),
    [
        (replace(ONE, start_us=NOW_US - 4 * HOUR_US + 1), []),
        (replace(ONE, start_us=NOW_US - 4 * HOUR_US), ["outage-to-report"]),
        (replace(ONE, start_us=NOW_US - 4 * HOUR_US, reported=True), []),
        (replace(ONE, start_us=NOW_US - 24 * HOUR_US), ["outage-report-overdue"]),
        (replace(ONE, start_us=NOW_US - 30 * HOUR_US, end_us=NOW_US - 20 * HOUR_US), ["outage-report-overdue"]),
        (replace(ONE, start_us=NOW_US - 30 * HOUR_US, end_us=NOW_US - 29 * HOUR_US), []),
        (replace(ONE, start_us=NOW_US - 9 * HOUR_US, kind=OutageKind.STORE), []),
        (replace(ONE, start_us=NOW_US - 9 * HOUR_US, institution="school"), []),
    ],
)
def test_the_standard_says_what_is_to_be_reported_and_until_when(lost: Lost, expected: list[str]) -> None:
    found, _ = conditions(Facts(NOW_US, outages=(lost,), duties={"home": (DUTY,)}))
    mine = [each for each in found if each.code.startswith("outage-")]
    assert [each.code for each in mine] == expected
    for each in mine:
        assert each.detail["rule"] == "house-baseline outage-notify"
        assert each.detail["until_us"] == lost.start_us + 24 * HOUR_US


def test_what_was_over_before_it_could_be_noticed_is_one_event() -> None:
    late = [
        replace(SWITCH, number=n, site=f"s{n}", kind=OutageKind.GATEWAY, end_us=NOW_US - n * US, late_us=NOW_US)
        for n in (1, 2)
    ]
    (found,) = conditions(Facts(NOW_US, outages=late))[0]
    assert (found.code, found.subject) == ("gateway-was-down", f"noticed:{NOW_US}")
    assert found.detail["until_us"] == NOW_US - US
    assert CODES[found.code].latched


def test_where_nobody_has_looked_nothing_is_wrong_and_nothing_is_over() -> None:
    found, spoken = conditions(Facts(NOW_US))
    assert found == []
    assert CODES.keys() - spoken == {
        "spool-horizon",
        "spool-loss-near",
        "disk-low",
        "store-property-failed",
        "audit-head-old",
        "drill-failed",
        "clock-differs",
    }
    everything = Facts(
        NOW_US,
        spool_known=True,
        disk_free_bytes=10**12,
        disk_reserve_bytes=10**9,
        store_failed=(),
        audit_head_age_s=1.0,
        drill_ok=1.0,
        clock_trouble="",
        certificate_days=90,
    )
    assert conditions(everything) == ([], frozenset(CODES))


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        (Facts(NOW_US, spool_until_loss_s=23 * 3_600.0), "spool-horizon"),
        (Facts(NOW_US, spool_until_loss_s=5 * 3_600.0), "spool-loss-near"),
        (Facts(NOW_US, disk_free_bytes=10**9, disk_reserve_bytes=10**9), "disk-low"),
        (Facts(NOW_US, store_failed=("object-lock",)), "store-property-failed"),
        (Facts(NOW_US, audit_head_age_s=3 * 3_600.0 + 1), "audit-head-old"),
        (Facts(NOW_US, drill_ok=0.99), "drill-failed"),
        (Facts(NOW_US, clock_trouble="this clock and the store's are +90 s apart"), "clock-differs"),
        (Facts(NOW_US, certificate_days=29), "certificate-ends"),
        (Facts(NOW_US, certificate_days=2), "certificate-ends-now"),
        (Facts(NOW_US, flapping=(Mark("home", "camera:hall", "", NOW_US, 7),)), "camera-flapping"),
        (Facts(NOW_US, clocks_off=(Mark("home", "camera:hall", "", NOW_US, 9),)), "camera-clock"),
        (Facts(NOW_US, impaired=(Mark("home", "camera:hall", "black", NOW_US),)), "picture-impaired"),
        (Facts(NOW_US, changed_devices=(Mark("home", "camera:hall", "serial", NOW_US),)), "device-changed"),
        (Facts(NOW_US, incidents=(Mark("home", "incident-3", "", NOW_US),)), "incident-entered"),
        (Facts(NOW_US, seals_missing=(Mark("home", "site:home", "2026-11-28", NOW_US),)), "seal-missing"),
        (Facts(NOW_US, unwitnessed=(Mark("home", "site:home", "", NOW_US, 3),)), "witness-waiting"),
        (Facts(NOW_US, failing_channels=(Mark(None, "duty", "", NOW_US, 3),)), "notices-failing"),
    ],
)
def test_each_trouble_has_its_code(facts: Facts, code: str) -> None:
    found, spoken = conditions(facts)
    assert [each.code for each in found] == [code]
    assert code in spoken or code in ("spool-horizon", "spool-loss-near")
