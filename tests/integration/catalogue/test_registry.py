"""Institutions, sites, cameras and devices: kept, changed, audited, never reused."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from support.catalogue_rows import ALIA, INSTITUTION, SITE, camera_value, device_value

from camera_gateway.catalogue import audit_log, registry
from camera_gateway.domain.camera import CameraState, Institution, InstitutionKind, Site
from camera_gateway.domain.ids import CameraId, InstitutionId, SiteId
from camera_gateway.errors import InvalidInput, NotFound, Refused

if TYPE_CHECKING:
    from camera_gateway.catalogue.opening import Catalogue
    from camera_gateway.clock import HeldClock

HALL, YARD = CameraId("hall"), CameraId("yard")


def test_what_is_added_is_read_back_equal(catalogue: Catalogue) -> None:
    with catalogue.read() as tx:
        assert registry.get_institution(tx, INSTITUTION.id) == INSTITUTION
        assert registry.list_institutions(tx) == [INSTITUTION]
        assert registry.get_site(tx, SITE.id) == SITE
        assert registry.list_sites(tx, INSTITUTION.id) == [SITE] == registry.list_sites(tx)
        assert registry.get_camera(tx, HALL) == camera_value("hall")
        assert registry.current_device(tx, HALL) == device_value("hall")
        assert registry.current_devices(tx) == {HALL: device_value("hall"), YARD: device_value("yard")}


def test_an_id_is_taken_for_ever_also_by_a_retired_camera(catalogue: Catalogue) -> None:
    with catalogue.write(ALIA) as tx:
        registry.set_camera_state(tx, HALL, CameraState.RETIRED)
    for add in (
        lambda tx: registry.add_camera(tx, camera_value("hall"), device_value("hall", 2)),
        lambda tx: registry.add_institution(tx, INSTITUTION),
        lambda tx: registry.add_site(tx, SITE),
    ):
        with pytest.raises(InvalidInput) as caught, catalogue.write(ALIA) as tx:
            add(tx)
        assert caught.value.code == "exists"


def test_what_is_not_there_is_not_found(catalogue: Catalogue) -> None:
    with catalogue.read() as tx:
        with pytest.raises(NotFound, match="no camera attic"):
            registry.get_camera(tx, CameraId("attic"))
        with pytest.raises(NotFound, match="no site attic"):
            registry.get_site(tx, SiteId("attic"))
        with pytest.raises(NotFound, match="no institution attic"):
            registry.get_institution(tx, InstitutionId("attic"))
        assert registry.current_device(tx, CameraId("attic")) is None


def test_a_camera_belongs_to_a_site_of_its_institution(catalogue: Catalogue) -> None:
    with catalogue.write(ALIA) as tx:
        other = Institution(InstitutionId("other"), "Other", InstitutionKind.OTHER, "r", 1)
        registry.add_institution(tx, other)
        with pytest.raises(InvalidInput, match="belongs to institution school-7"):
            registry.add_camera(tx, replace(camera_value("attic"), institution=other.id), device_value("attic"))
        with pytest.raises(NotFound, match="no institution nobody"):
            registry.add_site(tx, replace(SITE, id=SiteId("x1"), institution=InstitutionId("nobody")))


def test_cameras_are_listed_by_institution_site_and_state(catalogue: Catalogue) -> None:
    with catalogue.write(ALIA) as tx:
        registry.set_camera_state(tx, YARD, CameraState.PAUSED)
        registry.add_site(tx, replace(SITE, id=SiteId("annex")))
        registry.add_camera(tx, replace(camera_value("gym"), site=SiteId("annex")), device_value("gym"))

    def ids(**narrowed: object) -> list[str]:
        with catalogue.read() as tx:
            return [camera.id for camera in registry.list_cameras(tx, **narrowed)]  # type: ignore[arg-type] # by name

    assert ids() == ["gym", "hall", "yard"]
    assert ids(site=SiteId("annex")) == ["gym"]
    assert ids(institution=InstitutionId("nobody")) == []
    assert ids(states={CameraState.PAUSED}) == ["yard"]
    assert ids(states=set()) == []


async def test_retiring_ends_the_device_and_cannot_be_undone(catalogue: Catalogue, clock: HeldClock) -> None:
    await clock.advance(5)
    with catalogue.write(ALIA) as tx:
        retired = registry.set_camera_state(tx, HALL, CameraState.RETIRED)
        assert retired.retired_us == clock.now_us()
        assert registry.get_camera(tx, HALL) == retired
        assert registry.current_device(tx, HALL) is None
        assert registry.list_devices(tx, HALL)[0].to_us == clock.now_us()
        for again in (CameraState.ACTIVE, CameraState.PAUSED):
            with pytest.raises(Refused, match="retired"):
                registry.set_camera_state(tx, HALL, again)
        with pytest.raises(Refused, match="retired"):
            registry.replace_device(tx, HALL, device_value("hall", 2, clock.now_us()))


def test_a_new_device_takes_over_where_the_old_one_ends(catalogue: Catalogue) -> None:
    with catalogue.write(ALIA) as tx:
        registry.replace_device(tx, HALL, device_value("hall", 2, 9_000))
        first, second = registry.list_devices(tx, HALL)
        assert (first.from_us, first.to_us) == (2_000, 9_000)
        assert second == registry.current_device(tx, HALL) == device_value("hall", 2, 9_000)
        with pytest.raises(InvalidInput, match="begins before"):
            registry.replace_device(tx, HALL, device_value("hall", 3, 8_000))


def test_a_sites_changes_are_kept_and_audited_as_from_and_to(catalogue: Catalogue) -> None:
    changed = replace(SITE, holidays=("2026-12-16",), time_zone="Asia/Aqtobe")
    with catalogue.write(ALIA) as tx:
        registry.update_site(tx, changed)
        assert registry.get_site(tx, SITE.id) == changed
        row = audit_log.list_rows(tx, audit_log.head(tx)[0] - 1)[-1]
        assert row.details == {
            "changed": {
                "holidays": {"from": [], "to": ["2026-12-16"]},
                "time_zone": {"from": "Asia/Almaty", "to": "Asia/Aqtobe"},
            }
        }
        with pytest.raises(Refused, match="belongs to"):
            registry.update_site(tx, replace(SITE, institution=InstitutionId("other")))


def test_each_change_grows_the_generation_and_what_changes_nothing_does_not(catalogue: Catalogue) -> None:
    with catalogue.write(ALIA) as tx:
        start = registry.generation(tx)
        registry.set_camera_state(tx, HALL, CameraState.PAUSED)
        registry.set_camera_state(tx, HALL, CameraState.PAUSED)
        registry.update_site(tx, SITE)
        assert registry.generation(tx) == start + 1
        registry.replace_device(tx, HALL, device_value("hall", 2, 9_000))
        registry.update_site(tx, replace(SITE, name="New"))
        registry.add_site(tx, replace(SITE, id=SiteId("annex")))
        assert registry.generation(tx) == start + 4


def test_every_change_of_the_registry_has_one_audit_row_with_its_actor(catalogue: Catalogue) -> None:
    with catalogue.write(ALIA) as tx:
        before = audit_log.head(tx)[0]
        registry.add_institution(tx, replace(INSTITUTION, id=InstitutionId("second")))
        registry.add_site(tx, Site(SiteId("second"), InstitutionId("second"), "s", "Asia/Almaty", (), (), ()))
        registry.set_camera_state(tx, HALL, CameraState.PAUSED)
        registry.set_camera_state(tx, HALL, CameraState.ACTIVE)
        registry.replace_device(tx, HALL, device_value("hall", 2, 9_000))
        registry.set_camera_state(tx, HALL, CameraState.RETIRED)
        rows = audit_log.list_rows(tx, before)
    assert [(row.actor, row.action, row.object) for row in rows] == [
        ("shell:alia", "institution.add", "institution:second"),
        ("shell:alia", "site.add", "site:second"),
        ("shell:alia", "camera.pause", "camera:hall"),
        ("shell:alia", "camera.resume", "camera:hall"),
        ("shell:alia", "device.replace", "camera:hall"),
        ("shell:alia", "camera.retire", "camera:hall"),
    ]


def test_no_audit_row_holds_account_password_or_path_of_a_camera(catalogue: Catalogue) -> None:
    with catalogue.write(ALIA) as tx:
        registry.replace_device(tx, HALL, device_value("hall", 2, 9_000))
        text = json.dumps([dict(row.details) for row in audit_log.list_rows(tx)])
    assert "192.168.10.5" in text
    for secret in ("c2VhbGVk", "in-the-path", "root"):
        assert secret not in text
