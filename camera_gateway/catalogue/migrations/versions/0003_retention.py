"""Retention: rules, holds, tombstones, deletion plans, and an index over what is kept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_KEPT = sa.text("state <> 'expired'")
_NOT_WITHDRAWN = sa.text("withdrawn_us IS NULL")
_UNCONFIRMED = sa.text("confirmed_us IS NULL AND withdrawn_us IS NULL")


def upgrade() -> None:
    """Create everything."""
    _rules()
    _deletion()
    op.create_index("segments_kept", "segments", ["camera", "start_us"], sqlite_where=_KEPT, postgresql_where=_KEPT)


def _rules() -> None:
    """Create rules and holds."""
    op.create_table(
        "policies",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("institution", sa.Text, sa.ForeignKey("institutions.id")),
        sa.Column("zone", sa.Text),
        sa.Column("camera", sa.Text, sa.ForeignKey("cameras.id")),
        sa.Column("floor_days", sa.Integer),
        sa.Column("ceiling_days", sa.Integer),
        sa.Column("valid_from_us", sa.BigInteger, nullable=False),
        sa.Column("created_us", sa.BigInteger, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("approved_by", sa.Text),
        sa.Column("reason", sa.Text, nullable=False),
    )
    op.create_table(
        "holds",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("institution", sa.Text, sa.ForeignKey("institutions.id")),
        sa.Column("cameras", sa.Text, nullable=False),
        sa.Column("start_us", sa.BigInteger, nullable=False),
        sa.Column("end_us", sa.BigInteger),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("case_id", sa.Text, nullable=False),
        sa.Column("placed_by", sa.Text, nullable=False),
        sa.Column("placed_us", sa.BigInteger, nullable=False),
        sa.Column("in_force_us", sa.BigInteger),
        sa.Column("lifted_us", sa.BigInteger),
        sa.Column("lifted_by", sa.Text),
        sa.Column("approved_by", sa.Text),
        sa.Column("lift_reason", sa.Text),
        sa.Column("released_us", sa.BigInteger),
    )


def _deletion() -> None:
    """Create tombstones and the plans that ordered them."""
    op.create_table(
        "tombstones",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("segment", sa.Text, sa.ForeignKey("segments.segment"), nullable=False),
        sa.Column("institution", sa.Text, nullable=False),
        sa.Column("site", sa.Text, nullable=False),
        sa.Column("camera", sa.Text, nullable=False),
        sa.Column("start_us", sa.BigInteger, nullable=False),
        sa.Column("end_us", sa.BigInteger, nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("key", sa.Text),
        sa.Column("version_id", sa.Text),
        sa.Column("before_state", sa.Text, nullable=False),
        sa.Column("policy", sa.Text, nullable=False),
        sa.Column("reasons", sa.Text, nullable=False),
        sa.Column("plan", sa.Text, nullable=False),
        sa.Column("ordered_by", sa.Text, nullable=False),
        sa.Column("approved_by", sa.Text),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("confirmed_us", sa.BigInteger),
        sa.Column("withdrawn_us", sa.BigInteger),
    )
    op.create_index("tombstones_of_camera", "tombstones", ["camera", "start_us"])
    op.create_index("tombstones_of_plan", "tombstones", ["plan"])
    op.create_index("tombstones_by_time", "tombstones", ["at_us", "site"])
    op.create_index(
        "one_tombstone",
        "tombstones",
        ["segment"],
        unique=True,
        sqlite_where=_NOT_WITHDRAWN,
        postgresql_where=_NOT_WITHDRAWN,
    )
    op.create_index(
        "tombstones_unconfirmed",
        "tombstones",
        ["number"],
        sqlite_where=_UNCONFIRMED,
        postgresql_where=_UNCONFIRMED,
    )
    op.create_table(
        "deletion_plans",
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("as_of_us", sa.BigInteger, nullable=False),
        sa.Column("made_us", sa.BigInteger, nullable=False),
        sa.Column("made_by", sa.Text, nullable=False),
        sa.Column("segments", sa.BigInteger, nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("swept_us", sa.BigInteger),
        sa.Column("swept_by", sa.Text),
        sa.Column("approved_by", sa.Text),
    )
    op.create_index("deletion_plans_by_time", "deletion_plans", ["made_us"])
