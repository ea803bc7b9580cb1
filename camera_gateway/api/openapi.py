"""The OpenAPI 3.1 document, from the table of routes and the arguments of its verbs; nothing is written by hand twice.

Promises that every route is in it with its parameters, body, answer, problems and the right that it takes. A pure
function of the table.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from camera_gateway.actions.verbs import VERBS
from camera_gateway.api.answers import JobShown, Problem
from camera_gateway.api.arguments import fields_of
from camera_gateway.api.paging import DEFAULT, LARGEST

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from camera_gateway.access.permissions import Act
    from camera_gateway.api.arguments import Field
    from camera_gateway.api.routes.table import Route

OPENAPI = "3.1.0"
REFERENCE = "#/components/schemas/{model}"
EVENTS = "text/event-stream"
EVENT: Mapping[str, Any] = {
    "type": "object",
    "required": ["data"],
    "properties": {name: {"type": "string"} for name in ("id", "event", "data")},
}
"""One server-sent event; its data is JSON."""
_PARAMETER = re.compile(r"{([a-z_]+)(?::[^}]*)?}")
PROBLEMS: Mapping[int, str] = {
    400: "what was given is not what this takes",
    401: "nobody is signed in, or what was shown does not hold",
    403: "no right to this, or it takes a second person",
    404: "no such thing",
    409: "the state of things forbids it",
    413: "the body is too large",
    422: "what was given leads to something that cannot be used, such as a camera that refuses",
    429: "too many requests; Retry-After says when to come back",
    503: "store, catalogue or service cannot be reached now",
}


def act_of(route: Route) -> Act | None:
    """Return the act that a route is; None for one that is public."""
    return VERBS[route.verb].act if route.verb is not None else route.act


def model_of(route: Route) -> type[BaseModel] | None:
    """Return the model of a route's arguments."""
    return VERBS[route.verb].arguments if route.verb is not None else route.arguments


def document(routes: Iterable[Route], version: str) -> dict[str, Any]:
    """Return the document."""
    routes = tuple(routes)
    writer = _Writer(routes)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        path = _PARAMETER.sub(lambda found: f"{{{found[1]}}}", route.path)
        paths.setdefault(path, {})[route.method.lower()] = writer.operation(route)
    problems = {
        str(status): {"description": description, "content": writer.problem()}
        for status, description in PROBLEMS.items()
    }
    return {
        "openapi": OPENAPI,
        "info": {
            "title": "Camera Gateway",
            "version": version,
            "description": (
                "Everything that the portal does, for programs. Times are RFC 3339. Lists come in pages: `items` and"
                " `next`, which is the `cursor` of the next page. Every failure is a problem document (RFC 9457) with a"
                " stable `code`. Rights are the user's, narrowed by the token."
            ),
        },
        "paths": paths,
        "components": {
            "schemas": dict(sorted(writer.schemas.items())),
            "responses": problems,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "an API token: token create"},
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "__Host-session",
                    "description": "the portal's session; a change needs its CSRF token in X-CSRF-Token as well",
                },
            },
        },
    }


