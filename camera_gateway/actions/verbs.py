"""The table of verbs: the name that shell, control socket and HTTP share, its arguments, its one function.

Promises that nothing reaches a function unparsed, and that what went wrong is a `GatewayError`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from camera_gateway.actions import cameras, changing, compliance, footage, health, institutions
from camera_gateway.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.domain.people import Actor


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb. `work(gateway, actor, arguments)` returns what JSON can hold."""

    name: str
    arguments: type[BaseModel]
    work: Callable[[Gateway, Actor, Any], Awaitable[Any]]


VERBS: Mapping[str, Verb] = {
    verb.name: verb
    for verb in (
        Verb("institution.add", institutions.AddInstitution, institutions.add),
        Verb("institution.list", institutions.Nothing, institutions.list_),
        Verb("institution.show", institutions.OneInstitution, institutions.show),
        Verb("institution.change", changing.ChangeInstitution, changing.change_institution),
        Verb("camera.add", cameras.AddCamera, cameras.add),
        Verb("camera.list", cameras.ListCameras, cameras.list_),
        Verb("camera.show", cameras.OneCamera, cameras.show),
        Verb("camera.probe", cameras.ProbeCamera, cameras.probe_),
        Verb("camera.change", changing.ChangeCamera, changing.change_camera),
        Verb("camera.replace", changing.ReplaceDevice, changing.replace_device),
        Verb("camera.pause", cameras.OneCamera, cameras.pause),
        Verb("camera.resume", cameras.OneCamera, cameras.resume),
        Verb("camera.retire", cameras.OneCamera, cameras.retire),
        Verb("footage.list", footage.Span, footage.list_),
        Verb("footage.coverage", footage.Span, footage.coverage_),
        Verb("footage.fetch-plan", footage.Span, footage.fetch_plan),
        Verb("compliance.check", compliance.CheckCompliance, compliance.check),
        Verb("standard.list", institutions.Nothing, compliance.list_standards),
        Verb("doctor", institutions.Nothing, health.doctor),
        Verb("check", health.CheckArgs, health.check),
        Verb("status", institutions.Nothing, health.status),
    )
}


async def perform(gateway: Gateway, actor: Actor, name: str, raw: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    """Parse the arguments of a verb and do it. Raises `GatewayError` for everything expected."""
    verb = VERBS.get(name)
    if verb is None:
        hint = "client and service are of different versions; restart both"
        raise InvalidInput(f"no such verb: {name[:40]!r}", hint=hint)
    try:
        arguments = verb.arguments.model_validate(dict(raw))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise InvalidInput(f"{name}: {field}: {first['msg']}", hint="see camera-gateway --help") from None
    return await verb.work(gateway, actor, arguments)
