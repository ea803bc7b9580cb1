"""Seals: the texts that were signed, what of each camera-day they have seen, and an index over confirmed deletions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create everything."""
    op.create_table(
        "seals",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("institution", sa.Text, nullable=False),
        sa.Column("site", sa.Text, sa.ForeignKey("sites.id"), nullable=False),
        sa.Column("day", sa.Text, nullable=False),
        sa.Column("addendum", sa.Integer, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("signature", sa.Text, nullable=False),
        sa.Column("sealed_us", sa.BigInteger, nullable=False),
        sa.Column("stored_us", sa.BigInteger),
        sa.Column("witness", sa.Text, nullable=False),
        sa.Column("witnessed_us", sa.BigInteger),
    )
    op.create_index("one_seal", "seals", ["site", "day", "addendum"], unique=True)
    op.create_table(
        "sealed_days",
        sa.Column("camera", sa.Text, sa.ForeignKey("cameras.id"), primary_key=True),
        sa.Column("day", sa.Text, primary_key=True),
        sa.Column("segments", sa.Integer, nullable=False),
        sa.Column("gaps", sa.Integer, nullable=False),
    )
    op.create_index("tombstones_by_confirmation", "tombstones", ["site", "confirmed_us"])
