"""The sidecar: what is written is read back, and what is older or newer is read as far as it goes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.catalogue_rows import sidecar_value

from camera_gateway.domain.footage import CameraSigned, parse_sidecar
from camera_gateway.errors import InvalidInput


def values(signed: CameraSigned) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(sidecar_value("hall", 1, camera_signed=signed).to_bytes())
    return found


@pytest.mark.parametrize("signed", CameraSigned)
def test_a_sidecar_is_read_back_as_it_was_written(signed: CameraSigned) -> None:
    value = sidecar_value("hall", 1, camera_signed=signed)
    assert parse_sidecar(value.to_bytes()) == value
    assert parse_sidecar(value.to_metadata()["sidecar"]) == value


def test_what_nobody_looked_for_is_not_written_so_older_sidecars_stay_what_they_were() -> None:
    older = values(CameraSigned.UNKNOWN)
    assert set(values(CameraSigned.NO)) - set(older) == {"camera_signed"}
    assert (values(CameraSigned.YES)["camera_signed"], values(CameraSigned.NO)["camera_signed"]) == ("yes", "no")
    again = parse_sidecar(json.dumps(older))
    assert again.camera_signed is CameraSigned.UNKNOWN
    assert json.loads(again.to_bytes()) == older


def test_fields_of_a_newer_version_are_passed_over() -> None:
    newer = values(CameraSigned.YES) | {"weather": "fine"}
    assert parse_sidecar(json.dumps(newer)) == sidecar_value("hall", 1, camera_signed=CameraSigned.YES)


@pytest.mark.parametrize("change", [{"camera_signed": "maybe"}, {"camera_signed": None}, {"version": 2}])
def test_a_sidecar_that_cannot_be_ours_is_refused_by_name(change: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match=r"^hall\.json: "):
        parse_sidecar(json.dumps(values(CameraSigned.YES) | change), "hall.json")
