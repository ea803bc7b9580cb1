"""The errors that a person is meant to read.

Every expected failure that reaches a shell, a page or an API answer is a `GatewayError`: one line that says
what happened, why, and what to do. The subclass fixes the exit code (docs/reference, "Exit codes"). An
unexpected failure is any other exception; it ends the role, and the parent restarts it.
"""

from __future__ import annotations


class GatewayError(Exception):
    """An expected failure: stable `code`, one-line `message`, a `hint` that says what to do."""

    exit_code = 1
    code = "error"

    def __init__(self, message: str, *, hint: str = "", code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if code is not None:
            self.code = code

    def as_dict(self) -> dict[str, str]:
        """Return the JSON form that commands and the control socket print."""
        return {"code": self.code, "message": self.message, "hint": self.hint}


class WrongFound(GatewayError):
    """Done, and something is wrong: verification failed, damage found, not compliant. Exit 1."""

    exit_code = 1
    code = "wrong-found"


class InvalidInput(GatewayError):
    """Usage or invalid input; the message names file, line and field. Exit 2."""

    exit_code = 2
    code = "invalid-input"


class NotFound(GatewayError):
    """No such thing. Exit 3."""

    exit_code = 3
    code = "not-found"


class Refused(GatewayError):
    """Refused by permission, hold, lock or brake. Exit 4."""

    exit_code = 4
    code = "refused"


class Unavailable(GatewayError):
    """Store, camera or database cannot be reached. Exit 5."""

    exit_code = 5
    code = "unavailable"


BY_EXIT_CODE: dict[int, type[GatewayError]] = {
    cls.exit_code: cls for cls in (WrongFound, InvalidInput, NotFound, Refused, Unavailable)
}
