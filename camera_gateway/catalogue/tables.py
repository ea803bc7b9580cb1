"""The catalogue's tables, as SQLAlchemy Core sees them at the newest revision.

Promises: every time is integer µs UTC, every list a JSON text column, every column portable between SQLite and
PostgreSQL. Describes only; the migrations create, and a test holds the two equal. Knows no query.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    text,
)

REVISION = "0010"
"""The newest migration: what `Catalogue.open` demands (a test compares it with Alembic's head)."""

PENDING_SQL = "state IN ('spooled', 'intended', 'put')"
"""The upload queue's condition, word for word as in its partial indexes, so that SQLite uses them."""

KEPT_SQL = "state <> 'expired'"
"""What retention and holds look at: everything that has not been deleted by order."""

metadata = MetaData()

installation = Table(
    "installation",
    metadata,
    Column("id", Integer, CheckConstraint("id = 1", name="one_installation"), primary_key=True),
    Column("uuid", Text, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("generation", BigInteger, nullable=False),
    Column("spool_uuid", Text),
    Column("spool_open_number", BigInteger, nullable=False),
)

institutions = Table(
    "institutions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("created_us", BigInteger, nullable=False),
)

sites = Table(
    "sites",
    metadata,
    Column("id", Text, primary_key=True),
    Column("institution", Text, ForeignKey("institutions.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("allowed_networks", Text, nullable=False),
    Column("upload_windows", Text, nullable=False),
    Column("holidays", Text, nullable=False),
    Index("sites_of_institution", "institution"),
)

cameras = Table(
    "cameras",
    metadata,
    Column("id", Text, primary_key=True),
    Column("institution", Text, ForeignKey("institutions.id"), nullable=False),
    Column("site", Text, ForeignKey("sites.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("zone", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("schedule", Text, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("retired_us", BigInteger),
    Index("cameras_of_institution", "institution"),
    Index("cameras_of_site", "site"),
)

devices = Table(
    "devices",
    metadata,
    Column("id", Text, primary_key=True),
    Column("camera", Text, ForeignKey("cameras.id"), nullable=False),
    Column("host", Text, nullable=False),
    Column("port", Integer, nullable=False),
    Column("path", Text, nullable=False),
    Column("username", Text),
    Column("password_sealed", Text),
    Column("serial", Text),
    Column("mac", Text),
    Column("model", Text),
    Column("firmware", Text),
    Column("from_us", BigInteger, nullable=False),
    Column("to_us", BigInteger),
    Index("devices_of_camera", "camera", "from_us"),
    Index(
        "one_current_device",
        "camera",
        unique=True,
        sqlite_where=text("to_us IS NULL"),
        postgresql_where=text("to_us IS NULL"),
    ),
)

runs = Table(
    "runs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("camera", Text, ForeignKey("cameras.id"), nullable=False),
    Column("start_us", BigInteger, nullable=False),
    Column("end_us", BigInteger, nullable=False),
    Column("end_reason", Text, nullable=False),
    Column("video_codec", Text, nullable=False),
    Column("audio_codec", Text),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("segments", Integer, nullable=False),
    Column("frames", BigInteger, nullable=False),
    Column("media_duration_us", BigInteger, nullable=False),
    Index("runs_by_end", "camera", "end_us", "start_us"),
)

segments = Table(
    "segments",
    metadata,
    # the sidecar, column by column under its field names
    Column("segment", Text, primary_key=True),
    Column("run", Text, ForeignKey("runs.id"), nullable=False),
    Column("run_end", Text, nullable=False),
    Column("institution", Text, nullable=False),
    Column("camera", Text, ForeignKey("cameras.id"), nullable=False),
    Column("start_us", BigInteger, nullable=False),
    Column("end_us", BigInteger, nullable=False),
    Column("media_start_us", BigInteger, nullable=False),
    Column("media_duration_us", BigInteger, nullable=False),
    Column("clock_method", Text, nullable=False),
    Column("clock_offset_us", BigInteger),
    Column("wall_uncertainty_us", BigInteger, nullable=False),
    Column("video_codec", Text, nullable=False),
    Column("audio_codec", Text),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("frames", Integer, nullable=False),
    Column("keyframes", Integer, nullable=False),
    Column("gop_max_us", BigInteger, nullable=False),
    Column("damaged_units", Integer, nullable=False),
    Column("packets_received", BigInteger, nullable=False),
    Column("packets_lost", BigInteger, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("init_sha256", Text, nullable=False),
    Column("software", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("camera_signed", Text),
    # its life
    Column("state", Text, nullable=False),
    Column("spool_path", Text),
    Column("key", Text),
    Column("version_id", Text),
    Column("lock_mode", Text),
    Column("retain_until_us", BigInteger),
    Column("locked", Boolean, nullable=False),
    Column("policy", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_us", BigInteger, nullable=False),
    Column("error_class", Text),
    Column("put_us", BigInteger),
    Column("stored_us", BigInteger),
    Column("released_us", BigInteger),
    Index("segments_by_time", "camera", "start_us", "end_us"),
    # state is in it for counting by state; an index that began with it would lure SQLite away from the partial ones
    Index("segments_of_run", "run", "state"),
    Index(
        "segments_pending",
        "camera",
        "start_us",
        "next_attempt_us",
        "size_bytes",
        "state",  # so that the backlog is counted from the index alone
        sqlite_where=text(PENDING_SQL),
        postgresql_where=text(PENDING_SQL),
    ),
    Index(
        "segments_pending_by_age",
        "start_us",
        sqlite_where=text(PENDING_SQL),
        postgresql_where=text(PENDING_SQL),
    ),
    Index(
        "segments_releasable",
        "end_us",
        sqlite_where=text("state = 'stored'"),
        postgresql_where=text("state = 'stored'"),
    ),
    Index("segments_kept", "camera", "start_us", sqlite_where=text(KEPT_SQL), postgresql_where=text(KEPT_SQL)),
)

gaps = Table(
    "gaps",
    metadata,
    Column("gap", Text, primary_key=True),
    Column("camera", Text, ForeignKey("cameras.id"), nullable=False),
    Column("institution", Text, nullable=False),
    Column("start_us", BigInteger, nullable=False),
    Column("end_us", BigInteger, nullable=False),
    Column("cause", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("observed_by", Text, nullable=False),
    Column("precision_us", BigInteger, nullable=False),
    # by the end: gaps may last for months, and what is asked for is mostly recent
    Index("gaps_by_end", "camera", "end_us", "start_us"),
)

garbage = Table(
    "garbage",
    metadata,
    Column("path", Text, primary_key=True),
    Column("since_us", BigInteger, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("at_us", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("object", Text, nullable=False),
    Column("details", Text, nullable=False),
    Column("previous", Text, nullable=False),
    Column("digest", Text, nullable=False),
)

users = Table(
    "users",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("disabled_us", BigInteger),
    Column("post", Text),
    Column("language", Text),
)

grants = Table(
    "grants",
    metadata,
    Column("user", Text, ForeignKey("users.id"), primary_key=True),
    Column("role", Text, primary_key=True),
    Column("scope", Text, primary_key=True),
    Column("granted_us", BigInteger, nullable=False),
    Column("expires_us", BigInteger),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", Text, primary_key=True),
    Column("user", Text, ForeignKey("users.id"), nullable=False),
    Column("label", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("issued_by", Text, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("expires_us", BigInteger, nullable=False),
    Column("last_used_us", BigInteger),
    Column("revoked_us", BigInteger),
    Index("tokens_by_digest", "digest", unique=True),
    Index("tokens_of_user", "user"),
)

policies = Table(
    "policies",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("name", Text, nullable=False),
    Column("institution", Text, ForeignKey("institutions.id")),
    Column("zone", Text),
    Column("camera", Text, ForeignKey("cameras.id")),
    Column("floor_days", Integer),
    Column("ceiling_days", Integer),
    Column("valid_from_us", BigInteger, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("approved_by", Text),
    Column("reason", Text, nullable=False),
)

holds = Table(
    "holds",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("institution", Text, ForeignKey("institutions.id")),
    Column("cameras", Text, nullable=False),
    Column("start_us", BigInteger, nullable=False),
    Column("end_us", BigInteger),
    Column("reason", Text, nullable=False),
    Column("case_id", Text, nullable=False),
    Column("placed_by", Text, nullable=False),
    Column("placed_us", BigInteger, nullable=False),
    Column("in_force_us", BigInteger),
    Column("lifted_us", BigInteger),
    Column("lifted_by", Text),
    Column("approved_by", Text),
    Column("lift_reason", Text),
    Column("released_us", BigInteger),
)

tombstones = Table(
    "tombstones",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("segment", Text, ForeignKey("segments.segment"), nullable=False),
    Column("institution", Text, nullable=False),
    Column("site", Text, nullable=False),
    Column("camera", Text, nullable=False),
    Column("start_us", BigInteger, nullable=False),
    Column("end_us", BigInteger, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("key", Text),
    Column("version_id", Text),
    Column("before_state", Text, nullable=False),
    Column("policy", Text, nullable=False),
    Column("reasons", Text, nullable=False),
    Column("plan", Text, nullable=False),
    Column("ordered_by", Text, nullable=False),
    Column("approved_by", Text),
    Column("at_us", BigInteger, nullable=False),
    Column("confirmed_us", BigInteger),
    Column("withdrawn_us", BigInteger),
    Index("tombstones_of_camera", "camera", "start_us"),
    Index("tombstones_of_plan", "plan"),
    Index("tombstones_by_time", "at_us", "site"),
    Index("tombstones_by_confirmation", "site", "confirmed_us"),
    # one order at a time for one segment: a second one would delete twice
    Index(
        "one_tombstone",
        "segment",
        unique=True,
        sqlite_where=text("withdrawn_us IS NULL"),
        postgresql_where=text("withdrawn_us IS NULL"),
    ),
    Index(
        "tombstones_unconfirmed",
        "number",
        sqlite_where=text("confirmed_us IS NULL AND withdrawn_us IS NULL"),
        postgresql_where=text("confirmed_us IS NULL AND withdrawn_us IS NULL"),
    ),
)

deletion_plans = Table(
    "deletion_plans",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("as_of_us", BigInteger, nullable=False),
    Column("made_us", BigInteger, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("segments", BigInteger, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("swept_us", BigInteger),
    Column("swept_by", Text),
    Column("approved_by", Text),
    Index("deletion_plans_by_time", "made_us"),
)

seals = Table(
    "seals",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("institution", Text, nullable=False),
    Column("site", Text, ForeignKey("sites.id"), nullable=False),
    Column("day", Text, nullable=False),
    Column("addendum", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("signature", Text, nullable=False),
    Column("sealed_us", BigInteger, nullable=False),
    Column("stored_us", BigInteger),
    Column("witness", Text, nullable=False),
    Column("witnessed_us", BigInteger),
    Index("one_seal", "site", "day", "addendum", unique=True),
)

sealed_days = Table(
    "sealed_days",
    metadata,
    Column("camera", Text, ForeignKey("cameras.id"), primary_key=True),
    Column("day", Text, primary_key=True),
    Column("segments", Integer, nullable=False),
    Column("gaps", Integer, nullable=False),
)

evidence_requests = Table(
    "evidence_requests",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("institution", Text, ForeignKey("institutions.id"), nullable=False),
    Column("zone", Text),
    Column("cameras", Text, nullable=False),
    Column("start_us", BigInteger, nullable=False),
    Column("end_us", BigInteger, nullable=False),
    Column("margin_us", BigInteger, nullable=False),
    Column("requester", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("legal_ground", Text, nullable=False),
    Column("case_id", Text, nullable=False),
    Column("hold", BigInteger, ForeignKey("holds.number"), nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("asked_us", BigInteger, nullable=False),
    Column("approved_by", Text),
    Column("approved_us", BigInteger),
)

evidence_packages = Table(
    "evidence_packages",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("request", BigInteger, ForeignKey("evidence_requests.number"), nullable=False),
    Column("exported_by", Text, nullable=False),
    Column("started_us", BigInteger, nullable=False),
    Column("head", Text, nullable=False),
    Column("listing", Text),
    Column("segments", Integer, nullable=False),
    Column("finished_us", BigInteger),
    Column("export_sha256", Text),
    Index("packages_of_request", "request"),
)

incidents = Table(
    "incidents",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("institution", Text, ForeignKey("institutions.id"), nullable=False),
    Column("cameras", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("text", Text, nullable=False),
    Column("hold", BigInteger, ForeignKey("holds.number"), nullable=False),
    Column("reported_by", Text, nullable=False),
    Column("reported_us", BigInteger, nullable=False),
    Index("incidents_of_institution", "institution"),
)
