"""A request for every route of the table: its path, and the least that its arguments ask for, about one's own or not.

Promises that a route whose argument it does not know fails the test that asks, so that no route goes unasked.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from camera_gateway.api.arguments import fields_of
from camera_gateway.api.openapi import model_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from camera_gateway.api.routes.table import Route

HOUR = {"from": "2023-11-14T20:00:00Z", "to": "2023-11-14T21:00:00Z"}
PLAIN: Mapping[str, Any] = {
    **HOUR,
    "at": "2023-11-14T20:30:00Z",
    "name": "Новая",
    "zone": "hall",
    "url": "rtsp://127.0.0.1:9/none",
    "reason": "a test",
    "text": "what happened",
    "requester": "A. Officer",
    "body": "Police",
    "legal_ground": "order 1",
    "case": "17",
    "standard": "house-baseline",
    "digest": "0" * 64,
    "month": "2023-11",
    "kind": "gap-register",
    "sha256": "0" * 64,
    "settled_as": "replaced",
    "scope": "institution:kg-12",
    "fact": "signage.present",
    "value": "yes",
    "evidence": "photograph 3",
    "until": "2023-12-14T20:00:00Z",
    "rule": "fps",
    "process": "daily_inspection",
    "words": "the power was out",
    "channel": "none",
}
"""Values of arguments that name no object."""
NEARBY: Mapping[str, Any] = {
    "institution": "{institution}",
    "ranges": ["127.0.0.9/32"],
    "rtsp_ports": [9],
    "onvif_ports": [9],
    "multicast": False,
    "listen_s": 0.1,
}
MORE: Mapping[str, Mapping[str, Any]] = {
    "camera.add": {"probe": False},
    "camera.change": {"name": "Другая"},
    "camera.replace": {"probe": False},
    "camera.try": {"institution": "{institution}"},
    "camera.discover": NEARBY,
    "camera.discover-now": NEARBY,
    "institution.add": {"region": "Абай"},
    "institution.change": {"name": "Другое"},
    "user.grant": {"grant": "viewer", "scope": "institution:{institution}"},
    "user.revoke": {"revoke": "viewer", "scope": "institution:{institution}"},
    "token.create": {"scope": "institution:{institution}"},
    "hold.place": {"cameras": ["{camera}"], "dry_run": True},
    "evidence.request": {"cameras": ["{camera}"]},
    "incident.report": {"cameras": ["{camera}"]},
    "report.make": {"institution": "{institution}", **HOUR},
    "maintenance.plan": {"from": "2023-11-15T20:00:00Z", "to": "2023-11-15T21:00:00Z"},
    "maintenance.cancel": {"number": "{maintenance}"},
    "outage.report": {"number": "{outage}", "to": "the regional department"},
    "alert.acknowledge": {"number": "{alert}"},
    "retention.policy-set": {"camera": "{camera}", "floor_days": 40, "dry_run": True},
}
"""What a route takes beside what its model requires; an id is new each time."""
NEW_IDS = frozenset({"camera.add", "institution.add", "site.add", "user.add"})


@dataclass(frozen=True)
class Sample:
    """What is sent."""

    path: str
    query: dict[str, Any]
    body: dict[str, Any] | None


@dataclass
class Samples:
    """Requests about `objects`: ids by the name of the argument that takes them."""

    objects: Mapping[str, str]
    more: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    def of(self, route: Route) -> Sample:
        """Return a request for a route; LookupError for an argument that nobody has thought of."""
        fields = fields_of(model_of(route), route.fixed)
        if route.keyset is not None:
            fields = {name: known for name, known in fields.items() if name not in {"limit", route.keyset[0]}}
        given = {name: self._value(route, name) for name, known in fields.items() if known.required}
        given |= {
            name: self._filled(value)
            for name, value in {**MORE.get(route.name, {}), **self.more.get(route.name, {})}.items()
        }
        if route.name in NEW_IDS:
            given["id"] = f"new-{next(self._numbers)}"
        path = route.path
        for name in re.findall(r"{([a-z_]+)", path):
            value = given.pop(name, None) or self._value(route, name)
            path = re.sub(rf"{{{name}(:[^}}]*)?}}", str(value), path)
        if route.method in {"GET", "DELETE"} or not route.json_body:
            return Sample(path, given, None)
        return Sample(path, {}, given)

    def _value(self, route: Route, name: str) -> Any:  # noqa: ANN401 - JSON
        for known in (self.more.get(route.name, {}), MORE.get(route.name, {}), self.objects, PLAIN):
            if name in known:
                return self._filled(known[name])
        raise LookupError(f"{route.name}: what is an example of {name!r}? see tests/support/api_samples.py")

    def _filled(self, value: Any) -> Any:  # noqa: ANN401 - JSON
        if isinstance(value, str):
            return re.sub(r"{(\w+)}", lambda found: self.objects[found[1]], value)
        return [self._filled(one) for one in value] if isinstance(value, list) else value
