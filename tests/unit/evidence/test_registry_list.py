"""What is registered at a site, as it is sealed: read back as it was, without addresses, and nobody else's rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from support.catalogue_rows import INSTITUTION, SITE, camera_value

from camera_gateway.catalogue.policies import RuleRow
from camera_gateway.errors import InvalidInput
from camera_gateway.evidence.registry_list import parse_registry, registered, registry_name, registry_text

RULE = RuleRow("law", INSTITUTION.id, "hall", None, 30, 90, 5, 6, "token:alia", "token:berik", "закон")
CAMERAS = (camera_value("cam-02"), camera_value("cam-01"))


def test_what_was_written_is_read_back() -> None:
    found = registered(INSTITUTION, SITE, CAMERAS, [RULE])
    text = registry_text(found)
    assert parse_registry(text, "here") == replace(found, cameras=tuple(sorted(CAMERAS, key=lambda one: one.id)))
    assert registry_text(parse_registry(text, "here")) == text
    assert b"rtsp" not in text
    assert b"password" not in text


def test_rules_of_others_are_left_out() -> None:
    rules = [
        RULE,
        replace(RULE, institution=None, zone=None),
        replace(RULE, institution="school-8"),
        replace(RULE, institution=None, zone=None, camera="cam-01"),
        replace(RULE, institution=None, zone=None, camera="cam-99"),
    ]
    assert list(registered(INSTITUTION, SITE, CAMERAS, rules).rules) == [rules[0], rules[1], rules[3]]


def test_another_content_has_another_name() -> None:
    text = registry_text(registered(INSTITUTION, SITE, CAMERAS, []))
    more = registry_text(registered(INSTITUTION, SITE, CAMERAS, [RULE]))
    day = date(2026, 11, 22)
    assert registry_name(day, text) != registry_name(day, more)
    assert registry_name(day, text).startswith("REGISTRY.2026-11-22.")


@pytest.mark.parametrize("change", [(b'"version": 1', b'"version": 2'), (b"{", b"["), (b'"name"', b'"nom"')])
def test_what_is_no_list_is_named(change: tuple[bytes, bytes]) -> None:
    text = registry_text(registered(INSTITUTION, SITE, CAMERAS, [])).replace(*change)
    with pytest.raises(InvalidInput, match="here"):
        parse_registry(text, "here")
