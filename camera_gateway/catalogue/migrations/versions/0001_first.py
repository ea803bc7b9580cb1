"""The first schema: registry, runs, segments, gaps, garbage and the audit chain.

Never changes once released: a later schema is a later migration.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_PENDING = sa.text("state IN ('spooled', 'intended', 'put')")
_STORED = sa.text("state = 'stored'")
_CURRENT = sa.text("to_us IS NULL")


def upgrade() -> None:
    """Create everything."""
    _registry()
    _footage()
    _records()
    if op.get_bind().dialect.name == "sqlite":
        _append_only()


def _registry() -> None:
    """Create the installation, institutions, sites, cameras and devices."""
    op.create_table(
        "installation",
        sa.Column("id", sa.Integer, sa.CheckConstraint("id = 1", name="one_installation"), primary_key=True),
        sa.Column("uuid", sa.Text, nullable=False),
        sa.Column("created_us", sa.BigInteger, nullable=False),
        sa.Column("generation", sa.BigInteger, nullable=False),
        sa.Column("spool_uuid", sa.Text),
        sa.Column("spool_open_number", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "institutions",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("region", sa.Text, nullable=False),
        sa.Column("created_us", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "sites",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("institution", sa.Text, sa.ForeignKey("institutions.id"), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("time_zone", sa.Text, nullable=False),
        sa.Column("allowed_networks", sa.Text, nullable=False),
        sa.Column("upload_windows", sa.Text, nullable=False),
        sa.Column("holidays", sa.Text, nullable=False),
    )
    op.create_index("sites_of_institution", "sites", ["institution"])
    op.create_table(
        "cameras",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("institution", sa.Text, sa.ForeignKey("institutions.id"), nullable=False),
        sa.Column("site", sa.Text, sa.ForeignKey("sites.id"), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("zone", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("schedule", sa.Text, nullable=False),
        sa.Column("created_us", sa.BigInteger, nullable=False),
        sa.Column("retired_us", sa.BigInteger),
    )
    op.create_index("cameras_of_institution", "cameras", ["institution"])
    op.create_index("cameras_of_site", "cameras", ["site"])
    op.create_table(
        "devices",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("camera", sa.Text, sa.ForeignKey("cameras.id"), nullable=False),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("port", sa.Integer, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("username", sa.Text),
        sa.Column("password_sealed", sa.Text),
        sa.Column("serial", sa.Text),
        sa.Column("mac", sa.Text),
        sa.Column("model", sa.Text),
        sa.Column("firmware", sa.Text),
        sa.Column("from_us", sa.BigInteger, nullable=False),
        sa.Column("to_us", sa.BigInteger),
    )
    op.create_index("devices_of_camera", "devices", ["camera", "from_us"])
    op.create_index(
        "one_current_device", "devices", ["camera"], unique=True, sqlite_where=_CURRENT, postgresql_where=_CURRENT
    )


def _footage() -> None:
    """Create runs, segments and gaps."""
    op.create_table(
        "runs",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("camera", sa.Text, sa.ForeignKey("cameras.id"), nullable=False),
        sa.Column("start_us", sa.BigInteger, nullable=False),
        sa.Column("end_us", sa.BigInteger, nullable=False),
        sa.Column("end_reason", sa.Text, nullable=False),
        sa.Column("video_codec", sa.Text, nullable=False),
        sa.Column("audio_codec", sa.Text),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("segments", sa.Integer, nullable=False),
        sa.Column("frames", sa.BigInteger, nullable=False),
        sa.Column("media_duration_us", sa.BigInteger, nullable=False),
    )
    op.create_index("runs_by_end", "runs", ["camera", "end_us", "start_us"])
    op.create_table(
        "segments",
        sa.Column("segment", sa.Text, primary_key=True),
        sa.Column("run", sa.Text, sa.ForeignKey("runs.id"), nullable=False),
        sa.Column("run_end", sa.Text, nullable=False),
        sa.Column("institution", sa.Text, nullable=False),
        sa.Column("camera", sa.Text, sa.ForeignKey("cameras.id"), nullable=False),
        sa.Column("start_us", sa.BigInteger, nullable=False),
        sa.Column("end_us", sa.BigInteger, nullable=False),
        sa.Column("media_start_us", sa.BigInteger, nullable=False),
        sa.Column("media_duration_us", sa.BigInteger, nullable=False),
        sa.Column("clock_method", sa.Text, nullable=False),
        sa.Column("clock_offset_us", sa.BigInteger),
        sa.Column("wall_uncertainty_us", sa.BigInteger, nullable=False),
        sa.Column("video_codec", sa.Text, nullable=False),
        sa.Column("audio_codec", sa.Text),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("frames", sa.Integer, nullable=False),
        sa.Column("keyframes", sa.Integer, nullable=False),
        sa.Column("gop_max_us", sa.BigInteger, nullable=False),
        sa.Column("damaged_units", sa.Integer, nullable=False),
        sa.Column("packets_received", sa.BigInteger, nullable=False),
        sa.Column("packets_lost", sa.BigInteger, nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("init_sha256", sa.Text, nullable=False),
        sa.Column("software", sa.Text, nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("spool_path", sa.Text),
        sa.Column("key", sa.Text),
        sa.Column("version_id", sa.Text),
        sa.Column("lock_mode", sa.Text),
        sa.Column("retain_until_us", sa.BigInteger),
        sa.Column("locked", sa.Boolean, nullable=False),
        sa.Column("policy", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_attempt_us", sa.BigInteger, nullable=False),
        sa.Column("error_class", sa.Text),
        sa.Column("put_us", sa.BigInteger),
        sa.Column("stored_us", sa.BigInteger),
        sa.Column("released_us", sa.BigInteger),
    )
    op.create_index("segments_by_time", "segments", ["camera", "start_us", "end_us"])
    op.create_index("segments_of_run", "segments", ["run", "state"])
    op.create_index(
        "segments_pending",
        "segments",
        ["camera", "start_us", "next_attempt_us", "size_bytes", "state"],
        sqlite_where=_PENDING,
        postgresql_where=_PENDING,
    )
    op.create_index(
        "segments_pending_by_age", "segments", ["start_us"], sqlite_where=_PENDING, postgresql_where=_PENDING
    )
    op.create_index("segments_releasable", "segments", ["end_us"], sqlite_where=_STORED, postgresql_where=_STORED)
    op.create_table(
        "gaps",
        sa.Column("gap", sa.Text, primary_key=True),
        sa.Column("camera", sa.Text, sa.ForeignKey("cameras.id"), nullable=False),
        sa.Column("institution", sa.Text, nullable=False),
        sa.Column("start_us", sa.BigInteger, nullable=False),
        sa.Column("end_us", sa.BigInteger, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("observed_by", sa.Text, nullable=False),
        sa.Column("precision_us", sa.BigInteger, nullable=False),
    )
    op.create_index("gaps_by_end", "gaps", ["camera", "end_us", "start_us"])


def _records() -> None:
    """Create garbage and the audit chain."""
    op.create_table(
        "garbage",
        sa.Column("path", sa.Text, primary_key=True),
        sa.Column("since_us", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "audit",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("object", sa.Text, nullable=False),
        sa.Column("details", sa.Text, nullable=False),
        sa.Column("previous", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
    )


def _append_only() -> None:
    """Let SQLite itself refuse to change or delete audit rows.

    Defence in depth against a slip: whoever may write the file can drop the triggers. What proves that no row was
    changed is the hash chain together with its head kept elsewhere.
    """
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER audit_refuses_{verb.lower()} BEFORE {verb} ON audit "
            "BEGIN SELECT RAISE(ABORT, 'audit rows are append-only'); END"
        )
