"""From what a request carries to a verb's arguments: names, times, lists; the one adapter between both.

Promises that HTTP has one name per argument: a field `from_us` of a verb (µs since 1970) is `from` here and RFC 3339,
`margin_us`, a duration, is `margin_s` in seconds; every other field keeps its name. Secrets are taken from a body
only, never from an address that ends up in histories. Knows no verb.
"""

from __future__ import annotations

import json
import re
import types
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin

from pydantic import SecretStr

from camera_gateway.clock import US, from_datetime
from camera_gateway.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from multidict import MultiMapping
    from pydantic import BaseModel

SUFFIX = "_us"
DURATIONS = frozenset({"margin_us"})
"""Fields of verbs in µs that are lengths of time, not moments."""
_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?P<part>\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)")
LONGEST_SHOWN = 40
LONGEST_TIME = 64
FIRST_US, LAST_US = 0, 32_503_680_000 * US
"""1970-01-01 and 3000-01-01: room on both sides for margins and retention, in a calendar of four digits."""

Kind = Literal["plain", "time", "duration"]


@dataclass(frozen=True, slots=True)
class Field:
    """One argument: its name in HTTP and the verb's, how it is converted, whether it repeats, whether it is secret."""

    name: str
    target: str
    kind: Kind
    many: bool
    secret: bool
    required: bool


def fields_of(model: type[BaseModel] | None, fixed: Iterable[str] = ()) -> dict[str, Field]:
    """Return the fields of a model by their names in HTTP, without those that a route has settled."""
    if model is None:
        return {}
    found = {}
    for target, info in model.model_fields.items():
        if target in fixed:
            continue
        kind: Kind = "plain"
        name = target
        if target in DURATIONS:
            kind, name = "duration", target.removesuffix(SUFFIX) + "_s"
        elif target.endswith(SUFFIX):
            kind, name = "time", target.removesuffix(SUFFIX)
        kinds = _members(info.annotation)
        many = any(get_origin(member) in {tuple, list, set, frozenset} for member in kinds)
        found[name] = Field(name, target, kind, many, SecretStr in kinds, info.is_required())
    return found


def of_query(fields: Mapping[str, Field], query: MultiMapping[str], *, beside: Iterable[str] = ()) -> dict[str, Any]:
    """Return what a query says, by name in HTTP; `beside` names are somebody else's.

    A list is its name several times. Raises `InvalidInput` for an unknown name, a value given twice, and a secret.
    """
    others = set(beside)
    found: dict[str, Any] = {}
    for name in dict.fromkeys(query.keys()):
        if name in others:
            continue
        field = _known(fields, name)
        if field.secret:
            raise InvalidInput(f"{name}: a secret does not belong into an address", hint="send it in a JSON body")
        values = query.getall(name)
        if len(values) > 1 and not field.many:
            raise InvalidInput(f"{name}: given more than once")
        found[name] = list(values) if field.many else values[0]
    return found


def of_body(fields: Mapping[str, Field], text: bytes) -> dict[str, Any]:
    """Return what a JSON body says, by name in HTTP. Raises `InvalidInput`, which never repeats what it holds."""
    try:
        body = json.loads(text, parse_constant=_no_constant, object_pairs_hook=_unique)
        json.dumps(body, ensure_ascii=False).encode()
    except (ValueError, RecursionError):  # not JSON, not UTF-8, half a surrogate, NaN, a name twice
        raise InvalidInput("the body is not JSON (RFC 8259), or names a field twice") from None
    if not isinstance(body, dict):
        raise InvalidInput("the body is not a JSON object")
    for name in body:
        _known(fields, name)
    return body


def converted(fields: Mapping[str, Field], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments as the verb names and counts them."""
    return {fields[name].target: _value(fields[name], value) for name, value in given.items()}


def parse_time(name: str, text: object) -> int:
    """Read an RFC 3339 time as µs since 1970; digits beyond microseconds are cut. `InvalidInput` names the field."""
    wrong = InvalidInput(f"{name}: not a time as RFC 3339 writes it", hint="for example 2026-11-22T08:00:00+05:00")
    if not isinstance(text, str) or len(text) > LONGEST_TIME:
        raise wrong
    # a "+" that was not encoded arrives in a query as a blank
    match = _TIME.fullmatch(text.replace(" ", "+") if text.count(" ") == 1 and "T" in text.upper() else text)
    if match is None:
        raise wrong
    part = (match["part"] or "")[:7]
    whole = match.string.replace(match["part"] or "", "", 1).upper().replace("Z", "+00:00")
    try:
        found_us = from_datetime(datetime.fromisoformat(whole)) + int(part[1:].ljust(6, "0") or 0)
    except (ValueError, OverflowError):
        raise wrong from None
    if not FIRST_US <= found_us < LAST_US:
        raise InvalidInput(f"{name}: before 1970 or after 2999")
    return found_us


def _value(field: Field, value: Any) -> Any:  # noqa: ANN401 - JSON
    if value is None or field.kind == "plain":
        return value
    if field.kind == "time":
        return parse_time(field.name, value)
    try:
        return round(float(value) * US)
    except (TypeError, ValueError, OverflowError):
        raise InvalidInput(f"{field.name}: not a number of seconds") from None


def _known(fields: Mapping[str, Field], name: str) -> Field:
    field = fields.get(name)
    if field is None:
        known = ", ".join(fields) or "none"
        raise InvalidInput(f"{name[:LONGEST_SHOWN]!r} is not a field of this request", hint=f"fields: {known}")
    return field


def _members(annotation: Any) -> tuple[Any, ...]:  # noqa: ANN401 - any annotation
    """Return the alternatives of a union, or the one annotation."""
    return get_args(annotation) if get_origin(annotation) in {Union, types.UnionType} else (annotation,)


def _no_constant(_text: str) -> float:
    msg = "NaN and Infinity are not JSON"
    raise ValueError(msg)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        msg = "a name is given twice"
        raise ValueError(msg)
    return found
