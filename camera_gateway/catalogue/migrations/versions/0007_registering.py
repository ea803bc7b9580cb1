"""Registering: passports and reference pictures of cameras, identities of devices and their changes, imports."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create everything."""
    op.create_table(
        "passports",
        sa.Column("camera", sa.Text, sa.ForeignKey("cameras.id"), primary_key=True),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("role", sa.Text),
        sa.Column("mounted_on", sa.Text),
        sa.Column("note", sa.Text, nullable=False),
    )
    op.create_table(
        "pictures",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("camera", sa.Text, sa.ForeignKey("cameras.id"), nullable=False),
        sa.Column("taken_us", sa.BigInteger, nullable=False),
        sa.Column("taken_by", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("size_bytes", sa.Integer, nullable=False),
        sa.Column("image", sa.LargeBinary),
        sa.Column("approved_us", sa.BigInteger),
        sa.Column("approved_by", sa.Text),
    )
    op.create_index("pictures_of_camera", "pictures", ["camera", "number"])
    op.create_table(
        "device_identities",
        sa.Column("device", sa.Text, sa.ForeignKey("devices.id"), primary_key=True),
        sa.Column("vendor", sa.Text),
        sa.Column("model", sa.Text),
        sa.Column("firmware", sa.Text),
        sa.Column("serial", sa.Text),
        sa.Column("mac", sa.Text),
        sa.Column("server", sa.Text),
        sa.Column("sps", sa.Text),
        sa.Column("onvif_port", sa.Integer),
        sa.Column("noted_us", sa.BigInteger, nullable=False),
        sa.Column("checked_us", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "identity_changes",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("camera", sa.Text, sa.ForeignKey("cameras.id"), nullable=False),
        sa.Column("device", sa.Text, sa.ForeignKey("devices.id"), nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("before", sa.Text, nullable=False),
        sa.Column("after", sa.Text, nullable=False),
        sa.Column("found", sa.Text, nullable=False),
        sa.Column("noticed_us", sa.BigInteger, nullable=False),
        sa.Column("seen_us", sa.BigInteger, nullable=False),
        sa.Column("settled_us", sa.BigInteger),
        sa.Column("settled_by", sa.Text),
        sa.Column("settled_as", sa.Text),
        sa.Column("reason", sa.Text),
    )
    unsettled = sa.text("settled_us IS NULL")
    op.create_index(
        "one_open_identity_change",
        "identity_changes",
        ["device"],
        unique=True,
        sqlite_where=unsettled,
        postgresql_where=unsettled,
    )
    op.create_table(
        "import_runs",
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("file", sa.Text, nullable=False),
        sa.Column("made_by", sa.Text, nullable=False),
        sa.Column("made_us", sa.BigInteger, nullable=False),
        sa.Column("good", sa.Boolean, nullable=False),
        sa.Column("results", sa.Text, nullable=False),
        sa.Column("planned", sa.Text),
        sa.Column("confirmed_us", sa.BigInteger),
        sa.Column("confirmed_by", sa.Text),
    )
    op.create_index("import_runs_by_time", "import_runs", ["made_us"])
