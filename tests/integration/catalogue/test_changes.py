"""Changes of what is registered: kept, one audit row each that says what from what, nothing when nothing changes."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from support.catalogue_rows import ALIA, INSTITUTION, camera_value, device_value

from camera_gateway.catalogue import audit_log, changes, registry
from camera_gateway.domain.camera import CameraState, InstitutionKind, StreamAddress, Zone
from camera_gateway.domain.ids import CameraId, DeviceId, SiteId
from camera_gateway.errors import NotFound, Refused

if TYPE_CHECKING:
    from camera_gateway.catalogue.opening import Catalogue

HALL, YARD = CameraId("hall"), CameraId("yard")
CAMERA, DEVICE = camera_value("hall"), device_value("hall")


def test_words_address_and_account_change_in_place_and_one_row_tells_it(catalogue: Catalogue) -> None:
    camera = replace(CAMERA, name="Зал", zone=Zone.GYM, schedule=("mon-fri 07:00-20:00",))
    address = StreamAddress("192.168.10.6", 8554, "/secret-path")
    device = replace(DEVICE, address=address, username="operator", password_sealed="v1:bmV3")
    with catalogue.write(ALIA) as tx:
        rows, generation = audit_log.head(tx)[0], registry.generation(tx)
        changed = changes.change_camera(tx, camera, device)
        assert registry.get_camera(tx, HALL) == camera
        assert registry.current_device(tx, HALL) == device
        assert registry.list_devices(tx, HALL) == [device]
        assert registry.get_camera(tx, YARD) == camera_value("yard")
        assert registry.current_device(tx, YARD) == device_value("yard")
        assert registry.generation(tx) == generation + 1
        (row,) = audit_log.list_rows(tx, rows)
    assert (row.actor, row.action, row.object) == ("shell:alia", "camera.change", "camera:hall")
    assert row.details == {"changed": changed}
    assert changed == {
        "name": {"from": "Camera hall", "to": "Зал"},
        "zone": {"from": "hall", "to": "gym"},
        "schedule": {"from": [], "to": ["mon-fri 07:00-20:00"]},
        "host": {"from": "192.168.10.5", "to": "192.168.10.6"},
        "port": {"from": 554, "to": 8554},
        "path": "changed",
        "account": "changed",
        "password": "changed",
    }
    text = json.dumps(row.details)
    for secret in ("c2VhbGVk", "bmV3", "secret-path", "in-the-path", "operator"):
        assert secret not in text


def test_what_changes_nothing_leaves_no_row_and_no_generation(catalogue: Catalogue) -> None:
    with catalogue.write(ALIA) as tx:
        before = audit_log.head(tx), registry.generation(tx)
        assert changes.change_camera(tx, CAMERA, DEVICE) == {}
        assert changes.change_institution(tx, INSTITUTION) == {}
        assert (audit_log.head(tx), registry.generation(tx)) == before


def test_a_retired_camera_and_one_that_is_not_there_do_not_change(catalogue: Catalogue) -> None:
    with catalogue.write(ALIA) as tx:
        registry.set_camera_state(tx, HALL, CameraState.RETIRED)
        with pytest.raises(Refused, match="retired"):
            changes.change_camera(tx, replace(CAMERA, name="x"), DEVICE)
        with pytest.raises(NotFound):
            changes.change_camera(tx, camera_value("attic"), device_value("attic"))


def test_what_a_camera_is_does_not_change_here(catalogue: Catalogue) -> None:
    with catalogue.write(ALIA) as tx:
        for camera, device in (
            (replace(CAMERA, site=SiteId("annex")), DEVICE),
            (replace(CAMERA, state=CameraState.PAUSED), DEVICE),
            (replace(CAMERA, created_us=1), DEVICE),
            (CAMERA, replace(DEVICE, id=DeviceId("hall-device-9"))),
        ):
            with pytest.raises(ValueError, match="change here"):
                changes.change_camera(tx, camera, device)


def test_an_institution_changes_its_words_and_a_row_tells_it(catalogue: Catalogue) -> None:
    changed = replace(INSTITUTION, name="Лицей 7", kind=InstitutionKind.OTHER)
    with catalogue.write(ALIA) as tx:
        generation = registry.generation(tx)
        told = changes.change_institution(tx, changed)
        assert registry.get_institution(tx, INSTITUTION.id) == changed
        assert registry.generation(tx) == generation + 1
        row = audit_log.list_rows(tx, audit_log.head(tx)[0] - 1)[-1]
    assert (row.action, row.object, row.details) == (
        "institution.change",
        "institution:school-7",
        {"changed": told},
    )
    assert told == {
        "name": {"from": "Мектеп 7", "to": "Лицей 7"},
        "kind": {"from": "school", "to": "other"},
    }


def test_the_audit_row_of_a_replacement_names_the_device_before(catalogue: Catalogue) -> None:
    with catalogue.write(ALIA) as tx:
        registry.replace_device(tx, HALL, device_value("hall", 2, 9_000))
        row = audit_log.list_rows(tx, audit_log.head(tx)[0] - 1)[-1]
    assert (row.details["before"]["device"], row.details["device"]) == ("hall-device-1", "hall-device-2")
