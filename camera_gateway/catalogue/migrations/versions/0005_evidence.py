"""Evidence: requests for footage, the packages that were made of them, and the register of incidents."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create everything."""
    op.create_table(
        "evidence_requests",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("institution", sa.Text, sa.ForeignKey("institutions.id"), nullable=False),
        sa.Column("zone", sa.Text),
        sa.Column("cameras", sa.Text, nullable=False),
        sa.Column("start_us", sa.BigInteger, nullable=False),
        sa.Column("end_us", sa.BigInteger, nullable=False),
        sa.Column("margin_us", sa.BigInteger, nullable=False),
        sa.Column("requester", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("legal_ground", sa.Text, nullable=False),
        sa.Column("case_id", sa.Text, nullable=False),
        sa.Column("hold", sa.BigInteger, sa.ForeignKey("holds.number"), nullable=False),
        sa.Column("asked_by", sa.Text, nullable=False),
        sa.Column("asked_us", sa.BigInteger, nullable=False),
        sa.Column("approved_by", sa.Text),
        sa.Column("approved_us", sa.BigInteger),
    )
    op.create_table(
        "evidence_packages",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("request", sa.BigInteger, sa.ForeignKey("evidence_requests.number"), nullable=False),
        sa.Column("exported_by", sa.Text, nullable=False),
        sa.Column("started_us", sa.BigInteger, nullable=False),
        sa.Column("head", sa.Text, nullable=False),
        sa.Column("listing", sa.Text),
        sa.Column("segments", sa.Integer, nullable=False),
        sa.Column("finished_us", sa.BigInteger),
        sa.Column("export_sha256", sa.Text),
    )
    op.create_index("packages_of_request", "evidence_packages", ["request"])
    op.create_table(
        "incidents",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("institution", sa.Text, sa.ForeignKey("institutions.id"), nullable=False),
        sa.Column("cameras", sa.Text, nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("hold", sa.BigInteger, sa.ForeignKey("holds.number"), nullable=False),
        sa.Column("reported_by", sa.Text, nullable=False),
        sa.Column("reported_us", sa.BigInteger, nullable=False),
    )
    op.create_index("incidents_of_institution", "incidents", ["institution"])
