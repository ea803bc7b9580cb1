"""What streams need beside the gateway: the services that live as long as the process.

Made by `roles/serve` and by tests; a field per service. It holds no rights.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from camera_gateway.api.packages import Exports
    from camera_gateway.api.watching_service import Watching


@dataclass(frozen=True, slots=True)
class Services:
    """The long-lived helpers of the HTTP interface; None: this one does without."""

    exports: Exports | None = None
    watching: Watching | None = None
