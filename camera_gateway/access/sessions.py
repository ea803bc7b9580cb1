"""Sessions: whether what a browser shows holds now, and making new ones.

Promises that a session ends after its idle and its absolute limit, with its user's account, and for good; that the
server draws every secret itself, so that one that was planted in a browser is worth nothing (fixation).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from camera_gateway.access.secret_texts import digest_of, new_session_secret
from camera_gateway.catalogue import sessions, users
from camera_gateway.catalogue.sessions import SessionRow, Stage
from camera_gateway.domain.people import Actor
from camera_gateway.errors import Refused

if TYPE_CHECKING:
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.people import UserId
    from camera_gateway.settings.schema import AccessSettings

ENDED = "session-ended"
SEEN_NOTED_US = 60_000_000
"""A session's last use is written down once a minute, as a token's is: a player asks many times a second."""
LONGEST_AGENT = 200


@dataclass(frozen=True, slots=True)
class Visitor:
    """Where an attempt comes from: the peer's address, what the browser says that it is, and its device's mark."""

    address: str
    agent: str = ""
    device: str = ""

    @property
    def actor(self) -> Actor:
        """Return who audit rows name while nobody has shown who they are."""
        return Actor("visitor", self.address)


@dataclass(frozen=True, slots=True, repr=False)
class Opened:
    """A session just begun; `secret` is for the cookie and is not kept."""

    row: SessionRow
    secret: str


@dataclass(frozen=True, slots=True)
class CheckedSession:
    """What is to be said of a session that was shown: `why_ended` is empty while it lives."""

    row: SessionRow
    actor: Actor
    why_ended: str
    newly_ended: bool
    use_is_new: bool


def begin(tx: Transaction, user: UserId, visitor: Visitor, limits: AccessSettings, stage: Stage, how: str) -> Opened:
    """Begin a session; `how` says what was shown ("password", "password and code", …)."""
    made, now_us = new_session_secret(), tx.clock.now_us()
    agent = "".join(character for character in visitor.agent if character.isprintable())[:LONGEST_AGENT]
    expires_us = now_us + limits.session_us
    row = SessionRow(made.id, user, stage, visitor.address, agent, now_us, now_us, expires_us, now_us)
    sessions.begin_session(tx, row, made.digest, how)
    return Opened(row, made.text)


def renew(tx: Transaction, old: SessionRow, visitor: Visitor, stage: Stage, why: str) -> Opened:
    """Put a new secret in the place of a session's old one: after each rise of what a session may do.

    The absolute limit stays, and so does an open purpose. `Refused` (code "session-ended") when the old one was ended
    since it was looked at: by a sign-out elsewhere, or with its account.
    """
    made, now_us = new_session_secret(), tx.clock.now_us()
    if not sessions.end_session(tx, old.id, why, purpose_goes_on=True):
        raise has_ended("it was ended meanwhile")
    row = SessionRow(
        made.id, old.user, stage, visitor.address, old.agent, now_us, now_us, old.expires_us, now_us, old.purpose
    )
    sessions.begin_session(tx, row, made.digest, why)
    return Opened(row, made.text)


def check_session(tx: Transaction, secret: str, limits: AccessSettings) -> CheckedSession:
    """Find whose session this is and whether it lives; `Refused` (code "session-ended") when it never was one here."""
    row = sessions.session_of_digest(tx, digest_of(secret))
    if row is None:
        raise has_ended("it is not known here")
    now_us = tx.clock.now_us()
    over = (
        row.ended_why
        or ("limit" if now_us >= row.expires_us else "")
        or ("idle" if now_us - row.seen_us >= limits.session_idle_us else "")
        or ("user disabled" if users.get_user(tx, row.user).disabled else "")
    )
    use_is_new = not over and abs(now_us - row.seen_us) >= SEEN_NOTED_US
    return CheckedSession(row, Actor("session", row.user), over, bool(over) and row.ended_us is None, use_is_new)


def has_ended(why: str) -> Refused:
    """Return the refusal that sends a browser back to the sign-in page."""
    return Refused(f"this session has ended: {why}", hint="sign in again", code=ENDED)
