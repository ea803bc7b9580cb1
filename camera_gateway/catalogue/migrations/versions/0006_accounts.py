"""Accounts: credentials, recovery codes, sign-in links, sessions, purposes of viewing, the register of viewings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create everything; what a person's post and language are stands with the person."""
    op.add_column("users", sa.Column("post", sa.Text))
    op.add_column("users", sa.Column("language", sa.Text))
    op.create_table(
        "credentials",
        sa.Column("user", sa.Text, sa.ForeignKey("users.id"), primary_key=True),
        sa.Column("password_hash", sa.Text),
        sa.Column("password_us", sa.BigInteger),
        sa.Column("totp_sealed", sa.Text),
        sa.Column("totp_us", sa.BigInteger),
        sa.Column("totp_step", sa.BigInteger),
        sa.Column("pending_sealed", sa.Text),
        sa.Column("reset_asked_by", sa.Text),
        sa.Column("reset_asked_us", sa.BigInteger),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("user", sa.Text, sa.ForeignKey("users.id"), primary_key=True),
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("made_us", sa.BigInteger, nullable=False),
        sa.Column("used_us", sa.BigInteger),
    )
    op.create_table(
        "sign_in_links",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("user", sa.Text, sa.ForeignKey("users.id")),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("made_by", sa.Text, nullable=False),
        sa.Column("made_us", sa.BigInteger, nullable=False),
        sa.Column("expires_us", sa.BigInteger, nullable=False),
        sa.Column("used_us", sa.BigInteger),
        sa.Column("revoked_us", sa.BigInteger),
    )
    op.create_index("sign_in_links_by_digest", "sign_in_links", ["digest"], unique=True)
    op.create_table(
        "purposes",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("case_id", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("opened_us", sa.BigInteger, nullable=False),
        sa.Column("closed_us", sa.BigInteger),
    )
    op.create_table(
        "sessions",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("user", sa.Text, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("stage", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("agent", sa.Text, nullable=False),
        sa.Column("created_us", sa.BigInteger, nullable=False),
        sa.Column("seen_us", sa.BigInteger, nullable=False),
        sa.Column("expires_us", sa.BigInteger, nullable=False),
        sa.Column("proven_us", sa.BigInteger, nullable=False),
        sa.Column("purpose", sa.BigInteger, sa.ForeignKey("purposes.number")),
        sa.Column("ended_us", sa.BigInteger),
        sa.Column("ended_why", sa.Text),
    )
    op.create_index("sessions_by_digest", "sessions", ["digest"], unique=True)
    op.create_index(
        "sessions_living",
        "sessions",
        ["user"],
        sqlite_where=sa.text("ended_us IS NULL"),
        postgresql_where=sa.text("ended_us IS NULL"),
    )
    op.create_table(
        "viewings",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("session", sa.Text, sa.ForeignKey("sessions.id")),
        sa.Column("camera", sa.Text, sa.ForeignKey("cameras.id"), nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("purpose", sa.BigInteger, sa.ForeignKey("purposes.number")),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("from_us", sa.BigInteger),
        sa.Column("to_us", sa.BigInteger),
        sa.Column("first_us", sa.BigInteger, nullable=False),
        sa.Column("last_us", sa.BigInteger, nullable=False),
        sa.Column("watched_us", sa.BigInteger, nullable=False),
        sa.Column("closed_us", sa.BigInteger),
    )
    op.create_index("viewings_of_camera", "viewings", ["camera", "first_us"])
    op.create_index(
        "viewings_open",
        "viewings",
        ["actor", "camera"],
        sqlite_where=sa.text("closed_us IS NULL"),
        postgresql_where=sa.text("closed_us IS NULL"),
    )
