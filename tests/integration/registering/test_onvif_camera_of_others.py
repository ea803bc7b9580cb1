"""The search against an ONVIF device that somebody else wrote, across a real network: multicast, ARP, WS-Security."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from support.command_line import INSTITUTION, Directory
from support.onvif_camera import CAMERA, NETWORK, OnvifCamera, missing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow

USER, PASSWORD, SERIAL = "operator", "correct horse", "IPY-77"
MAIN = f"rtsp://{CAMERA}:8554/video_main"


@pytest.fixture(scope="module")
def camera(clips: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[OnvifCamera]:
    if why := missing():
        pytest.skip(why)
    folder = tmp_path_factory.mktemp("onvif")
    with OnvifCamera(clips["h264"], folder, user=USER, password=PASSWORD, serial=SERIAL) as found:
        yield found


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Directory:
    made = Directory(tmp_path_factory.mktemp("gateway"), here=True)
    made.add_institution("--allow", NETWORK)
    (made.root / "password").write_text(PASSWORD)
    return made


def asked(camera: OnvifCamera, directory: Directory, *words: str) -> Any:  # noqa: ANN401 - JSON
    done = camera.run(directory, *words)
    assert done.returncode == 0, done
    return json.loads(done.stdout)


@pytest.mark.parametrize("how", [("--multicast",), ("--no-multicast", "--range", NETWORK)], ids=["multicast", "range"])
def test_it_is_found_with_serial_mac_and_streams(
    camera: OnvifCamera, directory: Directory, how: tuple[str, ...]
) -> None:
    account = ("--username", USER, "--password-file", str(directory.root / "password"))
    found = asked(camera, directory, "camera", "discover", "--institution", INSTITUTION, *how, *account)
    [device] = found["found"]
    assert (device["address"], device["vendor"], device["serial"]) == (CAMERA, "PythonCam", SERIAL)
    assert len(device["mac"]) == 17
    assert (device["onvif_port"], device["trouble"]) == (8080, None)
    main = device["profiles"][0]
    assert (main["url"], main["codec"], main["width"], main["height"]) == (MAIN, "h264", 320, 180)


def test_it_is_imported_and_known_by_its_mac_and_found_as_registered(camera: OnvifCamera, directory: Directory) -> None:
    table = directory.root / "cameras.csv"
    table.write_text(
        "institution,id,name,zone,url,username,password,onvif_port\n"
        f"{INSTITUTION},hall,Hall,hall,{MAIN},{USER},{PASSWORD},8080\n"
    )
    made = asked(camera, directory, "camera", "import", str(table))
    assert made["created"] == ["hall"]
    assert made["rows"][0]["probe"]["video"]["width"] == 320
    picture = directory.root / "hall.jpg"
    asked(camera, directory, "camera", "probe", "hall", "--seconds", "1", "--picture", str(picture))
    assert picture.read_bytes().startswith(b"\xff\xd8")
    known = directory.json("camera", "show", "hall")
    assert (known["identity"]["state"], known["device"]["serial"]) == ("same", SERIAL)
    assert len(known["device"]["mac"]) == 17
    found = asked(camera, directory, "camera", "discover", "--institution", INSTITUTION)
    assert found["found"][0]["registered"] == ["hall"]