@dataclass(slots=True)
class _Writer:
    routes: tuple[Route, ...]
    schemas: dict[str, Any] = field(default_factory=dict)

    def operation(self, route: Route) -> dict[str, Any]:
        """Return one operation."""
        fields = fields_of(model_of(route), route.fixed)
        if route.keyset is not None:
            for name in ("limit", route.keyset[0]):
                fields.pop(name, None)
        properties = self._properties(route, fields)
        found: dict[str, Any] = {
            "operationId": route.name,
            "summary": route.summary,
            "tags": [route.path.removeprefix("/api/v1/").partition("/")[0]],
            "responses": self._responses(route),
            "security": [] if route.public else [{"token": []}, {"session": []}],
        }
        act = act_of(route)
        if act is not None:
            found["x-act"] = act.value
        if parameters := _parameters(route, fields, properties):
            found["parameters"] = parameters
        if body := _body(route, fields, properties):
            found["requestBody"] = body
        return found

    def _properties(self, route: Route, fields: Mapping[str, Field]) -> dict[str, Any]:
        """Return the schema of each argument by its name in HTTP."""
        model = model_of(route)
        if model is None:
            return {}
        schema = self._take(model)
        return {name: _renamed(known, schema["properties"][known.target]) for name, known in fields.items()}

    def _take(self, model: type[BaseModel]) -> dict[str, Any]:
        """Return a model's schema and keep the definitions that it refers to."""
        whole = model.model_json_schema(ref_template=REFERENCE)
        self.schemas |= whole.pop("$defs", {})
        return whole

    def _responses(self, route: Route) -> dict[str, Any]:
        if route.job:
            said = {"description": "the job that was begun", "content": _json(self._reference(JobShown))}
            headers = {"Location": {"schema": {"type": "string"}}}
            answers: dict[str, Any] = {"202": {**said, "headers": headers, "links": self._links("job", "/id")}}
        elif route.stream is not None and route.answer is None and route.content != "application/json":
            schema = EVENT if route.content == EVENTS else {"type": "string"}
            if not route.content.startswith(("text/", "application/vnd")):
                schema = {**schema, "format": "binary"}
            answers = {
                str(route.status): {"description": route.summary, "content": {route.content: {"schema": schema}}}
            }
        else:
            schema = self._answer(route)
            answers = {str(route.status): {"description": route.summary, "content": _json(schema)}}
            if route.method == "GET" and route.verb is not None:
                answers[str(route.status)]["headers"] = {"ETag": {"schema": {"type": "string"}}}
                answers["304"] = {"description": "as If-None-Match knows it"}
        if route.makes is not None:
            answers[str(route.status)]["links"] = self._links(*route.makes)
        if route.guard is not None:
            answers["412"] = {"description": "changed since If-Match", "content": self.problem()}
        return answers | {str(status): {"$ref": f"#/components/responses/{status}"} for status in PROBLEMS}

    def _links(self, noun: str, pointer: str) -> dict[str, Any]:
        """Return what can be asked next about what was made: every route whose path has its name."""
        return {
            route.name: {"operationId": route.name, "parameters": {noun: f"$response.body#{pointer}"}}
            for route in self.routes
            if noun in _PARAMETER.findall(route.path)
        }

    def _answer(self, route: Route) -> dict[str, Any]:
        answer = route.answer
        schema = self._reference(answer) if isinstance(answer, type) and issubclass(answer, BaseModel) else {}
        if not route.paged:
            return schema
        return {
            "type": "object",
            "required": ["items", "next"],
            "properties": {"items": {"type": "array", "items": schema}, "next": {"type": ["string", "null"]}},
        }

    def _reference(self, model: type[BaseModel]) -> dict[str, Any]:
        if model.__name__ not in self.schemas:
            _, whole = models_json_schema([(model, "validation")], ref_template=REFERENCE)
            self.schemas |= whole["$defs"]
        return {"$ref": REFERENCE.format(model=model.__name__)}

    def problem(self) -> dict[str, Any]:
        """Return the content of a failure."""
        return {"application/problem+json": {"schema": self._reference(Problem)}}


def _parameters(
    route: Route, fields: Mapping[str, Field], properties: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    in_path = _PARAMETER.findall(route.path)
    found = [_parameter("path", name, properties.get(name, {"type": "string"})) for name in in_path]
    if not _takes_body(route):
        found += [
            _parameter("query", name, properties[name], required=known.required)
            for name, known in fields.items()
            if name not in in_path and not known.secret
        ]
    if route.paged:
        limit = {"type": "integer", "minimum": 1, "maximum": LARGEST, "default": DEFAULT}
        found += [_parameter("query", "limit", limit), _parameter("query", "cursor", {"type": "string"})]
    if route.guard is not None:
        found.append(_parameter("header", "If-Match", {"type": "string"}))
    if route.purpose:
        example = {"type": "string", "examples": ["incident; case=17"]}
        found.append(_parameter("header", "X-Access-Purpose", example))
    return found


def _body(
    route: Route, fields: Mapping[str, Field], properties: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any] | None:
    if route.takes is not None:
        content = {route.takes: {"schema": {"type": "string", "format": "binary"}}}
        return {"required": True, "content": content}
    in_path = _PARAMETER.findall(route.path)
    named = [
        name
        for name, known in fields.items()
        if name not in in_path and (_takes_body(route) or (route.method == "DELETE" and known.secret))
    ]
    if not named:
        return None
    required = [name for name in named if fields[name].required]
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {name: properties[name] for name in named},
        "additionalProperties": False,
    }
    if required:
        schema["required"] = required
    return {"required": bool(required), "content": _json(schema)}


def _takes_body(route: Route) -> bool:
    return route.method in {"POST", "PATCH", "PUT"} and route.json_body


def _renamed(known: Field, schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of an argument as HTTP has it: moments as RFC 3339, durations in seconds."""
    found = {key: value for key, value in schema.items() if key != "title"}
    if known.kind == "plain":
        return found
    said = {"description": found["description"]} if "description" in found else {}
    nullable = any(option.get("type") == "null" for option in found.get("anyOf", ()))
    if known.kind == "time":
        return {"type": ["string", "null"] if nullable else "string", "format": "date-time", **said}
    return {"type": ["number", "null"] if nullable else "number", "minimum": 0, **said}


def _parameter(where: str, name: str, schema: Mapping[str, Any], *, required: bool = False) -> dict[str, Any]:
    plain = dict(schema)
    options = [option for option in plain.get("anyOf", ()) if option.get("type") != "null"]
    if len(options) == 1:  # what is absent is null; there is no null in an address
        plain = {**options[0], **{key: value for key, value in plain.items() if key not in {"anyOf", "default"}}}
    if isinstance(plain.get("type"), list):
        plain["type"] = next(kind for kind in plain["type"] if kind != "null")
    if plain.get("default", "") is None:
        del plain["default"]
    return {"name": name, "in": where, "required": required or where == "path", "schema": plain}


def _json(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": dict(schema)}}
