"""The OpenAPI document says what the routes are: each once, arguments by their names in HTTP, references valid."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest

from camera_gateway.actions.verbs import VERBS
from camera_gateway.api.arguments import fields_of
from camera_gateway.api.browsable import page
from camera_gateway.api.openapi import document, model_of
from camera_gateway.api.routes.all import ROUTES

if TYPE_CHECKING:
    from camera_gateway.api.routes.table import Route

DOCUMENT = document(ROUTES, "1.2.3")


def operation(route: Route) -> dict[str, Any]:
    path = re.sub(r":[^}]*}", "}", route.path)
    found: dict[str, Any] = DOCUMENT["paths"][path][route.method.lower()]
    return found


def test_it_has_every_route_and_no_other() -> None:
    described = {(method.upper(), path) for path, methods in DOCUMENT["paths"].items() for method in methods}
    assert described == {(route.method, re.sub(r":[^}]*}", "}", route.path)) for route in ROUTES}
    assert DOCUMENT["openapi"].startswith("3.1")
    assert DOCUMENT["info"]["version"] == "1.2.3"


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_an_operation_has_exactly_the_arguments_of_its_route(route: Route) -> None:
    found = operation(route)
    given = [parameter["name"] for parameter in found.get("parameters", ()) if parameter["in"] != "header"]
    for content in found.get("requestBody", {}).get("content", {}).values():
        given += list(content["schema"].get("properties", {}))
    wanted = set(fields_of(model_of(route), route.fixed)) | set(re.findall(r"{([a-z_]+)", route.path))
    if route.paged:
        wanted |= {"limit", "cursor"}
    if route.keyset is not None:
        wanted -= {route.keyset[0]}
    assert sorted(given) == sorted(wanted)
    assert found["operationId"] == route.name
    assert (found["security"] == []) == route.public
    successes = [status for status in found["responses"] if status.startswith("2")]
    assert successes == [str(202 if route.job else route.status)]


@pytest.mark.parametrize("route", [r for r in ROUTES if r.paged], ids=lambda route: route.name)
def test_a_list_comes_in_pages(route: Route) -> None:
    schema = operation(route)["responses"]["200"]["content"]["application/json"]["schema"]
    assert schema["required"] == ["items", "next"]


def test_every_list_of_rows_is_paged() -> None:
    lists = [r.name for r in ROUTES if r.verb is not None and VERBS[r.verb].row is not None and not r.paged]
    assert lists == []


def test_every_reference_leads_somewhere_and_every_schema_is_one() -> None:
    text = json.dumps(DOCUMENT)
    for name in set(re.findall(r'"#/components/schemas/([^"]+)"', text)):
        assert name in DOCUMENT["components"]["schemas"]
    for schema in DOCUMENT["components"]["schemas"].values():
        jsonschema_rs.validator_for({**schema, "components": DOCUMENT["components"]})


def test_what_a_route_makes_is_linked_to_every_route_that_names_it() -> None:
    for route in ROUTES:
        noun = "job" if route.job else route.makes[0] if route.makes is not None else None
        found = [answer["links"] for answer in operation(route)["responses"].values() if "links" in answer]
        assert len(found) == (noun is not None), route.name
        for links in found:
            assert set(links) == {r.name for r in ROUTES if noun in re.findall(r"{([a-z_]+)", r.path)}
    assert operation(next(r for r in ROUTES if r.name == "hold.place"))["responses"]["201"]["links"]["hold.lift"] == {
        "operationId": "hold.lift",
        "parameters": {"hold": "$response.body#/hold/id"},
    }


def test_no_field_has_a_unit_that_http_does_not_know() -> None:
    assert re.findall(r'"name": "[a-z_]+_us"', json.dumps(DOCUMENT["paths"])) == []


def test_the_page_shows_every_operation_and_is_plain() -> None:
    shown = page(DOCUMENT)
    for route in ROUTES:
        assert f'id="{route.name}"' in shown
    assert "<script" not in shown
    assert " style=" not in shown
    assert " on" not in re.sub(r">[^<]*<", "><", shown).replace(" only", "")
