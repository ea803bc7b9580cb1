"""Watching: where in each segment a player can begin."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create everything."""
    op.create_table(
        "fragment_indexes",
        sa.Column("segment", sa.Text, sa.ForeignKey("segments.segment"), primary_key=True),
        sa.Column("fragments", sa.Text, nullable=False),
    )
