"""Which outages begin, grow and end: a dead switch is one, a silent recorder blames no camera, flapping is one."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camera_gateway.clock import US
from camera_gateway.domain.footage import GapCause, GapRecord
from camera_gateway.domain.ids import CameraId, InstitutionId
from camera_gateway.domain.outage import NewOutage, OpenOutage, OutageKind
from camera_gateway.health.uptime import PART_US, Ended, Grown, Limits, Sight, changes, flaps, lost_since

NOW_US = 1_700_000_000 * US
LIMITS = Limits(60 * US, 120 * US)
DOWN, AUTH = GapCause.CAMERA_UNREACHABLE.value, GapCause.CAMERA_AUTH.value
SWITCH = tuple(f"cam-{number:02}" for number in range(12))


def up(camera: str, for_s: float = 9_000, site: str = "home") -> Sight:
    return Sight(camera, "home", site, "up", NOW_US - round(for_s * US), recorder_us=NOW_US - 99_999 * US)


def down(camera: str, for_s: float, cause: str = DOWN, site: str = "home") -> Sight:
    return Sight(camera, "home", site, "down", NOW_US - round(for_s * US), cause, NOW_US - 99_999 * US)


def known(cameras: tuple[str, ...], since_s: float, kind: OutageKind = OutageKind.CAMERA) -> OpenOutage:
    return OpenOutage(7, "home", cameras, kind, NOW_US - round(since_s * US))


def look(sights: list[Sight], *outages: OpenOutage, store_lost_us: int | None = None) -> list[object]:
    return list(changes(sights, outages, store_lost_us, NOW_US, LIMITS))


def test_one_camera_is_an_outage_of_its_own_once_it_lasts() -> None:
    assert look([down("a", 59), up("b")]) == []
    assert look([down("a", 60), up("b")]) == [
        NewOutage("home", "home", ("a",), OutageKind.CAMERA, DOWN, NOW_US - 60 * US)
    ]


def test_twelve_cameras_of_one_switch_are_one_outage_that_begins_with_the_first() -> None:
    sights = [down(camera, 61 - number * 0.7) for number, camera in enumerate(SWITCH)]
    assert look([*sights, up("other")]) == [
        NewOutage("home", "home", SWITCH, OutageKind.NETWORK, DOWN, NOW_US - 61 * US)
    ]


def test_cameras_that_are_lost_a_minute_apart_are_two_outages() -> None:
    found = look([down("a", 200), down("b", 140)])
    assert [(each.cameras, each.kind) for each in found] == [  # type: ignore[attr-defined] # new outages
        (("a",), OutageKind.CAMERA),
        (("b",), OutageKind.CAMERA),
    ]


def test_a_wrong_password_is_never_a_dead_switch() -> None:
    found = look([down("a", 61, AUTH), down("b", 61, AUTH), down("c", 61)])
    assert sorted(each.cameras for each in found) == [("a",), ("b",), ("c",)]  # type: ignore[attr-defined] # as above
    assert {each.kind for each in found} == {OutageKind.CAMERA}  # type: ignore[attr-defined] # as above


def test_sites_are_looked_at_apart() -> None:
    found = look([down("a", 61), down("b", 61, site="garden")])
    assert [each.site for each in found] == ["garden", "home"]  # type: ignore[attr-defined] # as above
    assert {each.kind for each in found} == {OutageKind.CAMERA}  # type: ignore[attr-defined] # as above


def test_what_is_lost_with_an_open_outage_joins_it() -> None:
    found = look([down("a", 90), down("b", 85)], known(("a",), 90))
    assert found == [Grown(7, ("a", "b"), OutageKind.NETWORK)]
    assert look([down("a", 90, AUTH), down("b", 85)], known(("a",), 90)) == [
        NewOutage("home", "home", ("b",), OutageKind.CAMERA, DOWN, NOW_US - 85 * US)
    ]


def test_what_is_back_for_a_while_has_ended_when_it_came_back() -> None:
    outage = known(("a", "b"), 900, OutageKind.NETWORK)
    assert look([up("a", 119), up("b", 300)], outage) == []
    assert look([up("a", 120), up("b", 300)], outage) == [Ended(7, NOW_US - 120 * US)]


def test_of_a_repaired_switch_what_stays_lost_is_an_outage_since_the_same_start() -> None:
    outage = known(("a", "b", "c"), 9_000, OutageKind.NETWORK)
    back_s = PART_US / US
    assert look([up("a", back_s - 1), up("b", back_s + 50), down("c", 9_000)], outage) == []
    assert look([up("a", back_s), up("b", back_s + 50), down("c", 9_000)], outage) == [
        Ended(7, NOW_US - PART_US),
        NewOutage("home", "home", ("c",), OutageKind.CAMERA, DOWN, NOW_US - 9_000 * US),
    ]
    (_, rest) = look([up("a", back_s), down("b", 9_000), down("c", 9_000)], outage)
    assert rest == NewOutage("home", "home", ("b", "c"), OutageKind.NETWORK, DOWN, NOW_US - 9_000 * US)


def test_a_silent_recorder_is_the_gateway_s_outage_and_no_camera_s() -> None:
    sights = [replace(up(camera), state="unseen", since_us=NOW_US - 70 * US, recorder_us=None) for camera in "ab"]
    found = look([*sights])
    assert found == [NewOutage("home", "home", ("a", "b"), OutageKind.GATEWAY, "gateway-down", NOW_US - 70 * US)]
    gateway = known(("a", "b"), 70, OutageKind.GATEWAY)
    assert look([*sights], gateway) == []
    restarted = [replace(up(camera, 5), recorder_us=NOW_US - 9 * US) for camera in "ab"]
    assert look([*restarted], gateway) == [Ended(7, NOW_US - 9 * US)]
    # it was only held up, and has not been started anew
    assert look([up("a", 5), up("b", 5)], gateway) == [Ended(7, NOW_US)]


def test_a_camera_that_was_lost_before_the_gateway_stays_lost_meanwhile() -> None:
    sight = replace(down("a", 900), state="unseen", since_us=NOW_US - 70 * US)
    found = look([sight, replace(sight, camera="b")], known(("a",), 900))
    assert found == [NewOutage("home", "home", ("a", "b"), OutageKind.GATEWAY, "gateway-down", NOW_US - 70 * US)]


def test_the_store_is_lost_for_each_site_without_a_camera_to_blame() -> None:
    lost_us = NOW_US - 60 * US
    found = look([up("a"), up("b", site="garden")], store_lost_us=lost_us)
    assert found == [
        NewOutage("home", site, (), OutageKind.STORE, "store-unreachable", lost_us) for site in ("garden", "home")
    ]
    assert look([up("a")], store_lost_us=NOW_US - 59 * US) == []
    store = known((), 900, OutageKind.STORE)
    assert look([up("a")], store, store_lost_us=lost_us) == []
    assert look([up("a")], store) == [Ended(7, NOW_US)]


@pytest.mark.parametrize("state", ["excused", "off"])
def test_what_is_not_asked_for_now_begins_no_outage(state: str) -> None:
    assert look([replace(down("a", 9_000), state=state)]) == []  # type: ignore[arg-type] # of its closed list


def test_an_excuse_keeps_an_open_outage_open_and_an_order_ends_it() -> None:
    outage = known(("a",), 9_000)
    assert look([replace(down("a", 9_000), state="excused")], outage) == []
    assert look([replace(down("a", 300), state="off")], outage) == [Ended(7, NOW_US - 300 * US)]
    assert look([], outage) == [Ended(7, NOW_US)]  # the camera is gone


@dataclass
class Simulated:
    """Cameras of a site that come and go, looked at each five seconds."""

    outages: dict[int, OpenOutage] = field(default_factory=dict)
    ended: list[tuple[int, OpenOutage]] = field(default_factory=list)
    begun: int = 0

    def look(self, sights: list[Sight], now_us: int) -> None:
        for change in changes(sights, list(self.outages.values()), None, now_us, LIMITS):
            if isinstance(change, NewOutage):
                self.begun += 1
                self.outages[self.begun] = OpenOutage(
                    self.begun, change.site, change.cameras, change.kind, change.start_us
                )
            elif isinstance(change, Grown):
                known_ = self.outages[change.number]
                self.outages[change.number] = replace(known_, cameras=change.cameras, kind=change.kind)
            else:
                self.ended.append((change.end_us, self.outages.pop(change.number)))


spans = st.lists(st.integers(min_value=1, max_value=400), min_size=1, max_size=30)


@settings(deadline=None, max_examples=60)
@given(spans=spans, cameras=st.integers(min_value=1, max_value=12))
def test_whatever_comes_and_goes_no_camera_is_lost_twice_at_once_and_flapping_is_one(
    spans: list[int], cameras: int
) -> None:
    """Alternate up and down for so many seconds each, all cameras of a switch together."""
    site, now_us, state, since_us = Simulated(), NOW_US, "up", NOW_US
    names = SWITCH[:cameras]
    longest_up = 0
    for number, span in enumerate([*spans, 1_000]):
        state = "down" if number % 2 == 0 else "up"
        since_us = now_us
        if state == "up":
            longest_up = max(longest_up, span)
        for _ in range(0, span, 5):
            now_us += 5 * US
            sights = [
                Sight(name, "home", "home", state, since_us, DOWN if state == "down" else "", NOW_US - US)  # type: ignore[arg-type] # of its closed list
                for name in names
            ]
            site.look(sights, now_us)
            open_ = [camera for outage in site.outages.values() for camera in outage.cameras]
            assert len(open_) == len(set(open_))
        now_us = since_us + span * US
    for end_us, outage in site.ended:
        assert outage.start_us < end_us
        assert outage.kind is (OutageKind.NETWORK if cameras > 1 else OutageKind.CAMERA)
    if longest_up < 120:
        assert site.begun <= 1, "what never settles is one outage"
    if all(span < 60 for span in spans[::2]) and len(spans) % 2 == 0:
        # the last span is a long one: up after an odd number of spans, down after an even one
        assert site.begun <= 1


def gap(start_s: int, end_s: int, cause: GapCause = GapCause.CAMERA_UNREACHABLE) -> GapRecord:
    return GapRecord(
        gap=f"g{start_s}",
        camera=CameraId("a"),
        institution=InstitutionId("home"),
        start_us=start_s * US,
        end_us=end_s * US,
        cause=cause,
        detail="",
        observed_by="recorder",
        precision_us=US,
    )


def test_a_long_loss_began_where_its_first_piece_did() -> None:
    hourly = [gap(0, 3_600), gap(3_600, 7_200), gap(7_201, 10_800)]
    assert lost_since(hourly, 10_800 * US) == 0
    assert lost_since(hourly, 10_900 * US) == 10_900 * US
    assert lost_since([gap(0, 3_600), gap(4_000, 7_200)], 7_200 * US) == 4_000 * US
    off = [gap(0, 3_600, GapCause.SCHEDULE_OFF), gap(3_600, 7_200)]
    assert lost_since(off, 7_200 * US) == 3_600 * US
    assert lost_since([gap(0, 3_600, GapCause.GATEWAY_DOWN)], 3_600 * US) == 3_600 * US


def test_flapping_is_a_number_of_losses_within_a_time() -> None:
    counts = [(second * US, second // 60) for second in range(0, 600, 60)]
    assert flaps(counts, 600 * US, within_us=600 * US, times=9)
    assert not flaps(counts, 600 * US, within_us=600 * US, times=10)
    assert not flaps(counts, 900 * US, within_us=600 * US, times=9)
    # the recorder was restarted and counts anew
    assert not flaps([(0, 900), (60 * US, 0), (120 * US, 1)], 130 * US, within_us=600 * US, times=2)
