"""The catalogue's tables of picture health: looks and impairments. Part of `tables`.

Promises what `tables` promises.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Table, Text, text

from camera_gateway.catalogue.tables import metadata

looks = Table(
    "looks",
    metadata,
    Column("camera", Text, ForeignKey("cameras.id"), primary_key=True),
    Column("at_us", BigInteger, primary_key=True),
    Column("segment", Text),
    Column("outcome", Text, nullable=False),
    Column("measured", Text, nullable=False),
    Index("looks_by_time", "at_us"),
)

impairments = Table(
    "impairments",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("camera", Text, ForeignKey("cameras.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("start_us", BigInteger, nullable=False),
    Column("last_seen_us", BigInteger, nullable=False),
    Column("end_us", BigInteger),
    Column("precision_us", BigInteger, nullable=False),
    Column("evidence", Text, nullable=False),
    Index("impairments_of_camera", "camera", "start_us"),
    Index(
        "one_open_impairment",
        "camera",
        "kind",
        unique=True,
        sqlite_where=text("end_us IS NULL"),
        postgresql_where=text("end_us IS NULL"),
    ),
)
