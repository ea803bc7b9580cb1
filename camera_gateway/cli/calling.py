"""How the shell reaches a verb: through the control socket of a running `serve`, else in this process.

`serve` owns the catalogue (docs/overview.md). Where no `serve` answers, the catalogue's lock is free and
the command opens it itself; where somebody holds the lock and does not answer, that is said.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from camera_gateway.api.control_client import SOCKET_NAME, NobodyServes, ask
from camera_gateway.domain.people import Actor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from camera_gateway.roles.loading import Loaded

ANSWER_S = 3_600.0
"""A check of every byte takes its time."""


def call(loaded: Loaded, verb: str, arguments: Mapping[str, Any], token: str | None = None) -> Any:  # noqa: ANN401 - JSON
    """Perform a verb, as the user of `token` or as the shell's; raise `GatewayError` as the verb raised it."""
    try:
        return ask(loaded.settings.site.data_dir / SOCKET_NAME, verb, arguments, answer_s=ANSWER_S, token=token)
    except NobodyServes:
        return asyncio.run(_here(loaded, verb, arguments, token))


async def _here(loaded: Loaded, verb: str, arguments: Mapping[str, Any], token: str | None) -> Any:  # noqa: ANN401 - JSON
    from camera_gateway.actions.access import identify  # noqa: PLC0415 - and a second with it: only where nobody serves
    from camera_gateway.actions.verbs import perform  # noqa: PLC0415 - as above
    from camera_gateway.roles.local import local_gateway, shell_user  # noqa: PLC0415 - as above

    async with local_gateway(loaded) as gateway:
        actor = Actor("shell", shell_user()) if token is None else await identify(gateway, token)
        return await perform(gateway, actor, verb, arguments)
