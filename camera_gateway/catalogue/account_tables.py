"""The catalogue's tables of accounts: credentials, sessions, sign-in links, purposes, viewings.

Part of `tables`, in a module of its own for its length. No column holds a password, a code, a link or a cookie: only
what tells whether one that is shown is the right one. Every time is integer µs UTC.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Table, Text, text

from camera_gateway.catalogue.tables import metadata

credentials = Table(
    "credentials",
    metadata,
    Column("user", Text, ForeignKey("users.id"), primary_key=True),
    Column("password_hash", Text),
    Column("password_us", BigInteger),
    Column("totp_sealed", Text),
    Column("totp_us", BigInteger),
    Column("totp_step", BigInteger),
    Column("pending_sealed", Text),
    Column("reset_asked_by", Text),
    Column("reset_asked_us", BigInteger),
)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("user", Text, ForeignKey("users.id"), primary_key=True),
    Column("digest", Text, primary_key=True),
    Column("made_us", BigInteger, nullable=False),
    Column("used_us", BigInteger),
)

sign_in_links = Table(
    "sign_in_links",
    metadata,
    Column("id", Text, primary_key=True),
    Column("user", Text, ForeignKey("users.id")),
    Column("digest", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("made_us", BigInteger, nullable=False),
    Column("expires_us", BigInteger, nullable=False),
    Column("used_us", BigInteger),
    Column("revoked_us", BigInteger),
    Index("sign_in_links_by_digest", "digest", unique=True),
)

purposes = Table(
    "purposes",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("actor", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("case_id", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("opened_us", BigInteger, nullable=False),
    Column("closed_us", BigInteger),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("user", Text, ForeignKey("users.id"), nullable=False),
    Column("digest", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("agent", Text, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("seen_us", BigInteger, nullable=False),
    Column("expires_us", BigInteger, nullable=False),
    Column("proven_us", BigInteger, nullable=False),
    Column("purpose", BigInteger, ForeignKey("purposes.number")),
    Column("ended_us", BigInteger),
    Column("ended_why", Text),
    Index("sessions_by_digest", "digest", unique=True),
    Index(
        "sessions_living",
        "user",
        sqlite_where=text("ended_us IS NULL"),
        postgresql_where=text("ended_us IS NULL"),
    ),
)

viewings = Table(
    "viewings",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("actor", Text, nullable=False),
    Column("session", Text, ForeignKey("sessions.id")),
    Column("camera", Text, ForeignKey("cameras.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("purpose", BigInteger, ForeignKey("purposes.number")),
    Column("address", Text, nullable=False),
    Column("from_us", BigInteger),
    Column("to_us", BigInteger),
    Column("first_us", BigInteger, nullable=False),
    Column("last_us", BigInteger, nullable=False),
    Column("watched_us", BigInteger, nullable=False),
    Column("closed_us", BigInteger),
    Index("viewings_of_camera", "camera", "first_us"),
    Index(
        "viewings_open",
        "actor",
        "camera",
        sqlite_where=text("closed_us IS NULL"),
        postgresql_where=text("closed_us IS NULL"),
    ),
)
