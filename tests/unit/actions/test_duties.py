"""What standards ask for is read from their files: the shipped ones, and an installation's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from camera_gateway.actions.duties import asked
from camera_gateway.clock import US
from camera_gateway.domain.camera import Institution, InstitutionKind
from camera_gateway.domain.ids import InstitutionId
from camera_gateway.health.conditions import Duty
from camera_gateway.settings.locate import config_directory
from camera_gateway.settings.schema import StandardsSettings

if TYPE_CHECKING:
    from pathlib import Path

NOW_US = 1_796_000_000 * US
HOUR_US = 3_600 * US
HOME = Institution(InstitutionId("home"), "Үй", InstitutionKind.CHILDRENS_HOME, "Абай", 1_000)
SCHOOL = Institution(InstitutionId("school"), "Мектеп", InstitutionKind.SCHOOL, "Абай", 1_000)


def test_the_house_baseline_asks_for_a_report_within_a_day_and_for_a_right_clock() -> None:
    found = asked(StandardsSettings(), "Asia/Almaty", NOW_US)
    duty = Duty("house-baseline", "outage-notify", 4 * HOUR_US, 24 * HOUR_US)
    assert duty in found.duties_of(HOME)
    assert found.clock_limit_us(HOME) == 5 * US


def test_a_standard_that_is_not_offered_asks_for_nothing() -> None:
    found = asked(StandardsSettings(enabled=("kz-edu-117-2022",)), "Asia/Almaty", NOW_US)
    assert found.duties_of(HOME) == ()
    assert found.clock_limit_us(HOME) is None
    assert asked(StandardsSettings(enabled=("unheard-of",)), "Asia/Almaty", NOW_US).duties_of(HOME) == ()


def test_an_installation_s_own_standard_asks_its_kind_of_institution(tmp_path: Path) -> None:
    text = (config_directory() / "standards" / "house-baseline.toml").read_text(encoding="utf-8")
    for old, new in (('id = "house-baseline"', 'id = "region"'), ('["*"]', '["school"]')):
        assert old in text
        text = text.replace(old, new, 1)
    (tmp_path / "region.toml").write_text(text.replace('threshold = "4h"', 'threshold = "2h"'), encoding="utf-8")
    found = asked(StandardsSettings(directory=tmp_path, enabled=("region",)), "Asia/Almaty", NOW_US)
    assert [duty.threshold_us for duty in found.duties_of(SCHOOL)] == [2 * HOUR_US]
    assert found.duties_of(HOME) == ()


def test_a_directory_that_cannot_be_read_asks_for_nothing(tmp_path: Path) -> None:
    (tmp_path / "broken.toml").write_text("= nonsense", encoding="utf-8")
    found = asked(StandardsSettings(directory=tmp_path), "Asia/Almaty", NOW_US)
    assert found.clock_limit_us(HOME) == 5 * US
