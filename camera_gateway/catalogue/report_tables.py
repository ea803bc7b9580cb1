"""The catalogue's table of reports. Part of `tables`.

Promises what `tables` promises.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Table, Text

from camera_gateway.catalogue.tables import metadata

reports = Table(
    "reports",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("institution", Text, ForeignKey("institutions.id")),
    Column("camera", Text, ForeignKey("cameras.id")),
    Column("region", Text),
    Column("standard", Text),
    Column("start_us", BigInteger, nullable=False),
    Column("end_us", BigInteger, nullable=False),
    Column("made_us", BigInteger, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("institutions", Text, nullable=False),
    Column("document", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("statement", Text, nullable=False),
    Column("signature", Text, nullable=False),
    Index("reports_by_time", "made_us"),
    Index("reports_of_institution", "institution", "kind", "made_us"),
)
