"""What can go wrong with stored bytes, in words every store shares.

Each store maps its vendor's errors to these in one place, where the vendor is known; callers decide
by class and never read a message. A message names the operation and the vendor's error code, and
never a key, a secret, an address or a byte of content.
"""

from __future__ import annotations

from typing import ClassVar


class StoreError(Exception):
    """An operation on a blob store did not do what was asked.

    `code` is a stable word for metrics and logs. `ambiguous` is True when the request may have
    taken effect all the same (time-out, reset, 5xx): ask with HEAD before doing it again (U5).
    """

    code: ClassVar[str] = "store"

    def __init__(self, message: str = "", *, ambiguous: bool = False) -> None:
        super().__init__(message or self.code)
        self.ambiguous = ambiguous


class Transient(StoreError):
    """Worth trying again later: time-out, connection lost, 5xx, slow down."""

    code = "transient"


class Paused(Transient):
    """The bandwidth is set to 0: nothing is sent until it is raised. Not retried in place."""

    code = "paused"


class Permanent(StoreError):
    """Trying again cannot help: our request or the store's set-up is wrong."""

    code = "permanent"


class Denied(Permanent):
    """The store knows us and refuses: credentials or policy. An administrator must act."""

    code = "denied"


class Missing(StoreError):
    """No such key, version or upload."""

    code = "missing"


class Exists(StoreError):
    """Put-if-absent found the key taken; nothing was written."""

    code = "exists"


class Locked(StoreError):
    """A lock or hold forbids it; nothing was changed."""

    code = "locked"


class Corrupt(StoreError):
    """The bytes do not have the checksum that was promised."""

    code = "corrupt"


class ClockSkewed(StoreError):
    """The store refuses our signature because the clocks differ (U6): uploading pauses.

    `skew_us` is our time minus the store's, None when the store did not send its time.
    """

    code = "clock-skewed"

    def __init__(self, message: str = "", *, skew_us: int | None = None) -> None:
        super().__init__(message)
        self.skew_us = skew_us


class SpoolError(Exception):
    """The local spool could not do what was asked. `code` is a stable word for metrics."""

    code: ClassVar[str] = "spool"


class SpoolFull(SpoolError):
    """No space (or no quota, or only the reserve is left): what was being written is not stored."""

    code = "spool-full"


class SpoolFailed(SpoolError):
    """Write, fsync, close or rename failed (D6): what was being written is not stored."""

    code = "disk-error"


class SpoolForeign(SpoolError):
    """The directory is no spool, another owner's, or an older copy of ours (D8)."""

    code = "spool-foreign"


class SpoolBusy(SpoolError):
    """Another process holds the spool."""

    code = "spool-busy"


class SpoolTaken(SpoolError):
    """An entry of that name exists already; nothing was written."""

    code = "spool-taken"
