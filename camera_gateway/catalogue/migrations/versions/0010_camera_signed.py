"""Whether the camera signed its video, per segment: null where nobody looked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Say of no segment what is not known of it."""
    op.add_column("segments", sa.Column("camera_signed", sa.Text))
