"""The OpenAPI document as a page to read: plain HTML and one style sheet, no script, nothing from another host.

Promises that what is shown is what the document says. Knows the document, not the routes.
"""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

STYLE_NAME = "docs.css"
POLICY = "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
STYLE = """\
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
nav ul { columns: 3 12rem; padding: 0; list-style: none; }
h2 { margin-top: 2.5rem; border-bottom: 1px solid #8888; }
details { border: 1px solid #8886; border-radius: .4rem; margin: .5rem 0; padding: .4rem .8rem; }
summary { cursor: pointer; }
summary code { font-weight: 600; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: start; vertical-align: top; padding: .25rem .6rem; border-top: 1px solid #8884; }
pre { overflow-x: auto; padding: .6rem; border: 1px solid #8884; border-radius: .4rem; }
"""


def page(document: Mapping[str, Any]) -> str:
    """Return the page."""
    by_tag: dict[str, list[tuple[str, str, Mapping[str, Any]]]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            by_tag.setdefault(operation["tags"][0], []).append((method.upper(), path, operation))
    index = "".join(f'<li><a href="#{escape(tag)}">{escape(tag)}</a></li>' for tag in by_tag)
    parts = "".join(
        f'<h2 id="{escape(tag)}">{escape(tag)}</h2>' + "".join(_operation(*one) for one in found)
        for tag, found in by_tag.items()
    )
    schemas = "".join(
        f'<details id="schema-{escape(name)}"><summary><code>{escape(name)}</code> {_said(schema)}</summary>'
        f"{_table(_rows(schema))}</details>"
        for name, schema in document["components"]["schemas"].items()
    )
    failures = "".join(
        f"<li><code>{escape(status)}</code> {escape(answer['description'])}</li>"
        for status, answer in document["components"]["responses"].items()
    )
    info = document["info"]
    title = f"{info['title']} {info['version']}"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(title)}: API</title>'
        f'<link rel="stylesheet" href="{STYLE_NAME}"></head><body><main>'
        f"<h1>{escape(title)}: API</h1><p>{escape(info['description'])}</p>"
        f'<p><a href="openapi.json">openapi.json</a> (OpenAPI {escape(document["openapi"])})</p>'
        f"<nav><ul>{index}</ul></nav>{parts}<h2>Failures</h2><ul>{failures}</ul>"
        f"<h2>Schemas</h2>{schemas}</main></body></html>"
    )


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> str:
    rows = [
        (
            parameter["name"],
            f"{parameter['in']}{', required' if parameter['required'] else ''}",
            kind_of(parameter["schema"]),
            parameter["schema"].get("description", ""),
        )
        for parameter in operation.get("parameters", ())
    ]
    for content in operation.get("requestBody", {}).get("content", {}).values():
        rows += [(name, f"body{more}", kind, said) for name, more, kind, said in _rows(content["schema"])]
    answers = "".join(
        f"<li><code>{escape(status)}</code> {escape(answer['description'])} {_answer(answer)}</li>"
        for status, answer in operation["responses"].items()
        if "$ref" not in answer
    )
    right = f"<p>Takes the right <code>{escape(operation['x-act'])}</code>.</p>" if "x-act" in operation else ""
    return (
        f'<details id="{escape(operation["operationId"])}"><summary><code>{method} {escape(path)}</code>'
        f" {escape(operation['summary'])}</summary>{right}{_table(rows)}<ul>{answers}</ul></details>"
    )


def _answer(answer: Mapping[str, Any]) -> str:
    return " ".join(
        f"{escape(kind)}: {_linked(kind_of(content['schema']), content['schema'])}"
        for kind, content in answer.get("content", {}).items()
    )


def _linked(text: str, schema: Mapping[str, Any]) -> str:
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    return f'<a href="#schema-{escape(name)}">{escape(text)}</a>' if name else escape(text)


def _rows(schema: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    required = set(schema.get("required", ()))
    return [
        (name, ", required" if name in required else "", kind_of(known), known.get("description", ""))
        for name, known in schema.get("properties", {}).items()
    ]


def _table(rows: Iterable[tuple[str, str, str, str]]) -> str:
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr><th>field<th>where<th>type<th>meaning</tr></thead>{body}</table>" if body else ""


def _said(schema: Mapping[str, Any]) -> str:
    return escape(" ".join(str(schema.get("description", "")).split()))


def kind_of(schema: Mapping[str, Any]) -> str:
    """Return a schema's type in a few words."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(kind_of(option) for option in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(json.dumps(value) for value in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {kind_of(schema.get('items', {}))}"
    kind = schema.get("type", "any")
    text = " or ".join(kind) if isinstance(kind, list) else str(kind)
    return f"{text} ({schema['format']})" if "format" in schema else text
